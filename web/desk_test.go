package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Every answer has the headers that keep a browser from doing what the desk does not
// ask of it.
func TestHeaders(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/signin", "/", "/nothing", "/log", "/static/0/desk.css"} {
		got := h.browser().get(path)
		harmlessHead(t, path, got)
		if csp, cache := got.Header.Get("Content-Security-Policy"), got.Header.Get("Cache-Control"); csp != policy || cache != "no-store" {
			t.Errorf("GET %s: Content-Security-Policy is %q, Cache-Control %q", path, csp, cache)
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
	files := regexp.MustCompile(`/static/[0-9a-f]{12}/[a-z.]+`).FindAllString(b.body, -1)
	for _, path := range files {
		got := b.get(path)
		if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || len(b.body) < 100 {
			t.Errorf("%s: %s, %q, %d bytes", path, got.Status, got.Header.Get("Cache-Control"), len(b.body))
		}
	}
	if len(files) == 0 {
		t.Error("no static file was asked for")
	}
}

// A request that another site makes a browser send does nothing.
func TestOtherSitesCanDoNothing(t *testing.T) {
	h := newHouse(t)
	b := h.as("administrator")
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
		b := h.as("auditor")
		h.clock.move(14 * time.Minute)
		if !in(b) {
			t.Error("over after 14 minutes")
		}
		if h.clock.move(16 * time.Minute); in(b) {
			t.Error("not over after 16 minutes without a request")
		}
	})
	t.Run("at the end of a day", func(t *testing.T) {
		b := h.as("auditor")
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
		b, thief := h.as("auditor"), h.browser()
		thief.setCookies(b.cookies())
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
		planted := []*http.Cookie{{Name: "postroom", Value: strings.Repeat("A", 43), Path: "/"}}
		b.setCookies(planted)
		thief.setCookies(planted)
		b.signIn("auditor")
		if !in(b) || in(thief) {
			t.Error("a token planted before is worth something after")
		}
	})
	t.Run("a new password", func(t *testing.T) {
		b, other := h.as("auditor"), h.as("auditor")
		b.sends("/account/password", url.Values{"old": {password}, "new": {password + "!"}, "again": {password + "!"}})
		if in(other) || !in(b) {
			t.Error("the other session goes on, or the own does not")
		}
	})
	t.Run("disabled", func(t *testing.T) {
		b, admin := h.as("operator"), h.as("administrator")
		admin.sends("/users/"+h.people["operator"].ID, url.Values{"name": {"The operator"}, "role": {"operator"}, "disabled": {"1"}})
		if in(b) {
			t.Error("who is disabled is still in")
		}
		if got := h.browser().signIn("operator"); got.StatusCode != http.StatusUnprocessableEntity {
			t.Error("who is disabled can sign in:", got.Status)
		}
	})
}

func TestFirstPasswordMustBeChanged(t *testing.T) {
	h := newHouse(t)
	admin, b := h.as("administrator"), h.browser()
	first, own := "seven blue window envelopes", "nine brown paper parcels"
	admin.sends("/users", url.Values{"login": {"ann"}, "name": {"Ann"}, "password": {first}, "role": {"auditor"}})
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
	b.sends("/account/password", url.Values{"old": {first}, "new": {own}, "again": {own}})
	b.opens("/log")
}

// What people and papers say stays text.
func TestScriptsStayText(t *testing.T) {
	h := newHouse(t)
	admin := h.as("administrator")
	evil := `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	admin.sends("/users", url.Values{"login": {"eve"}, "name": {evil}, "password": {password}, "role": {"auditor"}})
	for _, path := range []string{"/users", "/log"} {
		b := admin
		if path == "/log" {
			b = h.as("auditor")
		}
		b.get(path)
		b.lacks("<script>alert", "<img src=x")
	}
	admin.get("/users")
	admin.sees("&lt;script&gt;alert(1)")
}
