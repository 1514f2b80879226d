package pipeline

import (
	"context"
	"fmt"
	"slices"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Await returns when nothing of the batch is left that the machine can do now:
// every document is filed, and has its rendition, or is an exception, or the tasks that
// are left are in trouble. ErrDiskFull: no task is begun for want of room. With routed it does not wait for renditions, nor for text that
// no decision needs. Something else must Run the mailroom meanwhile.
func (m *Mailroom) Await(ctx context.Context, batch string, routed bool) error {
	select {
	case <-m.begun: // or a trouble of the last run would pass for one of this run
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		changed, halted := m.journal.Changed(), m.space.halted()
		rests, err := m.atRest(ctx, batch, routed)
		if rests || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-halted:
			if m.space.pause() == 0 {
				continue // there is room by now
			}
			return fmt.Errorf("%w: what is journalled is kept, and goes on when there is room", ErrDiskFull)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// atRest tells whether each task left of the batch is in trouble or, with routed, no
// document is on its way to a case any more.
func (m *Mailroom) atRest(ctx context.Context, batch string, routed bool) (rests bool, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		if routed {
			docs, err := documents(r, batch)
			rests = len(docs) > 0 && !slices.ContainsFunc(docs, func(d docRow) bool { return d.State == mail.Deciding || d.State == mail.Placed })
			if rests || err != nil {
				return err
			}
		}
		pending, err := journal.Pending(r, batch)
		if err != nil || pending == 0 {
			rests = err == nil
			return err
		}
		waiting := int64(0)
		err = each(r, tableTrouble, batch+"/", func(journal.Row) error { waiting++; return nil })
		rests = waiting == pending
		return err
	})
	return rests, err
}
