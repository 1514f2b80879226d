package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// rolesOf gives who may use a route, one of them for each right.
func rolesOf(route string) []string {
	who := strings.Fields(admissions[route].who)
	if who[0] == "all" || who[0] == "public" {
		return []string{"nobody", "none"}
	}
	return []string{"nobody", "none", who[0]}
}

// TestHeadersOfEveryAnswer: pages, refusals, pictures, downloads, what is not there, what is
// not changed, and what is asked for wrongly.
func TestHeadersOfEveryAnswer(t *testing.T) {
	p := newPost(t)
	browsers := map[string]*browser{}
	as := func(who string) *browser {
		if browsers[who] == nil {
			browsers[who] = p.as(who)
		}
		return browsers[who]
	}
	for _, route := range routesInOrder() {
		for _, who := range rolesOf(route) {
			if route == "POST /signout" && who != "nobody" {
				continue // TestSessionsEnd has it
			}
			for _, a := range p.requests(route) {
				got := as(who).ask(a.method, a.path)
				harmlessHead(t, who+" "+route, got)
				want := "no-store"
				if strings.Contains(route, "/picture/") && got.StatusCode == http.StatusOK || strings.Contains(route, "/fact/") && got.StatusCode == http.StatusOK {
					want = "private, no-cache"
				}
				if cache := got.Header.Get("Cache-Control"); cache != want && !(a.path == "/signin" && strings.HasPrefix(cache, "no-store")) {
					t.Errorf("%s %s, %s: Cache-Control is %q, want %q", who, route, a.about, cache, want)
				}
			}
		}
	}
	picture := "/letters/" + p.letters["own"] + "/picture/2/screen"
	b := as("caseworker")
	tag := b.get(picture).Header.Get("ETag")
	for what, c := range map[string]struct {
		path   string
		header []string
		status int
	}{
		"a picture that is there already": {picture, []string{"If-None-Match", tag}, http.StatusNotModified},
		"a part of a download":            {"/letters/" + p.letters["own"] + "/file/original", []string{"Range", "bytes=0-3"}, http.StatusPartialContent},
		"a part that is not there":        {"/letters/" + p.letters["own"] + "/file/original", []string{"Range", "bytes=999999-"}, http.StatusRequestedRangeNotSatisfiable},
		"another way to a page":           {"/letters/../letters", nil, http.StatusTemporaryRedirect},
		"another way to a static file":    {"/static/./x", nil, http.StatusTemporaryRedirect},
	} {
		got := b.get(c.path, c.header...)
		if got.StatusCode != c.status {
			t.Errorf("%s: %s", what, got.Status)
		}
		harmlessHead(t, what, got)
		if cache := got.Header.Get("Cache-Control"); c.status != http.StatusNotModified && cache != "no-store" {
			t.Errorf("%s: Cache-Control is %q", what, cache)
		}
	}
}

// TestPictureAloneIsNotKept: a browser that goes back to a picture that was a page by itself
// shows what it kept without asking, also when the session is over; so it keeps none.
func TestPictureAloneIsNotKept(t *testing.T) {
	p := newPost(t)
	for who, picture := range map[string]string{"caseworker": "/letters/" + p.letters["own"] + "/picture/2/screen", "operator": "/station/" + p.letters["held"] + "/picture/8/thumb"} {
		b := p.as(who)
		r := b.request(http.MethodGet, picture, nil)
		r.Header.Set("Sec-Fetch-Dest", "document")
		r.Header.Set("If-None-Match", b.get(picture).Header.Get("ETag"))
		got := b.do(r)
		if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("ETag") != "" || len(b.body) == 0 {
			t.Errorf("%s: %s, %v", picture, got.Status, got.Header)
		}
	}
}

// TestStaticFilesKnowNobody: no cookie is set with one, none keeps a session awake.
func TestStaticFilesKnowNobody(t *testing.T) {
	p := newPost(t)
	b := p.as("auditor")
	b.get("/log")
	at := strings.SplitN(b.body, `href="/static/`, 2)[1]
	css := "/static/" + at[:strings.IndexByte(at, '"')]
	for range 3 {
		p.clock.move(6 * time.Minute)
		if got := b.get(css); got.StatusCode != http.StatusOK || len(got.Cookies()) != 0 || strings.Contains(got.Header.Get("Vary"), "Cookie") {
			t.Fatal(css, got.Status, got.Header)
		}
	}
	if got := b.get("/log"); got.StatusCode != http.StatusSeeOther {
		t.Error("a session lives on by its stylesheet:", got.Status)
	}
}

