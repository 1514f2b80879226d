package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// admission is what a route answers. Whoever is not named by who is refused.
type admission struct {
	who string // the roles that it is for: "all" = everyone who signed in, "public" = strangers too
	// What those who may use it are answered; for a route about a letter by how the
	// letter stands to the caseworker, see lettersAre; about a batch, a sample or a
	// user: one that there is, one that there is not.
	answers []int
}

// lettersAre the letters of a post: filed in the caseworker's case, in another of the same
// store, in one of another store; waiting; discarded; sent back from his case; not there.
var lettersAre = []string{"own", "foreign", "other", "held", "discarded", "recalled", "missing"}

// admissions is who may do what: every route of the table. A POST is sent without any
// field, so that what may be done is refused for what it lacks (422, 400) and changes nothing.
var admissions = map[string]admission{
	"GET /{$}":                   {"all", []int{303}},
	"GET /signin":                {"public", []int{303}}, // 200 to strangers
	"POST /signin":               {"public", []int{422}},
	"GET /signon":                {"public", []int{404}},
	"GET /signon/back":           {"public", []int{404}},
	"POST /signout":              {"all", []int{303}},
	"POST /language":             {"public", []int{400}},
	"GET /account":               {"all", []int{200}},
	"POST /account/password":     {"all", []int{422}},
	"POST /account/sessions/end": {"all", []int{404}},
	"GET /live":                  {"all", []int{200}},

	"GET /intake":                                   {"operator supervisor", []int{200}},
	"GET /batches/{batch}":                          {"operator supervisor", []int{200, 404}},
	"POST /batches/{batch}/close":                   {"operator supervisor", []int{422, 404}},
	"GET /batches/{batch}/picture/{page}/{size}":    {"operator supervisor", []int{403, 404}}, // of a page that is filed
	"GET /rescans":                                  {"operator supervisor", []int{200}},
	"GET /station":                                  {"operator supervisor", []int{200}},
	"GET /station/list":                             {"operator supervisor", []int{200}},
	"POST /station/undo":                            {"operator supervisor", []int{303}},
	"GET /station/{document}":                       {"operator supervisor", []int{409, 409, 409, 200, 409, 200, 404}},
	"GET /station/{document}/picture/{page}/{size}": {"operator supervisor", []int{403, 403, 403, 200, 403, 200, 404}},
	"GET /station/{document}/fact/{fact}":           {"operator supervisor", []int{403, 403, 403, 200, 403, 200, 404}},
	"POST /station/{document}/lookup":               {"operator supervisor", []int{409, 409, 409, 200, 409, 200, 404}},
	"POST /station/{document}/file":                 {"operator supervisor", []int{303, 303, 303, 422, 303, 422, 404}},
	"POST /station/{document}/discard":              {"operator supervisor", []int{303, 303, 303, 422, 303, 422, 404}},
	"POST /station/{document}/page":                 {"operator supervisor", []int{400, 400, 400, 400, 400, 400, 400}},
	"POST /station/{document}/rescan":               {"operator supervisor", []int{303, 303, 303, 422, 303, 422, 404}},
	"POST /station/{document}/supervisor":           {"operator supervisor", []int{303, 303, 303, 422, 303, 422, 404}},
	"POST /station/{document}/later":                {"operator supervisor", []int{303, 303, 303, 422, 303, 422, 404}},
	"POST /station/{document}/open":                 {"operator supervisor", []int{303, 303, 303, 422, 303, 422, 404}},
	"POST /station/{document}/skip":                 {"operator supervisor", []int{303, 303, 303, 303, 303, 303, 404}},
	"POST /station/{document}/take":                 {"operator supervisor", []int{409, 409, 409, 303, 409, 303, 404}},
	"POST /station/{document}/recall":               {"supervisor", []int{422, 422, 422, 422, 422, 422, 404}},
	"POST /station/{document}/hold":                 {"operator supervisor", []int{409, 409, 409, 204, 409, 204, 404}},

	"GET /letters":                                  {"caseworker", []int{200}},
	"GET /letters/{document}":                       {"caseworker", []int{200, 404, 404, 404, 404, 404, 404}},
	"POST /letters/{document}":                      {"caseworker", []int{303, 404, 404, 404, 404, 404, 404}},
	"GET /letters/{document}/case":                  {"caseworker", []int{200, 404, 404, 404, 404, 404, 404}},
	"GET /letters/{document}/picture/{page}/{size}": {"caseworker", []int{200, 404, 404, 404, 404, 404, 404}},
	"GET /letters/{document}/file/{kind}":           {"caseworker", []int{200, 404, 404, 404, 404, 404, 404}},
	"POST /letters/{document}/return":               {"caseworker", []int{422, 404, 404, 404, 404, 404, 404}},
	"POST /search":                                  {"caseworker", []int{303}},
	"GET /search":                                   {"caseworker", []int{200}},

	"GET /log":                    {"auditor", []int{200}},
	"POST /log":                   {"auditor", []int{303}},
	"GET /log/export":             {"auditor", []int{200}},
	"POST /log/story":             {"auditor", []int{422}},
	"GET /story/{document}":       {"auditor", []int{200, 200, 200, 200, 200, 200, 404}},
	"POST /story/{document}/open": {"auditor", []int{422, 422, 422, 422, 422, 422, 404}},
	"GET /story/{document}/picture/{page}/{size}": {"auditor", []int{403, 403, 403, 403, 403, 403, 404}},
	"GET /story/{document}/fact/{fact}":           {"auditor", []int{403, 403, 403, 403, 403, 403, 404}},
	"GET /samples":                                {"auditor", []int{200}},
	"POST /samples":                               {"auditor", []int{422}},
	"GET /samples/{sample}":                       {"auditor", []int{200, 404}},
	"GET /samples/{sample}/{document}":            {"auditor", []int{200, 200, 200, 404, 404, 200, 404}},
	"POST /samples/{sample}/{document}":           {"auditor", []int{400, 400, 400, 400, 400, 400, 404}},

	"GET /figures": {"operator supervisor auditor administrator", []int{200}},
	"GET /sheets":  {"operator supervisor", []int{200}},
	"POST /sheets": {"operator supervisor", []int{422}},

	"GET /users":                  {"administrator", []int{200}},
	"POST /users":                 {"administrator", []int{422}},
	"GET /users/{user}":           {"administrator", []int{200, 404}},
	"POST /users/{user}":          {"administrator", []int{422, 404}},
	"POST /users/{user}/password": {"administrator", []int{422, 404}},
	"POST /users/{user}/end":      {"administrator", []int{303, 404}},
	"POST /groups":                {"administrator", []int{422}},
	"POST /groups/delete":         {"administrator", []int{404}},

	"POST /intake":                   {"operator supervisor", []int{303}},
	"POST /batches/{batch}/retry":    {"operator supervisor", []int{303, 404}},
	"GET /differences":               {"operator supervisor", []int{200}},
	"POST /station/queue":            {"operator supervisor", []int{303}},
	"POST /station/{document}/sides": {"operator supervisor", []int{303, 303, 303, 303, 303, 303, 404}},

	"POST /letters":                         {"caseworker", []int{303}},
	"POST /letters/views":                   {"caseworker", []int{422}},
	"POST /letters/views/open":              {"caseworker", []int{404}},
	"GET /letters/{document}/older":         {"caseworker", []int{303, 404, 404, 404, 404, 404, 404}},
	"GET /letters/{document}/newer":         {"caseworker", []int{303, 404, 404, 404, 404, 404, 404}},
	"POST /letters/{document}/notes":        {"caseworker", []int{422, 404, 404, 404, 404, 404, 404}},
	"POST /letters/{document}/notes/remove": {"caseworker", []int{404, 404, 404, 404, 404, 404, 404}},
	"POST /letters/{document}/unread":       {"caseworker", []int{303, 404, 404, 404, 404, 404, 404}},

	"GET /log/proofs":              {"auditor", []int{200}},
	"GET /log/entry/{entry}":       {"auditor", []int{200, 404}},
	"GET /log/verification":        {"auditor", []int{200}},
	"POST /log/verification":       {"auditor", []int{303}},
	"GET /samples/{sample}/next":   {"auditor", []int{303, 404}},
	"GET /samples/{sample}/export": {"auditor", []int{200, 404}},
	"GET /wrong":                   {"operator supervisor auditor", []int{200}},
	"POST /wrong/{document}":       {"operator supervisor", []int{404, 404, 404, 404, 404, 404, 404}}, // none was found wrong
	"GET /sessions":                {"administrator", []int{200}},
	"POST /sessions/end":           {"administrator", []int{303}},
	"GET /reach":                   {"administrator", []int{200}},
	"POST /reach":                  {"administrator", []int{400}},
}

