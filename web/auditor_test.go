package web

import (
	"encoding/csv"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/pipeline"
	"postroom/pipeline/journal/audit"
)

// An auditor chooses among the entries of the log; what is looked for stands in no address.
func TestLogIsFiltered(t *testing.T) {
	h := newHouse(t)
	first := h.receive("a.pdf", "code="+caseA+" one")[0]
	second := h.receive("b.pdf", "code="+caseB+" two")[0]
	b := h.as("auditor")
	rows := func(form url.Values) (n int) {
		t.Helper()
		b.follow("/log", form)
		return strings.Count(b.body, `<a href="/log/entry/`)
	}
	today := h.clock.today()
	for what, c := range map[string]struct {
		form url.Values
		want int
	}{
		"placed":             {url.Values{"action": {"document placed"}}, 2},
		"of a case":          {url.Values{"action": {"document placed"}, "case": {caseA}}, 1},
		"of a document":      {url.Values{"action": {"document placed"}, "about": {second.Document[:10]}}, 1},
		"of a batch":         {url.Values{"action": {"batch received"}, "about": {first.Batch}}, 1},
		"by a rule":          {url.Values{"rule": {first.Rule}}, 2},
		"by another":         {url.Values{"rule": {"text-strong-live"}}, 0},
		"sure":               {url.Values{"band": {"high"}}, 2},
		"unsure":             {url.Values{"band": {"low"}}, 0},
		"today":              {url.Values{"action": {"document placed"}, "from": {today}, "to": {today}}, 2},
		"of one day of old":  {url.Values{"from": {"2020-01-02"}, "to": {"2020-01-02"}}, 0},
		"of a person":        {url.Values{"actor": {"The auditor (auditor)"}, "action": {"document placed"}}, 0},
		"of the same, views": {url.Values{"actor": {"The auditor (auditor)"}, "action": {"document judged"}}, 0},
	} {
		if got := rows(c.form); got != c.want {
			t.Errorf("%s: %d entries, not %d", what, got, c.want)
		}
	}
	for what, form := range map[string]url.Values{"a day": {"from": {"soon"}}, "a document": {"about": {"ffffffff"}}} {
		if got := b.post("/log", form); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(b.body, `class="problem"`) {
			t.Errorf("%s that is none: %s", what, got.Status)
		}
	}
	rows(url.Values{"action": {"document placed"}})
	b.get(regexp.MustCompile(`/log/entry/\d+`).FindString(b.body))
	b.sees("document placed", caseB, "barcode-strong-live")
	if h.logged("", "log entry viewed") != 1 {
		t.Error("that the entry was read is not logged")
	}

	got := b.get("/log/export")
	lines, err := csv.NewReader(strings.NewReader(b.body)).ReadAll()
	if err != nil || len(lines) != 3 || strings.Join(lines[0], " ") != "entry time_utc time_local actor action about config version detail" {
		t.Errorf("%s %v %v", got.Header, lines, err)
	}
	b.get("/log/proofs")
	keys, err := audit.ParseKeys(h.key)
	h.must(err)
	s, err := audit.Verify(strings.NewReader(b.body), keys, nil, func(format string, args ...any) { t.Errorf(format, args...) })
	if err != nil || !s.All || s.Entries < 10 || s.Details != 0 {
		t.Errorf("the export with proofs: %+v, %v", s, err)
	}
}

