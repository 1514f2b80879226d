package web

import (
	"sync"
	"time"
)

// notices are what pages say once, after something was done. They live in memory: what is
// only said needs no commit to be kept, nor another to be forgotten.
type notices struct {
	now func() time.Time

	mu   sync.Mutex
	left map[reader]notice
}

// reader is a session: who signed in, and when.
type reader struct {
	user string
	at   time.Time
}

type notice struct {
	text  string
	until time.Time
}

// noticeFor is how long a notice waits for its page, which is mostly asked for at once.
const noticeFor = 5 * time.Minute

func newNotices(now func() time.Time) *notices {
	return &notices{now: now, left: map[reader]notice{}}
}

func (n *notices) leave(r reader, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.now()
	for of, has := range n.left {
		if !has.until.After(now) {
			delete(n.left, of)
		}
	}
	n.left[r] = notice{text, now.Add(noticeFor)}
}

// take gives what is to be said, once.
func (n *notices) take(r reader) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	has := n.left[r]
	delete(n.left, r)
	if !has.until.After(n.now()) {
		return ""
	}
	return has.text
}

// reader names the visitor's session.
func (v *visit) reader() reader { return reader{v.user.ID, v.desk.Sessions.Created(v.Context())} }
