package web

import (
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"postroom/pipeline"
	"postroom/web/plot"
)

// figuresPage shows how the mailroom does.
type figuresPage struct {
	From, To time.Time
	Days     int // that were chosen; 0 = a period of its own
	Choices  []int
	Problem  string
	Total    tallyLine
	Share    float64
	Shared   bool
	Pace     float64 // pages a second
	Waiting  []pipeline.WaitingFor
	Behind   bool
	Plots    []plotView
	Daily    []pipeline.Day // the newest first, as many as a page of the list has
	Older    string         // where older days are; "" = nowhere
	Sources  []tallyLine
	Schemes  []tallyLine
	Reasons  []tallyLine
	Scanners []scannerView
	Meanings []string // the figures whose meaning is told
}

// plotView is a plot; its numbers stand in the table of days.
type plotView struct {
	Key string
	SVG template.HTML
}

// tallyLine is a tally with how long things took, in words.
type tallyLine struct {
	Name string
	Part bool // of a scheme: what came in, and became an exception, has none yet
	pipeline.Tally
	File, FileMost     string // what half, and 95 %, of the letters that the machine filed took
	Decide, DecideMost string // and those that people decided on
}

var ( // never written to
	// periods are the numbers of days that can be chosen.
	periods = []int{7, 30, 90, 365}
	// meanings are the figures that docs/figures.md explains.
	meanings = []string{"pages", "documents", "machine", "person", "discarded", "share", "held", "decided", "open", "recalled",
		"to_file", "to_decide", "pace", "separators", "confidence", "doubts", "streaked", "askew"}
)

const (
	longestPeriod = 1100 // days: three years
	perDays       = 31   // days that the list shows at once
)

func (d *desk) figures(v *visit) error {
	ctx := v.Context()
	p := figuresPage{Choices: periods, Meanings: meanings, Pace: d.Mailroom.Pace()}
	status := http.StatusOK
	if !p.period(v, d.Now()) {
		status, p.Problem = http.StatusUnprocessableEntity, v.t("figures.bad_period")
	}
	f, err := d.Mailroom.Figures(ctx, p.From, p.To)
	if err != nil {
		return err
	}
	totals, err := d.Mailroom.Totals(ctx)
	if err != nil {
		return err
	}
	scanners, err := d.Mailroom.Scanners(ctx)
	if err != nil {
		return err
	}
	p.From, p.To, p.Total, p.Waiting, p.Behind = f.From, f.To, v.tallyLine("", f.Total), totals.Waiting, f.Behind > 1000
	p.Sources, p.Schemes, p.Reasons, p.Scanners = v.lines(f.Sources), v.lines(f.Schemes), v.lines(f.Reasons), v.scanners(scanners)
	for i, of := range p.Sources {
		p.Sources[i].Name = v.origin(of.Name)
	}
	for i := range p.Schemes {
		p.Schemes[i].Part = true
	}
	p.Share, p.Shared = f.Total.Share()
	p.Plots = v.plots(f)
	p.list(f.Days, v.FormValue("before"))
	return v.show(status, "figures", p)
}

// period takes the days that are asked for: so many up to today, or from one to another.
// Where they can't be shown, they are the last 30.
func (p *figuresPage) period(v *visit, now time.Time) (ok bool) {
	p.To, ok = now, true
	if p.Days = formInt(v, "days"); !slices.Contains(periods, p.Days) {
		p.Days = 30
	}
	from, to := v.FormValue("from"), v.FormValue("to")
	if from+to != "" {
		a, err1 := time.ParseInLocation(time.DateOnly, from, time.Local)
		b, err2 := time.ParseInLocation(time.DateOnly, to, time.Local)
		if ok = err1 == nil && err2 == nil && !b.Before(a) && a.AddDate(0, 0, longestPeriod).After(b); ok {
			p.Days, p.From, p.To = 0, a, b
			return true
		}
	}
	p.From = now.AddDate(0, 0, 1-p.Days)
	return ok
}

