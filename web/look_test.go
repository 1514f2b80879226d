package web

import (
	"net/http"
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
