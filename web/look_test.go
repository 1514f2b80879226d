package web

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// TestLivePageIsOneLook has a page ask for itself again and again: an entry of the log for
// each would change the journal, and so have the page ask once more.
func TestLivePageIsOneLook(t *testing.T) {
	h := newHouse(t)
	b := h.as("operator")
	entries := func() int { return h.logged("", "exceptions listed") }
	poll := func() { b.polls("/station/list") }
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
	d := h.receive("a.pdf", "one", "two")[0]
	c := h.as("operator")
	c.opens("/station")
	if got := c.does(d.Document, "page", url.Values{"do": {"drop"}, "page": {"2"}, "why": {"advertising"}}); got != http.StatusSeeOther {
		t.Fatal(got)
	}
	other := h.as("ben")
	n := h.logged(d.Document, "document viewed")
	if got := other.get("/batches/" + d.Batch + "/picture/2/full"); got.StatusCode != http.StatusOK || h.logged(d.Document, "document viewed") != n+1 {
		t.Errorf("%s, %d looks more at the letter that it was in", got.Status, h.logged(d.Document, "document viewed")-n)
	}
}

// TestLivePagesDoNotFeedThemselves: what a page asks for because something changed changes
// nothing, once the look is in the log; and without a look before it is one.
func TestLivePagesDoNotFeedThemselves(t *testing.T) {
	p := newPost(t)
	for who, paths := range map[string][]string{
		"operator":   {"/intake", "/batches/" + p.batch, "/station/list", "/rescans", "/station/" + p.letters["held"] + "?page=8"},
		"caseworker": {"/letters", "/letters/" + p.letters["own"] + "/case"},
	} {
		b := p.as(who)
		for _, path := range paths {
			n := len(p.entries())
			b.polls(path)
			seen := len(p.entries())
			changed := p.mailroom.Changed()
			for range 3 {
				b.polls(path)
			}
			select {
			case <-changed:
				t.Errorf("%s changes what it asks for: %s", path, p.entries()[0].Action)
			default:
			}
			if after := len(p.entries()); after != seen || seen-n > 1 || path == "/batches/"+p.batch && seen == n {
				t.Errorf("%s: %d entries, then %d more", path, seen-n, after-seen)
			}
		}
	}
}
