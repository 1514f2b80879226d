package web

import (
	"testing"
	"time"
)

// TestNoticeIsSaidOnce tells that a notice is its session's alone, is said once, and is not
// said when its page was never asked for.
func TestNoticeIsSaidOnce(t *testing.T) {
	c := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
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
