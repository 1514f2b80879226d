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
	Line       pipeline.DocumentLine
	File       string
	Since      time.Time
	Left       int // that wait in this lane
	Lane       string
	Mine       bool
	HeldBy     string // who else works at it
	Strip      []stripPage
	Current    pageView
	Before     int // pages to turn to; 0 = none
	After      int
	Facts      []factView
	Candidates []candidateView
	Typed      string
	Masked     bool
	Keyed      string // who keyed it first
	Lookup     lookupView
	Problem    string
	Reasons    []reasonAct
	CanUndo    bool
	pageActs
}

// pageActs are what can be done with the page that is shown.
type pageActs struct{ CanSplit, CanMerge, CanBlank, CanGiveUp, CanGiveDown bool }

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
	Key, Reference, Name, Why string
	Says                      *mail.Saying
}

type reasonAct struct{ Do, Key string }

// keptOut are the lanes that `next` does not offer: each has its own list.
func laneOf(v *visit) string {
	lane := v.FormValue("lane")
	if lane == "" && v.user.Has(access.Supervisor) && !v.user.Has(access.Operator) {
		return pipeline.LaneSupervisor
	}
	return lane
}

// station opens the next document that waits and that nobody else works at.
func (d *desk) station(v *visit) error {
	skip := func(id string) bool { return d.leases.others(id, v.user.ID) }
	after := pipeline.Cursor(d.Sessions.Get(v.Context(), skippedKey))
	f := pipeline.Filter{Lanes: []string{laneOf(v)}}
	line, _, err := d.Mailroom.Next(v.Context(), after, skip, f)
	if errors.Is(err, pipeline.ErrNoSuch) && after != "" { // those that were skipped
		line, _, err = d.Mailroom.Next(v.Context(), "", skip, f)
	}
	if errors.Is(err, pipeline.ErrNoSuch) {
		return v.show(http.StatusOK, "station-empty", nil)
	}
	if err != nil {
		return err
	}
	return d.openStation(v, line, http.StatusOK, "", "")
}

// skippedKey is the session's place in the queue, behind what was skipped.
const skippedKey = "skipped"

func (d *desk) stationDocument(v *visit) error {
	line, err := d.waiting(v)
	if err != nil {
		return err
	}
	return d.openStation(v, line, http.StatusOK, "", "")
}

