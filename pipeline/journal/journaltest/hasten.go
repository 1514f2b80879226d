package journaltest

import (
	"context"
	"errors"
	"testing"
	"time"

	"postroom/pipeline/journal"
)

// hastened: what waits for its next try is tried at once when that is asked for, and of
// another batch nothing is.
func hastened(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	if n := s.Hasten("b1"); n != 0 {
		t.Errorf("nobody runs the queue, and %d tasks are hastened", n)
	}
	tx(t, s, func(tx journal.Tx) error {
		return tx.Enqueue(journal.Task{Kind: "a", Batch: "b1", Key: "a/1"}, journal.Task{Kind: "a", Batch: "b2", Key: "a/2"})
	})
	failed, again := make(chan string, 10), make(chan string, 10)
	tries := map[string]int{}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, map[string]journal.Handler{"a": func(_ context.Context, task journal.Task) (func(journal.Tx) error, error) {
			if tries[task.Key]++; tries[task.Key] > 1 {
				again <- task.Key
				return nil, nil
			}
			failed <- task.Key
			return nil, &journal.Later{After: time.Hour, Err: errors.New("later")}
		}}, nil)
	}()
	<-failed
	<-failed
	for s.Hasten("b1") == 0 { // it fails before it is put off
		if ctx.Err() != nil {
			t.Fatal("what was put off is not hastened")
		}
	}
	if key := <-again; key != "a/1" {
		t.Errorf("%s is tried again", key)
	}
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if tries["a/2"] != 1 || tries["a/1"] != 2 {
		t.Errorf("tries %v", tries)
	}
}
