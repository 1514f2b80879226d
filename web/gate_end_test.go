package web

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/pipeline"
	"postroom/pipeline/journal"
	"postroom/web/access"
	"postroom/web/session"
	"postroom/web/signon"
	"postroom/web/signon/signontest"
)

// ending is a way in which a right ends, and how it is given back for the next.
type ending struct {
	name      string
	end, back func() error
	status    int // of the letter's pages from then on
}

func (p *post) endings() []ending {
	ctx, u, g := p.t.Context(), p.people[access.Caseworker], p.groups["tax"]
	user := func(alter func(*access.User)) func() error {
		return func() error {
			is := u
			alter(&is)
			_, err := p.directory.Change(ctx, "test", is)
			return err
		}
	}
	group := func(stores, cases string) func() error {
		return func() error {
			_, err := p.directory.SaveGroup(ctx, "test", access.Group{ID: g.ID, Name: g.Name, Stores: []string{stores}, Cases: []string{cases}})
			return err
		}
	}
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
			p.work(func(ctx context.Context) error { return errors.Join(err, p.mailroom.Await(ctx, p.batch, false)) })
			return err
		}, nil, 404},
		{"the group is gone", func() error { return p.directory.DeleteGroup(ctx, "test", g.ID) }, nil, 404},
	}
}

