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
	segment "github.com/blevesearch/scorch_segment_api/v2"

	"postroom/durable"
)

// format is the version of what is written in the index; another one is made anew.
const format = "1"

// What the index keeps of itself.
var (
	keyFormat = []byte("format")
	keyCursor = []byte("cursor") // of the journal's log
)

// ErrClosed is a search in an index that is not open: it was closed, or nothing follows yet.
var ErrClosed = errors.New("the search index is not open")

// Index is the folder of an index. It is safe for concurrent use; one process has it.
type Index struct {
	dir string
	log *slog.Logger

	whole   atomic.Bool   // it has followed the journal to its end since it was opened or made
	damage  atomic.Bool   // was met in it; the next step makes it anew
	remade  chan struct{} // wakes Run
	working sync.Mutex    // of whoever follows

	mu     sync.RWMutex // for reading: it is used; for writing: it is exchanged
	ix     bleve.Index  // nil while it is not open
	closed bool         // for good
}

// New names the index in a folder. It is opened by whoever follows, Run or Follow, and made
// when it is not there; one that is damaged or of another version is removed and made anew,
// and log is told.
func New(dir string, log *slog.Logger) *Index {
	return &Index{dir: dir, log: log, remade: make(chan struct{}, 1)}
}

// open opens the index, once.
func (x *Index) open() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return ErrClosed
	}
	if x.ix != nil {
		return nil
	}
	why, err := x.usable()
	if err != nil || why == "" {
		return err
	}
	if why != absent {
		x.log.Warn("the search index is made anew; searches find more and more of the letters meanwhile", "why", why)
	}
	return x.replace()
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
	if err := guarded(func() error { return sound(x.dir) }); err != nil {
		return err.Error(), nil
	}
	if err := guarded(func() (err error) { x.ix, err = bleve.OpenUsing(x.dir, settings()); return err }); err != nil {
		x.ix = nil
		return err.Error(), nil
	}
	return "", nil
}

// settings of bleve: it fails at once when another process has the folder.
func settings() map[string]any { return map[string]any{"bolt_timeout": "2s"} }

// sound holds the files of the index against the checksums at their ends, before anything
// works with them: they are mapped into memory, and rubbish there could end the process.
// Files that the index does not name, which a crash leaves, do not count.
func sound(dir string) (err error) {
	look := settings()
	look["read_only"] = true
	ix, err := bleve.OpenUsing(dir, look)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ix.Close()) }()
	if is, err := ix.GetInternal(keyFormat); err != nil || string(is) != format {
		return fmt.Errorf("its format is %q, not %q", is, format)
	}
	inner, err := ix.Advanced()
	if err != nil {
		return err
	}
	r, err := inner.Reader()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	now, ok := r.(*scorch.IndexSnapshot)
	if !ok {
		return fmt.Errorf("it is of another kind: %T", r)
	}
	for _, s := range now.Segments() {
		if file, ok := s.Segment().(segment.PersistedSegment); ok && err == nil {
			err = summed(file.Path())
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

// Remake removes what is in the index; whoever follows fills it again.
func (x *Index) Remake() error {
	x.working.Lock()
	defer x.working.Unlock()
	x.log.Info("the search index is made anew", "why", "it was asked for")
	return x.remake()
}

func (x *Index) remake() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return ErrClosed
	}
	defer func() {
		select {
		case x.remade <- struct{}{}:
		default:
		}
	}()
	return x.replace()
}

// replace puts an empty index in the place of the one that is there. x.mu is held.
func (x *Index) replace() error {
	x.whole.Store(false)
	x.damage.Store(false)
	x.letGo()
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

// letGo closes the library's index. x.mu is held.
func (x *Index) letGo() {
	if x.ix == nil {
		return
	}
	if err := guarded(x.ix.Close); err != nil {
		x.log.Warn("the search index could not be closed", "error", err)
	}
	x.ix = nil
}

// setAside closes the index after a write that failed, on a full disk say: the library
// would try again without a pause. The next step opens it.
func (x *Index) setAside() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.letGo()
}

// Close closes the index for good; searches in hand end first.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	x.letGo()
	return nil
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
