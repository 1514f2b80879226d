package samples

import (
	"image"
	"math"
	"math/rand/v2"
)

// wear is what paper, feeder and scanner do to a page.
type wear struct {
	skew     float64 // degrees, clockwise
	blur     int     // passes of a 3-pixel mean
	strokes  float64 // over 1 thickens strokes, under 1 thins them
	noise    float64 // standard deviation, greys
	contrast float64 // of the ink, 0..1
	paper    float64 // grey of the paper
	uneven   float64 // greys by which the paper's grey varies over the page
	limit    float64 // of black and white, as a share of the paper's grey
	specks   int     // black ones, and half as many white
	holes    bool
	streaks  int // lines from top to bottom, dark or light
	fold     bool
	shadow   bool // a dark strip along an edge
	quality  int  // of JPEG
}

// wornAt draws the wear of a level.
func wornAt(rng *rand.Rand, level string) wear {
	between := func(a, b float64) float64 { return a + (b-a)*rng.Float64() }
	one := func(in int) bool { return rng.IntN(in) == 0 }
	switch level {
	case "office":
		return wear{skew: spread(rng, 1.5), blur: rng.IntN(2), strokes: between(0.9, 1.2), noise: between(2, 6), contrast: between(0.88, 1),
			paper: between(232, 250), uneven: between(0, 8), limit: between(0.6, 0.72), specks: rng.IntN(15), holes: one(4), streaks: max(0, rng.IntN(6)-4), quality: 75}
	case "fair":
		return wear{skew: spread(rng, 2.5), blur: rng.IntN(2), strokes: between(0.85, 1.3), noise: between(5, 10), contrast: between(0.7, 0.95),
			paper: between(215, 245), uneven: between(5, 25), limit: between(0.6, 0.72), specks: rng.IntN(120), holes: one(3), streaks: max(0, rng.IntN(4)-2),
			fold: one(8), shadow: one(8), quality: 60 + rng.IntN(20)}
	case "poor":
		return wear{skew: spread(rng, 3), blur: 1 + rng.IntN(2), strokes: between(0.75, 1.5), noise: between(6, 12), contrast: between(0.6, 0.92),
			paper: between(210, 240), uneven: between(5, 30), limit: between(0.58, 0.74), specks: rng.IntN(250), holes: one(3), streaks: rng.IntN(3),
			fold: one(4), shadow: one(5), quality: 45 + rng.IntN(20)}
	}
	return wear{strokes: 1, contrast: 1, paper: 255, limit: 0.66, quality: 85}
}

// spread gives a number within most of zero, to two places.
func spread(rng *rand.Rand, most float64) float64 {
	return math.Round((2*rng.Float64()-1)*most*100) / 100
}

// worn gives the page as it was scanned.
func (w wear) worn(rng *rand.Rand, s *sheet) *image.Gray {
	g := s.picture
	if w.skew != 0 {
		g = skewed(g, w.skew)
	}
	for range w.blur {
		g = mean3(g)
	}
	out := &sheet{picture: image.NewGray(g.Rect), dpi: s.dpi}
	copy(out.picture.Pix, g.Pix)
	w.tone(rng, out.picture)
	w.marks(rng, out)
	return out.picture
}

