package samples

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"postroom/mail"
)

// writer writes a letter on its sheets.
type writer struct {
	plan
	rng        *rand.Rand
	dpi        int
	font       string
	points     float64
	date       string
	sheets     []*sheet
	codes      [][]CodeTruth
	body       pen
	left, wide float64 // of the text, millimetres
	foot       float64 // where the text must end
	down       float64 // by which a patch code pushes all down
	said       bool    // the print stands in a sentence of the text
}

// write draws a letter's pages, and tells the codes on each.
func (p plan) write(rng *rand.Rand, dpi int) ([]*sheet, [][]CodeTruth) {
	day := time.Date(2026, time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
	w := &writer{plan: p, rng: rng, dpi: dpi, font: pick(rng, []string{"regular", "regular", "medium", "mono", "regular"}),
		points: 10 + 2*rng.Float64(), date: day.Format(p.lang.date)}
	for n := range p.pages {
		w.page(n)
	}
	return w.sheets, w.codes
}

// page writes one page from top to bottom.
func (w *writer) page(n int) {
	s := newSheet(w.dpi)
	w.body, w.left, w.wide, w.foot, w.down = s.pen(w.font, w.points), 20+5*w.rng.Float64(), 165, 252, 0
	if n == 0 && w.patchKept {
		s.patch(w.rng, mail.Patch2)
		w.down = 26
	}
	w.codes = append(w.codes, w.placeCodes(s, n))
	y := 44.0
	if n == 0 {
		y = w.head(s)
	} else if w.rng.IntN(2) == 0 {
		s.text(s.pen(w.font, 9), w.left, 12, fmt.Sprintf("%d / %d", n+1, w.pages))
	}
	w.said = false
	if w.print != nil && n == w.printPage {
		y = w.reference(s, y)
	}
	if n == 0 {
		y = s.text(w.body, w.left, y+3, pick(w.rng, w.lang.salutations)) + 3
	}
	y = w.text(s, y)
	if n == w.pages-1 {
		w.close(s, y)
	}
	w.footer(s)
	w.sheets = append(w.sheets, s)
}

// head draws sender, addressee, date and subject, or a form's boxes, and gives
// the height below.
func (w *writer) head(s *sheet) float64 {
	rng := w.rng
	sender := []string{pick(rng, people), pick(rng, streets), pick(rng, places)}
	office := []string{pick(rng, w.lang.offices), pick(rng, streets), pick(rng, places)}
	if w.form {
		return w.formHead(s, sender)
	}
	s.lines(w.body, w.left, 16+w.down, sender...)
	x := 120.0
	if rng.IntN(3) == 0 { // DIN 5008 has the addressee on the left
		x = w.left
		small := s.pen(w.font, 7)
		s.text(small, w.left, 42+w.down, strings.Join(sender, " · "))
		s.bar(w.left, 45.5+w.down, 75, 0.2)
	}
	y := s.lines(w.body, x, 47+w.down, office...)
	s.text(w.body, 120, y+4, w.date)
	if rng.IntN(5) == 0 {
		s.stamp(rng, 72+10*rng.Float64(), 18+w.down, w.lang.received, w.date)
	}
	y = 78 + w.down
	if rng.IntN(2) == 0 {
		y = s.text(s.pen(map[bool]string{true: "mono", false: "bold"}[w.font == "mono"], w.points), w.left, y, pick(rng, w.lang.subjects)) + 1
	}
	return y
}

// formHead draws a cover form: a title, then boxes with small captions.
func (w *writer) formHead(s *sheet, sender []string) float64 {
	top := 34 + w.down
	s.text(s.pen("bold", 15), w.left, 20+w.down, w.lang.form)
	small := s.pen("regular", 7)
	values := []string{sender[0], sender[1] + ", " + sender[2], w.date, ""}
	for i, caption := range w.lang.fields {
		x, y := w.left+float64(i%2)*86, top+float64(i/2)*16
		s.frame(x, y, 84, 14)
		s.text(small, x+1.5, y+1, caption)
		s.text(w.body, x+3, y+6, values[i])
	}
	w.sign(s, w.left+92, top+24)
	return top + 40
}

func (w *writer) sign(s *sheet, x, y float64) { s.sign(w.rng, x, y) }

// reference prints the reference as senders do, and gives the height below.
func (w *writer) reference(s *sheet, y float64) float64 {
	label, text := pick(w.rng, w.lang.labels), w.print.reference
	small := s.pen(w.font, 8)
	switch w.rng.IntN(6) {
	case 0: // below its label
		s.text(small, w.left, y+1, label)
		return s.text(w.body, w.left, y+5, text) + 2
	case 1: // bold
		return s.text(s.pen("bold", w.points), w.left, y+1, label+": "+text) + 2
	case 2: // in a box
		s.frame(w.left, y, 84, 14)
		s.text(s.pen("regular", 7), w.left+1.5, y+1, label)
		s.text(w.body, w.left+3, y+6, text)
		return y + 17
	case 3: // in a sentence of the first paragraph
		w.said = true
		return y
	}
	return s.text(w.body, w.left, y+1, label+pick(w.rng, []string{" : ", ": ", "  "})+text) + 2
}

// text fills the page with paragraphs, sometimes with a table among them.
func (w *writer) text(s *sheet, y float64) float64 {
	rng, order := w.rng, w.rng.Perm(len(w.lang.sentences))
	paragraphs := 2 + rng.IntN(5)
	for i := range paragraphs {
		var text []string
		if i == 0 && w.said {
			text = append(text, fmt.Sprintf(pick(rng, w.lang.within), w.print.reference))
		}
		for k := range 2 + rng.IntN(3) {
			text = append(text, w.lang.sentences[order[(3*i+k)%len(order)]])
		}
		if y > w.foot-40 {
			break
		}
		y = s.paragraph(w.body, w.left, y, w.wide, strings.Join(text, " ")) + w.body.line*0.6
		if i == 1 && rng.IntN(5) == 0 && y < w.foot-60 {
			y = w.table(s, y)
		}
	}
	return y
}

// table draws amounts by year.
func (w *writer) table(s *sheet, y float64) float64 {
	rows := 3 + w.rng.IntN(3)
	small := s.pen(w.font, 9)
	for i := range rows {
		for j := range 3 {
			s.frame(w.left+float64(j)*40, y, 40, 7)
		}
		s.text(small, w.left+2, y+1.3, fmt.Sprint(2026-rows+i))
		s.text(small, w.left+42, y+1.3, fmt.Sprintf("%d.%03d,%02d", 1+w.rng.IntN(20), w.rng.IntN(1000), w.rng.IntN(100)))
		s.text(small, w.left+82, y+1.3, fmt.Sprintf("%d,%d %%", w.rng.IntN(30), w.rng.IntN(10)))
		y += 7
	}
	return y + 5
}

// close ends the letter.
func (w *writer) close(s *sheet, y float64) {
	y = s.text(w.body, w.left, y+3, pick(w.rng, w.lang.closings))
	if y+22 < w.foot && w.rng.IntN(4) > 0 {
		w.sign(s, w.left+5, y+7)
		s.text(w.body, w.left, y+14, pick(w.rng, people))
	}
}

// footer prints numbers that are no references.
func (w *writer) footer(s *sheet) {
	order := w.rng.Perm(len(w.lang.decoys))
	var all []string
	for _, i := range order[:1+w.rng.IntN(3)] {
		all = append(all, strings.Map(func(r rune) rune {
			if r == '#' {
				return rune('0' + w.rng.IntN(10))
			}
			return r
		}, w.lang.decoys[i]))
	}
	s.text(s.pen(w.font, 7), w.left, 285, strings.Join(all, "    "))
}
