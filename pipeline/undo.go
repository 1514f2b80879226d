package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Undo is a person's wish to take the last decision back. At is the mailroom's.
type Undo struct {
	By   string    `json:"by"`
	User string    `json:"user,omitempty"` // the account's id, at the desk
	UID  string    `json:"uid,omitempty"`
	At   time.Time `json:"at"`

	// Version is of the document that was decided on: nothing is taken back but that
	// decision. 0 = whatever the person has decided last.
	Version int `json:"-"`
}

func (u Undo) who() person { return person{u.By, u.User} }

// undone is what the log has of a decision that was taken back.
type undone struct {
	Version int `json:"version"` // of the document that was decided on
	Undo
}

// Complete tells what it lacks, whatever document it is about: a *Refused error.
func (u Undo) Complete() error { return named(u.By) }

func undoneBy(who string) string { return "undone by " + who }

// Undo takes back the last decision that the person has made on a document, if nothing came
// after it. It waits again as it did before: for the same reason, in the same lane, keyed by
// the same person; of a regrouping any of the documents may be named. Of what has reached
// its store the copy there is withdrawn. A first keying of a reference is forgotten. A
// *Refused error changes nothing.
func (m *Mailroom) Undo(ctx context.Context, id string, u Undo) error {
	if err := u.Complete(); err != nil {
		return err
	}
	u.By, u.At = strings.TrimSpace(u.By), m.cfg.Now().UTC()
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		d, err := load[docRow](tx, tableDoc, id)
		if err != nil {
			return err
		}
		if d.State == mail.Held && len(d.Keyed) == 1 {
			return m.unkey(tx, d, u)
		}
		d, last, err := lastDecision(tx, d)
		another := last != nil && u.Version != 0 && (u.Version != last.at || d.ID != id)
		switch {
		case err != nil:
			return err
		case last == nil || last.Return != "":
			return refuse(refusedNothing, "document", id)
		case !last.who().is(u.who()):
			return refuse(refusedNotYours, "document", id)
		case another:
			return refuse(refusedAfter, "document", id, "state", d.State)
		}
		if err := m.undo(tx, d, *last, u); err != nil {
			return err
		}
		return m.settle(tx, d.Batch)
	})
}

// unkey forgets a reference that was keyed once.
func (m *Mailroom) unkey(tx journal.Tx, d docRow, u Undo) error {
	if !d.Keyed[0].who().is(u.who()) {
		return refuse(refusedNotYours, "document", d.ID)
	}
	if u.Version != 0 && u.Version != d.Keyed[0].Version {
		return refuse(refusedAfter, "document", d.ID, "state", d.State)
	}
	detail := undone{d.Version - 1, u}
	d.Keyed, d.Document = nil, d.Next()
	return errors.Join(saveDoc(tx, d), tx.Log(m.event(actionUnkeyed, d.ID, u.By, detail)))
}

// given is a decision with the version of the document that it was about.
type given struct {
	decisionRow
	at int
}

// lastDecision gives the last decision on a document; on one that a regrouping has made and
// nobody has decided since, that regrouping, and a document that it was about.
func lastDecision(r journal.Reader, d docRow) (docRow, *given, error) {
	last, err := latest(r, d.ID)
	if err != nil || d.State != mail.Held || last != nil && last.at >= d.Born {
		return d, last, err
	}
	about := d
	for _, id := range d.Of {
		of, err := load[docRow](r, tableDoc, id)
		if err != nil {
			return d, nil, err
		}
		said, err := latest(r, id)
		if err != nil {
			return d, nil, err
		}
		if said != nil && slices.Contains(said.Into, d.ID) && (last == nil || said.At.After(last.At)) {
			about, last = of, said
		}
	}
	return about, last, nil
}

// latest gives the last decision on a document that was not taken back, so that the one
// before it can be taken back next; nil = there is none.
func latest(r journal.Reader, id string) (last *given, err error) {
	err = each(r, tableDecision, id+"/", func(row journal.Row) error {
		at, err := strconv.Atoi(row.Key[len(id)+1:])
		if err != nil {
			return fmt.Errorf("decision %s: %w", row.Key, journal.ErrDamaged)
		}
		if last != nil && at < last.at {
			return nil
		}
		d, err := load[decisionRow](r, tableDecision, row.Key)
		if err == nil && d.Undone == nil {
			last = &given{d, at}
		}
		return err
	})
	return last, err
}