// asked is one request of a route, with what it is to be answered to whom it is for.
type asked struct {
	route, method, path string
	about               string // the letter or thing
	want                int
}

// requests lists what is asked of a route.
func (p *post) requests(route string) (all []asked) {
	method, pattern, _ := strings.Cut(route, " ")
	pattern = strings.TrimSuffix(pattern, "{$}")
	about := []string{""}
	switch {
	case strings.Contains(pattern, "{document}"):
		about = lettersAre
	case strings.Contains(pattern, "{"):
		about = []string{"known", "missing"}
	}
	for i, kind := range about {
		page := "4" // of a batch: one that is filed
		if n := p.pages[kind]; n > 0 && strings.Contains(pattern, "{document}") {
			page = strconv.Itoa(n)
		}
		batch, sample, user, entry := p.batch, p.sample, p.people["none"].ID, "0"
		if kind == "missing" && !strings.Contains(pattern, "{document}") {
			batch, sample, user, entry = "0", "0", "0", "999999"
		}
		path := strings.NewReplacer("{document}", p.letters[kind], "{batch}", batch, "{sample}", sample, "{user}", user,
			"{entry}", entry, "{page}", page, "{size}", "screen", "{fact}", "0", "{kind}", "original").Replace(pattern)
		want := 0
		if e := admissions[route]; i < len(e.answers) {
			want = e.answers[i]
		}
		all = append(all, asked{route, method, path, kind, want})
	}
	return all
}

