package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

func TestAttemptsAreObserved(t *testing.T) {
	r := newRoom(t)
	var mu sync.Mutex
	var seen []Attempt
	r.Mailroom.cfg.Observe = func(a Attempt) {
		mu.Lock()
		defer mu.Unlock()
		if a.Took < 0 {
			t.Errorf("%+v", a)
		}
		a.Took = 0
		if !slices.Contains(seen, a) {
			seen = append(seen, a)
		}
	}
	r.process("a.pdf", "code="+caseA, "text=more", "separator", "text=no number")
	for _, want := range []Attempt{{Stage: taskReceive}, {Stage: taskRead, Pages: 1}, {Stage: taskAssemble}, {Stage: taskCut, Pages: 2}, {Stage: taskDeliver, Pages: 2}, {Stage: taskRender, Pages: 2}} {
		if !slices.Contains(seen, want) {
			t.Errorf("no %+v in %+v", want, seen)
		}
	}
	r.helpers.fail = errors.New("no helper")
	path := r.write("b.pdf", "code="+caseB+"\nseparator\n")
	failed := make(chan Attempt, 100)
	r.Mailroom.cfg.Observe = func(a Attempt) {
		if a.Failed {
			select {
			case failed <- a:
			default:
			}
		}
	}
	if err := r.work(func(ctx context.Context) error {
		if _, err := r.Accept(ctx, path, Origin{Source: "process"}); err != nil {
			return err
		}
		if a := <-failed; a.Stage != taskCut || a.Pages != 1 || a.Later {
			t.Errorf("%+v", a)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(Stages(), taskLook) || len(Stages()) != 10 {
		t.Error(Stages())
	}
}
