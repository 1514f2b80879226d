package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"postroom/pipeline"
	"postroom/web/access"
)

// lettersPage lists the letters of a person's cases.
type lettersPage struct {
	Letters []letterRow
	Next    string
	Case    string // the reference, when it is one case's list
	Nothing bool   // the person's groups have no case
	Choice  letterChoice
	Chosen  bool // by any filter
	Stores  []string
	Sources []string
	Views   []pipeline.SavedView
	Problem string
	Field   string // in which the problem is
	Name    string // of a view, that was typed and refused
}

type letterRow struct {
	pipeline.LetterLine
	Unread bool
	Days   int // since it was received
}

// letterChoice is how a person filters the letters. It is kept in the session, because
// what somebody looks for is nobody's business who reads an address.
type letterChoice struct {
	Read   string `json:"read,omitempty"` // unread, read
	Store  string `json:"store,omitempty"`
	Source string `json:"source,omitempty"`
	From   string `json:"from,omitempty"` // local days, YYYY-MM-DD
	To     string `json:"to,omitempty"`
}

const choiceKey = "letters"

func (v *visit) choice() (c letterChoice) {
	_ = json.Unmarshal([]byte(v.desk.Sessions.Get(v.Context(), choiceKey)), &c) // none, or another version's: no filter
	return c
}

func (c letterChoice) text() string {
	if c == (letterChoice{}) {
		return ""
	}
	text, err := json.Marshal(c)
	if err != nil {
		panic("bug: " + err.Error())
	}
	return string(text)
}

// filter tells whether the days are days.
func (c letterChoice) filter(user string) (f pipeline.LetterFilter, ok bool) {
	days := logFilter{From: c.From, To: c.To}
	e, ok := days.parsed()
	return pipeline.LetterFilter{Store: c.Store, Source: c.Source, From: e.From, To: e.To, User: user, Unread: c.Read == "unread", Read: c.Read == "read"}, ok
}

func seesOf(s access.Scope) pipeline.Sees { return pipeline.Sees{Stores: s.Stores(), Case: s.Sees} }

func (d *desk) letters(v *visit) error { return d.showChosen(v, http.StatusOK, v.choice(), "", "") }

func (d *desk) showChosen(v *visit, status int, c letterChoice, problem, field string) error {
	ctx := v.Context()
	scope, err := d.Directory.Scope(ctx, v.user)
	if err != nil {
		return err
	}
	p := lettersPage{Nothing: scope.Empty(), Choice: c, Chosen: c != letterChoice{}, Stores: scope.Stores(), Sources: d.sources(), Problem: problem, Field: field, Name: v.again("name")}
	if p.Views, err = d.Mailroom.Views(ctx, v.user.ID); err != nil {
		return err
	}
	f, ok := c.filter(v.user.ID)
	if !ok {
		return v.show(http.StatusUnprocessableEntity, "letters", p)
	}
	lines, next, err := d.Mailroom.LettersChosen(ctx, seesOf(scope), f, pipeline.Cursor(v.FormValue("before")), perPage)
	if err != nil {
		return err
	}
	return d.showLetters(v, status, p, "/letters", lines, next)
}

// sources are the names that a letter's source can have.
func (d *desk) sources() (all []string) {
	if d.Folders != nil {
		for _, f := range d.Folders() {
			all = append(all, f.Name)
		}
	}
	return append(all, byCommand)
}

// chooseLetters keeps a filter.
func (d *desk) chooseLetters(v *visit) error {
	c := letterChoice{Read: v.field("read"), Store: v.field("store"), Source: v.field("source"), From: v.field("from"), To: v.field("to")}
	if v.field("all") != "" {
		c = letterChoice{}
	}
	if _, ok := c.filter(""); !ok {
		return d.showChosen(v, http.StatusUnprocessableEntity, c, v.t("log.bad_day"), "from")
	}
	if len(c.text()) > 500 || c.Read != "" && c.Read != "read" && c.Read != "unread" {
		return errBadForm
	}
	if err := d.Sessions.Put(v.Context(), choiceKey, c.text()); err != nil {
		return err
	}
	v.redirect("/letters")
	return nil
}

