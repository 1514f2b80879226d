package web

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
)

// glass is what a page of the letter is answered once its auditor gave a reason.
var glass = map[string][]int{
	"GET /story/{document}/picture/{page}/{size}": {200, 200, 200, 200, 200, 200, 404},
	"GET /story/{document}/fact/{fact}":           {200, 200, 200, 200, 404, 200, 404},
}

// TestRolesAddUp: who has two roles may do what either may, each by its own rule: on the pages
// of one role he is answered as whoever has that role alone, also about a letter that he has
// just opened as an auditor.
func TestRolesAddUp(t *testing.T) {
	p := newPost(t)
	roles := access.Roles()
	for i, first := range roles {
		for _, second := range roles[i+1:] {
			p.anew(t, string(first+" "+second), func(*testing.T) {
				login := string(first + "." + second)
				p.hire(access.User{Login: login, Roles: []access.Role{first, second}, Groups: []string{p.group.ID}})
				p.asksAll(p.as(login), first, second)
			})
		}
	}
	// An administrator sees no letter, whatever he gives himself without the auditor's role.
	u := p.people["administrator"]
	u.Groups = []string{p.group.ID}
	_, err := p.directory.Change(t.Context(), "test", u)
	p.must(err)
	if got := p.as("administrator").get("/letters/" + p.letters["own"]); got.StatusCode != http.StatusForbidden {
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
	p.hire(access.User{Login: "second", Roles: []access.Role{access.Operator}})
	at := "/station/" + p.letters["held"]
	first, second, supervisor := p.as("operator"), p.as("second"), p.as("supervisor")
	up := func() { first.sends(at+"/supervisor", url.Values{"why": {"two cases"}}) }
	up()
	if got := second.get(at); got.StatusCode != http.StatusOK {
		t.Error("it can't be looked at:", got.Status)
	}
	second.lacks(at+"/take", `id="reference"`)
	for act, form := range map[string]url.Values{"file": {"reference": {caseOwn}}, "discard": {"why": {"x"}}, "page": {"do": {"blank"}, "page": {"8"}}, "open": nil, "take": nil, "later": {"why": {"x"}}, "rescan": {"why": {"x"}}} {
		if got := second.post(at+"/"+act, form); got.StatusCode != http.StatusForbidden {
			t.Errorf("an operator does this with it: %s: %s", act, got.Status)
		}
	}
	first.post(at+"/take", nil)
	if got := first.post(at+"/open", nil); got.StatusCode != http.StatusUnprocessableEntity {
		t.Error("who handed it up puts it back among the open ones:", got.Status)
	}
	if first.undo(); p.document(p.letters["held"]).Lane != pipeline.LaneOpen {
		t.Error("who handed it up can't take it back")
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
		all = append(all, p.as("caseworker"))
	}
	h, err := p.mailroom.Holding(t.Context(), p.letters["own"])
	if err != nil || h.State != mail.Filed {
		t.Fatal(h, err)
	}
	codes := make([]int, len(all))
	var together sync.WaitGroup
	for i, b := range all {
		r := b.request(http.MethodPost, "/letters/"+h.Document+"/return", url.Values{"why": {"not mine"}})
		together.Go(func() {
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