// TestRightsEnd: what a person could see a moment ago is refused at the very next request, in
// the session that goes on, and for a picture that the browser has.
func TestRightsEnd(t *testing.T) {
	p := newPost(t)
	b := p.login("caseworker")
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
			r := b.request(http.MethodGet, path, nil)
			r.Header.Set("If-None-Match", tag)
			if got := b.do(r); !over(got.StatusCode, c.status) || got.Header.Get("ETag") != "" {
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
			b = p.login("caseworker")
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
	b := p.login("operator")
	got, err := b.client.Do(b.request(http.MethodGet, "/live", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	lines := bufio.NewScanner(got.Body)
	hears := func(text string) bool {
		for lines.Scan() {
			if lines.Text() == text {
				return true
			}
		}
		return false
	}
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
	if err := p.sessions.EndAll(t.Context(), p.people[access.Operator].ID); err != nil {
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
	p := &post{house: newHouse(t), log: &logged{}}
	between := &late{Store: p.journal, first: func() {
		if err := p.directory.SetPassword(t.Context(), "test", p.people[access.Operator].ID, password+"!", true); err != nil {
			t.Error(err)
		}
	}}
	p.open(func(c *Config) { c.Sessions = session.Open(between, session.Config{Now: p.clock.now}) })
	b := p.login("operator")
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
	b, other := p.login("auditor"), p.login("auditor")
	picture := func(kind string) string { return "/story/" + p.letters[kind] + "/picture/" }
	at := func(b *browser, kind, page string) int { return b.get(picture(kind) + page + "/screen").StatusCode }
	if got := b.post("/story/"+p.letters["foreign"]+"/open", url.Values{"why": {"a complaint"}}); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
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
	b, out := p.login("auditor"), p.login("operator")
	here, err := url.Parse(p.desk.URL)
	if err != nil {
		t.Fatal(err)
	}
	stolen := out.client.Jar.Cookies(here)
	out.post("/signout", nil)
	p.open()
	there, err := url.Parse(p.desk.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(there, b.client.Jar.Cookies(here))
	b.client.Jar = jar
	out.client.Jar.SetCookies(there, stolen)
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
	b := p.login("caseworker")
	b.post("/search", url.Values{"q": {p.words["own"]}})
	cookie := func() string {
		here, err := url.Parse(p.desk.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range b.client.Jar.Cookies(here) {
			if c.Name == "postroom" {
				return c.Value
			}
		}
		return ""
	}
	before := cookie()
	if got := b.post("/signin", url.Values{"login": {"auditor"}, "password": {password}}); got.StatusCode != http.StatusSeeOther || cookie() == before {
		t.Fatal(got.Status, "or the token is the same")
	}
	if got := b.get("/letters"); got.StatusCode != http.StatusForbidden {
		t.Error("the former person's right goes on:", got.Status)
	}
	all, err := p.sessions.Of(t.Context(), p.people[access.Caseworker].ID)
	if err != nil || len(all) != 0 {
		t.Errorf("the former person's session goes on: %v, %v", all, err)
	}
	operator := p.login("operator")
	if all, err = p.sessions.Of(t.Context(), p.people[access.Operator].ID); err != nil || len(all) != 1 {
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
		p := &post{house: h, log: &logged{}}
		p.open(func(c *Config) { c.Secure = secure })
		b := p.browser()
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

// byProvider is a post whose people may come from an identity provider.
func byProvider(t *testing.T) (*post, *signontest.Provider) {
	t.Helper()
	idp := signontest.New(t)
	provider, err := signon.New(t.Context(), signon.Config{Issuer: idp.URL, ClientID: "postroom", ClientSecret: "secret", RedirectURL: "http://127.0.0.1/signon/back",
		RoleClaim: "roles", Roles: map[string]access.Role{"clerk": access.Operator, "audit": access.Auditor}, Create: true, Now: func() time.Time { return idp.Now }})
	if err != nil {
		t.Fatal(err)
	}
	p := &post{house: newHouse(t), log: &logged{}}
	p.open(func(c *Config) { c.Provider = provider })
	return p, idp
}

// signOn goes to the provider and back, and gives the way back.
func (b *browser) signOn(idp *signontest.Provider) (back string, got *http.Response) {
	b.t.Helper()
	sent := b.get("/signon")
	if sent.StatusCode != http.StatusSeeOther {
		b.t.Fatal(sent.Status)
	}
	u, err := url.Parse(idp.Consent(sent.Header.Get("Location")))
	if err != nil {
		b.t.Fatal(err)
	}
	return u.RequestURI(), b.get(u.RequestURI())
}

func TestSignOnAtTheDesk(t *testing.T) {
	p, idp := byProvider(t)
	idp.Extra = map[string]any{"roles": []string{"clerk", "root"}, "name": strange, "preferred_username": "administrator"}
	b := p.browser()
	back, got := b.signOn(idp)
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/" {
		t.Fatal(got.Status, b.body)
	}
	if b.get("/intake").StatusCode != 200 || b.get("/users").StatusCode != 403 || b.get("/log").StatusCode != 403 {
		t.Error("the claims give other rights than the configuration says")
	}
	if b.get("/account"); strings.Contains(b.body, "onerror") {
		t.Error("a name with markup is taken over")
	}
	// The back button, and a thief who has read the address, come with what was used.
	thief := p.browser()
	for who, again := range map[string]*browser{"the back button": b, "a thief": thief} {
		if got := again.get(back); got.StatusCode != http.StatusForbidden || strings.Contains(again.body, "code=") {
			t.Errorf("%s: %s", who, got.Status)
		}
	}
	if b.get("/intake").StatusCode != 200 || thief.get("/intake").StatusCode != 303 {
		t.Error("a replay signs out whom it failed for, or signs a thief in")
	}
	// Other roles there end what he has here at the next sign-in, in every browser.
	idp.Extra = map[string]any{"roles": "audit"}
	other := p.browser()
	if _, got := other.signOn(idp); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	if b.get("/intake").StatusCode != 303 || other.get("/log").StatusCode != 200 || other.get("/intake").StatusCode != 403 {
		t.Error("the roles of before are still in force")
	}
	// Somebody with a password, in the same browser, afterwards: he alone is signed in.
	if got := other.post("/signin", url.Values{"login": {"operator"}, "password": {password}}); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	if other.get("/log").StatusCode != 403 || other.get("/intake").StatusCode != 200 {
		t.Error("a sign-in with a password does not replace the provider's")
	}
	if other.get("/account"); !strings.Contains(other.body, "The operator") {
		t.Error("another person is signed in")
	}
}

func TestSignOnThatIsRefused(t *testing.T) {
	p, idp := byProvider(t)
	b := p.browser()
	idp.Extra = map[string]any{"sub": nil}
	if _, got := b.signOn(idp); got.StatusCode != http.StatusForbidden || b.get("/account").StatusCode != 303 {
		t.Error("a token without a subject:", got.Status)
	}
	idp.Extra = map[string]any{"roles": "none of these", "sub": "2"}
	if _, got := b.signOn(idp); got.StatusCode != http.StatusSeeOther || b.get("/intake").StatusCode != 403 || b.get("/letters").StatusCode != 403 {
		t.Error("somebody without a role:", got.Status)
	}
	hostile := p.browser()
	if got := hostile.get("/signon/back?error=" + url.QueryEscape("<script>\nlevel=ERROR msg=forged")); got.StatusCode != http.StatusForbidden ||
		strings.Contains(hostile.body, "<script>\n") || strings.Contains(p.log.String(), "\nlevel=ERROR msg=forged") {
		t.Error("what an address says comes into the page or the log:", got.Status, p.log)
	}
	idp.Close()
	if got := hostile.get("/signon/back?state=x&code=y"); got.StatusCode != http.StatusForbidden {
		t.Error(got.Status)
	}
	away, there := byProvider(t)
	there.Close()
	late := away.browser()
	if got := late.get("/signon"); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(late.body, `name="password"`) {
		t.Error("the provider is away, and nobody can sign in with a password:", got.Status)
	}
}

// over tells whether an answer is the wanted one. To who has read a letter before it may
// also be said that it has gone: that it was there is nothing new.
func over(got, want int) bool {
	return got == want || want == http.StatusNotFound && got == http.StatusGone
}
