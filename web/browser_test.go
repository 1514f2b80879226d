package web

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"postroom/web/session"
)

// browser is a person at the desk.
type browser struct {
	*house
	client *http.Client
	asked  string // for last
	body   string // of the answer
}

func (h *house) browser() *browser {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	h.must(err)
	return &browser{house: h, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as gives a browser in which somebody is signed in, unless he is "nobody".
func (h *house) as(login string) *browser {
	h.t.Helper()
	b := h.browser()
	if login == "nobody" {
		return b
	}
	if got := b.signIn(login); got.StatusCode != http.StatusSeeOther {
		h.t.Fatalf("%s can't sign in: %s", login, got.Status)
	}
	return b
}

func (b *browser) signIn(login string) *http.Response {
	b.t.Helper()
	return b.post("/signin", url.Values{"login": {login}, "password": {password}})
}

// cookies are those that the desk is sent.
func (b *browser) cookies() []*http.Cookie {
	return b.client.Jar.Cookies(b.request(http.MethodGet, "/", nil).URL)
}

func (b *browser) setCookies(all []*http.Cookie) {
	b.client.Jar.SetCookies(b.request(http.MethodGet, "/", nil).URL, all)
}

// request is one with a form, and with names and values of headers.
func (b *browser) request(method, path string, form url.Values, headers ...string) *http.Request {
	b.t.Helper()
	return b.raw(method, path, form.Encode(), headers...)
}

func (b *browser) raw(method, path, body string, headers ...string) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, b.desk.URL+path, strings.NewReader(body))
	b.must(err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for h := range slices.Chunk(headers, 2) {
		r.Header.Set(h[0], h[1])
	}
	return r
}

func (b *browser) do(r *http.Request) *http.Response {
	b.t.Helper()
	got, err := b.client.Do(r)
	b.must(err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	b.must(err)
	b.asked, b.body = r.Method+" "+r.URL.RequestURI(), string(text)
	return got
}

func (b *browser) get(path string, headers ...string) *http.Response {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil, headers...))
}

func (b *browser) post(path string, form url.Values, headers ...string) *http.Response {
	b.t.Helper()
	return b.do(b.request(http.MethodPost, path, form, headers...))
}

// sends posts a form that is to be taken, and gives where that leads.
func (b *browser) sends(path string, form url.Values) (to string) {
	b.t.Helper()
	got := b.post(path, form)
	if got.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("POST %s: %s\n%s", path, got.Status, b.body)
	}
	return got.Header.Get("Location")
}

// follow sends a form and opens what that leads to.
func (b *browser) follow(path string, form url.Values) {
	b.t.Helper()
	b.opens(b.sends(path, form))
}

// opens has a page shown, and gives the document that the station shows on it; "" = none.
func (b *browser) opens(path string) string {
	b.t.Helper()
	if got := b.get(path); got.StatusCode != http.StatusOK {
		b.t.Fatalf("GET %s: %s", path, got.Status)
	}
	return b.letter()
}

// polls has a page ask for itself again.
func (b *browser) polls(path string) {
	b.t.Helper()
	if got := b.get(path, session.Poll, "1"); got.StatusCode != http.StatusOK {
		b.t.Fatalf("GET %s: %s", path, got.Status)
	}
}

// listens opens the line of a live page; hears waits for a text on it.
func (b *browser) listens() (hears func(text string) bool) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.t.Context(), time.Minute)
	b.t.Cleanup(stop)
	answer, err := b.client.Do(b.request(http.MethodGet, "/live", nil).WithContext(ctx))
	b.must(err)
	b.t.Cleanup(func() { _ = answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	return func(text string) bool {
		for lines.Scan() {
			if lines.Text() == text {
				return true
			}
		}
		return false
	}
}

// sees wants texts on the page.
func (b *browser) sees(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(b.body, text) {
			b.t.Errorf("%s: the page lacks %q\n%s", b.asked, text, b.body)
		}
	}
}

// lacks wants no such texts on the page.
func (b *browser) lacks(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if strings.Contains(b.body, text) {
			b.t.Errorf("%s: the page has %q", b.asked, text)
		}
	}
}

var (
	atStation = regexp.MustCompile(`/station/([0-9a-f]{32})/skip`)
	asShown   = regexp.MustCompile(`name="version" value="(\d+)"`)
)

// letter is the document that the station shows; "" = none.
func (b *browser) letter() string {
	if m := atStation.FindStringSubmatch(b.body); m != nil {
		return m[1]
	}
	return ""
}

// does sends a form about a document as the station last showed it, and opens what that
// leads to; a refused one shows the document again.
func (b *browser) does(document, what string, form url.Values) int {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	if m := asShown.FindStringSubmatch(b.body); m != nil && !form.Has("version") {
		form.Set("version", m[1])
	}
	got := b.post("/station/"+document+"/"+what, form)
	if got.StatusCode == http.StatusSeeOther {
		b.opens(got.Header.Get("Location"))
	}
	return got.StatusCode
}

// undo takes the person's last step at the station back.
func (b *browser) undo() {
	b.t.Helper()
	b.follow("/station/undo", url.Values{"document": {b.letter()}})
}
