package barcode

import (
	"fmt"
	"math"
	"testing"

	"postroom/mail"
)

// labels are the linear codes that stick on parcels and envelopes.
var labels = []struct {
	symbology  mail.Symbology
	text, want string
}{
	{mail.Code128, "TX-2021-000001-33", "TX-2021-000001-33"},
	{mail.Code39, "PER/962309/N", "PER/962309/N"},
	{mail.ITF, "0000139471430009", "0000139471430009"},
	{mail.Codabar, "A40156-2308B", "40156-2308"},
	{mail.EAN13, "4006381333931", "4006381333931"},
}

// TestLabelsAskewAreRead goes round in steps of 7 degrees. At each angle every
// symbology is read once, at four angles in all sizes of modules and pixels.
func TestLabelsAskewAreRead(t *testing.T) {
	r := New(Config{})
	for n := range 52 {
		for i, c := range labels {
			size := (n + i) % 4
			dpi, mil := [4]float64{200, 300, 200, 300}[size], [4]float64{13, 13, 10, 10}[size]
			t.Run(fmt.Sprintf("%v/%g-%g/%d", c.symbology, dpi, mil, 7*n), func(t *testing.T) {
				g := paper(3.6, 3.6, dpi)
				unit := mil / 1000 * dpi
				draw(g, code(t, c.symbology, c.text, 500/mil), 1.8*dpi, 1.8*dpi, unit, float64(7*n))
				got := expect(t, r.Read(g, dpi), c.symbology, c.want)
				if m := middle(got.Polygon); !near(m, 1.8*dpi, 1.8*dpi, 0.12*dpi) {
					t.Errorf("middle at %v, not on the middle of the sheet", m)
				}
			})
		}
	}
}

// TestCodesInTheCornersOfOneAskew: upright boxes around such codes overlap, which
// makes neither one code twice nor two on one place.
func TestCodesInTheCornersOfOneAskew(t *testing.T) {
	const dpi = 300
	for _, angle := range []float64{30, 45, 60, 120, 135} {
		g := paper(5, 5, dpi)
		draw(g, code(t, mail.Code128, "TX-2021-000001-33", 30), 2.5*dpi, 2.5*dpi, 4, angle)
		sin, cos := math.Sincos(angle * math.Pi / 180)
		beside := func(by float64) (x, y float64) { return 2.5*dpi - by*sin, 2.5*dpi + by*cos }
		x, y := beside(0.6 * dpi)
		draw(g, code(t, mail.Code128, "TX-2021-000002-30", 30), x, y, 4, angle)
		x, y = beside(-0.7 * dpi)
		draw(g, code(t, mail.DataMatrix, "PER/113085/V", 0), x, y, 6, 3)
		x, y = beside(-1.6 * dpi)
		draw(g, code(t, mail.QR, "PATCHT", 0), x, y, 6, 3)
		got := map[string]bool{}
		f := New(Config{}).Read(g, dpi)
		for _, s := range f.Symbols {
			got[s.Text] = true
		}
		if len(f.Symbols) != 4 || len(f.Doubts) > 0 || !got["TX-2021-000001-33"] || !got["TX-2021-000002-30"] || !got["PER/113085/V"] || !got["PATCHT"] {
			t.Errorf("%g degrees: %+v", angle, f)
		}
	}
}

// TestMatrixCodesAskewAreRead goes round in steps of 51 degrees.
func TestMatrixCodesAskewAreRead(t *testing.T) {
	r := New(Config{})
	for n := range 7 {
		for _, s := range []mail.Symbology{mail.QR, mail.DataMatrix, mail.Aztec, mail.PDF417} {
			t.Run(fmt.Sprintf("%v/%d", s, 51*n), func(t *testing.T) {
				dpi, text := [2]float64{200, 300}[n%2], "PER/855841/B"
				var d drawing
				if s == mail.PDF417 {
					d = stackedCode(t, text, nil)
				} else {
					d = code(t, s, text, 0)
				}
				g := paper(3, 3, dpi)
				draw(g, d, 1.5*dpi, 1.5*dpi, 0.015*dpi, float64(51*n))
				expect(t, r.Read(g, dpi), s, text)
			})
		}
	}
}
