package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postroom/pipeline"
	"postroom/pipeline/journal"
	"postroom/web/access"
	"postroom/web/session"
)

// ending is a way in which a right ends, and how it is given back for the next.
type ending struct {
	name      string
	end, back func() error
	status    int // of the letter's pages from then on
}

func (p *post) endings() []ending {
	ctx, u := p.t.Context(), p.people["caseworker"]
	user := func(alter func(*access.User)) func() error {
		return func() error {
			is := u
			alter(&is)
			_, err := p.directory.Change(ctx, "test", is)
			return err
		}
	}
	group := func(store, cases string) func() error { return func() error { return p.shows(store, cases) } }
	asItWas := user(func(*access.User) {})
	return []ending{
		{"the group is not his any more", user(func(u *access.User) { u.Groups = nil }), asItWas, 404},
		{"the group has another case", group("tax", caseForeign), group("tax", caseOwn), 404},
		{"the group has another store", group("social", caseOwn), group("tax", caseOwn), 404},
		{"the role is another", user(func(u *access.User) { u.Roles = []access.Role{access.Auditor} }), asItWas, 303},
		{"the account is disabled", user(func(u *access.User) { u.Disabled = true }), asItWas, 303},
		{"the letter was sent back", func() error {
			return p.mailroom.Return(ctx, p.letters["own"], pipeline.Return{Why: "not ours", By: "A. Colleague"})
		}, nil, 404},
		{"the letter was moved", func() error {
			err := p.mailroom.Decide(ctx, p.letters["own"], pipeline.Decision{Reference: caseForeign, By: "A. Clerk"})
			p.rest(p.batch)
			return err
		}, nil, 404},
		{"the group is gone", func() error { return p.directory.DeleteGroup(ctx, "test", p.group.ID) }, nil, 404},
	}
}

// TestRightsEnd: what a person could see a moment ago is refused at the very next request, in
// the session that goes on, and for a picture that the browser has.
func TestRightsEnd(t *testing.T) {
	p := newPost(t)
	b := p.as("caseworker")
	at := "/letters/" + p.letters["own"]
	b.post("/search", url.Values{"q": {p.words["own"]}})
	tag := b.get(at + "/picture/2/screen").Header.Get("ETag")
	for _, path := range []string{at, at + "/file/original"} {
		if got := b.get(path); got.StatusCode != http.StatusOK || tag == "" {
			t.Fatal(path, got.Status, tag)
		}
	}
	if b.get("/search"); !strings.Contains(b.body, p.letters["own"]) {
		t.Fatal("the letter is not found to begin with")
	}
	for _, c := range p.endings() {
		if err := c.end(); err != nil {
			t.Fatal(c.name, err)
		}
		for _, path := range []string{at, at + "?page=2", at + "/case", at + "/picture/2/screen", at + "/picture/2/thumb", at + "/file/original", at + "/file/searchable"} {
			if got := b.get(path, "If-None-Match", tag); !over(got.StatusCode, c.status) || got.Header.Get("ETag") != "" {
				t.Errorf("%s: %s: %s, ETag %q, want %d", c.name, path, got.Status, got.Header.Get("ETag"), c.status)
			}
		}
		for _, path := range []string{at, at + "/return"} {
			if got := b.post(path, url.Values{"find": {"office"}, "why": {"mine"}}); !over(got.StatusCode, c.status) {
				t.Errorf("%s: POST %s: %s, want %d", c.name, path, got.Status, c.status)
			}
		}
		for _, path := range []string{"/letters", "/search"} { // the index has not followed all
			if b.get(path); strings.Contains(b.body, p.letters["own"]) || strings.Contains(b.body, "<mark>") || strings.Contains(b.body, `<p role="status">1 `) {
				t.Errorf("%s: %s still has the letter", c.name, path)
			}
		}
		if c.back == nil {
			continue
		}
		if err := c.back(); err != nil {
			t.Fatal(c.name, err)
		}
		if c.status == http.StatusSeeOther {
			b = p.as("caseworker")
			b.post("/search", url.Values{"q": {p.words["own"]}})
		}
		if got := b.get(at); got.StatusCode != http.StatusOK {
			t.Fatal(c.name, "given back:", got.Status)
		}
	}
}

