package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Closing is what a person says of a batch that differs from its ticket.
type Closing struct {
	Why      string      `json:"why"`
	By       string      `json:"by"`
	UID      string      `json:"uid,omitempty"` // of the process that asked, as the kernel says
	At       time.Time   `json:"at"`            // CloseBatch gives this and what follows
	Expected mail.Counts `json:"expected"`
	Counted  mail.Counts `json:"counted"` // if it is given, what the person has seen: no other difference is accepted
}

// Complete tells what is lacking, whatever batch it is about: a *Refused error.
func (c Closing) Complete() error {
	if !legible(c.Why) {
		return refuse(refusedDifference)
	}
	return named(c.By)
}

// counted gives what is in a batch: its documents, filed, waiting and discarded alike (of
// a divided one its parts), and the sides in them.
func counted(r journal.Reader, b batchRow) (n mail.Counts, err error) {
	docs, err := documents(r, b.ID)
	if err != nil {
		return n, err
	}
	for _, d := range docs {
		if d.State != mail.Superseded {
			n.Documents++
		}
	}
	n.Pages = b.Pages
	return n, each(r, tableDisposition, b.ID+"/", func(row journal.Row) error {
		d, err := load[mail.Disposition](r, tableDisposition, row.Key)
		if d.Place == mail.PlaceSeparator {
			n.Pages--
		}
		return err
	})
}

// difference tells how a batch differs from its ticket; "" = it does not, has none, or a
// person has accepted just this difference.
func difference(r journal.Reader, b batchRow) (string, error) {
	if b.Ticket == nil {
		return "", nil
	}
	is, err := counted(r, b)
	if err != nil || b.Ticket.Met(is) || b.Closing != nil && b.Closing.Counted == is {
		return "", err
	}
	var all []string
	for _, c := range []struct {
		what         string
		expected, is int
	}{{"documents", b.Ticket.Documents, is.Documents}, {"pages", b.Ticket.Pages, is.Pages}} {
		if c.expected != 0 && c.expected != c.is {
			all = append(all, fmt.Sprintf("%s: %d expected, %d counted", c.what, c.expected, c.is))
		}
	}
	return strings.Join(all, "; "), nil
}

// differsRow is a difference as the list keeps it, so that a page of the list reads no documents.
type differsRow struct {
	Counted mail.Counts `json:"counted"`
	Since   time.Time   `json:"since"`
}

// reconcile tells whether a batch may close as far as its ticket goes, and keeps the list
// of those that a difference alone keeps open.
func (m *Mailroom) reconcile(tx journal.Tx, b batchRow, settled bool) (bool, error) {
	if b.Ticket == nil {
		return true, nil
	}
	if !settled {
		return false, tx.Delete(tableDiffers, b.ID)
	}
	why, err := difference(tx, b)
	if err != nil {
		return false, err
	}
	if why == "" {
		return true, tx.Delete(tableDiffers, b.ID)
	}
	is, err := counted(tx, b)
	if err != nil {
		return false, err
	}
	return false, journal.Save(tx, tableDiffers, b.ID, differsRow{is, m.cfg.Now().UTC()})
}

// mislisted tells whether the list of differences is wrong about a batch.
func mislisted(r journal.Reader, b batchRow, differs bool) (bool, error) {
	row, err := journal.Load[differsRow](r, tableDiffers, b.ID)
	if errors.Is(err, journal.ErrNotFound) {
		return differs, nil
	}
	if err != nil || !differs {
		return true, err
	}
	is, err := counted(r, b)
	return row.Counted != is, err
}

// CloseBatch closes a batch that differs from its ticket, with a reason that is kept and
// logged. It closes nothing else: a batch with documents that wait, or are worked on, is
// *Refused, as is one that is closed; an unknown id is ErrNoSuch. Should its documents
// change later, so that other counts differ, it waits for a person again.
func (m *Mailroom) CloseBatch(ctx context.Context, id string, c Closing) error {
	if err := c.Complete(); err != nil {
		return err
	}
	c.Why, c.By, c.At = strings.TrimSpace(c.Why), strings.TrimSpace(c.By), m.cfg.Now().UTC()
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		b, err := load[batchRow](tx, tableBatch, id)
		if err != nil {
			return err
		}
		_, err = tx.Get(tableDiffers, id)
		switch {
		case err == nil:
		case !errors.Is(err, journal.ErrNotFound):
			return err
		case b.Closed:
			return refuse(refusedClosed, "batch", id)
		default:
			return refuse(refusedUndecided, "batch", id)
		}
		c := c // the transaction may run again
		seen := c.Counted
		if c.Counted, err = counted(tx, b); err != nil {
			return err
		}
		if seen != (mail.Counts{}) && seen != c.Counted {
			return refuse(refusedCounted, "batch", id, "documents", c.Counted.Documents, "pages", c.Counted.Pages)
		}
		c.Expected = b.Ticket.Counts
		b.Closing = &c
		if err := errors.Join(
			journal.Save(tx, tableBatch, id, b),
			tx.Log(m.event(actionClosed, id, c.By, c)),
		); err != nil {
			return err
		}
		return m.settle(tx, id)
	})
}

// Difference is a batch that a difference from its ticket alone keeps open.
type Difference struct {
	Batch    string
	File     string
	Expected mail.Counts // a count of 0 is not told
	Counted  mail.Counts
	Since    time.Time
}

// Differences lists up to n of them, the oldest batch first, after the given batch ("" =
// from the first). Each takes two rows to read, however many documents it has.
func (m *Mailroom) Differences(ctx context.Context, after string, n int) (all []Difference, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		all = nil
		rows, err := r.Scan(tableDiffers, "", after, n)
		for _, row := range rows {
			is, err1 := load[differsRow](r, tableDiffers, row.Key)
			b, err2 := load[batchRow](r, tableBatch, row.Key)
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			if b.Ticket == nil {
				return fmt.Errorf("batch %s differs from no ticket: %w", b.ID, journal.ErrDamaged)
			}
			all = append(all, Difference{b.ID, b.Path, b.Ticket.Counts, is.Counted, is.Since})
		}
		return err
	})
	return all, err
}

// reconciliation tells a batch's ticket beside what was counted.
func (l *BatchLine) reconciliation(r journal.Reader, b batchRow) error {
	l.Closing = b.Closing
	if b.Ticket == nil {
		return nil
	}
	l.Expected = &b.Ticket.Counts
	l.Counted = &mail.Counts{Documents: l.Documents, Pages: l.Pages - l.Separators}
	_, err := r.Get(tableDiffers, b.ID)
	if errors.Is(err, journal.ErrNotFound) {
		return nil
	}
	if err == nil {
		l.Differs, err = difference(r, b)
	}
	return err
}