// undo takes a decision back.
func (m *Mailroom) undo(tx journal.Tx, d docRow, last given, u Undo) error {
	if last.Group != nil {
		return m.ungroup(tx, d, last, u)
	}
	var err error
	switch steps := d.Version - last.at; { // since the decision, with it
	case d.State == mail.Discarded && steps == 1:
		err = m.undiscard(tx, d, last.decisionRow, u)
	case d.State == mail.Placed && steps == 1 && d.Undo == nil:
		err = m.unplace(tx, d, last.decisionRow, u)
	case d.State == mail.Filed && steps == 1: // a recall that was said to be unfounded: it has stood there all the time
		err = m.waitAgain(tx, d, last.decisionRow, false, u)
	case d.State == mail.Filed && steps == 2:
		err = m.unfile(tx, d, last.decisionRow, u)
	default:
		return refuse(refusedAfter, "document", d.ID, "state", d.State)
	}
	return errors.Join(err, m.noteUndone(tx, d.ID, last, u))
}

// noteUndone marks a decision as taken back, for the history and the log.
func (m *Mailroom) noteUndone(tx journal.Tx, id string, last given, u Undo) error {
	last.Undone = &u
	return errors.Join(
		journal.Save(tx, tableDecision, fmt.Sprintf("%s/%d", id, last.at), last.decisionRow),
		tx.Log(m.event(actionUndone, id, u.By, undone{last.at, u})))
}

// waited gives why the document waited before the decision; withdrawn: its copy was
// taken out of its case since.
func (row decisionRow) waited(who string, withdrawn bool) mail.Exception {
	e := exception(mail.Recall, mail.Say("decision-undone", "by", who))
	if row.Held == nil { // an older journal's
		return e
	}
	if !withdrawn {
		return *row.Held
	}
	e = exception(mail.Recall, mail.Say("recall-undone", "by", who))
	e.Since, e.Candidates, e.Evidence = row.Held.Since, row.Held.Candidates, row.Held.Evidence
	return e
}

// waitAgain holds a document as it waited before a decision. Its lane and its keyings, which
// the decision has ended, are logged anew.
func (m *Mailroom) waitAgain(tx journal.Tx, d docRow, row decisionRow, withdrawn bool, u Undo) error {
	d = d.freed()
	d.Document, d.Lane, d.Keyed = d.Move(mail.Held), row.Lane, row.Keyed
	if err := errors.Join(m.except(tx, d.ID, row.waited(u.By, withdrawn)), saveDoc(tx, d)); err != nil {
		return err
	}
	for _, k := range d.Keyed {
		if err := tx.Log(m.event(actionKeyed, d.ID, u.By, k.logged())); err != nil {
			return err
		}
	}
	if d.Lane == nil {
		return nil
	}
	return tx.Log(m.event(actionParked, d.ID, u.By, d.Lane))
}

// unfile holds a filed document again and withdraws its copy. The machine files it there no
// more.
func (m *Mailroom) unfile(tx journal.Tx, d docRow, row decisionRow, u Undo) error {
	if err := m.takeBack(tx, d, undoneBy(u.By), u.By, u.At); err != nil {
		return err
	}
	d.SentBack = append(slices.Clone(d.SentBack), d.Placement.Reference)
	return m.waitAgain(tx, d.letGo(), row, row.Stood, u)
}

// undelivered is unfile for what was taken back on its way to the case, and has come there:
// the decision on it is two steps back.
func (m *Mailroom) undelivered(tx journal.Tx, d docRow) error {
	row, err := load[decisionRow](tx, tableDecision, fmt.Sprintf("%s/%d", d.ID, d.Version-2))
	if err != nil {
		return err
	}
	return m.unfile(tx, d, row, *d.Undo)
}

// notDelivered is undelivered for what its store has refused: the decision is one step back.
func (m *Mailroom) notDelivered(tx journal.Tx, d docRow) error {
	row, err := load[decisionRow](tx, tableDecision, fmt.Sprintf("%s/%d", d.ID, d.Version-1))
	if err != nil {
		return err
	}
	u := *d.Undo
	d.Placement = nil
	return m.waitAgain(tx, d, row, row.Stood, u)
}

// undiscard gives the pages of a discarded document back to it.
func (m *Mailroom) undiscard(tx journal.Tx, d docRow, row decisionRow, u Undo) error {
	for _, page := range d.Pages() {
		if err := dispose(tx, d.Batch, page, mail.Disposition{Place: mail.PlaceDocument, Document: d.ID}); err != nil {
			return err
		}
	}
	d.Why = ""
	return m.waitAgain(tx, d.letGo(), row, row.Stood, u)
}

// unplace holds a document that is on its way to its case. When its delivery may have
// begun, a copy may stand there: it is taken back when that has ended.
func (m *Mailroom) unplace(tx journal.Tx, d docRow, row decisionRow, u Undo) error {
	_, err := tx.Get(journal.TableReceipt, taskCut+"/"+version(d)) // the delivery is queued with its end
	if err == nil {
		d.Undo = &u
		return saveDoc(tx, d)
	}
	if !errors.Is(err, journal.ErrNotFound) {
		return err
	}
	d.Placement = nil
	return m.waitAgain(tx, d, row, row.Stood, u)
}

