package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"postroom/durable"
	"postroom/pipeline/journal"
)

// ErrDiskFull is a data disk that has no room for what was to be done. What is journalled
// is kept, and goes on by itself when there is room.
var ErrDiskFull = errors.New("the data disk is full")

// Disk is the one that the data folder is on; durable.Disk is a real one.
type Disk interface {
	Space() (durable.Space, error)
	Try() error // whether something can be written, whatever Space says
}

// DefaultReserve is how many bytes taking a file leaves free. They are for the tasks in
// hand and for decisions: a person must be able to go on deciding.
const DefaultReserve = 256e6

const (
	reserveFiles = 1000 // inodes that taking a file leaves free
	workReserve  = 4    // no task is begun when less than this part of the reserve is left: a quarter
)

// space watches what is left on the data disk. All that meets a full disk is one state:
// it begins and ends once, in the log too, however many files and tasks it stops.
type space struct {
	disk    Disk
	reserve int64
	retry   time.Duration
	log     *slog.Logger
	now     func() time.Time // monotonic: a calendar that is set back must not prolong a wait

	mu      sync.Mutex
	full    bool
	failed  bool             // something could not be written; Try must succeed before it ends
	tried   time.Time        // when it failed last
	low     bool             // so little is left that no task is begun
	waits   map[string]int64 // watched files that were not taken: path -> bytes
	stopped chan struct{}    // closed while no task is begun
}

func newSpace(c Config) *space {
	return &space{disk: c.Disk, reserve: c.Reserve, retry: c.DiskRetry, log: c.Log, now: time.Now, waits: map[string]int64{}, stopped: make(chan struct{})}
}

// left tells what is left; a disk that does not say so is taken to have room.
func (s *space) left() durable.Space {
	if s.disk != nil {
		if left, err := s.disk.Space(); err == nil {
			return left
		}
	}
	return durable.Space{Bytes: 1 << 62, Files: 1 << 62}
}

func (s *space) lacks(left durable.Space, size int64) bool {
	return left.Bytes < s.reserve || left.Bytes-s.reserve < size || left.Files < reserveFiles
}

// admit refuses a file that would leave less than the reserve. A watched one that is
// refused keeps the state up until it is taken or gone.
func (s *space) admit(path string, size int64, watched bool) error {
	s.look()
	left := s.left()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.failed && !s.lacks(left, size) {
		delete(s.waits, path)
		return nil
	}
	if watched {
		s.waits[path] = size
	}
	err := fmt.Errorf("%w: %d MB and %d files are left on it, and taking a file of %d MB must leave %d MB and %d files",
		ErrDiskFull, left.Bytes>>20, left.Files, size>>20, s.reserve>>20, reserveFiles)
	s.begin(left, err)
	return err
}

// begin is called under the lock.
func (s *space) begin(left durable.Space, why error) {
	if !s.full {
		s.log.Error("the data disk is full: nothing is taken in, and sources stay where they are", "free_mb", left.Bytes>>20, "free_files", left.Files, "error", why)
	}
	s.full = true
	if s.failed || s.low {
		select {
		case <-s.stopped:
		default:
			close(s.stopped)
		}
	}
}

// met notes the error of a write, and gives it its name when the disk is full.
func (s *space) met(err error) error {
	if err == nil || !durable.Full(err) || errors.Is(err, ErrDiskFull) {
		return err
	}
	err = fmt.Errorf("%w: %w", ErrDiskFull, err)
	left := s.left()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed, s.tried = true, s.now()
	s.begin(left, err)
	return err
}

// look ends the state when there is room again.
func (s *space) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.full {
		return
	}
	left := s.left()
	if d := s.now().Sub(s.tried); s.failed && (d >= s.retry || d < 0) {
		if s.tried = s.now(); s.disk == nil || s.disk.Try() == nil {
			s.failed = false
		}
	}
	s.low = s.tight(left)
	if !s.failed && !s.low {
		select {
		case <-s.stopped:
			s.stopped = make(chan struct{})
		default:
		}
	}
	for _, size := range s.waits {
		if s.lacks(left, size) {
			return
		}
	}
	if s.failed || s.lacks(left, 0) {
		return
	}
	s.full = false
	clear(s.waits)
	s.log.Info("the data disk has room again: all goes on", "free_mb", left.Bytes>>20)
}

func (s *space) tight(left durable.Space) bool {
	return left.Bytes < s.reserve/workReserve || left.Files < reserveFiles/workReserve
}

// forget drops files that nobody waits for any more; it looks into their folders.
func (s *space) forget() {
	s.mu.Lock()
	var gone []string
	for path := range s.waits {
		gone = append(gone, path)
	}
	s.mu.Unlock()
	for _, path := range gone {
		if sourceGone(path) {
			s.mu.Lock()
			delete(s.waits, path)
			s.mu.Unlock()
		}
	}
}

// pause tells how long no task is to be begun; 0 = there is room.
func (s *space) pause() time.Duration {
	s.look()
	left := s.left()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.low = s.tight(left); s.low {
		s.begin(left, ErrDiskFull)
	}
	if s.low || s.failed {
		return s.retry / 2
	}
	return 0
}

func (s *space) isFull() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

func (s *space) isHalted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed || s.low
}

// halted gives a channel that is closed while no task is begun.
func (s *space) halted() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// Pause tells the journal how long it is to begin no task, for want of room; 0 = there is some.
func (m *Mailroom) Pause() time.Duration { return m.space.pause() }

// DiskFull tells whether the data disk is full.
func (m *Mailroom) DiskFull() bool { return m.space.isFull() }

// WantsRoom tells whether a task failed because the data disk is full, which is told
// once for all tasks. A store's full disk is its store's trouble.
func (m *Mailroom) WantsRoom(err error) bool {
	var later *journal.Later
	if errors.As(err, &later) {
		return false
	}
	return errors.Is(m.space.met(err), ErrDiskFull)
}

// spaciousJournal and spaciousBlobs tell of a full disk whatever meets it.
type spaciousJournal struct {
	journal.Store
	space *space
}

func (j spaciousJournal) Tx(ctx context.Context, fn func(journal.Tx) error) error {
	return j.space.met(j.Store.Tx(ctx, fn))
}

type spaciousBlobs struct {
	journal.Blobs
	space *space
}

func (b spaciousBlobs) Put(ctx context.Context, r io.Reader) (journal.Ref, error) {
	ref, err := b.Blobs.Put(ctx, r)
	return ref, b.space.met(err)
}

func (b spaciousBlobs) Scratch() (*os.File, error) {
	f, err := b.Blobs.Scratch()
	return f, b.space.met(err)
}