// tone turns ink on white into greys of a scan: strokes, contrast, paper, noise.
func (w wear) tone(rng *rand.Rand, g *image.Gray) {
	var curve [256]float64 // share of the paper's light that comes back
	for v := range curve {
		curve[v] = 1 - w.contrast*(1-math.Pow(float64(v)/255, w.strokes))
	}
	noise := make([]float64, 1<<12)
	for i := range noise {
		noise[i] = w.noise * rng.NormFloat64()
	}
	light := newShade(rng, w.paper, w.uneven)
	fold, width, height := -1.0, g.Rect.Dx(), g.Rect.Dy()
	if w.fold {
		fold = float64(height) * (1 + float64(rng.IntN(2)) + 0.1*rng.Float64()) / 3
	}
	for y := range height {
		row, at, dim := g.Pix[y*g.Stride:y*g.Stride+width], rng.IntN(len(noise)), 1.0
		if d := (float64(y) - fold) / float64(height) * 300; fold >= 0 && math.Abs(d) < 8 {
			dim = 1 - 0.22*math.Exp(-d*d/6)
		}
		left, step := light.row(float64(y)/float64(height), width)
		for x, v := range row {
			band := x >> 6
			paper := left[band] + step[band]*float64(x&63)
			value := paper*dim*curve[v] + noise[(at+x*7)&(len(noise)-1)]
			row[x] = byte(min(255, max(0, value)))
			if x&1023 == 1023 {
				at = int(rng.Uint32() >> 8)
			}
		}
	}
}

// shade is paper whose grey varies smoothly over the page.
type shade [5][5]float64

func newShade(rng *rand.Rand, paper, uneven float64) (s shade) {
	for i := range s {
		for j := range s[i] {
			s[i][j] = paper - uneven*rng.Float64()
		}
	}
	return s
}

// row gives the greys at every 64th pixel of a line, and the step from pixel to
// pixel between them; v is the line's place, 0 to 1.
func (s shade) row(v float64, width int) (grey, step []float64) {
	at := func(u float64) float64 {
		i, j := min(3, int(v*4)), min(3, int(u*4))
		t, r := smooth(v*4-float64(i)), smooth(u*4-float64(j))
		return (s[i][j]*(1-r)+s[i][j+1]*r)*(1-t) + (s[i+1][j]*(1-r)+s[i+1][j+1]*r)*t
	}
	for x := 0; x < width; x += 64 {
		a, b := at(float64(x)/float64(width)), at(min(1, float64(x+64)/float64(width)))
		grey, step = append(grey, a), append(step, (b-a)/64)
	}
	return grey, step
}

// smooth eases from 0 to 1.
func smooth(t float64) float64 { return t * t * (3 - 2*t) }

// marks puts specks, holes, streaks and shadows on the scan.
func (w wear) marks(rng *rand.Rand, s *sheet) {
	g := s.picture
	width, height := g.Rect.Dx(), g.Rect.Dy()
	for i := range w.specks + w.specks/2 {
		x, y, r := rng.IntN(width), rng.IntN(height), 1+rng.IntN(2)
		s.blot(image.Rect(x, y, x+r, y+r), i < w.specks, w.paper)
	}
	if w.holes {
		for _, mm := range []float64{108, 188} {
			s.disc(11, mm, 3)
		}
	}
	for range w.streaks {
		x, dark := rng.IntN(width), rng.IntN(4) > 0
		s.blot(image.Rect(x, 0, x+1+rng.IntN(2), height), dark, w.paper)
	}
	if w.shadow {
		s.bar(0, 0, 1+2*rng.Float64(), paperHigh)
	}
}

// blot makes a place black, or paper.
func (s *sheet) blot(r image.Rectangle, dark bool, paper float64) {
	v := byte(30)
	if !dark {
		v = byte(paper)
	}
	r = r.Intersect(s.picture.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			s.picture.Pix[y*s.picture.Stride+x] = v
		}
	}
}

func (s *sheet) disc(x, y, r float64) {
	for dy := -s.px(r); dy <= s.px(r); dy++ {
		dx := int(math.Sqrt(float64(s.px(r)*s.px(r) - dy*dy)))
		s.black(image.Rect(s.px(x)-dx, s.px(y)+dy, s.px(x)+dx, s.px(y)+dy+1))
	}
}

// bitonal makes a page black and white.
func (w wear) bitonal(g *image.Gray) *image.Gray {
	out, limit := image.NewGray(g.Rect), byte(w.paper*w.limit)
	for i, v := range g.Pix {
		if v > limit {
			out.Pix[i] = 255
		}
	}
	return out
}
