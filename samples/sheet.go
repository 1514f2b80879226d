package samples

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// sheet is one side of paper before it is scanned; places on it are in millimetres.
type sheet struct {
	picture *image.Gray
	dpi     int
	pens    map[fontAt]pen
	words   []string // that were written, without those on pieces pressed on it
}

type fontAt struct {
	name   string
	points float64
}

// A4, millimetres.
const (
	paperWide = 210.0
	paperHigh = 297.0
)

func newSheet(dpi int) *sheet {
	s := &sheet{dpi: dpi, pens: map[fontAt]pen{}}
	s.picture = image.NewGray(image.Rect(0, 0, s.px(paperWide), s.px(paperHigh)))
	for i := range s.picture.Pix {
		s.picture.Pix[i] = 255
	}
	return s
}

// px turns millimetres into pixels.
func (s *sheet) px(mm float64) int { return int(math.Round(mm / 25.4 * float64(s.dpi))) }

// ink is how dark print is before it is scanned.
const ink = 20

// pen writes in one font and size.
type pen struct {
	face font.Face
	line float64 // millimetres from line to line
}

// pen gives a font at a size in points.
func (s *sheet) pen(name string, points float64) pen {
	key := fontAt{name, points}
	if p, ok := s.pens[key]; ok {
		return p
	}
	ttf := map[string][]byte{"regular": goregular.TTF, "bold": gobold.TTF, "medium": gomedium.TTF, "mono": gomono.TTF}[name]
	f, err := opentype.Parse(ttf)
	must(err)
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: points, DPI: float64(s.dpi), Hinting: font.HintingNone})
	must(err)
	p := pen{face, points * 1.35 / 72 * 25.4}
	s.pens[key] = p
	return p
}

// must panics on what can't be: a built-in font or text that can't be used.
func must(err error) {
	if err != nil {
		panic("bug: made-up mail: " + err.Error())
	}
}

// wide is how wide a text is, millimetres.
func (s *sheet) wide(p pen, text string) float64 {
	return float64(font.MeasureString(p.face, text).Ceil()) / float64(s.dpi) * 25.4
}

// text writes a line from its top left, and gives the top of the next.
func (s *sheet) text(p pen, x, y float64, text string) float64 {
	s.words = append(s.words, strings.Fields(text)...)
	d := font.Drawer{Dst: s.picture, Src: image.NewUniform(color.Gray{ink}), Face: p.face,
		Dot: fixed.P(s.px(x), s.px(y)+p.face.Metrics().Ascent.Ceil())}
	d.DrawString(text)
	return y + p.line
}

// lines writes lines below each other.
func (s *sheet) lines(p pen, x, y float64, texts ...string) float64 {
	for _, t := range texts {
		y = s.text(p, x, y, t)
	}
	return y
}

// paragraph writes words within a width, and gives the top of the next line.
func (s *sheet) paragraph(p pen, x, y, width float64, text string) float64 {
	line := ""
	for _, w := range strings.Fields(text) {
		longer := strings.TrimSpace(line + " " + w)
		if s.wide(p, longer) > width {
			y, line = s.text(p, x, y, line), w
			continue
		}
		line = longer
	}
	return s.text(p, x, y, line)
}

func (s *sheet) black(r image.Rectangle) {
	draw.Draw(s.picture, r.Intersect(s.picture.Rect), image.NewUniform(color.Gray{ink}), image.Point{}, draw.Src)
}

// bar darkens a rectangle.
func (s *sheet) bar(x, y, w, h float64) {
	s.black(image.Rect(s.px(x), s.px(y), max(s.px(x+w), s.px(x)+1), max(s.px(y+h), s.px(y)+1)))
}

// frame draws a box.
func (s *sheet) frame(x, y, w, h float64) {
	const line = 0.3
	s.bar(x, y, w, line)
	s.bar(x, y+h-line, w, line)
	s.bar(x, y, line, h)
	s.bar(x+w-line, y, line, h)
}

// fill darkens a rectangle whose edges lie between pixels, as ink does.
func (s *sheet) fill(x0, y0, x1, y1 float64) {
	for y := max(0, int(y0)); float64(y) < y1 && y < s.picture.Rect.Max.Y; y++ {
		cy := min(y1, float64(y+1)) - max(y0, float64(y))
		for x := max(0, int(x0)); float64(x) < x1 && x < s.picture.Rect.Max.X; x++ {
			cover := cy * (min(x1, float64(x+1)) - max(x0, float64(x)))
			at := y*s.picture.Stride + x
			s.picture.Pix[at] = byte(max(0, float64(s.picture.Pix[at])-cover*(255-ink)))
		}
	}
}

// stroke draws a curve as a pen does, by discs along it; places in millimetres.
func (s *sheet) stroke(width float64, at func(t float64) (x, y float64)) {
	const steps = 600
	for i := range steps + 1 {
		x, y := at(float64(i) / steps)
		s.fill(float64(s.px(x)), float64(s.px(y)), float64(s.px(x+width)), float64(s.px(y+width)))
	}
}

// press prints another picture on the sheet, where it is darker.
func (s *sheet) press(g *image.Gray, x, y float64) {
	x0, y0 := s.px(x), s.px(y)
	for v := range g.Rect.Dy() {
		for u := range g.Rect.Dx() {
			if p := (image.Point{X: x0 + u, Y: y0 + v}); p.In(s.picture.Rect) {
				at := p.Y*s.picture.Stride + p.X
				s.picture.Pix[at] = min(s.picture.Pix[at], g.Pix[v*g.Stride+u])
			}
		}
	}
}