// A story tells who had seen a letter before it was sent back, and what today's rules would do.
func TestStoryTellsWhoHadSeenIt(t *testing.T) {
	h := newHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	c := h.as("caseworker")
	c.get("/letters/" + id)
	c.follow("/letters/"+id+"/return", url.Values{"why": {"of another Alder"}})
	b := h.as("auditor")
	b.get("/story/" + id)
	b.sees("Who had seen it", "The caseworker (caseworker)", "of another Alder", "Where it was before", "a barcode with a strong check names an open case", `<span class="mono">`+caseA+`</span>`)
	b.lacks("Nothing was read that speaks for a case", "/story/"+id+"/picture/")
	b.get("/story/" + id + "?replay=1")
	b.sees("other than decided", caseA, "A person has sent it back from that case")
	if got := b.get("/story/" + id + "/picture/1/screen"); got.StatusCode != http.StatusForbidden {
		t.Errorf("a page without a reason: %s", got.Status)
	}
	b.get("/story/" + id)
	b.sees(`action="/story/` + id + `/open#pages"`)
	b.follow("/story/"+id+"/open", url.Values{"why": {"complaint 7"}})
	b.sees("/story/" + id + "/picture/1/thumb")
	if at := strings.Index(b.body, `id="pages"`); at < 0 || at > strings.Index(b.body, "All that happened") {
		t.Error("the pages stand below the entries")
	}
	if n := h.logged(id, "document opened for an audit"); n != 1 {
		t.Error("the reason is logged", n, "times")
	}
	if got := b.post("/log/story", url.Values{"document": {"ffffffff"}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Error(got.Status)
	}
}

func TestVerificationFromTheDesk(t *testing.T) {
	h := newHouse(t)
	h.receive("a.pdf", "code="+caseA+" one")
	b := h.as("auditor")
	b.get("/log")
	b.sees("never verified")
	b.follow("/log/verification", nil)
	for { // what runs in the background ends with a commit
		changed := h.mailroom.Changed()
		if _, err := h.mailroom.LastVerification(t.Context()); err == nil {
			break
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatal("it does not end")
		}
	}
	b.get("/log/verification")
	b.sees("no fault", "The auditor (auditor)", "batches: 1, documents: 1")
}

// Letters of a sample are judged one after another; what is wrong is a list for those who
// may take it back.
func TestSampleIsJudgedInTurn(t *testing.T) {
	h := newHouse(t)
	h.receive("a.pdf", "code="+caseA+" one")
	h.receive("b.pdf", "code="+caseB+" two")
	b := h.as("auditor")
	today := h.clock.today()
	for _, size := range []url.Values{{"count": {"0"}}, {"count": {"2.5"}}, {"count": {"0"}, "unit": {"share"}}, {"count": {"100.5"}, "unit": {"share"}}, {"count": {"NaN"}, "unit": {"share"}}, {"count": {"ten"}, "unit": {"share"}}} {
		form := url.Values{"from": {today}, "to": {today}, "count": size["count"], "unit": size["unit"]}
		if got := b.post("/samples", form); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%v: %s", size, got.Status)
		}
	}
	b.follow("/samples", url.Values{"from": {today}, "to": {today}, "count": {"0,1"}, "unit": {"share"}})
	b.sees("<dd>1 / 2</dd>")
	b.follow("/samples", url.Values{"from": {today}, "to": {today}, "count": {"1"}, "stratified": {"1"}})
	b.sees("<dd>2 / 2, some of each scheme and rule</dd>")
	b.follow("/samples", url.Values{"from": {today}, "to": {today}, "count": {"9"}})
	sample := regexp.MustCompile(`/samples/([^/"]+)/next`).FindStringSubmatch(b.body)[1]
	next := func(where string) (path string) {
		t.Helper()
		got := b.get(where)
		path = got.Header.Get("Location")
		b.get(path)
		return path
	}
	path := next("/samples/" + sample + "/next")
	b.sees("Is this letter in the case", "<dd>machine, <time", `data-key="r"`, `data-key="w"`)
	if !strings.Contains(b.body, "Ada Alder") && !strings.Contains(b.body, "Bob Birch") {
		t.Error("the register's name is not there")
	}
	if got := b.post(path, url.Values{"verdict": {"wrong"}, "place": {"1"}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("wrong without a reason: %s", got.Status)
	}
	got := b.post(path, url.Values{"verdict": {"wrong"}, "why": {"=of a namesake"}, "place": {"1"}})
	second := next(got.Header.Get("Location"))
	if second == path {
		t.Fatal("the same letter again")
	}
	got = b.post(second, url.Values{"verdict": {"right"}, "place": {"2"}})
	if end := next(got.Header.Get("Location")); end != "/samples/"+sample {
		t.Errorf("at the end it leads to %s", end)
	}
	b.sees("All letters of the sample are judged", "50%")
	b.get("/samples/" + sample + "/export")
	lines, err := csv.NewReader(strings.NewReader(b.body)).ReadAll()
	if err != nil || len(lines) != 3 || lines[1][4] != "wrong" || lines[1][5] != "'=of a namesake" || lines[2][4] != "right" {
		t.Error(lines, err)
	}

	document := path[strings.LastIndexByte(path, '/')+1:]
	filedIn := caseA
	if strings.Contains(b.get(second).Status, "200") && strings.Contains(b.body, caseA) {
		filedIn = caseB
	}
	b.get("/wrong")
	b.sees("=of a namesake")
	b.lacks("Take it back")
	if got := b.post("/wrong/"+document, url.Values{"why": {"x"}}); got.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor changes something: %s", got.Status)
	}
	o := h.as("operator")
	o.get("/wrong")
	o.sees("Take it back", `<a href="/batches/`, ".pdf</a></td><td>1</td>", "TX-2021-00000")
	found := regexp.MustCompile(`name="found" value="([^"]+)"`).FindStringSubmatch(o.body)[1]
	if got := o.post("/wrong/"+second[strings.LastIndexByte(second, '/')+1:], url.Values{"why": {"x"}, "found": {found}}); got.StatusCode != http.StatusNotFound {
		t.Errorf("one that is right is taken back: %s", got.Status)
	}
	o.sends("/wrong/"+document, url.Values{"why": {"of a namesake"}, "found": {found}})
	b.get(path) // it is judged as it was filed, wherever it is now
	b.sees(filedIn, "waits for a person")
	opened, seen := h.logged(document, "document opened for an audit"), h.logged(document, "document viewed")
	b.get(path)
	b.get(path + "?page=1")
	if reasons, looks := h.logged(document, "document opened for an audit")-opened, h.logged(document, "document viewed")-seen; reasons != 0 || looks != 1 {
		t.Errorf("a letter that is looked at again: %d reasons, %d looks", reasons, looks)
	}
	if is, err := h.mailroom.Document(t.Context(), document); err != nil || is.Status != "exception" || is.Reason != "recall" {
		t.Error(is.Status, is.Reason, err)
	}
}

