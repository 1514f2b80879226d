package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Decision is what a person says about a held document: exactly one of Reference,
// Discard, SplitBefore, Separator and Merge. Regroup and Return stand in the journal
// alone, where Mailroom.Regroup and Mailroom.Return have put them.
type Decision struct {
	Reference   string    `json:"reference,omitempty"`    // file it in this case
	Discard     string    `json:"discard,omitempty"`      // drop its pages, with this reason
	SplitBefore int       `json:"split_before,omitempty"` // a letter begins on this page
	Separator   int       `json:"separator,omitempty"`    // this page is a separator
	Merge       string    `json:"merge,omitempty"`        // it is one letter with its neighbour: next or previous
	TakeIn      bool      `json:"take_in,omitempty"`      // with Merge: the pages between, which stand in no document, are the letter's, too
	Regroup     *Grouping `json:"regroup,omitempty"`
	Return      string    `json:"return,omitempty"`     // sent back from its case, with this reason
	Supervisor  bool      `json:"supervisor,omitempty"` // a supervisor's word needs no second one
	KeyedBy     string    `json:"keyed_by,omitempty"`   // the person who had keyed the same reference before; the journal's
	Version     int       `json:"version,omitempty"`    // of the document that the person looked at; 0 = not told
	By          string    `json:"by"`
	User        string    `json:"user,omitempty"` // the account's id, of who is signed in at the desk
	UID         string    `json:"uid,omitempty"`  // of the process that asked, as the kernel says
	At          time.Time `json:"at"`
}

// Decide carries a person's decision out, in one transaction. A *Refused error
// changes nothing.
func (m *Mailroom) Decide(ctx context.Context, id string, p Decision) error {
	if err := p.Complete(); err != nil {
		return err
	}
	p.Reference, p.By, p.Discard = strings.TrimSpace(p.Reference), strings.TrimSpace(p.By), strings.TrimSpace(p.Discard)
	p.Regroup, p.Return, p.KeyedBy, p.At = nil, "", "", m.cfg.Now().UTC()
	if p.SplitBefore > 0 || p.Separator > 0 || p.Merge != "" {
		return m.decideDivide(ctx, id, p)
	}
	_, b, err := m.doc(ctx, id)
	if err != nil {
		return err
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		d, err := waiting(tx, id, p.Version, p.Supervisor, p.who())
		if err != nil {
			return err
		}
		if p.Reference != "" {
			err = m.decideReference(tx, b, d, p)
		} else {
			err = m.decideDiscard(tx, d, p)
		}
		if err != nil {
			return err
		}
		return m.settle(tx, d.Batch)
	})
}

// waiting reads a held document that may be decided on. seen is the version that the
// person has looked at; 0 = not told. All that changes what waits asks it, within the
// transaction: what was handed up can't be taken through the letter beside it either.
func waiting(r journal.Reader, id string, seen int, supervisor bool, who person) (docRow, error) {
	d, err := load[docRow](r, tableDoc, id)
	switch {
	case err != nil:
		return d, err
	case d.State != mail.Held:
		return d, refuse(refusedNotHeld, "document", id, "state", d.State)
	case seen != 0 && seen != d.Version:
		return d, refuse(refusedChanged, "document", id)
	case len(d.Keyed) > 1 && !supervisor:
		return d, refuse(refusedSupervisor, "document", id)
	case d.Lane != nil && !mayDecide(d.Lane.Lane, d.Lane.who(), len(d.Keyed), supervisor, who):
		return d, refuse(refusedHandedUp, "document", id)
	}
	return d, nil
}

// Complete tells what a decision lacks, whatever document it is about: a *Refused error.
func (p Decision) Complete() error {
	said := 0
	for _, is := range []bool{strings.TrimSpace(p.Reference) != "", p.Discard != "", p.SplitBefore != 0, p.Separator != 0, p.Merge != ""} {
		if is {
			said++
		}
	}
	switch {
	case said != 1:
		return refuse(refusedOneOf)
	case p.SplitBefore < 0 || p.Separator < 0:
		return refuse(refusedPage)
	case p.Discard != "" && !legible(p.Discard):
		return refuse(refusedReason)
	case p.Merge != "" && p.Merge != mergeNext && p.Merge != mergePrevious:
		return refuse(refusedDirection, "direction", p.Merge)
	}
	return named(p.By)
}

