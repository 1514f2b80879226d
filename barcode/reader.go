// Package barcode finds barcodes and patch codes on a page picture.
//
// An 8-bit grey picture comes in; symbols that were read and doubts (places that
// look like a code and could not be read) go out, with polygons in pixels of the
// picture. The package knows pictures, not post: it does not know what a symbol
// means, which file the page came from, or whether a code may steer anything.
//
// gozxing spells what was found; finding, sampling and judging are ours, because
// it looks in the middle of a picture and a letter carries its code anywhere, and
// so are PDF417 and patch codes, which it does not read. A page is searched at
// about 150 to 200 dpi for parallel bars at any angle, for blocks of matrix
// texture, for the finder patterns of QR codes, for the thick bars of PDF417 and
// for patch codes; only the small places found are decoded, from the full
// picture. A linear code counts only when several scan lines at different heights
// agree and nothing contradicts.
//
// Each step has its files, in this order:
//
//	prepare  sheet.go (work picture, threshold), streak.go, photo.go and even.go (no scan)
//	locate   lanes.go and bars.go (bars), grid.go (texture), finder.go, beam.go and pdf417_ends.go, patch.go
//	rectify  scan.go (scan lines), frame.go and lattice.go (modules in perspective), bend.go, known.go (what must be where)
//	sample   profile.go and block.go (bars), sequence.go (bars finer than pixels), bitmap.go and equalize.go (modules)
//	decode   linear.go, qr.go, datamatrix.go, aztec*.go, pdf417*.go, by gozxing where it can
//	judge    ballot.go and likeness.go (scan lines), patch_judge.go, matrix.go (looks), merge.go and cover.go (places), effort.go
//
// glass.go is apart: it finds streaks that dirt on a scanner's glass leaves on its pages.
package barcode

import (
	"image"
	"math"
	"slices"

	"postroom/mail"
)

// Config says what to look for. The zero value reads everything that can be read.
type Config struct {
	// Symbologies to look for; empty = all that can be read.
	Symbologies []mail.Symbology
	// ITFLengths are the digit counts of ITF that are accepted; empty = even counts from 6 on.
	ITFLengths []int
}

// Reader finds and decodes codes. It holds buffers and gozxing's stateful
// decoders, so a Reader must not be used by two goroutines at once.
type Reader struct {
	config  Config
	linear  []lineDecoder
	matrix  []matrixDecoder
	sheet   sheet
	cells   []tensor
	members []int // cells that hang together
	grid    grid
}

// sliver is how far a code may reach beyond the place where it was read, inches:
// less than the distance that two codes are printed apart.
const sliver = 0.15

// Finding is what one page holds.
type Finding struct {
	Symbols []mail.Symbol
	Doubts  []mail.Doubt
}

// New builds a Reader.
func New(c Config) *Reader {
	r := &Reader{config: c}
	r.linear = r.lineDecoders()
	r.matrix = r.matrixDecoders()
	return r
}

// wants tells whether the symbology is looked for.
func (r *Reader) wants(s mail.Symbology) bool {
	return len(r.config.Symbologies) == 0 || slices.Contains(r.config.Symbologies, s)
}

// Read finds every code on a page. g is an 8-bit grey page picture, dpi its pixels
// an inch; where that is no scanner's (0 = unknown) the picture may be a photograph,
// tilted or bright on dark, and takes longer. Polygons are in pixels of g. Read never
// panics: a page that breaks the search is doubtful as a whole.
func (r *Reader) Read(g *image.Gray, dpi float64) (f Finding) {
	defer func() {
		if recover() != nil {
			// The search broke: whatever stands on this page was not seen.
			f = Finding{Doubts: []mail.Doubt{{Looks: mail.LooksMatrix, Polygon: boundsQuad(g)}}}
		}
	}()
	if dpi = scanDPI(dpi); dpi > 0 {
		r.sheet.effort = effort{0, mostEffort}
		f = r.search(g, dpi)
	} else {
		r.sheet.effort = effort{0, photoEffort}
		f = r.readPhoto(g)
	}
	if r.sheet.effort.spent() && len(f.Doubts) == 0 {
		f.Doubts = append(f.Doubts, mail.Doubt{Looks: mail.LooksMatrix, Polygon: boundsQuad(g)})
	}
	return f
}

// search finds every code on a picture as it is.
func (r *Reader) search(g *image.Gray, dpi float64) Finding {
	if !r.sheet.load(g, dpi) {
		return Finding{}
	}
	var m merger
	r.readPatches(&m)
	r.readLinear(&m)
	r.readMatrix(&m)
	return m.finding(g.Rect.Min, sliver*r.sheet.dpi)
}

func boundsQuad(g *image.Gray) mail.Quad {
	if g == nil {
		return mail.Quad{}
	}
	b := g.Rect
	return mail.Box{X0: b.Min.X, Y0: b.Min.Y, X1: b.Max.X, Y1: b.Max.Y}.Quad()
}

// scanDPI gives a resolution that is a scanner's, else 0.
func scanDPI(dpi float64) float64 {
	if dpi >= 50 && dpi <= 2400 {
		return dpi
	}
	return 0
}

// assumedDPI guesses the resolution of a picture that does not tell: the long
// side of a page is that of A4, 11.7 inches.
func assumedDPI(w, h int) float64 {
	return math.Min(math.Max(float64(max(w, h))/11.7, 150), 600)
}
