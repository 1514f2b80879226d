package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"postroom/durable"
	"postroom/pipeline/journal"
)

// fakeDisk is a disk that fills; its blobs fail when try does.
type fakeDisk struct {
	mu    sync.Mutex
	space durable.Space
	try   error
	found chan struct{} // has room for one: Try went well
}

func (d *fakeDisk) Space() (durable.Space, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.space, nil
}

func (d *fakeDisk) Try() error {
	err := d.write()
	if err == nil {
		select {
		case d.found <- struct{}{}:
		default:
		}
	}
	return err
}

func (d *fakeDisk) write() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.try
}

func (d *fakeDisk) set(bytes, files int64, try error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.space, d.try = durable.Space{Bytes: bytes, Files: files}, try
}

// fullBlobs is where nothing can be written while the disk says so.
type fullBlobs struct {
	journal.Blobs
	disk *fakeDisk
}

func (b fullBlobs) Put(ctx context.Context, r io.Reader) (journal.Ref, error) {
	if err := b.disk.write(); err != nil {
		return journal.Ref{}, fmt.Errorf("store blob: %w", err)
	}
	return b.Blobs.Put(ctx, r)
}

// lines is a log that several may write to.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// with counts the lines that hold a text.
func (l *lines) with(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// newFilling is a room on a disk with room for everything; its reserve is 1000 bytes.
func newFilling(t *testing.T) (*room, *fakeDisk, *lines) {
	r, d, log := newRoom(t), &fakeDisk{found: make(chan struct{}, 1)}, &lines{}
	d.set(1e6, 1e6, nil)
	r.disk, r.log = d, slog.New(slog.NewTextHandler(log, nil))
	r.blobs = func(b journal.Blobs) journal.Blobs { return fullBlobs{b, d} }
	r.reopen()
	return r, d, log
}

const begins, ends = "the data disk is full", "the data disk has room again"

func wantTold(t *testing.T, log *lines, began, ended int) {
	t.Helper()
	if b, e := log.with(`msg="`+begins), log.with(`msg="`+ends); b != began || e != ended {
		t.Errorf("told of %d beginnings and %d ends, want %d and %d:\n%s", b, e, began, ended, log.text.String())
	}
}

// TestIntakeStopsAtTheReserve: a file that would leave too little stays where it is, and
// is taken when there is room.
func TestIntakeStopsAtTheReserve(t *testing.T) {
	watched := Origin{Source: "scanner-1", Watched: true}
	for what, left := range map[string]durable.Space{"bytes": {Bytes: 1005, Files: 1e6}, "inodes": {Bytes: 1e6, Files: reserveFiles - 1}} {
		r, disk, log := newFilling(t)
		a, b := r.write("a.pdf", "code="+caseA+"\n"), r.write("b.pdf", "code="+caseB+"\n")
		disk.set(left.Bytes, left.Files, nil)
		for range 3 {
			for _, path := range []string{a, b} {
				if _, err := r.Accept(t.Context(), path, watched); !errors.Is(err, ErrDiskFull) {
					t.Fatalf("%s: %v", what, err)
				}
			}
		}
		if !r.DiskFull() || sourceGone(a) || sourceGone(b) || r.sources() != 0 {
			t.Errorf("%s: full %t, %d sources", what, r.DiskFull(), r.sources())
		}
		if left, err := filepath.Glob(filepath.Join(r.dir, "blobs", "*")); err != nil || len(left) > 0 {
			t.Errorf("%s: copied all the same: %v, %v", what, left, err)
		}
		wantTold(t, log, 1, 0)
		disk.set(1e6, 1e6, nil)
		for _, path := range []string{a, b} {
			batch, err := r.Accept(t.Context(), path, watched)
			if err != nil {
				t.Fatal(err)
			}
			r.rest(batch)
		}
		if r.DiskFull() {
			t.Errorf("%s: it stays full", what)
		}
		wantTold(t, log, 1, 1)
		r.verifies()
	}
}

// TestWhatIsTooLargeAlone: a file that has no room keeps nobody else from being taken, and
// the state lasts until it is gone.
func TestWhatIsTooLargeAlone(t *testing.T) {
	r, disk, log := newFilling(t)
	disk.set(1100, 1e6, nil)
	large := r.write("large.pdf", strings.Repeat("text=more\n", 50))
	if _, err := r.Accept(t.Context(), large, Origin{Source: "scanner-1", Watched: true}); !errors.Is(err, ErrDiskFull) {
		t.Fatal(err)
	}
	_, docs := r.process("a.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 filed "+caseA)
	if err := r.Release(t.Context()); err != nil || !r.DiskFull() {
		t.Errorf("%v, full %t", err, r.DiskFull())
	}
	if err := durable.Remove(large); err != nil {
		t.Fatal(err)
	}
	if err := r.Release(t.Context()); err != nil || r.DiskFull() {
		t.Errorf("%v, full %t", err, r.DiskFull())
	}
	wantTold(t, log, 1, 1)
}

// TestWorkWaitsForRoom: whatever meets a full disk is put off together, is no trouble of
// its own, and goes on by itself.
func TestWorkWaitsForRoom(t *testing.T) {
	for _, code := range []unix.Errno{unix.ENOSPC, unix.EDQUOT} {
		r, disk, log := newFilling(t)
		var pages []string
		for range 8 {
			pages = append(pages, "code="+caseA, "separator", "code="+caseB, "separator")
		}
		batch := r.accepted("a.pdf", pages...)
		disk.set(1e6, 1e6, code) // a quota shows in no count
		if err := r.work(func(ctx context.Context) error {
			if err := r.Await(ctx, batch, false); !errors.Is(err, ErrDiskFull) {
				t.Errorf("waited until %v", err)
			}
			if line, _, err := r.Batch(ctx, batch); err != nil || line.Trouble != ErrDiskFull.Error() || line.Unreachable() {
				t.Errorf("%+v, %v", line, err)
			}
			q, err := r.Waiting(ctx)
			if !r.DiskFull() || q.Stuck != 0 || q.Stores != 0 || q.Tasks == 0 {
				t.Errorf("full %t, %+v", r.DiskFull(), q)
			}
			wantTold(t, log, 1, 0)
			disk.set(1e6, 1e6, nil)
			select {
			case <-disk.found: // by itself
			case <-ctx.Done():
			}
			return errors.Join(err, r.Await(ctx, batch, false))
		}); err != nil {
			t.Fatal(err)
		}
		line, docs, err := r.Batch(t.Context(), batch)
		if err != nil || line.Filed != 16 || line.Pending != 0 || line.Trouble != "" {
			t.Errorf("%+v, %v: %v", line, err, places(docs))
		}
		wantTold(t, log, 1, 1)
		r.verifies()
	}
}

// TestDecidedOnAlmostFullDisk: the reserve is for decisions; no task is begun when it goes
// to its end.
func TestDecidedOnAlmostFullDisk(t *testing.T) {
	r, disk, log := newFilling(t)
	_, docs := r.process("a.pdf", "text=no number")
	wantPlaces(t, docs, "1-1 exception no-reference")
	disk.set(200, 1e6, nil)
	if err := r.work(func(ctx context.Context) error {
		if err := r.Decide(ctx, docs[0].Document, Decision{By: "A. Clerk", Reference: caseA}); err != nil {
			return err
		}
		if err := r.Await(ctx, docs[0].Batch, false); !errors.Is(err, ErrDiskFull) {
			t.Errorf("waited until %v", err)
		}
		disk.set(1e6, 1e6, nil)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, docs = r.rest(docs[0].Batch)
	wantPlaces(t, docs, "1-1 filed "+caseA)
	wantTold(t, log, 1, 1)
	r.verifies()
}
