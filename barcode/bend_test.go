package barcode

import (
	"image"
	"math"
	"testing"

	"postroom/mail"
	"postroom/samples/symbol"
)

// On a bottle the modules of a code become narrower to one side, and its rows bow.
func TestBentDataMatrixIsRead(t *testing.T) {
	const text = "0108903819987659211731063010 PER/855841/B"
	m, err := symbol.Draw(mail.DataMatrix, text)
	if err != nil {
		t.Fatal(err)
	}
	n, side := len(m), 140.0
	for _, bow := range []struct{ along, across float64 }{{0.1, 0}, {-0.1, 0.01}, {0, 0.025}, {0.07, -0.03}} {
		g := image.NewGray(image.Rect(0, 0, 200, 200))
		for y := range 200 {
			for x := range 200 {
				hits := 0
				for k := range 16 {
					v := (float64(y) + float64(k/4)/4 + 0.125 - 30) / side
					u := unbowed((float64(x)+float64(k%4)/4+0.125-30)/side, bow.along)
					v -= 4 * u * (1 - u) * bow.across
					if i, j := int(math.Floor(u*float64(n))), int(math.Floor(v*float64(n))); i >= 0 && j >= 0 && i < n && j < n && m[j][i] {
						hits++
					}
				}
				g.Pix[y*g.Stride+x] = byte(190 - 9*hits)
			}
		}
		f := New(Config{}).Read(g, 0)
		if len(f.Symbols) != 1 || f.Symbols[0].Text != text {
			t.Errorf("bowed by %v: read %+v", bow, f)
		}
	}
}

// unbowed gives the share u of a row at which its bow moved a module to x: the
// solution of u + 4u(1-u)*bow = x.
func unbowed(x, bow float64) float64 {
	if bow == 0 {
		return x
	}
	b := 1 + 4*bow
	return (b - math.Sqrt(math.Max(b*b-16*bow*x, 0))) / (8 * bow)
}

// Where the lattice is straight, so is what a bend makes of it.
func TestBendKeepsCorners(t *testing.T) {
	b := bend{mail.Point{X: 3, Y: 1}, mail.Point{X: -2, Y: 5}, mail.Point{X: 4, Y: 4}, mail.Point{X: 1, Y: -6}}
	for _, c := range [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		if x, y := b.at(c[0], c[1]); x != 0 || y != 0 {
			t.Errorf("the corner %v moves by (%v, %v)", c, x, y)
		}
	}
	if x, y := b.at(0.5, 0); math.Abs(x-3) > 1e-9 || math.Abs(y-1) > 1e-9 {
		t.Errorf("a row's middle moves by (%v, %v), not by its bow", x, y)
	}
}
