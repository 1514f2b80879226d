package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
)

// stationPage is a waiting document with all that a decision needs.
type stationPage struct {
	Line    pipeline.DocumentLine
	Queue   queueChoices
	Since   time.Time
	Mine    bool
	May     bool   // the visitor may decide it
	HeldBy  string // who else works at it, and since when
	HeldAt  time.Time
	Whole   bool   // a file whose pages were not told apart
	Unread  bool   // and of which there are none to file
	First   string // the batch that had the same bytes before
	Strip   []stripPage
	Start   int // the first and last page, when the strip has not all; 0 = it has
	End     int
	Current pageView
	Beside  *pageView // the page after it, when two are looked at
	Two     bool
	Before  int // pages to turn to; 0 = none
	After   int

	Facts      []factView
	Candidates []candidateView
	Masked     bool   // another person has keyed it: what would give that away is not shown
	Keyed      string // who has keyed it first
	KeyedOwn   bool   // this person has
	Differ     bool   // two have, and not alike
	CanOpen    bool   // it can be put back among the open ones
	Lookup     lookupView
	Try        tryView
	Acts       []reasonAct
	CanUndo    bool
	pageActs
}

// tryView is a form as it was typed, and what is wrong with it.
type tryView struct{ Reference, Why, Pages, Wrong, Field string }

// reasonForm is a form for a reason, with what was typed into it before.
type reasonForm struct {
	Do  string
	Try tryView
}

type stripPage struct {
	N              int
	Blank, Current bool
}

type factView struct {
	I, Page    int
	Confidence float64
	Text       string
	Source     mail.Source
	Crop       bool
}

type candidateView struct {
	Key, Reference, Name, Place, Why string
	Says                             *mail.Saying
	Open                             bool // it can be filed there
}

// reasonAct is what needs a reason: its key, and whether pages can be named.
type reasonAct struct {
	Do, Key string
	Pages   bool
}

func (d *desk) stationDocument(v *visit) error {
	line, err := d.waiting(v)
	if errors.Is(err, errDecided) {
		return d.byWhom(v, v.PathValue("document"))
	}
	if err != nil {
		return err
	}
	return d.openStation(v, line, trial{})
}

// byWhom is errDecided, or that it was the visitor who decided, as far as that is known: one
// finds oneself there by the browser's way back.
func (d *desk) byWhom(v *visit, document string) error {
	line, err := d.Mailroom.Document(v.Context(), document)
	if err != nil {
		return err
	}
	own := false
	for _, said := range line.Decisions {
		if said.Document == document && said.Undone == nil {
			own = said.User == v.user.ID && (line.DecidedBy == "" || line.DecidedBy == said.By)
		}
	}
	if own {
		return errDecidedOwn
	}
	return errDecided
}

// waiting gives the document of the path if it waits for a person.
func (d *desk) waiting(v *visit) (pipeline.DocumentLine, error) {
	h, s, err := d.reach(v, access.Operator)
	switch {
	case err != nil:
		return pipeline.DocumentLine{}, err
	case h.State != mail.Held:
		return pipeline.DocumentLine{}, errDecided
	case s != whole:
		return pipeline.DocumentLine{}, errForbidden
	}
	return d.Mailroom.Document(v.Context(), h.Document)
}

var (
	errDecided    = &problem{http.StatusConflict, "problem.decided"}
	errDecidedOwn = &problem{http.StatusConflict, "problem.decided_own"}
)

// openStation shows a waiting document, after that was logged.
func (d *desk) openStation(v *visit, line pipeline.DocumentLine, t trial) error {
	ctx := v.Context()
	has, mine := d.hand(v, line)
	d.leases.only(line.Document, v.user.ID)
	if _, err := d.looked(v, "document viewed", line.Document, t.status == 0 && v.FormValue("page") == ""); err != nil {
		return err
	}
	p := stationPage{Line: line, Mine: mine, May: mayDecide(v.user, line), CanUndo: len(d.steps(v)) > 0, Two: d.Sessions.Get(ctx, sidesKey) != "",
		Try: tryView{t.reference, t.why, t.pages, t.wrong, t.field}}
	if !mine {
		p.HeldBy, p.HeldAt = has.name, has.since
	}
	if t.status == 0 {
		p.Try.Reference = d.leases.draft(line.Document, v.user.ID)
	}
	p.Lookup = d.look(p.Try.Reference)
	counts, err := d.Mailroom.CountWaits(ctx)
	if err != nil {
		return err
	}
	f := d.queue(v, counts)
	p.Queue = choices(counts, f)
	facts, err := d.Mailroom.Facts(ctx, line.Document)
	if err != nil {
		return err
	}
	p.Since, p.Whole, p.First = facts.Since, facts.Whole, facts.First
	p.Unread = facts.Whole && len(line.Pages) == 0
	d.stationFacts(v, &p, facts)
	at, err := d.stationPages(v, &p, facts)
	if err != nil {
		return err
	}
	d.readsOn(v, line, at, false)
	if mine {
		d.ahead.wish("station", d.nextDocuments)
	}
	return v.show(max(t.status, http.StatusOK), "station", p)
}

