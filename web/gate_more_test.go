package web

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
	"postroom/web/session"
)

// glass is what a page of the letter is answered once its auditor gave a reason.
var glass = map[string][]int{
	"GET /story/{document}/picture/{page}/{size}": {200, 200, 200, 200, 200, 200, 404},
	"GET /story/{document}/fact/{fact}":           {200, 200, 200, 200, 404, 404, 404},
}

// TestRolesAddUp: who has two roles may do what either may, each by its own rule: on the pages
// of one role he is answered as whoever has that role alone, also about a letter that he has
// just opened as an auditor.
func TestRolesAddUp(t *testing.T) {
	p := newPost(t)
	roles := access.Roles()
	for i, first := range roles {
		for _, second := range roles[i+1:] {
			p.house.t = t
			p.clock.move(2 * 3600e9) // what was tried before is forgotten
			p.open()                 // and nobody holds a letter
			t.Run(string(first+" "+second), func(t *testing.T) {
				p.house.t = t
				login := string(first + "." + second)
				if _, _, err := p.directory.Add(t.Context(), "test", access.User{Login: login, Name: "Both", Roles: []access.Role{first, second}, Groups: []string{p.groups["tax"].ID}}, password); err != nil {
					t.Fatal(err)
				}
				p.asksAll(p.login(login), first, second)
			})
		}
	}
	p.house.t = t
	// An administrator sees no letter, whatever he gives himself without the auditor's role.
	u := p.people[access.Administrator]
	u.Groups = []string{p.groups["tax"].ID}
	if _, err := p.directory.Change(t.Context(), "test", u); err != nil {
		t.Fatal(err)
	}
	if got := p.login("administrator").get("/letters/" + p.letters["own"]); got.StatusCode != http.StatusForbidden {
		t.Error("a group without the role opens a letter:", got.Status)
	}
}

// asksAll asks each route as somebody with two roles, after he has opened the letter that it is
// about, if one of them may.
func (p *post) asksAll(b *browser, first, second access.Role) {
	audits := first == access.Auditor || second == access.Auditor
	for i, kind := range append([]string{"", "known"}, lettersAre...) {
		if audits && i > 1 {
			b.post("/story/"+p.letters[kind]+"/open", url.Values{"why": {"complaint 7"}})
		}
		for _, route := range routesInOrder() {
			for _, a := range p.requests(route) {
				if a.about != kind || route == "POST /signout" {
					continue
				}
				want, _ := a.answer(string(first))
				if want == http.StatusForbidden {
					want, _ = a.answer(string(second))
				}
				if open := glass[route]; audits && open != nil && i > 1 {
					want = open[i-2]
				}
				if got := b.ask(a.method, a.path); got.StatusCode != want {
					p.t.Errorf("%s, %s: %d, want %d", route, kind, got.StatusCode, want)
				}
			}
		}
	}
}

// TestWhatIsHandedUp is a supervisor's to decide, or taken back by whoever handed it up.
func TestWhatIsHandedUp(t *testing.T) {
	p := newPost(t)
	if _, _, err := p.directory.Add(t.Context(), "test", access.User{Login: "second", Name: "A second operator", Roles: []access.Role{access.Operator}}, password); err != nil {
		t.Fatal(err)
	}
	at := "/station/" + p.letters["held"]
	first, second, supervisor := p.login("operator"), p.login("second"), p.login("supervisor")
	up := func() {
		if got := first.post(at+"/supervisor", url.Values{"why": {"two cases"}}); got.StatusCode != http.StatusSeeOther {
			t.Fatal(got.Status, first.body)
		}
	}
	up()
	if got := second.get(at); got.StatusCode != http.StatusOK {
		t.Error("it can't be looked at:", got.Status)
	}
	second.post(at+"/take", nil)
	for act, form := range map[string]url.Values{"file": {"reference": {caseOwn}}, "discard": {"why": {"x"}}, "page": {"do": {"blank"}, "page": {"8"}}, "open": nil, "later": {"why": {"x"}}, "rescan": {"why": {"x"}}} {
		if got := second.post(at+"/"+act, form); got.StatusCode != http.StatusForbidden {
			t.Errorf("an operator does this with it: %s: %s", act, got.Status)
		}
	}
	first.post(at+"/take", nil)
	if got := first.post(at+"/open", nil); got.StatusCode != http.StatusSeeOther {
		t.Error("who handed it up can't take it back:", got.Status)
	}
	up()
	supervisor.post(at+"/take", nil)
	if got := supervisor.post(at+"/file", url.Values{"reference": {caseOwn}}); got.StatusCode != http.StatusSeeOther {
		t.Error("a supervisor can't decide:", got.Status)
	}
}

