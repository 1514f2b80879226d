package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
	"postroom/router"
)

// unread tells whether text of a document's pages is still to be read.
func (m *Mailroom) unread(ctx context.Context, d docRow) (bool, error) {
	if d.Whole || d.From == 0 {
		return false, nil // its pages were not told apart
	}
	readings, err := m.readings(ctx, d.Batch, d.From, d.To)
	return slices.ContainsFunc(readings, lacksText), err
}

func lacksText(r mail.Reading) bool { return !r.HasText && r.Failure == "" }

// enqueueText has the text of a filed document read: when nothing else is to be done
// where a barcode or a person sent it there, and before new files are taken where a part
// of its print did, for the rest may name another case.
func enqueueText(tx journal.Tx, d docRow) error {
	priority := priorityLater
	if d.Placement.By == "" && d.Placement.Rule != router.RuleBarcode {
		priority = priorityConfirm
	}
	return tx.Enqueue(task(taskText, priority, version(d), payload{Batch: d.Batch, Document: d.ID}))
}

// text reads what `confirm: after` left unread, and decides with it: a document
// that waited for its text is placed or held; one that is filed already is recalled
// when its own words contradict.
func (m *Mailroom) text(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	d, b, err := m.doc(ctx, carried(t).Document)
	if err != nil || d.State == mail.Superseded || d.State == mail.Discarded {
		return nothing, err
	}
	all, err := m.readings(ctx, b.ID, d.From, d.To)
	if err != nil {
		return nil, err
	}
	if unread := unreadPages(all); divisible(t) && len(unread) > 0 || carried(t).From > 0 {
		return m.textAlone(ctx, t, b, d, unread)
	}
	decision, fresh, err := m.decideByText(ctx, b, d, all)
	if err != nil {
		return nil, err
	}
	ref := journal.Ref{}
	if len(fresh) > 0 {
		if ref, err = m.keep(ctx, fresh); err != nil {
			return nil, err
		}
	}
	return func(tx journal.Tx) error {
		if err := m.savePages(tx, b.ID, fresh, ref); err != nil {
			return err
		}
		d, same, err := unchanged(tx, d)
		if err != nil || !same {
			return err // whoever moved it has had it decided anew
		}
		if d.State == mail.Deciding {
			decision.NeedText = false
			if err := m.apply(tx, d, decision); err != nil {
				return err
			}
			return m.settle(tx, d.Batch)
		}
		return m.confirm(tx, d, decision)
	}, nil
}

// decideByText reads pages' text into readings, those of the document: all that is
// not read yet or, for a document that is to be filed, no more than proves its case
// (the head of the first page, the page, the next ones; the rest is read when it is
// filed). fresh are the pages that were read whole.
func (m *Mailroom) decideByText(ctx context.Context, b batchRow, d docRow, readings []mail.Reading) (decision router.Decision, fresh []mail.Reading, err error) {
	f, err := m.blob(ctx, b.Blob)
	if err != nil {
		return decision, nil, err
	}
	defer f.Close()
	read := func(page int, text sandbox.Text) (mail.Reading, error) {
		some, err := m.helpers.Read(ctx, f, b.SHA256, []int{page}, text)
		if err == nil && len(some) != 1 {
			err = fmt.Errorf("%d readings for a page", len(some))
		}
		if err != nil {
			return mail.Reading{}, fmt.Errorf("read batch %s, page %d: %w", b.ID, page, err)
		}
		return some[0], nil
	}
	waits := d.State == mail.Deciding
	if waits && lacksText(readings[0]) {
		top, err := read(d.From, sandbox.HeadText)
		if err != nil {
			return decision, nil, err
		}
		some := slices.Clone(readings)
		some[0].Words, some[0].Rotation, some[0].Skew = top.Words, top.Rotation, top.Skew
		if decision = m.reconsider(d, some); decision.Hold == nil {
			return decision, nil, nil
		}
	}
	for i, r := range readings {
		if !lacksText(r) {
			continue
		}
		if readings[i], err = read(r.Page, sandbox.AllText); err != nil {
			return decision, nil, err
		}
		fresh = append(fresh, readings[i])
		if waits && i+1 < len(readings) {
			if decision = m.reconsider(d, readings); decision.Hold == nil {
				return decision, fresh, nil
			}
		}
	}
	return m.reconsider(d, readings), fresh, nil
}

// reconsider decides on a document with its text, and looks for a boundary that
// only the text shows.
func (m *Mailroom) reconsider(d docRow, readings []mail.Reading) router.Decision {
	span := router.Span{From: d.From, To: d.To, Blanks: d.Blanks, Doubts: slices.Clone(d.Doubts)}
	sep := m.cfg.Rules.Separate(readings, false)
	for i, s := range sep.Spans {
		span.Doubts = append(span.Doubts, s.Doubts...)
		if i > 0 {
			says := mail.Say("another-letter", "page", s.From)
			span.Doubts = append(span.Doubts, router.Doubt{Page: s.From, Reason: mail.DoubtfulSeparator, Detail: says.English(), Says: says})
		}
	}
	span.Doubts = slices.DeleteFunc(span.Doubts, func(doubt router.Doubt) bool { return slices.Contains(d.Joined, doubt.Page) })
	return m.cfg.Rules.Route(span, readings, m.cases.current(), true)
}

// confirm compares what all of the text says with where a barcode, or a part of the
// text, has sent the document; what stays there is rendered.
func (m *Mailroom) confirm(tx journal.Tx, d docRow, decision router.Decision) error {
	if d.State != mail.Filed {
		return nil // a person has it
	}
	if d.Placement.By != "" {
		return enqueueRendition(tx, d)
	}
	e := decision.Hold
	if e == nil && decision.Reference != d.Placement.Reference {
		conflict := exception(mail.Conflict, mail.Say("text-says", "reference", decision.Reference))
		e = &conflict
	}
	if e == nil {
		return errors.Join(tx.Log(m.event("document confirmed", d.ID, "", decision.Evidence)), enqueueRendition(tx, d))
	}
	e.Says = mail.Say("text-recalls", "reference", d.Placement.Reference, "reason", e.Reason, e.Says)
	e.Detail = fmt.Sprintf("It was filed in %s; then its text was read (%s): %s", d.Placement.Reference, e.Reason, e.Detail)
	e.Reason = mail.Recall
	if err := m.hold(tx, d, *e); err != nil {
		return err
	}
	return m.settle(tx, d.Batch)
}