// waiting gives the document of the path if it waits for a person.
func (d *desk) waiting(v *visit) (pipeline.DocumentLine, error) {
	h, s, err := d.reach(v)
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

var errDecided = &problem{http.StatusConflict, "problem.decided"}

// openStation shows a waiting document, after that was logged.
func (d *desk) openStation(v *visit, line pipeline.DocumentLine, status int, typed, wrong string) error {
	ctx := v.Context()
	if _, err := d.looked(v, "document viewed", line.Document, status == http.StatusOK && v.FormValue("page") == ""); err != nil {
		return err
	}
	holder, mine := d.leases.take(line.Document, v.user.ID, v.user.Name)
	p := stationPage{Line: line, File: baseName(line.File), Lane: line.Lane, Mine: mine, HeldBy: holder, Problem: wrong, Typed: typed,
		Reasons: []reasonAct{{"discard", "d"}, {"rescan", "q"}, {"supervisor", "p"}, {"later", "l"}},
		CanUndo: d.Sessions.Get(ctx, undoKey) != ""}
	if p.Typed == "" {
		p.Typed = d.leases.draft(line.Document)
	}
	if line.Keyed != nil {
		p.Keyed, p.Masked = line.Keyed.By, true
	}
	counts, err := d.Mailroom.CountWaits(ctx)
	if err != nil {
		return err
	}
	for _, c := range counts {
		if c.Lane == line.Lane {
			p.Left += c.Documents
		}
	}
	facts, err := d.Mailroom.Facts(ctx, line.Document)
	if err != nil {
		return err
	}
	p.Since = facts.Since
	for i, e := range facts.Evidence {
		p.Facts = append(p.Facts, factView{i, e.Page, e.Confidence, e.Text, e.Source, e.Polygon != (mail.Quad{})})
	}
	p.Candidates = d.candidates(line)
	if p.Lookup, err = d.look(v, p.Typed); err != nil {
		return err
	}
	if err := d.stationPages(v, &p, facts); err != nil {
		return err
	}
	d.ahead.wish("station", d.nextDocuments)
	return v.show(status, "station", p)
}

// stationPages fills in the pages, and the one that is looked at with its evidence marked.
func (d *desk) stationPages(v *visit, p *stationPage, facts pipeline.Facts) error {
	pages := p.Line.Pages
	if len(pages) == 0 {
		p.Current = pageView{Failure: p.Line.Detail, Says: p.Line.Says}
		return nil
	}
	at := slices.Index(pages, formInt(v, "page"))
	if at < 0 { // the first page that has evidence to look at
		at = opening(p.Line)
	}
	for i, n := range pages {
		p.Strip = append(p.Strip, stripPage{n, slices.Contains(p.Line.Blanks, n), i == at})
	}
	if at > 0 {
		p.Before = pages[at-1]
	}
	if at+1 < len(pages) {
		p.After = pages[at+1]
	}
	d.asksSoon(v, p.Line.Batch, pages[at])
	current, err := d.pageView(v, p.Line.Batch, pages[at], "/station/"+p.Line.Document+"/picture/")
	if err != nil {
		return err
	}
	current.mark(facts.Evidence)
	p.Current = current
	p.pageActs = pageActs{CanSplit: at > 0, CanMerge: facts.Up != nil, CanBlank: !slices.Contains(p.Line.Blanks, pages[at]),
		CanGiveUp: at == 0 && facts.Up != nil && len(pages) > 1, CanGiveDown: at == len(pages)-1 && facts.Down != nil && len(pages) > 1}
	return nil
}

func (d *desk) candidates(line pipeline.DocumentLine) (all []candidateView) {
	for _, c := range line.Candidates {
		v := candidateView{Reference: c.Reference, Why: c.Why, Says: c.Says}
		if c.Reference != "" {
			v.Name = d.Mailroom.Look(c.Reference).Name
			if n := len(all) + 1; n <= 9 {
				v.Key = strconv.Itoa(n)
			}
		}
		all = append(all, v)
	}
	return all
}

// lookupView is what is known of a reference while it is typed.
type lookupView struct {
	Text, Key, Class            string
	Reference, Name, Place, Why string
	Says                        *mail.Saying
}

// lookUp answers what is typed, at each stroke: pattern, check digits, register.
func (d *desk) lookUp(v *visit) error {
	line, err := d.waiting(v)
	if err != nil {
		return err
	}
	typed := v.field("reference")
	d.leases.write(line.Document, v.user.ID, typed)
	l, err := d.look(v, typed)
	if err != nil {
		return err
	}
	return v.part("station", "lookup", l)
}

func (d *desk) look(v *visit, typed string) (lookupView, error) {
	if typed == "" {
		return lookupView{}, nil
	}
	found := d.Mailroom.Look(typed)
	l := lookupView{Text: typed, Reference: found.Reference, Name: found.Name, Place: found.Postcode, Why: found.Why, Says: found.Says, Key: "lookup.ok", Class: "good"}
	if found.Reason != "" {
		l.Key, l.Class = "reason."+found.Reason, "bad"
	}
	return l, nil
}

// stationList lists what waits.
func (d *desk) stationList(v *visit) error {
	q := v.URL.Query()
	lane := q.Get("lane")
	f := pipeline.Filter{Lanes: []string{lane}, Reason: q.Get("reason")}
	if _, err := d.looked(v, "exceptions listed", "", !v.byItself()); err != nil {
		return err
	}
	lines, next, err := d.Mailroom.Waits(v.Context(), pipeline.Cursor(q.Get("after")), perPage, f)
	if err != nil {
		return err
	}
	counts, err := d.Mailroom.CountWaits(v.Context())
	if err != nil {
		return err
	}
	lanes, reasons := map[string]int{}, map[string]int{}
	for _, c := range counts {
		lanes[c.Lane] += c.Documents
		if c.Lane == lane {
			reasons[c.Reason] += c.Documents
		}
	}
	p := stationList{Lines: lines}
	for _, of := range pipeline.Lanes() {
		p.Lanes = append(p.Lanes, choice{of, "lane." + of, lanes[of], of == lane})
	}
	for _, r := range mail.Reasons() {
		if reasons[r] > 0 || r == f.Reason {
			p.Reasons = append(p.Reasons, choice{r, "reason." + r, reasons[r], r == f.Reason})
		}
	}
	if next != "" {
		q.Set("after", string(next))
		p.Next = "/station/list?" + q.Encode()
	}
	return v.show(http.StatusOK, "station-list", p)
}

type stationList struct {
	Lanes, Reasons []choice
	Lines          []pipeline.DocumentLine
	Next           string
}

type choice struct {
	Value, Key string
	Count      int
	Chosen     bool
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
