package session

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/bolt"
)

// house is sessions over a journal of their own, with a clock that stands still.
type house struct {
	t       *testing.T
	journal *counted
	now     time.Time
	*Sessions
}

// counted counts a journal's commits.
type counted struct {
	journal.Store
	mu      sync.Mutex
	commits int
}

func (c *counted) Tx(ctx context.Context, fn func(journal.Tx) error) error {
	c.mu.Lock()
	c.commits++
	c.mu.Unlock()
	return c.Store.Tx(ctx, fn)
}

func newHouse(t testing.TB, cfg Config) *house {
	t.Helper()
	j, err := bolt.Open(filepath.Join(t.TempDir(), "journal.db"), bolt.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	h := &house{journal: &counted{Store: j}, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	h.t, _ = t.(*testing.T)
	cfg.Now = func() time.Time { return h.now }
	h.Sessions = Open(h.journal, cfg)
	return h
}

// browser keeps a cookie, as a browser does.
type browser struct {
	house  *house
	cookie *http.Cookie
	header http.Header
}

// ask sends a request that do answers, and takes the cookie that comes.
func (b *browser) ask(do func(ctx context.Context)) *http.Response {
	r := httptest.NewRequest("GET", "/", nil)
	for k, v := range b.header {
		r.Header[k] = v
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.house.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do(r.Context())
		w.WriteHeader(http.StatusOK)
	})).ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if b.cookie = c; c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return res
}

func (b *browser) signIn(user string) {
	b.ask(func(ctx context.Context) {
		if err := b.house.SignIn(ctx, user); err != nil {
			b.house.t.Error(err)
		}
	})
}

func (b *browser) user() (id string) {
	b.ask(func(ctx context.Context) { id = b.house.UserID(ctx) })
	return id
}