// routesInOrder lists the table's routes, signing out last.
func routesInOrder() (all []string) {
	for _, r := range (&desk{}).routes() {
		if r.pattern != "POST /signout" {
			all = append(all, r.pattern)
		}
	}
	return append(all, "POST /signout")
}

// ask sends a request without any field, and reads no answer that does not end.
func (b *browser) ask(method, path string) *http.Response {
	b.t.Helper()
	r := b.request(method, path, nil)
	if path == "/live" {
		ctx, hangUp := context.WithCancel(r.Context())
		defer hangUp()
		got, err := b.client.Do(r.WithContext(ctx))
		b.must(err)
		b.body = ""
		hangUp()
		if err := got.Body.Close(); !errors.Is(err, context.Canceled) {
			b.must(err)
		}
		return got
	}
	return b.do(r)
}

func TestEveryRouteHasItsRightWritten(t *testing.T) {
	routes := routesInOrder()
	for _, r := range routes {
		a, is := admissions[r]
		if !is {
			t.Errorf("%s: who may use it is not written in this test", r)
			continue
		}
		if n := len((&post{house: &house{}}).requests(r)); n != len(a.answers) {
			t.Errorf("%s has %d answers, and there are %d requests", r, len(a.answers), n)
		}
	}
	for r := range admissions {
		if !slices.Contains(routes, r) {
			t.Errorf("%s is written here and is no route", r)
		}
	}
}

