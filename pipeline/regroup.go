package pipeline

import (
	"context"
	"errors"
	"fmt"
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
	said := Decision{Regroup: &g.Grouping, Supervisor: g.Supervisor, By: g.By, UID: g.UID, At: m.cfg.Now().UTC()}
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
	err = m.journal.Tx(ctx, func(tx journal.Tx) error {
		plan, err := planned(tx, g) // other persons may have come before; the pages are the same
		if err != nil {
			return err
		}
		made, err = m.carryOut(tx, plan, said, readings)
		return err
	})
	return made, err
}

// carryOut supersedes the documents of a regrouping and makes the new ones.
func (m *Mailroom) carryOut(tx journal.Tx, plan regrouping, said func(docRow) Decision, readings []mail.Reading) (made []string, err error) {
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
	for _, s := range plan.spans {
		own := readings[s.From-plan.from : s.To-plan.from+1]
		if err := m.remake(tx, plan, s, own); err != nil {
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

// remake makes a document of pages that were another's, and has the rules decide on it.
// The same pages may have been a document before: then it goes on with that one's name,
// history and versions, so that no task and no copy in a case is taken for another.
func (m *Mailroom) remake(tx journal.Tx, plan regrouping, s PageSpan, own []mail.Reading) error {
	span := plan.span(s, own)
	d := m.document(plan.batch, span)
	d.Of, d.Joined = plan.ids(), plan.joined(s)
	was, err := journal.Load[docRow](tx, tableDoc, d.ID)
	switch {
	case err == nil:
		was = was.letGo()
		d.Left, d.Of = was.Left, inEither(was.Of, d.Of)
		if was.Suspect == "" && was.Original != (journal.Ref{}) {
			d.Original, d.Recoded = was.Original, was.Recoded
		}
		d.Document = was.Move(mail.Deciding)
	case !errors.Is(err, journal.ErrNotFound):
		return err
	}
	d.Born = d.Version
	if err := m.saveNew(tx, d); err != nil {
		return err
	}
	read := !slices.ContainsFunc(own, lacksText)
	return m.apply(tx, d, m.cfg.Rules.Route(span, own, m.cases.current(), read || !m.cfg.After))
}

// inEither gives what is in either list, once.
func inEither(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// The neighbours that a document can be merged with.
const (
	mergeNext     = "next"
	mergePrevious = "previous"
)

// decideDivide carries out what is said of one document and changes where letters begin.
func (m *Mailroom) decideDivide(ctx context.Context, id string, p Decision) error {
	g := Regroup{Documents: []DocumentVersion{{id, p.Version}}, Supervisor: p.Supervisor, By: p.By, UID: p.UID}
	if err := m.journal.View(ctx, func(r journal.Reader) error {
		d, err := waiting(r, id, p.Version, p.Supervisor)
		if err != nil {
			return err
		}
		if d.Whole {
			return undivided(r, d)
		}
		if p.Merge != "" {
			return g.merge(r, d, p)
		}
		return g.divide(d, p)
	}); err != nil {
		return err
	}
	_, err := m.regroup(ctx, g, func(d docRow) Decision {
		said := p
		if d.ID != id { // the neighbour was not looked at as such
			said.Merge, said.Version = map[string]string{mergeNext: mergePrevious, mergePrevious: mergeNext}[p.Merge], 0
		}
		return said
	})
	return err
}

// undivided refuses to divide what has no pages of its own.
func undivided(r journal.Reader, d docRow) error {
	b, err := load[batchRow](r, tableBatch, d.Batch)
	if err != nil {
		return err
	}
	return refuse(refusedWhole, "reason", b.Refused.Reason)
}

// divide says what one boundary, or separator page, makes of a document.
func (g *Regroup) divide(d docRow, p Decision) error {
	page := max(p.SplitBefore, p.Separator)
	switch {
	case p.SplitBefore > 0 && (page <= d.From || page > d.To):
		return refuse(refusedSplit, "page", page, "document", d.ID, "from", d.From, "to", d.To)
	case p.Separator > 0 && (page < d.From || page > d.To):
		return refuse(refusedOutside, "page", page, "document", d.ID, "from", d.From, "to", d.To)
	}
	next := page
	if p.Separator > 0 {
		g.Separators, next = []int{page}, page+1
	}
	for _, s := range []PageSpan{{From: d.From, To: page - 1}, {From: next, To: d.To}} {
		if s.From <= s.To {
			g.Spans = append(g.Spans, s)
		}
	}
	return nil
}

// merge says that a document is one letter with its neighbour.
func (g *Regroup) merge(r journal.Reader, d docRow, p Decision) error {
	step, page := 1, d.To+1
	if p.Merge == mergePrevious {
		step, page = -1, d.From-1
	}
	for ; ; page += step {
		at, err := journal.Load[mail.Disposition](r, tableDisposition, pageKey(d.Batch, page))
		if errors.Is(err, journal.ErrNotFound) {
			return refuse(refusedEdge, "document", d.ID)
		}
		if err != nil {
			return err
		}
		if at.Document == "" {
			if !p.TakeIn {
				return refuse(refusedBetween, "page", page)
			}
			g.TakeIn = append(g.TakeIn, page)
			continue
		}
		other, err := load[docRow](r, tableDoc, at.Document)
		if err != nil {
			return err
		}
		if other.State != mail.Held {
			return refuse(refusedNeighbour, "document", other.ID, "state", other.State)
		}
		g.Documents = append(g.Documents, DocumentVersion{other.ID, other.Version})
		g.Spans = []PageSpan{{From: min(d.From, other.From), To: max(d.To, other.To)}}
		return nil
	}
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

// regrouping is a Regroup that can be carried out.
type regrouping struct {
	batch    batchRow
	was      []docRow // by their pages
	from, to int      // the first and last of all pages that are named
	spans    []PageSpan
	dropped  map[int]mail.Disposition // pages that become separators, or are discarded
	taken    map[int]mail.Disposition // what the pages that are taken in were
}

func (plan regrouping) ids() (ids []string) {
	for _, d := range plan.was {
		ids = append(ids, d.ID)
	}
	return ids
}

// planned holds a regrouping against what is there.
func planned(r journal.Reader, g Regroup) (plan regrouping, err error) {
	if err := plan.documents(r, g); err != nil {
		return plan, err
	}
	if err := plan.takeIn(r, g.TakeIn); err != nil {
		return plan, err
	}
	counts, err := plan.pages(r)
	if err != nil {
		return plan, err
	}
	plan.dropped = map[int]mail.Disposition{}
	place := func(page int) error {
		if page < plan.from || page > plan.to {
			return refuse(refusedOutside, "page", page, "document", plan.was[0].ID, "from", plan.from, "to", plan.to)
		}
		if _, ours := counts[page]; !ours {
			return refuse(refusedBetween, "page", page)
		}
		counts[page]++
		return nil
	}
	for _, s := range g.Spans {
		if s.From > s.To {
			return plan, refuse(refusedPages, "page", s.From, "places", 0)
		}
		for page := s.From; page <= s.To; page++ {
			if err := place(page); err != nil {
				return plan, err
			}
		}
		for _, n := range s.Blanks {
			if n < s.From || n > s.To {
				return plan, refuse(refusedBlank, "page", n, "from", s.From, "to", s.To)
			}
		}
		plan.spans = append(plan.spans, s)
	}
	for _, page := range g.Separators {
		if err := place(page); err != nil {
			return plan, err
		}
		plan.dropped[page] = mail.Disposition{Place: mail.PlaceSeparator, Why: "person"}
	}
	for _, d := range g.Discarded {
		if err := place(d.Page); err != nil {
			return plan, err
		}
		plan.dropped[d.Page] = mail.Disposition{Place: mail.PlaceDiscarded, Why: strings.TrimSpace(d.Why)}
	}
	return plan, plan.sound(counts)
}

// sound refuses a plan that forgets a page or gives it two places, or changes nothing.
func (plan *regrouping) sound(counts map[int]int) error {
	for page := plan.from; page <= plan.to; page++ {
		if n, ours := counts[page]; ours && n != 1 {
			return refuse(refusedPages, "page", page, "places", n)
		}
	}
	slices.SortFunc(plan.spans, func(a, b PageSpan) int { return a.From - b.From })
	same := len(plan.dropped)+len(plan.taken) == 0 && slices.EqualFunc(plan.spans, plan.was, func(s PageSpan, d docRow) bool {
		return s.From == d.From && s.To == d.To && (s.Blanks == nil || slices.Equal(slices.Sorted(slices.Values(s.Blanks)), slices.Sorted(slices.Values(d.Blanks))))
	})
	if same {
		return refuse(refusedSame)
	}
	return nil
}

// documents reads the documents that are named.
func (plan *regrouping) documents(r journal.Reader, g Regroup) error {
	for i, v := range g.Documents {
		d, err := waiting(r, v.Document, v.Version, g.Supervisor)
		if err != nil {
			return err
		}
		switch {
		case slices.ContainsFunc(g.Documents[:i], func(o DocumentVersion) bool { return o.Document == v.Document }):
			return refuse(refusedTwice, "document", v.Document)
		case i > 0 && d.Batch != plan.was[0].Batch:
			return refuse(refusedBatches, "document", v.Document)
		case d.Whole || d.From == 0:
			return undivided(r, d)
		}
		plan.was = append(plan.was, d)
	}
	slices.SortFunc(plan.was, func(a, b docRow) int { return a.From - b.From })
	plan.from, plan.to = plan.was[0].From, plan.was[len(plan.was)-1].To
	var err error
	plan.batch, err = load[batchRow](r, tableBatch, plan.was[0].Batch)
	return err
}

// takeIn reads what the pages are that get a place among the documents'.
func (plan *regrouping) takeIn(r journal.Reader, pages []int) error {
	plan.taken = map[int]mail.Disposition{}
	for _, page := range pages {
		at, err := journal.Load[mail.Disposition](r, tableDisposition, pageKey(plan.batch.ID, page))
		switch {
		case errors.Is(err, journal.ErrNotFound):
			return refuse(refusedNoPage, "page", page, "pages", plan.batch.Pages)
		case err != nil:
			return err
		case at.Document != "":
			return refuse(refusedTaken, "page", page, "document", at.Document)
		}
		plan.taken[page] = at
		plan.from, plan.to = min(plan.from, page), max(plan.to, page)
	}
	return nil
}

// pages counts the places of the pages that are to have one, from 0. Whatever else lies
// between must be in no document.
func (plan *regrouping) pages(r journal.Reader) (counts map[int]int, err error) {
	counts = map[int]int{}
	for _, d := range plan.was {
		for _, page := range d.Pages() {
			counts[page] = 0
		}
	}
	for page := range plan.taken {
		counts[page] = 0
	}
	for page := plan.from; page <= plan.to; page++ {
		if _, ours := counts[page]; ours {
			continue
		}
		at, err := load[mail.Disposition](r, tableDisposition, pageKey(plan.batch.ID, page))
		if err != nil {
			return nil, fmt.Errorf("regroup: %w", err)
		}
		if at.Document != "" {
			return nil, refuse(refusedApart, "page", page, "document", at.Document)
		}
	}
	return counts, nil
}

// span gives the blanks and doubts of a new document. Doubts stay but those that the
// person has answered: where a boundary is that was none, or none that was one.
func (plan regrouping) span(s PageSpan, own []mail.Reading) router.Span {
	span := router.Span{From: s.From, To: s.To, Blanks: slices.Sorted(slices.Values(s.Blanks))}
	for _, d := range plan.was {
		for _, n := range d.Blanks {
			if s.Blanks == nil && s.From <= n && n <= s.To {
				span.Blanks = append(span.Blanks, n)
			}
		}
		for _, doubt := range d.Doubts {
			// The doubt of a page about where it begins, and of the document's end, whose
			// page lies behind it, stay with the document that has that boundary.
			begins, ends := doubt.Page == d.From && s.From == d.From, doubt.Page > d.To && s.To == d.To
			if begins || ends || d.From < doubt.Page && doubt.Page <= d.To && s.From < doubt.Page && doubt.Page <= s.To {
				span.Doubts = append(span.Doubts, doubt)
			}
		}
	}
	for page := range plan.taken {
		if s.Blanks == nil && s.From <= page && page <= s.To && own[page-s.From].Blank {
			span.Blanks = append(span.Blanks, page)
		}
	}
	slices.Sort(span.Blanks)
	return span
}

// joined lists the pages of a new document on which a letter, or a separator, was thought
// to begin, and on which a person now says that none does.
func (plan regrouping) joined(s PageSpan) (pages []int) {
	add := func(page int) {
		if s.From < page && page <= s.To && !slices.Contains(pages, page) {
			pages = append(pages, page)
		}
	}
	for _, d := range plan.was {
		add(d.From)
		for _, page := range d.Joined {
			add(page)
		}
	}
	for page := range plan.taken {
		add(page)
		add(page + 1)
	}
	slices.Sort(pages)
	return pages
}
