package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/pipeline"
	"postroom/web/access"
)

// A caseworker's day: the list, a letter, what is looked for in it, a note, and one that is
// another's.
func TestCaseworkersDay(t *testing.T) {
	h := newHouse(t)
	first := h.receive("a.pdf", "code="+caseA+" Dear office|the garden shed is finished", "and the garden fence too")[0].Document
	second := h.receive("b.pdf", "code="+caseB+" Please extend my permit")[0].Document
	b := h.as("caseworker")
	b.get("/letters")
	b.sees(caseA, caseB, "today", "new")
	if strings.Index(b.body, first) < strings.Index(b.body, second) {
		t.Error("the newest does not come first")
	}

	b.get("/letters/" + first)
	b.sees("Page 1 of 2", ">Dear</tspan>", "/file/searchable")
	if lines := regexp.MustCompile(`(?s)<text>.*?</text>`).FindAllString(b.body, -1); len(lines) != 2 || strings.Count(lines[1], "<tspan") != 5 {
		t.Errorf("the words do not stand in their lines: %q", lines)
	}
	if n := h.logged(first, "document viewed"); n != 1 {
		t.Errorf("the look is logged %d times", n)
	}
	b.get("/letters/" + first + "?page=2")
	b.sees(">fence</tspan>")
	if n := h.logged(first, "document viewed"); n != 1 {
		t.Errorf("turning a page is logged: %d", n)
	}

	got := b.post("/letters/"+first, url.Values{"find": {"garden"}})
	if where := got.Header.Get("Location"); where != "/letters/"+first+"?hit=1#hit" {
		t.Errorf("looking for a word leads to %q", where)
	}
	b.get("/letters/" + first + "?hit=1")
	b.sees("Place 1 of 2", `class="hit now" id="hit" tabindex="-1"`, "?hit=2#hit")
	b.get("/letters/" + first + "?hit=2")
	b.sees("Place 2 of 2", "Page 2 of 2")

	b.get("/letters/" + first + "/newer")
	b.follow("/letters/"+first+"/notes", url.Values{"note": {"called <b>her</b> back"}})
	b.sees("called &lt;b&gt;her&lt;/b&gt; back", "The caseworker (caseworker)")
	if got := b.post("/letters/"+first+"/notes", url.Values{"note": {" "}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty note: %s", got.Status)
	}

	b.follow("/letters/"+second+"/return", url.Values{"why": {"not my case"}, "version": {"0"}})
	b.sees("Sent back to the mailroom")
	b.lacks(caseB)
	if got := b.get("/letters/" + second); got.StatusCode != http.StatusNotFound { // it was never opened
		t.Errorf("the letter that was sent back unread: %s", got.Status)
	}
	if h, err := h.mailroom.Holding(t.Context(), second); err != nil || h.Reference != "" {
		t.Error(h, err)
	}
	b.get("/letters/" + first)
	b.follow("/letters/"+first+"/return", url.Values{"why": {"nor this"}})
	for _, path := range []string{"", "/case", "/file/original", "/older"} {
		if got := b.get("/letters/" + first + path); got.StatusCode != http.StatusGone {
			t.Errorf("%s of the letter that was open: %s", path, got.Status)
		}
	}
	b.sees("no longer with you")
}

func TestLettersAreFiltered(t *testing.T) {
	h := newHouse(t)
	first := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	h.receive("b.pdf", "code="+caseB+" two")
	b := h.as("caseworker")
	b.get("/letters/" + first)
	b.follow("/letters", url.Values{"read": {"unread"}})
	b.sees(caseB)
	b.lacks(caseA)
	b.follow("/letters/views", url.Values{"name": {"To do"}})
	b.sees("To do")
	view := regexp.MustCompile(`name="view" value="([^"]+)"`).FindStringSubmatch(b.body)[1]
	b.follow("/letters", url.Values{"all": {"1"}})
	b.sees(caseA, caseB)
	b.follow("/letters/views/open", url.Values{"view": {view}})
	b.lacks(caseA)
	if got := b.get("/letters/" + first + "/newer"); !strings.HasPrefix(got.Header.Get("Location"), "/letters/") || strings.Contains(got.Header.Get("Location"), first) {
		t.Errorf("the newer one: %s", got.Header.Get("Location"))
	}
	h.hire(access.User{Login: "cleo", Roles: []access.Role{access.Caseworker}, Groups: []string{}})
	other := h.as("cleo")
	other.get("/letters")
	other.lacks(caseA, caseB, "To do")
	if got := other.post("/letters/views/open", url.Values{"view": {view}}); got.StatusCode != http.StatusNotFound {
		t.Errorf("another's view: %s", got.Status)
	}
	b.follow("/letters/views/open", url.Values{"view": {view}, "remove": {"1"}})
	b.lacks("To do")
	today := h.clock.today()
	b.follow("/letters", url.Values{"from": {today}, "to": {today}, "store": {"tax"}, "source": {"process"}})
	b.sees(caseA, caseB)
	b.follow("/letters", url.Values{"to": {h.clock.now().AddDate(0, 0, -1).Format(time.DateOnly)}})
	b.sees("No letter among those chosen")
	if got := b.post("/letters", url.Values{"from": {"soon"}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %s", got.Status)
	}
}

// Whoever asks for a page by its link, or for a picture alone, looks into the letter as well.
func TestEveryWayIntoALetterIsLogged(t *testing.T) {
	h := newHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	for i, path := range []string{"?page=1", "/picture/1/screen", "?all=1", "?hit=1"} {
		h.clock.move(oneLook + time.Second) // what belongs to one look is one entry
		h.as("caseworker").opens("/letters/" + id + path)
		if n := h.logged(id, "document viewed"); n != i+1 {
			t.Errorf("%s: logged %d times, not %d", path, n, i+1)
		}
	}
}

func TestSearchOfLetters(t *testing.T) {
	h := newHouse(t)
	first := h.receive("a.pdf", "code="+caseA+" nothing here", "the garden shed")[0].Document
	second := h.receive("b.pdf", "code="+caseB+" a garden fence")[0].Document
	b := h.as("caseworker")
	got := b.post("/search", url.Values{"q": {"garden"}})
	if where := got.Header.Get("Location"); where != "/search" {
		t.Fatalf("leads to %q", where)
	}
	b.get("/search")
	b.sees("2 letters", "<mark>garden</mark>", "/letters/"+first+"?found=1&amp;page=2#hit")
	if n := h.logged(first, "document found"); n != 1 {
		t.Errorf("the snippet is logged %d times", n)
	}
	b.get("/letters/" + first + "?found=1&page=2")
	b.sees("Place 1 of 1", "Page 2 of 2")
	h.must(h.mailroom.Return(t.Context(), second, pipeline.Return{Why: "no", By: "Someone"}))
	b.get("/search") // the index has not followed yet
	b.sees(caseA)
	b.lacks(caseB)
	b.follow("/search", url.Values{"q": {"garden"}, "month": {"1999-01"}})
	b.sees("0 letters")
	if got := b.post("/search", url.Values{"q": {"garden"}, "month": {"soon"}}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a month that is none: %s", got.Status)
	}
}

func TestDownloads(t *testing.T) {
	h := newHouse(t)
	id := h.receive("a.pdf", "%PDF-code="+caseA+" one")[0].Document
	b := h.as("caseworker")
	got := b.get("/letters/" + id + "/file/original")
	whole := b.body
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(got.Header.Get("Content-Security-Policy"), "sandbox") ||
		got.Header.Get("Content-Disposition") != `attachment; filename="letter-`+id[:8]+`-original.pdf"` {
		t.Errorf("%s %v", got.Status, got.Header)
	}
	if got := b.get("/letters/"+id+"/file/original", "Range", "bytes=5-9"); got.StatusCode != http.StatusPartialContent || b.body != whole[5:10] {
		t.Errorf("a range: %s %q", got.Status, b.body)
	}
	if b.get("/letters/" + id + "/file/searchable"); !strings.HasPrefix(b.body, "%PDF-searchable") {
		t.Error(b.body)
	}
	if got := b.get("/letters/" + id + "/file/other"); got.StatusCode != http.StatusNotFound {
		t.Error(got.Status)
	}
	if n := h.logged(id, "document downloaded"); n != 3 {
		t.Errorf("logged %d times", n)
	}
}

// A letter that a person has filed although a page of it could not be read says why that
// page is not shown, and gives the file.
func TestPageThatCanNotBeShown(t *testing.T) {
	h := newHouse(t)
	d := h.receive("a.pdf", "dead", "page two")[0]
	id := d.Document
	h.must(h.mailroom.Decide(t.Context(), id, pipeline.Decision{Reference: caseA, By: "Olga (olga)"}))
	h.rest(d.Batch)
	b := h.as("caseworker")
	b.opens("/letters/" + id)
	b.sees("can’t be shown", "the helper process died", "/letters/"+id+"/file/original", "Page 1 of 2")
	b.lacks("/picture/1/screen")
	if got := b.get("/letters/" + id + "/picture/1/screen"); got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "image/svg+xml" {
		t.Error("its picture:", got.Status, got.Header)
	}
	b.opens("/letters/" + id + "?all=1&page=7&hit=3&turn=45")
}

// No way to a letter is open to somebody whose cases it is not in, and none of them tells
// that it is there.
func TestLettersOfOthers(t *testing.T) {
	h := newHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	group, err := h.directory.SaveGroup(t.Context(), "test", access.Group{Name: "Others", Stores: []string{"tax"}, Cases: []string{"TX-2021-000002-.*"}})
	h.must(err)
	h.hire(access.User{Login: "dora", Roles: []access.Role{access.Caseworker}, Groups: []string{group.ID}})
	dora, ways := h.as("dora"), 0
	others := map[access.Role]*browser{}
	for _, r := range access.Roles() {
		if r != access.Caseworker {
			others[r] = h.as(string(r))
		}
	}
	for _, r := range (&desk{}).routes() {
		method, path, _ := strings.Cut(r.pattern, " ")
		if !strings.HasPrefix(path, "/letters/{document}") {
			continue
		}
		ways++
		path = strings.NewReplacer("{document}", id, "{page}", "1", "{size}", "screen", "{kind}", "original").Replace(path)
		form := url.Values{"why": {"mine"}, "note": {"mine"}, "find": {"one"}}
		if got := dora.do(dora.request(method, path, form)); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s: %s", method, path, got.Status)
		}
		for role, b := range others {
			if got := b.do(b.request(method, path, form)); got.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s by the %s: %s", method, path, role, got.Status)
			}
		}
	}
	if ways < 10 {
		t.Errorf("only %d ways were tried", ways)
	}
	if is, err := h.mailroom.Document(t.Context(), id); err != nil || is.Status != "filed" || h.logged(id, "document viewed") != 0 {
		t.Error(is.Status, err)
	}
}
