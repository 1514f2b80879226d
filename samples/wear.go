package samples

import (
	"image"
	"math"
	"math/rand/v2"
)

// wear is what paper, feeder and scanner do to a page.
type wear struct {
	skew     float64 // degrees
	blur     int     // passes of a 3-pixel mean
	noise    float64 // standard deviation, greys
	contrast float64 // of the ink, 0..1
	paper    float64 // grey of the paper
	slope    float64 // greys by which one side of the page is darker
	specks   int
	holes    bool
	streak   bool
	shadow   bool
}

// wornAt draws the wear of a level.
func wornAt(rng *rand.Rand, level string) wear {
	switch level {
	case "office":
		return wear{skew: spread(rng, 1.5), blur: rng.IntN(2), noise: 3 + 3*rng.Float64(), contrast: 0.9 + 0.1*rng.Float64(),
			paper: 235 + 15*rng.Float64(), specks: rng.IntN(15), holes: rng.IntN(4) == 0, streak: rng.IntN(6) == 0}
	case "poor":
		return wear{skew: spread(rng, 3), blur: 1 + rng.IntN(2), noise: 6 + 8*rng.Float64(), contrast: 0.65 + 0.3*rng.Float64(),
			paper: 215 + 25*rng.Float64(), slope: 25 * rng.Float64(), specks: rng.IntN(120), holes: rng.IntN(3) == 0,
			streak: rng.IntN(3) == 0, shadow: rng.IntN(4) == 0}
	}
	return wear{contrast: 1, paper: 255}
}

func spread(rng *rand.Rand, most float64) float64 {
	return math.Round((2*rng.Float64()-1)*most*100) / 100
}

// worn gives the page as it was scanned.
func (w wear) worn(rng *rand.Rand, s *sheet) *sheet {
	g := skewed(s.picture, w.skew)
	for range w.blur {
		g = mean3(g)
	}
	width, height := g.Rect.Dx(), g.Rect.Dy()
	for y := range height {
		row := g.Pix[y*g.Stride : y*g.Stride+width]
		for x, v := range row {
			paper := w.paper - w.slope*float64(x)/float64(width)
			value := paper * (1 - w.contrast*(1-float64(v)/255))
			if w.noise > 0 {
				value += w.noise * (rng.Float64() + rng.Float64() + rng.Float64() - 1.5) * 2
			}
			row[x] = byte(min(255, max(0, value)))
		}
	}
	out := &sheet{g, s.dpi}
	for range w.specks {
		x, y, r := rng.IntN(width), rng.IntN(height), 1+rng.IntN(2)
		out.black(image.Rect(x, y, x+r, y+r))
	}
	if w.holes {
		for _, mm := range []float64{108, 188} {
			out.disc(11, mm, 3)
		}
	}
	if w.streak {
		x := rng.IntN(width)
		out.black(image.Rect(x, 0, x+1+rng.IntN(2), height))
	}
	if w.shadow {
		out.black(image.Rect(0, 0, out.px(2.5), height))
	}
	return out
}

func (s *sheet) disc(x, y, r float64) {
	for dy := -s.px(r); dy <= s.px(r); dy++ {
		dx := int(math.Sqrt(float64(s.px(r)*s.px(r) - dy*dy)))
		s.black(image.Rect(s.px(x)-dx, s.px(y)+dy, s.px(x)+dx, s.px(y)+dy+1))
	}
}

// skewed turns a page about its middle, clockwise, bilinear, on white.
func skewed(g *image.Gray, degrees float64) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(g.Rect)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(w)/2, float64(h)/2
	for y := range h {
		fx := cx - cos*cx + sin*(float64(y)-cy)
		fy := cy + sin*cx + cos*(float64(y)-cy)
		for x := range w {
			ix, iy := int(math.Floor(fx)), int(math.Floor(fy))
			v := byte(255)
			if ix >= 0 && iy >= 0 && ix < w-1 && iy < h-1 {
				u, t := fx-float64(ix), fy-float64(iy)
				at := iy*g.Stride + ix
				top := float64(g.Pix[at])*(1-u) + float64(g.Pix[at+1])*u
				low := float64(g.Pix[at+g.Stride])*(1-u) + float64(g.Pix[at+g.Stride+1])*u
				v = byte(top*(1-t) + low*t)
			}
			out.Pix[y*out.Stride+x] = v
			fx += cos
			fy -= sin
		}
	}
	return out
}

func mean3(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(g.Rect)
	copy(out.Pix, g.Pix)
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			at, sum := y*g.Stride+x, 0
			for _, row := range [3]int{at - g.Stride, at, at + g.Stride} {
				sum += int(g.Pix[row-1]) + int(g.Pix[row]) + int(g.Pix[row+1])
			}
			out.Pix[at] = byte(sum / 9)
		}
	}
	return out
}

// lying turns a page clockwise by a right angle.
func lying(g *image.Gray, degrees int) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if degrees == 0 {
		return g
	}
	out := image.NewGray(image.Rect(0, 0, h, w))
	if degrees == 180 {
		out = image.NewGray(g.Rect)
	}
	for y := range h {
		for x := range w {
			v := g.Pix[y*g.Stride+x]
			switch degrees {
			case 90:
				out.Pix[x*out.Stride+h-1-y] = v
			case 180:
				out.Pix[(h-1-y)*out.Stride+w-1-x] = v
			case 270:
				out.Pix[(w-1-x)*out.Stride+y] = v
			}
		}
	}
	return out
}

// bitonal makes a page black and white, with a threshold under the paper's grey.
func bitonal(g *image.Gray, paper float64) *image.Gray {
	out := image.NewGray(g.Rect)
	limit := byte(paper * 0.66)
	for i, v := range g.Pix {
		if v > limit {
			out.Pix[i] = 255
		}
	}
	return out
}
