package web

import (
	"sync"
	"time"
)

// leases tell who works at which waiting document, so that two people never do the
// same one. They live in memory: after a restart everyone takes the next one anew, and
// the version that each decision names refuses the second of two all the same.
type leases struct {
	now func() time.Time

	mu   sync.Mutex
	held map[string]lease // by document
}

// lease is one person's hold of a document.
type lease struct {
	user, name string
	until      time.Time
	draft      string // what was typed, kept when it is laid aside
}

// term is how long a lease lasts without being asked for again.
const term = 15 * time.Minute

func newLeases(now func() time.Time) *leases { return &leases{now: now, held: map[string]lease{}} }

// take gives the document to the person if nobody else has it; else it names who has.
func (l *leases) take(document, user, name string) (holder string, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	has, ok := l.held[document]
	if ok && has.user != user && has.user != "" {
		return has.name, false
	}
	l.held[document] = lease{user, name, l.now().Add(term), has.draft}
	return "", true
}

// seize gives the document to the person whoever has it, and names who had.
func (l *leases) seize(document, user, name string) (from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	has := l.held[document]
	if has.user != user {
		from = has.name
	}
	l.held[document] = lease{user, name, l.now().Add(term), has.draft}
	return from
}

// free lays the document aside; what was typed stays for whoever takes it next.
func (l *leases) free(document, user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	has, ok := l.held[document]
	switch {
	case !ok || has.user != user:
	case has.draft == "":
		delete(l.held, document)
	default:
		l.held[document] = lease{until: l.now().Add(24 * time.Hour), draft: has.draft}
	}
}

// end forgets a document that was decided.
func (l *leases) end(document string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, document)
}

// others tells whether somebody else works at the document.
func (l *leases) others(document, user string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	has, ok := l.held[document]
	return ok && has.user != "" && has.user != user && has.until.After(l.now())
}

// write keeps what the holder has typed, and lengthens the lease.
func (l *leases) write(document, user, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if has, ok := l.held[document]; ok && has.user == user {
		l.held[document] = lease{user, has.name, l.now().Add(term), text}
	}
}

// draft gives what was typed and not sent.
func (l *leases) draft(document string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[document].draft
}

// sweep forgets leases that are over; those with a draft wait for a day without a holder.
func (l *leases) sweep() {
	now := l.now()
	for id, has := range l.held {
		if has.until.After(now) {
			continue
		}
		if has.user != "" && has.draft != "" {
			l.held[id] = lease{until: now.Add(24 * time.Hour), draft: has.draft}
			continue
		}
		delete(l.held, id)
	}
}
