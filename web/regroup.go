package web

import (
	"slices"

	"postroom/mail"
	"postroom/pipeline"
)

// regroup carries out what a button says about the page that is shown, and gives the path
// to go on with: the first part that still waits, else the next document.
func (d *desk) regroup(v *visit, line pipeline.DocumentLine, page int, does string) (string, error) {
	ctx := v.Context()
	if len(line.Pages) == 0 || !slices.Contains(line.Pages, page) {
		return "", errBadForm
	}
	if does == "turn" {
		s, err := d.Mailroom.Sight(ctx, line.Batch, page)
		if err == nil {
			_, err = d.Mailroom.Turn(ctx, line.Batch, pipeline.Turn{Page: page, Degrees: (s.Turn + 90) % 360, By: v.user.Actor()})
		}
		return stationPath(line.Document) + "?page=" + v.field("page"), err
	}
	facts, err := d.Mailroom.Facts(ctx, line.Document)
	if err != nil {
		return "", err
	}
	g := grouping(line, facts, page, does)
	if g == nil {
		return "", errBadForm
	}
	g.Documents = append(g.Documents, pipeline.DocumentVersion{Document: line.Document, Version: formInt(v, "version")})
	g.By = v.user.Actor()
	made, err := d.Mailroom.Regroup(ctx, *g)
	if err != nil {
		return "", err
	}
	if err := d.Sessions.Put(ctx, undoKey, line.Document); err != nil {
		return "", err
	}
	for _, id := range made {
		if h, err := d.Mailroom.Holding(ctx, id); err == nil && h.State == mail.Held {
			return stationPath(id), nil
		}
	}
	return "/station", nil
}

// grouping says which letters the pages are after a button was pressed; nil = it does not
// fit the page.
func grouping(line pipeline.DocumentLine, facts pipeline.Facts, page int, does string) *pipeline.Regroup {
	from, to := line.Pages[0], line.Pages[len(line.Pages)-1]
	g := &pipeline.Regroup{}
	span := func(from, to int) {
		if from <= to {
			g.Spans = append(g.Spans, pipeline.PageSpan{From: from, To: to})
		}
	}
	with := func(n *pipeline.Neighbour) {
		g.Documents = append(g.Documents, pipeline.DocumentVersion{Document: n.Document, Version: n.Version})
	}
	up, down := facts.Up, facts.Down
	switch {
	case does == "split" && page > from:
		span(from, page-1)
		span(page, to)
	case does == "separator":
		span(from, page-1)
		span(page+1, to)
		g.Separators = []int{page}
	case does == "blank":
		blanks := append(slices.Clone(line.Blanks), page)
		slices.Sort(blanks)
		g.Spans = []pipeline.PageSpan{{From: from, To: to, Blanks: slices.Compact(blanks)}}
	case does == "merge" && up != nil:
		with(up)
		span(up.From, to)
	case does == "first" && up != nil && page == from && from < to:
		with(up)
		span(up.From, page)
		span(page+1, to)
	case does == "last" && down != nil && page == to && from < to:
		with(down)
		span(from, page-1)
		span(page, down.To)
	default:
		return nil
	}
	return g
}
