// Package durable is how files come to be: the one package that writes them.
//
// In comes a path and a reader; what has its name when a verb returns is whole
// and survives a power cut. Each verb writes under a temporary name in the same
// folder, syncs the file, gives it its name, and syncs the folder. The package
// knows no contents, no journal and no configuration.
//
// The order of calls follows restic's local backend and maildir: link(2) never
// overwrites, a folder is synced like a file, and a file whose sync failed is
// never trusted again, because the kernel may have dropped its dirty pages.
package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrDiffers is a file that is there already with other bytes.
var ErrDiffers = errors.New("a file with other contents is there already")

// temporary is how unfinished files are named; Sweep removes them.
const temporary = ".postroom-tmp-"

// Temp is a file that has no name yet.
type Temp struct {
	*os.File
	dir string
}

// NewTemp begins a file in the folder. Commit or Drop ends it.
func NewTemp(dir string) (*Temp, error) {
	f, err := os.CreateTemp(dir, temporary+"*")
	if err != nil {
		return nil, err
	}
	return &Temp{f, dir}, nil
}

// Drop removes the file; after Commit it does nothing.
func (t *Temp) Drop() {
	t.File.Close()
	_ = os.Remove(t.File.Name()) // what stays is swept at the next start
}

// Commit gives the file its name for good, with the permissions of mode. One
// that is there already stays, and gives fs.ErrExist.
func (t *Temp) Commit(path string, mode os.FileMode) error {
	defer t.Drop()
	if err := errors.Join(t.Chmod(mode), t.Sync()); err != nil {
		return fmt.Errorf("write %s: %w", path, t.cause(err))
	}
	err := os.Link(t.Name(), path)
	if noLinks(err) {
		err = t.withoutLinks(path)
	}
	if err != nil {
		return err
	}
	t.Drop() // before the sync, or a power cut brings the other name back
	return SyncDir(filepath.Dir(path))
}

// noLinks tells a file system that has no hard links, such as many SMB shares.
func noLinks(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EMLINK)
}

// withoutLinks renames without overwriting, where the file system can; elsewhere
// it reserves the name, then renames over it: nobody else's file can be lost.
func (t *Temp) withoutLinks(path string) error {
	err := unix.Renameat2(unix.AT_FDCWD, t.Name(), unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	if err == nil || errors.Is(err, unix.EEXIST) {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = f.Close(); err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path)) // an empty file must not pass for this one
	}
	return nil
}

func write(path string, r io.Reader) (*Temp, error) {
	t, err := NewTemp(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(t, r); err != nil {
		t.Drop()
		return nil, fmt.Errorf("write %s: %w", path, t.cause(err))
	}
	return t, nil
}

// cause drops the temporary name from an error that will name the file.
func (t *Temp) cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) && at.Path == t.Name() {
		return at.Err
	}
	return err
}

// Create writes a new file. fs.ErrExist tells that the name is taken.
func Create(path string, r io.Reader) error {
	t, err := write(path, r)
	if err != nil {
		return err
	}
	return t.Commit(path, 0o640)
}

// Ensure writes a file unless the same bytes are there already, and tells
// whether they were. Other bytes there are ErrDiffers, and stay.
func Ensure(path string, r io.Reader) (existed bool, err error) {
	t, err := write(path, r)
	if err != nil {
		return false, err
	}
	defer t.Drop()
	same, err := equal(path, t.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, err
	case !same:
		return true, fmt.Errorf("%s: %w", path, ErrDiffers)
	default:
		t.Drop()
		return true, SyncDir(filepath.Dir(path)) // an earlier run may have died before its own sync
	}
	return false, t.Commit(path, 0o640)
}

// equal compares a file with what was written to t.
func equal(path string, t *os.File) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if _, err := t.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err1 := io.ReadFull(f, a)
		m, err2 := io.ReadFull(t, b)
		if !bytes.Equal(a[:n], b[:m]) {
			return false, nil
		}
		end1, end2 := ended(err1), ended(err2)
		if end1 || end2 {
			return end1 == end2, nil
		}
		if err := errors.Join(err1, err2); err != nil {
			return false, err
		}
	}
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// Overwrite writes a file in the place of whatever has its name.
func Overwrite(path string, r io.Reader) error {
	t, err := write(path, r)
	if err != nil {
		return err
	}
	return t.Replace(path, 0o640)
}

// Secret writes a file, in the place of whatever has its name, that its owner alone can read.
func Secret(path string, r io.Reader) error {
	t, err := write(path, r)
	if err != nil {
		return err
	}
	return t.Replace(path, 0o600)
}

// Replace gives the file its name in the place of whatever has it.
func (t *Temp) Replace(path string, mode os.FileMode) error {
	defer t.Drop()
	if err := errors.Join(t.Chmod(mode), t.Sync()); err != nil {
		return fmt.Errorf("write %s: %w", path, t.cause(err))
	}
	return Rename(t.Name(), path)
}

// Rename gives a file another name in the same file system.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if filepath.Dir(from) != filepath.Dir(to) {
		if err := SyncDir(filepath.Dir(from)); err != nil {
			return err
		}
	}
	return SyncDir(filepath.Dir(to))
}

// Rewrite writes the first n bytes of a file once more, as they are, and syncs them.
// It is for bytes whose sync failed: the kernel may hold them for written since, and
// a second sync alone would say nothing about them.
func Rewrite(path string, n int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	b := make([]byte, n)
	_, err = f.ReadAt(b, 0)
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Remove removes a file.
func Remove(path string) error {
	if err := os.Remove(path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes a folder's names durable. File systems that can't sync a folder
// (some network shares answer EINVAL or ENOTSUP) are taken at their word.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// Sweep removes what a crash left unfinished in a folder and those below it.
// Nobody else may be writing there.
func Sweep(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(e.Name(), temporary) {
			return err
		}
		return Remove(path)
	})
}

// Unfinished tells whether a file has the name of one that was never finished, or is
// being written.
func Unfinished(name string) bool { return strings.HasPrefix(name, temporary) }

// SweepFolder is Sweep for one folder alone.
func SweepFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() && Unfinished(e.Name()) {
			err = errors.Join(err, Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// Unnamed takes the file's name away: it is gone when it is closed.
func (t *Temp) Unnamed() (*os.File, error) {
	if err := os.Remove(t.Name()); err != nil {
		t.File.Close()
		return nil, err
	}
	return t.File, nil
}

// Move gives a file a name that must be free (fs.ErrExist), also on another file
// system: then it is copied, and removed where it was. A crash may have come
// between, so that the file itself, or the same bytes, under the name is a move
// that is only to be finished.
func Move(from, to string) error {
	err := os.Link(from, to)
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
		err = duplicate(from, to)
	}
	if errors.Is(err, fs.ErrExist) && moved(from, to) {
		err = nil
	}
	if err != nil {
		return err
	}
	if err := SyncDir(filepath.Dir(to)); err != nil {
		return err
	}
	return Remove(from)
}

func duplicate(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return Create(to, f)
}

// moved tells whether to has all that from has, under a name of its own and durably.
func moved(from, to string) bool {
	is, err1 := os.Lstat(from)
	has, err2 := os.Lstat(to)
	if err1 != nil || err2 != nil || !has.Mode().IsRegular() || is.Size() != has.Size() || filepath.Clean(from) == filepath.Clean(to) {
		return false
	}
	if os.SameFile(is, has) {
		return true
	}
	f, err := os.Open(from)
	if err != nil {
		return false
	}
	defer f.Close()
	same, err := equal(to, f)
	return err == nil && same && syncFile(to) == nil
}

// syncFile makes the bytes durable of a file that someone else may have written.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
