package web

import (
	"sync"
	"time"

	"postroom/web/session"
)

// looks remember who has opened which letter of late, so that each of its pages and
// pictures need not be an entry of the log, and none is seen without one.
type looks struct {
	now func() time.Time

	mu   sync.Mutex
	last map[look]time.Time
}

type look struct{ user, action, document string }

// oneLook is how long pages and pictures belong to the look that was logged; mostLooks
// bounds what is remembered: what is forgotten is logged again.
const (
	oneLook   = 10 * time.Minute
	mostLooks = 20_000
)

func newLooks(now func() time.Time) *looks { return &looks{now: now, last: map[look]time.Time{}} }

// fresh tells whether the look was logged a short while ago.
func (l *looks) fresh(of look) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, is := l.last[of]
	return is && l.now().Sub(at) < oneLook
}

func (l *looks) note(of look) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if len(l.last) >= mostLooks {
		for k, at := range l.last {
			if now.Sub(at) >= oneLook {
				delete(l.last, k)
			}
		}
		if len(l.last) >= mostLooks {
			clear(l.last)
		}
	}
	l.last[of] = now
}

// byItself tells a request that a live page makes because something changed. An entry for
// each would be the next change, and the page would ask again for ever.
func (v *visit) byItself() bool { return v.Header.Get(session.Poll) != "" }

// looked sees to it that a look at a letter or a batch is an entry of the log before anything of it
// is shown: each opening, and else the first page or picture for a while. logged tells
// that it made one.
func (d *desk) looked(v *visit, action, document string, opening bool) (logged bool, err error) {
	of := look{v.user.ID, action, document}
	if !opening && d.looks.fresh(of) {
		return false, nil
	}
	if err := d.Mailroom.LogView(v.Context(), v.user.Actor(), action, document); err != nil {
		return false, err
	}
	d.looks.note(of)
	return true, nil
}
