// Package intake watches folders and tells of each scanner file once it is whole.
//
// In come folders; out go arrivals, each file exactly once for as long as it
// stays as it was. A periodic listing is the truth: shares tell of no changes,
// and a hint from the file system (fsnotify) only makes the next listing come
// sooner. The package copies nothing and knows no batches: what becomes of an
// arrival is the caller's.
package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Folder is a watched folder.
type Folder struct {
	Path   string
	Name   string
	Quiet  time.Duration // a file must stay unchanged so long: 2 s
	Rescan time.Duration // between two listings: 5 s
	MaxAge time.Duration // a file that is not whole by then arrives as incomplete: 10 min
	Duplex bool
	Done   string // where taken sources move to; "" = they are deleted
}

// Arrival is a file that is ready to be taken.
type Arrival struct {
	Folder     Folder
	Path       string
	Stamp      Stamp
	Incomplete bool // its folder's MaxAge has passed and it is still not whole
}

// Stamp tells one state of a file from another.
type Stamp struct {
	Size  int64  `json:"size"`
	MTime int64  `json:"mtime"` // nanoseconds since 1970
	Dev   uint64 `json:"dev"`
	Inode uint64 `json:"inode"`
}

// Same tells whether two stamps are of one file, in whatever state. A share that was
// mounted anew may have another device number: then the state must be the same, too.
func (s Stamp) Same(t Stamp) bool {
	return s.Inode == t.Inode && (s.Dev == t.Dev || s.Unchanged(t))
}

// Unchanged tells whether two stamps of one file are of the same state.
func (s Stamp) Unchanged(t Stamp) bool { return s.Size == t.Size && s.MTime == t.MTime }

// ErrNoFile is a path that holds no regular file: a symlink, folder, socket or device.
var ErrNoFile = errors.New("it is no regular file")

// StampOf reads a file's stamp, without following a symlink.
func StampOf(path string) (Stamp, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return Stamp{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return stampOf(path, &st)
}

func stampOf(path string, st *unix.Stat_t) (Stamp, error) {
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return Stamp{}, fmt.Errorf("%s: %w", path, ErrNoFile)
	}
	return Stamp{st.Size, st.Mtim.Nano(), uint64(st.Dev), st.Ino}, nil
}

// Open opens a regular file for reading. A symlink is refused, and a fifo does
// not make it wait.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) {
		return nil, fmt.Errorf("%s: %w", path, ErrNoFile)
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(err, fmt.Errorf("%s: %w", path, ErrNoFile))
	}
	return f, nil
}

// Config is what Watch needs. Accept and Whole are required.
type Config struct {
	Folders []Folder
	// Whole tells whether a file is structurally complete: an error says what is missing.
	Whole func(ctx context.Context, path string) error
	// Accept takes a file; nil means that it is durably taken. After an error
	// the file is offered again at a later listing.
	Accept func(ctx context.Context, a Arrival) error
	// Known tells whether a batch is in the journal: a source that was claimed for
	// another, as one that came after the backup that was put back, is nobody's and
	// would lie there unseen. nil = all are.
	Known func(ctx context.Context, batch string) (bool, error)
	// Refuse is told, once, of what lies in a folder and is no file.
	Refuse func(ctx context.Context, path, why string)
	// Trouble is told of a folder or file that can't be worked on, when that
	// changes; nil ends it.
	Trouble func(path string, err error)
	// Waits is told what waits in a folder, after each listing that could be made and now
	// and then during a long one.
	Waits func(f Folder, w Waiting)
	// Wait waits for a folder's next listing: the rescan time, or less after a
	// hint. Tests put in their own; nil = the clock.
	Wait func(ctx context.Context, f Folder, hint <-chan struct{}) error
	// Now gives a monotonic time; nil = time.Now.
	Now func() time.Time
	// NoEvents leaves the file system's hints unused.
	NoEvents bool
}

// ignored tells names that are no one's business yet, or ours.
func ignored(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") ||
		strings.HasSuffix(lower, ".tmp") || strings.HasSuffix(lower, ".part")
}

// sighting is what is known of a file between two listings.
type sighting struct {
	stamp  Stamp
	since  time.Time // when this stamp was first seen, by our own clock: a scanner's may be wrong
	first  time.Time // when the file was first seen
	whole  bool      // with this stamp
	taken  bool      // likewise
	failed string    // the last error, told once
	lacks  string    // what Whole said of this stamp; "" = nothing, or it was not asked
}

// listing is one folder's watch.
type listing struct {
	cfg     Config
	folder  Folder
	seen    map[string]*sighting
	refused map[string]bool
	closed  map[string]bool // sub-folders that can't be read
	trouble string
	told    time.Time // when Waits was told last
	moved   time.Time // when a file was taken last
}

