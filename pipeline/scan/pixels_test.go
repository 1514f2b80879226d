package scan

import (
	"strings"
	"testing"
)

// TestLargePagesAreDrawnWithinTheLimit: a page that is drawn smaller because of the
// limit has no pixel more than it allows, which the parent would not believe.
func TestLargePagesAreDrawnWithinTheLimit(t *testing.T) {
	e := engine()
	for _, box := range []string{"0 0 7680 5432", "0 0 3000 3001", "0 0 1234.5 999.3", "0 0 14400 14400", "0 0 200 9999"} {
		source := objects(catalog, kids(1, 1), strings.Replace(page("<<>>", "4 0 R", ""), "0 0 200 100", box, 1), painted(".5"))
		f := mustOpen(t, source)
		doc := f.pages.(*pdfFile).doc
		for most := int64(1000); most < 1200; most++ {
			if w, h, _, err := doc.pixels(1, mostDPI, most); err != nil || int64(w)*int64(h) > most || int64(w)*int64(h) < most/2 {
				t.Errorf("%s: %d by %d pixels, at most %d are allowed, %v", box, w, h, most, err)
			}
		}
		if w, h, _, err := doc.pixels(1, mostDPI, e.cfg.Pixels); err != nil || int64(w)*int64(h) > e.cfg.Pixels {
			t.Errorf("%s: %d by %d pixels, %v", box, w, h, err)
		}
	}
}
