package barcode

import (
	"cmp"
	"slices"
	"strings"

	"github.com/makiuchi-d/gozxing"
	spell "github.com/makiuchi-d/gozxing/aztec/decoder"
	"github.com/makiuchi-d/gozxing/aztec/detector"

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
	for layers := 1; layers <= 4; layers++ {
		all = append(all, aztecSize{11 + 4*layers, false})
	}
	for layers := 1; layers <= 32; layers++ {
		all = append(all, aztecSize{fullAztec(layers), true})
	}
	return all
}()

// fullAztec gives the modules across a full code, the lines of the reference grid included.
func fullAztec(layers int) int { return 15 + 4*layers + 2*((2*layers+6)/15) }

// Where rings around the middle may show in a figure that is not yet laid right, where
// they show at all, and where there is no doubt about them.
const (
	mayBullsEye  = 0.12
	likeBullsEye = 0.55
	sureBullsEye = 0.7
)

// mostAztecSizes are the likeliest sizes that are tried: the mode message must name
// the size, so that a wrong one is not believed.
const mostAztecSizes = 3

// readAztec reads a crop as an Aztec code: the size whose middle shows the rings
// is sampled on the page; where none is read it may be a rune. looks tells of the rings.
func (r *Reader) readAztec(c *crop) (sym mail.Symbol, read, looks bool) {
	s := &r.sheet
	for _, f := range c.frames() {
		if !c.square(f) {
			continue
		}
		type fit struct {
			size  aztecSize
			l     lattice
			score float64
		}
		var fits []fit
		for _, n := range aztecSizes {
			laid, ok := c.lattice(f, 0, n.modules, n.modules)
			if !ok || laid.module() < 1.4 {
				continue
			}
			l, k := laid, s.agreement(laid, n.known())
			if f.tilted && k > mayBullsEye {
				if l, k = s.fitted(laid, n.known()); k <= likeBullsEye { // three corners may not do
					l, k = s.tilted(laid, n.known(), s.agreement(laid, n.known()))
				}
			}
			if k > likeBullsEye {
				fits = append(fits, fit{n, l, k})
			}
		}
		slices.SortStableFunc(fits, func(a, b fit) int { return cmp.Compare(b.score, a.score) })
		for _, t := range fits[:min(len(fits), mostAztecSizes)] {
			looks = looks || t.score > sureBullsEye
			ks := t.size.known()
			if f.tilted { // the rings alone say little of perspective
				ks = append(ks, quietRing(t.l.cols, t.l.rows)...)
			}
			if text, l, _, ok := s.readLattice(t.l, ks, t.size.decode); ok {
				return mail.Symbol{Symbology: mail.Aztec, Text: text, Polygon: l.quad(), Module: l.module()}, true, true
			}
		}
	}
	sym, read, ringed := r.readRune(c)
	return sym, read, looks || ringed
}

func abs(a int) int { return max(a, -a) }

// decode finds the mode message, turns the modules upright and has gozxing correct
// and spell them: its own detector loses its way in speckle and swollen print.
func (n aztecSize) decode(l lattice, tones []float64, threshold float64) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	mode, ok := n.mode(l, tones, threshold)
	if !ok {
		return "", false
	}
	bits, err := gozxing.NewSquareBitMatrix(n.modules)
	if err != nil {
		return "", false
	}
	m := n.modules / 2
	for j := -m; j <= m; j++ {
		for i := -m; i <= m; i++ {
			x, y := i, j
			for range mode.turn {
				x, y = -y, x
			}
			if tones[(m+y)*l.cols+m+x] < threshold {
				bits.Set(m+i, m+j)
			}
		}
	}
	res, err := spell.NewDecoder().Decode(detector.NewAztecDetectorResult(bits, nil, !n.full, mode.words, n.layers()))
	if err != nil || strings.TrimSpace(res.GetText()) == "" {
		return "", false
	}
	return res.GetText(), true
}
