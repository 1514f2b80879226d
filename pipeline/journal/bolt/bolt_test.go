package bolt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/journaltest"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(filepath.Join(dir, "journal.db"), Config{BackOff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	journaltest.Run(t, func(t *testing.T, dir string) journal.Store { return open(t, dir) })
}

func TestOnlyOneProcessHoldsIt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	if _, err := Open(filepath.Join(dir, "journal.db"), Config{Timeout: 10 * time.Millisecond}); !errors.Is(err, journal.ErrHeld) {
		t.Errorf("a second opening: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestBackOffGrows(t *testing.T) {
	s := &Store{cfg: Config{BackOff: time.Second}}
	for attempts, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 99: maxBackOff} {
		if got := s.wait(item{Task: journal.Task{Attempts: attempts}}, errors.New("x")); got != want {
			t.Errorf("after %d attempts: %v, want %v", attempts, got, want)
		}
	}
}

// TestFullDiskIsNoFailure: whatever met it is tried again soon, however often it was.
func TestFullDiskIsNoFailure(t *testing.T) {
	s := &Store{cfg: Config{BackOff: time.Second}}
	full := fmt.Errorf("store blob: %w", syscall.ENOSPC)
	if got := s.wait(item{Task: journal.Task{Attempts: 99}}, full); got != time.Second {
		t.Errorf("waits for %v", got)
	}
	if got := s.wait(item{Task: journal.Task{Attempts: 99}}, &journal.Later{After: time.Hour, Err: full}); got != time.Hour {
		t.Errorf("a store's full disk waits for %v", got)
	}
}

// TestNothingIsBegunInAPause: what is queued stays, and is begun when the pause is over.
func TestNothingIsBegunInAPause(t *testing.T) {
	var asked atomic.Int64
	begun := int64(0)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s, err := Open(filepath.Join(t.TempDir(), "journal.db"), Config{Pause: func() time.Duration {
		if asked.Add(1) <= 3 {
			return time.Millisecond
		}
		return 0
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Tx(ctx, func(tx journal.Tx) error { return tx.Enqueue(journal.Task{Kind: "a", Key: "a/1"}) }); err != nil {
		t.Fatal(err)
	}
	_ = s.Run(ctx, map[string]journal.Handler{"a": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
		begun = asked.Load()
		stop()
		return nil, nil
	}}, nil) // it ends because the task stopped it
	if begun < 4 {
		t.Errorf("begun when the pause was asked for %d times", begun)
	}
}

// TestPanicIsToldWithItsPlace: whoever mends the bug needs the stack.
func TestPanicIsToldWithItsPlace(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var told error
	s, err := Open(filepath.Join(t.TempDir(), "journal.db"), Config{OnError: func(_ journal.Task, err error) { told = err; stop() }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Tx(ctx, func(tx journal.Tx) error { return tx.Enqueue(journal.Task{Kind: "a", Key: "a/1"}) }); err != nil {
		t.Fatal(err)
	}
	_ = s.Run(ctx, map[string]journal.Handler{"a": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
		panic("bug: x")
	}}, nil) // it ends because told
	var bug *journal.Panic
	if !errors.As(told, &bug) || bug.Error() != "it panicked: bug: x" || !strings.Contains(string(bug.Stack), "TestPanicIsToldWithItsPlace") {
		t.Errorf("told of %v", told)
	}
}

func BenchmarkTx(b *testing.B) {
	s := open(b, b.TempDir())
	defer s.Close()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := s.Tx(context.Background(), func(tx journal.Tx) error { return tx.Put("t", fmt.Sprint(i), []byte("v")) }); err != nil {
			b.Fatal(err)
		}
	}
}
