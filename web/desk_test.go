package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/pipeline"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/pipeline/search"
	"postroom/router"
	"postroom/router/casestore"
	"postroom/router/casestore/folder"
	"postroom/router/reference"
	"postroom/web/access"
	"postroom/web/session"
)

// house is a desk over a real journal in a temporary folder, with one person of each role.
type house struct {
	t         testing.TB
	desk      *httptest.Server
	mailroom  *pipeline.Mailroom
	journal   journal.Store
	directory *access.Directory
	sessions  *session.Sessions
	people    map[access.Role]access.User
	groups    map[string]access.Group
	clock     *clock
	handler   *desk
	index     *search.Index
	key       string // the log's public key
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) move(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

const password = "a letter opener and two stamps"

func newHouse(t testing.TB) *house { return openHouse(t, nil, "reference,store\n") }

// openHouse is a house with helpers that read files, and a case register.
func openHouse(t testing.TB, helpers pipeline.Helpers, cases string) *house {
	t.Helper()
	dir := t.TempDir()
	scheme, err := reference.New(reference.Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"})
	if err != nil {
		t.Fatal(err)
	}
	register := filepath.Join(dir, "cases.csv")
	if err := os.WriteFile(register, []byte(cases), 0o600); err != nil {
		t.Fatal(err)
	}
	var log *audit.Log
	store, err := bolt.Open(filepath.Join(dir, "journal.db"), bolt.Config{Seal: func(tx journal.Tx) error { return log.Seal(tx) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if log, err = audit.Open(t.Context(), filepath.Join(dir, "audit"), store); err != nil {
		t.Fatal(err)
	}
	blobs, err := journal.OpenDir(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	tax := folder.New(filepath.Join(dir, "tax"), "tax")
	if err := tax.Init(); err != nil {
		t.Fatal(err)
	}
	schemes := []*reference.Scheme{scheme}
	room, err := pipeline.New(pipeline.Config{Rules: router.New(router.Config{Schemes: schemes}), Schemes: schemes, Register: register,
		Stores: map[string]casestore.Store{"tax": tax}, Audit: log, Digest: strings.Repeat("c", 64), Version: "test"}, store, blobs, helpers)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, mailroom: room, journal: store, people: map[access.Role]access.User{}, groups: map[string]access.Group{},
		clock: &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	h.directory = access.Open(store, access.Config{Version: "test", ConfigDigest: "c", Now: h.clock.now})
	h.sessions = session.Open(store, session.Config{Now: h.clock.now})
	h.key = log.Public()
	h.index = search.New(filepath.Join(dir, "search"), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = h.index.Close() })
	handler, err := New(Config{Mailroom: room, Directory: h.directory, Sessions: h.sessions, Index: h.index, Stores: []string{"tax"}, Version: "test", Now: h.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	h.desk = httptest.NewServer(handler)
	t.Cleanup(h.desk.Close)
	group, err := h.directory.SaveGroup(t.Context(), "test", access.Group{Name: "Taxes", Stores: []string{"tax"}})
	if err != nil {
		t.Fatal(err)
	}
	h.groups["tax"] = group
	for _, r := range access.Roles() {
		u := access.User{Login: string(r), Name: "The " + string(r), Roles: []access.Role{r}, Language: "en"}
		if r == access.Caseworker {
			u.Groups = []string{group.ID}
		}
		if h.people[r], _, err = h.directory.Add(t.Context(), "test", u, password); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// browser is a person at the desk.
type browser struct {
	*house
	client *http.Client
	body   string // of the last answer
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{house: h, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as gives a browser in which somebody is signed in.
func (h *house) as(r access.Role) *browser {
	h.t.Helper()
	b := h.browser()
	if got := b.post("/signin", url.Values{"login": {string(r)}, "password": {password}}); got.StatusCode != http.StatusSeeOther {
		h.t.Fatalf("%s can't sign in: %s", r, got.Status)
	}
	return b
}

func (b *browser) do(r *http.Request) *http.Response {
	b.t.Helper()
	got, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.body = string(text)
	return got
}

func (b *browser) request(method, path string, form url.Values) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, b.desk.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

func (b *browser) get(path string) *http.Response {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil))
}

func (b *browser) post(path string, form url.Values) *http.Response {
	b.t.Helper()
	return b.do(b.request(http.MethodPost, path, form))
}

// Every answer has the headers that keep a browser from doing what the desk does not
// ask of it.
func TestHeaders(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/signin", "/", "/nothing", "/log", "/static/0/desk.css"} {
		got := h.browser().get(path)
		for name, want := range map[string]string{
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy":           "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
			"Cache-Control":                "no-store",
			"Strict-Transport-Security":    "",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("GET %s: %s is %q", path, name, got.Header.Get(name))
			}
		}
	}
	d := &desk{Config: Config{Secure: true, Sessions: h.sessions, Directory: h.directory}}
	w := httptest.NewRecorder()
	d.protected(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := w.Header().Get("Strict-Transport-Security"); got != "max-age=31536000; includeSubDomains" {
		t.Errorf("over TLS: Strict-Transport-Security is %q", got)
	}
}

func TestStaticFilesAreKeptForEver(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	b.get("/signin")
	for _, path := range regexp.MustCompile(`/static/[0-9a-f]{12}/[a-z.]+`).FindAllString(b.body, -1) {
		got := b.get(path)
		if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || len(b.body) < 100 {
			t.Errorf("%s: %s, %q, %d bytes", path, got.Status, got.Header.Get("Cache-Control"), len(b.body))
		}
	}
	if !strings.Contains(b.body, "<svg") && len(b.body) == 0 {
		t.Error("no static file was asked for")
	}
}

// A request that another site makes a browser send does nothing.
func TestOtherSitesCanDoNothing(t *testing.T) {
	h := newHouse(t)
	b := h.as(access.Administrator)
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
	} {
		r := b.request(http.MethodPost, "/groups", url.Values{"name": {"Evil"}, "store": {"tax"}})
		for name, value := range header {
			r.Header.Set(name, value)
			if value == "" {
				r.Header.Del(name)
			}
		}
		if got := b.do(r); got.StatusCode != http.StatusForbidden {
			t.Errorf("%v: %s", header, got.Status)
		}
	}
	groups, err := h.directory.Groups(t.Context())
	if err != nil || len(groups) != 1 {
		t.Errorf("%v, %v", groups, err)
	}
}

// A session ends: by itself, by its person, by an administrator. A token of before is
// worth nothing, whoever has it.
func TestSessionsEnd(t *testing.T) {
	h := newHouse(t)
	in := func(b *browser) bool { return b.get("/account").StatusCode == http.StatusOK }
	t.Run("idle", func(t *testing.T) {
		b := h.as(access.Auditor)
		h.clock.move(14 * time.Minute)
		if !in(b) {
			t.Error("over after 14 minutes")
		}
		if h.clock.move(16 * time.Minute); in(b) {
			t.Error("not over after 16 minutes without a request")
		}
	})
	t.Run("at the end of a day", func(t *testing.T) {
		b := h.as(access.Auditor)
		for range 8 * 6 {
			if !in(b) {
				t.Fatal("over before its time")
			}
			h.clock.move(10 * time.Minute)
		}
		if in(b) {
			t.Error("not over after 8 hours")
		}
	})
	t.Run("signed out, and its token replayed", func(t *testing.T) {
		b, thief := h.as(access.Auditor), h.browser()
		here, err := url.Parse(h.desk.URL)
		if err != nil {
			t.Fatal(err)
		}
		stolen := b.client.Jar.Cookies(here)
		thief.client.Jar.SetCookies(here, stolen)
		if !in(thief) {
			t.Fatal("the stolen token is no token: the test shows nothing")
		}
		if got := b.post("/signout", nil); got.Header.Get("Clear-Site-Data") == "" {
			t.Error("the browser is not told to forget")
		}
		if in(thief) || in(b) {
			t.Error("a token works after its session was ended")
		}
	})
	t.Run("a token of before signing in", func(t *testing.T) {
		b, thief := h.browser(), h.browser()
		here, err := url.Parse(h.desk.URL)
		if err != nil {
			t.Fatal(err)
		}
		planted := []*http.Cookie{{Name: "postroom", Value: strings.Repeat("A", 43), Path: "/"}}
		b.client.Jar.SetCookies(here, planted)
		thief.client.Jar.SetCookies(here, planted)
		b.post("/signin", url.Values{"login": {"auditor"}, "password": {password}})
		if !in(b) || in(thief) {
			t.Error("a token planted before is worth something after")
		}
	})
	t.Run("a new password", func(t *testing.T) {
		b, other := h.as(access.Auditor), h.as(access.Auditor)
		if got := b.post("/account/password", url.Values{"old": {password}, "new": {password + "!"}, "again": {password + "!"}}); got.StatusCode != http.StatusSeeOther {
			t.Fatal(got.Status, b.body)
		}
		if in(other) || !in(b) {
			t.Error("the other session goes on, or the own does not")
		}
	})
	t.Run("disabled", func(t *testing.T) {
		b, admin := h.as(access.Operator), h.as(access.Administrator)
		path := "/users/" + h.people[access.Operator].ID
		if got := admin.post(path, url.Values{"name": {"The operator"}, "role": {"operator"}, "disabled": {"1"}}); got.StatusCode != http.StatusSeeOther {
			t.Fatal(got.Status, admin.body)
		}
		if in(b) {
			t.Error("who is disabled is still in")
		}
		if got := h.browser().post("/signin", url.Values{"login": {"operator"}, "password": {password}}); got.StatusCode != http.StatusUnprocessableEntity {
			t.Error("who is disabled can sign in:", got.Status)
		}
	})
}

func TestFirstPasswordMustBeChanged(t *testing.T) {
	h := newHouse(t)
	admin, b := h.as(access.Administrator), h.browser()
	first, own := "seven blue window envelopes", "nine brown paper parcels"
	if got := admin.post("/users", url.Values{"login": {"ann"}, "name": {"Ann"}, "password": {first}, "role": {"auditor"}}); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status, admin.body)
	}
	b.post("/signin", url.Values{"login": {"ann"}, "password": {first}})
	if got := b.get("/log"); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/account" {
		t.Fatalf("before the change: %s to %s", got.Status, got.Header.Get("Location"))
	}
	for what, c := range map[string]struct{ next, says string }{
		"the old one": {first, "This is the password that is in force"},
		"a short one": {"parcel", "this one has 6"},
	} {
		if got := b.post("/account/password", url.Values{"old": {first}, "new": {c.next}, "again": {c.next}}); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(b.body, c.says) {
			t.Errorf("%s: %s, and not that %s", what, got.Status, c.says)
		}
	}
	if got := b.post("/account/password", url.Values{"old": {first}, "new": {own}, "again": {own}}); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status, b.body)
	}
	if got := b.get("/log"); got.StatusCode != http.StatusOK {
		t.Fatal(got.Status)
	}
}

// What people and papers say stays text.
func TestScriptsStayText(t *testing.T) {
	h := newHouse(t)
	admin := h.as(access.Administrator)
	evil := `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	if got := admin.post("/users", url.Values{"login": {"eve"}, "name": {evil}, "password": {password}, "role": {"auditor"}}); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	for _, path := range []string{"/users", "/log"} {
		b := admin
		if path == "/log" {
			b = h.as(access.Auditor)
		}
		b.get(path)
		if strings.Contains(b.body, "<script>alert") || strings.Contains(b.body, "<img src=x") {
			t.Errorf("%s has it as markup", path)
		}
	}
	if admin.get("/users"); !strings.Contains(admin.body, "&lt;script&gt;alert(1)") {
		t.Error("the name is not shown at all")
	}
}
