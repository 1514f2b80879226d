package barcode

import (
	"testing"

	"postroom/mail"
	"postroom/samples"
)

// pageFloors are how many pages of every third of the bench's matrix (9 symbologies, 7.5
// to 20 mil, 200 and 300 dpi, office, fair and bitonal) are read; fewer is a step back.
var pageFloors = map[mail.Symbology]int{mail.Code128: 12, mail.Code39: 12, mail.ITF: 14, mail.Codabar: 13, mail.EAN13: 13,
	mail.QR: 12, mail.DataMatrix: 11, mail.Aztec: 10, mail.PDF417: 13}

// TestBenchPages reads a third of the pages that `make bench-barcodes` compares readers
// on. A wrong text is never allowed.
func TestBenchPages(t *testing.T) {
	r := New(Config{})
	read, all, n := map[mail.Symbology]int{}, map[mail.Symbology]int{}, 0
	for p := range samples.CodePages(1) {
		if n++; n%3 != 0 {
			continue
		}
		all[p.Symbology]++
		want := p.Text
		if p.Symbology == mail.Codabar {
			want = want[1 : len(want)-1] // start and stop are no text
		}
		for _, s := range r.Read(p.Picture, float64(p.DPI)).Symbols {
			if s.Symbology != p.Symbology || s.Text != want {
				t.Errorf("page %d, %v %q: read %v %q", n, p.Symbology, want, s.Symbology, s.Text)
			} else {
				read[p.Symbology]++
			}
		}
	}
	for s, floor := range pageFloors {
		if read[s] < floor {
			t.Errorf("%v: %d of %d pages read, were %d", s, read[s], all[s], floor)
		}
	}
	t.Log(read, all)
}
