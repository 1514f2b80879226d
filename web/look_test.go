package web

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"postroom/pipeline"
	"postroom/web/access"
	"postroom/web/session"
)

// TestLivePageIsOneLook has a page ask for itself again and again: an entry of the log for
// each would change the journal, and so have the page ask once more.
func TestLivePageIsOneLook(t *testing.T) {
	h := newHouse(t)
	b := h.as(access.Operator)
	entries := func() int {
		all, _, err := h.mailroom.Entries(t.Context(), 0, 100, pipeline.EntryFilter{Action: "exceptions listed"})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	poll := func() {
		r := b.request(http.MethodGet, "/station/list", nil)
		r.Header.Set(session.Poll, "1")
		if got := b.do(r); got.StatusCode != http.StatusOK {
			t.Fatal(got.Status)
		}
	}
	poll() // nobody has opened the page: it says that it asks by itself, and is a look all the same
	if n := entries(); n != 1 {
		t.Fatalf("%d entries of a first look, want 1", n)
	}
	for range 3 {
		poll()
	}
	if n := entries(); n != 1 {
		t.Errorf("%d entries of a page that asked for itself, want 1", n)
	}
	b.get("/station/list")
	if n := entries(); n != 2 {
		t.Errorf("%d entries after the page was opened again, want 2", n)
	}
	h.clock.move(oneLook + time.Second)
	poll()
	if n := entries(); n != 3 {
		t.Errorf("%d entries after a while, want 3", n)
	}
}

// A page that was dropped from a letter can be looked at, or nobody would find that it was a
// mistake; the look is in the story of the letter that it was taken out of.
func TestDroppedPageIsLookedAt(t *testing.T) {
	h := newStation(t)
	d := h.came("a.pdf", "one", "two")[0]
	c := h.clerk("operator")
	c.opens("/station")
	if got := c.does(d.Document, "page", url.Values{"do": {"drop"}, "page": {"2"}, "why": {"advertising"}}); got != http.StatusSeeOther {
		t.Fatal(got)
	}
	other := h.clerk("ben")
	n := h.logged(d.Document, "document viewed")
	if got := other.get("/batches/" + d.Batch + "/picture/2/full"); got.StatusCode != http.StatusOK || h.logged(d.Document, "document viewed") != n+1 {
		t.Errorf("%s, %d looks more at the letter that it was in", got.Status, h.logged(d.Document, "document viewed")-n)
	}
}
