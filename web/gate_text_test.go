package web

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"postroom/pipeline"
	"postroom/web/access"
)

// typed is strange without what no field takes: what turns letters around.
var typed = strings.ReplaceAll(strange, "\u202e", "")

// TestStrangeTextsStayText has all that strangers, papers and people say be as evil as it
// can, and looks at every page, as everyone, for what came of it.
func TestStrangeTextsStayText(t *testing.T) {
	p := newPost(t)
	p.open(func(c *Config) {
		c.Stores = []string{"tax", "social", strange}
		c.Folders = func() []FolderState {
			return []FolderState{{Name: strange, Trouble: strange, Waiting: 1, Unready: []Unready{{strange, "partial", strange, time.Minute}}}}
		}
	})
	p.say()
	shows := map[string]bool{} // what is shown somewhere, and so could be looked at
	for _, who := range []string{"nobody", "none", "operator", "supervisor", "caseworker", "auditor", "administrator"} {
		b := p.as(who)
		b.post("/search", url.Values{"q": {"office"}})
		for _, path := range p.pagesOf(who) {
			got := b.get(path)
			if strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
				for what, is := range map[string]bool{"text": strings.Contains(b.body, "=1&#43;1&#34;&#39;&gt;&lt;img"), "turned": strings.Contains(b.body, `onerror=alert(1)&gt;\u202e`)} {
					shows[what+" "+who] = shows[what+" "+who] || is
				}
				harmless(t, who+" "+path, b.body)
			}
		}
	}
	for _, what := range []string{"text operator", "text supervisor", "text caseworker", "text auditor", "text administrator", "turned operator", "turned auditor"} {
		if !shows[what] {
			t.Errorf("%s: it is nowhere shown, so nothing is tested", what)
		}
	}
}

// say has people give names and reasons.
func (p *post) say() {
	p.t.Helper()
	ctx := p.t.Context()
	admin := p.as("administrator")
	admin.sends("/groups", url.Values{"name": {typed}, "store": {"tax"}, "cases": {"TX-.*"}})
	admin.sends("/users", url.Values{"login": {"eve"}, "name": {typed}, "password": {password}, "role": {"operator", "auditor"}})
	eve, err := p.directory.Find(ctx, "eve")
	if err == nil {
		_, err = p.directory.Alter(ctx, "test", eve.ID, func(u *access.User) bool { u.MustChange = false; return true })
	}
	p.must(err)
	b := p.as("eve")
	b.get("/station/" + p.letters["recalled"]) // she holds it
	held := "/station/" + p.letters["held"]
	b.sends(held+"/take", nil)
	b.sends(held+"/rescan", url.Values{"why": {typed}})
	b.sends("/story/"+p.letters["own"]+"/open", url.Values{"why": {typed}})
	b.sends("/samples/"+p.sample+"/"+p.letters["own"], url.Values{"verdict": {"wrong"}, "why": {typed}})
	// What is refused is shown again.
	for path, form := range map[string]url.Values{held + "/file": {"reference": {typed}}, held + "/lookup": {"reference": {strange}}, "/log": {"actor": {strange}},
		"/samples": {"from": {strange}, "store": {strange}}, "/sheets": {"kind": {strange}, "copies": {"1"}, "name": {strange}}} {
		b.post(path, form)
		harmless(p.t, "POST "+path, b.body)
	}
	admin.post("/users", url.Values{"login": {strange}, "name": {strange}})
	harmless(p.t, "POST /users", admin.body)
	p.must(p.mailroom.Return(ctx, p.letters["foreign"], pipeline.Return{Why: typed, By: typed}))
}

// pagesOf lists the paths of all pages, about every letter, as far as they can be got.
func (p *post) pagesOf(who string) (all []string) {
	for _, route := range routesInOrder() {
		if !strings.HasPrefix(route, "GET ") || strings.Contains(route, "{size}") || strings.Contains(route, "{fact}") || strings.Contains(route, "{kind}") || route == "GET /live" {
			continue
		}
		for _, a := range p.requests(route) {
			all = append(all, a.path)
		}
	}
	eve, err := p.directory.Find(p.t.Context(), "eve")
	p.must(err)
	return append(all, "/users/"+eve.ID, "/station/list?lane=rescan", "/station/list?reason="+url.QueryEscape(strange), "/intake?name="+url.QueryEscape(strange),
		"/"+url.PathEscape(strange), "/batches/"+url.PathEscape(strange), "/letters/"+url.PathEscape(strange), "/log?from="+url.QueryEscape(strange), "/figures?days="+url.QueryEscape(strange))
}

// harmless wants a page without anything that runs, is styled inline, leads elsewhere or
// turns letters around.
func harmless(t testing.TB, what, page string) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(page))
	for tokens.Next() != html.ErrorToken {
		token := tokens.Token()
		if token.Type == html.TextToken && strings.ContainsFunc(token.Data, turns) {
			t.Errorf("%s has a sign that does not print: %q", what, token.Data)
		}
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		external := false
		for _, a := range token.Attr {
			key, value := strings.ToLower(a.Key), strings.ToLower(strings.TrimSpace(a.Val))
			external = external || key == "src"
			switch {
			case key != "value" && key != "href" && strings.ContainsFunc(a.Val, turns): // what was typed goes back as it came
				t.Errorf("%s: %s has a sign that does not print: %q", what, key, a.Val)
			case strings.HasPrefix(key, "on"), key == "style", key == "srcdoc", strings.Contains(key, "\""), strings.Contains(key, "'"):
				t.Errorf("%s: an attribute %s in %s", what, a.Key, token)
			case key == "src" || key == "href" || key == "action" || key == "formaction":
				if !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "?") && !strings.HasPrefix(value, "#") && value != "" || strings.HasPrefix(value, "//") {
					t.Errorf("%s: %s leads to %q", what, token.Data, a.Val)
				}
			}
		}
		if token.Data == "script" && !external || token.Data == "style" || token.Data == "iframe" || token.Data == "object" || token.Data == "base" {
			t.Errorf("%s: an element %s", what, token)
		}
	}
}