// An administrator sees who is signed in, who may see a case, and what a group would see.
func TestAdministratorsLook(t *testing.T) {
	h := newHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	c, b := h.as("caseworker"), h.as("administrator")
	b.get("/sessions")
	b.sees("The caseworker", "The administrator", "this one")
	token := regexp.MustCompile(`name="session" value="([^"]+)"`).FindStringSubmatch(b.body)[1]
	b.follow("/sessions/end", url.Values{"session": {token}})
	b.sees("The session is ended")
	if got := c.get("/letters"); !strings.HasPrefix(got.Header.Get("Location"), "/signin?") {
		t.Error("who was signed out is still in:", got.Status)
	}
	b.follow("/reach", url.Values{"case": {caseA}})
	b.sees("1 caseworker may see it", "The caseworker", "Taxes")
	if b.post("/reach", url.Values{"case": {"nonsense"}}); b.get("/reach").StatusCode != http.StatusUnprocessableEntity {
		t.Error("nonsense is a case")
	}
	group := url.Values{"name": {"One"}, "store": {"tax"}, "cases": {"TX-2021-000001-.*"}, "preview": {"1"}}
	if got := b.post("/groups", group); got.StatusCode != http.StatusOK {
		t.Fatal(got.Status)
	}
	b.sees("It would see 1 of the 4 cases", `value="One"`)
	group.Set("cases", "TX-(")
	if got := b.post("/groups", group); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(b.body, "TX-(") {
		t.Error("a pattern that is none:", got.Status)
	}
	b.sees(`TX-( is no pattern (RE2): <span lang="en">missing closing )`)
	b.lacks("error parsing") // the commands' English
	if groups, err := h.directory.Groups(t.Context()); err != nil || len(groups) != 1 {
		t.Error("looking has made a group", groups, err)
	}
	form := url.Values{"login": {"new"}, "name": {"New"}, "password": {"seven blue window envelopes"}, "role": {"caseworker"}}
	b.follow("/users", form)
	b.sees("Without a group this caseworker sees no letters yet", "no group: sees no letters")
	form.Set("login", "other")
	form.Set("group", h.group.ID)
	b.follow("/users", form)
	b.sees("The user is added")
	for _, path := range []string{"/letters/" + id, "/letters/" + id + "/picture/1/screen", "/story/" + id} {
		if got := b.get(path); got.StatusCode != http.StatusForbidden {
			t.Errorf("an administrator at %s: %s", path, got.Status)
		}
	}
}

