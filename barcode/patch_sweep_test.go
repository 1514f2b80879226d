package barcode

import (
	"testing"

	"postroom/samples"
)

// A part of what `make sweep-patches` reads.
func TestWornPatchCodesAreRead(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes and reads 60 pages")
	}
	r := New(Config{})
	sheets, read := 0, 0
	for p := range samples.PatchPages(2, 60) {
		if p.Patch != 0 {
			sheets++
		}
		for _, s := range r.Read(p.Picture, float64(p.DPI)).Symbols {
			switch {
			case !s.Symbology.Patch():
			case s.Symbology != p.Patch:
				t.Errorf("%v is taken for %v: %d dpi %s bitonal %v turned %d askew %v copied %v", p.Patch, s.Symbology, p.DPI, p.Level, p.Bitonal, p.Turn, p.Skew, p.Copied)
			default:
				read++
			}
		}
	}
	if 100*read < 99*sheets {
		t.Errorf("%d of %d patch codes read", read, sheets)
	}
}
