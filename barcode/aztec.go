package barcode

import (
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"

	"postroom/mail"
)

// aztecSize is the number of modules across an Aztec code, and whether it is a full
// one, with more rings than a compact one (ISO/IEC 24778).
type aztecSize struct {
	modules int
	full    bool
}

// aztecSizes lists all.
var aztecSizes = func() (all []aztecSize) {
	for layers := range 4 {
		all = append(all, aztecSize{15 + 4*layers, false})
	}
	for layers := 1; layers <= 32; layers++ {
		all = append(all, aztecSize{15 + 4*layers + 2*((2*layers+6)/15), true}) // with the lines of the reference grid
	}
	return all
}()

// Where rings around the middle may show in a figure that is not yet laid right, where
// they show at all, and where there is no doubt about them.
const (
	mayBullsEye  = 0.12
	likeBullsEye = 0.55
	sureBullsEye = 0.7
)

// readAztec reads a crop as an Aztec code: the size whose middle shows the rings
// is sampled on the page and handed to gozxing as a clean drawing, because its
// detector loses its way in speckle and swollen print. looks tells of the rings.
func (r *Reader) readAztec(c *crop) (sym mail.Symbol, read, looks bool) {
	s := &r.sheet
	for _, f := range c.frames() {
		if !c.square(f) {
			continue
		}
		best, score := lattice{}, likeBullsEye
		var size aztecSize
		for _, n := range aztecSizes {
			l, ok := c.lattice(f, 0, n.modules, n.modules)
			if !ok || l.module() < 1.4 {
				continue
			}
			ks := n.known()
			k := s.agreement(l, ks)
			if f.tilted && k > mayBullsEye {
				l, k = s.fitted(l, ks)
			}
			if k > score {
				best, score, size = l, k, n
			}
		}
		if best.cols == 0 {
			continue
		}
		looks = looks || score > sureBullsEye
		ks := size.known()
		if f.tilted { // the rings alone say little of perspective
			ks = append(ks, quietRing(best.cols, best.rows)...)
		}
		if text, l, _, ok := s.readLattice(best, ks, size.decode); ok {
			return mail.Symbol{Symbology: mail.Aztec, Text: text, Polygon: l.quad(), Module: l.module()}, true, true
		}
	}
	return sym, false, looks
}

func abs(a int) int { return max(a, -a) }

// decode draws the modules, eight pixels each, the rings as they must be, and has
// gozxing read them.
func (n aztecSize) decode(l lattice, tones []float64, threshold float64) (text string, ok bool) {
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
	for _, k := range n.rings() {
		x, y := rim+k.i*unit, rim+k.j*unit
		for i := range unit * unit {
			if k.dark {
				m.Set(x+i%unit, y+i/unit)
			} else {
				m.Unset(x+i%unit, y+i/unit)
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