// stationFacts fills in what was read and which cases it may be, unless another person
// has keyed it and that would tell the second one what.
func (d *desk) stationFacts(v *visit, p *stationPage, facts pipeline.Facts) {
	if k := p.Line.Keyed; k != nil {
		p.Keyed, p.KeyedOwn = k.By, k.Is(v.user.Actor(), v.user.ID)
	}
	p.Differ = p.Line.Keyings > 1
	if p.Masked = masked(v.user, p.Line); p.Masked {
		p.Line.Detail, p.Line.Says = "", nil
	} else {
		for i, e := range facts.Evidence {
			p.Facts = append(p.Facts, factView{i, e.Page, e.Confidence, e.Text, e.Source, e.Polygon != (mail.Quad{})})
		}
		p.Candidates, p.Line.Says = d.candidates(p.Line), d.nameBatch(v, p.Line.Says)
	}
	p.Acts = []reasonAct{{"discard", "d", false}, {"rescan", "q", !p.Whole && len(p.Line.Pages) > 1}, {"supervisor", "p", false}, {"later", "l", false}}
	up := p.Line.Lane == pipeline.LaneSupervisor && !v.user.Has(access.Supervisor) // it stays there
	p.CanOpen = p.Mine && !up
	p.Acts = slices.DeleteFunc(p.Acts, func(a reasonAct) bool { return a.Do == p.Line.Lane || up && a.Do != "discard" })
}

// stripSide is how many pages of a long document the strip has before and after the
// current one.
const stripSide = 20

// stationPages fills in the pages, and the one that is looked at with its evidence
// marked. at is its place among them.
func (d *desk) stationPages(v *visit, p *stationPage, facts pipeline.Facts) (at int, err error) {
	pages := p.Line.Pages
	if p.Whole || len(pages) == 0 { // no page of it is shown
		return 0, nil
	}
	if at = nearest(pages, formInt(v, "page")); at < 0 {
		at = opening(p.Line)
	}
	from, to := max(0, at-stripSide), min(len(pages), at+stripSide+1)
	for i, n := range pages[from:to] {
		p.Strip = append(p.Strip, stripPage{n, slices.Contains(p.Line.Blanks, n), from+i == at})
	}
	if from > 0 {
		p.Start = pages[0]
	}
	if to < len(pages) {
		p.End = pages[len(pages)-1]
	}
	if at > 0 {
		p.Before = pages[at-1]
	}
	if at+1 < len(pages) {
		p.After = pages[at+1]
	}
	show := func(n int) (pageView, error) {
		view, err := d.pageView(v, p.Line.Batch, n, "/station/"+p.Line.Document+"/picture/")
		if p.Masked {
			view.Lines, view.Boxes = nil, nil // the picture is what to key from
			return view, err
		}
		view.mark(facts.Evidence)
		view.underlineWeak()
		return view, err
	}
	if p.Current, err = show(pages[at]); err != nil {
		return at, err
	}
	if p.Two && p.After != 0 {
		beside, err := show(p.After)
		if err != nil {
			return at, err
		}
		p.Beside = &beside
	}
	p.pageActs = d.actsOn(v, p.Line, facts, pages[at])
	return at, nil
}

func (d *desk) candidates(line pipeline.DocumentLine) (all []candidateView) {
	for _, c := range line.Candidates {
		view := candidateView{Reference: c.Reference, Why: c.Why, Says: c.Says}
		if c.Reference != "" {
			found := d.Mailroom.Look(c.Reference)
			view.Name, view.Place, view.Open = found.Name, found.Postcode, found.Reason == ""
			if n := len(all) + 1; n <= 9 {
				view.Key = strconv.Itoa(n)
			}
		}
		all = append(all, view)
	}
	return all
}

// lookupView is what is known of a reference while it is typed.
type lookupView struct {
	Text, Key, Class       string
	Reference, Name, Place string
	Why                    string // in a sentence, of what the key does not tell
	Says                   *mail.Saying
}

// lookUp answers what is typed, at each stroke: pattern, check digits, register.
func (d *desk) lookUp(v *visit) error {
	h, s, err := d.reach(v, access.Operator)
	if err != nil {
		return err
	}
	if s != whole || h.State != mail.Held {
		return errDecided
	}
	typed := v.field("reference")
	d.leases.write(h.Document, v.user.ID, typed)
	return v.part("station", "lookup", d.look(typed))
}

func (d *desk) look(typed string) lookupView {
	if typed == "" {
		return lookupView{}
	}
	found := d.Mailroom.Look(typed)
	l := lookupView{Text: typed, Reference: found.Reference, Name: found.Name, Place: found.Postcode, Key: "lookup.ok", Class: "good"}
	switch {
	case found.Reason == "":
	case !found.Formed:
		l.Key, l.Class = "lookup.partial", "busy"
	case found.Reason == mail.InvalidReference.String():
		l.Key, l.Class = "lookup.check", "bad"
	case found.Reason == mail.Conflict.String():
		l.Key, l.Class, l.Why, l.Says = "lookup.several", "bad", found.Why, found.Says
	default:
		l.Key, l.Class = "reason."+found.Reason, "bad"
	}
	return l
}

// sidesKey is the session's wish to see two pages side by side.
const sidesKey = "two"

func (d *desk) setSides(v *visit) error {
	h, _, err := d.reach(v, access.Operator)
	if err != nil {
		return err
	}
	two := "1"
	if d.Sessions.Get(v.Context(), sidesKey) != "" {
		two = ""
	}
	if err := d.Sessions.Put(v.Context(), sidesKey, two); err != nil {
		return err
	}
	v.redirect(pagePath(h.Document, formInt(v, "page")))
	return nil
}

func formInt(v *visit, name string) int {
	n, err := strconv.Atoi(v.FormValue(name))
	if err != nil {
		return 0
	}
	return n
}

// baseName is a scanner's file without its folder: that says nothing at the desk.
func baseName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func stationPath(document string) string { return "/station/" + url.PathEscape(document) }

func pagePath(document string, page int) string {
	return stationPath(document) + "?page=" + strconv.Itoa(page)
}
