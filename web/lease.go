package web

import (
	"sync"
	"time"
)

// leases tell who works at which waiting document, so that two people never do the
// same one, and keep what each has typed and not sent. They live in memory: after a
// restart everyone takes the next one anew, and the version that each decision names
// refuses the second of two all the same.
type leases struct {
	now func() time.Time

	mu     sync.Mutex
	held   map[string]lease   // by document
	drafts map[drafting]draft // each person's own: a second keying must not see the first
}

// lease is one person's hold of a document.
type lease struct {
	user, name   string
	since, until time.Time
}

type drafting struct{ document, user string }

type draft struct {
	text  string
	until time.Time
}

// term is how long a lease lasts without being asked for again, draftTerm how long what
// was typed is kept, and maxDraft how much of it.
const (
	term      = 15 * time.Minute
	draftTerm = 24 * time.Hour
	maxDraft  = 200
)

func newLeases(now func() time.Time) *leases {
	return &leases{now: now, held: map[string]lease{}, drafts: map[drafting]draft{}}
}

// take gives the document to the person if nobody else has it; else it tells who has.
func (l *leases) take(document, user, name string) (has lease, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	has, ok := l.held[document]
	if ok && has.user != user {
		return has, false
	}
	if !ok {
		has = lease{user: user, name: name, since: l.now()}
	}
	has.until = l.now().Add(term)
	l.held[document] = has
	return has, true
}

// seize gives the document to the person whoever has it, and names who had.
func (l *leases) seize(document, user, name string) (from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	if has := l.held[document]; has.user != user {
		from = has.name
	}
	l.held[document] = lease{user: user, name: name, since: l.now(), until: l.now().Add(term)}
	return from
}

// only ends the person's leases of all documents but one, which was gone on to; "" = of
// all, when the person leaves. What was typed stays.
func (l *leases) only(document, user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, has := range l.held {
		if has.user == user && id != document {
			delete(l.held, id)
		}
	}
}

// end forgets a document that was decided, with all that was typed for it.
func (l *leases) end(document string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, document)
	for of := range l.drafts {
		if of.document == document {
			delete(l.drafts, of)
		}
	}
}

// another gives the lease of who else works at the document; zero = nobody does.
func (l *leases) another(document, user string) lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	has, ok := l.held[document]
	if !ok || has.user == user || !has.until.After(l.now()) {
		return lease{}
	}
	return has
}

// holder names who else works at the document; "" = nobody.
func (l *leases) holder(document, user string) string { return l.another(document, user).name }

// write keeps what the holder has typed, and lengthens the lease.
func (l *leases) write(document, user, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	has, ok := l.held[document]
	if !ok || has.user != user || len(text) > maxDraft {
		return
	}
	has.until = l.now().Add(term)
	l.held[document] = has
	if text == "" {
		delete(l.drafts, drafting{document, user})
		return
	}
	l.drafts[drafting{document, user}] = draft{text, l.now().Add(draftTerm)}
}

// draft gives what the person typed and did not send.
func (l *leases) draft(document, user string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.drafts[drafting{document, user}].text
}

// sweep forgets what is over.
func (l *leases) sweep() {
	now := l.now()
	for id, has := range l.held {
		if !has.until.After(now) {
			delete(l.held, id)
		}
	}
	for of, d := range l.drafts {
		if !d.until.After(now) {
			delete(l.drafts, of)
		}
	}
}
