package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
)

// Grouping is where, a person says, letters begin and end in some pages of a batch: each
// of the pages has exactly one place.
type Grouping struct {
	Spans      []PageSpan      `json:"spans"`
	Separators []int           `json:"separators,omitempty"` // pages that are separators
	Discarded  []DiscardedPage `json:"discarded,omitempty"`
	// TakeIn are pages that stand in no document, as separators or discarded, and that get a
	// place among the others. Without it a page that lies between two documents stays what it is.
	TakeIn []int `json:"take_in,omitempty"`
}

// PageSpan is a letter: the pages From to To of the batch, both included.
type PageSpan struct {
	From int `json:"from"`
	To   int `json:"to"`
	// Blanks are the pages without content; nil = as the machine, or the last person, saw them.
	Blanks []int `json:"blanks,omitzero"`
}

// DiscardedPage is a page that is dropped from its letter.
type DiscardedPage struct {
	Page int    `json:"page"`
	Why  string `json:"why"` // one line of text
}

// DocumentVersion names a document as a person has looked at it.
type DocumentVersion struct {
	Document string `json:"document"`
	Version  int    `json:"version,omitempty"` // 0 = not told
}

// Regroup is what a person says about held documents that lie next to each other in one
// batch: which letters their pages are instead. It divides, merges, moves pages, and says
// which are separators, dropped or blank.
type Regroup struct {
	Documents []DocumentVersion `json:"documents"`
	Grouping
	Supervisor bool   `json:"supervisor,omitempty"`
	By         string `json:"by"`
	User       string `json:"user,omitempty"` // the account's id, at the desk
	UID        string `json:"uid,omitempty"`
}

// Complete tells what it lacks, whatever documents it is about: a *Refused error.
func (g Regroup) Complete() error {
	if len(g.Documents) == 0 {
		return refuse(refusedNone)
	}
	for _, p := range g.Discarded {
		if !legible(p.Why) {
			return refuse(refusedReason)
		}
	}
	return named(g.By)
}

// Regroup makes other documents of the pages of held ones, in one transaction, and has the
// rules decide on each; made names them, by their pages. Documents of which nothing
// changes are made anew, too: name only what is to change. A *Refused error changes nothing.
func (m *Mailroom) Regroup(ctx context.Context, g Regroup) (made []string, err error) {
	if err := g.Complete(); err != nil {
		return nil, err
	}
	g.By = strings.TrimSpace(g.By)
	said := Decision{Regroup: &g.Grouping, Supervisor: g.Supervisor, By: g.By, User: g.User, UID: g.UID, At: m.cfg.Now().UTC()}
	return m.regroup(ctx, g, func(d docRow) Decision {
		said := said
		for _, v := range g.Documents {
			if v.Document == d.ID {
				said.Version = v.Version
			}
		}
		return said
	})
}

// regroup carries a regrouping out; said gives each document's decision as it is kept.
func (m *Mailroom) regroup(ctx context.Context, g Regroup, said func(docRow) Decision) (made []string, err error) {
	var plan regrouping
	if err := m.journal.View(ctx, func(r journal.Reader) (err error) {
		plan, err = planned(r, g)
		return err
	}); err != nil {
		return nil, err
	}
	readings, err := m.readings(ctx, plan.batch.ID, plan.from, plan.to)
	if err != nil {
		return nil, err
	}
	routed := m.route(plan, readings)
	err = m.journal.Tx(ctx, func(tx journal.Tx) error {
		now, err := planned(tx, g)
		if err != nil {
			return err
		}
		for i, d := range now.was { // the pages are the same, but other persons may have come before
			if d.Version != plan.was[i].Version {
				return refuse(refusedChanged, "document", d.ID)
			}
		}
		made, err = m.carryOut(tx, now, said, routed)
		return err
	})
	return made, err
}

// routedSpan is a new document's pages with what the rules decide on them.
type routedSpan struct {
	router.Span
	decision router.Decision
}

// route has the rules decide on each new document, before the transaction: that takes long,
// and nobody else could write meanwhile.
func (m *Mailroom) route(plan regrouping, readings []mail.Reading) (all []routedSpan) {
	for _, s := range plan.spans {
		own := readings[s.From-plan.from : s.To-plan.from+1]
		span, read := plan.span(s, own), !slices.ContainsFunc(own, lacksText)
		all = append(all, routedSpan{span, m.cfg.Rules.Route(span, own, m.cases.current(), read || !m.cfg.After)})
	}
	return all
}

