package web

import (
	"encoding/csv"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postroom/mail"
	"postroom/pipeline"
)

// logPage is a page of the routing log.
type logPage struct {
	Filter     logFilter
	Actions    []string
	Entries    []pipeline.Entry
	Next       string // where older ones are; "" = nowhere
	Export     string
	Checkpoint string
	Size       int64
	Problem    string
}

// logFilter is a filter as it was typed: days are local ones, YYYY-MM-DD.
type logFilter struct{ Action, Actor, From, To string }

// actions are what the log can be filtered by.
var actions = []string{ // never written to
	"batch received", "pages read", "document placed", "document held", "document filed", "rendition added", "person decided",
	"document viewed", "document exported", "batch closed", "batch opened again", "configuration in force", "register in force", "log exported",
}

func (d *desk) log(v *visit) error {
	if v.Method == http.MethodPost { // a name of a person is not for the address line
		return d.searchLog(v)
	}
	return d.showLog(v, logFilter{v.FormValue("action"), "", v.FormValue("from"), v.FormValue("to")})
}

func (d *desk) searchLog(v *visit) error {
	return d.showLog(v, logFilter{v.field("action"), v.field("actor"), v.field("from"), v.field("to")})
}

func (d *desk) showLog(v *visit, typed logFilter) error {
	ctx := v.Context()
	p := logPage{Filter: typed, Actions: actions}
	f, ok := typed.parsed()
	if !ok {
		p.Problem = v.t("log.bad_day")
		return v.show(http.StatusUnprocessableEntity, "log", p)
	}
	if err := d.Mailroom.LogView(ctx, v.user.Actor(), "log viewed", "log"); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(v.FormValue("before"), 10, 64) // none = the newest
	entries, next, err := d.Mailroom.Entries(ctx, before, perPage, f)
	if err != nil {
		return err
	}
	p.Entries = entries
	if p.Checkpoint, p.Size, err = d.Mailroom.Checkpoint(ctx); err != nil {
		return err
	}
	q := url.Values{}
	for k, value := range map[string]string{"action": typed.Action, "from": typed.From, "to": typed.To} {
		if value != "" {
			q.Set(k, value)
		}
	}
	p.Export = "/log/export?" + q.Encode()
	if next > 0 {
		p.Next = strconv.FormatInt(next, 10)
	}
	return v.show(http.StatusOK, "log", p)
}

// perPage is how many lines a list shows at once.
const perPage = 50

// parsed tells whether the days are days.
func (f logFilter) parsed() (pipeline.EntryFilter, bool) {
	e := pipeline.EntryFilter{Action: f.Action, Actor: f.Actor}
	for text, t := range map[string]*time.Time{f.From: &e.From, f.To: &e.To} {
		if text == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, text, time.Local)
		if err != nil {
			return e, false
		}
		*t = day
	}
	if !e.To.IsZero() {
		e.To = e.To.AddDate(0, 0, 1) // the day itself counts
	}
	return e, true
}

// exportLog gives the chosen entries as CSV, with stable columns. What can be
// checked offline is the export of `postroom audit export`.
func (d *desk) exportLog(v *visit) error {
	f, ok := logFilter{Action: v.FormValue("action"), From: v.FormValue("from"), To: v.FormValue("to")}.parsed()
	if !ok {
		return errBadForm
	}
	ctx := v.Context()
	if err := d.Mailroom.LogView(ctx, v.user.Actor(), "log listed", "log"); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="postroom-log.csv"`)
	out := csv.NewWriter(v.w)
	if err := out.Write([]string{"entry", "time_utc", "time_local", "actor", "action", "about", "config", "version", "detail"}); err != nil {
		return nil // the browser is gone
	}
	for before := int64(0); ; {
		entries, next, err := d.Mailroom.Entries(ctx, before, 500, f)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := out.Write([]string{strconv.FormatInt(e.N, 10), e.Time.UTC().Format(time.RFC3339), e.Time.Local().Format(time.RFC3339),
				cell(e.Actor), cell(e.Action), cell(e.About), cell(e.Config), cell(e.Version), cell(string(pipeline.Escaped(e.Detail)))}); err != nil {
				return nil
			}
		}
		if out.Flush(); out.Error() != nil || next == 0 {
			return nil
		}
		before = next
	}
}

// cell keeps a text from being a formula where a spreadsheet opens the file.
func cell(text string) string {
	text = printable(text)
	if begins, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " \n")); strings.ContainsRune("=+-@＝＋－＠", begins) && text != "" {
		return "'" + text
	}
	return text
}

// storyPage is a document's whole story.
type storyPage struct {
	Story   pipeline.Story
	Whole   bool   // its pages and words may be seen
	Sample  string // that it is judged in; "" = in none
	Problem string
}

func (d *desk) story(v *visit) error { return d.showStory(v, http.StatusOK, "") }

func (d *desk) showStory(v *visit, status int, problem string) error {
	h, s, err := d.reach(v)
	if err != nil {
		return err
	}
	ctx := v.Context()
	if _, err := d.looked(v, "document viewed", h.Document, true); err != nil {
		return err
	}
	story, err := d.Mailroom.Story(ctx, h.Document, s == whole)
	if err != nil {
		return err
	}
	return v.show(status, "story", storyPage{Story: story, Whole: s == whole, Sample: v.PathValue("sample"), Problem: problem})
}

// lookBehind opens a letter for an auditor who says why. The reason is an entry of the
// log before anything is seen.
func (d *desk) lookBehind(v *visit) error {
	h, _, err := d.reach(v)
	if err != nil {
		return err
	}
	why := v.field("why")
	if !mail.Legible(why) || len(why) > 300 {
		return d.showStory(v, http.StatusUnprocessableEntity, v.t("story.why_needed"))
	}
	if err := d.openBehind(v, h.Document, why); err != nil {
		return err
	}
	v.redirect("/story/" + h.Document)
	return nil
}

func (d *desk) openBehind(v *visit, document, why string) error {
	if err := d.Mailroom.LogReason(v.Context(), v.user.Actor(), "document opened for an audit", document, why); err != nil {
		return err
	}
	return d.Sessions.Put(v.Context(), brokenGlass, document)
}

// findStory goes to the story of the document whose id, or the beginning of it, was typed.
func (d *desk) findStory(v *visit) error {
	id, err := d.Mailroom.FindDocument(v.Context(), v.field("document"))
	var several *pipeline.Several
	if errors.As(err, &several) || errors.Is(err, pipeline.ErrNoSuch) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	v.redirect("/story/" + id)
	return nil
}