// TestWhoMayDoWhat asks every route as everyone about everything.
func TestWhoMayDoWhat(t *testing.T) {
	p := newPost(t)
	for _, who := range []string{"nobody", "none", "disabled", "new", "operator", "supervisor", "caseworker", "auditor", "administrator"} {
		p.anew(t, who, func(t *testing.T) {
			b := p.as(who)
			if who == "disabled" {
				u := p.people["disabled"]
				u.Disabled = true
				_, err := p.directory.Change(t.Context(), "test", u)
				p.must(err)
			}
			for _, route := range routesInOrder() {
				for _, a := range p.requests(route) {
					got := b.ask(a.method, a.path)
					if want, to := a.answer(who); got.StatusCode != want || !strings.HasPrefix(got.Header.Get("Location"), to) {
						t.Errorf("%s, %s: %d %s, want %d %s", a.route, a.about, got.StatusCode, got.Header.Get("Location"), want, to)
					}
				}
			}
		})
	}
}

// anew is a part of a test that finds things as they were before another.
func (p *post) anew(t *testing.T, name string, part func(*testing.T)) {
	t.Run(name, func(t *testing.T) {
		defer func(whole testing.TB, desk *httptest.Server) { p.house.t, p.desk = whole, desk }(p.house.t, p.desk)
		p.house.t = t
		p.clock.move(2 * time.Hour) // what was tried before is forgotten
		p.open()                    // and nobody holds a letter
		part(t)
	})
}

// answer is what somebody is to be answered, and where that leads.
func (a asked) answer(who string) (status int, to string) {
	roles := admissions[a.route].who
	stranger := who == "nobody" || who == "disabled"
	switch {
	case who == "new" && roles != "public" && !slices.Contains([]string{"POST /signout", "GET /account", "POST /account/password", "POST /account/sessions/end", "GET /live"}, a.route):
		return http.StatusSeeOther, "/account"
	case a.route == "GET /signin" && stranger, a.route == "GET /{$}" && who == "none":
		return http.StatusOK, ""
	case roles == "public", roles == "all" && !stranger, slices.Contains(strings.Fields(roles), who):
		return a.want, ""
	case stranger:
		return http.StatusSeeOther, "/signin"
	}
	return http.StatusForbidden, ""
}

// TestNothingTellsOfAForeignLetter: what a caseworker is answered about a letter that is not
// his is to the byte what he is answered about one that is not there.
func TestNothingTellsOfAForeignLetter(t *testing.T) {
	p := newPost(t)
	b := p.as("caseworker")
	tells := func(method, path, document string) string {
		got := b.ask(method, path)
		got.Header.Del("Date")
		var head strings.Builder
		_ = got.Header.Write(&head) // a strings.Builder takes all
		return strings.ReplaceAll(strconv.Itoa(got.StatusCode)+head.String()+b.body, document, "ID")
	}
	for _, route := range routesInOrder() {
		if !strings.Contains(route, "{document}") {
			continue
		}
		all := p.requests(route)
		missing := all[len(all)-1]
		nothing := tells(missing.method, missing.path, p.letters["missing"])
		for _, a := range all {
			if a.about == "own" || a.about == "missing" {
				continue
			}
			path := strings.ReplaceAll(a.path, "/picture/"+strconv.Itoa(p.pages[a.about])+"/", "/picture/2/")
			if got := tells(a.method, path, p.letters[a.about]); got != nothing {
				t.Errorf("%s tells of a letter that is %s:\n%s\nand of none:\n%s", a.route, a.about, got, nothing)
			}
		}
	}
}

