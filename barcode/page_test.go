package barcode

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	"postroom/mail"
)

// paper is a white page of so many inches.
func paper(wide, high, dpi float64) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, int(wide*dpi), int(high*dpi)))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	return g
}

func a4(dpi float64) *image.Gray { return paper(8.27, 11.69, dpi) }

// drawing is a black and white figure in units of its own.
type drawing struct {
	w, h float64
	dark func(x, y float64) bool
}

// draw prints a figure with its middle at (cx, cy), unit pixels a unit, turned
// clockwise by degrees. Edges are soft, as a scanner's are.
func draw(g *image.Gray, d drawing, cx, cy, unit, degrees float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	r := (math.Abs(d.w*cos) + math.Abs(d.h*sin)) / 2 * unit
	q := (math.Abs(d.w*sin) + math.Abs(d.h*cos)) / 2 * unit
	for y := max(int(cy-q)-1, 0); y <= min(int(cy+q)+1, g.Rect.Dy()-1); y++ {
		for x := max(int(cx-r)-1, 0); x <= min(int(cx+r)+1, g.Rect.Dx()-1); x++ {
			px, py := float64(x)+0.5-cx, float64(y)+0.5-cy
			if math.Abs(px*cos+py*sin) > d.w/2*unit+1 || math.Abs(py*cos-px*sin) > d.h/2*unit+1 {
				continue // beside a figure askew
			}
			dark := 0
			for k := range 9 {
				px, py := float64(x)+float64(k%3)/3+1.0/6-cx, float64(y)+float64(k/3)/3+1.0/6-cy
				u, v := (px*cos+py*sin)/unit+d.w/2, (py*cos-px*sin)/unit+d.h/2
				if u >= 0 && v >= 0 && u < d.w && v < d.h && d.dark(u, v) {
					dark++
				}
			}
			if dark > 0 {
				g.Pix[y*g.Stride+x] = byte(255 - dark*240/9)
			}
		}
	}
}

// code draws a barcode by gozxing's writer; linear codes are high modules high.
func code(t testing.TB, s mail.Symbology, text string, high float64) drawing {
	t.Helper()
	writers := map[mail.Symbology]struct {
		w gozxing.Writer
		f gozxing.BarcodeFormat
	}{
		mail.Code128:    {oned.NewCode128Writer(), gozxing.BarcodeFormat_CODE_128},
		mail.Code39:     {oned.NewCode39Writer(), gozxing.BarcodeFormat_CODE_39},
		mail.Code93:     {oned.NewCode93Writer(), gozxing.BarcodeFormat_CODE_93},
		mail.ITF:        {oned.NewITFWriter(), gozxing.BarcodeFormat_ITF},
		mail.Codabar:    {oned.NewCodaBarWriter(), gozxing.BarcodeFormat_CODABAR},
		mail.EAN13:      {oned.NewEAN13Writer(), gozxing.BarcodeFormat_EAN_13},
		mail.EAN8:       {oned.NewEAN8Writer(), gozxing.BarcodeFormat_EAN_8},
		mail.UPCA:       {oned.NewUPCAWriter(), gozxing.BarcodeFormat_UPC_A},
		mail.QR:         {qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE},
		mail.DataMatrix: {datamatrix.NewDataMatrixWriter(), gozxing.BarcodeFormat_DATA_MATRIX},
	}
	if s == mail.Aztec {
		n := float64(len(aztecModules))
		return drawing{n, n, func(x, y float64) bool { return aztecModules[int(y)][int(x)] == '#' }}
	}
	w := writers[s]
	hints := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0}
	if s == mail.DataMatrix {
		hints = nil
	}
	m, err := w.w.Encode(text, w.f, 1, 1, hints)
	if err != nil {
		t.Fatalf("encode %v %q: %v", s, text, err)
	}
	if s == mail.QR || s == mail.DataMatrix {
		return drawing{float64(m.GetWidth()), float64(m.GetHeight()), func(x, y float64) bool { return m.Get(int(x), int(y)) }}
	}
	return drawing{float64(m.GetWidth()), high, func(x, _ float64) bool { return m.Get(int(x), 0) }}
}

// printText draws lines of something like words: strokes of many directions.
func printText(g *image.Gray, rng *rand.Rand, box image.Rectangle, dpi float64) {
	size := dpi * 0.1
	for y := float64(box.Min.Y); y+size < float64(box.Max.Y); y += size * 1.7 {
		x := float64(box.Min.X)
		for x < float64(box.Max.X)-size {
			if rng.IntN(6) == 0 {
				x += size
				continue
			}
			glyph(g, rng, x, y, size)
			x += size * 0.75
		}
	}
}

// glyph draws a letter's worth of strokes.
func glyph(g *image.Gray, rng *rand.Rand, x, y, size float64) {
	bar := drawing{1, 0.14, func(_, _ float64) bool { return true }}
	for range 2 + rng.IntN(3) {
		angle := [4]float64{0, 90, 90, 60}[rng.IntN(4)]
		draw(g, bar, x+size*(0.2+0.3*rng.Float64()), y+size*(0.2+0.6*rng.Float64()), size*(0.4+0.3*rng.Float64()), angle)
	}
}

// bitonal cuts the page to black and white at the given level.
func bitonal(g *image.Gray, level byte) {
	for i, v := range g.Pix {
		g.Pix[i] = 255
		if v < level {
			g.Pix[i] = 0
		}
	}
}

// blur is a box filter, twice.
func blur(g *image.Gray, radius int) {
	c := &crop{pix: g.Pix, w: g.Rect.Dx(), h: g.Rect.Dy()}
	g.Pix = c.blurred(radius).blurred(radius).pix
}

// noise adds what a cheap sensor adds.
func noise(g *image.Gray, rng *rand.Rand, sigma float64) {
	for i, v := range g.Pix {
		g.Pix[i] = byte(min(max(float64(v)+rng.NormFloat64()*sigma, 0), 255))
	}
}

// turn turns the page clockwise by quarter turns.
func turn(g *image.Gray, quarters int) *image.Gray {
	for range quarters % 4 {
		w, h := g.Rect.Dx(), g.Rect.Dy()
		out := image.NewGray(image.Rect(0, 0, h, w))
		for y := range h {
			for x := range w {
				out.Pix[x*out.Stride+h-1-y] = g.Pix[y*g.Stride+x]
			}
		}
		g = out
	}
	return g
}

func near(p mail.Point, x, y, within float64) bool {
	return math.Hypot(p.X-x, p.Y-y) <= within
}

func middle(q mail.Quad) mail.Point {
	return mail.Point{X: (q[0].X + q[1].X + q[2].X + q[3].X) / 4, Y: (q[0].Y + q[1].Y + q[2].Y + q[3].Y) / 4}
}

// aztecModules is an Aztec code of "PER/855841/B"; gozxing can't write them.
var aztecModules = []string{
	"#.###.####...###..#",
	"..#....#..#..#.##..",
	"#.#.###.#..........",
	".#...##.##..#.#.#.#",
	"#..###.#..#.#.#.#.#",
	"#..############..##",
	".##.##.......####..",
	"#.##.#.#####.##....",
	"...#.#.#...#.#.####",
	"...#.#.#.#.#.#..###",
	"#....#.#...#.#.....",
	"#...##.#####.#####.",
	".#.###.......###.#.",
	"####.###########...",
	"#..#....#####...#.#",
	"#.#.########.##.#..",
	"#......##....##.#.#",
	"####..#..#....##.##",
	".#.###.#.#..##.#...",
}
