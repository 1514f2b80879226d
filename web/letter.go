package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/pipeline"
	"postroom/pipeline/search"
)

// letterPage is a letter as its caseworker reads it.
type letterPage struct {
	Line       pipeline.DocumentLine
	Letter     pipeline.LetterLine
	Days       int
	Strip      []leaf
	Current    []leafView // the page that is turned to, or all of them
	Page       int        // that is turned to; pages are counted within the letter, from 1
	Before     int
	After      int
	All        bool
	MoreFrom   int // the page on which the next portion of all begins; 0 = it is the last
	Turn       int // the view is turned clockwise, degrees
	TurnNext   int
	Find       string
	Found      int
	Hit        int // of those, which is looked at; 0 = none
	HitBefore  int
	HitAfter   int
	Notes      []noteView
	Problem    string
	Field      string // in which it is
	Note       string // that was typed and refused
	Why        string // likewise
	Searchable bool
}

// leaf is a page of a letter: N counts within the letter, InFile in the scanner's file.
type leaf struct {
	N, InFile      int
	Blank, Current bool
}

type leafView struct {
	pageView
	Leaf int
}

type noteView struct {
	pipeline.Note
	Mine bool
}

// atOnce bounds the pages that are shown together: each brings a picture and its words.
const atOnce = 50

func (d *desk) letter(v *visit) error { return d.showLetter(v, http.StatusOK, "", "") }

func (d *desk) showLetter(v *visit, status int, problem, field string) error {
	h, err := d.ownLetter(v)
	if err != nil {
		return err
	}
	ctx := v.Context()
	// The opening is logged, not each turn of a page; a hit of a search opens the letter at its page.
	opening := v.FormValue("page")+v.FormValue("hit")+v.FormValue("all")+v.FormValue("turn") == "" && status == http.StatusOK
	if of := (look{v.user.ID, "document viewed", h.Document}); opening || !d.looks.fresh(of) {
		if err := d.Mailroom.LogReading(ctx, v.user.Actor(), v.user.ID, h.Document); err != nil {
			return err
		}
		d.looks.note(of)
	}
	p := letterPage{Problem: problem, Field: field, All: v.FormValue("all") != "", Turn: formInt(v, "turn")}
	if p.Line, err = d.Mailroom.Document(ctx, h.Document); err != nil {
		return err
	}
	if p.Letter, err = d.Mailroom.FiledLetter(ctx, h.Document); err != nil {
		return err
	}
	p.Days, p.Searchable = daysSince(d.Now(), p.Letter.Received), p.Letter.Rendered
	if !slices.Contains([]int{0, 90, 180, 270}, p.Turn) {
		p.Turn = 0
	}
	p.TurnNext = (p.Turn + 90) % 360
	switch field {
	case "note":
		p.Note = v.again("note")
	case "why":
		p.Why = v.again("why")
	}
	notes, err := d.Mailroom.Notes(ctx, h.Document)
	if err != nil {
		return err
	}
	for _, n := range notes {
		p.Notes = append(p.Notes, noteView{n, n.User == v.user.ID})
	}
	hits, err := d.hitsOf(v, h.Document, &p)
	if err != nil {
		return err
	}
	if err := d.turnTo(v, h, &p, hits); err != nil {
		return err
	}
	return v.show(status, "letter", p)
}

// turnTo adds the page that is turned to, or all.
func (d *desk) turnTo(v *visit, h pipeline.Holding, p *letterPage, hits []hit) error {
	pages := p.Line.Pages
	at := min(max(0, formInt(v, "page")-1), max(0, len(pages)-1))
	now := hit{}
	if p.Hit > 0 {
		now = hits[p.Hit-1]
		at = max(0, slices.Index(pages, now.page))
	}
	d.readsOn(v, p.Line, at, p.All)
	for i, n := range pages {
		p.Strip = append(p.Strip, leaf{i + 1, n, slices.Contains(p.Line.Blanks, n), i == at && !p.All})
		if !p.All && i != at || p.All && (i < at || i >= at+atOnce) {
			continue
		}
		page, err := d.pageView(v, h.Batch, n, "/letters/"+h.Document+"/picture/")
		if err != nil {
			return err
		}
		page.Boxes = nil // doubts are the mailroom's
		var words []int
		for _, o := range hits {
			if o.page == n {
				words = append(words, o.word)
			}
		}
		mark := -1
		if now.page == n {
			mark = now.word
		}
		page.hits(words, mark)
		p.Current = append(p.Current, leafView{page, i + 1})
	}
	if len(pages) == 0 {
		return nil
	}
	p.Page = at + 1
	if p.All {
		if at+atOnce < len(pages) {
			p.MoreFrom = at + atOnce + 1
		}
		return nil
	}
	p.Before = at // 0 = there is none
	if at+1 < len(pages) {
		p.After = at + 2
	}
	return nil
}

