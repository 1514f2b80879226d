package web

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// refusals write to the log of the process who was refused what. They are no entries of
// the signed log: whoever may do nothing must not be able to fill the disk. For the same
// reason one person's refusals at one route make one line a minute, with how many there were.
type refusals struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	told map[string]refusal // by user and route
}

// refusal is the last line about a user and a route.
type refusal struct {
	at    time.Time
	since int // that were left out after it
}

// A minute's lines are bounded, however many people and routes there are.
const (
	quiet       = time.Minute
	mostRefused = 1000
)

func newRefusals(log *slog.Logger, now func() time.Time) *refusals {
	return &refusals{log: log, now: now, told: map[string]refusal{}}
}

// tell notes that the visitor was refused. document is the letter that he may not see;
// "" = the route itself is not his.
func (r *refusals) tell(v *visit, document string) {
	who := v.user.ID
	if who == "" {
		who = "nobody"
	}
	route := v.Pattern
	if route == "" {
		route = "cross-site" // it did not come to a route
	}
	if left, due := r.due(who + " " + route); due {
		r.log.Warn("a request was refused", "user", who, "route", route, "document", document, "from", v.remote(), "left_out", left)
	}
}

// due tells whether a line is to be written, and how many were left out since the last.
func (r *refusals) due(key string) (left int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	was, known := r.told[key]
	if known && now.Sub(was.at) < quiet {
		was.since++
		r.told[key] = was
		return 0, false
	}
	if !known && len(r.told) >= mostRefused {
		for k, of := range r.told {
			if now.Sub(of.at) >= quiet {
				delete(r.told, k)
			}
		}
		if len(r.told) >= mostRefused {
			return 0, false
		}
	}
	r.told[strings.Clone(key)] = refusal{at: now}
	return was.since, true
}