// saveView keeps the filter that is set under a name.
func (d *desk) saveView(v *visit) error {
	err := d.Mailroom.SaveView(v.Context(), v.user.ID, v.field("name"), v.choice().text())
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return d.showChosen(v, http.StatusUnprocessableEntity, v.choice(), d.refusal(v, refused), "view-name")
	}
	if err != nil {
		return err
	}
	return v.done("/letters", "letters.view_saved")
}

func (d *desk) openView(v *visit) error {
	view, err := d.Mailroom.SavedView(v.Context(), v.user.ID, v.field("view"))
	if err != nil {
		return err
	}
	if v.field("remove") != "" {
		if err := d.Mailroom.RemoveView(v.Context(), v.user.ID, view.ID); err != nil {
			return err
		}
		return v.done("/letters", "letters.view_removed")
	}
	if err := d.Sessions.Put(v.Context(), choiceKey, view.Choice); err != nil {
		return err
	}
	v.redirect("/letters")
	return nil
}

// caseLetters lists the letters of the case that the letter of the path is filed in: so no
// case number stands in an address.
func (d *desk) caseLetters(v *visit) error {
	h, err := d.ownLetter(v)
	if err != nil {
		return err
	}
	lines, next, err := d.Mailroom.CaseLetters(v.Context(), h.Store, h.Scheme, h.Reference, pipeline.Cursor(v.FormValue("before")), perPage)
	if err != nil {
		return err
	}
	return d.showLetters(v, http.StatusOK, lettersPage{Case: h.Reference}, "/letters/"+h.Document+"/case", lines, next)
}

func (d *desk) showLetters(v *visit, status int, p lettersPage, path string, lines []pipeline.LetterLine, next pipeline.Cursor) error {
	unread, err := d.Mailroom.Unread(v.Context(), v.user.ID, lines)
	if err != nil {
		return err
	}
	for i, l := range lines {
		p.Letters = append(p.Letters, letterRow{l, unread[i], daysSince(d.Now(), l.Received)})
	}
	if next != "" {
		p.Next = path + "?" + url.Values{"before": {string(next)}}.Encode()
	}
	return v.show(status, "letters", p)
}

// daysSince counts the midnights between, as people do.
func daysSince(now, then time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.Local().Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return max(0, int(day(now).Sub(day(then))/(24*time.Hour)))
}

// besideLetter leads to the letter that stands before or behind the one of the path in the list
// that the person has chosen.
func (d *desk) besideLetter(newer bool) func(*visit) error {
	return func(v *visit) error {
		h, err := d.ownLetter(v)
		if err != nil {
			return err
		}
		scope, err := d.Directory.Scope(v.Context(), v.user)
		if err != nil {
			return err
		}
		f, _ := v.choice().filter(v.user.ID)
		id, err := d.Mailroom.LetterBeside(v.Context(), seesOf(scope), f, h.Document, newer)
		if err != nil {
			return err
		}
		if id == "" {
			return v.done("/letters", "letters.no_more")
		}
		v.redirect("/letters/" + id)
		return nil
	}
}

// ownLetter is readable, and says to somebody who once read a letter that it has gone. To
// anybody else it is as if it had never been there.
func (d *desk) ownLetter(v *visit) (pipeline.Holding, error) {
	h, err := d.readable(v, access.Caseworker)
	var p *problem
	if err == nil || !errors.As(err, &p) && !errors.Is(err, pipeline.ErrNoSuch) {
		return h, err
	}
	was, failed := d.Mailroom.WasRead(v.Context(), v.user.ID, v.PathValue("document"))
	if failed != nil {
		return h, failed
	}
	if was {
		err = errGone
	}
	return h, err
}

var errGone = &problem{http.StatusGone, "problem.gone"}