// list takes the days before one, the newest first.
func (p *figuresPage) list(days []pipeline.Day, before string) {
	for _, day := range slices.Backward(days) {
		if before != "" && day.Date.Format(time.DateOnly) >= before {
			continue
		}
		if len(p.Daily) == perDays {
			q := url.Values{"from": {p.From.Format(time.DateOnly)}, "to": {p.To.Format(time.DateOnly)}, "before": {p.Daily[perDays-1].Date.Format(time.DateOnly)}}
			p.Older = "/figures?" + q.Encode() + "#days-list"
			return
		}
		p.Daily = append(p.Daily, day)
	}
}

func (v *visit) lines(of map[string]pipeline.Tally) (all []tallyLine) {
	for _, name := range slices.Sorted(maps.Keys(of)) {
		all = append(all, v.tallyLine(name, of[name]))
	}
	return all
}

func (v *visit) tallyLine(name string, t pipeline.Tally) tallyLine {
	return tallyLine{name, false, t, v.within(t.Filed, 0.5), v.within(t.Filed, 0.95), v.within(t.Decision, 0.5), v.within(t.Decision, 0.95)}
}

// within says in how long a share of things were done.
func (v *visit) within(d pipeline.Durations, share float64) string {
	if d.Count() == 0 {
		return "–"
	}
	s := v.desk.words.in(v.lang)
	bound, ok := d.Most(share)
	if bounds := pipeline.Bounds(); !ok {
		bound = bounds[len(bounds)-1]
	}
	text, err := s.lasting(bound)
	if err != nil {
		return "–"
	}
	if !ok {
		return "> " + text
	}
	return "≤ " + text
}

// columnDays is how many days a column of a plot stands for: more columns than a hundred or so
// are a grey wash.
func columnDays(days int) int {
	switch {
	case days <= 92:
		return 1
	case days <= 370:
		return 7
	}
	return 28
}

// plots draws the days: what came, where it went, what waits for people, and since when.
func (v *visit) plots(f pipeline.Figures) []plotView {
	s := v.desk.words.in(v.lang)
	days := map[string]pipeline.Tally{}
	for _, d := range f.Days {
		days[d.Date.Format(time.DateOnly)] = d.Tally
	}
	n := 0
	for day := f.From; !day.After(f.To); day = day.AddDate(0, 0, 1) {
		n++
	}
	var columns []string
	var tallies []pipeline.Tally
	for i, day := 0, f.From; i < n; i, day = i+1, day.AddDate(0, 0, 1) {
		if i%columnDays(n) == 0 {
			columns, tallies = append(columns, s.day(day)), append(tallies, pipeline.Tally{})
		}
		tallies[len(tallies)-1] = tallies[len(tallies)-1].Plus(days[day.Format(time.DateOnly)])
	}
	hint := v.t("figures.plot_hint")
	if k := columnDays(n); k > 1 {
		hint = v.t("figures.plot_weeks", "Count", k/7) + " " + hint
	}
	chart := func(id, key string, names ...string) plot.Chart {
		c := plot.Chart{ID: id, Title: v.t(key), Description: hint, Columns: columns, Number: func(n float64) string { return s.number(n) }}
		for _, name := range names {
			one := plot.Series{Name: v.t("figures." + name)}
			for _, t := range tallies {
				one.Values = append(one.Values, counted(t, name))
			}
			c.Series = append(c.Series, one)
		}
		return c
	}
	shares := chart("who", "figures.who", "machine", "person", "discarded")
	shares.Number = func(n float64) string { return s.percent(n / 100) }
	return []plotView{
		{"figures.volume", plot.Bars(chart("volume", "figures.volume", "pages", "documents"))},
		{"figures.who", plot.Shares(shares)},
		{"figures.queue", plot.Lines(chart("queue", "figures.queue", "held", "decided"))},
		{"figures.age", plot.Bars(chart("age", "figures.age", "open"))},
	}
}

// counted gives a figure by its name.
func counted(t pipeline.Tally, name string) float64 {
	switch name {
	case "pages":
		return float64(t.Pages)
	case "documents":
		return float64(t.Documents)
	case "machine":
		return float64(t.Machine)
	case "person":
		return float64(t.Person)
	case "discarded":
		return float64(t.Discarded)
	case "held":
		return float64(t.Held)
	case "decided":
		return float64(t.Decided)
	}
	return float64(t.Open)
}
