package barcode

import (
	"testing"

	"postroom/mail"
	"postroom/samples/symbol"
)

// TestAPartIsNoCode: what one of several codes says is not the message.
func TestAPartIsNoCode(t *testing.T) {
	m, err := symbol.QRPart("PER/855841/B", 0, 2, 0x5a)
	if err != nil {
		t.Fatal(err)
	}
	d := drawing{float64(len(m[0])), float64(len(m)), func(x, y float64) bool { return m[int(y)][int(x)] }}
	for _, dpi := range []float64{200, 300} {
		g := a4(dpi)
		draw(g, d, 4*dpi, 5*dpi, 0.02*dpi, 0)
		f := New(Config{}).Read(g, dpi)
		if len(f.Symbols) > 0 || len(f.Doubts) != 1 || f.Doubts[0].Looks != mail.LooksMatrix {
			t.Errorf("at %g dpi: %v", dpi, f)
		}
	}
}
