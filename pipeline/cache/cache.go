// Package cache keeps bytes that can be made again, in a folder of bounded size.
//
// In come bytes under a key; out come the same bytes, or nothing: what was not used for
// longest goes first, and a file that is torn, damaged or another key's counts as
// absent. The folder may be removed at any time. The package knows no pictures.
package cache

import (
	"bytes"
	"container/list"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"postroom/durable"
)

// Dir is a folder of cached bytes. It is safe for concurrent use, by one process.
type Dir struct {
	root string
	most int64
	now  func() time.Time

	mu     sync.Mutex
	loaded bool
	files  map[string]*list.Element // by name
	order  *list.List               // of *file; used last in front
	total  int64                    // bytes on the disk, those being written too
}

type file struct {
	name  string
	size  int64 // on the disk
	noted time.Time
}

// New gives the cache in a folder, made when it is first needed; most is the bytes that
// it may take.
func New(root string, most int64) *Dir {
	return &Dir{root: root, most: most, now: time.Now, files: map[string]*list.Element{}, order: list.New()}
}

// usedEvery is how often a file's use is noted on it, for the order after a restart.
const usedEvery = time.Hour

// Get gives the bytes that were put under the key, when they are still there as they were.
func (d *Dir) Get(key string) ([]byte, bool) {
	name := nameOf(key)
	text, err := os.ReadFile(d.path(name))
	if err != nil {
		return nil, false
	}
	b, whole := opened(key, text)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !whole {
		_ = d.drop(name) // else it is written over
		return nil, false
	}
	if e, known := d.files[name]; known {
		d.order.MoveToFront(e)
		if f := e.Value.(*file); d.now().Sub(f.noted) > usedEvery {
			f.noted = d.now()
			_ = durable.Touch(d.path(name), f.noted) // it only loses its place
		}
	}
	return b, true
}

// Put keeps bytes under a key, in the place of those that were there. What is larger than
// the whole cache is not kept.
func (d *Dir) Put(key string, b []byte) error {
	name, text := nameOf(key), sealed(key, b)
	size := onDisk(int64(len(text)))
	if size > d.most {
		return nil
	}
	if err := d.load(); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	switch err := d.reserve(name, size); {
	case errors.Is(err, errNoRoom):
		return nil
	case err != nil:
		return fmt.Errorf("cache: %w", err)
	}
	path := d.path(name)
	err := durable.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = durable.Derive(path, bytes.NewReader(text))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e, known := d.files[name]; err != nil || known { // another put came first
		if d.total -= size; known && err == nil {
			f := e.Value.(*file)
			d.total += size - f.size
			f.size = size
		}
	} else {
		d.files[name] = d.order.PushFront(&file{name, size, d.now()})
	}
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

var errNoRoom = errors.New("there is no room beside what is being written")

// reserve makes room before anything is written.
func (d *Dir) reserve(name string, size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.drop(name); err != nil {
		return err
	}
	for d.total+size > d.most && d.order.Len() > 0 {
		if err := d.drop(d.order.Back().Value.(*file).name); err != nil {
			return err
		}
	}
	if d.total+size > d.most {
		return errNoRoom
	}
	d.total += size
	return nil
}

// drop is called under the lock.
func (d *Dir) drop(name string) error {
	if err := durable.Discard(d.path(name)); err != nil {
		return err
	}
	if e, known := d.files[name]; known {
		d.total -= d.order.Remove(e).(*file).size
		delete(d.files, name)
	}
	return nil
}

// load lists what earlier runs left, the first time that something is put.
func (d *Dir) load() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loaded {
		return nil
	}
	if err := durable.MkdirAll(d.root, 0o700); err != nil {
		return err
	}
	if err := durable.Sweep(d.root); err != nil {
		return err
	}
	var found []*file
	err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || filepath.Base(filepath.Dir(path)) != e.Name()[:min(2, len(e.Name()))] {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		found = append(found, &file{e.Name(), onDisk(info.Size()), info.ModTime()})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b *file) int { return a.noted.Compare(b.noted) })
	for _, f := range found {
		d.files[f.name] = d.order.PushFront(f)
		d.total += f.size
	}
	for d.total > d.most && d.order.Len() > 0 { // the bound was larger before
		if err := d.drop(d.order.Back().Value.(*file).name); err != nil {
			return err
		}
	}
	d.loaded = true
	return nil
}

func (d *Dir) path(name string) string { return filepath.Join(d.root, name[:2], name) }

// onDisk is what a file of that size takes of most disks.
func onDisk(size int64) int64 {
	const block = 4096
	return (size + block - 1) / block * block
}

func nameOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// sealed is a file's contents: the bytes behind a digest of them and their key.
func sealed(key string, b []byte) []byte {
	sum := digest(key, b)
	return append(sum[:], b...)
}

func opened(key string, text []byte) (b []byte, whole bool) {
	if len(text) < sha256.Size {
		return nil, false
	}
	sum := digest(key, text[sha256.Size:])
	return text[sha256.Size:], bytes.Equal(sum[:], text[:sha256.Size])
}

func digest(key string, b []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s\n", len(key), key)
	h.Write(b)
	h.Sum(sum[:0])
	return sum
}
