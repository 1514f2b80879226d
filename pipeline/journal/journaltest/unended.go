package journaltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"postroom/pipeline/journal"
)

// killed gives a folder as it would be if the process died now.
func killed(t *testing.T, dir string) string {
	t.Helper()
	left := filepath.Join(t.TempDir(), "left")
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return left
}

// until runs the queue until the handler has called stop.
func until(t *testing.T, s journal.Store, h func(task journal.Task, stop func()) error) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	err := s.Run(ctx, map[string]journal.Handler{"a": func(_ context.Context, task journal.Task) (func(journal.Tx) error, error) {
		return nil, h(task, stop)
	}}, journal.Limits{"a": 3})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the queue was not worked in time: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// unended: an attempt counts as one that never ended when the process died in its
// middle, and only then.
func unended(t *testing.T, open func(*testing.T, string) journal.Store) {
	dir := t.TempDir()
	s := open(t, dir)
	tx(t, s, func(tx journal.Tx) error { return tx.Enqueue(journal.Task{Kind: "a", Key: "a/1"}) })
	var seen []int
	for range 3 {
		left := ""
		until(t, s, func(task journal.Task, stop func()) error {
			seen = append(seen, task.Unended)
			left = killed(t, dir)
			stop()
			return errors.New("what follows is of no account")
		})
		dir = left
		s = open(t, dir)
	}
	if want := []int{1, 2, 3}; !slices.Equal(seen, want) {
		t.Fatalf("after deaths: %v, want %v", seen, want)
	}
	seen = nil
	for run := range 2 { // errors, a panic, and attempts given up at the end of Run
		tries := 0
		until(t, s, func(task journal.Task, stop func()) error {
			seen = append(seen, task.Unended)
			if tries++; tries == 2 {
				panic("bug: in the handler")
			}
			if tries > 2 {
				stop()
			}
			return &journal.Later{After: time.Millisecond, Err: fmt.Errorf("run %d ended with an error", run)}
		})
		s = open(t, dir)
	}
	defer s.Close()
	if want := []int{4, 4, 4, 4, 4, 4}; !slices.Equal(seen, want) {
		t.Errorf("after ends: %v, want %v", seen, want)
	}
}

// alone: a task that was in hand at two deaths runs alone, so that what is done beside
// the one that kills is not taken for it, and is done after all.
func alone(t *testing.T, open func(*testing.T, string) journal.Store) {
	dir := t.TempDir()
	s := open(t, dir)
	tx(t, s, func(tx journal.Tx) error {
		return tx.Enqueue(journal.Task{Kind: "a", Key: "a/good"}, journal.Task{Kind: "a", Key: "a/kills"}, journal.Task{Kind: "a", Key: "a/fine"})
	})
	var mu sync.Mutex
	for range 2 {
		left, begun, all := "", 0, make(chan struct{})
		until(t, s, func(_ journal.Task, stop func()) error {
			mu.Lock()
			if begun++; begun == 3 {
				left = killed(t, dir)
				stop()
				close(all)
			}
			mu.Unlock()
			<-all
			return errors.New("what follows is of no account")
		})
		dir = left
		s = open(t, dir)
	}
	hand, most, deaths := 0, 0, map[string]int{}
	work(t, s, map[string]journal.Handler{"a": func(_ context.Context, task journal.Task) (func(journal.Tx) error, error) {
		mu.Lock()
		hand++
		most = max(most, hand)
		deaths[task.Key] = task.Unended - 1
		mu.Unlock()
		return func(journal.Tx) error { mu.Lock(); hand--; mu.Unlock(); return nil }, nil
	}}, journal.Limits{"a": 3}, idle)
	if want := 2; most != 1 || deaths["a/good"] != want || deaths["a/kills"] != want || deaths["a/fine"] != want {
		t.Errorf("%d at once after deaths %v", most, deaths)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
