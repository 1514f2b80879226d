package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/mail"
	"postroom/pipeline"
)

// speaking is a visit in a language, without a request.
func speaking(t *testing.T, lang string) *visit {
	t.Helper()
	return &visit{desk: &desk{words: everyWord(t)}, lang: lang}
}

// A file's name may be a person's: it is looked for, and stands in no address.
func TestNamesOfFilesStandInNoAddress(t *testing.T) {
	h := newHouse(t)
	o := h.as("operator")
	got := o.post("/intake", url.Values{"state": {"trouble"}, "day": {"2026-03-02"}, "name": {" Dupont <b> "}})
	to := got.Header.Get("Location")
	if got.StatusCode != http.StatusSeeOther || to != "/intake?day=2026-03-02&state=trouble" {
		t.Fatal(got.Status, to)
	}
	if got := o.get(to); got.StatusCode != http.StatusOK || !strings.Contains(o.body, `value="Dupont &lt;b&gt;"`) || strings.Contains(o.body, "Dupont <b>") {
		t.Errorf("%s: the name is not in its field", got.Status)
	}
	if other := h.as("operator"); other.get("/intake").StatusCode != http.StatusOK || strings.Contains(other.body, "Dupont") {
		t.Error("another session sees the name")
	}
	if got := o.post("/intake", url.Values{"name": {strings.Repeat("x", 201)}}); got.StatusCode != http.StatusBadRequest {
		t.Error("an endless name:", got.Status)
	}
	if got := o.get("/intake?day=yesterday"); got.StatusCode != http.StatusBadRequest {
		t.Error("no day:", got.Status)
	}
}

func TestListsOfTheIntake(t *testing.T) {
	h := newHouse(t)
	o := h.as("operator")
	for path, want := range map[string]string{"/differences": "No batch is open because of its ticket", "/rescans": "No paper has been asked for", "/differences?after=x": "", "/rescans?after=x": ""} {
		if got := o.get(path); got.StatusCode != http.StatusOK || !strings.Contains(o.body, want) {
			t.Errorf("%s: %s", path, got.Status)
		}
	}
	if got := o.post("/batches/none/retry", nil); got.StatusCode != http.StatusNotFound {
		t.Error("a batch that is none is tried again:", got.Status)
	}
	c := h.as("caseworker")
	for _, path := range []string{"/intake", "/differences", "/rescans"} {
		if got := c.get(path); got.StatusCode != http.StatusForbidden {
			t.Errorf("a caseworker at %s: %s", path, got.Status)
		}
	}
	for _, path := range []string{"/intake", "/batches/none/retry"} {
		if got := c.post(path, nil); got.StatusCode != http.StatusForbidden {
			t.Errorf("a caseworker posts to %s: %s", path, got.Status)
		}
	}
}

