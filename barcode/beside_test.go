package barcode

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"postroom/mail"
)

// scratch whites a stripe of a code out.
func scratch(g *image.Gray, x0, y0, x1, y1 float64) {
	for y := int(y0); y < int(y1); y++ {
		for x := int(x0); x < int(x1); x++ {
			g.Pix[y*g.Stride+x] = 255
		}
	}
}

// tells says whether a finding speaks of a second code: it was read, or doubted.
func tells(f Finding, first, second string) (read, spoken bool) {
	for _, s := range f.Symbols {
		read = read || s.Text == first
		spoken = spoken || s.Text == second
	}
	return read, spoken || len(f.Doubts) > 0
}

// TestASpoiltCodeBesideAnother: what can't be read must be told, however near it
// stands to a code that was read; it may be another case's.
func TestASpoiltCodeBesideAnother(t *testing.T) {
	const first, second = "TX-2021-000001-33", "TX-2021-000002-30"
	for _, dpi := range []float64{200, 300} {
		module := 0.0133 * dpi
		a, b := code(t, mail.Code128, first, 40), code(t, mail.Code128, second, 40)
		for _, gap := range []float64{4, 6, 8, 10, 12, 15, 20, 30} {
			for _, upright := range []bool{false, true} {
				g := a4(dpi)
				x, y := 2.2*dpi, 3*dpi
				if upright {
					x = 4 * dpi
				}
				draw(g, a, x, y, module, 0)
				nx, ny := x+(a.w+gap)*module, y
				if upright {
					nx, ny = x, y+(40+gap)*module
				}
				draw(g, b, nx, ny, module, 0)
				scratch(g, nx-4.5*module, ny-21*module, nx+4.5*module, ny+21*module)
				if _, spoken := tells(New(Config{}).Read(g, dpi), first, second); !spoken {
					t.Errorf("%g dpi, %g modules apart, stacked %v: nothing is told of the second", dpi, gap, upright)
				}
			}
		}
	}
}

// TestAMatrixCodeUnderALinearOne is read, however near it stands.
func TestAMatrixCodeUnderALinearOne(t *testing.T) {
	const first = "TX-2021-000001-33"
	for _, dpi := range []float64{200, 300} {
		for _, s := range []struct {
			symbology mail.Symbology
			text      string
		}{{mail.DataMatrix, "TX-2021-000002-30"}, {mail.QR, "TX-2021-000002-30"}, {mail.Aztec, "PER/855841/B"}} {
			for _, gap := range []float64{2, 4, 6, 10} {
				g := a4(dpi)
				draw(g, code(t, mail.Code128, first, 40), 4*dpi, 3*dpi, 0.0133*dpi, 0)
				m := code(t, s.symbology, s.text, 0)
				module := 0.02 * dpi
				draw(g, m, 4*dpi, 3*dpi+20*0.0133*dpi+gap*module+m.h/2*module, module, 0)
				if read, spoken := tells(New(Config{}).Read(g, dpi), first, s.text); !read || !spoken {
					t.Errorf("%g dpi, %v %g modules below: read %v, second told %v", dpi, s.symbology, gap, read, spoken)
				}
			}
		}
	}
}

// Wherever a flat code lies in a tall place, some band is mostly its bars.
func TestABandLiesOnAFlatCodeAnywhere(t *testing.T) {
	const dpi, flat = 300.0, 0.38 * 300
	for _, height := range []float64{250, 359, 600} {
		b := bars{cx: 1200, cy: 400, length: 1200, height: height}
		for top := 400 - height/2; top+flat <= 400+height/2; top += 5 {
			best := 0.0
			for _, band := range b.bands(dpi) {
				over := min(top+flat, band.cy+band.height/2) - max(top, band.cy-band.height/2)
				best = max(best, over/band.height)
			}
			if best < 0.7 {
				t.Errorf("a place %v pixels high: of a code %v pixels below its top, no band is more than %.2f", height, top-400+height/2, best)
			}
		}
	}
}

// stamped draws a flat Code 39 at 300 dpi, 5 to 7 mm high, and a stamp that meets its
// lower edge: a frame a little askew, of lines of 2 to 4 pixels, around two lines of
// words.
func stamped(t *testing.T, text string, seed uint64) *image.Gray {
	const dpi, unit = 300, 0.013 * 300
	rng := rand.New(rand.NewPCG(seed, 9))
	g := paper(4.5, 3.5, dpi)
	d := code(t, mail.Code39, text, (5+2*rng.Float64())/25.4*dpi/unit)
	x, y := 1.9*dpi, (1+0.3*rng.Float64())*dpi
	draw(g, d, x, y, unit, 2*rng.Float64()-1)
	thick := 2 + 2*rng.Float64()
	w, h := (0.7+1.8*rng.Float64())*dpi, (0.35+0.35*rng.Float64())*dpi
	x += (rng.Float64()*1.2-0.8)*d.w*unit - w/4
	y += d.h*unit/2 - 14 + 20*rng.Float64()
	lean := 8*rng.Float64() - 4
	sin, cos := math.Sincos(lean * math.Pi / 180)
	side := func(u, v, long, angle float64) {
		rule := drawing{1, thick / long, func(_, _ float64) bool { return true }}
		draw(g, rule, x+u*cos-v*sin, y+u*sin+v*cos, long, angle+lean)
	}
	side(w/2, 0, w, 0)
	side(w/2, h, w, 0)
	side(0, h/2, h, 90)
	side(w, h/2, h, 90)
	for row := range 2 {
		size := h * 0.3
		for u := size / 2; u+size < w; u += size * 0.75 {
			v := h * (0.12 + 0.44*float64(row))
			glyph(g, rng, x+u*cos-v*sin, y+u*sin+v*cos, size)
		}
	}
	return g
}

// TestAFlatCodeThatAStampMeets: the frame ties code and words together to a place
// that is no rectangle, and in most of which there are no bars.
func TestAFlatCodeThatAStampMeets(t *testing.T) {
	const text = "PER/962309/N"
	r := New(Config{})
	for seed := range uint64(60) {
		f := r.Read(stamped(t, text, seed), 300)
		read, spoken := tells(f, text, "")
		if !read && !spoken {
			t.Errorf("seed %d: neither read nor doubted", seed)
		}
		for _, s := range f.Symbols {
			if s.Text != text {
				t.Errorf("seed %d: read %q", seed, s.Text)
			}
		}
	}
}
