package web

import (
	"net/http"
	"testing"
	"time"

	"postroom/web/session"
)

// TestNoticeIsSaidOnce tells that a notice is its session's alone, is said once, and is not
// said when its page was never asked for.
func TestNoticeIsSaidOnce(t *testing.T) {
	c := &clock{}
	n := newNotices(c.now)
	ann, elsewhere := reader{"ann", c.now()}, reader{"ann", c.now().Add(time.Second)}
	n.leave(ann, "filed")
	if got := n.take(elsewhere); got != "" {
		t.Errorf("another session of the same person was told %q", got)
	}
	if got := n.take(ann) + "|" + n.take(ann); got != "filed|" {
		t.Errorf("it was told %q, want once", got)
	}
	n.leave(ann, "old")
	c.move(noticeFor)
	if got := n.take(ann); got != "" {
		t.Errorf("it was told %q after a while", got)
	}
	n.leave(ann, "old")
	c.move(noticeFor)
	n.leave(elsewhere, "new")
	if len(n.left) != 1 {
		t.Errorf("%d notices are kept, want the new one alone", len(n.left))
	}
}

// A page that asks for itself in another tab does not take what is to be said in this one.
func TestNoticeIsForWhoLooks(t *testing.T) {
	b := newHouse(t).as("operator")
	if got := b.post("/station/undo", nil); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	r := b.request(http.MethodGet, "/intake", nil)
	r.Header.Set(session.Poll, "1")
	if got := b.do(r); got.StatusCode != http.StatusOK {
		t.Fatal(got.Status)
	}
	b.get("/station")
	b.sees(`class="notice" role="status"`)
}