// hit is a word of a letter that is looked for.
type hit struct{ page, word int }

// findKey is the session's key for what is looked for in which letter: its words are
// personal, so they stand in no address.
const findKey = "find"

type finding struct{ Document, Text string }

// findInLetter keeps what is looked for in the letter, and leads to the first place.
func (d *desk) findInLetter(v *visit) error {
	h, err := d.ownLetter(v)
	if err != nil {
		return err
	}
	text := v.field("find")
	if tooLong(text) {
		return d.showLetter(v, http.StatusUnprocessableEntity, v.t("search.too_long", "Most", longestSearch), "find")
	}
	if err := d.keepFinding(v, finding{h.Document, text}); err != nil {
		return err
	}
	if text == "" {
		v.redirect("/letters/" + h.Document + "?page=" + strconv.Itoa(max(1, formInt(v, "page"))))
		return nil
	}
	v.redirect("/letters/" + h.Document + "?hit=1#hit")
	return nil
}

func (d *desk) keepFinding(v *visit, f finding) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return d.Sessions.Put(v.Context(), findKey, string(text))
}

// hitsOf gives the places of what is looked for in the letter, in reading order. Who comes
// from the search looks for what was searched for.
func (d *desk) hitsOf(v *visit, document string, p *letterPage) (hits []hit, err error) {
	ctx := v.Context()
	var f finding
	_ = json.Unmarshal([]byte(d.Sessions.Get(ctx, findKey)), &f) // none yet
	if v.FormValue("found") != "" {
		f = finding{document, v.asked().Text}
		if err := d.keepFinding(v, f); err != nil {
			return nil, err
		}
	}
	if p.Field == "find" { // it was refused
		p.Find = v.field("find")
		return nil, nil
	}
	if f.Document != document || f.Text == "" {
		return nil, nil
	}
	p.Find = f.Text
	letter, err := d.Mailroom.Letter(ctx, document)
	if err != nil {
		return nil, err
	}
	marks, err := search.Highlight(letter, f.Text)
	var refused *search.Refused
	if errors.As(err, &refused) {
		p.Problem, p.Field = v.searchRefused(refused), "find"
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, page := range marks.Pages {
		for _, word := range page.Words {
			hits = append(hits, hit{page.Page, word})
		}
	}
	p.Found = len(hits)
	if n := formInt(v, "hit"); n >= 1 && n <= len(hits) {
		p.Hit = n
	} else if page := letter.From - 1 + formInt(v, "page"); v.FormValue("found") != "" && len(hits) > 0 {
		p.Hit = 1 + max(0, slices.IndexFunc(hits, func(h hit) bool { return h.page == page }))
	}
	if p.Hit > 1 {
		p.HitBefore = p.Hit - 1
	}
	if p.Hit < len(hits) {
		p.HitAfter = p.Hit + 1
	}
	return hits, nil
}

// noteLetter writes a note beside the letter.
func (d *desk) noteLetter(v *visit) error {
	h, err := d.ownLetter(v)
	if err != nil {
		return err
	}
	err = d.Mailroom.Note(v.Context(), v.user.ID, v.user.Actor(), h.Document, v.field("note"))
	return d.letterDone(v, err, "note", "/letters/"+h.Document+"?page=1", "letter.noted")
}

func (d *desk) removeNote(v *visit) error {
	h, err := d.ownLetter(v)
	if err != nil {
		return err
	}
	err = d.Mailroom.RemoveNote(v.Context(), v.user.ID, v.user.Actor(), h.Document, v.field("id"))
	return d.letterDone(v, err, "note", "/letters/"+h.Document+"?page=1", "letter.note_removed")
}

// markUnread keeps a letter as new for its reader.
func (d *desk) markUnread(v *visit) error {
	h, err := d.ownLetter(v)
	if err != nil {
		return err
	}
	return d.letterDone(v, d.Mailroom.MarkUnread(v.Context(), v.user.ID, h.Document), "", "/letters", "letter.marked_unread")
}

// returnLetter sends a letter back that is not the person's. Nobody sees it in the case
// any more, and the log has who had.
func (d *desk) returnLetter(v *visit) error {
	h, err := d.ownLetter(v)
	if err != nil {
		return err
	}
	// A version always: a letter that moves at this moment is not the person's any more.
	err = d.Mailroom.Return(v.Context(), h.Document, pipeline.Return{Why: v.field("why"), Version: cmp.Or(formInt(v, "version"), h.Version), By: v.user.Actor()})
	return d.letterDone(v, err, "why", "/letters", "letter.returned")
}

func (d *desk) letterDone(v *visit, err error, field, path, key string) error {
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return d.showLetter(v, http.StatusUnprocessableEntity, d.refusal(v, refused), field)
	}
	if err != nil {
		return err
	}
	return v.done(path, key)
}

