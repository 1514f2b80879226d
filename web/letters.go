package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"postroom/pipeline"
)

// lettersPage lists the letters of a person's cases.
type lettersPage struct {
	Letters []letterRow
	Next    string
	Case    string // the reference, when it is one case's list
	Nothing bool   // the person's groups have no case
}

type letterRow struct {
	pipeline.LetterLine
	Unread bool
}

func (d *desk) letters(v *visit) error {
	scope, err := d.Directory.Scope(v.Context(), v.user)
	if err != nil {
		return err
	}
	lines, next, err := d.Mailroom.LettersDown(v.Context(), pipeline.Sees{Stores: scope.Stores(), Case: scope.Sees}, pipeline.Cursor(v.FormValue("before")), perPage)
	if err != nil {
		return err
	}
	return d.showLetters(v, lettersPage{Nothing: scope.Empty()}, "/letters", lines, next)
}

// caseLetters lists the letters of the case that the letter of the path is filed in: so no
// case number stands in an address.
func (d *desk) caseLetters(v *visit) error {
	h, err := d.readable(v)
	if err != nil {
		return err
	}
	lines, next, err := d.Mailroom.CaseLetters(v.Context(), h.Store, h.Scheme, h.Reference, pipeline.Cursor(v.FormValue("before")), perPage)
	if err != nil {
		return err
	}
	return d.showLetters(v, lettersPage{Case: h.Reference}, "/letters/"+h.Document+"/case", lines, next)
}

func (d *desk) showLetters(v *visit, p lettersPage, path string, lines []pipeline.LetterLine, next pipeline.Cursor) error {
	unread, err := d.Mailroom.Unread(v.Context(), v.user.ID, lines)
	if err != nil {
		return err
	}
	for i, l := range lines {
		p.Letters = append(p.Letters, letterRow{l, unread[i]})
	}
	if next != "" {
		p.Next = path + "?" + url.Values{"before": {string(next)}}.Encode()
	}
	return v.show(http.StatusOK, "letters", p)
}

// letterPage is a letter as its caseworker reads it.
type letterPage struct {
	Line     pipeline.DocumentLine
	Received time.Time
	Strip    []stripPage
	Current  []pageView // the page that is turned to, or all of them
	Before   int
	After    int
	All      bool
	Find     string
	Found    int
	Problem  string
}

func (d *desk) letter(v *visit) error { return d.showLetter(v, http.StatusOK, "", "") }

// findInLetter marks what is looked for in the letter.
func (d *desk) findInLetter(v *visit) error {
	return d.showLetter(v, http.StatusOK, v.field("find"), "")
}

func (d *desk) showLetter(v *visit, status int, find, problem string) error {
	h, err := d.readable(v)
	if err != nil {
		return err
	}
	ctx := v.Context()
	// The opening is logged, not each turn of a page; a hit of a search opens the letter at its page.
	look := look{v.user.ID, h.Document}
	if v.FormValue("page") == "" && find == "" || !d.looks.fresh(look) {
		if err := d.Mailroom.LogReading(ctx, v.user.Actor(), v.user.ID, h.Document); err != nil {
			return err
		}
		d.looks.note(look)
	}
	line, err := d.Mailroom.Document(ctx, h.Document)
	if err != nil {
		return err
	}
	letter, err := d.Mailroom.Letter(ctx, h.Document)
	if err != nil {
		return err
	}
	p := letterPage{Line: line, Received: letter.Received, Find: find, Problem: problem, All: v.FormValue("all") != ""}
	hits := map[int][]int{}
	if find != "" {
		if hits, p.Found, err = d.hitsIn(letter, find); err != nil {
			return err
		}
	}
	at := max(0, slices.Index(line.Pages, formInt(v, "page")))
	if find != "" && v.FormValue("page") == "" { // the first page that has it
		at = max(0, slices.IndexFunc(line.Pages, func(n int) bool { return len(hits[n]) > 0 }))
	}
	d.readsOn(v, line, at, p.All)
	for i, n := range line.Pages {
		p.Strip = append(p.Strip, stripPage{n, slices.Contains(line.Blanks, n), i == at && !p.All})
		if i != at && !p.All {
			continue
		}
		page, err := d.pageView(v, h.Batch, n, "/letters/"+h.Document+"/picture/")
		if err != nil {
			return err
		}
		page.Boxes = nil // doubts are the mailroom's
		page.hits(hits[n])
		p.Current = append(p.Current, page)
	}
	if at > 0 {
		p.Before = line.Pages[at-1]
	}
	if at+1 < len(line.Pages) {
		p.After = line.Pages[at+1]
	}
	return v.show(status, "letter", p)
}

// readsOn has the page made that is shown, and then the one that is mostly turned to.
func (d *desk) readsOn(v *visit, line pipeline.DocumentLine, at int, all bool) {
	if all || at >= len(line.Pages) {
		return
	}
	d.asksSoon(v, line.Batch, line.Pages[at])
	if rest := line.Pages[at+1:]; len(rest) > 0 {
		d.ahead.wish("letter/"+line.Document, func(ctx context.Context) {
			_ = d.Mailroom.Prepare(ctx, line.Batch, rest[:1], pipeline.Screen) // whoever asks for it is told
		})
	}
}

// returnLetter sends a letter back that is not the person's. Nobody sees it in the case
// any more, and the log has who had.
func (d *desk) returnLetter(v *visit) error {
	h, err := d.readable(v)
	if err != nil {
		return err
	}
	// A version always: a letter that moves at this moment is not the person's any more.
	err = d.Mailroom.Return(v.Context(), h.Document, pipeline.Return{Why: v.field("why"), Version: cmp.Or(formInt(v, "version"), h.Version), By: v.user.Actor()})
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return d.showLetter(v, http.StatusUnprocessableEntity, "", d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	return v.done("/letters", "letter.returned")
}

// download gives the letter's file: the original, or the searchable rendition. It may hold
// anything a scanner or a stranger has put into it, so no browser is to open it in place.
func (d *desk) download(v *visit) error {
	h, err := d.readable(v)
	if err != nil {
		return err
	}
	kind := v.PathValue("kind")
	if kind != "original" && kind != "searchable" {
		return errNotFound
	}
	f, err := d.Mailroom.Download(v.Context(), h.Document, kind == "searchable")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := d.Mailroom.LogView(v.Context(), v.user.Actor(), "document downloaded", h.Document); err != nil {
		return err
	}
	return v.attach(f, "letter-"+h.Document[:8]+"-"+kind+".pdf")
}

// attach sends a PDF to be kept as a file.
func (v *visit) attach(f *os.File, name string) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	head := v.w.Header()
	head.Set("Content-Type", "application/pdf")
	head.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	head.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	http.ServeContent(unkept{v.w}, v.Request, name, time.Time{}, io.NewSectionReader(f, 0, size))
	return nil
}

// unkept says that nobody may keep the answer, also where http.ServeContent takes that
// away: when it refuses a range.
type unkept struct{ http.ResponseWriter }

func (w unkept) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.ResponseWriter.WriteHeader(status)
}
