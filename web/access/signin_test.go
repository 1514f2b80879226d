package access

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"postroom/pipeline/journal"
)

func TestPasswords(t *testing.T) {
	u := User{Login: "kim", Name: "Jean-Luc O'Hara"}
	for password, ok := range map[string]bool{
		good:                  true,
		"été à la plage hier": true,
		"日本語日本語のとても長い文章です":                              true,
		strings.Repeat("ab9d€f", 21):                    false,
		"elevenchars":                                   false,
		strings.Repeat("x", 129):                        false,
		strings.Repeat("long winded talk ", 7) + "ends": true,
		strings.Repeat("long winded talk ", 8):          false,
		"aaaaaaaaaaaaaaaa":                              false,
		"abcabcabcabc":                                  false,
		"123456789012":                                  false,
		"QWERTYUIOPas":                                  false,
		"Password2026!":                                 false,
		"welcome-12345":                                 false,
		"the Kim of today":                              false,
		"my ohara is mine":                              false,
		"my o'hara is mine":                             false,
		"a jean that fits":                              false,
		"tab\tin the middle":                            false,
		"\xff\xfe is no text here":                      false,
	} {
		if err := acceptable(u, password); (err == nil) != ok {
			t.Errorf("%q: %v", password, err)
		} else if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the refusal repeats the password: %v", err)
		}
	}
}

func (h *house) try(login, password, from string) error {
	_, err := h.Authenticate(From(context.Background(), from), login, password)
	return err
}

func TestAuthenticate(t *testing.T) {
	h := newHouse(t)
	ann := h.add(User{Login: "ann"}, good)
	off := h.add(User{Login: "off", Disabled: true}, good)
	h.add(User{Login: "linked", Issuer: "https://id", Subject: "7"}, "")
	if u, err := h.Authenticate(From(t.Context(), "10.0.0.1:55"), " ANN ", good); err != nil || u.ID != ann.ID {
		t.Errorf("%+v, %v", u, err)
	}
	for login, password := range map[string]string{"ann": good + " ", "nobody": good, "off": good, "linked": "", "an\nn": good, "": ""} {
		if err := h.try(login, password, "10.0.0.2"); !errors.Is(err, ErrDenied) {
			t.Errorf("%q: %v", login, err)
		}
	}
	if err := h.try("ann", strings.Repeat("x", 1<<20), ""); !errors.Is(err, ErrDenied) {
		t.Errorf("a megabyte of password: %v", err)
	}
	if u, err := h.Linked(t.Context(), "https://id", "7"); err != nil || u.Login != "linked" {
		t.Errorf("%+v, %v", u, err)
	}
	for _, c := range [][2]string{{"https://id", "8"}, {"https://id7", ""}, {"https://i", "d7"}, {"", ""}} {
		if _, err := h.Linked(t.Context(), c[0], c[1]); !errors.Is(err, ErrNone) {
			t.Errorf("%v: %v", c, err)
		}
	}
	var log []string
	for _, e := range h.events()[3:] {
		log = append(log, fmt.Sprintf("%s|%s|%v|%s", e.Actor, e.Action, e.Subject == "user:"+ann.ID || e.Subject == "user:"+off.ID, e.Detail))
	}
	if want := ann.Actor() + `|signed in|true|{"from":"10.0.0.1","login":"ann"}`; log[0] != want {
		t.Errorf("%s, want %s", log[0], want)
	}
	for _, want := range []string{`|sign-in failed|true|{"from":"10.0.0.2","login":"ann"}`, `|sign-in failed|false|{"from":"10.0.0.2","login":"nobody"}`,
		`|sign-in failed|true|{"from":"10.0.0.2","login":"off"}`, `|sign-in failed|false|{"from":"10.0.0.2","login":"(no login)"}`} {
		if !slices.Contains(log, want) {
			t.Errorf("no %s in %q", want, log)
		}
	}
}

