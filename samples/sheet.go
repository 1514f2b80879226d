package samples

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"postroom/barcode"
	"postroom/mail"
)

// sheet is one side as it comes out of the scanner: paper, then what is on it.
type sheet struct {
	picture *image.Gray
	dpi     int
}

// A4, inches.
const (
	paperWide = 8.27
	paperHigh = 11.69
)

func newSheet(dpi int) *sheet {
	s := &sheet{image.NewGray(image.Rect(0, 0, int(paperWide*float64(dpi)), int(paperHigh*float64(dpi)))), dpi}
	draw.Draw(s.picture, s.picture.Rect, image.White, image.Point{}, draw.Src)
	return s
}

// px turns millimetres into pixels.
func (s *sheet) px(mm float64) int { return int(mm / 25.4 * float64(s.dpi)) }

// pen writes in one font and size.
type pen struct {
	face font.Face
	line int // pixels from line to line
}

// fonts are those that letters are written in.
var fonts = [][]byte{goregular.TTF, gomono.TTF, gomedium.TTF}

// pen gives a font at a size in points.
func (s *sheet) pen(ttf []byte, points float64) pen {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic("bug: a built-in font can't be read: " + err.Error())
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: points, DPI: float64(s.dpi), Hinting: font.HintingNone})
	if err != nil {
		panic("bug: a built-in font can't be used: " + err.Error())
	}
	return pen{face, int(points * 1.35 / 72 * float64(s.dpi))}
}

// text writes a line whose top left is at mm, and gives the top of the next.
func (s *sheet) text(p pen, x, y float64, text string) float64 {
	d := font.Drawer{Dst: s.picture, Src: image.NewUniform(color.Gray{20}), Face: p.face,
		Dot: fixed.P(s.px(x), s.px(y)+p.face.Metrics().Ascent.Ceil())}
	d.DrawString(text)
	return y + float64(p.line)/float64(s.dpi)*25.4
}

// paragraph writes words within a width, and gives the top of the next line.
func (s *sheet) paragraph(p pen, x, y, width float64, text string) float64 {
	line := ""
	for _, w := range strings.Fields(text) {
		longer := strings.TrimSpace(line + " " + w)
		if font.MeasureString(p.face, longer).Ceil() > s.px(width) {
			y, line = s.text(p, x, y, line), w
			continue
		}
		line = longer
	}
	return s.text(p, x, y, line)
}

func (s *sheet) black(r image.Rectangle) {
	draw.Draw(s.picture, r.Intersect(s.picture.Rect), image.NewUniform(color.Gray{15}), image.Point{}, draw.Src)
}

// frame draws a form's box.
func (s *sheet) frame(x, y, w, h float64) {
	r, t := image.Rect(s.px(x), s.px(y), s.px(x+w), s.px(y+h)), max(1, s.px(0.3))
	s.black(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+t))
	s.black(image.Rect(r.Min.X, r.Max.Y-t, r.Max.X, r.Max.Y))
	s.black(image.Rect(r.Min.X, r.Min.Y, r.Min.X+t, r.Max.Y))
	s.black(image.Rect(r.Max.X-t, r.Min.Y, r.Max.X, r.Max.Y))
}

// codeWidth is how wide a code is, mm.
func codeWidth(sym mail.Symbology, text string, mil int) (float64, error) {
	m, err := barcode.Draw(sym, text)
	if err != nil {
		return 0, err
	}
	return float64(len(m[0])*mil) / 1000 * 25.4, nil
}

// code draws a code with its top left at mm; mil is the module width in
// thousandths of an inch, tall the height of a linear code in mm.
func (s *sheet) code(sym mail.Symbology, text string, x, y float64, mil int, tall float64) error {
	m, err := barcode.Draw(sym, text)
	if err != nil {
		return err
	}
	module := float64(mil) / 1000 * float64(s.dpi)
	x0, y0 := float64(s.px(x)), float64(s.px(y))
	for j, row := range m {
		top, low := y0+float64(j)*module, y0+float64(j+1)*module
		if len(m) == 1 {
			low = y0 + float64(s.px(tall))
		}
		for i, dark := range row {
			if dark {
				s.fill(x0+float64(i)*module, top, x0+float64(i+1)*module, low)
			}
		}
	}
	return nil
}

// fill darkens a rectangle whose edges lie between pixels, as ink does.
func (s *sheet) fill(x0, y0, x1, y1 float64) {
	for y := int(y0); float64(y) < y1; y++ {
		cy := min(y1, float64(y+1)) - max(y0, float64(y))
		for x := int(x0); float64(x) < x1; x++ {
			cover := cy * (min(x1, float64(x+1)) - max(x0, float64(x)))
			if !(image.Point{X: x, Y: y}).In(s.picture.Rect) {
				continue
			}
			at := y*s.picture.Stride + x
			s.picture.Pix[at] = byte(max(0, float64(s.picture.Pix[at])-cover*240))
		}
	}
}

// patch draws a patch code at the top of the sheet.
func (s *sheet) patch(sym mail.Symbology, rng *rand.Rand) error {
	runs, err := barcode.PatchBars(sym)
	if err != nil {
		return err
	}
	const narrow = 0.08 * 25.4 // mm
	y, x, wide := 8+5*rng.Float64(), 25+10*rng.Float64(), 100+50*rng.Float64()
	for i, r := range runs {
		h := r * narrow
		if i%2 == 0 {
			s.black(image.Rect(s.px(x), s.px(y), s.px(x+wide), s.px(y+h)))
		}
		y += h
	}
	return nil
}

// separatorSheet draws a sheet that divides: a patch code, or a text code.
func separatorSheet(rng *rand.Rand, dpi int, kind string, l language) (*sheet, []CodeTruth, error) {
	s := newSheet(dpi)
	s.text(s.pen(gobold.TTF, 24), 60, 120, l.caption)
	switch kind {
	case "qr":
		return s, []CodeTruth{{"qr", "PATCHT", 30}}, s.code(mail.QR, "PATCHT", 90, 60, 30, 0)
	case "code128":
		return s, []CodeTruth{{"code128", "PATCHT", 20}}, s.code(mail.Code128, "PATCHT", 60, 50, 20, 18)
	}
	return s, []CodeTruth{}, s.patch(mail.PatchT, rng)
}
