package intake

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watch watches all folders until the context ends. It returns nil then; a
// folder that can't be read is told to Trouble and watched on.
func Watch(ctx context.Context, cfg Config) error {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Wait == nil {
		cfg.Wait = waitByClock
	}
	var folders sync.WaitGroup
	for _, f := range cfg.Folders {
		f = f.withDefaults()
		hint := make(chan struct{}, 1)
		if !cfg.NoEvents {
			folders.Go(func() { hints(ctx, f.Path, hint) })
		}
		l := &listing{cfg: cfg, folder: f, seen: map[string]*sighting{}, refused: map[string]bool{}}
		folders.Go(func() {
			for {
				l.list(ctx)
				if cfg.Wait(ctx, f, hint) != nil {
					return
				}
			}
		})
	}
	folders.Wait()
	return nil
}

func (f Folder) withDefaults() Folder {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&f.Quiet, 2 * time.Second}, {&f.Rescan, 5 * time.Second}, {&f.MaxAge, 10 * time.Minute}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return f
}

// waitByClock waits for the rescan time. After a hint it waits just for the
// quiet time, because no file can be ready earlier.
func waitByClock(ctx context.Context, f Folder, hint <-chan struct{}) error {
	rescan := time.NewTimer(f.Rescan)
	defer rescan.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-rescan.C:
		return nil
	case <-hint:
	}
	quiet := time.NewTimer(min(f.Quiet/2, f.Rescan))
	defer quiet.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-rescan.C:
	case <-quiet.C:
	}
	return nil
}

// hints turns the file system's events into wake-ups. Whatever fails here (no
// more inotify watches, a share without events) only means waiting for the rescan.
func hints(ctx context.Context, root string, hint chan<- struct{}) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return
	}
	defer w.Close()
	follow := func(dir string) {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return nil
			}
			if path != root && ignored(e.Name()) {
				return fs.SkipDir
			}
			if w.Add(path) != nil {
				return fs.SkipAll
			}
			return nil
		})
	}
	follow(root)
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if e.Has(fsnotify.Create) {
				follow(e.Name)
			}
		case err, ok := <-w.Errors:
			if !ok {
				return
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return
			}
		}
		select {
		case hint <- struct{}{}:
		default:
		}
	}
}
