package samples

import (
	"image"
	"math/rand/v2"

	"postroom/mail"
	"postroom/samples/symbol"
)

// symbology is one that references are printed in: its name in the truth and its
// usual module widths, thousandths of an inch.
type symbology struct {
	name string
	sym  mail.Symbology
	mils []int
}

var symbologies = []symbology{
	{"code128", mail.Code128, []int{10, 13, 15, 20}}, {"code39", mail.Code39, []int{10, 13}},
	{"qr", mail.QR, []int{15, 20, 25}}, {"datamatrix", mail.DataMatrix, []int{20, 25}}, {"aztec", mail.Aztec, []int{20, 25}},
}

// symbologyOf gives the truth's name and widths of a symbology.
func symbologyOf(s mail.Symbology) symbology {
	for _, k := range symbologies {
		if k.sym == s {
			return k
		}
	}
	return symbology{s.String(), s, []int{13, 15}}
}

// printed is a code to be put on paper.
type printed struct {
	symbology
	text    string
	mil     float64 // module width, thousandths of an inch
	modules symbol.Modules
	tall    float64 // of a linear code, millimetres
	caption bool    // the text stands below
}

// newPrinted draws a code; a mil of 0 chooses one that a scan at that
// resolution can show.
func newPrinted(rng *rand.Rand, k symbology, text string, mil, dpi int) printed {
	m, err := symbol.Draw(k.sym, text)
	must(err)
	if mil == 0 {
		mil = pick(rng, k.mils)
		if dpi < 300 {
			mil = max(mil, 13)
		}
	}
	return printed{k, text, float64(mil), m, 9 + 5*rng.Float64(), false}
}

func (p printed) linear() bool { return len(p.modules) == 1 }

// wide and high are the code's size on paper, millimetres.
func (p printed) wide() float64 { return float64(len(p.modules[0])) * p.mil / 1000 * 25.4 }

func (p printed) high() float64 {
	if p.linear() {
		return p.tall
	}
	return float64(len(p.modules)) * p.mil / 1000 * 25.4
}

func (p printed) truth() CodeTruth { return CodeTruth{p.name, p.text, int(p.mil)} }

// code prints a code with its top left at a place.
func (s *sheet) code(p printed, x, y float64) {
	module := p.mil / 1000 * float64(s.dpi)
	x0, y0 := float64(s.px(x)), float64(s.px(y))
	for j, row := range p.modules {
		top, low := y0+float64(j)*module, y0+float64(j+1)*module
		if p.linear() {
			low = y0 + float64(s.px(p.tall))
		}
		for i := 0; i < len(row); i++ {
			from := i
			for i < len(row) && row[i] {
				i++
			}
			if i > from {
				s.fill(x0+float64(from)*module, top, x0+float64(i)*module, low)
			}
		}
	}
	if p.caption {
		small := s.pen("regular", 8)
		s.text(small, x+p.wide()/2-s.wide(small, p.text)/2, y+p.high()+0.6, p.text)
	}
}

// upright prints a code turned by a right angle: it reads from top to bottom.
func (s *sheet) upright(p printed, x, y float64) {
	side := newBlank(s.px(p.wide())+2, s.px(p.high())+2, s)
	side.code(p, 0, 0)
	s.press(lying(side.picture, 90), x, y)
}

// newBlank gives a piece of white paper, pixels.
func newBlank(w, h int, like *sheet) *sheet {
	g := image.NewGray(image.Rect(0, 0, w, h))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	return &sheet{picture: g, dpi: like.dpi, pens: like.pens}
}

// narrowBar is the width of a patch code's narrow bar, millimetres.
const narrowBar = 0.08 * 25.4

// patch prints a patch code at the top of the sheet.
func (s *sheet) patch(rng *rand.Rand, sym mail.Symbology) { s.patchGrown(rng, sym, 0) }

// patchGrown prints one whose bars have grown by a share of a narrow one, and whose
// spaces have shrunk, as on a photocopy.
func (s *sheet) patchGrown(rng *rand.Rand, sym mail.Symbology, by float64) {
	runs, err := symbol.Patch(sym)
	must(err)
	y, x, wide := 8+5*rng.Float64(), 25+10*rng.Float64(), 100+50*rng.Float64()
	for i, r := range runs {
		h := float64(r) * narrowBar / 2
		if i%2 == 0 {
			s.bar(x, y-by*narrowBar/2, wide, h+by*narrowBar)
		}
		y += h
	}
}

// stamp presses a mailroom's dated stamp on the sheet, a little askew.
func (s *sheet) stamp(rng *rand.Rand, x, y float64, word, date string) {
	side := newBlank(s.px(46), s.px(24), s)
	bold := side.pen("bold", 11)
	side.frame(4, 4, 38, 16)
	side.text(bold, 23-side.wide(bold, word)/2, 5.5, word)
	side.text(bold, 23-side.wide(bold, date)/2, 12, date)
	for i, v := range side.picture.Pix {
		side.picture.Pix[i] = 255 - (255-v)/10*7 // stamps are paler than print
	}
	s.press(skewed(side.picture, spread(rng, 6)), x, y)
}

// sign writes a signature.
func (s *sheet) sign(rng *rand.Rand, x, y float64) {
	var a [5]float64
	for i := range a {
		a[i] = rng.Float64()
	}
	s.stroke(0.35+0.2*a[0], scribble(x, y, a))
}
