package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// within gives a path of the desk to go back to, never another site's.
func within(path string) string {
	odd := func(r rune) bool { return r == '\\' || !unicode.IsPrint(r) } // browsers take tabs and line ends out of an address
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, odd) {
		return "/"
	}
	return path
}

// page is the address of the page that the visitor sees after this request, if nothing
// leads elsewhere: of what was sent, that of the page with the form.
func (v *visit) page() string {
	if v.Method == http.MethodPost {
		_, pattern, _ := strings.Cut(v.Pattern, " ")
		return v.desk.pageOf(pattern, v.URL.EscapedPath())
	}
	if v.URL.Path == "/signon/back" { // its query is the provider's, and good once
		return "/signin"
	}
	return v.URL.RequestURI()
}

// pageOf is the page that a path of the pattern belongs to: itself, or the nearest above
// it that can be asked for.
func (d *desk) pageOf(pattern, path string) string {
	if strings.HasPrefix(pattern, "/groups") {
		return "/users"
	}
	for strings.Count(pattern, "/") == strings.Count(path, "/") && pattern != "" {
		if d.has(pattern) {
			return path
		}
		pattern, path = pattern[:strings.LastIndexByte(pattern, '/')], path[:strings.LastIndexByte(path, '/')]
	}
	return "/"
}

// has tells whether there is a page at the path.
func (d *desk) has(path string) bool {
	return slices.ContainsFunc(d.routes(), func(r route) bool { return r.pattern == "GET "+path })
}

// toPage leads to the page that a path belongs to where only forms are sent: it stands in
// the address bar after a refusal.
func (d *desk) toPage(v *visit) error {
	_, pattern, _ := strings.Cut(v.Pattern, " ")
	v.redirect(d.pageOf(pattern, v.URL.EscapedPath()))
	return nil
}

// pagesOfForms are the routes for toPage.
func (d *desk) pagesOfForms() (all []route) {
	for _, r := range d.routes() {
		if path, is := strings.CutPrefix(r.pattern, "POST "); is && !d.has(path) {
			all = append(all, route{"GET " + path, r.right, d.toPage})
		}
	}
	return all
}

// signInPath leads to signing in. Whose session has ended is told so, and finds back.
func (v *visit) signInPath() string {
	if !v.desk.Sessions.Brought(v.Request) {
		return errSignIn.key
	}
	q := url.Values{"back": {v.page()}}
	if v.Method == http.MethodPost && v.Header.Get("HX-Request") == "" { // else a script asked, not the person
		q.Set("lost", "1")
	}
	return errSignIn.key + "?" + q.Encode()
}

// backCookie keeps the way back while the identity provider is asked.
const backCookie = "postroom-back"

func (v *visit) keepBack(path string) {
	http.SetCookie(v.w, &http.Cookie{Name: backCookie, Value: url.QueryEscape(path), Path: "/signon", MaxAge: 600, Secure: v.desk.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func (v *visit) keptBack() string {
	c, err := v.Cookie(backCookie)
	if err != nil {
		return "/"
	}
	path, err := url.QueryUnescape(c.Value)
	if err != nil {
		return "/"
	}
	return within(path)
}
