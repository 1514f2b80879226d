package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/pipeline"
	"postroom/web/access"
)

// follow posts a form and goes where that leads.
func (b *browser) follow(path string, form url.Values) *http.Response {
	b.t.Helper()
	got := b.post(path, form)
	if got.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("POST %s: %s\n%s", path, got.Status, b.body)
	}
	return b.get(got.Header.Get("Location"))
}

func (b *browser) wants(what string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(b.body, text) {
			b.t.Errorf("%s: the page lacks %q\n%s", what, text, b.body)
		}
	}
}

func (b *browser) lacks(what string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if strings.Contains(b.body, text) {
			b.t.Errorf("%s: the page has %q", what, text)
		}
	}
}

// A caseworker's day: the list, a letter, what is looked for in it, a note, and one that is
// another's.
func TestCaseworkersDay(t *testing.T) {
	h := newFilledHouse(t)
	first := h.receive("a.pdf", "code="+caseA+" Dear office|the garden shed is finished", "and the garden fence too")[0].Document
	second := h.receive("b.pdf", "code="+caseB+" Please extend my permit")[0].Document
	b := h.as(access.Caseworker)
	b.get("/letters")
	b.wants("the list", caseA, caseB, "today", "new")
	if strings.Index(b.body, first) < strings.Index(b.body, second) {
		t.Error("the newest does not come first")
	}

	b.get("/letters/" + first)
	b.wants("the letter", "Page 1 of 2", ">Dear</tspan>", "/file/searchable")
	if lines := regexp.MustCompile(`(?s)<text>.*?</text>`).FindAllString(b.body, -1); len(lines) != 2 || strings.Count(lines[1], "<tspan") != 5 {
		t.Errorf("the words do not stand in their lines: %q", lines)
	}
	if n := h.logged(first, "document viewed"); n != 1 {
		t.Errorf("the look is logged %d times", n)
	}
	b.get("/letters/" + first + "?page=2")
	b.wants("its second page", ">fence</tspan>")
	if n := h.logged(first, "document viewed"); n != 1 {
		t.Errorf("turning a page is logged: %d", n)
	}

	got := b.post("/letters/"+first, url.Values{"find": {"garden"}})
	if where := got.Header.Get("Location"); where != "/letters/"+first+"?hit=1#hit" {
		t.Errorf("looking for a word leads to %q", where)
	}
	b.get("/letters/" + first + "?hit=1")
	b.wants("the first place", "Place 1 of 2", `class="hit now" id="hit"`, "?hit=2#hit")
	b.get("/letters/" + first + "?hit=2")
	b.wants("the next place", "Place 2 of 2", "Page 2 of 2")

	b.get("/letters/" + first + "/newer")
	b.follow("/letters/"+first+"/notes", url.Values{"note": {"called <b>her</b> back"}})
	b.wants("the note", "called &lt;b&gt;her&lt;/b&gt; back", "The caseworker (caseworker)")
	if got := b.post("/letters/"+first+"/notes", url.Values{"note": {" "}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty note: %s", got.Status)
	}

	b.follow("/letters/"+second+"/return", url.Values{"why": {"not my case"}, "version": {"0"}})
	b.wants("the list after", "Sent back to the mailroom")
	b.lacks("the list after", caseB)
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
	b.wants("the letter that was open", "no longer with you")
}

func TestLettersAreFiltered(t *testing.T) {
	h := newFilledHouse(t)
	first := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	h.receive("b.pdf", "code="+caseB+" two")
	b := h.as(access.Caseworker)
	b.get("/letters/" + first)
	b.follow("/letters", url.Values{"read": {"unread"}})
	b.wants("unread ones", caseB)
	b.lacks("unread ones", caseA)
	b.follow("/letters/views", url.Values{"name": {"To do"}})
	b.wants("the views", "To do")
	view := regexp.MustCompile(`name="view" value="([^"]+)"`).FindStringSubmatch(b.body)[1]
	b.follow("/letters", url.Values{"all": {"1"}})
	b.wants("all", caseA, caseB)
	b.follow("/letters/views/open", url.Values{"view": {view}})
	b.lacks("the view", caseA)
	if got := b.get("/letters/" + first + "/newer"); !strings.HasPrefix(got.Header.Get("Location"), "/letters/") || strings.Contains(got.Header.Get("Location"), first) {
		t.Errorf("the newer one: %s", got.Header.Get("Location"))
	}
	other := h.browser()
	if _, _, err := h.directory.Add(t.Context(), "test", access.User{Login: "cleo", Name: "Cleo", Roles: []access.Role{access.Caseworker}, Language: "en"}, password); err != nil {
		t.Fatal(err)
	}
	other.post("/signin", url.Values{"login": {"cleo"}, "password": {password}})
	other.get("/letters")
	other.lacks("a stranger's list", caseA, caseB, "To do")
	if got := other.post("/letters/views/open", url.Values{"view": {view}}); got.StatusCode != http.StatusNotFound {
		t.Errorf("another's view: %s", got.Status)
	}
	b.follow("/letters/views/open", url.Values{"view": {view}, "remove": {"1"}})
	b.lacks("the views", "To do")
	today := time.Now().Format(time.DateOnly)
	b.follow("/letters", url.Values{"from": {today}, "to": {today}, "store": {"tax"}, "source": {"process"}})
	b.wants("of today", caseA, caseB)
	b.follow("/letters", url.Values{"to": {time.Now().AddDate(0, 0, -1).Format(time.DateOnly)}})
	b.wants("until yesterday", "No letter among those chosen")
	if got := b.post("/letters", url.Values{"from": {"soon"}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %s", got.Status)
	}
}

// Whoever asks for a page by its link, or for a picture alone, looks into the letter as well.
func TestEveryWayIntoALetterIsLogged(t *testing.T) {
	h := newFilledHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	for i, path := range []string{"?page=1", "/picture/1/screen", "?all=1", "?hit=1"} {
		h.clock.move(oneLook + time.Second) // what belongs to one look is one entry
		h.as(access.Caseworker).get("/letters/" + id + path)
		if n := h.logged(id, "document viewed"); n != i+1 {
			t.Errorf("%s: logged %d times, not %d", path, n, i+1)
		}
	}
}

func TestSearchOfLetters(t *testing.T) {
	h := newFilledHouse(t)
	first := h.receive("a.pdf", "code="+caseA+" nothing here", "the garden shed")[0].Document
	second := h.receive("b.pdf", "code="+caseB+" a garden fence")[0].Document
	if err := h.index.Follow(t.Context(), h.mailroom); err != nil {
		t.Fatal(err)
	}
	b := h.as(access.Caseworker)
	got := b.post("/search", url.Values{"q": {"garden"}})
	if where := got.Header.Get("Location"); where != "/search" {
		t.Fatalf("leads to %q", where)
	}
	b.get("/search")
	b.wants("what was found", "2 letters", "<mark>garden</mark>", "/letters/"+first+"?found=1&amp;page=2#hit")
	if n := h.logged(first, "document found"); n != 1 {
		t.Errorf("the snippet is logged %d times", n)
	}
	b.get("/letters/" + first + "?found=1&page=2")
	b.wants("the letter", "Place 1 of 1", "Page 2 of 2")
	if err := h.mailroom.Return(t.Context(), second, pipeline.Return{Why: "no", By: "Someone"}); err != nil {
		t.Fatal(err)
	}
	b.get("/search") // the index has not followed yet
	b.wants("what was found", caseA)
	b.lacks("what was found", caseB)
	b.follow("/search", url.Values{"q": {"garden"}, "month": {"1999-01"}})
	b.wants("of another month", "0 letters")
	if got := b.post("/search", url.Values{"q": {"garden"}, "month": {"soon"}}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a month that is none: %s", got.Status)
	}
}

func TestDownloads(t *testing.T) {
	h := newFilledHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	b := h.as(access.Caseworker)
	got := b.get("/letters/" + id + "/file/original")
	whole := b.body
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(got.Header.Get("Content-Security-Policy"), "sandbox") ||
		got.Header.Get("Content-Disposition") != `attachment; filename="letter-`+id[:8]+`-original.pdf"` {
		t.Errorf("%s %v", got.Status, got.Header)
	}
	r := b.request(http.MethodGet, "/letters/"+id+"/file/original", nil)
	r.Header.Set("Range", "bytes=5-9")
	if got := b.do(r); got.StatusCode != http.StatusPartialContent || b.body != whole[5:10] {
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
	h := newFilledHouse(t)
	id := h.receive("a.pdf", "dead", "page two")[0].Document
	if err := h.working(func(ctx context.Context) error {
		if err := h.mailroom.Decide(ctx, id, pipeline.Decision{Reference: caseA, By: "Olga (olga)"}); err != nil {
			return err
		}
		line, err := h.mailroom.Document(ctx, id)
		if err != nil {
			return err
		}
		return h.mailroom.Await(ctx, line.Batch, false)
	}); err != nil {
		t.Fatal(err)
	}
	b := h.as(access.Caseworker)
	if got := b.get("/letters/" + id); got.StatusCode != http.StatusOK {
		t.Fatal(got.Status)
	}
	b.wants("the letter", "can’t be shown", "the helper process died", "/letters/"+id+"/file/original", "Page 1 of 2")
	b.lacks("the letter", "/picture/1/screen")
	if got := b.get("/letters/" + id + "?all=1&page=7&hit=3&turn=45"); got.StatusCode != http.StatusOK {
		t.Error(got.Status)
	}
}

// No way to a letter is open to somebody whose cases it is not in, and none of them tells
// that it is there.
func TestLettersOfOthers(t *testing.T) {
	h := newFilledHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	group, err := h.directory.SaveGroup(t.Context(), "test", access.Group{Name: "Others", Stores: []string{"tax"}, Cases: []string{"TX-2021-000002-.*"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.directory.Add(t.Context(), "test", access.User{Login: "dora", Name: "Dora", Roles: []access.Role{access.Caseworker}, Groups: []string{group.ID}}, password); err != nil {
		t.Fatal(err)
	}
	dora, ways := h.browser(), 0
	dora.post("/signin", url.Values{"login": {"dora"}, "password": {password}})
	others := map[access.Role]*browser{}
	for _, r := range access.Roles() {
		if r != access.Caseworker {
			others[r] = h.as(r)
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
