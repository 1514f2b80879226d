package pipeline

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"postroom/pipeline/journal"
)

// TestCrashAmongDecisions stops the mailroom at each commit of what a person does with a
// letter, starts it again, and has the person ask again for what was not answered: it was
// carried out, or is now, and never twice.
func TestCrashAmongDecisions(t *testing.T) {
	const by = "A. Clerk"
	steps := []func(ctx context.Context, r *room, id string) error{
		func(ctx context.Context, r *room, id string) error {
			return r.Decide(ctx, id, Decision{SplitBefore: 2, By: by})
		},
		func(ctx context.Context, r *room, id string) error { return r.Undo(ctx, id, Undo{By: by}) },
		func(ctx context.Context, r *room, id string) error {
			return r.Park(ctx, id, Park{Lane: LaneLater, Why: "later", By: by})
		},
		func(ctx context.Context, r *room, id string) error {
			return r.Decide(ctx, id, Decision{Reference: caseA, By: by})
		},
		func(ctx context.Context, r *room, id string) error { return r.Undo(ctx, id, Undo{By: by}) },
		func(ctx context.Context, r *room, id string) error {
			return r.Decide(ctx, id, Decision{Reference: caseA, By: by})
		},
		func(ctx context.Context, r *room, id string) error {
			return r.Return(ctx, id, Return{Why: "not mine", By: by})
		},
		func(ctx context.Context, r *room, id string) error {
			return r.Decide(ctx, id, Decision{Reference: caseB, By: by})
		},
	}
	for late, stride := range map[bool]int64{false: 1, true: 4} { // a late death is the next commit's early one, but for what a person asks
		points := 0
		for n := int64(1); ; n += stride {
			r := newRoom(t)
			batch, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB, "text=more")
			if err := r.journal.Close(); err != nil {
				t.Fatal(err)
			}
			left := &atomic.Int64{}
			left.Store(n)
			power, cut := context.WithCancel(t.Context())
			r.open(func(s journal.Store) journal.Store { return crashing{s, left, late, cut} })
			for i, step := range steps {
				err := r.day(power, batch.Batch, func(ctx context.Context) error { return step(ctx, r, docs[0].Document) })
				if left.Load() <= 0 && power.Err() != nil && err != nil {
					power = t.Context()
					r.reopen()
					err = r.day(power, batch.Batch, func(ctx context.Context) error { return step(ctx, r, docs[0].Document) })
					if refused := (*Refused)(nil); errors.As(err, &refused) {
						r.rest(batch.Batch) // it was carried out
						err = nil
					}
				}
				if err != nil {
					t.Fatalf("crash at commit %d (late %v), step %d: %v", n, late, i, err)
				}
			}
			cut()
			done := left.Load() > 0
			if power != t.Context() {
				r.reopen() // it may have died with the last commit
			}
			_, docs = r.rest(batch.Batch)
			wantPlaces(t, docs, "1-2 filed "+caseB)
			if notes, _ := filepath.Glob(filepath.Join(r.dir, "tax", caseA, "*", "withdrawn.json")); len(notes) != 2 {
				t.Fatalf("crash at commit %d (late %v): withdrawn are %v", n, late, notes)
			}
			r.verifies()
			r.journal.Close()
			if done {
				break
			}
			points++
		}
		if points < 5 {
			t.Errorf("only %d points were interrupted", points)
		}
		t.Logf("late %v: %d points", late, points)
	}
}

// day works the queue while something is done, until the machine has nothing left to do or
// the power goes.
func (r *room) day(power context.Context, batch string, do func(ctx context.Context) error) error {
	return r.work(func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(power, stop)()
		if err := do(ctx); err != nil {
			return err
		}
		return r.Await(ctx, batch, false)
	})
}
