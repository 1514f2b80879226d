package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"unicode"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/scan"
)

// Sight is what was read on a page, placed on its upright picture: for words to select
// and places to mark over Picture's, whatever its size. Coordinates are pixels of an
// upright picture of Width by Height, origin top left, its pixels square. Texts are fit
// to be shown: they have no control or formatting characters.
type Sight struct {
	Page     int            `json:"page"`
	Width    int            `json:"width"`    // 0, as Height: the page was not read, or could not be
	Height   int            `json:"height"`   //
	Turn     int            `json:"turn"`     // clockwise, degrees, that made it upright
	HasText  bool           `json:"has_text"` // its text was looked for
	Blank    bool           `json:"blank"`
	Words    []mail.Word    `json:"words"` // in reading order; see mail.Word
	Symbols  []mail.Symbol  `json:"symbols"`
	Doubts   []mail.Doubt   `json:"doubts"`
	Mentions []SightMention `json:"mentions"`          // what reads as a reference, or nearly
	Failure  string         `json:"failure,omitempty"` // why the page could not be read
	Says     *mail.Saying   `json:"says,omitempty"`    // the failure, for other languages; absent = a former version wrote it
	pose     func(x, y float64) (float64, float64)
}

// SightMention is a place that reads as a reference.
type SightMention struct {
	Text    string      `json:"text"` // cleaned
	Scheme  string      `json:"scheme"`
	Source  mail.Source `json:"source"`
	Literal bool        `json:"literal"` // as read, not nearly
	Valid   bool        `json:"valid"`   // its check digits hold
	Polygon mail.Quad   `json:"polygon"`
}

// Sight gives what was read on a page. ErrNoSuch is a page that is not there, or is not
// read yet.
func (m *Mailroom) Sight(ctx context.Context, batch string, page int) (Sight, error) {
	r, err := m.reading(ctx, batch, page)
	if errors.Is(err, fs.ErrNotExist) {
		return Sight{Page: page, Failure: mail.Say("fault-gone").English(), Says: mail.Say("fault-gone")}, nil
	}
	if err != nil {
		return Sight{}, fmt.Errorf("page %d of batch %s: %w", page, batch, err)
	}
	turn, err := m.turn(ctx, batch, page)
	if err != nil {
		return Sight{}, err
	}
	s := sightOf(r, turn)
	for _, found := range m.cfg.Rules.Mentions(r) {
		s.Mentions = append(s.Mentions, SightMention{Shown(found.Text), found.Scheme, found.Source, found.Literal, found.Valid, s.Place(found.Polygon)})
	}
	return s, nil
}

// reading gives what was read on one page, and decodes none of its portion's others.
func (m *Mailroom) reading(ctx context.Context, batch string, page int) (r mail.Reading, err error) {
	var row pageRow
	if err := m.journal.View(ctx, func(j journal.Reader) (err error) {
		row, err = load[pageRow](j, tablePage, pageKey(batch, page))
		return err
	}); err != nil {
		return r, err
	}
	f, err := m.blob(ctx, row.Readings)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	d := json.NewDecoder(f)
	if _, err := d.Token(); err != nil { // the list's bracket
		return r, err
	}
	var other json.RawMessage
	for range row.Index {
		if err := d.Decode(&other); err != nil {
			return r, err
		}
	}
	if err := d.Decode(&r); err != nil {
		return r, err
	}
	if r.Page != page {
		return r, fmt.Errorf("readings of batch %s: page %d is not where the journal says", batch, page)
	}
	return r, nil
}

// sightOf places all but the mentions.
func sightOf(r mail.Reading, turn int) Sight {
	s := Sight{Page: r.Page, Turn: turn, HasText: r.HasText, Blank: r.Blank, Failure: Shown(r.Failure), Says: r.Says,
		Words: slices.Clone(r.Words), Symbols: slices.Clone(r.Symbols), Doubts: slices.Clone(r.Doubts)}
	if r.Width < 1 || r.Height < 1 {
		return s
	}
	s.Width, s.Height = scan.Upright(r.Width, r.Height, r.DPI, r.DPIY, turn)
	s.pose = posed(r, turn, float64(s.Width), float64(s.Height))
	for i, w := range s.Words {
		s.Words[i].Text = Shown(w.Text)
		x0, y0, x1, y1 := s.Place(w.Box.Quad()).Bounds()
		round := func(v float64) int { return int(math.Round(v)) }
		s.Words[i].Box = mail.Box{X0: round(x0), Y0: round(y0), X1: round(x1), Y1: round(y1)}
	}
	for i, c := range s.Symbols {
		s.Symbols[i].Text, s.Symbols[i].Polygon = Shown(c.Text), s.Place(c.Polygon)
	}
	for i, d := range s.Doubts {
		s.Doubts[i].Part, s.Doubts[i].Polygon = Shown(d.Part), s.Place(d.Polygon)
	}
	return s
}

// Place puts a polygon of the page as it was read, such as an evidence's, on the upright
// picture. The corners keep their order.
func (s Sight) Place(q mail.Quad) mail.Quad {
	if s.pose == nil {
		return mail.Quad{}
	}
	for i, p := range q {
		q[i].X, q[i].Y = s.pose(p.X, p.Y)
	}
	return q
}

// posed gives the way from a page as it was read to its upright picture of w by h.
func posed(r mail.Reading, turn int, w, h float64) func(x, y float64) (float64, float64) {
	fx, fy := w/float64(r.Width), h/float64(r.Height)
	if turn == 90 || turn == 270 {
		fx, fy = h/float64(r.Width), w/float64(r.Height)
	}
	return func(x, y float64) (float64, float64) {
		x, y = x*fx, y*fy
		switch turn {
		case 90:
			return w - y, x
		case 180:
			return w - x, h - y
		case 270:
			return y, h - x
		}
		return x, y
	}
}

// Shown makes a text that a stranger wrote fit to be shown: a screen would follow control
// characters, and those that turn the direction of writing hide what is said.
func Shown(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
