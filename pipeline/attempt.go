package pipeline

import (
	"context"
	"errors"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Attempt is an attempt at a task, for those who measure.
type Attempt struct {
	Stage  string        // the task's kind: one of Stages
	Pages  int           // that it worked on; 0 = that can't be told
	Took   time.Duration // the work, without the writing of its result
	Failed bool          // it will be tried again
	Later  bool          // it failed for something that is waited for: a store that is away
}

// Stages lists the kinds of tasks, in the order of the flow.
func Stages() []string {
	return []string{taskReceive, taskRead, taskAssemble, taskCut, taskDeliver, taskWithdraw, taskText, taskLook, taskRender, taskEnrich}
}

// observed makes a handler of whose attempts is told. One that the end of Run cut short
// says nothing.
func (m *Mailroom) observed(h journal.Handler) journal.Handler {
	if m.cfg.Observe == nil {
		return h
	}
	return func(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
		begun := time.Now()
		commit, err := h(ctx, t)
		if err != nil && ctx.Err() != nil {
			return commit, err
		}
		var later *journal.Later
		m.cfg.Observe(Attempt{Stage: t.Kind, Pages: m.pagesOf(ctx, carried(t)), Took: time.Since(begun), Failed: err != nil, Later: errors.As(err, &later)})
		return commit, err
	}
}

// pagesOf tells how many pages a task works on.
func (m *Mailroom) pagesOf(ctx context.Context, p payload) (n int) {
	if p.Document == "" {
		return max(0, p.To-p.From+1) * min(1, p.From)
	}
	if p.From > 0 {
		return 1 // its text is read a page a task
	}
	_ = m.journal.View(ctx, func(r journal.Reader) error { // who measures must not fail the task
		d, err := journal.Load[mail.Document](r, tableDoc, p.Document)
		n = len(d.Pages())
		return err
	})
	return n
}

// Troubles counts the tasks that can't be done now: by the store that can't be reached,
// and under "" those that fail again and again for another reason.
func (m *Mailroom) Troubles(ctx context.Context) (by map[string]int, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		by = map[string]int{}
		return each(r, tableTrouble, "", func(row journal.Row) error {
			t, err := decode[trouble](tableTrouble, row)
			by[t.Store]++
			return err
		})
	})
	return by, err
}
