package bolt

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"postroom/pipeline/journal"
)

// TestTasksAreCountedByKind: those put off and those in hand too, until they are done.
func TestTasksAreCountedByKind(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if s.Tasks() != nil {
		t.Error("tasks are counted that nobody runs")
	}
	enqueue := func(tasks ...journal.Task) {
		if err := s.Tx(ctx, func(tx journal.Tx) error { return tx.Enqueue(tasks...) }); err != nil {
			t.Fatal(err)
		}
	}
	enqueue(journal.Task{Kind: "a", Key: "a/1"}, journal.Task{Kind: "b", Key: "b/1"})
	first, goOn, last := make(chan map[string]int, 1), make(chan struct{}), make(chan map[string]int, 1)
	failed := false
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, map[string]journal.Handler{
			"a": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
				if !failed {
					failed = true
					return nil, errors.New("once")
				}
				first <- s.Tasks()
				<-goOn
				return func(journal.Tx) error { return nil }, nil
			},
			"last": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
				last <- s.Tasks()
				return func(journal.Tx) error { return nil }, nil
			},
		}, nil)
	}()
	if got := <-first; got["a"] != 1 || got["b"] != 1 {
		t.Errorf("in hand after a failure: %v", got)
	}
	enqueue(journal.Task{Kind: "b", Key: "b/2"})
	if got := s.Tasks(); got["b"] != 2 {
		t.Errorf("with another: %v", got)
	}
	close(goOn)
	for s.Tasks()["a"] != 0 { // it is counted until just after its commit
		if runtime.Gosched(); ctx.Err() != nil {
			t.Fatal("what is done is counted still")
		}
	}
	enqueue(journal.Task{Kind: "last", Key: "last/1"})
	if got := <-last; got["b"] != 2 || got["last"] != 1 {
		t.Errorf("at the end: %v", got)
	}
	stop()
	<-ended
	if s.Tasks() != nil {
		t.Error("tasks are counted that nobody runs any more")
	}
}
