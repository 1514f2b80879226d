package pipeline

import (
	"context"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// The neighbours that a document can be merged with.
const (
	mergeNext     = "next"
	mergePrevious = "previous"
)

// decideDivide carries out what is said of one document and changes where letters begin.
func (m *Mailroom) decideDivide(ctx context.Context, id string, p Decision) error {
	g := Regroup{Documents: []DocumentVersion{{id, p.Version}}, Supervisor: p.Supervisor, By: p.By, User: p.User, UID: p.UID}
	if err := m.journal.View(ctx, func(r journal.Reader) error {
		d, err := waiting(r, id, p.Version, p.Supervisor, p.who())
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
	document, between, _, err := walk(r, d.Batch, page, step)
	switch {
	case err != nil:
		return err
	case len(between) > 0 && !p.TakeIn:
		return refuse(refusedBetween, "page", between[0])
	case document == "":
		return refuse(refusedEdge, "document", d.ID)
	}
	other, err := load[docRow](r, tableDoc, document)
	if err != nil {
		return err
	}
	if other.State != mail.Held {
		return refuse(refusedNeighbour, "document", other.ID, "state", other.State)
	}
	g.TakeIn = append(g.TakeIn, between...)
	g.Documents = append(g.Documents, DocumentVersion{other.ID, other.Version})
	g.Spans = []PageSpan{{From: min(d.From, other.From), To: max(d.To, other.To)}}
	return nil
}
