package barcode

import (
	"image"

	"postroom/mail"
)

// A picture that tells no resolution is no scan: a photograph, or a drawing that a
// program made. It may be tiny, tilted, or bright on dark.
const (
	tinySide = 40  // pixels of a picture whose modules may be single pixels
	tinyWide = 560 // pixels to which it is enlarged at most
	mostZoom = 6
	tinyRim  = 4 // pixels of paper laid around it
)

// readPhoto finds every code on a picture of unknown resolution; where there is
// none it looks for bright ones on dark.
func (r *Reader) readPhoto(g *image.Gray) Finding {
	if !sound(g) {
		return Finding{}
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if zoom := min(mostZoom, tinyWide/(max(w, h)+2*tinyRim)); min(w, h) <= tinySide && zoom > 1 {
		return r.search(enlarged(g, zoom), 0).reduced(g.Rect.Min, float64(zoom))
	}
	f := r.search(g, 0)
	if len(f.Symbols) == 0 {
		if bright := r.search(inverted(g), 0); len(bright.Symbols) > 0 {
			return bright
		}
	}
	return f
}

// sound tells whether a picture has the pixels that it says it has.
func sound(g *image.Gray) bool {
	if g == nil {
		return false
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	return w > 0 && h > 0 && g.Stride >= w && len(g.Pix) >= g.Stride*(h-1)+w
}

// enlarged makes squares of a tiny picture's pixels, with paper around.
func enlarged(g *image.Gray, zoom int) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, (w+2*tinyRim)*zoom, (h+2*tinyRim)*zoom))
	for y := range out.Rect.Dy() {
		row := out.Pix[y*out.Stride:][:out.Rect.Dx()]
		for x := range row {
			i, j := x/zoom-tinyRim, y/zoom-tinyRim
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
func (f Finding) reduced(origin image.Point, zoom float64) Finding {
	back := func(q mail.Quad) mail.Quad {
		for i, p := range q {
			q[i] = mail.Point{X: p.X/zoom - tinyRim + float64(origin.X), Y: p.Y/zoom - tinyRim + float64(origin.Y)}
		}
		return q
	}
	for i := range f.Symbols {
		f.Symbols[i].Polygon = back(f.Symbols[i].Polygon)
		f.Symbols[i].Module /= zoom
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