// TestOneOfManyDecides: of many who do the same at once, one does it.
func TestOneOfManyDecides(t *testing.T) {
	p := newPost(t)
	var all []*browser
	for range 8 {
		all = append(all, p.login("caseworker"))
	}
	h, err := p.mailroom.Holding(t.Context(), p.letters["own"])
	if err != nil || h.State != mail.Filed {
		t.Fatal(h, err)
	}
	codes := make([]int, len(all))
	var together sync.WaitGroup
	for i, b := range all {
		together.Go(func() {
			r, err := http.NewRequest(http.MethodPost, p.desk.URL+"/letters/"+h.Document+"/return", strings.NewReader("why=not+mine"))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			got, err := b.client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			codes[i] = got.StatusCode
			if err := got.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	done := 0
	for _, code := range codes {
		switch code {
		case http.StatusSeeOther:
			done++
		case http.StatusNotFound, http.StatusUnprocessableEntity:
		default:
			t.Errorf("one is answered %d", code)
		}
	}
	if after, err := p.mailroom.Holding(t.Context(), h.Document); done != 1 || err != nil || after.State != mail.Held {
		t.Errorf("%d sent it back, it is %v, %v", done, after.State, err)
	}
	if n, err := p.mailroom.Verify(t.Context(), func(fault string) { t.Error("fault:", fault) }); err != nil || n == (pipeline.Count{}) {
		t.Error(n, err)
	}
}

// TestLivePagesDoNotFeedThemselves: what a page asks for because something changed changes
// nothing, once the look is in the log; and without a look before it is one.
func TestLivePagesDoNotFeedThemselves(t *testing.T) {
	p := newPost(t)
	for who, paths := range map[string][]string{
		"operator":   {"/intake", "/batches/" + p.batch, "/station/list", "/rescans", "/station/" + p.letters["held"] + "?page=8"},
		"caseworker": {"/letters", "/letters/" + p.letters["own"] + "/case"},
	} {
		b := p.login(who)
		for _, path := range paths {
			poll := func() {
				r := b.request(http.MethodGet, path, nil)
				r.Header.Set(session.Poll, "1")
				if got := b.do(r); got.StatusCode != http.StatusOK {
					t.Fatal(path, got.Status)
				}
			}
			n := len(p.entries())
			poll()
			seen := len(p.entries())
			changed := p.mailroom.Changed()
			for range 3 {
				poll()
			}
			select {
			case <-changed:
				t.Errorf("%s changes what it asks for: %s", path, p.entries()[0].Action)
			default:
			}
			if after := len(p.entries()); after != seen || seen-n > 1 || path == "/batches/"+p.batch && seen == n {
				t.Errorf("%s: %d entries, then %d more", path, seen-n, after-seen)
			}
		}
	}
}

// TestPasswordOfAProvidersUser: nobody gets a second way in beside the provider's.
func TestPasswordOfAProvidersUser(t *testing.T) {
	p := &post{house: newHouse(t), log: &logged{}}
	p.open()
	u, _, err := p.directory.Add(t.Context(), "test", access.User{Login: "sso", Name: "Of the provider", Roles: []access.Role{access.Auditor}, Issuer: "https://id.example", Subject: "1"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.login("administrator").post("/users/"+u.ID+"/password", url.Values{"password": {password}}); got.StatusCode != http.StatusBadRequest {
		t.Error(got.Status)
	}
	if got := p.browser().post("/signin", url.Values{"login": {"sso"}, "password": {password}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Error("a user of the provider signs in with a password:", got.Status)
	}
}

// TestFormsThatAreTooMuch: what a session can't keep is refused, and is no fault.
func TestFormsThatAreTooMuch(t *testing.T) {
	p := newPost(t)
	for _, c := range []struct {
		who, path string
		form      url.Values
	}{
		{"caseworker", "/search", url.Values{"q": {strings.Repeat("&", 200)}}},
		{"caseworker", "/letters/" + p.letters["own"], url.Values{"find": {strings.Repeat("<", 200)}}},
		{"operator", "/station/queue", url.Values{"reason": {strings.Repeat("x", 2000)}}},
		{"operator", "/station/queue", url.Values{"lane": {"none"}}},
	} {
		if got := p.login(c.who).post(c.path, c.form); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", c.path, got.Status)
		}
	}
}