// TestLivePageEnds: a page that is left open hears nothing more once its session is over.
func TestLivePageEnds(t *testing.T) {
	p := newPost(t)
	b := p.as("operator")
	hears := b.listens()
	if !hears("retry: 3000") {
		t.Fatal("the page does not begin")
	}
	stop, stopped := make(chan struct{}), make(chan error)
	go func() { // a busy mailroom
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := p.mailroom.LogView(context.WithoutCancel(t.Context()), "test", "log viewed", "log"); err != nil {
				stopped <- err
				return
			}
		}
	}()
	if !hears("event: changed") {
		t.Error("it hears of no change")
	}
	if err := p.sessions.EndAll(t.Context(), p.people["operator"].ID); err != nil {
		t.Error(err)
	}
	for n := 0; hears("event: changed"); n++ {
		if n > 0 { // one may have been under way
			t.Error("it hears of changes after its session was ended")
			break
		}
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// late is a journal in which something comes before the first read.
type late struct {
	journal.Store
	first func()
}

func (l *late) View(ctx context.Context, fn func(journal.Reader) error) error {
	if first := l.first; first != nil {
		l.first = nil
		first()
	}
	return l.Store.View(ctx, fn)
}

// TestFormerPasswordBeginsNothing: a password that was replaced between its proof and the
// beginning of the session opens nothing.
func TestFormerPasswordBeginsNothing(t *testing.T) {
	p := newHouse(t)
	between := &late{Store: p.journal, first: func() {
		if err := p.directory.SetPassword(t.Context(), "test", p.people["operator"].ID, password+"!", true); err != nil {
			t.Error(err)
		}
	}}
	p.open(func(c *Config) { c.Sessions = session.Open(between, session.Config{Now: p.clock.now}) })
	b := p.as("operator")
	if between.first != nil {
		t.Fatal("nothing came between")
	}
	if got := b.get("/account"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("who had the former password is in: %s", got.Status)
	}
}

// TestGlassIsOfOneSession: a reason opens one letter, to one auditor, in one session.
func TestGlassIsOfOneSession(t *testing.T) {
	p := newPost(t)
	b, other := p.as("auditor"), p.as("auditor")
	picture := func(kind string) string { return "/story/" + p.letters[kind] + "/picture/" }
	at := func(b *browser, kind, page string) int { return b.get(picture(kind) + page + "/screen").StatusCode }
	b.sends("/story/"+p.letters["foreign"]+"/open", url.Values{"why": {"a complaint"}})
	if at(b, "foreign", "4") != 200 || at(other, "foreign", "4") != 403 || at(b, "own", "2") != 403 || at(b, "foreign", "2") != 404 {
		t.Error("the reason opens nothing, or more than its letter")
	}
	opened := false
	for _, e := range p.entries() {
		opened = opened || e.Action == "document opened for an audit" && e.About == p.letters["foreign"] && strings.Contains(string(e.Detail), "a complaint")
	}
	if !opened {
		t.Error("the reason is no entry")
	}
	b.post("/story/"+p.letters["own"]+"/open", url.Values{"why": {"another"}})
	if at(b, "foreign", "4") != 403 {
		t.Error("the letter before is still open")
	}
}

// TestSessionsGoOnAfterARestart, and only those that had not ended.
func TestSessionsGoOnAfterARestart(t *testing.T) {
	p := newPost(t)
	b, out := p.as("auditor"), p.as("operator")
	own, stolen := b.cookies(), out.cookies()
	out.post("/signout", nil)
	p.open()
	b.setCookies(own)
	out.setCookies(stolen)
	if got := b.get("/log"); got.StatusCode != http.StatusOK {
		t.Error("a session ends with a restart:", got.Status)
	}
	if got := out.get("/intake"); got.StatusCode != http.StatusSeeOther {
		t.Error("a session that was ended goes on after a restart:", got.Status)
	}
}

// TestSessionsAreApart: another person in the same browser has nothing of the one before, and
// nobody ends another's session.
func TestSessionsAreApart(t *testing.T) {
	p := newPost(t)
	b := p.as("caseworker")
	b.post("/search", url.Values{"q": {p.words["own"]}})
	cookie := func() string {
		for _, c := range b.cookies() {
			if c.Name == "postroom" {
				return c.Value
			}
		}
		return ""
	}
	before := cookie()
	if got := b.signIn("auditor"); got.StatusCode != http.StatusSeeOther || cookie() == before {
		t.Fatal(got.Status, "or the token is the same")
	}
	if got := b.get("/letters"); got.StatusCode != http.StatusForbidden {
		t.Error("the former person's right goes on:", got.Status)
	}
	all, err := p.sessions.Of(t.Context(), p.people["caseworker"].ID)
	if err != nil || len(all) != 0 {
		t.Errorf("the former person's session goes on: %v, %v", all, err)
	}
	operator := p.as("operator")
	if all, err = p.sessions.Of(t.Context(), p.people["operator"].ID); err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if got := b.post("/account/sessions/end", url.Values{"session": {all[0].ID}}); got.StatusCode != http.StatusNotFound {
		t.Error("another's session is ended:", got.Status)
	}
	if got := operator.get("/account"); got.StatusCode != http.StatusOK {
		t.Error(got.Status)
	}
}

// TestCookies: over TLS they go over TLS only; what a stranger needs is a language's alone.
func TestCookies(t *testing.T) {
	for _, secure := range []bool{false, true} {
		h := newHouse(t)
		h.open(func(c *Config) { c.Secure = secure })
		b := h.browser()
		got := b.post("/language", url.Values{"language": {"fr"}, "back": {"/signin"}})
		if len(got.Cookies()) != 1 || got.Cookies()[0].Name != languageCookie {
			t.Fatal(got.Cookies())
		}
		for _, c := range got.Cookies() {
			if c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("secure %v: %+v", secure, c)
			}
		}
		for _, path := range []string{"/signin", "/", "/nothing", "/static/0/desk.css"} {
			if got := b.get(path); len(got.Cookies()) != 0 {
				t.Errorf("%s sets a cookie for a stranger", path)
			}
		}
	}
}

// over tells whether an answer is the wanted one. To who has read a letter before it may
// also be said that it has gone: that it was there is nothing new.
func over(got, want int) bool {
	return got == want || want == http.StatusNotFound && got == http.StatusGone
}
