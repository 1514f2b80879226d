package pipeline

import (
	"context"
	"errors"
	"slices"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// listed checks that the lists have of a batch and its documents what their rows say.
func (v *verification) listed(r journal.Reader, b batchRow, docs []docRow) error {
	for _, d := range docs {
		if _, err := r.Get(tableException, d.ID); d.State == mail.Held && errors.Is(err, journal.ErrNotFound) {
			continue // which is told elsewhere
		}
		want, err := listingOf(r, d)
		if err != nil {
			return err
		}
		is, err := journal.Load[listing](r, tableListed, d.ID)
		if err != nil && !errors.Is(err, journal.ErrNotFound) {
			return err
		}
		if !slices.EqualFunc(is.Rows, want.Rows, listed.same) || !slices.Equal(is.Counts, want.Counts) {
			v.say("document %s is %s, but the lists have it elsewhere", d.ID, d.State)
		}
		for _, row := range want.Rows {
			if err := v.row(r, row, "document "+d.ID); err != nil {
				return err
			}
		}
	}
	key, value := arrivalOf(b)
	if err := v.row(r, listed{tableArrival, key, value.String()}, "batch "+b.ID); err != nil {
		return err
	}
	if _, err := r.Get(tableOpen, key); err != nil && !errors.Is(err, journal.ErrNotFound) {
		return err
	} else if (err == nil) == b.Closed {
		v.say("batch %s is %s, but the list of open batches says otherwise", b.ID, stateOf(b))
	}
	return v.counted(r, b, docs)
}

// row checks that a list has a row.
func (v *verification) row(r journal.Reader, want listed, of string) error {
	is, err := r.Get(want.Table, want.Key)
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return err
	}
	if err != nil || string(is) != want.value {
		v.say("%s: the list %q has not what its rows say", of, want.Table)
	}
	return nil
}

// counted checks what is counted of a batch.
func (v *verification) counted(r journal.Reader, b batchRow, docs []docRow) error {
	want, err := pageCounts(r, b.ID)
	if err != nil {
		return err
	}
	prefix := batchCount(b.ID, "")
	for _, d := range docs {
		l, err := journal.Load[listing](r, tableListed, d.ID)
		if err != nil && !errors.Is(err, journal.ErrNotFound) {
			return err
		}
		for _, key := range l.Counts {
			if len(key) > len(prefix) && key[:len(prefix)] == prefix {
				want[key[len(prefix):]]++
			}
		}
	}
	is, err := batchCounts(r, b.ID)
	for what, n := range want {
		if is[what] != n {
			v.say("batch %s has %d %s, and %d are counted", b.ID, n, what, is[what])
		}
	}
	return err
}

// lists checks the lists as a whole: that they have no row which is no document's, and
// that what waits is as much as is counted. It looks at one moment of the journal.
func (v *verification) lists(ctx context.Context) error {
	return v.m.journal.View(ctx, func(r journal.Reader) error {
		v.faults = nil
		rows, counts := map[string]int{}, map[string]int{}
		if err := each(r, tableListed, "", func(row journal.Row) error {
			l, err := load[listing](r, tableListed, row.Key)
			for _, is := range l.Rows {
				rows[is.Table]++
			}
			for _, key := range l.Counts {
				counts[key]++
			}
			return errors.Join(err, ctx.Err())
		}); err != nil {
			return err
		}
		if err := each(r, tableBatch, "", func(journal.Row) error { rows[tableArrival]++; return nil }); err != nil {
			return err
		}
		for _, table := range []string{tableWaits, tableLetter, tableCaseLetter, tableArrival} {
			n := 0
			if err := each(r, table, "", func(journal.Row) error { n++; return nil }); err != nil {
				return err
			}
			if n != rows[table] {
				v.say("the list %q has %d rows instead of %d", table, n, rows[table])
			}
		}
		if err := v.troubles(r); err != nil {
			return err
		}
		waits, err := waiters(r)
		for _, w := range waits {
			key := waitRow{lane: w.Lane, reason: w.Reason, source: w.Source}.count()
			if w.Documents != counts[key] {
				v.say("%d documents wait in lane %q for the reason %s, and %d are counted", counts[key], w.Lane, w.Reason, w.Documents)
			}
			delete(counts, key)
		}
		for key, n := range counts {
			if len(key) > 6 && key[:6] == "waits/" {
				v.say("%d documents that wait are not counted", n)
			}
		}
		return err
	})
}

// troubles checks their counters.
func (v *verification) troubles(r journal.Reader) error {
	stores, stuck, err1 := troubles(r)
	countedStores, err2 := counter(r, countStores)
	countedStuck, err3 := counter(r, countStuck)
	if stores != countedStores || stuck != countedStuck {
		v.say("%d tasks wait for a store and %d are stuck; %d and %d are counted", stores, stuck, countedStores, countedStuck)
	}
	return errors.Join(err1, err2, err3)
}
