package barcode

import (
	"image"
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
