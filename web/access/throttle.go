package access

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// The attempts that may fail before each next one has to wait, twice as long each time
// up to the longest: nobody can lock an account for ever by failing for another.
const (
	freeOfLogin   = 5
	freeOfAddress = 30 // an office may share one
	firstWait     = time.Second
	longestWait   = time.Minute
	forgotten     = time.Hour // after the last failure
	mostFailing   = 100_000   // that are remembered at once
)

// throttle remembers failed sign-ins, in memory: a restart forgets them, and is rarer than the longest wait.
type throttle struct {
	now func() time.Time

	mu      sync.Mutex
	failing map[[16]byte]*failing // by login, login and address, or address
	trusted map[[16]byte]bool     // logins with an address from which one succeeded
}

// failing is what failed under a key.
type failing struct {
	n      int
	last   time.Time
	logged bool // that it has to wait, since the last attempt
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, failing: map[[16]byte]*failing{}, trusted: map[[16]byte]bool{}}
}

// key is short whatever a stranger types.
func key(parts ...string) (k [16]byte) {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	copy(k[:], sum[:])
	return k
}

func (f *failing) wait(free int, now time.Time) time.Duration {
	if f == nil || f.n < free {
		return 0
	}
	wait := min(firstWait<<min(f.n-free, 10), longestWait)
	return wait - now.Sub(f.last)
}

// keys gives what an attempt counts under, with the failures that each has free. Where the
// login has succeeded from an address, what others fail with it elsewhere does not count.
func (t *throttle) keys(login, from string) map[[16]byte]int {
	of := key("login", login)
	if pair := key("pair", login, from); t.trusted[pair] {
		of = pair
	}
	keys := map[[16]byte]int{of: freeOfLogin}
	if from != "" {
		keys[key("address", from)] = freeOfAddress
	}
	return keys
}

// begin counts an attempt as failed until it succeeds, so that many at once can't all be
// early; or says how long it has to wait, and whether that was said before.
func (t *throttle) begin(login, from string) (wait time.Duration, told bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	keys := t.keys(login, from)
	told = true
	for k, free := range keys {
		if w := t.failing[k].wait(free, now); w > 0 {
			f := t.failing[k]
			wait, told, f.logged = max(wait, w), told && f.logged, true
		}
	}
	if wait > 0 {
		return wait, told
	}
	for k := range keys {
		f := t.failing[k]
		if f == nil {
			t.makeRoom(now)
			f = &failing{}
			t.failing[k] = f
		}
		if now.Sub(f.last) > forgotten {
			f.n = 0
		}
		f.n, f.last, f.logged = f.n+1, now, false
	}
	return 0, false
}

// succeed takes an attempt back. Of the address it is one of many: whoever has an account
// must not wash away what he fails with others'.
func (t *throttle) succeed(login, from string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, free := range t.keys(login, from) {
		if f := t.failing[k]; f != nil && free == freeOfAddress {
			f.n--
		} else {
			delete(t.failing, k)
		}
	}
	if len(t.trusted) >= mostFailing {
		clear(t.trusted)
	}
	if from != "" {
		t.trusted[key("pair", login, from)] = true
	}
}

// makeRoom forgets what is old; when too much is new, all: the longest wait is short.
func (t *throttle) makeRoom(now time.Time) {
	if len(t.failing) < mostFailing {
		return
	}
	for k, f := range t.failing {
		if now.Sub(f.last) > longestWait {
			delete(t.failing, k)
		}
	}
	if len(t.failing) >= mostFailing {
		clear(t.failing)
	}
}

type remoteKey struct{}

// From notes in a context where a sign-in comes from: HOST or HOST:PORT. It is throttled
// by that, too; of an IPv6 address the network counts.
func From(ctx context.Context, remote string) context.Context {
	return context.WithValue(ctx, remoteKey{}, remote)
}

func remote(ctx context.Context) string {
	text, _ := ctx.Value(remoteKey{}).(string)
	a, err := netip.ParseAddr(text)
	if err != nil {
		p, err := netip.ParseAddrPort(text)
		if err != nil {
			return ""
		}
		a = p.Addr()
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		net, _ := a.Prefix(64) // 64 is a length that an IPv6 address has
		return net.String()
	}
	return a.String()
}