// list looks through the folder once, and takes what is ready.
func (l *listing) list(ctx context.Context) {
	present, closed := map[string]bool{}, map[string]error{}
	err := filepath.WalkDir(l.folder.Path, func(path string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return fs.SkipAll
		case err != nil && path == l.folder.Path:
			return err
		case errors.Is(err, fs.ErrNotExist):
			return nil // it went while we looked; the next listing sees
		case err != nil: // a sub-folder that can't be read: what lies in it is not seen
			closed[path] = err
			return nil
		case path == l.folder.Path:
			return nil
		case ignored(e.Name()):
			if e.IsDir() {
				return fs.SkipDir
			}
			if batch, ok := claimedFor(e.Name()); ok && l.stranded(ctx, path, batch) {
				present[path] = true
			}
			return nil
		case e.IsDir():
			return nil
		}
		present[path] = true
		if !e.Type().IsRegular() {
			l.refuse(ctx, path, e.Type())
			return nil
		}
		l.look(ctx, path)
		return nil
	})
	l.tell(err)
	if err != nil {
		return
	}
	l.tellOf(closed)
	for path, s := range l.seen {
		if !present[path] && !within(closed, path) {
			l.failed(path, s, nil) // its trouble went with it
			delete(l.seen, path)
		}
	}
	for path := range l.refused {
		if !present[path] {
			delete(l.refused, path)
		}
	}
	l.waits(true)
}

// ErrStranded is a claimed source whose batch the journal does not know.
var ErrStranded = errors.New("it was taken by a mailroom with another journal, or after the backup that was put back: " +
	"nothing of it is known here; give it a name that does not begin with a dot, and it is taken anew")

// stranded tells of a claimed source that belongs to no batch.
func (l *listing) stranded(ctx context.Context, path, batch string) bool {
	if l.cfg.Known == nil {
		return false
	}
	known, err := l.cfg.Known(ctx, batch)
	if err != nil || known || ctx.Err() != nil {
		return false
	}
	if l.seen[path] == nil {
		l.seen[path] = &sighting{}
	}
	l.failed(path, l.seen[path], ErrStranded)
	return true
}

// within tells whether a path lies in one of the folders.
func within(folders map[string]error, path string) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if folders[dir] != nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// tellOf tells of sub-folders that can't be read, and of those that can be again.
func (l *listing) tellOf(closed map[string]error) {
	for path, err := range closed {
		if !l.closed[path] && l.cfg.Trouble != nil {
			l.cfg.Trouble(path, err)
		}
	}
	for path := range l.closed {
		if closed[path] == nil && l.cfg.Trouble != nil {
			l.cfg.Trouble(path, nil)
		}
	}
	l.closed = map[string]bool{}
	for path := range closed {
		l.closed[path] = true
	}
}

func (l *listing) refuse(ctx context.Context, path string, mode fs.FileMode) {
	if l.refused[path] || l.cfg.Refuse == nil {
		return
	}
	l.refused[path] = true
	what := "a device or pipe"
	switch {
	case mode&fs.ModeSymlink != 0:
		what = "a symbolic link"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	}
	l.cfg.Refuse(ctx, path, "it is "+what+"; only regular files are taken")
}

func (l *listing) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != l.trouble && l.cfg.Trouble != nil {
		l.cfg.Trouble(l.folder.Path, err)
	}
	l.trouble = text
}

// look judges one file: unchanged for the quiet time and whole, it is taken.
func (l *listing) look(ctx context.Context, path string) {
	stamp, err := StampOf(path)
	if err != nil {
		return // gone, or replaced by something that the next listing refuses
	}
	now := l.cfg.Now()
	s := l.seen[path]
	if s != nil && now.Before(s.since) { // the clock was put back: what it said before says nothing
		s.since, s.first = now, now
	}
	if s == nil {
		s = &sighting{stamp: stamp, since: now, first: now}
		l.seen[path] = s
	}
	if s.stamp != stamp {
		if s.taken || s.stamp.Inode != stamp.Inode {
			s.first = now // another file under the same name
		}
		*s = sighting{stamp: stamp, since: now, first: s.first, failed: s.failed}
	}
	if s.taken || now.Sub(s.since) < l.folder.Quiet {
		return
	}
	a := Arrival{Folder: l.folder, Path: path, Stamp: stamp}
	// What could not be taken may wait for long: it is looked through once.
	if !s.whole && stamp.Size > 0 {
		err := l.cfg.Whole(ctx, path)
		if s.whole, s.lacks = err == nil, ""; err != nil {
			s.lacks = err.Error()
		}
	}
	if !s.whole {
		if now.Sub(s.first) < l.folder.MaxAge {
			return
		}
		a.Incomplete = true
	}
	// Whole may have waited for a helper: what was written meanwhile is no trouble,
	// the next listing sees another stamp and is quiet anew.
	if again, err := StampOf(path); err != nil || again != stamp {
		return
	}
	err = l.cfg.Accept(ctx, a)
	if err == nil {
		s.taken, l.moved = true, l.cfg.Now()
		l.waits(false)
	}
	if ctx.Err() == nil {
		l.failed(path, s, err)
	}
}

func (l *listing) failed(path string, s *sighting, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != s.failed && l.cfg.Trouble != nil {
		l.cfg.Trouble(path, err)
	}
	s.failed = text
}
