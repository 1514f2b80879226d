package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
)

// assemble makes documents of a batch's readings, with one disposition for
// every page, and decides each document that can be decided by now.
func (m *Mailroom) assemble(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	id := carried(t).Batch
	b, err := m.batch(ctx, id)
	if err != nil {
		return nil, err
	}
	readings, err := m.readings(ctx, id, 1, b.Pages)
	if err != nil {
		return nil, err
	}
	rules, err := m.ticketed(ctx, id, readings)
	if err != nil {
		return nil, err
	}
	sep := rules.Separate(readings, b.Duplex)
	if err := whole(sep, b.Pages); err != nil {
		return nil, fmt.Errorf("assemble batch %s: %w", id, err)
	}
	cases := m.cases.current()
	docs, decisions := make([]docRow, len(sep.Spans)), make([]router.Decision, len(sep.Spans))
	for i, s := range sep.Spans {
		docs[i] = m.document(b, s)
		decisions[i] = m.cfg.Rules.Route(s, readings[s.From-1:s.To], cases, !m.cfg.After)
	}
	return func(tx journal.Tx) error {
		if sep.Ticket != nil {
			if err := m.useTicket(tx, id, *sep.Ticket); err != nil {
				return err
			}
		}
		for page, code := range sep.Separators {
			if err := dispose(tx, id, page, mail.Disposition{Place: mail.PlaceSeparator, Why: code}); err != nil {
				return err
			}
		}
		if err := tx.Log(m.event("batch assembled", id, "", assembled(docs, sep.Separators))); err != nil {
			return err
		}
		for i, d := range docs {
			if err := m.saveNew(tx, d); err != nil {
				return err
			}
			if err := m.apply(tx, d, decisions[i]); err != nil {
				return err
			}
		}
		return m.settle(tx, id)
	}, nil
}

// assembled is the detail of an event that says where each page of a batch went.
func assembled(docs []docRow, separators map[int]string) map[string]any {
	spans := []mail.Document{}
	for _, d := range docs {
		spans = append(spans, d.Document)
	}
	return map[string]any{"documents": spans, "separators": separators}
}

// whole refuses a separation that gives a page no place, or two.
func whole(sep router.Separation, pages int) error {
	places := make([]int, pages+1)
	count := func(page int) error {
		if page < 1 || page > pages {
			return fmt.Errorf("bug: page %d of %d has a place", page, pages)
		}
		places[page]++
		return nil
	}
	for page := range sep.Separators {
		if err := count(page); err != nil {
			return err
		}
	}
	for _, s := range sep.Spans {
		for page := s.From; page <= s.To; page++ {
			if err := count(page); err != nil {
				return err
			}
		}
	}
	for page := 1; page <= pages; page++ {
		if places[page] != 1 {
			return fmt.Errorf("bug: page %d has %d places", page, places[page])
		}
	}
	return nil
}

func (m *Mailroom) document(b batchRow, s router.Span) docRow {
	d := docRow{Document: mail.Document{Batch: b.ID, From: s.From, To: s.To}, Blanks: s.Blanks, Doubts: s.Doubts, Of: []string{}}
	d.ID = mail.DocumentID(b.ID, s.From, s.To, m.cfg.Rules.Version())
	if s.From == 1 && s.To == b.Pages && b.Kind == mail.PDF {
		d.Original = b.Blob // the whole file is its own document: nothing needs to be cut
	}
	return d
}

// saveNew writes a new document and gives each of its pages to it.
func (m *Mailroom) saveNew(tx journal.Tx, d docRow) error {
	for _, page := range d.Pages() {
		if err := dispose(tx, d.Batch, page, mail.Disposition{Place: mail.PlaceDocument, Document: d.ID}); err != nil {
			return err
		}
	}
	if err := tx.Put(tableSpan, spanKey(d.Document), nil); err != nil {
		return err
	}
	return saveDoc(tx, d)
}

// saveDoc writes a document, and what the lists say of it. An exception is over when it
// is not held any more; one that is begins before, see saveHeld.
func saveDoc(tx journal.Tx, d docRow) error {
	if d.State != mail.Held {
		d.Lane = nil
		if err := tx.Delete(tableException, d.ID); err != nil {
			return err
		}
	}
	return errors.Join(journal.Save(tx, tableDoc, d.ID, d), list(tx, d), relist(tx, d), listRescan(tx, d))
}

// list keeps the list of the documents that are not settled, so that the end of
// one need not look at all others of its batch.
func list(tx journal.Tx, d docRow) error {
	key := d.Batch + "/" + d.ID
	if d.State.Settled() {
		return tx.Delete(tableUnsettled, key)
	}
	return tx.Put(tableUnsettled, key, nil)
}