// A letter of a sample that was divided since is judged by what the log has of it: its pages
// stand in other letters, whose readers would not know who read them.
func TestSampleOpensNoOtherLettersPages(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	d := h.receive("a.pdf", "code="+caseA+" zanzibar", "madagascar")[0]
	today := h.clock.now()
	sample, err := h.mailroom.DrawSample(ctx, "An Auditor", pipeline.SampleOrder{Count: 9, From: today, To: today})
	if err != nil {
		t.Fatal(err)
	}
	b := h.as("auditor")
	at := "/samples/" + sample.ID + "/" + d.Document
	b.get(at)
	b.sees("zanzibar", "/story/"+d.Document+"/picture/1/screen")
	if err := h.mailroom.Return(ctx, d.Document, pipeline.Return{Why: "two letters", By: "A. Caseworker"}); err != nil {
		t.Fatal(err)
	}
	if err := h.mailroom.Decide(ctx, d.Document, pipeline.Decision{SplitBefore: 2, By: "A. Clerk"}); err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string]*browser{"who had opened it": b, "another": h.as("auditor")} {
		opened := h.logged(d.Document, "document opened for an audit")
		for _, path := range []string{at, at + "?page=2"} {
			if got := b.get(path); got.StatusCode != http.StatusOK {
				t.Fatal(got.Status)
			}
			b.sees("Is this letter in the case", caseA, "divided into other letters")
			b.lacks("zanzibar", "madagascar", "/picture/")
		}
		if n := h.logged(d.Document, "document opened for an audit"); n != opened {
			t.Errorf("%s: what can't be opened is logged as opened", what)
		}
	}
}

// A letter that an auditor found in a wrong case is not taken out of the right one, into
// which somebody has brought it: before it was judged, or since the list was shown.
func TestWhatWasMovedIsNotTakenBack(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	before, since := h.receive("a.pdf", "code="+caseA+" one")[0], h.receive("b.pdf", "code="+caseA+" two")[0]
	moves := func(d pipeline.DocumentLine) {
		t.Helper()
		h.must(errors.Join(
			h.mailroom.Return(ctx, d.Document, pipeline.Return{Why: "of another Berg", By: "A. Caseworker"}),
			h.mailroom.Decide(ctx, d.Document, pipeline.Decision{Reference: caseB, By: "A. Clerk"})))
		h.rest(d.Batch)
	}
	today := h.clock.now()
	sample, err := h.mailroom.DrawSample(ctx, "An Auditor", pipeline.SampleOrder{Count: 9, From: today, To: today})
	if err != nil {
		t.Fatal(err)
	}
	moves(before)
	b, o := h.as("auditor"), h.as("operator")
	found := map[string]string{}
	for _, d := range []pipeline.DocumentLine{before, since} {
		if got := b.post("/samples/"+sample.ID+"/"+d.Document, url.Values{"verdict": {"wrong"}, "why": {"of a namesake"}}); got.StatusCode != http.StatusSeeOther {
			t.Fatal(got.Status)
		}
	}
	all, err := h.mailroom.FoundWrong(ctx, "", 9)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	for _, w := range all {
		found[w.Document] = w.Key
	}
	o.get("/wrong")
	o.sees(`action="/wrong/`+since.Document, "changed since")
	o.lacks(`action="/wrong/` + before.Document)
	moves(since)
	for what, d := range map[string]pipeline.DocumentLine{"before": before, "since": since} {
		got := o.post("/wrong/"+d.Document, url.Values{"why": {"of a namesake"}, "found": {found[d.Document]}})
		is, err := h.mailroom.Document(ctx, d.Document)
		if got.StatusCode != http.StatusUnprocessableEntity || err != nil || is.Status != "filed" || is.Reference != caseB {
			t.Errorf("moved %s: %s, it is %s in %q, %v", what, got.Status, is.Status, is.Reference, err)
		}
	}
}

// hurried counts the times that an answer was given more time.
type hurried struct {
	*httptest.ResponseRecorder
	given int
}

func (h *hurried) SetWriteDeadline(time.Time) error { h.given++; return nil }

// An export that looks through a long log and finds nothing has time for each part of it.
func TestExportHasTimeForALongLog(t *testing.T) {
	h := newHouse(t)
	if err := h.mailroom.LogViews(t.Context(), "test", "document found", make([]string, 4500)); err != nil {
		t.Fatal(err)
	}
	b := h.as("auditor")
	b.follow("/log", url.Values{"actor": {"nobody"}})
	r := httptest.NewRequest(http.MethodGet, "/log/export", nil)
	for _, c := range b.cookies() {
		r.AddCookie(c)
	}
	w := &hurried{ResponseRecorder: httptest.NewRecorder()}
	h.desk.Config.Handler.ServeHTTP(w, r)
	if lines := strings.Count(w.Body.String(), "\n"); w.Code != http.StatusOK || lines != 1 || w.given < 3 {
		t.Errorf("%d, %d lines, time was given %d times", w.Code, lines, w.given)
	}
}
