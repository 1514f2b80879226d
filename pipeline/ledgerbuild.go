package pipeline

import (
	"context"
	"errors"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// listsKept is the row of tableLists that says that the lists have all. The start of
// another version removes it: one that keeps no lists may have run before.
const listsKept = "kept"

// lists reads the lists.
func (m *Mailroom) lists(ctx context.Context, read func(journal.Reader) error) error {
	if err := m.enlist(ctx); err != nil {
		return err
	}
	return m.journal.View(ctx, read)
}

// enlist makes the lists of a journal that was written without them. What others write
// meanwhile lists itself, and what is listed already is not counted twice: whatever
// interrupts it, it can begin again.
func (m *Mailroom) enlist(ctx context.Context) error {
	if m.listed.Load() {
		return nil
	}
	m.building.Lock()
	defer m.building.Unlock()
	var batches []string
	kept := false
	if err := m.journal.View(ctx, func(r journal.Reader) error {
		_, err := r.Get(tableLists, listsKept)
		if kept = err == nil; kept || !errors.Is(err, journal.ErrNotFound) {
			return err
		}
		batches = nil
		return each(r, tableBatch, "", func(row journal.Row) error { batches = append(batches, row.Key); return nil })
	}); err != nil {
		return err
	}
	if !kept {
		if err := m.enlistAll(ctx, batches); err != nil {
			return err
		}
	}
	m.listed.Store(true)
	return nil
}

func (m *Mailroom) enlistAll(ctx context.Context, batches []string) error {
	begun := time.Now()
	if len(batches) > 0 {
		m.cfg.Log.Info("the lists of another version's journal are made; this is done once", "batches", len(batches))
	}
	const rows = 5000 // of one transaction: two syncs each, and all that it writes in memory
	for left := batches; len(left) > 0; {
		done := 0
		if err := m.journal.Tx(ctx, func(tx journal.Tx) error {
			done = 0
			for n := 0; done < len(left) && n < rows; done++ {
				wrote, err := enlistBatch(tx, left[done])
				if errors.Is(err, ErrNoSuch) || errors.Is(err, journal.ErrDamaged) {
					m.cfg.Log.Error("a batch can't be listed; see what postroom verify says of it", "batch", left[done], "error", err)
					continue // the others are to go on
				}
				if err != nil {
					return err
				}
				n += wrote
			}
			return nil
		}); err != nil {
			return err
		}
		left = left[done:]
	}
	if err := m.journal.Tx(ctx, func(tx journal.Tx) error {
		stores, stuck, err := troubles(tx)
		return errors.Join(err, setCount(tx, countStores, stores), setCount(tx, countStuck, stuck),
			tx.Put(tableLists, listsKept, []byte(m.cfg.Version)))
	}); err != nil {
		return err
	}
	if len(batches) > 0 {
		m.cfg.Log.Info("the lists are made", "batches", len(batches), "took", time.Since(begun).Round(time.Millisecond))
	}
	return nil
}

// enlistBatch lists a batch and its documents, and tells how many rows it looked at.
func enlistBatch(tx journal.Tx, id string) (rows int, err error) {
	b, err := load[batchRow](tx, tableBatch, id)
	if err != nil {
		return 0, err
	}
	pages, err := pageCounts(tx, id)
	if err != nil {
		return 0, err
	}
	err = saveBatch(tx, b)
	for what, n := range pages {
		rows += n
		err = errors.Join(err, setCount(tx, batchCount(id, what), n))
	}
	if err != nil {
		return rows, err
	}
	docs, err := documents(tx, id)
	for _, d := range docs {
		err = errors.Join(err, relist(tx, d))
	}
	return rows + len(docs) + 1, err
}

// pageCounts counts the pages of a batch that were read, and those that stand in no document.
func pageCounts(r journal.Reader, batch string) (map[string]int, error) {
	n := map[string]int{countRead: 0, countSeparators: 0, countDiscarded: 0}
	if err := each(r, tablePage, batch+"/", func(journal.Row) error { n[countRead]++; return nil }); err != nil {
		return nil, err
	}
	return n, each(r, tableDisposition, batch+"/", func(row journal.Row) error {
		d, err := load[mail.Disposition](r, tableDisposition, row.Key)
		switch d.Place {
		case mail.PlaceSeparator:
			n[countSeparators]++
		case mail.PlaceDiscarded:
			n[countDiscarded]++
		}
		return err
	})
}
