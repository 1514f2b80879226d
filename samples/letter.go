package samples

import (
	"fmt"
	"math/rand/v2"
	"time"

	"postroom/mail"
)

// plan is a letter before it is written.
type plan struct {
	kind    string // bar, ocr, both, conflict, unknown, closed, invalid, none
	lang    language
	pages   int
	code    *aCase // in a barcode
	print   *aCase // in print
	onPage  int    // where the reference stands, counted from 0
	foreign bool   // a code of someone else's stands there too
	form    bool   // a cover form instead of a free letter
}

// pick gives one of a list.
func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// symbologies that references are printed in, with the contract's names of the truth.
var symbologies = []struct {
	name string
	sym  mail.Symbology
	mils []int
}{
	{"code128", mail.Code128, []int{10, 13, 15, 20}}, {"code39", mail.Code39, []int{10, 13}},
	{"qr", mail.QR, []int{15, 20, 25}}, {"datamatrix", mail.DataMatrix, []int{20, 25}},
}

// write draws a letter's pages.
func (p plan) write(rng *rand.Rand, dpi int) (sheets []*sheet, codes [][]CodeTruth, err error) {
	ttf, size := pick(rng, fonts), 10+2*rng.Float64()
	for n := range p.pages {
		s := newSheet(dpi)
		body := s.pen(ttf, size)
		var on []CodeTruth
		y := 40.0
		if n == 0 {
			y = p.head(rng, s, body)
		}
		if n == p.onPage {
			if on, y, err = p.reference(rng, s, body, y); err != nil {
				return nil, nil, err
			}
		}
		if n == 0 {
			if p.form {
				y = max(y, 90)
			}
			y = s.text(body, 22, y+4, pick(rng, p.lang.salutations)) + 4
		}
		for paragraph := 0; paragraph < 7 && y < 205; paragraph++ {
			text := ""
			for range 2 + rng.IntN(3) {
				text += pick(rng, p.lang.sentences) + " "
			}
			y = s.paragraph(body, 22, y, 165, text) + 4
		}
		if n == p.pages-1 {
			s.text(body, 22, y+3, pick(rng, p.lang.closings))
		}
		s.text(s.pen(ttf, 7), 22, 284, fmt.Sprintf("Tel. %09d   IBAN BE%02d %04d %04d %04d", rng.IntN(1e9), rng.IntN(100), rng.IntN(1e4), rng.IntN(1e4), rng.IntN(1e4)))
		sheets, codes = append(sheets, s), append(codes, on)
	}
	return sheets, codes, nil
}

// head draws sender, addressee and date, or a form's boxes, and gives the height below.
func (p plan) head(rng *rand.Rand, s *sheet, body pen) float64 {
	y := 18.0
	for _, line := range []string{pick(rng, people), pick(rng, streets), pick(rng, places)} {
		y = s.text(body, 22, y, line)
	}
	y = 48
	for _, line := range []string{pick(rng, p.lang.offices), pick(rng, places)} {
		y = s.text(body, 120, y, line)
	}
	day := time.Date(2026, time.Month(1+rng.IntN(12)), 1+rng.IntN(28), 0, 0, 0, 0, time.UTC)
	s.text(body, 120, y+6, day.Format(p.lang.date))
	if p.form {
		s.frame(18, 14, 80, 30)
		s.frame(18, 72, 174, 16)
		s.frame(115, 44, 77, 26)
	}
	return 74
}

// reference puts the codes and the printed line where senders put them.
func (p plan) reference(rng *rand.Rand, s *sheet, body pen, y float64) (codes []CodeTruth, below float64, err error) {
	if p.code != nil {
		k := pick(rng, symbologies)
		mil := pick(rng, k.mils)
		if s.dpi < 300 && mil < 13 {
			mil = 13
		}
		width, err := codeWidth(k.sym, p.code.reference, mil)
		if err != nil {
			return nil, y, err
		}
		// At the head beside the sender, or at the foot below the text.
		x, top := 196-width, 14.0
		if width > 100 || rng.IntN(3) == 0 {
			x, top = 22, 258
		}
		if p.onPage > 0 && top < 100 {
			x, top = 22, 16
		}
		if err = s.code(k.sym, p.code.reference, x, top, mil, 12); err != nil {
			return nil, y, err
		}
		codes = append(codes, CodeTruth{k.name, p.code.reference, mil})
	}
	if p.foreign {
		// A franking mark or a product: every pile has them, and they must steer nothing.
		if rng.IntN(2) == 0 {
			err = s.code(mail.DataMatrix, fmt.Sprintf("DEA%08d%04d", rng.IntN(1e8), rng.IntN(1e4)), 178, 60, 20, 0)
		} else {
			err = s.code(mail.QR, "BCD\n002\n1\nSCT\nKREDBEBB\nTown\nBE71096123456769\nEUR12.50", 175, 255, 15, 0)
		}
		if err != nil {
			return nil, y, err
		}
	}
	if p.print != nil {
		y = s.text(body, 22, y+2, pick(rng, p.lang.labels)+" : "+p.print.reference)
	}
	return codes, y, nil
}
