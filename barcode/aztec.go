package barcode

import (
	"math"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"

	"postroom/mail"
)

// aztecSizes are the modules across an Aztec code, compact and full (ISO/IEC 24778),
// up to a size that mail carries.
var aztecSizes = []int{15, 19, 23, 27, 31, 37, 41, 45, 49, 53, 57, 61, 67, 71, 75, 79, 83}

// Where rings around the middle show at all, and where there is no doubt about them.
const (
	likeBullsEye = 0.55
	sureBullsEye = 0.7
)

// readAztec reads a crop as an Aztec code: the size whose middle shows the rings
// is sampled on the page and handed to gozxing as a clean drawing, because its
// detector loses its way in speckle and swollen print. looks tells of the rings.
func (r *Reader) readAztec(c *crop) (sym mail.Symbol, read, looks bool) {
	s := &r.sheet
	for _, f := range c.frames() {
		o, u, v := c.corner(f, 0), c.corner(f, 1), c.corner(f, 3)
		if a, b := dist(o, u), dist(o, v); a > 1.15*b || b > 1.15*a {
			continue
		}
		best, score := lattice{}, likeBullsEye
		for _, n := range aztecSizes {
			l := spanned(o, u, v, n, n)
			if l.module() < 1.4 {
				break
			}
			if k := s.agreement(l, knownAztec(n)); k > score {
				best, score = l, k
			}
		}
		if best.cols == 0 {
			continue
		}
		looks = looks || score > sureBullsEye
		if text, l, _, ok := s.readLattice(best, knownAztec(best.cols), decodeAztec); ok {
			return mail.Symbol{Symbology: mail.Aztec, Text: text, Polygon: l.quad(), Module: l.module()}, true, true
		}
	}
	return sym, false, looks
}

func abs(a int) int { return max(a, -a) }

// decodeAztec draws the modules, eight pixels each, and has gozxing read them.
func decodeAztec(l lattice, tones []float64, threshold float64) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	const unit, rim = 8, 24
	m, err := gozxing.NewSquareBitMatrix(l.cols*unit + 2*rim)
	if err != nil {
		return "", false
	}
	for j := range l.rows {
		for i := range l.cols {
			if tones[j*l.cols+i] < threshold {
				_ = m.SetRegion(rim+i*unit, rim+j*unit, unit, unit)
			}
		}
	}
	b, err := gozxing.NewBinaryBitmap(bitmap{m})
	if err != nil {
		return "", false
	}
	res, err := aztec.NewAztecReader().Decode(b, nil)
	if err != nil || strings.TrimSpace(res.GetText()) == "" {
		return "", false
	}
	return res.GetText(), true
}

// frames fits rectangles to the ink: the tight one first; where other print
// touches the code, the turn in which its rows and columns line up, and a longer
// way in from the sides.
func (c *crop) frames() []frame {
	if c.framed != nil {
		return c.framed
	}
	ink, rim := c.inkAndRim(c.otsu())
	if len(rim) < 40 {
		return nil
	}
	tight := leastArea(rim, leastArea(rim, 0, math.Pi/4, math.Pi/90), math.Pi/90, math.Pi/900)
	c.framed = []frame{}
	for _, try := range [2]struct{ angle, depth float64 }{{tight, 0.12}, {alignedTurn(ink), 0.3}} {
		if f, ok := c.frame(rim, try.angle, try.depth); ok {
			c.framed = append(c.framed, f)
		}
	}
	return c.framed
}
