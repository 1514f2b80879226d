package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
)

// Decision is what a person says about a held document: exactly one of
// Reference, Discard, SplitBefore and Separator.
type Decision struct {
	Reference   string    `json:"reference,omitempty"`    // file it in this case
	Discard     string    `json:"discard,omitempty"`      // drop its pages, with this reason
	SplitBefore int       `json:"split_before,omitempty"` // a letter begins on this page
	Separator   int       `json:"separator,omitempty"`    // this page is a separator
	Version     int       `json:"version,omitempty"`      // of the document that the person looked at; 0 = not told
	By          string    `json:"by"`
	UID         string    `json:"uid,omitempty"` // of the process that asked, as the kernel says
	At          time.Time `json:"at"`
}

// Refused is a decision that can't be carried out; its text says why and what would do.
type Refused struct{ Why string }

func (r *Refused) Error() string { return r.Why }

func refuse(format string, args ...any) error { return &Refused{fmt.Sprintf(format, args...)} }

// Decide carries a person's decision out, in one transaction. A *Refused error
// changes nothing.
func (m *Mailroom) Decide(ctx context.Context, id string, p Decision) error {
	if err := p.Complete(); err != nil {
		return err
	}
	p.Reference, p.By, p.Discard = strings.TrimSpace(p.Reference), strings.TrimSpace(p.By), strings.TrimSpace(p.Discard)
	d, b, err := m.doc(ctx, id)
	if err != nil {
		return err
	}
	var readings []mail.Reading
	if (p.SplitBefore > 0 || p.Separator > 0) && !d.Whole {
		if readings, err = m.readings(ctx, b.ID, d.From, d.To); err != nil {
			return err
		}
	}
	p.At = m.cfg.Now().UTC()
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		d, err := load[docRow](tx, tableDoc, id)
		if err != nil {
			return err
		}
		if d.State != mail.Held {
			return refuse("document %s is not an exception (any more): it is %s", id, d.State)
		}
		if p.Version != 0 && p.Version != d.Version {
			return refuse("document %s was decided meanwhile and waits again, for another reason perhaps: look at it anew", id)
		}
		if err := errors.Join(
			m.saveDecision(tx, d, p),
			tx.Log(m.event(actionDecided, id, p.By, p)),
		); err != nil {
			return err
		}
		switch {
		case p.Reference != "":
			err = m.decideReference(tx, b, d, p)
		case p.Discard != "":
			err = m.decideDiscard(tx, d, p)
		default:
			err = m.decideDivide(tx, b, d, p, readings)
		}
		if err != nil {
			return err
		}
		return m.settle(tx, d.Batch)
	})
}

// Complete tells what a decision lacks, whatever document it is about: a *Refused error.
func (p Decision) Complete() error {
	said := 0
	for _, is := range []bool{strings.TrimSpace(p.Reference) != "", p.Discard != "", p.SplitBefore != 0, p.Separator != 0} {
		if is {
			said++
		}
	}
	switch {
	case said != 1:
		return refuse("a decision is exactly one of --reference, --discard, --split-before and --separator")
	case p.SplitBefore < 0 || p.Separator < 0:
		return refuse("pages are counted from 1")
	case p.Discard != "" && !legible(p.Discard):
		return refuse("what is discarded needs a reason that can be read later: --discard WHY, one line of text")
	case !legible(p.By):
		return refuse("a decision needs a name that can be read later: --by NAME, one line of text")
	case strings.EqualFold(strings.TrimSpace(p.By), Machine):
		return refuse("%q is not the name of a person", p.By)
	}
	return nil
}

func legible(text string) bool { return mail.Legible(text) }

// decideReference files the document in the case that the person named, after the same checks that the machine makes.
func (m *Mailroom) decideReference(tx journal.Tx, b batchRow, d docRow, p Decision) error {
	ref, store, reason, err := m.cfg.Rules.Check(p.Reference, m.cases.current())
	if err != nil {
		return refuse("%s: %v", reason, err)
	}
	if d.Original == (journal.Ref{}) && b.Pages == 0 {
		return refuse("its file can't be read, so there is no page to file: scan the letter again, then --discard this one")
	}
	if d.Receipt != nil && d.Placement.Reference == ref {
		d.Document = d.Move(mail.Filed) // the recall was unfounded: it stands where it belongs
		return errors.Join(saveDoc(tx, d), tx.Delete(tableException, d.ID), enqueueRendition(tx, d))
	}
	if err := m.takeBack(tx, d, "filed in another case by "+p.By, p); err != nil {
		return err
	}
	if d.Suspect != "" && d.Original != b.Blob { // it does not show its pages: another cut may
		d.Original, d.Recoded = journal.Ref{}, nil
	}
	if d.Receipt != nil {
		d.Left, d.Receipt = append(slices.Clone(d.Left), d.Placement.Reference), nil
	}
	return m.place(tx, d, mail.Placement{Reference: ref, Store: store, Rule: "person", By: p.By,
		Evidence: []mail.Evidence{{Page: d.From, Source: mail.FromPerson, Text: p.Reference, Confidence: 1, Rule: "person"}}})
}

