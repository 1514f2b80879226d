// Package search finds filed letters by their words.
//
// In come letters as the mailroom tells of them, and what people ask for with
// the scope that they may see; out come hits, counts and the places of words,
// of nothing outside the scope. The index is a folder that follows the journal:
// it can be removed at any time and is made anew. The package does not know who
// asks, nor why they may see what they may see.
package search

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"

	"postroom/durable"
)

// format is the version of what is written in the index; another one is made anew.
const format = "1"

// What the index keeps of itself.
var (
	keyFormat = []byte("format")
	keyCursor = []byte("cursor") // of the journal's log
)

// ErrClosed is a search in an index that was closed.
var ErrClosed = errors.New("the search index is closed")

// Index is the folder of an index. It is safe for concurrent use; one process has it.
type Index struct {
	dir string
	log *slog.Logger

	whole  atomic.Bool // it has followed the journal to its end since it was opened or made
	damage atomic.Bool // what was met in it; the next Follow makes it anew

	mu sync.RWMutex // for reading: it is used; for writing: it is exchanged
	ix bleve.Index  // nil when closed
}

// Open opens the index in a folder, made when it is not there. One that is damaged or of
// another version is removed and made anew, and log is told.
func Open(dir string, log *slog.Logger) (*Index, error) {
	x := &Index{dir: dir, log: log}
	why, err := x.usable()
	if err != nil {
		return nil, err
	}
	if why == "" {
		return x, nil
	}
	if why != absent {
		log.Warn("the search index is made anew; searches find more and more of the letters meanwhile", "why", why)
	}
	return x, x.remake()
}

const absent = "there was none"

// usable opens what is there, or tells why it can't be used.
func (x *Index) usable() (why string, err error) {
	entries, err := os.ReadDir(x.dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return absent, nil
	}
	if err != nil {
		return "", fmt.Errorf("search index: %w", err)
	}
	if err := sound(filepath.Join(x.dir, "store")); err != nil {
		return err.Error(), nil
	}
	var ix bleve.Index
	if err := guarded(func() (err error) { ix, err = bleve.OpenUsing(x.dir, settings()); return err }); err != nil {
		return err.Error(), nil
	}
	is, err := ix.GetInternal(keyFormat)
	if err != nil || string(is) != format {
		return fmt.Sprintf("its format is %q, not %q", is, format), ix.Close()
	}
	x.ix = ix
	return "", nil
}

// settings of bleve: it fails at once when another process has the folder.
func settings() map[string]any { return map[string]any{"bolt_timeout": "2s", "numSnapshotsToKeep": 1} }

// sound holds the segments' files against the checksums at their ends. They are mapped
// into memory later: a page of rubbish would end the process in the middle of its work.
func sound(store string) error {
	files, err := filepath.Glob(filepath.Join(store, "*.zap"))
	for _, path := range files {
		if err == nil {
			err = summed(path)
		}
	}
	return err
}

func summed(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	is, err := f.Stat()
	if err != nil {
		return err
	}
	hash, end := crc32.NewIEEE(), make([]byte, crc32.Size)
	if is.Size() < crc32.Size {
		return fmt.Errorf("%s is cut off", filepath.Base(path))
	}
	if _, err := io.Copy(hash, io.LimitReader(f, is.Size()-crc32.Size)); err != nil {
		return err
	}
	if _, err := io.ReadFull(f, end); err != nil {
		return err
	}
	if hash.Sum32() != binary.BigEndian.Uint32(end) {
		return fmt.Errorf("%s is not as it was written", filepath.Base(path))
	}
	return nil
}

// Remake removes what is in the index; Follow fills it again.
func (x *Index) Remake() error {
	x.log.Info("the search index is made anew", "why", "it was asked for")
	return x.remake()
}

func (x *Index) remake() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.whole.Store(false)
	x.damage.Store(false)
	if x.ix != nil {
		if err := guarded(x.ix.Close); err != nil {
			x.log.Warn("the former search index could not be closed", "error", err)
		}
		x.ix = nil
	}
	if err := errors.Join(durable.RemoveAll(x.dir), durable.MkdirAll(filepath.Dir(x.dir), 0o700)); err != nil {
		return fmt.Errorf("search index: %w", err)
	}
	ix, err := bleve.NewUsing(x.dir, bleve.NewIndexMapping(), scorch.Name, scorch.Name, settings())
	if err != nil {
		return fmt.Errorf("search index: %w", err)
	}
	if err := ix.SetInternal(keyFormat, []byte(format)); err != nil {
		return errors.Join(fmt.Errorf("search index: %w", err), ix.Close())
	}
	x.ix = ix
	return nil
}

// Close closes the index; searches in hand end first.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ix == nil {
		return nil
	}
	ix := x.ix
	x.ix = nil
	return guarded(ix.Close)
}

// Letters counts what is in the index.
func (x *Index) Letters() (n uint64, err error) {
	err = x.use(func(ix bleve.Index) (err error) { n, err = ix.DocCount(); return err })
	return n, err
}

// use does something with the index. What it meets of damage has the index made anew.
func (x *Index) use(do func(bleve.Index) error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.ix == nil {
		return ErrClosed
	}
	err := guarded(func() error { return do(x.ix) })
	if errors.As(err, new(*broken)) {
		x.damage.Store(true)
	}
	return err
}

// broken is a panic of the library's, which damage in its files brings about.
type broken struct{ why any }

func (b *broken) Error() string { return fmt.Sprint("the search index is damaged: ", b.why) }

// guarded makes a panic, and a fault in memory that a file is mapped to, an error.
func guarded(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = &broken{v}
		}
	}()
	return do()
}