// dispose gives a page its place, and counts it there and no more where it was before.
func dispose(tx journal.Tx, batch string, page int, d mail.Disposition) error {
	was, err := journal.Load[mail.Disposition](tx, tableDisposition, pageKey(batch, page))
	switch {
	case err == nil:
		err = count(tx, placeCount(batch, was.Place), -1)
	case errors.Is(err, journal.ErrNotFound):
		err = nil
	}
	return errors.Join(err,
		count(tx, placeCount(batch, d.Place), 1),
		journal.Save(tx, tableDisposition, pageKey(batch, page), d))
}

// apply carries a decision out: the document is placed, held, or its text is asked for,
// or a second look at places where it is nearly a reference.
func (m *Mailroom) apply(tx journal.Tx, d docRow, decision router.Decision) error {
	switch {
	case len(decision.Again) > 0:
		return tx.Enqueue(task(taskLook, priorityDecide, version(d), payload{Batch: d.Batch, Document: d.ID}))
	case decision.Hold != nil:
		return m.hold(tx, d, *decision.Hold)
	case decision.NeedText:
		return tx.Enqueue(task(taskText, priorityDecide, version(d), payload{Batch: d.Batch, Document: d.ID}))
	}
	if slices.Contains(d.SentBack, decision.Reference) {
		return m.hold(tx, d, unwelcome(decision))
	}
	return m.place(tx, d, mail.Placement{
		Reference: decision.Reference, Store: decision.Store, Rule: decision.Rule, Evidence: decision.Evidence,
	})
}

// place sends a document on its way to a case.
func (m *Mailroom) place(tx journal.Tx, d docRow, p mail.Placement) error {
	p.Config, p.Version, p.Since = m.cfg.Digest, m.cfg.Version, m.cfg.Now().UTC()
	p.Register, _ = m.cases.digest()
	d = d.freed()
	d.Placement, d.Document = &p, d.Move(mail.Placed)
	d.Sheet, d.Rendition, d.RenditionSheet = journal.Ref{}, journal.Ref{}, journal.Ref{} // they name the case
	d.Unrendered, d.Suspect = "", ""
	if err := saveDoc(tx, d); err != nil {
		return err
	}
	if err := tx.Log(m.event(actionPlaced, d.ID, p.By, p)); err != nil {
		return err
	}
	return tx.Enqueue(task(taskCut, priorityCut, version(d), payload{Batch: d.Batch, Document: d.ID}))
}

// hold makes the document an exception, since now when the exception does not say since when.
func (m *Mailroom) hold(tx journal.Tx, d docRow, e mail.Exception) error {
	d = d.freed()
	d.Document = d.Move(mail.Held)
	return errors.Join(m.except(tx, d.ID, e), saveDoc(tx, d))
}

// except writes why a held document waits; before the document, whose place in the lists it tells.
func (m *Mailroom) except(tx journal.Tx, id string, e mail.Exception) error {
	if e.Document = id; e.Since.IsZero() {
		e.Since = m.cfg.Now().UTC()
	}
	return errors.Join(journal.Save(tx, tableException, id, e), tx.Log(m.event(actionHeld, id, "", e)))
}

// version names a document in one of its states; tasks of a later state have another name.
func version(d docRow) string { return fmt.Sprintf("%s/%d", d.ID, d.Version) }

// settled tells whether each document of a batch is. The list of a batch that an
// older version took is made once.
func settled(tx journal.Tx, b *batchRow) (bool, error) {
	if !b.Listed {
		docs, err := documents(tx, b.ID)
		for _, d := range docs {
			err = errors.Join(err, list(tx, d))
		}
		b.Listed = true
		if err := errors.Join(err, saveBatch(tx, *b)); err != nil {
			return false, err
		}
	}
	some, err1 := tx.Scan(tableSpan, b.ID+"/", "", 1)
	left, err2 := tx.Scan(tableUnsettled, b.ID+"/", "", 1)
	return (len(some) > 0 || b.Pages > 0) && len(left) == 0, errors.Join(err1, err2)
}

// settle closes a batch when every page has its place, nothing is left to do, and
// its ticket is met, and opens it again when a person is asked after all.
func (m *Mailroom) settle(tx journal.Tx, batch string) error {
	b, err := load[batchRow](tx, tableBatch, batch)
	if err != nil {
		return err
	}
	settled, err := settled(tx, &b)
	if err != nil {
		return err
	}
	reconciled, err := m.reconcile(tx, b, settled)
	if err != nil {
		return err
	}
	settled = settled && reconciled
	if settled == b.Closed {
		return nil
	}
	if settled {
		placed := 0
		if err := each(tx, tableDisposition, batch+"/", func(journal.Row) error { placed++; return nil }); err != nil {
			return err
		}
		if placed != b.Pages {
			return fmt.Errorf("bug: batch %s has %d pages and %d dispositions", batch, b.Pages, placed)
		}
	}
	b.Closed = settled
	if err := saveBatch(tx, b); err != nil {
		return err
	}
	action := "batch closed"
	if !settled {
		action = "batch opened again"
	}
	return tx.Log(m.event(action, batch, "", map[string]any{"pages": b.Pages}))
}