// download gives the letter's file: the original, or the searchable rendition. It may hold
// anything a scanner or a stranger has put into it, so no browser is to open it in place.
func (d *desk) download(v *visit) error {
	h, err := d.ownLetter(v)
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
	return v.attach(f, "letter-"+h.Document[:8]+"-"+kind)
}

// fileTypes are what a scanner's file may be, by its first bytes.
var fileTypes = []struct{ begins, mediaType, ending string }{ // never written to
	{"%PDF-", "application/pdf", ".pdf"},
	{"II*\x00", "image/tiff", ".tif"},
	{"MM\x00*", "image/tiff", ".tif"},
	{"\xff\xd8\xff", "image/jpeg", ".jpg"},
	{"", "application/octet-stream", ".bin"},
}

// attach sends a file to be kept as one. Its name needs no more than ASCII, so that RFC 6266
// asks for no second form of it.
func (v *visit) attach(f *os.File, name string) error {
	var begin [5]byte
	if _, err := f.ReadAt(begin[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	of := fileTypes[slices.IndexFunc(fileTypes, func(t struct{ begins, mediaType, ending string }) bool {
		return strings.HasPrefix(string(begin[:]), t.begins)
	})]
	head := v.w.Header()
	head.Set("Content-Type", of.mediaType)
	head.Set("Content-Disposition", `attachment; filename="`+name+of.ending+`"`)
	head.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	v.patient(patience)
	http.ServeContent(unkept{v.w}, v.Request, name, time.Time{}, io.NewSectionReader(f, 0, size))
	return nil
}

// patience is how long the browser may take for a large file; for a page it is less.
const patience = 10 * time.Minute

// patient gives the answer more time than the server's.
func (v *visit) patient(d time.Duration) {
	_ = http.NewResponseController(v.w).SetWriteDeadline(time.Now().Add(d)) // where there is none, none is needed
}

// readsOn has the page made that is shown, and then the one that is mostly turned to.
func (d *desk) readsOn(v *visit, line pipeline.DocumentLine, at int, all bool) {
	if all || at >= len(line.Pages) {
		return
	}
	d.asksSoon(line.Batch, line.Pages[at])
	if rest := line.Pages[at+1:]; len(rest) > 0 {
		d.ahead.wish("letter/"+line.Document, func(ctx context.Context) {
			_ = d.Mailroom.Prepare(ctx, line.Batch, rest[:1], pipeline.Screen) // whoever asks for it is told
		})
	}
}

// unkept says that nobody may keep the answer, also where http.ServeContent takes that
// away: when it refuses a range.
type unkept struct{ http.ResponseWriter }

func (w unkept) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.ResponseWriter.WriteHeader(status)
}