func TestSetPassword(t *testing.T) {
	h := newHouse(t)
	ann := h.add(User{Login: "ann", MustChange: true}, good)
	refused(t, "the same again", h.SetPassword(t.Context(), "ann (ann)", ann.ID, good, false))
	refused(t, "a short one", h.SetPassword(t.Context(), "ann (ann)", ann.ID, "short", false))
	if u, err := h.User(t.Context(), ann.ID); err != nil || !u.MustChange {
		t.Errorf("%+v, %v", u, err)
	}
	if err := h.SetPassword(t.Context(), "ann (ann)", ann.ID, good+"!", false); err != nil {
		t.Error(err)
	}
	if err := h.try("ann", good, ""); !errors.Is(err, ErrDenied) {
		t.Errorf("the former password: %v", err)
	}
	if u, err := h.Authenticate(t.Context(), "ann", good+"!"); err != nil || u.MustChange {
		t.Errorf("%+v, %v", u, err)
	}
	if err := h.SetPassword(t.Context(), "x", "nobody", good, false); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

// A password that was set while another was being made is not replaced by that: who chose it
// proved himself with one that was taken from him.
func TestPasswordThatIsSetMeanwhile(t *testing.T) {
	h := newHouse(t)
	ann := h.add(User{Login: "ann"}, good)
	for range cap(h.hashing.slots) {
		h.hashing.slots <- struct{}{}
	}
	set := make(chan error, 1)
	go func() { set <- h.SetPassword(t.Context(), "ann (ann)", ann.ID, good+"!", false) }()
	for h.hashing.waiting.Load() == 0 {
		runtime.Gosched()
	}
	if err := h.journal.Tx(t.Context(), func(tx journal.Tx) error { // as an administrator's does
		row, err := user(tx, ann.ID)
		row.Hash = nobodys()
		return errors.Join(err, journal.Save(tx, tableUser, ann.ID, row))
	}); err != nil {
		t.Fatal(err)
	}
	for range cap(h.hashing.slots) {
		<-h.hashing.slots
	}
	if err := <-set; !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
	if err := h.try("ann", good+"!", ""); !errors.Is(err, ErrDenied) {
		t.Errorf("a password of who had the former one: %v", err)
	}
}

// The work is the same whether there is such a user or not: one hash of today's cost.
func TestUnknownCostsTheSame(t *testing.T) {
	p, salt, key, err := argon2id.DecodeHash(nobodys())
	if err != nil || *p != *cost() || len(salt) != 16 || len(key) != 32 {
		t.Errorf("%+v, %v", p, err)
	}
	h := newHouse(t)
	h.add(User{Login: "ann"}, good)
	h.add(User{Login: "off", Disabled: true}, good)
	h.add(User{Login: "linked", Issuer: "https://id", Subject: "7"}, "")
	for range cap(h.hashing.slots) {
		h.hashing.slots <- struct{}{} // nobody's turn to hash comes
	}
	for _, login := range []string{"ann", "off", "linked", "nobody", "no login at all", ""} {
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond) // it waits for its turn
		if _, err := h.Authenticate(ctx, login, "wrong wrong wrong"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q is answered without a hash: %v", login, err)
		}
		stop()
	}
}

func TestThrottle(t *testing.T) {
	h := newHouse(t)
	h.add(User{Login: "ann"}, good)
	waits := func(err error) time.Duration {
		var w *Throttled
		if errors.As(err, &w) {
			return w.Wait
		}
		return 0
	}
	for range freeOfLogin {
		if err := h.try("ann", "wrong", "10.0.0.9"); !errors.Is(err, ErrDenied) {
			t.Fatal(err)
		}
	}
	before := len(h.events())
	want := firstWait
	for range 12 { // at each wait's end one attempt is taken
		for range 3 {
			if got := waits(h.try("ann", good, "10.0.0.8")); got != want {
				t.Fatalf("waits %v, want %v", got, want)
			}
		}
		h.now = h.now.Add(want)
		if err := h.try("ann", "wrong", "10.0.0.8"); !errors.Is(err, ErrDenied) {
			t.Fatal(err)
		}
		want = min(2*want, longestWait)
	}
	throttled := 0
	for _, e := range h.events()[before:] {
		if e.Action == actionWaits {
			if throttled++; e.Subject != subjectSignIn {
				t.Errorf("the entry is about %q", e.Subject)
			}
		}
	}
	if throttled != 12 {
		t.Errorf("%d entries of 36 throttled attempts, want one of each wait", throttled)
	}
	if got := waits(h.try("nobody-1", "wrong", "10.0.0.8")); got != 0 {
		t.Errorf("another login waits %v", got)
	}
	// Never for ever, and then it is forgotten; where ann has succeeded, others' failures elsewhere don't reach her.
	h.now = h.now.Add(longestWait)
	if err := h.try("ann", good, "10.0.0.1"); err != nil {
		t.Fatal(err)
	}
	for range freeOfLogin {
		_ = h.try("ann", "wrong", "10.0.0.7") // until the login has to wait
	}
	if waits(h.try("ann", good, "10.0.0.6")) == 0 {
		t.Error("a stranger's address needn't wait")
	}
	if err := h.try("ann", good, "10.0.0.1"); err != nil {
		t.Errorf("ann is locked out where she has succeeded: %v", err)
	}
}

