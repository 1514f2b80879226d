package pipeline

import (
	"context"

	"postroom/pipeline/journal"
)

// Retry has the tasks of a batch that wait for their next try tried at once, and tells how
// many they are. That a person asked is logged first. ErrNoSuch; a *Refused without a name.
func (m *Mailroom) Retry(ctx context.Context, batch, by string) (tasks int, err error) {
	if err := named(by); err != nil {
		return 0, err
	}
	if err := m.journal.Tx(ctx, func(tx journal.Tx) error {
		if _, err := load[batchRow](tx, tableBatch, batch); err != nil {
			return err
		}
		return tx.Log(m.event(actionRetried, batch, by, nil))
	}); err != nil {
		return 0, err
	}
	return m.journal.Hasten(batch), nil
}
