package barcode

import (
	"image"
	"math"
)

// An evened picture has the same brightness and contrast everywhere: a code on a
// label or a metal part shares its place with dark surroundings, whose shadows reach
// its rims. What lies less than evenPaper standard deviations below the mean around
// it becomes paper, what lies evenInk below it black.
const (
	evenParts = 14 // of the long side: the radius of what lies around
	evenLeast = 10 // pixels, some modules of the smallest codes that are read
	evenMost  = 40 // pixels
	evenPaper = 0.1
	evenInk   = 1.3
	evenNoise = 20 // the least standard deviation: noise is not stretched
)

// dimPart is the share of a picture's threshold cells that must be dim to even it:
// most pages are even paper, which would only take longer.
const dimPart = 0.1

// uneven tells whether the picture has dim places: where even the brightest value
// falls short of most paper by a quarter.
func (s *sheet) uneven() bool {
	dim := 0
	for _, v := range s.hi {
		if 4*int(v) < 3*int(s.outside) {
			dim++
		}
	}
	return float64(dim) > dimPart*float64(len(s.hi))
}

// moments sums up values and their squares.
type moments struct{ n, sum, squares int }

func (m *moments) add(o moments, sign int) {
	m.n, m.sum, m.squares = m.n+sign*o.n, m.sum+sign*o.sum, m.squares+sign*o.squares
}

// evened gives a picture with even contrast (Wallis, An approach to the space variant
// restoration and enhancement of images, 1976). The window slides: each column's
// moments move down by a row, and the sum of the columns around moves along it.
func evened(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	radius := min(max(max(w, h)/evenParts, evenLeast), evenMost)
	columns := make([]moments, w)
	row := func(y, sign int) {
		if y < 0 || y >= h {
			return
		}
		for x, v := range g.Pix[y*g.Stride:][:w] {
			columns[x].add(moments{1, int(v), int(v) * int(v)}, sign)
		}
	}
	for y := range radius {
		row(y, 1)
	}
	out := image.NewGray(g.Rect)
	for y := range h {
		row(y+radius, 1)
		row(y-radius-1, -1)
		var around moments
		for x := range min(radius, w) {
			around.add(columns[x], 1)
		}
		for x, v := range g.Pix[y*g.Stride:][:w] {
			if x+radius < w {
				around.add(columns[x+radius], 1)
			}
			if x > radius {
				around.add(columns[x-radius-1], -1)
			}
			out.Pix[y*out.Stride+x] = around.even(v)
		}
	}
	return out
}

// even gives a value as it would be among values of even contrast.
func (m moments) even(v byte) byte {
	n := float64(m.n)
	mean := float64(m.sum) / n
	spread := math.Sqrt(math.Max(float64(m.squares)/n-mean*mean, 0))
	below := (mean - float64(v)) / math.Max(spread, evenNoise)
	return byte(255 * (1 - math.Min(math.Max((below-evenPaper)/(evenInk-evenPaper), 0), 1)))
}
