package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/pipeline/search"
	"postroom/web/access"
)

// searchKey is the session's key for what was looked for last: words of a letter are
// personal, so they stand in no address.
const searchKey = "search"

// wanted is what is looked for.
type wanted struct {
	Text   string `json:"text"`
	Store  string `json:"store,omitempty"`
	Source string `json:"source,omitempty"`
	Month  string `json:"month,omitempty"` // 2006-01
}

// searchPage is what was found.
type searchPage struct {
	wanted
	Problem string
	Total   int
	Whole   bool
	Hits    []hitView
	Before  string
	Next    string
	First   int // of the hits that are shown, counted from 1
	Last    int
	Facets  []facet
}

// facet narrows what was found.
type facet struct {
	Name   string // of the form's field
	Key    string // of the title
	Values []facetValue
}

type facetValue struct {
	Value  string
	Text   string
	Count  int
	Chosen bool
}

type hitView struct {
	search.Hit
	Leaf   int // the page, counted within the letter; 0 = none
	Pieces []piece
}

// piece is a part of a snippet, marked or not.
type piece struct {
	Text   string
	Marked bool
}

func (v *visit) asked() (a wanted) {
	_ = json.Unmarshal([]byte(v.desk.Sessions.Get(v.Context(), searchKey)), &a) // nothing yet
	return a
}

func (d *desk) search(v *visit) error {
	if len(v.field("store")+v.field("source")+v.field("month")) > 300 {
		return errBadForm
	}
	a := wanted{Text: v.field("q"), Store: v.field("store"), Source: v.field("source"), Month: v.field("month")}
	if _, err := time.Parse("2006-01", a.Month); a.Month != "" && err != nil {
		return errBadForm
	}
	if tooLong(a.Text) {
		return v.show(http.StatusUnprocessableEntity, "search", searchPage{wanted: a, Problem: v.t("search.too_long", "Most", longestSearch), Whole: true})
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := d.Sessions.Put(v.Context(), searchKey, string(text)); err != nil {
		return err
	}
	v.redirect("/search")
	return nil
}

func (a wanted) filter() search.Filter {
	f := search.Filter{Store: a.Store, Source: a.Source}
	if month, err := time.Parse("2006-01", a.Month); err == nil { // the index counts months by UTC
		f.Since, f.Until = month, month.AddDate(0, 1, 0)
	}
	return f
}

func (d *desk) found(v *visit) error {
	ctx := v.Context()
	p := searchPage{wanted: v.asked(), Whole: true}
	if p.Text == "" {
		return v.show(http.StatusOK, "search", p)
	}
	scope, err := d.Directory.Scope(ctx, v.user)
	if err != nil {
		return err
	}
	// Pieces of letters are shown: that is an entry, the words are none.
	if err := d.Mailroom.LogView(ctx, v.user.Actor(), "letters searched", pipeline.SubjectLetters); err != nil {
		return err
	}
	from := max(0, min(formInt(v, "from"), 10_000))
	// The index leaves out what the person may not see; what it gives is asked again.
	result, err := d.Index.Find(ctx, search.Query{Text: p.Text, Scope: scopeOf(scope), Filter: p.filter(), From: from, Size: perSearch, Counts: true})
	var refused *search.Refused
	switch {
	case errors.As(err, &refused):
		p.Problem = v.searchRefused(refused)
		return v.show(http.StatusUnprocessableEntity, "search", p)
	case search.TooSlow(err):
		p.Problem = v.t("search.slow")
		return v.show(http.StatusUnprocessableEntity, "search", p)
	case err != nil:
		return err
	}
	p.Total, p.Whole = result.Total, result.Whole
	if err := d.showHits(v, scope, result.Hits, &p); err != nil {
		return err
	}
	p.facets(v, result)
	p.First, p.Last = from+1, from+len(result.Hits)
	if from > 0 {
		p.Before = "/search?from=" + strconv.Itoa(max(0, from-perSearch))
	}
	if from+perSearch < result.Total {
		p.Next = "/search?from=" + strconv.Itoa(from+perSearch)
	}
	return v.show(http.StatusOK, "search", p)
}

// longestSearch is how many characters the fields take in which words are looked for.
const longestSearch = 200

func tooLong(text string) bool { return utf8.RuneCountInString(text) > longestSearch }

// searchRefused says what to type else.
func (v *visit) searchRefused(r *search.Refused) string {
	key := map[search.Fault]string{
		search.NoWord: "search.no_word", search.TooLong: "search.too_long",
		search.TooManyWords: "search.too_many_words", search.ShortStart: "search.short_start",
		search.CommonStart: "search.common_start", search.TooFar: "search.too_far",
	}[r.Fault]
	return v.t(key, "Most", r.Bound)
}

// showHits adds what was found, of letters that the person may still see. A snippet is a
// look into the letter, so it is logged first.
func (d *desk) showHits(v *visit, scope access.Scope, hits []search.Hit, p *searchPage) error {
	ctx := v.Context()
	var shown []string
	for _, hit := range hits {
		h, err := d.Mailroom.Holding(ctx, hit.Document)
		if err != nil && !errors.Is(err, pipeline.ErrNoSuch) {
			return err
		}
		if err != nil || h.State != mail.Filed || !scope.Sees(h.Store, h.Scheme, h.Reference) {
			p.Total-- // it has left the case since it was indexed
			continue
		}
		letter, err := d.Mailroom.Letter(ctx, hit.Document)
		if err != nil {
			return err
		}
		marks, err := search.Highlight(letter, p.Text)
		if err != nil {
			return err
		}
		hit.Store, hit.Reference = h.Store, h.Reference
		leaf := 0
		if hit.Page > 0 {
			leaf = hit.Page - h.From + 1
		}
		p.Hits = append(p.Hits, hitView{hit, leaf, pieces(marks.Snippet)})
		shown = append(shown, hit.Document)
	}
	return d.Mailroom.LogViews(ctx, v.user.Actor(), "document found", shown)
}

func (p *searchPage) facets(v *visit, r search.Result) {
	add := func(name, key, chosen string, counts []search.Count, say func(string) string) {
		f := facet{Name: name, Key: key}
		for _, c := range counts {
			f.Values = append(f.Values, facetValue{c.Value, say(c.Value), c.Count, c.Value == chosen})
		}
		if len(f.Values) > 1 || chosen != "" {
			p.Facets = append(p.Facets, f)
		}
	}
	same := func(value string) string { return value }
	add("store", "search.store", p.Store, r.Stores, same)
	add("month", "search.month", p.Month, r.Months, same)
	add("source", "search.source", p.Source, r.Sources, v.origin)
}

// scopeOf is a person's scope as the index asks it.
func scopeOf(s access.Scope) (asked search.Scope) {
	for _, g := range s.Groups() {
		if len(g.Stores) > 0 { // without, the index would grant any store
			asked.Grants = append(asked.Grants, search.Grant{Stores: g.Stores, Patterns: g.Cases})
		}
	}
	return asked
}

// perSearch is how many letters a search shows at once; of each all words are read.
const perSearch = 10

// pieces divides a snippet at its marks.
func pieces(s search.Snippet) (all []piece) {
	at := 0
	for _, m := range s.Marked {
		if m[0] > at {
			all = append(all, piece{s.Text[at:m[0]], false})
		}
		all, at = append(all, piece{s.Text[m[0]:m[1]], true}), m[1]
	}
	if at < len(s.Text) {
		all = append(all, piece{s.Text[at:], false})
	}
	return all
}
