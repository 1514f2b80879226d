package bolt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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
