package web

import (
	"errors"
	"net/http"
	"strconv"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/pipeline/search"
	"postroom/web/access"
)

// searchKey is the session's key for what was looked for last: words of a letter are
// personal, so they stand in no address.
const searchKey = "search"

// searchPage is what was found.
type searchPage struct {
	Text    string
	Problem string
	Total   int
	Whole   bool
	Hits    []hitView
	Next    string
}

type hitView struct {
	search.Hit
	Pieces []piece
}

// piece is a part of a snippet, marked or not.
type piece struct {
	Text   string
	Marked bool
}

func (d *desk) search(v *visit) error {
	text := v.field("q")
	if len(text) > 400 {
		return errBadForm
	}
	if err := d.Sessions.Put(v.Context(), searchKey, text); err != nil {
		return err
	}
	v.redirect("/search")
	return nil
}

func (d *desk) found(v *visit) error {
	ctx, text := v.Context(), d.Sessions.Get(v.Context(), searchKey)
	p := searchPage{Text: text, Whole: true}
	if text == "" {
		return v.show(http.StatusOK, "search", p)
	}
	scope, err := d.Directory.Scope(ctx, v.user)
	if err != nil {
		return err
	}
	// Pieces of letters are shown: that is an entry, the words are none.
	if err := d.Mailroom.LogView(ctx, v.user.Actor(), "letters searched", "letters"); err != nil {
		return err
	}
	from := max(0, min(formInt(v, "from"), 10_000))
	// The index leaves out what the person may not see; what it gives is asked again.
	result, err := d.Index.Find(ctx, search.Query{Text: text, Scope: scopeOf(scope), From: from, Size: perSearch})
	var refused *search.Refused
	switch {
	case errors.As(err, &refused):
		p.Problem = v.t("search.refused")
		return v.show(http.StatusUnprocessableEntity, "search", p)
	case search.TooSlow(err):
		p.Problem = v.t("search.slow")
		return v.show(http.StatusUnprocessableEntity, "search", p)
	case err != nil:
		return err
	}
	p.Total, p.Whole = result.Total, result.Whole
	for _, hit := range result.Hits {
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
		marks, err := search.Highlight(letter, text)
		if err != nil {
			return err
		}
		p.Hits = append(p.Hits, hitView{hit, pieces(marks.Snippet)})
	}
	if from+perSearch < result.Total {
		p.Next = "/search?from=" + strconv.Itoa(from+perSearch)
	}
	return v.show(http.StatusOK, "search", p)
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
const perSearch = 20

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

// hitsIn finds in one letter: by page the words that match.
func (d *desk) hitsIn(letter mail.Letter, text string) (hits map[int][]int, n int, err error) {
	hits = map[int][]int{}
	marks, err := search.Highlight(letter, text)
	var refused *search.Refused
	if errors.As(err, &refused) {
		return hits, 0, nil
	}
	for _, page := range marks.Pages {
		hits[page.Page] = page.Words
		n += len(page.Words)
	}
	return hits, n, err
}
