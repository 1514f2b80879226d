// Package folder is a case store that is a folder:
//
//	ROOT/REFERENCE/DOCUMENT/original.pdf     the pages as scanned
//	ROOT/REFERENCE/DOCUMENT/document.json    written last: complete when it is there
//	ROOT/REFERENCE/DOCUMENT/searchable.pdf   the rendition, added later
//	ROOT/REFERENCE/DOCUMENT/searchable.json  what was done, or why there is no rendition; written last
//	ROOT/REFERENCE/DOCUMENT/withdrawn.json   when the document was taken back
//
// A file is complete as soon as it has its name, and is never overwritten.
package folder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"postroom/durable"
	"postroom/mail"
	"postroom/router/casestore"
)

// Marker shows that the folder is the store, not the empty mount point of a share.
const Marker = ".postroom-store"

// maxElement is the longest name of a file on the file systems in use, in bytes.
const maxElement = 255

// Store is a case store in a folder.
type Store struct {
	root, name string
	busy       [32]sync.Mutex // a document's folder has one of them
}

// New makes the store; nothing is touched before Init or a delivery.
func New(root, name string) *Store { return &Store{root: filepath.Clean(root), name: name} }

// Init makes the folder and its marker; once, when the store is first used.
func (s *Store) Init() error {
	if err := durable.MkdirAll(s.root, 0o750); err != nil {
		return err
	}
	_, err := durable.Ensure(filepath.Join(s.root, Marker), strings.NewReader("case store of postroom\n"))
	return err
}

// Probe tells why the store can't be used; nil = it can.
func (s *Store) Probe() error {
	_, err := os.Stat(filepath.Join(s.root, Marker))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is not the case store (its %s is missing): is the share mounted?", casestore.ErrAway, s.root, Marker)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", casestore.ErrAway, err)
	}
	return nil
}

// Deliver files a document; see casestore.Store.
func (s *Store) Deliver(ctx context.Context, f casestore.Filing) (mail.Receipt, error) {
	if err := errors.Join(ctx.Err(), s.Probe()); err != nil {
		return mail.Receipt{}, err
	}
	reference := casestore.Escape(f.Reference)
	if reference == Marker {
		return mail.Receipt{}, fmt.Errorf("%w: %s is the store's own", casestore.ErrRefused, Marker)
	}
	if f.Reference == "" || len(reference) > maxElement {
		return mail.Receipt{}, fmt.Errorf("%w: the reference makes a folder name of %d bytes, 1 to %d are possible", casestore.ErrRefused, len(reference), maxElement)
	}
	locator := filepath.Join(reference, casestore.Escape(f.Document))
	dir := s.Where(locator)
	defer s.alone(dir)()
	if err := durable.MkdirAll(dir, 0o750); err != nil {
		return mail.Receipt{}, err
	}
	if err := durable.SweepFolder(dir); err != nil {
		return mail.Receipt{}, err
	}
	if err := proven(filepath.Join(dir, "original.pdf"), f.Original, f.SHA256); err != nil {
		return mail.Receipt{}, err
	}
	if err := ensure(filepath.Join(dir, "document.json"), bytes.NewReader(f.Sheet)); err != nil {
		return mail.Receipt{}, err
	}
	return mail.Receipt{Store: s.name, Locator: locator, SHA256: f.SHA256, Sheet: sum(f.Sheet), At: time.Now().UTC()}, nil
}

// Enrich adds a rendition; see casestore.Store.
func (s *Store) Enrich(ctx context.Context, r mail.Receipt, add casestore.Rendition) (mail.Receipt, error) {
	if err := errors.Join(ctx.Err(), s.Probe(), s.mine(r.Locator)); err != nil {
		return r, err
	}
	dir := s.Where(r.Locator)
	switch _, err := os.Stat(filepath.Join(dir, "document.json")); {
	case errors.Is(err, fs.ErrNotExist): // and the store itself is there
		return r, fmt.Errorf("%w: the document is not in %s any more", casestore.ErrRefused, dir)
	case err != nil:
		return r, err
	}
	defer s.alone(dir)()
	if err := durable.SweepFolder(dir); err != nil {
		return r, err
	}
	sheet := filepath.Join(dir, "searchable.json")
	if was, err := os.ReadFile(sheet); err == nil && !bytes.Equal(was, add.Sheet) {
		return r, fmt.Errorf("%w: %s tells of another rendition", casestore.ErrRefused, sheet)
	}
	if add.PDF != nil {
		if err := proven(filepath.Join(dir, "searchable.pdf"), add.PDF, add.SHA256); err != nil {
			return r, err
		}
	}
	if err := ensure(sheet, bytes.NewReader(add.Sheet)); err != nil {
		return r, err
	}
	r.Rendition, r.RenditionSheet = add.SHA256, sum(add.Sheet)
	return r, nil
}

// alone keeps others from writing in a document's folder: what a crash left there is
// swept by whoever comes to repeat what it interrupted, and must not be at work.
func (s *Store) alone(dir string) (done func()) {
	h := fnv.New32a()
	h.Write([]byte(dir))
	busy := &s.busy[h.Sum32()%uint32(len(s.busy))]
	busy.Lock()
	return busy.Unlock
}

func sum(b []byte) string {
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:])
}

// proven writes a file once, from its start, and reads it back.
func proven(path string, r io.ReadSeeker, want string) error {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := ensure(path, r); err != nil {
		return err
	}
	got, err := digest(path)
	if err == nil && got != want {
		err = fmt.Errorf("%w: %s reads back with other bytes than were written", casestore.ErrRefused, path)
	}
	return err
}

// Where gives a document's folder.
func (s *Store) Where(locator string) string { return filepath.Join(s.root, locator) }

// ensure writes a file once; other bytes under its name are a refusal.
func ensure(path string, r io.Reader) error {
	_, err := durable.Ensure(path, r)
	if errors.Is(err, durable.ErrDiffers) || errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", casestore.ErrRefused, err)
	}
	return err
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Withdraw puts a note beside a delivered document; its files stay as evidence.
func (s *Store) Withdraw(_ context.Context, locator string, note []byte) error {
	if err := errors.Join(s.Probe(), s.mine(locator)); err != nil {
		return err
	}
	dir := s.Where(locator)
	defer s.alone(dir)()
	if err := durable.SweepFolder(dir); err != nil {
		return err
	}
	return ensure(filepath.Join(dir, withdrawn), bytes.NewReader(note))
}

// mine refuses a locator that is not a document of this store.
func (s *Store) mine(locator string) error {
	if !filepath.IsLocal(locator) || filepath.Clean(locator) != locator || strings.Count(locator, string(filepath.Separator)) != 1 {
		return fmt.Errorf("%w: %s is no document of the store %s", casestore.ErrRefused, locator, s.root)
	}
	return nil
}

// Verify reads a document back; see casestore.Store.
func (s *Store) Verify(_ context.Context, r mail.Receipt) error {
	if err := errors.Join(s.Probe(), s.mine(r.Locator)); err != nil {
		return err
	}
	files := map[string]string{"original.pdf": r.SHA256, "document.json": r.Sheet,
		"searchable.pdf": r.Rendition, "searchable.json": r.RenditionSheet}
	for name, want := range files {
		if want == "" {
			continue
		}
		path := filepath.Join(s.Where(r.Locator), name)
		sum, err := digest(path)
		if err != nil {
			return err
		}
		if sum != want {
			return fmt.Errorf("%s holds other bytes than its receipt says", path)
		}
	}
	return nil
}
