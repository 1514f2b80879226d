package web

import (
	"html/template"
	"maps"
	"net/http"
	"slices"
	"time"

	"postroom/pipeline"
	"postroom/web/plot"
)

// figuresPage shows how the mailroom does.
type figuresPage struct {
	From, To time.Time
	Days     int // that are shown
	Choices  []int
	Total    pipeline.Tally
	Share    float64
	Shared   bool
	Waiting  []pipeline.WaitingFor
	Behind   bool
	Plots    []plotView
	Daily    []pipeline.Day
	Sources  []tallyLine
	Schemes  []tallyLine
	Reasons  []tallyLine
}

// plotView is a plot; its numbers stand in the table of days.
type plotView struct {
	Key string
	SVG template.HTML
}

type tallyLine struct {
	Name string
	pipeline.Tally
}

// periods are the numbers of days that can be shown.
var periods = []int{7, 30, 90, 365} // never written to

func (d *desk) figures(v *visit) error {
	days := formInt(v, "days")
	if !slices.Contains(periods, days) {
		days = 30
	}
	now := d.Now()
	f, err := d.Mailroom.Figures(v.Context(), now.AddDate(0, 0, 1-days), now)
	if err != nil {
		return err
	}
	totals, err := d.Mailroom.Totals(v.Context())
	if err != nil {
		return err
	}
	p := figuresPage{From: f.From, To: f.To, Days: days, Choices: periods, Total: f.Total, Waiting: totals.Waiting, Behind: f.Behind > 1000,
		Daily: f.Days, Sources: lines(f.Sources), Schemes: lines(f.Schemes), Reasons: lines(f.Reasons)}
	p.Share, p.Shared = f.Total.Share()
	p.Plots = v.plots(f)
	return v.show(http.StatusOK, "figures", p)
}

func lines(of map[string]pipeline.Tally) (all []tallyLine) {
	for _, name := range slices.Sorted(maps.Keys(of)) {
		all = append(all, tallyLine{name, of[name]})
	}
	return all
}

// plots draws the days: what came, where it went, and what waits for people.
func (v *visit) plots(f pipeline.Figures) []plotView {
	var days []string
	series := map[string][]float64{}
	for day := f.From; !day.After(f.To); day = day.AddDate(0, 0, 1) {
		days = append(days, day.Format("01-02"))
	}
	at := map[string]int{}
	for i, day := 0, f.From; !day.After(f.To); i, day = i+1, day.AddDate(0, 0, 1) {
		at[day.Format(time.DateOnly)] = i
	}
	put := func(name string, day int, n int64) {
		if series[name] == nil {
			series[name] = make([]float64, len(days))
		}
		series[name][day] = float64(n)
	}
	for _, d := range f.Days {
		i, ok := at[d.Date.Format(time.DateOnly)]
		if !ok {
			continue
		}
		put("pages", i, d.Pages)
		put("documents", i, d.Documents)
		put("machine", i, d.Machine)
		put("person", i, d.Person)
		put("discarded", i, d.Discarded)
		put("held", i, d.Held)
		put("decided", i, d.Decided)
	}
	chart := func(id, key string, names ...string) plot.Chart {
		c := plot.Chart{ID: id, Title: v.t(key), Description: v.t("figures.plot_hint"), Columns: days}
		for _, name := range names {
			values := series[name]
			if values == nil {
				values = make([]float64, len(days))
			}
			c.Series = append(c.Series, plot.Series{Name: v.t("figures." + name), Values: values})
		}
		return c
	}
	return []plotView{
		{"figures.volume", plot.Bars(chart("volume", "figures.volume", "pages", "documents"))},
		{"figures.who", plot.Shares(chart("who", "figures.who", "machine", "person", "discarded"))},
		{"figures.queue", plot.Lines(chart("queue", "figures.queue", "held", "decided"))},
	}
}