// ofLooking are the entries that a look makes.
var ofLooking = []string{"document viewed", "document downloaded", "document opened for an audit", "batch viewed", "exceptions listed", "letters searched", "rescans listed", "log viewed", "log listed", "log exported", "log entry viewed", "story told", "document found", "sample exported", "wrong ones listed"}

// TestLookingChangesNothing: whatever a link or a picture of another site can have a browser
// ask for leaves views alone in the log, and every letter where it was.
func TestLookingChangesNothing(t *testing.T) {
	p := newPost(t)
	stands := func() (all string) {
		for _, kind := range lettersAre[:6] {
			h, err := p.mailroom.Holding(t.Context(), p.letters[kind])
			p.must(err)
			all += fmt.Sprintln(kind, h)
		}
		return all
	}
	before := stands()
	var all []*browser
	for _, who := range []string{"nobody", "none", "operator", "supervisor", "caseworker", "auditor", "administrator"} {
		all = append(all, p.as(who))
	}
	n := len(p.entries())
	for _, b := range all {
		for _, route := range routesInOrder() {
			for _, a := range p.requests(route) {
				b.ask(http.MethodGet, a.path) // also of a route that is a POST's
			}
		}
	}
	entries := p.entries()
	for _, e := range entries[:len(entries)-n] {
		if !slices.Contains(ofLooking, e.Action) {
			t.Errorf("a GET did this: %s of %s", e.Action, e.About)
		}
	}
	if after := stands(); after != before {
		t.Errorf("letters stood\n%s\nand stand\n%s", before, after)
	}
	if len(entries) == n {
		t.Error("no look is logged: nothing was tested")
	}
}

func TestMethods(t *testing.T) {
	p := newPost(t)
	b := p.as("caseworker")
	for _, route := range routesInOrder() {
		method, _, _ := strings.Cut(route, " ")
		path := p.requests(route)[0].path
		has := func(m string) bool {
			return slices.ContainsFunc(routesInOrder(), func(r string) bool {
				return strings.HasPrefix(r, m+" ") && p.requests(r)[0].path == path
			})
		}
		for _, other := range []string{http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodGet, http.MethodPost, "PROPFIND"} {
			if other == method || has(other) || other == http.MethodPost && strings.HasPrefix(path, "/samples/") || // a verdict on a letter of that name
				strings.HasPrefix(path, "/batches/") && strings.HasSuffix(path, "/close") {
				continue
			}
			got := b.do(b.request(other, path, nil, "Sec-Fetch-Site", "same-origin", "X-Echo", "echoed"))
			looks := other == http.MethodGet && (got.StatusCode == http.StatusForbidden || // it is another route's
				got.StatusCode == http.StatusSeeOther && len(got.Header.Get("Location")) < len(path)) // or leads to its page
			if got.StatusCode != http.StatusNotFound && !looks ||
				strings.Contains(b.body, "echoed") || got.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s: %s", other, path, got.Status)
			}
		}
		if method == http.MethodGet && route != "GET /signin" {
			got := b.ask(http.MethodHead, path)
			if want := b.ask(http.MethodGet, path); got.StatusCode != want.StatusCode {
				t.Errorf("HEAD %s: %s, and GET: %s", path, got.Status, want.Status)
			}
		}
	}
}

// TestFormsThatAreNone: what is too large, broken or of another kind does nothing, and is
// not taken for an empty form.
func TestFormsThatAreNone(t *testing.T) {
	p := newPost(t)
	b := p.as("operator")
	path := "/station/" + p.letters["held"] + "/discard"
	n := len(p.entries())
	for what, c := range map[string]struct {
		kind, body string
		status     int
	}{
		"too large":         {"application/x-www-form-urlencoded", "why=advertising&x=" + strings.Repeat("y", maxForm), http.StatusRequestEntityTooLarge},
		"broken":            {"application/x-www-form-urlencoded", "why=advertising&x=%zz", http.StatusBadRequest},
		"in parts":          {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"why\"\r\n\r\nadvertising\r\n--b--\r\n", http.StatusBadRequest},
		"JSON":              {"application/json", `{"why":"advertising"}`, http.StatusBadRequest},
		"text":              {"text/plain", "why=advertising", http.StatusBadRequest},
		"no text":           {"application/x-www-form-urlencoded", "why=advertising%ff", http.StatusBadRequest},
		"an end in a text":  {"application/x-www-form-urlencoded", "why=adver%00tising", http.StatusBadRequest},
		"in the address":    {"application/x-www-form-urlencoded", "", http.StatusUnprocessableEntity},
		"of no kind at all": {"", "why=advertising", http.StatusUnprocessableEntity},
	} {
		to := path
		if what == "in the address" {
			to += "?why=advertising"
		}
		r := b.raw(http.MethodPost, to, c.body)
		if r.Header.Set("Content-Type", c.kind); c.kind == "" {
			r.Header.Del("Content-Type")
		}
		if got := b.do(r); got.StatusCode != c.status {
			t.Errorf("%s: %s", what, got.Status)
		}
	}
	for _, e := range p.entries()[:len(p.entries())-n] {
		if e.Action != "document viewed" {
			t.Errorf("it did this: %s", e.Action)
		}
	}
}

