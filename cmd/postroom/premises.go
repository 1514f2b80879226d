package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"postroom/durable"
	"postroom/ocr"
	"postroom/pipeline"
	"postroom/pipeline/cache"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/search"
	"postroom/router"
	"postroom/router/casestore"
	"postroom/router/casestore/folder"
	"postroom/web/access"
	"postroom/web/metrics"
)

// premises is a mailroom with all that it stands on, wired from a configuration.
type premises struct {
	cfg      Config
	mailroom *pipeline.Mailroom
	people   *access.Directory
	journal  *bolt.Store
	measured atomic.Pointer[metrics.Metrics] // nil while nobody asks for them
	audit    *audit.Log
	helpers  *sandbox.Pool
	viewers  *sandbox.Pool // show pages to people, while helpers read mail
	stores   map[string]casestore.Store
	index    *search.Index // while it is served; a short command has none
	indexing sync.Mutex    // of an index that a short command makes
	log      *slog.Logger
}

// openPremises opens the journal and all around it. The error is journal.ErrHeld
// when another process has it.
func openPremises(cfg Config, log *slog.Logger) (*premises, error) {
	begun, err := started(cfg)
	if err != nil {
		return nil, err
	}
	if !begun { // a first start that must fail is to touch nothing
		if _, err := readRegister(cfg); err != nil {
			return nil, exit{exitConfig, fmt.Errorf("case register %s: %w", cfg.Register.CSV, err)}
		}
		for _, s := range cfg.Stores {
			if err := unused(cfg, s); err != nil {
				return nil, exit{exitStore, fmt.Errorf("store %s: %w", s.Name, err)}
			}
		}
	}
	if err := durable.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	p := &premises{cfg: cfg, log: log}
	store, err := bolt.Open(journalOf(cfg), bolt.Config{
		OnError: func(t journal.Task, err error) {
			if !p.mailroom.WantsRoom(err) { // which is told once for all tasks
				failed(log, t, err)
			}
		},
		Pause: func() time.Duration { return p.mailroom.Pause() },
		Seal:  func(tx journal.Tx) error { return p.audit.Seal(tx) },
	})
	if err != nil {
		return nil, err
	}
	p.journal = store
	if p.audit, err = audit.Open(context.Background(), auditKey(cfg), store); err == nil {
		err = p.open(log)
	} else if errors.Is(err, audit.ErrNoKey) {
		err = fmt.Errorf("%w: put it back from the backup, or, when it is lost for good, make a new one: postroom audit new-key", err)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// failed logs an attempt that failed; of a bug also where it is.
func failed(log *slog.Logger, t journal.Task, err error) {
	l := log.With("task", t.Key, "attempts", t.Attempts, "error", err)
	var bug *journal.Panic
	if errors.As(err, &bug) {
		l.Error("a task ran into a bug, which please report, and will be tried again", "stack", string(bug.Stack))
		return
	}
	l.Warn("a task failed and will be tried again")
}

// auditKey is where the log's keys are: audit.key and audit.pub.
func auditKey(cfg Config) string { return filepath.Join(cfg.Data, "audit") }

// newKey has the log signed with a new key from now on.
func newKey(ctx context.Context, cfg Config, by string) (public string, err error) {
	if begun, err := started(cfg); err != nil || !begun {
		return "", errors.Join(err, fmt.Errorf("there is no journal in %s yet: its key is made at the first start", cfg.Data))
	}
	var log *audit.Log
	store, err := bolt.Open(journalOf(cfg), bolt.Config{Seal: func(tx journal.Tx) error { return log.Seal(tx) }})
	if errors.Is(err, journal.ErrHeld) {
		return "", exit{exitHeld, fmt.Errorf("a postroom has the data folder %s: end it first", cfg.Data)}
	}
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var entries int64
	if err := store.View(ctx, func(r journal.Reader) (err error) { _, entries, err = audit.Checkpoint(r); return err }); err != nil {
		return "", err
	}
	if log, err = audit.MakeKey(auditKey(cfg), entries); err != nil {
		return "", err
	}
	return log.Public(), store.Tx(ctx, func(tx journal.Tx) error {
		return tx.Log(journal.Event{Time: time.Now().UTC(), Actor: by, Action: "audit key made", Subject: "log",
			Config: cfg.Digest(), Version: version, Detail: fmt.Appendf(nil, `{"key":%q,"uid":"%d"}`, log.Public(), os.Getuid())})
	})
}

func journalOf(cfg Config) string { return filepath.Join(cfg.Data, "journal.db") }

// errLost is a journal that was there and is gone.
var errLost = errors.New("the journal is gone")

// started tells whether there is a journal. None beside what only a mailroom with
// one can have stored is errLost: a new journal would know of no letter that waits.
func started(cfg Config) (bool, error) {
	is, err := present(cfg)
	if is || err != nil {
		return is, err
	}
	for _, name := range []string{"blobs", "stores"} {
		left, err := os.ReadDir(filepath.Join(cfg.Data, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, closedFolder(cfg, err)
		}
		if len(left) == 0 {
			continue
		}
		if is, err := present(cfg); is || err != nil { // another's first start came between
			return is, err
		}
		return false, fmt.Errorf("%w: the data folder %s holds %s and no journal.db; put back the last backup of that folder, "+
			"or move the folder away to begin anew", errLost, cfg.Data, name)
	}
	return false, nil
}

func present(cfg Config) (bool, error) {
	_, err := os.Lstat(journalOf(cfg))
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return err == nil, nil
	}
	return false, closedFolder(cfg, err)
}

// closedFolder is a data folder that can't be looked into, which is not the same
// as one with nothing in it.
func closedFolder(cfg Config, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("the data folder %s can't be looked into (%w): is it right, and is user %s the one that it belongs to?", cfg.Data, err, owner())
}

func (p *premises) open(log *slog.Logger) error {
	blobs, err := journal.OpenDir(filepath.Join(p.cfg.Data, "blobs"))
	if err != nil {
		return err
	}
	if p.stores, err = openStores(p.cfg); err != nil {
		return err
	}
	p.helpers, p.viewers = newHelpers(p.cfg), newViewers(p.cfg)
	p.mailroom, err = pipeline.New(pipeline.Config{
		Rules:      router.New(p.cfg.Rules()),
		Schemes:    p.cfg.Schemes(),
		Register:   p.cfg.Register.CSV,
		Stores:     p.stores,
		After:      p.cfg.Routing.Confirm == "after",
		Languages:  p.cfg.Languages,
		DoubleKey:  p.cfg.DoubleKey,
		DropBlanks: p.cfg.Blanks == "drop-from-rendition",
		Digest:     p.cfg.Digest(),
		Settings:   p.cfg.settings(),
		Audit:      p.audit,
		Version:    version,
		Log:        log,
		Observe:    p.observe,
		Disk:       durable.Disk(filepath.Join(p.cfg.Data, "blobs")), // where an unfinished file is swept
		Reserve:    p.cfg.Limits.Reserve,
		Viewer:     p.viewers,
		Pictures:   cache.New(filepath.Join(p.cfg.Data, "pictures"), p.cfg.Web.kept()),
	}, p.journal, blobs, p.helpers)
	if err != nil {
		return exit{exitConfig, err}
	}
	p.people = access.Open(p.journal, access.Config{Version: version, ConfigDigest: p.cfg.Digest()})
	return nil
}

// ready refuses to take mail that no helper process could read: with `sandbox:
// require` on a kernel without the means, or on a broken installation.
func (p *premises) ready(ctx context.Context) error {
	level, err := p.helpers.Level(ctx)
	if err != nil {
		return fmt.Errorf("no helper process can work (see: postroom doctor): %w", err)
	}
	p.log.Info("helpers are isolated", "by", level)
	return nil
}

func (p *premises) close() error {
	if p.index != nil {
		_ = p.index.Close() // it can be made anew
	}
	if p.helpers != nil {
		p.helpers.Close()
	}
	if p.viewers != nil {
		p.viewers.Close()
	}
	return p.journal.Close()
}

// openStores makes each store's folder on the very first use; later its absence
// is an error, because a share that is not mounted looks like an empty folder.
func openStores(cfg Config) (map[string]casestore.Store, error) {
	stores := map[string]casestore.Store{}
	for _, s := range cfg.Stores {
		f := folder.New(s.Folder, s.Name)
		if _, err := os.Stat(knownStore(cfg, s)); errors.Is(err, os.ErrNotExist) {
			if err := makeStore(cfg, s, f); err != nil {
				return nil, exit{exitStore, fmt.Errorf("store %s: %w", s.Name, err)}
			}
		}
		stores[s.Name] = f
	}
	return stores, nil
}

// makeStore makes a store that the data folder does not know. One that was used before is
// refused: the data folder that knows it may not be mounted, and with it all that waits.
func makeStore(cfg Config, s StoreFolder, f *folder.Store) error {
	known := knownStore(cfg, s)
	// A crash may come before the store is known. No store's file has a colon in its name.
	begun := filepath.Join(filepath.Dir(known), "begun:"+filepath.Base(known))
	if _, err := os.Stat(begun); errors.Is(err, os.ErrNotExist) {
		if err := unused(cfg, s); err != nil {
			return err
		}
	}
	if err := durable.MkdirAll(filepath.Dir(known), 0o700); err != nil {
		return err
	}
	if _, err := durable.Ensure(begun, strings.NewReader("")); err != nil {
		return err
	}
	if err := f.Init(); err != nil {
		return errors.Join(err, durable.Remove(begun))
	}
	if _, err := durable.Ensure(known, strings.NewReader(s.Folder+"\n")); err != nil {
		return err
	}
	return durable.Remove(begun)
}

// unused refuses a store that someone has used before, and one of which that can't be told.
func unused(cfg Config, s StoreFolder) error {
	_, err := os.Lstat(filepath.Join(s.Folder, folder.Marker))
	if err == nil {
		return fmt.Errorf("%s was used before, and the data folder %s knows no store %q: is the data folder mounted, and the right one? "+
			"To begin anew with the store, remove its %s", s.Folder, cfg.Data, s.Name, folder.Marker)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// knownStore is the file that tells that a store was used before.
func knownStore(cfg Config, s StoreFolder) string {
	return filepath.Join(cfg.Data, "stores", casestore.Escape(s.Name))
}

// newHelpers makes the pool of helper processes: this same binary.
// They stand back where a person waits for a page or a picture.
func newHelpers(cfg Config) *sandbox.Pool {
	const aTenth = 10 // of the processor that others have who want all of it, about
	c := helperConfig(cfg)
	c.Nice = aTenth
	return sandbox.New(c)
}

// newViewers makes the pool that shows pages. Nobody waits for a picture as long as for a
// letter to be read: what takes longer can't be shown.
func newViewers(cfg Config) *sandbox.Pool {
	const patience, idle = 10 * time.Second, time.Minute
	c := helperConfig(cfg)
	c.Counted = true // when they were received
	c.Slots, c.Spare, c.Idle, c.Languages = pipeline.ViewerSlots, true, idle, nil
	c.PageCPU, c.PageWall = min(c.PageCPU, patience), min(c.PageWall, 2*patience)
	return sandbox.New(c)
}

func helperConfig(cfg Config) sandbox.Config {
	self, err := os.Executable()
	if err != nil {
		self = "/proc/self/exe"
	}
	tessdata, _ := ocr.Locate() // its absence shows as missing languages
	return sandbox.Config{
		Command:   []string{self, helperCommand},
		Slots:     runtime.NumCPU(),
		Languages: cfg.Languages,
		Tessdata:  tessdata,
		Cache:     compiled(),
		Controls:  cfg.ControlTexts(),
		Bytes:     int64(cfg.Limits.File),
		Pages:     cfg.Limits.Pages,
		Pixels:    int64(cfg.Limits.Pixels),
		PageCPU:   cfg.Limits.PageCPU,
		PageWall:  cfg.Limits.PageWall,
		Require:   cfg.Sandbox == "require",
	}
}

// compiled is where pdfium's compiled code is kept, some 10 MB that any run can make again in 5 s.
func compiled() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("postroom-cache-%d", os.Getuid()))
	}
	return filepath.Join(dir, "postroom", "pdfium")
}

// loadConfig reads the configuration that a command names.
func loadConfig(path string) (Config, error) {
	if path == "" {
		return Config{}, usage("--config FILE is needed (an example is in README.md)")
	}
	return readConfig(path, haveLanguages)
}

func haveLanguages() []string {
	dir, err := ocr.Locate()
	if err != nil {
		return nil
	}
	return ocr.Languages(dir)
}