// takeBack withdraws a recalled document from the case that it stands in.
func (m *Mailroom) takeBack(tx journal.Tx, d docRow, why string, p Decision) error {
	if d.Receipt == nil {
		return nil
	}
	note := Escaped(encode(map[string]any{"document": d.ID, "by": p.By, "at": p.At, "why": why}))
	return tx.Enqueue(task(taskWithdraw, priorityDeliver, version(d), payload{
		Batch: d.Batch, Document: d.ID, Store: d.Receipt.Store, Locator: d.Receipt.Locator, Note: note}))
}

func (m *Mailroom) decideDiscard(tx journal.Tx, d docRow, p Decision) error {
	if err := m.takeBack(tx, d, p.Discard, p); err != nil {
		return err
	}
	for _, page := range d.Pages() {
		if err := dispose(tx, d.Batch, page, mail.Disposition{Place: mail.PlaceDiscarded, Document: d.ID, Why: p.Discard}); err != nil {
			return err
		}
	}
	d.Document, d.Why = d.Move(mail.Discarded), p.Discard
	return errors.Join(saveDoc(tx, d), tx.Delete(tableException, d.ID))
}

// decideDivide makes the pages on both sides of a boundary documents of their
// own, and has the rules decide on each.
func (m *Mailroom) decideDivide(tx journal.Tx, b batchRow, d docRow, p Decision, readings []mail.Reading) error {
	page := max(p.SplitBefore, p.Separator)
	switch {
	case d.Whole:
		return refuse("its pages were not told apart (%s), so it can't be divided: file all of it or discard it", b.Refused.Reason)
	case p.SplitBefore > 0 && (page <= d.From || page > d.To):
		return refuse("page %d is not after the first page of document %s, which has pages %d-%d", page, d.ID, d.From, d.To)
	case p.Separator > 0 && (page < d.From || page > d.To):
		return refuse("page %d is not in document %s, which has pages %d-%d", page, d.ID, d.From, d.To)
	}
	if err := m.takeBack(tx, d, "divided by "+p.By, p); err != nil {
		return err
	}
	d.Document = d.Move(mail.Superseded)
	if err := errors.Join(saveDoc(tx, d), tx.Delete(tableException, d.ID)); err != nil {
		return err
	}
	next := page
	if p.Separator > 0 {
		next++
		if err := dispose(tx, b.ID, page, mail.Disposition{Place: mail.PlaceSeparator, Why: "person"}); err != nil {
			return err
		}
	}
	for _, span := range [][2]int{{d.From, page - 1}, {next, d.To}} {
		if span[0] > span[1] {
			continue
		}
		if err := m.divided(tx, b, d, span[0], span[1], page, readings); err != nil {
			return err
		}
	}
	return nil
}

// divided makes one part of a divided document. Doubts stay but that of the page
// decided, on which a person has said that a letter begins, or none.
func (m *Mailroom) divided(tx journal.Tx, b batchRow, whole docRow, from, to, decided int, readings []mail.Reading) error {
	s := router.Span{From: from, To: to}
	for _, n := range whole.Blanks {
		if from <= n && n <= to {
			s.Blanks = append(s.Blanks, n)
		}
	}
	for _, doubt := range whole.Doubts {
		// The doubt of a page about where it begins, and of the document's end, whose
		// page lies behind it, stay with the part that has that boundary.
		begins, ends := from == whole.From && doubt.Page == from && doubt.Page != decided, to == whole.To && doubt.Page > whole.To
		if begins || ends || from < doubt.Page && doubt.Page <= to {
			s.Doubts = append(s.Doubts, doubt)
		}
	}
	part := m.document(b, s)
	if err := m.saveNew(tx, part); err != nil {
		return err
	}
	own := readings[from-whole.From : to-whole.From+1]
	read := true
	for _, r := range own {
		read = read && (r.HasText || r.Failure != "")
	}
	return m.apply(tx, part, m.cfg.Rules.Route(s, own, m.cases.current(), read || !m.cfg.After))
}
