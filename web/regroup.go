package web

import (
	"slices"
	"strconv"

	"postroom/pipeline"
	"postroom/web/access"
)

// pageVerbs are what can be done with the page that is shown.
var pageVerbs = []string{"split", "merge", "join", "separator", "blank", "written", "first", "last", "turn", "drop"} // never written to

// pageAct does with the page that is shown what the button says.
func (d *desk) pageAct(v *visit) error {
	page, does := formInt(v, "page"), v.field("do")
	if !slices.Contains(pageVerbs, does) {
		return errBadForm
	}
	next, field := "", ""
	if does == "drop" {
		field = "why-drop"
	}
	done, err := d.carriedOut(v, field, func(line pipeline.DocumentLine) (err error) {
		if does == "drop" && v.field("why") == "" {
			return &wrongField{field: field, key: "station.say_why"}
		}
		if !slices.Contains(line.Pages, page) {
			return errBadForm
		}
		if does == "turn" { // the person is at it still
			next = pagePath(line.Document, page)
			return d.turn(v, line, page)
		}
		next, err = d.regroup(v, line, page, does)
		return err
	})
	if err != nil || !done {
		return err
	}
	return v.done(next, "station.done_"+does, "Page", page)
}

// regroup carries out what a button says about the page that is shown, and gives the path
// to go on with: the first part that waits still, else the next document.
func (d *desk) regroup(v *visit, line pipeline.DocumentLine, page int, does string) (string, error) {
	ctx := v.Context()
	facts, err := d.Mailroom.Facts(ctx, line.Document)
	if err != nil {
		return "", err
	}
	if facts.Whole {
		return "", &wrongField{key: "station.does_not_fit"}
	}
	sides := d.beside(v, &facts)
	g := grouping(line, facts, page, does)
	if g == nil {
		return "", sides.why(line, page, does)
	}
	if told := v.FormValue("over-" + does); told != "" && told != strconv.Itoa(len(g.TakeIn)) {
		return "", &wrongField{key: "refused.changed-meanwhile"} // who saw no separator between takes in none
	}
	for i := range g.Discarded {
		g.Discarded[i].Why = v.field("why")
	}
	g.Documents = append(g.Documents, pipeline.DocumentVersion{Document: line.Document, Version: seen(v, line)})
	g.By, g.User, g.Supervisor = v.user.Actor(), v.user.ID, v.user.Has(access.Supervisor)
	made, err := d.Mailroom.Regroup(ctx, *g)
	if err != nil {
		return "", err
	}
	if err := d.did(v, step{Kind: stepDecided, Document: line.Document, Version: seen(v, line)}); err != nil {
		return "", err
	}
	d.leases.end(line.Document)
	first, err := d.made(v, made)
	switch {
	case err != nil:
		return "", err
	case first == "":
		return "/station", nil
	case does == "blank" || does == "written":
		return pagePath(first, page), nil
	}
	return stationPath(first), nil
}

// besides are why nothing can be made of the letters beside one; nil = it can.
type besides struct{ up, down *wrongField }

// beside takes out of the facts a neighbour of which nothing can be made, and tells why: also
// what the visitor may not decide on, or somebody else works at, is not taken from there
// through the letter beside it.
func (d *desk) beside(v *visit, facts *pipeline.Facts) (b besides) {
	if b.up = d.apart(v, facts.Up); b.up != nil {
		facts.Up = nil
	}
	if b.down = d.apart(v, facts.Down); b.down != nil {
		facts.Down = nil
	}
	return b
}

// apart tells why a letter can't be joined to the neighbour; nil = it can.
func (d *desk) apart(v *visit, n *pipeline.Neighbour) *wrongField {
	switch {
	case n == nil:
		return &wrongField{key: "refused.no-neighbour"}
	case !n.Waits:
		return &wrongField{key: "refused.neighbour-not-held"}
	case !mayDecide(v.user, *n):
		return &wrongField{key: "station.beside_up"}
	case n.Dropped > 0:
		return &wrongField{key: "refused.separator-between", args: []any{"page", n.Dropped}}
	}
	if who := d.leases.holder(n.Document, v.user.ID); who != "" {
		return &wrongField{key: "station.beside_held", args: []any{"Name", printable(who)}}
	}
	return nil
}

