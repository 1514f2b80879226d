package barcode

import (
	"image"

	"postroom/mail"
)

// A picture that tells no resolution is no scan: a photograph, or a drawing that a
// program made. It may be tiny, tilted, bright on dark, or a line of bars.
const (
	tinySide  = 40  // pixels of a picture whose modules may be single pixels
	tinyWide  = 560 // pixels to which it is enlarged at most
	mostZoom  = 6
	tinyRim   = 4  // pixels of paper laid around it
	stripHigh = 48 // pixels to which bars of less than smallest are lengthened
)

// readPhoto finds every code on a picture of unknown resolution; where there is
// none it looks for bright ones on dark, then for matrix codes in dark surroundings.
func (r *Reader) readPhoto(g *image.Gray) Finding {
	if !sound(g) {
		return Finding{}
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	short, long := min(w, h), max(w, h)
	e := enlargement{1, 1, 0}
	switch zoom := min(mostZoom, tinyWide/(long+2*tinyRim)); {
	case short <= tinySide && zoom > 1:
		e = enlargement{zoom, zoom, tinyRim}
	case short < smallest && w < h: // its quiet zones lie on the picture: none are added
		e.x = stripHigh / short
	case short < smallest:
		e.y = stripHigh / short
	}
	if e.x*e.y > 1 {
		return r.search(e.of(g), 0).reduced(g.Rect.Min, e)
	}
	f := r.search(g, 0)
	uneven := r.sheet.uneven()
	if len(f.Symbols) == 0 && !r.sheet.effort.spent() {
		if bright := r.search(inverted(g), 0); len(bright.Symbols) > 0 {
			return bright
		}
		if uneven {
			if even := r.searchMatrix(evened(g)); len(even.Symbols) > 0 {
				return even
			}
		}
	}
	return f
}

// searchMatrix finds the matrix codes on a picture of unknown resolution.
func (r *Reader) searchMatrix(g *image.Gray) Finding {
	if !r.sheet.load(g, 0) {
		return Finding{}
	}
	var m merger
	r.readMatrix(&m)
	return m.finding(g.Rect.Min, sliver*r.sheet.dpi)
}

// sound tells whether a picture has the pixels that it says it has.
func sound(g *image.Gray) bool {
	if g == nil {
		return false
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	return w > 0 && h > 0 && g.Stride >= w && len(g.Pix) >= g.Stride*(h-1)+w
}

// enlargement is how many times wider and higher a picture's pixels become, and how
// many of them of paper lie around it.
type enlargement struct{ x, y, rim int }

// of enlarges a picture.
func (e enlargement) of(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, (w+2*e.rim)*e.x, (h+2*e.rim)*e.y))
	for y := range out.Rect.Dy() {
		row := out.Pix[y*out.Stride:][:out.Rect.Dx()]
		for x := range row {
			i, j := x/e.x-e.rim, y/e.y-e.rim
			row[x] = 255
			if i >= 0 && j >= 0 && i < w && j < h {
				row[x] = g.Pix[j*g.Stride+i]
			}
		}
	}
	return out
}

// reduced gives the places of an enlarged picture's finding in the picture itself,
// whose top left is origin.
func (f Finding) reduced(origin image.Point, e enlargement) Finding {
	back := func(q mail.Quad) mail.Quad {
		for i, p := range q {
			q[i] = mail.Point{X: p.X/float64(e.x) - float64(e.rim-origin.X), Y: p.Y/float64(e.y) - float64(e.rim-origin.Y)}
		}
		return q
	}
	for i := range f.Symbols {
		f.Symbols[i].Polygon = back(f.Symbols[i].Polygon)
		f.Symbols[i].Module /= float64(min(e.x, e.y)) // a strip grows along its bars alone
	}
	for i := range f.Doubts {
		f.Doubts[i].Polygon = back(f.Doubts[i].Polygon)
	}
	return f
}

// inverted swaps bright and dark.
func inverted(g *image.Gray) *image.Gray {
	out := image.NewGray(g.Rect)
	for y := range g.Rect.Dy() {
		row := g.Pix[y*g.Stride:][:g.Rect.Dx()]
		for x, v := range row {
			out.Pix[y*out.Stride+x] = 255 - v
		}
	}
	return out
}
