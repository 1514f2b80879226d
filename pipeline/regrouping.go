package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
)

// regrouping is a Regroup that can be carried out.
type regrouping struct {
	batch    batchRow
	was      []docRow // by their pages
	from, to int      // the first and last of all pages that are named
	spans    []PageSpan
	dropped  map[int]mail.Disposition // pages that become separators, or are discarded
	taken    map[int]mail.Disposition // what the pages that are taken in were
	sentBack []mail.Reference         // the cases that letters which had any of the pages were sent back from
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
	if err := plan.unfiled(r); err != nil {
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
		plan.dropped[page] = mail.Disposition{Place: mail.PlaceSeparator, Why: bySomebody}
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
		d, err := waiting(r, v.Document, v.Version, g.Supervisor, person{g.By, g.User})
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

// unfiled lists the cases that the letters were sent back from whose pages are regrouped, also
// those that a person has dropped a page from that is taken in.
func (plan *regrouping) unfiled(r journal.Reader) error {
	for _, d := range plan.was {
		plan.sentBack = append(plan.sentBack, d.SentBack...)
	}
	dropped := false
	for _, at := range plan.taken {
		dropped = dropped || at.Place == mail.PlaceDiscarded || at.Why == bySomebody
	}
	if !dropped {
		return nil
	}
	docs, err := documents(r, plan.batch.ID)
	for _, d := range docs {
		for page := range plan.taken {
			if d.From <= page && page <= d.To {
				plan.sentBack = append(plan.sentBack, d.SentBack...)
			}
		}
	}
	return err
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
	span.Blanks = slices.Compact(span.Blanks)
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