// TestListsAndSearchesHaveOwnLettersOnly looks for foreign letters by all that leads to them.
func TestListsAndSearchesHaveOwnLettersOnly(t *testing.T) {
	p := newPost(t)
	b := p.as("caseworker")
	find := func(words string) string {
		if got := b.post("/search", url.Values{"q": {words}}); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/search" {
			t.Fatal(got.Status, got.Header.Get("Location"))
		}
		b.get("/search")
		return b.body
	}
	for _, path := range []string{"/letters", "/letters/" + p.letters["own"] + "/case"} {
		b.get(path)
		p.hasOwnAlone(path, b.body)
	}
	nothing := find("nothinglikethis")
	for _, kind := range lettersAre[:6] {
		got := find(p.words[kind])
		if kind == "own" {
			p.hasOwnAlone("search", got)
			continue
		}
		if same := strings.ReplaceAll(nothing, "nothinglikethis", p.words[kind]); got != same {
			t.Errorf("a search for the words of a letter that is %s answers otherwise than for no word:\n%s", kind, got)
		}
	}
	for _, words := range []string{"zebra*", "office", caseForeign, `"office"`, "zebraown zebraforeign"} {
		if got := find(words); strings.Contains(got, p.letters["foreign"]) || strings.Contains(got, "zebraforeign</mark>") {
			t.Errorf("%s finds a foreign letter", words)
		}
	}
}

// hasOwnAlone wants a page to have the own letter, and nothing of any other.
func (p *post) hasOwnAlone(what, body string) {
	p.t.Helper()
	for kind, id := range p.letters {
		if strings.Contains(body, id) != (kind == "own") {
			p.t.Errorf("%s: the letter that is %s", what, kind)
		}
	}
	for _, foreign := range []string{caseForeign, caseOther, p.words["foreign"], p.words["other"], p.words["held"]} {
		if strings.Contains(body, foreign) {
			p.t.Errorf("%s has %s", what, foreign)
		}
	}
}

// TestOneLookIsOneEntry: whatever of a letter is asked for first, that is in the log before.
func TestOneLookIsOneEntry(t *testing.T) {
	p := newPost(t)
	viewed := func(who, document string) (n int) {
		for _, e := range p.entries() {
			if e.Actor == p.people[who].Actor() && e.Action == "document viewed" && e.About == document {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		who, kind, prefix string
		paths             []string
	}{
		{"caseworker", "own", "/letters/", []string{"?page=2", "/picture/2/full", "/picture/2/thumb", "?page=2"}},
		{"operator", "held", "/station/", []string{"/fact/0", "/picture/8/full", "?page=8"}},
		{"operator", "recalled", "/station/", []string{"/picture/12/screen"}},
	} {
		id := p.letters[c.kind]
		b := p.as(c.who)
		for _, path := range c.paths {
			if got := b.get(c.prefix + id + path); got.StatusCode != http.StatusOK {
				t.Fatal(c.kind, path, got.Status)
			}
			if n := viewed(c.who, id); n != 1 {
				t.Errorf("%s%s: %d entries", c.kind, path, n)
			}
		}
		p.clock.move(oneLook)
		b = p.as(c.who)
		if b.get(c.prefix + id + c.paths[0]); viewed(c.who, id) != 2 {
			t.Errorf("%s: a look of a later hour is no entry", c.kind)
		}
	}
	b := p.as("operator")
	if got := b.get("/batches/" + p.batch + "/picture/8/full"); got.StatusCode != http.StatusOK || viewed("operator", p.letters["held"]) != 3 {
		t.Errorf("a page of the batch: %s, %d entries", got.Status, viewed("operator", p.letters["held"]))
	}
	b = p.as("supervisor")
	batches := func() (n int) {
		for _, e := range p.entries() {
			if e.Actor == p.people["supervisor"].Actor() && e.Action == "batch viewed" && e.About == p.batch {
				n++
			}
		}
		return n
	}
	for _, page := range []string{"4", "6"} {
		if got := b.get("/batches/" + p.batch + "/picture/" + page + "/thumb"); got.StatusCode != http.StatusOK || batches() != 1 {
			t.Errorf("a small picture of the batch: %s, %d entries", got.Status, batches())
		}
	}
	for page, want := range map[string]int{"1": 200, "2": 403, "10": 403, "12": 200, "13": 404, "-1": 404, "x": 404} {
		if got := b.get("/batches/" + p.batch + "/picture/" + page + "/full"); got.StatusCode != want {
			t.Errorf("page %s of the batch: %s", page, got.Status)
		}
	}
}