// TestPathsThatTrick: no way of writing a path leads past a right, out of the desk, or to a fault.
func TestPathsThatTrick(t *testing.T) {
	p := newPost(t)
	b := p.as("caseworker")
	foreign := p.letters["foreign"]
	for _, path := range []string{
		"//evil.example/", "//evil.example/%2e%2e", "///evil.example", "/%5cevil.example", "/\\evil.example", "/.//evil.example/..//", "/%2f%2fevil.example", "/%09/evil.example",
		"/letters/../log", "/letters/%2e%2e/log", "/letters/..%2flog", "/letters%2f" + foreign, "/letters/" + foreign + "%2f", "/letters//" + foreign, "/letters/./" + foreign,
		"/letters/" + p.letters["own"] + "%00", "/letters/%00", "/letters/%ff", "/letters/" + p.letters["own"] + "/../" + foreign, "/LETTERS/" + foreign, "/letters;a=b/" + foreign,
		"/letters/" + p.letters["own"] + "/picture/2/screen%2f..%2f..%2f..%2f" + foreign, "/letters/" + p.letters["own"] + "/picture/4/screen", "/letters/" + p.letters["own"] + "/picture/02%20/screen",
		"/letters/" + p.letters["own"] + "/picture/2/../../../" + foreign + "/picture/4/screen", "/letters/" + p.letters["own"] + "/picture/2/huge", "/letters/" + p.letters["own"] + "/picture/99999999999999999999/screen",
		"/letters/" + p.letters["own"] + "/file/..%2foriginal", "/letters/" + strings.Repeat("a", 100_000),
		"/static/../desk.go", "/static/x/..%2f..%2fdesk.go", "/static/%2e%2e/desk.go", "/static//", "/static/x/%00", "/debug/pprof/", "/metrics", "/.git/config", "/letters?before=" + strings.Repeat("%ff", 100), "/letters?before=..%2f..%2f",
	} {
		r := b.request(http.MethodGet, "/", nil)
		r.URL.Opaque = "//" + r.URL.Host + path
		got := b.do(r)
		to := got.Header.Get("Location")
		if got.StatusCode >= 500 || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) || to != "" && !strings.HasPrefix(to, "/") {
			t.Errorf("%s: %s to %q", path, got.Status, to)
		}
		if got.StatusCode == http.StatusOK && !strings.HasPrefix(path, "/letters?") {
			t.Errorf("%s is answered", path)
		}
		if strings.Contains(b.body, caseForeign) || strings.Contains(b.body, p.words["foreign"]) || strings.Contains(b.body, "goroutine") || strings.Contains(b.body, ".go:") {
			t.Errorf("%s tells of a foreign letter or of the system", path)
		}
	}
}