// named refuses what is not a person's name.
func named(by string) error {
	switch {
	case !legible(by):
		return refuse(refusedName)
	case strings.EqualFold(strings.TrimSpace(by), Machine):
		return refuse(refusedMachine, "name", `"`+by+`"`)
	}
	return nil
}

func legible(text string) bool { return mail.Legible(text) }

// person is who said something: a name, which can be changed, and at the desk an account,
// which can't.
type person struct{ name, user string }

func (p Decision) who() person { return person{p.By, p.User} }

// is tells whether two are one person, where both have an account by that. At the command
// line, and in the rows of former versions, there is the name alone.
func (p person) is(o person) bool {
	if p.user != "" && o.user != "" {
		return p.user == o.user
	}
	return strings.EqualFold(strings.TrimSpace(p.name), strings.TrimSpace(o.name))
}

// decideReference files the document in the case that the person named, after the same checks that the machine makes.
func (m *Mailroom) decideReference(tx journal.Tx, b batchRow, d docRow, p Decision) error {
	ref, store, reason, err := m.cfg.Rules.Check(p.Reference, m.cases.current())
	if err != nil {
		refused := refuse(refusedReference, "reason", reason, "why", err)
		refused.Says = unproven(err)
		return refused
	}
	if d.Original == (journal.Ref{}) && b.Pages == 0 {
		return refuse(refusedNoPages)
	}
	if !p.Supervisor && (len(d.Keyed) > 0 || slices.Contains(m.cfg.DoubleKey, ref.Scheme())) {
		filed, err := m.key(tx, d, keying{Reference: ref, By: p.By, User: p.User, UID: p.UID, At: p.At})
		if err != nil || !filed {
			return err
		}
		p.KeyedBy = d.Keyed[0].By
	}
	if err := m.record(tx, d, decisionRow{Decision: p}); err != nil {
		return err
	}
	if d.Receipt != nil && d.Placement.Reference == ref {
		d = d.freed()
		d.Document = d.Move(mail.Filed) // the recall was unfounded: it stands where it belongs
		return errors.Join(saveDoc(tx, d), tx.Delete(tableException, d.ID), enqueueRendition(tx, d))
	}
	if err := m.takeBack(tx, d, "filed in another case by "+p.By, p.By, p.At); err != nil {
		return err
	}
	if d.Suspect != "" && d.Original != b.Blob { // it does not show its pages: another cut may
		d.Original, d.Recoded = journal.Ref{}, nil
	}
	fact := mail.Evidence{Page: d.From, Source: mail.FromPerson, Text: p.Reference, Confidence: 1, Rule: "person"}
	return m.place(tx, d.letGo(), mail.Placement{Reference: ref, Store: store, Rule: "person", By: p.By, KeyedBy: p.KeyedBy,
		Evidence: []mail.Evidence{fact}})
}

// takeBack withdraws a filed document from the case that it stands in.
func (m *Mailroom) takeBack(tx journal.Tx, d docRow, why, by string, at time.Time) error {
	if d.Receipt == nil {
		return nil
	}
	note := Escaped(encode(map[string]any{"document": d.ID, "by": by, "at": at, "why": why}))
	return tx.Enqueue(task(taskWithdraw, priorityDeliver, version(d), payload{
		Batch: d.Batch, Document: d.ID, Store: d.Receipt.Store, Locator: d.Receipt.Locator, Note: note}))
}

func (m *Mailroom) decideDiscard(tx journal.Tx, d docRow, p Decision) error {
	if err := errors.Join(m.record(tx, d, decisionRow{Decision: p}), m.takeBack(tx, d, p.Discard, p.By, p.At)); err != nil {
		return err
	}
	for _, page := range d.Pages() {
		if err := dispose(tx, d.Batch, page, mail.Disposition{Place: mail.PlaceDiscarded, Document: d.ID, Why: p.Discard}); err != nil {
			return err
		}
	}
	d = d.freed()
	d.Document, d.Why = d.Move(mail.Discarded), p.Discard
	return errors.Join(saveDoc(tx, d), tx.Delete(tableException, d.ID))
}
