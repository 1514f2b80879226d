package scan

import (
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"postroom/mail"
)

// placed leads from the pixels of a page's reading to the page's own units. The
// pixels are either those of the picture that the page is, or of what its box shows.
func (f *pdfFile) placed(p leaf, content []byte, read mail.Reading) matrix {
	box := visible(p)
	if img, ok := f.only(p, content); ok {
		w, h := img.w, img.h
		if p.Rotate%180 != 0 {
			w, h = h, w
		}
		if w == read.Width && h == read.Height {
			box = img.place
		}
	}
	x, y, w, h := box.LL.X, box.LL.Y, box.Width(), box.Height()
	var unit matrix // from a square whose y goes down
	switch turned(p.Rotate) {
	case 1:
		unit = matrix{w, 0, 0, -h, x, y + h}
	case 6:
		unit = matrix{0, h, w, 0, x, y}
	case 3:
		unit = matrix{-w, 0, 0, h, x + w, y}
	case 8:
		unit = matrix{0, -h, -w, 0, x + w, y + h}
	}
	return matrix{1 / float64(read.Width), 0, 0, 1 / float64(read.Height), 0, 0}.mul(unit)
}

// visible is the part of a page that is shown (ISO 32000-1, 14.11.2).
func visible(p leaf) *types.Rectangle {
	box := p.MediaBox
	if c := p.CropBox; c != nil {
		cut := types.NewRectangle(max(c.LL.X, box.LL.X), max(c.LL.Y, box.LL.Y), min(c.UR.X, box.UR.X), min(c.UR.Y, box.UR.Y))
		if cut.Width() > 0 && cut.Height() > 0 {
			return cut
		}
	}
	return box
}