// why tells why a verb does not fit the page.
func (b besides) why(line pipeline.DocumentLine, page int, does string) *wrongField {
	edge := map[string]int{"first": line.Pages[0], "last": line.Pages[len(line.Pages)-1]}[does]
	switch {
	case does == "merge" && b.up != nil:
		return b.up
	case does == "join" && b.down != nil:
		return b.down
	case does == "first" && b.up != nil && page == edge && len(line.Pages) > 1:
		return b.up
	case does == "last" && b.down != nil && page == edge && len(line.Pages) > 1:
		return b.down
	}
	return &wrongField{key: "station.does_not_fit"}
}

// turn turns a page by a quarter, clockwise.
func (d *desk) turn(v *visit, line pipeline.DocumentLine, page int) error {
	s, err := d.Mailroom.Sight(v.Context(), line.Batch, page)
	if err != nil {
		return err
	}
	turned := (s.Turn + 90) % 360
	if _, err := d.Mailroom.Turn(v.Context(), line.Batch, pipeline.Turn{Page: page, Degrees: turned, By: v.user.Actor()}); err != nil {
		return err
	}
	return d.did(v, step{Kind: stepTurned, Document: line.Document, Batch: line.Batch, Page: page, Degrees: s.Turn, Turned: turned})
}

// grouping says which letters the pages are after a button was pressed; nil = it does not
// fit the page. A letter is a span: a page in its middle can be a separator between two,
// and can't be dropped from one.
func grouping(line pipeline.DocumentLine, facts pipeline.Facts, page int, does string) *pipeline.Regroup {
	from, to := line.Pages[0], line.Pages[len(line.Pages)-1]
	g := &pipeline.Regroup{}
	span := func(from, to int) {
		if from <= to {
			g.Spans = append(g.Spans, pipeline.PageSpan{From: from, To: to})
		}
	}
	with := func(n *pipeline.Neighbour) {
		g.TakeIn = n.Between
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
	case does == "drop" && (page == from || page == to):
		span(from, page-1)
		span(page+1, to)
		g.Discarded = []pipeline.DiscardedPage{{Page: page}}
	case does == "blank" && !slices.Contains(line.Blanks, page):
		g.Spans = []pipeline.PageSpan{{From: from, To: to, Blanks: slices.Sorted(slices.Values(append(slices.Clone(line.Blanks), page)))}}
	case does == "written" && slices.Contains(line.Blanks, page):
		others := slices.DeleteFunc(slices.Clone(line.Blanks), func(n int) bool { return n == page })
		g.Spans = []pipeline.PageSpan{{From: from, To: to, Blanks: others}}
	case does == "merge" && up != nil:
		with(up)
		span(up.From, to)
	case does == "join" && down != nil:
		with(down)
		span(from, down.To)
	case does == "first" && up != nil && len(up.Between) == 0 && page == from && from < to:
		with(up)
		span(up.From, page)
		span(page+1, to)
	case does == "last" && down != nil && len(down.Between) == 0 && page == to && from < to:
		with(down)
		span(from, page-1)
		span(page, down.To)
	default:
		return nil
	}
	return g
}

// pageActs are what can be done with the page that is shown.
type pageActs struct {
	CanSplit, CanMerge, CanJoin, CanSeparate, CanBlank, CanWrite, CanGiveUp, CanGiveDown, CanDrop bool

	MergeOver, JoinOver int               // how many separators come along
	Why                 map[string]string // by verbs: why it can't be done, in the visitor's language
}

func (d *desk) actsOn(v *visit, line pipeline.DocumentLine, facts pipeline.Facts, page int) pageActs {
	sides, p := d.beside(v, &facts), pageActs{Why: map[string]string{}}
	can := func(does string) bool {
		if !facts.Whole && grouping(line, facts, page, does) != nil {
			return true
		}
		p.Why[does] = sides.why(line, page, does).text(v)
		return false
	}
	p.CanSplit, p.CanMerge, p.CanJoin, p.CanSeparate = can("split"), can("merge"), can("join"), can("separator")
	p.CanBlank, p.CanWrite, p.CanGiveUp, p.CanGiveDown, p.CanDrop = can("blank"), can("written"), can("first"), can("last"), can("drop")
	if p.CanMerge {
		p.MergeOver = len(facts.Up.Between)
	}
	if p.CanJoin {
		p.JoinOver = len(facts.Down.Between)
	}
	return p
}
