package barcode

import (
	"fmt"
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