// carryOut supersedes the documents of a regrouping and makes the new ones.
func (m *Mailroom) carryOut(tx journal.Tx, plan regrouping, said func(docRow) Decision, routed []routedSpan) (made []string, err error) {
	b := plan.batch
	for _, s := range plan.spans {
		made = append(made, mail.DocumentID(b.ID, s.From, s.To, m.cfg.Rules.Version()))
	}
	for _, d := range plan.was {
		former, p := d, said(d)
		if err := errors.Join(
			m.record(tx, d, decisionRow{Decision: p, Group: plan.ids(), Into: made, Former: &former, Taken: plan.taken}),
			m.takeBack(tx, d, "divided by "+p.By, p.By, p.At),
			m.supersede(tx, d, made)); err != nil {
			return nil, err
		}
	}
	for page, place := range plan.dropped {
		if err := dispose(tx, b.ID, page, place); err != nil {
			return nil, err
		}
	}
	by := said(plan.was[0]).By
	if err := tx.Log(m.event(actionRegrouped, b.ID, by, plan.logged(made))); err != nil {
		return nil, err
	}
	for i, s := range plan.spans {
		if err := m.remake(tx, plan, s, routed[i]); err != nil {
			return nil, err
		}
	}
	return made, m.settle(tx, b.ID)
}

// supersede ends a document whose pages become others.
func (m *Mailroom) supersede(tx journal.Tx, d docRow, into []string) error {
	d = d.freed()
	d.Document, d.Into = d.Move(mail.Superseded), into
	return errors.Join(saveDoc(tx, d), tx.Delete(tableException, d.ID))
}

// remake makes a document of pages that were another's, with what the rules decide on it.
// The same pages may have been a document before: then it goes on with that one's name,
// history and versions, so that no task and no copy in a case is taken for another.
func (m *Mailroom) remake(tx journal.Tx, plan regrouping, s PageSpan, routed routedSpan) error {
	d := m.document(plan.batch, routed.Span)
	d.Of, d.Joined, d.SentBack = plan.ids(), plan.joined(s), slices.Clone(plan.sentBack)
	was, err := journal.Load[docRow](tx, tableDoc, d.ID)
	switch {
	case err == nil:
		was = was.letGo()
		d.Left, d.Of = was.Left, inEither(was.Of, d.Of)
		if was.Suspect == "" && was.Original != (journal.Ref{}) {
			d.Original, d.Recoded = was.Original, was.Recoded
		}
		d.SentBack = append(d.SentBack, was.SentBack...)
		d.Document = was.Move(mail.Deciding)
	case !errors.Is(err, journal.ErrNotFound):
		return err
	}
	d.Born, d.SentBack = d.Version, unique(d.SentBack)
	if err := m.saveNew(tx, d); err != nil {
		return err
	}
	return m.apply(tx, d, routed.decision)
}

// unique gives each reference once.
func unique(all []mail.Reference) (once []mail.Reference) {
	for _, r := range all {
		if !slices.Contains(once, r) {
			once = append(once, r)
		}
	}
	return once
}

// inEither gives what is in either list, once.
func inEither(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// logged is the detail of the event that says what became of which pages.
func (plan regrouping) logged(made []string) regrouped {
	e := regrouped{Was: plan.ids()}
	for i, s := range plan.spans {
		e.Documents = append(e.Documents, groupedSpan{made[i], s.From, s.To})
	}
	for page, place := range plan.dropped {
		e.Pages = append(e.Pages, groupedPage{page, place})
	}
	slices.SortFunc(e.Pages, func(a, b groupedPage) int { return a.Page - b.Page })
	return e
}

// regrouped is the detail of an event that says what became of some pages of a batch.
type regrouped struct {
	Was       []string      `json:"was"` // documents
	Documents []groupedSpan `json:"documents"`
	Pages     []groupedPage `json:"pages,omitempty"` // that stand in no document now
}

type groupedSpan struct {
	ID   string `json:"id"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

type groupedPage struct {
	Page int `json:"page"`
	mail.Disposition
}

// places gives the document that each page was given to; "" = none.
func (e regrouped) places(visit func(page int, place mail.Disposition)) {
	for _, s := range e.Documents {
		for page := s.From; page <= s.To; page++ {
			visit(page, mail.Disposition{Place: mail.PlaceDocument, Document: s.ID})
		}
	}
	for _, p := range e.Pages {
		visit(p.Page, p.Disposition)
	}
}
