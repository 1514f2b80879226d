package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"postroom/web/access"
)

//go:embed pages/*.html
var pageFiles embed.FS

// views are the pages' templates, by language and name.
type views map[string]map[string]*template.Template

// openViews reads the templates, once for each language. layout.html and part-*.html
// are in each page; a page defines "title" and "main".
func openViews(words words, static assets) (views, error) {
	files, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	all := views{}
	for _, lang := range Languages {
		base, err := template.New("layout.html").Funcs(words.in(lang).functions()).Funcs(template.FuncMap{"asset": static.path}).
			ParseFS(pageFiles, "pages/layout.html", "pages/part-*.html")
		if err != nil {
			return nil, err
		}
		all[lang] = map[string]*template.Template{}
		for _, f := range files {
			name := strings.TrimSuffix(path.Base(f), ".html")
			if name == "layout" || strings.HasPrefix(name, "part-") {
				continue
			}
			page, err := base.Clone()
			if err == nil {
				page, err = page.ParseFS(pageFiles, f)
			}
			if err != nil {
				return nil, err
			}
			all[lang][name] = page
		}
	}
	return all, nil
}

// shown is what a template is given.
type shown struct {
	User      access.User
	Lang      string
	Languages []string
	Path      string // of the page, for ways back to it
	Nav       []link
	Notice    string // said once, after what was done
	Version   string
	Page      any // the page's own
}

// link is an entry of the navigation.
type link struct {
	Path, Key string
	Current   bool
}

// show writes a page. Nothing is sent before all of it was made, so that no half page
// looks whole.
func (v *visit) show(status int, name string, page any) error {
	t := v.desk.views[v.lang][name]
	if t == nil {
		return fmt.Errorf("bug: no page %q", name)
	}
	s := shown{User: v.user, Lang: v.lang, Languages: Languages, Path: v.page(), Nav: v.nav(), Version: v.desk.Version, Page: page}
	if status == http.StatusOK && !v.byItself() { // which shows but a part of the page
		s.Notice = v.desk.notices.take(v.reader())
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "layout.html", s); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.lang)
	v.w.WriteHeader(status)
	_, _ = out.WriteTo(v.w) // the browser may be gone
	return nil
}

// part writes a piece of a page, for a script that puts it in its place.
func (v *visit) part(page, name string, data any) error {
	t := v.desk.views[v.lang][page]
	if t == nil {
		return fmt.Errorf("bug: no page %q", page)
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, name, data); err != nil {
		return fmt.Errorf("part %s of page %s: %w", name, page, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = out.WriteTo(v.w) // the browser may be gone
	return nil
}

// done leads to a page after something was done, and has it say so there, in the
// words of the key.
func (v *visit) done(path, key string, args ...any) error {
	return v.tell(path, v.t(key, args...))
}

// tell leads to a page and says a text there.
func (v *visit) tell(path, text string) error {
	v.desk.notices.leave(v.reader(), text)
	v.redirect(path)
	return nil
}

// nav gives what the person may go to.
func (v *visit) nav() (all []link) {
	for _, e := range []struct {
		path, key string
		right     right
		under     []string // pages that it leads to, whose paths don't begin with its own
	}{
		{"/intake", "nav.intake", operators, []string{"/batches", "/differences", "/rescans"}},
		{"/station", "nav.station", operators, nil},
		{"/wrong", "nav.wrong", operators, nil},
		{"/letters", "nav.letters", readers, []string{"/search"}},
		{"/log", "nav.log", auditors, []string{"/story"}},
		{"/samples", "nav.samples", auditors, nil},
		{"/users", "nav.users", admins, []string{"/sessions", "/reach"}},
		{"/figures", "nav.figures", watchers, nil},
		{"/sheets", "nav.sheets", operators, nil},
	} {
		if v.user.ID != "" && v.user.Has(e.right.roles...) {
			at := slices.ContainsFunc(append(e.under, e.path), func(path string) bool { return v.URL.Path == path || strings.HasPrefix(v.URL.Path, path+"/") })
			all = append(all, link{e.path, e.key, at})
		}
	}
	return all
}

// home leads to what a person works with first.
func (d *desk) home(v *visit) error {
	if nav := v.nav(); len(nav) > 0 {
		v.redirect(nav[0].Path)
		return nil
	}
	return v.show(http.StatusOK, "problem", problemPage{http.StatusOK, "problem.no_role"})
}
