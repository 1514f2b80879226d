package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// MkdirAll makes a folder and those above it that are missing. It is durable when
// MkdirAll returns, also one that was there already: the run that made it may have
// died before its own sync.
func MkdirAll(path string, mode os.FileMode) error { return all.mkdir(filepath.Clean(path), mode) }

// all is what this process knows of folders: a sync costs some 0.5 ms, and each
// blob and each delivery asks for its folder.
var all = &folders{sync: SyncDir, durable: map[string]bool{}}

// folders remembers which folders were found and made durable.
type folders struct {
	sync func(dir string) error

	mu      sync.Mutex
	durable map[string]bool
}

// mostFolders bounds the memory of a server that files in ever more cases.
const mostFolders = 10_000

func (f *folders) mkdir(path string, mode os.FileMode) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is not a folder", path)
	case err == nil:
		return f.found(path)
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := f.mkdir(parent, mode); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.sync(parent)
}

// found makes a folder durable that is there already, once in a process's life.
// Those above it were, before it was made.
func (f *folders) found(path string) error {
	f.mu.Lock()
	known := f.durable[path]
	f.mu.Unlock()
	if known {
		return nil
	}
	// Where we may not look into the folder above, someone else made this one.
	if err := f.sync(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.durable) >= mostFolders {
		clear(f.durable)
	}
	f.durable[path] = true
	return nil
}

// RemoveAll removes a folder and all that is in it; an absent one is no error. What a crash
// leaves of it is a part: it is for what can be made anew.
func RemoveAll(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if err := SyncDir(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