func TestThrottleOfAddress(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	th := newThrottle(func() time.Time { return now })
	for i := range freeOfAddress {
		if w, _ := th.begin(fmt.Sprint("user", i), "10.0.0.1"); w != 0 {
			t.Fatalf("attempt %d waits %v", i, w)
		}
	}
	th.succeed("user0", "10.0.0.1") // takes itself back, and no other
	if w, _ := th.begin("next", "10.0.0.1"); w != 0 {
		t.Errorf("waits %v", w)
	}
	if w, _ := th.begin("another", "10.0.0.1"); w != firstWait {
		t.Errorf("waits %v", w)
	}
	if w, _ := th.begin("another", "10.0.0.2"); w != 0 {
		t.Errorf("another address waits %v", w)
	}
	for in, want := range map[string]string{"10.0.0.1:80": "10.0.0.1", "::ffff:10.0.0.1": "10.0.0.1", "[2001:db8:1:2:3::4]:443": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "@": "", "": ""} {
		if got := remote(From(t.Context(), in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	for i := range mostFailing + 10 {
		_, _ = th.begin(fmt.Sprint("flood", i), "")
	}
	if len(th.failing) > mostFailing {
		t.Errorf("%d are remembered", len(th.failing))
	}
}

// Many guesses at once are counted before the first has failed, and two are hashed at a time.
func TestAtOnce(t *testing.T) {
	h := newHouse(t)
	h.add(User{Login: "ann"}, good)
	var denied, throttled atomic.Int32
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			err := h.try("ann", fmt.Sprint("a guess, number ", i), "")
			switch {
			case errors.Is(err, ErrDenied):
				denied.Add(1)
			case errors.As(err, new(*Throttled)):
				throttled.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if denied.Load() != freeOfLogin || throttled.Load() != 40-freeOfLogin {
		t.Errorf("%d were tried, %d throttled", denied.Load(), throttled.Load())
	}
	if cap(h.hashing.slots) != 2 {
		t.Errorf("%d are hashed at a time", cap(h.hashing.slots))
	}
	for range cap(h.hashing.slots) {
		h.hashing.slots <- struct{}{}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := h.hashing.run(ctx, func() error { t.Error("a third is hashed"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	h.hashing.waiting.Store(mostWaiting)
	if err := h.hashing.run(t.Context(), func() error { return nil }); !errors.As(err, new(*Throttled)) {
		t.Error(err)
	}
}

// A hash of a former cost is replaced at the next sign-in.
func TestRehash(t *testing.T) {
	h := newHouse(t)
	ann := h.add(User{Login: "ann"}, "")
	weak, err := argon2id.CreateHash(good, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.journal.Tx(t.Context(), func(tx journal.Tx) error { return journal.Save(tx, tableUser, ann.ID, userRow{ann, weak}) }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.try("ann", good, ""); err != nil {
			t.Fatal(err)
		}
	}
	row, err := h.by(t.Context(), tableLogin, "ann")
	if err != nil || row.Hash == weak || !strings.Contains(row.Hash, "m=19456,t=2,p=1$") {
		t.Errorf("%s, %v", row.Hash, err)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	h := newHouse(b)
	h.add(User{Login: "ann"}, good)
	for b.Loop() {
		if err := h.try("ann", good, "10.0.0.1"); err != nil {
			b.Fatal(err)
		}
	}
}

// What a page of a caseworker costs here: the user, his scope, and 100 documents held
// against it; among 2,000 users, in 5 of 200 groups with 500 patterns each.
func BenchmarkPage(b *testing.B) {
	h := newHouse(b)
	var ids []string
	for i := range 200 {
		g := Group{Name: fmt.Sprint("group ", i), Stores: []string{"tax", "permits"}}
		for n := range 400 {
			g.Cases = append(g.Cases, fmt.Sprintf("TX-%04d-%06d-11", i, n))
		}
		for n := range 100 {
			g.Cases = append(g.Cases, fmt.Sprintf(`PER/%03d%03d/[A-Z]\d?`, i, n))
		}
		ids = append(ids, h.group(g).ID)
	}
	var last User
	for i := range 2000 {
		last = h.add(User{Login: fmt.Sprint("user", i), Roles: []Role{Caseworker}, Groups: ids[i%190 : i%190+5]}, "")
	}
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			u, err := h.User(b.Context(), last.ID)
			if err != nil {
				b.Fatal(err)
			}
			s, err := h.Scope(b.Context(), u)
			if err != nil {
				b.Fatal(err)
			}
			for n := range 100 {
				if s.Sees("tax", "tax", fmt.Sprintf("TX-9999-%06d-11", n)) {
					b.Fatal("seen")
				}
			}
		}
	})
	b.Run("any", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.Any(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("users", func(b *testing.B) {
		for b.Loop() {
			if all, err := h.Users(b.Context()); err != nil || len(all) != 2000 {
				b.Fatal(len(all), err)
			}
		}
	})
}