func TestCookie(t *testing.T) {
	for _, secure := range []bool{true, false} {
		h := newHouse(t, Config{Secure: secure})
		b := &browser{house: h}
		if res := b.ask(func(context.Context) {}); len(res.Cookies()) != 0 {
			t.Error("a stranger got a cookie")
		}
		b.signIn("ann")
		want := "postroom"
		if secure {
			want = "__Host-postroom"
		}
		c := b.cookie
		if c == nil || c.Name != want || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || !c.Expires.IsZero() || c.MaxAge != 0 {
			t.Errorf("secure %v: %+v", secure, c)
		}
		if len(c.Value) < 43 {
			t.Errorf("token %q has less than 256 bits", c.Value)
		}
		if err := h.journal.View(t.Context(), func(r journal.Reader) error {
			for _, table := range []string{tableSession, tableOf} {
				rows, err := r.Scan(table, "", "", 9)
				if err != nil || len(rows) != 1 {
					t.Errorf("%s: %d rows, %v", table, len(rows), err)
				}
				for _, row := range rows {
					if strings.Contains(row.Key+string(row.Value), c.Value) {
						t.Errorf("the token stands in table %s", table)
					}
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSignInRenewsTheToken(t *testing.T) {
	h := newHouse(t, Config{})
	b := &browser{house: h, cookie: &http.Cookie{Name: "postroom", Value: "planted-by-somebody-else"}}
	if id := b.user(); id != "" {
		t.Fatalf("a made-up token is %q's", id)
	}
	b.signIn("ann")
	first := *b.cookie
	if first.Value == "planted-by-somebody-else" {
		t.Fatal("a token that was planted is taken over")
	}
	b.signIn("ben")
	if b.cookie.Value == first.Value || b.user() != "ben" {
		t.Errorf("the second sign-in keeps the token, or is %q's", b.user())
	}
	if id := (&browser{house: h, cookie: &first}).user(); id != "" {
		t.Errorf("the token from before the second sign-in is still %q's", id)
	}
}

func TestEndsByItself(t *testing.T) {
	h := newHouse(t, Config{})
	b := &browser{house: h}
	b.signIn("ann")
	for range 40 { // in use all the time: 8 h at most
		h.now = h.now.Add(12 * time.Minute)
		want := "ann"
		if h.now.Sub(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)) >= 8*time.Hour {
			want = ""
		}
		if id := b.user(); id != want {
			t.Fatalf("%v: %q, want %q", h.now, id, want)
		}
	}
	b = &browser{house: h}
	b.signIn("ann")
	h.now = h.now.Add(15*time.Minute - time.Second)
	for _, b.header = range []http.Header{{Poll: {"1"}}, {"Accept": {"text/event-stream"}}} {
		if b.user() != "ann" {
			t.Error("a session of less than 15 min without use has ended")
		}
	}
	h.now = h.now.Add(time.Second)
	if b.user() != "" {
		t.Error("15 min without use, but for what a page asks by itself, do not end it")
	}
	if n, err := h.Sweep(t.Context()); n != 1 || err != nil { // the first was swept by the sign-in
		t.Errorf("%d sessions were swept, %v", n, err)
	}
	if err := h.journal.View(t.Context(), func(r journal.Reader) error {
		a, err := r.Scan(tableSession, "", "", 9)
		b, err2 := r.Scan(tableOf, "", "", 9)
		if len(a)+len(b) > 0 {
			t.Errorf("%d rows and %d of the index are left", len(a), len(b))
		}
		return errors.Join(err, err2)
	}); err != nil {
		t.Error(err)
	}
	if len(h.store.seen) > 0 {
		t.Errorf("%d are left in memory", len(h.store.seen))
	}
}

// A request is no commit, a minute of them is one, and a restart takes a minute off at most.
func TestCommitsAndRestart(t *testing.T) {
	h := newHouse(t, Config{})
	b := &browser{house: h}
	b.signIn("ann")
	before := h.journal.commits
	for range 50 {
		h.now = h.now.Add(time.Second)
		b.user()
	}
	if n := h.journal.commits - before; n != 0 {
		t.Errorf("50 requests in a minute made %d commits", n)
	}
	for range 600 {
		h.now = h.now.Add(time.Second)
		b.user()
	}
	if n := h.journal.commits - before; n < 9 || n > 11 {
		t.Errorf("ten minutes' requests made %d commits", n)
	}
	h.Sessions = Open(h.journal, Config{Now: func() time.Time { return h.now }})
	h.now = h.now.Add(14 * time.Minute)
	if b.user() != "ann" {
		t.Error("a restart ended the session")
	}
}

func TestSmallTexts(t *testing.T) {
	h := newHouse(t, Config{})
	b := &browser{house: h}
	b.ask(func(ctx context.Context) {
		if err := h.Put(ctx, "k", "v"); !errors.Is(err, ErrNobody) {
			t.Errorf("a stranger's Put: %v", err)
		}
	})
	b.signIn("ann")
	b.ask(func(ctx context.Context) {
		if err := errors.Join(h.Put(ctx, "k", "v"), h.Put(ctx, "gone", "x"), h.Put(ctx, "gone", "")); err != nil {
			t.Error(err)
		}
		if err := h.Put(ctx, "large", strings.Repeat("x", Small+1)); !errors.Is(err, ErrTooMuch) {
			t.Errorf("a large Put: %v", err)
		}
	})
	b.ask(func(ctx context.Context) {
		if h.Get(ctx, "k") != "v" || h.Get(ctx, "gone") != "" || h.Get(ctx, "large") != "" {
			t.Errorf("%q %q %q", h.Get(ctx, "k"), h.Get(ctx, "gone"), h.Get(ctx, "large"))
		}
	})
	b.ask(func(ctx context.Context) {
		for i := range Few + 2 {
			if err := h.Put(ctx, strings.Repeat("n", i+1), "v"); (err != nil) != (i >= Few-1) {
				t.Errorf("text %d: %v", i+2, err)
			}
		}
	})
	b.signIn("ben")
	b.ask(func(ctx context.Context) {
		if h.Get(ctx, "k") != "" {
			t.Error("the next user has what the one before kept")
		}
	})
	if h.UserID(t.Context()) != "" || h.Get(t.Context(), "k") != "" || h.SignOut(t.Context()) != nil {
		t.Error("without a request's context somebody is signed in")
	}
}

func TestListAndEnd(t *testing.T) {
	h := newHouse(t, Config{Actor: func(_ context.Context, id string) string { return "Person " + id }})
	desk, laptop, admin := &browser{house: h, header: http.Header{"User-Agent": {"Firefox"}}}, &browser{house: h, header: http.Header{"User-Agent": {"evil\u202e"}}}, &browser{house: h}
	desk.signIn("ann")
	h.now = h.now.Add(2 * time.Minute)
	laptop.signIn("ann")
	admin.signIn("root")
	var all []Info
	desk.ask(func(ctx context.Context) {
		var err error
		if all, err = h.Of(ctx, "ann"); err != nil {
			t.Error(err)
		}
	})
	if len(all) != 2 || all[0].Current == all[1].Current {
		t.Fatalf("%+v", all)
	}
	own := slices.IndexFunc(all, func(i Info) bool { return i.Current })
	if all[own].Agent != "Firefox" || all[1-own].Agent != "" || all[own].User != "ann" {
		t.Errorf("%+v", all)
	}
	if stolen := (&browser{house: h, cookie: &http.Cookie{Name: "postroom", Value: all[own].ID}}).user(); stolen != "" {
		t.Error("a session's id opens it")
	}
	desk.ask(func(ctx context.Context) {
		if err := h.End(ctx, all[1-own].ID); err != nil {
			t.Error(err)
		}
		if err := h.End(ctx, "never"); !errors.Is(err, ErrNone) {
			t.Errorf("the end of none: %v", err)
		}
	})
	if laptop.user() != "" || desk.user() != "ann" {
		t.Error("the wrong session was ended")
	}
	admin.ask(func(ctx context.Context) {
		if err := h.EndAll(ctx, "ann"); err != nil {
			t.Error(err)
		}
	})
	if desk.user() != "" || admin.user() != "root" {
		t.Error("EndAll ended another's session, or not all")
	}
	admin.ask(func(ctx context.Context) {
		if err := h.SignOut(ctx); err != nil {
			t.Error(err)
		}
		if h.UserID(ctx) != "" {
			t.Error("signed out, and still somebody")
		}
	})
	if admin.cookie != nil {
		t.Error("signing out leaves the cookie")
	}
	want := []string{"Person ann session ended user:ann", "Person root sessions ended user:ann", "Person root signed out user:root"}
	if got := h.events(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func (h *house) events() (all []string) {
	err := h.journal.View(context.Background(), func(r journal.Reader) error {
		rows, err := r.Scan(journal.TableEvent, "", "", 100)
		for _, row := range rows {
			e, err := journal.Load[journal.Event](r, journal.TableEvent, row.Key)
			if err != nil {
				return err
			}
			all = append(all, e.Actor+" "+e.Action+" "+e.Subject)
		}
		return err
	})
	if err != nil {
		h.t.Error(err)
	}
	return all
}

// TestBrowserThatIsGone is no failure to be told of; a journal that can't be read is one.
func TestBrowserThatIsGone(t *testing.T) {
	var said bytes.Buffer
	h := newHouse(t, Config{Log: slog.New(slog.NewTextHandler(&said, nil))})
	b := &browser{house: h}
	b.ask(func(ctx context.Context) {
		if err := h.SignIn(ctx, "ann"); err != nil {
			t.Error(err)
		}
	})
	ask := func(ctx context.Context) {
		r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
		r.AddCookie(b.cookie)
		h.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	}
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	if ask(gone); said.Len() > 0 {
		t.Errorf("it said %s", &said)
	}
	if err := h.journal.Close(); err != nil {
		t.Fatal(err)
	}
	if ask(t.Context()); said.Len() == 0 {
		t.Error("it said nothing of a journal that is closed")
	}
}
