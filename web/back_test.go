package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/web/session"
)

// backField is where a page's choice of a language leads back to.
func (b *browser) backField() string {
	b.t.Helper()
	found := regexp.MustCompile(`name="back" value="([^"]*)"`).FindStringSubmatch(b.body)
	if found == nil {
		b.t.Fatal("no way back in", b.body)
	}
	return html.UnescapeString(found[1])
}

// After a refusal a language can be chosen, and the address can be asked for.
func TestLanguageAfterARefusal(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "no number")[0]
	at := "/station/" + d.Document
	o, a := h.as("operator"), newHouse(t).as("administrator")
	o.get(at)
	for _, c := range []struct {
		who      *browser
		to, back string
		form     url.Values
	}{
		{o, at + "/file", at, url.Values{"reference": {"TX-0000-000000-00"}}},
		{a, "/groups", "/users", url.Values{"name": {"One"}, "store": {"tax"}, "cases": {"TX-("}}},
		{a, "/users", "/users", url.Values{"login": {"no login"}}},
	} {
		if got := c.who.post(c.to, c.form); got.StatusCode != http.StatusUnprocessableEntity {
			t.Fatal(c.to, got.Status)
		}
		if back := c.who.backField(); back != c.back {
			t.Errorf("from %s a language leads to %s", c.to, back)
		}
		if got := c.who.get(c.to); c.to != c.back && got.Header.Get("Location") != c.back {
			t.Errorf("GET %s: %s, to %q", c.to, got.Status, got.Header.Get("Location"))
		}
		if got := c.who.get(c.back); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", c.back, got.Status)
		}
	}
	if o.get(at + "?page=1"); o.backField() != at+"?page=1" {
		t.Error("the page that was turned to is lost:", o.backField())
	}
}

// Whose session has ended is told so, and what that means for what was sent; he comes
// back to where he was, and to no other site.
func TestSessionEndsInTheMiddle(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "no number")[0]
	at := "/station/" + d.Document
	b := h.as("operator")
	b.get(at)
	h.clock.move(16 * time.Minute)
	got := b.post(at+"/discard", url.Values{"why": {"advertising"}})
	to := got.Header.Get("Location")
	if want := "/signin?back=" + url.QueryEscape(at) + "&lost=1"; to != want {
		t.Fatalf("to %q, not %q", to, want)
	}
	b.get(to)
	if !strings.Contains(b.body, "You were signed out") || !strings.Contains(b.body, "was not done") || strings.Contains(b.body, d.Document[:8]+"<") {
		t.Error("it is not said that the session ended:", b.body)
	}
	if b.post("/signin", url.Values{"login": {"operator"}, "password": {"a wrong one"}, "back": {at}}); !strings.Contains(b.body, `name="back" value="`+at+`"`) {
		t.Error("a slip loses the way back")
	}
	if got := b.post("/signin", url.Values{"login": {"operator"}, "password": {password}, "back": {at}}); got.Header.Get("Location") != at {
		t.Error("leads to", got.Header.Get("Location"))
	}
	h.clock.move(16 * time.Minute)
	if got := b.get(at + "?page=1"); got.Header.Get("Location") != "/signin?back="+url.QueryEscape(at+"?page=1") {
		t.Error("of what was only looked at:", got.Header.Get("Location"))
	}
	if got := b.post(at+"/lookup", url.Values{"reference": {"TX"}}, "HX-Request", "true"); got.Header.Get("HX-Redirect") != "/signin?back="+url.QueryEscape(at) {
		t.Error("a script is led to", got.Header.Get("HX-Redirect"))
	}
	for _, evil := range []string{"//evil.example", "https://evil.example", `/\evil.example`} {
		other := h.browser()
		if got := other.post("/signin", url.Values{"login": {"operator"}, "password": {password}, "back": {evil}}); got.Header.Get("Location") != "/" {
			t.Errorf("%s leads to %s", evil, got.Header.Get("Location"))
		}
		if got := other.get("/signin?back=" + url.QueryEscape(evil)); got.Header.Get("Location") != "/" {
			t.Errorf("signed in, %s leads to %s", evil, got.Header.Get("Location"))
		}
	}
	if got := h.browser().get("/intake"); got.Header.Get("Location") != "/signin" {
		t.Error("a stranger is told of a session:", got.Header.Get("Location"))
	}
}

// A page asks whether its session is about to end, which keeps none; an answer in time
// warns, and one too late leads to signing in.
func TestPageHearsOfTheEnd(t *testing.T) {
	h := newHouse(t)
	b := h.as("operator")
	asks := func(poll string) *http.Response {
		return b.do(b.request(http.MethodHead, "/live", nil, session.Poll, poll))
	}
	ending := func(got *http.Response) bool { return got.Header.Get("Postroom-Ending") != "" }
	if h.clock.move(13 * time.Minute); ending(asks("1")) {
		t.Error("it warns two minutes before")
	}
	if h.clock.move(time.Minute); !ending(asks("1")) {
		t.Error("it does not warn a minute before")
	}
	if ending(asks("")) {
		t.Error("who types is warned still")
	}
	h.clock.move(14 * time.Minute)
	asks("1")
	h.clock.move(time.Minute)
	if got := asks("1"); got.StatusCode != http.StatusSeeOther {
		t.Error("the session goes on:", got.Status)
	}
}