func TestPeriods(t *testing.T) {
	h := newHouse(t)
	h.clock.move(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	o := h.as("operator")
	for query, want := range map[string]struct {
		status   int
		from, to string
	}{
		"":                               {200, "2026-02-01", "2026-03-02"},
		"?days=7":                        {200, "2026-02-24", "2026-03-02"},
		"?days=8":                        {200, "2026-02-01", "2026-03-02"},
		"?from=2025-12-30&to=2026-01-02": {200, "2025-12-30", "2026-01-02"},
		"?from=2026-01-03&to=2026-01-02": {422, "2026-02-01", "2026-03-02"},
		"?from=2020-01-03&to=2026-01-02": {422, "2026-02-01", "2026-03-02"},
		"?from=2020-01-03":               {422, "2026-02-01", "2026-03-02"},
		"?from=x&to=y":                   {422, "2026-02-01", "2026-03-02"},
	} {
		got := o.get("/figures" + query)
		if got.StatusCode != want.status || !strings.Contains(o.body, `name="from" type="date" required value="`+want.from) || !strings.Contains(o.body, `name="to" type="date" required value="`+want.to) {
			t.Errorf("%q: %s, not %+v", query, got.Status, want)
		}
		if problem := strings.Contains(o.body, `class="problem"`); problem != (want.status == 422) {
			t.Errorf("%q: the problem box is there: %v", query, problem)
		}
	}
}

// What is wrong with a scanner is said with the place, in each language.
func TestWarningsAreSaid(t *testing.T) {
	s := pipeline.Scanner{Warnings: []pipeline.Warning{
		{Code: pipeline.WarnStreak, Place: 32.4, Seen: 18, Of: 18}, {Code: pipeline.WarnStreak, Place: 101.5, Seen: 18, Of: 20, Side: "back"}, {Code: pipeline.WarnStreak, Place: 9, Seen: 8, Of: 9, Side: "front"},
		{Code: pipeline.WarnDoubts, Now: 0.125, Before: 0.01}, {Code: pipeline.WarnConfidence, Now: 0.7, Before: 0.9}, {Code: pipeline.WarnSkew, Now: 1.25, Before: 0.5}}}
	seen := map[string]bool{}
	for _, lang := range Languages {
		all := speaking(t, lang).warnings(s)
		if len(all) != len(s.Warnings) {
			t.Fatalf("%s: %q", lang, all)
		}
		for i, numbers := range [][]string{{"32 mm", "18"}, {"102 mm", "18", "20"}, {"9 mm", "8"}, {"12", "1"}, {"70", "90"}, {"1", "0"}} {
			for _, n := range numbers {
				if !strings.Contains(all[i], n) {
					t.Errorf("%s: %q lacks %s", lang, all[i], n)
				}
			}
			if strings.Contains(all[i], "scanner.") || strings.Contains(all[i], "<no value>") || seen[all[i]] {
				t.Errorf("%s: %q", lang, all[i])
			}
			seen[all[i]] = true
		}
	}
	if got := speaking(t, "en").warnings(s)[0]; got != "A line 32 mm from the left edge, on the last 18 pages: clean the glass." {
		t.Error(got)
	}
}

func TestWithin(t *testing.T) {
	v := speaking(t, "fr")
	var d pipeline.Durations
	if got := v.within(d, 0.5); got != "–" {
		t.Error(got)
	}
	d.Within[4], d.Within[14] = 9, 1
	if got := v.within(d, 0.5); got != "≤ 5 minutes" {
		t.Error(got)
	}
	if got := v.within(d, 0.95); got != "> 30 jours" {
		t.Error(got)
	}
}

// A long period is drawn by weeks, and no day is left out.
func TestPlotsOfLongPeriods(t *testing.T) {
	v := speaking(t, "nl")
	from := time.Date(2025, 3, 1, 0, 0, 0, 0, time.Local)
	for days, columns := range map[int]int{1: 1, 92: 92, 93: 14, 365: 53, 1100: 40} {
		f := pipeline.Figures{From: from, To: from.AddDate(0, 0, days-1)}
		f.Days = []pipeline.Day{{Date: f.From, Tally: pipeline.Tally{Pages: 100}}, {Date: f.To, Tally: pipeline.Tally{Pages: 100, Open: 3}}}
		all := v.plots(f)
		if len(all) != 4 {
			t.Fatal(len(all))
		}
		want := 2
		if days == 1 {
			f.Days, want = f.Days[1:], 1
		}
		bars := strings.Count(string(v.plots(f)[0].SVG), "<rect")
		if bars -= 2; bars != want { // the key has one for each series
			t.Errorf("%d days: %d bars, want %d", days, bars, want)
		}
		if n := (days + columnDays(days) - 1) / columnDays(days); n != columns {
			t.Errorf("%d days: %d columns, want %d", days, n, columns)
		}
	}
}

// A long batch is looked at in parts, and its sums are of all of it.
func TestStripOfALongBatch(t *testing.T) {
	var pages []pipeline.PageLine
	for n := 1; n <= 250; n++ {
		p := pipeline.PageLine{Page: n, Placed: true, Document: fmt.Sprint(n / 3), State: mail.Filed, Blank: n%10 == 0}
		if n == 201 {
			p.State = mail.Held
		}
		pages = append(pages, p)
	}
	for from, want := range map[int][2]int{0: {1, 100}, 100: {1, 100}, 101: {101, 200}, 250: {201, 250}, 999: {201, 250}, -5: {1, 100}} {
		var p batchPage
		p.strip(pages, from)
		if len(p.Parts) != 3 || p.Blanks != 25 || p.Pages[0].Page != want[0] || p.Pages[len(p.Pages)-1].Page != want[1] || p.Parts[1].Waits || !p.Parts[2].Waits {
			t.Errorf("from %d: parts %+v, %d blank, pages %d to %d", from, p.Parts, p.Blanks, p.Pages[0].Page, p.Pages[len(p.Pages)-1].Page)
		}
		for _, part := range p.Parts {
			if part.Current != (part.From == want[0]) {
				t.Errorf("from %d: current is %+v", from, part)
			}
		}
	}
	var short batchPage
	if short.strip(pages[:100], 0); len(short.Parts) != 0 || len(short.Pages) != 100 {
		t.Errorf("a short batch has parts: %+v", short.Parts)
	}
	short = batchPage{}
	if short.strip(nil, 0); len(short.Pages) != 0 {
		t.Error("a file without pages has some")
	}
}

// Who asks for another try is told so, and in the log.
func TestBatchIsTriedAgain(t *testing.T) {
	h := newHouse(t)
	id := h.accept("Dupont <i>.pdf", "one")
	o := h.as("operator")
	if got := o.post("/batches/"+id+"/retry", nil); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/batches/"+id {
		t.Fatal(got.Status, got.Header)
	}
	if got := o.get("/batches/" + id); got.StatusCode != http.StatusOK || !strings.Contains(o.body, "What waited is tried again.") || !strings.Contains(o.body, "Dupont &lt;i&gt;.pdf") {
		t.Error(got.Status, "the page does not tell")
	}
	if all := h.entriesOf(pipeline.EntryFilter{Action: "batch tried again"}); len(all) != 1 || all[0].About != id || !strings.Contains(all[0].Actor, "operator") {
		t.Errorf("%+v", all)
	}
	o.post("/intake", url.Values{"name": {"dupont"}})
	if o.get("/intake"); !strings.Contains(o.body, id) {
		t.Error("it is not found by its name")
	}
	o.post("/intake", url.Values{"name": {"durand"}})
	if o.get("/intake"); strings.Contains(o.body, id) {
		t.Error("it is found by another name")
	}
}
