package barcode

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// The fast way along a line gives what the slow one does, wherever the line runs.
func TestAddLineAgreesWithAt(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	g := image.NewGray(image.Rect(0, 0, 61, 47))
	for i := range g.Pix {
		g.Pix[i] = byte(rng.IntN(256))
	}
	s := sheet{pix: g.Pix, stride: g.Stride, w: 61, h: 47}
	for range 3000 {
		x, y := 160*rng.Float64()-50, 140*rng.Float64()-50
		sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
		if rng.IntN(4) == 0 {
			sin, cos = math.Round(sin), math.Round(cos)
		}
		out := make(profile, 1+rng.IntN(200))
		s.addLine(x, y, cos/2, sin/2, out)
		for i, v := range out {
			want := s.at(x+float64(i)*cos/2, y+float64(i)*sin/2)
			if math.Abs(float64(v)-want) > 1.5 { // a fraction in steps of 1/256, of 255 greys
				t.Fatalf("sample %d from (%v, %v) along (%v, %v): %v, not %v", i, x, y, cos, sin, v, want)
			}
		}
	}
}

func TestHalveIsTheMeanOfFour(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 0))
	g := image.NewGray(image.Rect(0, 0, 43, 21))
	for i := range g.Pix {
		g.Pix[i] = byte(rng.IntN(256))
	}
	s := sheet{pix: g.Pix, stride: g.Stride, w: 43, h: 21, scale: 2}
	s.reduce()
	for y := range s.wh {
		for x := range s.ww {
			sum := 2
			for k := range 4 {
				sum += int(g.Pix[(2*y+k/2)*g.Stride+2*x+k%2])
			}
			if got := int(s.work[y*s.ww+x]); got != sum/4 {
				t.Fatalf("(%d, %d) is %d, not %d", x, y, got, sum/4)
			}
		}
	}
}
