package scan

import (
	"bytes"
	"fmt"
	"math"
	"testing"
)

func TestOnlyBelievableTagsAreBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		x, y     float64
		w, h     int
		believed bool
	}{
		"A4":                  {300, 300, 2480, 3508, true},
		"A4, landscape":       {300, 300, 3508, 2480, true},
		"A3":                  {300, 300, 3508, 4961, true},
		"A6 at 600":           {600, 600, 2480, 3508, true},
		"fine fax":            {204, 196, 1728, 2200, true},
		"fax":                 {204, 98, 1728, 1145, true},
		"till receipt":        {300, 300, 690, 4000, true},
		"identity card":       {600, 600, 2020, 1275, true},
		"A4 tagged 150":       {150, 150, 2480, 3508, false},
		"A4 tagged 96":        {96, 96, 2480, 3508, false},
		"A4 tagged 72":        {72, 72, 2480, 3508, false},
		"A4 tagged 1200":      {1200, 1200, 2480, 3508, false},
		"telephone's picture": {72, 72, 3024, 4032, false},
		"one dpi":             {1, 1, 2480, 3508, false},
		"178000 points wide":  {300, 1, 2480, 3508, false},
		"stretched":           {300, 40, 2480, 460, false},
		"no number":           {math.NaN(), 300, 2480, 3508, false},
	} {
		x, y := orGuess(c.x, c.y, c.w, c.h)
		if got := x == c.x && y == c.y; got != c.believed {
			t.Errorf("%s: believed %v, want %v", name, got, c.believed)
		}
		if guess := float64(min(c.w, c.h)) / paperWidth; !c.believed && (x != guess || y != guess) {
			t.Errorf("%s: taken for %g by %g dpi, want %g", name, x, y, guess)
		}
	}
}

// TestWrongTagsDoNotReachPictureOrCut: an A4 page keeps its size, whatever its file says.
func TestWrongTagsDoNotReachPictureOrCut(t *testing.T) {
	const w, h = 2480, 3508
	g := gradient(w, h)
	jfif := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00\x48\x00\x48\x00\x00") // 72 dpi
	photo := append(jfif, jpegBytes(t, g)[2:]...)
	p := pdfPage{image: fmt.Sprintf("/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode", w, h), data: flated(g.Pix),
		content: fmt.Sprintf("q %d 0 0 %d 0 0 cm /Im0 Do Q", w, h)}
	box := fmt.Appendf(nil, "/MediaBox[0 0 %d %d]", w, h)
	page := bytes.Replace(pdf([]pdfPage{p}, false, ""), []byte("/MediaBox[0 0 200 100]"), box, 1)
	tagged := greyTIFF(w, h, 1, g.Pix) // with both resolutions in its header's first bytes: 8 bytes that read as no dpi
	tagged.fields = append(tagged.fields, [3]int{282, 5, 0}, [3]int{283, 5, 0})
	for name, b := range map[string][]byte{"jpeg": photo, "pdf": page, "tiff": tiffBytes(tagged)} {
		f := mustOpen(t, b)
		pic, err := f.Picture(1)
		if err != nil || math.Abs(pic.DPIX-300) > 1 || math.Abs(pic.DPIY-300) > 1 {
			t.Errorf("%s: %g by %g dpi, want about 300: %v", name, pic.DPIX, pic.DPIY, err)
		}
		if name == "pdf" {
			continue // its cut is the file
		}
		leaf := mustOpen(t, cut(t, f, 1, 1)).pages.(*pdfFile).page(1)
		if width := leaf.MediaBox.Width(); math.Abs(width-595) > 2 {
			t.Errorf("%s: its cut is %g points wide, want about 595", name, width)
		}
	}
}