// ungroup makes the documents again that a regrouping has superseded, if all that it has
// made still wait undecided.
func (m *Mailroom) ungroup(tx journal.Tx, d docRow, last given, u Undo) error {
	former, err := superseded(tx, last)
	if err != nil {
		return err
	}
	detail := regrouped{}
	var parts []docRow
	for _, id := range last.Into {
		part, err := untouched(tx, id, last.At, u.who())
		if err != nil {
			return err
		}
		parts, detail.Was = append(parts, part), append(detail.Was, part.ID)
	}
	for _, part := range parts {
		if err := errors.Join(m.supersede(tx, part, last.Group), tx.Log(m.event(actionUnmade, part.ID, u.By, nil))); err != nil {
			return err
		}
	}
	for page, place := range last.Taken {
		at, err := load[mail.Disposition](tx, tableDisposition, pageKey(d.Batch, page))
		if err != nil {
			return err
		}
		if at.Document != "" && !slices.Contains(last.Into, at.Document) { // another's undo has given it back to its letter
			return refuse(refusedAfter, "document", d.ID, "state", d.State)
		}
		if err := dispose(tx, d.Batch, page, place); err != nil {
			return err
		}
		detail.Pages = append(detail.Pages, groupedPage{page, place})
	}
	slices.SortFunc(detail.Pages, func(a, b groupedPage) int { return a.Page - b.Page })
	for _, f := range former {
		detail.Documents = append(detail.Documents, groupedSpan{f.Former.ID, f.Former.From, f.Former.To})
	}
	if err := tx.Log(m.event(actionRegrouped, d.Batch, u.By, detail)); err != nil {
		return err
	}
	for _, f := range former {
		if err := m.restore(tx, f, u); err != nil {
			return err
		}
	}
	return nil
}

// superseded gives each document's part of a regrouping, if nothing came after it: also no
// other place of a page that it has dropped.
func superseded(r journal.Reader, last given) (all []given, err error) {
	for _, id := range last.Group {
		d, err := load[docRow](r, tableDoc, id)
		if err != nil {
			return nil, err
		}
		row, err := latest(r, id)
		if err != nil {
			return nil, err
		}
		itself := slices.Contains(last.Into, id) // what was made of it has its name
		if row == nil || row.Former == nil || !row.At.Equal(last.At) || !itself && d.State != mail.Superseded {
			return nil, refuse(refusedAfter, "document", id, "state", d.State)
		}
		for _, page := range d.Pages() {
			at, err := load[mail.Disposition](r, tableDisposition, pageKey(d.Batch, page))
			if err != nil {
				return nil, err
			}
			if at.Document != "" && !slices.Contains(last.Into, at.Document) {
				return nil, refuse(refusedAfter, "document", id, "state", d.State)
			}
		}
		all = append(all, *row)
	}
	return all, nil
}

// untouched reads a document that a regrouping has made and that still waits as it did
// then: nobody else has laid it into a lane, above all not handed it up.
func untouched(r journal.Reader, id string, since time.Time, who person) (docRow, error) {
	d, err := load[docRow](r, tableDoc, id)
	if err != nil {
		return d, err
	}
	last, err := latest(r, id)
	if err != nil {
		return d, err
	}
	decided := last != nil && (last.at >= d.Born || last.At.After(since))
	if !decided && (d.State == mail.Placed || d.State == mail.Filed) {
		return d, refuse(refusedPartFiled, "document", id)
	}
	if d.State != mail.Held || d.Placement != nil || len(d.Keyed) > 0 || decided {
		return d, refuse(refusedPart, "document", id, "state", d.State)
	}
	if d.Lane != nil && !d.Lane.who().is(who) {
		return d, refuse(refusedAfter, "document", id, "state", d.State)
	}
	return d, nil
}

// restore makes a document again as it was before a regrouping. A copy of it that stood in
// a case is withdrawn by now.
func (m *Mailroom) restore(tx journal.Tx, f given, u Undo) error {
	d := *f.Former
	now, err := load[docRow](tx, tableDoc, d.ID)
	if err != nil {
		return err
	}
	d, now = d.letGo(), now.letGo()
	d.Document, d.Left, d.Of = now.Document, now.Left, inEither(d.Of, now.Of)
	d.Placement = now.Placement // its pages may have been it, and on their way elsewhere, since
	for _, page := range d.Pages() {
		if err := dispose(tx, d.Batch, page, mail.Disposition{Place: mail.PlaceDocument, Document: d.ID}); err != nil {
			return err
		}
	}
	return errors.Join(m.waitAgain(tx, d, f.decisionRow, f.Stood, u), m.noteUndone(tx, d.ID, f, u))
}