// TestWhereItComesFrom: a name in the request's head changes no address that it is led to,
// and where an attempt comes from only a trusted proxy says.
func TestWhereItComesFrom(t *testing.T) {
	for _, behind := range []bool{false, true} {
		h := newHouse(t)
		h.open(func(c *Config) { c.BehindProxy = behind })
		for i, c := range []struct {
			lines []string
			want  string // behind a proxy
		}{
			{nil, "127.0.0.1"},
			{[]string{"203.0.113.7"}, "203.0.113.7"},
			{[]string{"198.51.100.1, 203.0.113.8"}, "203.0.113.8"},
			{[]string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"}, // a proxy with a line of its own
			{[]string{"forged\" level=ERROR"}, "127.0.0.1"},
			{[]string{"2001:db8::1%eth0"}, "2001:db8::/64"},
			{[]string{"203.0.113.7, "}, "127.0.0.1"},
		} {
			b := h.browser()
			r := b.request(http.MethodPost, "/signin", url.Values{"login": {fmt.Sprint("nobody", i)}, "password": {"x"}},
				"X-Forwarded-Host", "evil.example", "X-Original-URL", "/users", "X-HTTP-Method-Override", "GET")
			r.Host = "evil.example"
			r.Header["X-Forwarded-For"] = c.lines
			if got := b.do(r); got.StatusCode != http.StatusUnprocessableEntity || strings.Contains(b.body, "evil.example") {
				t.Errorf("%v: %s", c.lines, got.Status)
			}
			want := c.want
			if !behind {
				want = "127.0.0.1"
			}
			if e := h.entries()[0]; e.Action != "sign-in failed" || !strings.Contains(string(e.Detail), `"from":"`+want+`"`) {
				t.Errorf("behind a proxy %v, %v: %s %s, want %s", behind, c.lines, e.Action, e.Detail, want)
			}
		}
		b := h.browser()
		r := b.request(http.MethodGet, "/", nil)
		r.Host = "evil.example"
		if got := b.do(r); got.Header.Get("Location") != "/signin" {
			t.Errorf("a foreign host is led to %q", got.Header.Get("Location"))
		}
	}
}

func TestNoWayBackLeadsElsewhere(t *testing.T) {
	h := newHouse(t)
	for back, want := range map[string]string{"/log": "/log", "/letters?page=2": "/letters?page=2", "": "/", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/",
		"/\t/evil.example": "/", "/\r\nSet-Cookie: a=b": "/", "javascript:alert(1)": "/", "\x00/log": "/", "log": "/", "/\u202elog": "/"} {
		got := h.browser().post("/language", url.Values{"language": {"de"}, "back": {back}})
		if to := got.Header.Get("Location"); to != want && (want != "/" || got.StatusCode != http.StatusBadRequest) {
			t.Errorf("back to %q leads to %q", back, to)
		}
	}
}

// TestNoRequestOfAnotherSite: each POST, by whoever may make it, does nothing when another
// site had the browser send it.
func TestNoRequestOfAnotherSite(t *testing.T) {
	p := newPost(t)
	browsers := map[string]*browser{}
	for _, who := range []string{"nobody", "none", "operator", "supervisor", "caseworker", "auditor", "administrator"} {
		browsers[who] = p.as(who)
	}
	n := len(p.entries())
	for _, route := range routesInOrder() {
		method, _, _ := strings.Cut(route, " ")
		if method != http.MethodPost {
			continue
		}
		who := rolesOf(route)
		b := browsers[who[len(who)-1]]
		for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none-of-these"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
			{"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}} {
			r := b.request(method, p.requests(route)[0].path, url.Values{"why": {"so"}, "language": {"de"}, "login": {"auditor"}, "password": {password}})
			r.Header.Del("Sec-Fetch-Site")
			for name, value := range header {
				r.Header.Set(name, value)
			}
			if got := b.do(r); got.StatusCode != http.StatusForbidden || len(got.Cookies()) != 0 {
				t.Errorf("%s, %v: %s", route, header, got.Status)
			}
		}
	}
	if entries := p.entries(); len(entries) != n {
		t.Errorf("it did this: %s", entries[0].Action)
	}
	if got := browsers["none"].get("/account"); got.StatusCode != http.StatusOK {
		t.Error("another site signs people out:", got.Status)
	}
}

// TestRefusalsAreLogged: who was refused what is a line, not each time, and nothing forged.
func TestRefusalsAreLogged(t *testing.T) {
	p := newPost(t)
	b := p.as("caseworker")
	for range 5 {
		b.get("/users")
		b.get("/letters/" + p.letters["foreign"])
		b.get("/letters/" + p.letters["missing"])
	}
	b.post("/groups", nil, "Sec-Fetch-Site", "cross-site")
	log := p.log.String()
	id := p.people["caseworker"].ID
	for _, want := range []string{
		`level=WARN msg="a request was refused" user=` + id + ` route="GET /users" document="" from=127.0.0.1 left_out=0`,
		`user=` + id + ` route="GET /letters/{document}" document=` + p.letters["foreign"],
		`user=nobody route=cross-site`,
	} {
		if strings.Count(log, want) != 1 {
			t.Errorf("%d lines with %s in\n%s", strings.Count(log, want), want, log)
		}
	}
	for _, personal := range []string{p.letters["missing"], caseForeign, "The caseworker"} {
		if strings.Contains(log, personal) {
			t.Errorf("the log has %s", personal)
		}
	}
	p.clock.move(quiet)
	if b.get("/users"); !strings.Contains(p.log.String(), "left_out=4") {
		t.Error("it is not told how many refusals were left out")
	}
	few := newRefusals(nil, p.clock.now)
	for i := range 3 * mostRefused {
		few.due(fmt.Sprint(i))
	}
	if len(few.told) > mostRefused {
		t.Errorf("%d refusals are remembered", len(few.told))
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
		if got := p.as(c.who).post(c.path, c.form); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", c.path, got.Status)
		}
	}
}
