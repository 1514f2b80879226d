package pipeline

import (
	"context"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Await returns when nothing of the batch is left that the machine can do now:
// every document is filed or an exception, or its store can't be reached.
// Something else must Run the mailroom meanwhile.
func (m *Mailroom) Await(ctx context.Context, batch string) error {
	for {
		changed := m.journal.Changed()
		rests, err := m.atRest(ctx, batch)
		if rests || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// atRest tells whether each task left of the batch waits for a store.
func (m *Mailroom) atRest(ctx context.Context, batch string) (rests bool, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		pending, err := journal.Pending(r, batch)
		if err != nil || pending == 0 {
			rests = err == nil
			return err
		}
		docs, err := documents(r, batch)
		if err != nil {
			return err
		}
		waiting := int64(0)
		for _, d := range docs {
			if _, err := r.Get(tableTrouble, d.ID); err == nil && d.State == mail.Placed {
				waiting++
			}
		}
		rests = waiting == pending
		return nil
	})
	return rests, err
}