// turns tells what does not print, but for blanks that do not break and the soft hyphen.
func turns(r rune) bool { return unprintable(r) && !strings.ContainsRune("\u00a0\u202f\u00ad", r) }

// TestExportIsNoProgram: no cell of the exported log is a formula, whoever's name it is.
func TestExportIsNoProgram(t *testing.T) {
	p := newPost(t)
	p.say()
	b := p.as("auditor")
	got := b.get("/log/export")
	rows, err := csv.NewReader(strings.NewReader(b.body)).ReadAll()
	if err != nil || got.StatusCode != http.StatusOK || len(rows) < 20 {
		t.Fatal(got.Status, len(rows), err)
	}
	named := false
	for _, row := range rows {
		named = named || strings.HasPrefix(row[3], "'=1+1")
		for _, cell := range row {
			if begins := strings.TrimLeft(cell, " \t\r\n"); begins != "" && strings.ContainsAny(begins[:1], "=+-@") || strings.ContainsFunc(cell, func(r rune) bool { return unprintable(r) || r == '\n' }) {
				t.Errorf("a cell %q", cell)
			}
		}
	}
	if !named {
		t.Error("the name that is a formula is not there")
	}
	for _, text := range []string{"=1", "+1", "-1", "@x", " =1", "\n=1", "\u00a0=1", "＝1", "\t=1", "\r=1", "|"} {
		if first := cell(text)[:1]; strings.ContainsAny(first, "=+-@ \t\r\n") || strings.HasPrefix(cell(text), "＝") {
			t.Errorf("%q becomes %q", text, cell(text))
		}
	}
}

// TestExportIsNoProgramElsewhere: a spreadsheet that divides lines at semicolons, as French,
// Dutch and German ones do, finds no formula in the exports either; what was said is there.
func TestExportIsNoProgramElsewhere(t *testing.T) {
	p := newPost(t)
	const why = `junk;=1+1; "+2";-3`
	if err := p.mailroom.Decide(t.Context(), p.letters["held"], pipeline.Decision{Discard: why, By: "A. Clerk;@x"}); err != nil {
		t.Fatal(err)
	}
	b := p.as("auditor")
	if got := b.post("/samples/"+p.sample+"/"+p.letters["own"], url.Values{"verdict": {"wrong"}, "why": {why}}); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	for path, want := range map[string]int{"/log/export": 1, "/samples/" + p.sample + "/export": 0} {
		b.get(path)
		for _, part := range strings.Split(b.body, ";")[1:] {
			if begins := strings.TrimLeft(part, " \"\\\n"); begins != "" && strings.ContainsAny(begins[:1], "=+-@") {
				t.Errorf("%s: a cell %.40q", path, part)
			}
		}
		rows, err := csv.NewReader(strings.NewReader(b.body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		said := 0
		for _, row := range rows {
			var d pipeline.Decision
			if json.Unmarshal([]byte(row[len(row)-1]), &d) == nil && d.Discard == why {
				said++
			}
		}
		if said != want {
			t.Errorf("%s: the reason is there %d times as it was given, not %d", path, said, want)
		}
	}
}

// TestFilesHaveNamesOfOurOwn: nothing that a stranger chose is in the head of a download, and
// no browser opens one in place.
func TestFilesHaveNamesOfOurOwn(t *testing.T) {
	p := newPost(t)
	name := regexp.MustCompile(`^attachment; filename="[a-z0-9-]+\.(pdf|csv|bin)"$`)
	for _, c := range []struct {
		who, path string
		form      url.Values
		kind      string
	}{
		{"caseworker", "/letters/" + p.letters["own"] + "/file/original", nil, "application/octet-stream"}, // what came in is no PDF
		{"caseworker", "/letters/" + p.letters["own"] + "/file/searchable", nil, "application/pdf"},
		{"auditor", "/log/export", nil, "text/csv; charset=utf-8"},
		{"operator", "/sheets", url.Values{"kind": {"ticket"}, "copies": {"1"}, "documents": {"2"}, "name": {"a\u00e9\"'><x"}}, "application/pdf"},
	} {
		b := p.as(c.who)
		got := b.get(c.path)
		if c.form != nil {
			got = b.post(c.path, c.form)
		}
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != c.kind || !name.MatchString(got.Header.Get("Content-Disposition")) {
			t.Errorf("%s: %s, %v", c.path, got.Status, got.Header)
		}
		if strings.HasPrefix(c.path, "/letters/") && got.Header.Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
			t.Errorf("%s: %v", c.path, got.Header)
		}
		harmlessHead(t, c.path, got)
	}
}

// harmlessHead wants the headers that every answer has.
func harmlessHead(t testing.TB, what string, got *http.Response) {
	t.Helper()
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		"Referrer-Policy": "no-referrer", "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()", "Strict-Transport-Security": ""} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %s is %q, want %q", what, name, got.Header.Get(name), want)
		}
	}
	if csp := got.Header.Get("Content-Security-Policy"); csp != policy && csp != "sandbox; default-src 'none'" {
		t.Errorf("%s: Content-Security-Policy is %q", what, csp)
	}
}
