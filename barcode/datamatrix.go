package barcode

import (
	"math"
	"slices"

	dm "github.com/makiuchi-d/gozxing/datamatrix/decoder"

	"postroom/mail"
)

// dataMatrixSizes are the sizes of ECC 200 symbols, columns and rows (ISO/IEC 16022),
// and those of the rectangular extension (ISO/IEC 21471).
var dataMatrixSizes = [][2]int{
	{10, 10}, {12, 12}, {14, 14}, {16, 16}, {18, 18}, {20, 20}, {22, 22}, {24, 24}, {26, 26}, {32, 32}, {36, 36}, {40, 40},
	{44, 44}, {48, 48}, {52, 52}, {64, 64}, {72, 72}, {80, 80}, {88, 88}, {96, 96}, {104, 104}, {120, 120}, {132, 132}, {144, 144},
	{18, 8}, {32, 8}, {26, 12}, {36, 12}, {36, 16}, {48, 16},
	{48, 8}, {64, 8}, {80, 8}, {96, 8}, {120, 8}, {144, 8}, {64, 12}, {88, 12}, {64, 16}, {36, 20}, {44, 20}, {64, 20},
	{48, 22}, {48, 24}, {64, 24}, {40, 26}, {48, 26}, {64, 26},
}

// More than any text agrees with the rims of a Data Matrix: with those that begin in
// the corner that its solid sides tell, and with the best of four corners, where small
// words have as many ways again to look like a code, and most so like an oblong one.
const (
	sureRims       = 0.75
	sureRimsOfFour = 0.82
	sureOblong     = 0.88
)

// readDataMatrix reads a crop as a Data Matrix by its frame: two solid sides, two
// that alternate. looks tells that there is such a frame, whether or not it was read.
func (r *Reader) readDataMatrix(c *crop) (sym mail.Symbol, read, looks bool) {
	for _, f := range c.frames() {
		s, ok, like := r.readFrame(c, f)
		if !ok && c.camera {
			s, ok, _ = r.readFrame(c, f.mirrored())
		}
		if ok {
			return s, true, true
		}
		looks = looks || like
	}
	return sym, false, looks
}

// readFrame reads the modules in a frame, by the sizes whose rims fit best.
func (r *Reader) readFrame(c *crop, f frame) (sym mail.Symbol, read, looks bool) {
	corners := []int{f.solidCorner()}
	if corners[0] < 0 {
		if dist(f.corner[0], f.corner[2])*math.Hypot(c.ux, c.uy) > 0.4*r.sheet.dpi {
			return sym, false, false
		}
		corners = []int{0, 1, 2, 3} // blur takes the rims of the smallest codes
	}
	slack := 1.15
	if f.tilted {
		slack = 1.4
	}
	type fit struct {
		l     lattice
		score float64
	}
	var fits []fit
	for _, k := range corners {
		// Solid sides stand left and below: the symbol's top left is the corner opposite their far ends.
		along, down := c.sides(f, k)
		aspect := along / down
		for _, size := range dataMatrixSizes {
			want := float64(size[0]) / float64(size[1])
			if aspect > want*slack || aspect < want/slack {
				continue
			}
			l, ok := c.lattice(f, k, size[0], size[1])
			if !ok || l.module() < 1.3 {
				continue
			}
			fits = append(fits, fit{l, r.sheet.agreement(l, knownDataMatrix(l.cols, l.rows))/2 + r.sheet.agreement(l, timingDataMatrix(l.cols, l.rows))/2})
		}
	}
	slices.SortFunc(fits, func(a, b fit) int { return int(math.Copysign(1, b.score-a.score)) })
	for i, f := range fits {
		if i == 3 || f.score < 0.35 {
			break
		}
		looks = looks || r.sheet.agreement(f.l, timingDataMatrix(f.l.cols, f.l.rows)) > 0.6
		ks := knownDataMatrix(f.l.cols, f.l.rows)
		text, l, agreed, ok := r.sheet.readLattice(f.l, ks, decodeDataMatrix)
		if !ok {
			text, l, ok = r.sheet.readBent(l, ks, agreed, decodeDataMatrix)
		}
		if ok {
			return mail.Symbol{Symbology: mail.DataMatrix, Text: text, Polygon: l.quad(), Module: l.module()}, true, true
		}
		sure := sureRims
		if len(corners) > 1 {
			sure = sureRimsOfFour
			if f.l.cols != f.l.rows {
				sure = sureOblong
			}
		}
		looks = looks || agreed > sure
	}
	return sym, false, looks
}

func decodeDataMatrix(l lattice, tones []float64, threshold float64) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	bits := l.modules(tones, threshold)
	if bits == nil {
		return "", false
	}
	res, err := dm.NewDecoder().Decode(bits)
	if err != nil || res.GetText() == "" || startsPart(res.GetRawBytes()) {
		return "", false
	}
	return res.GetText(), true
}

// solidCorner gives the frame's corner that is the symbol's top left: the two
// sides that don't meet there are solid. -1 when the sides don't look so.
func (f frame) solidCorner() int {
	best, at := 0.0, -1
	for k := range 4 { // sides k and k+1: corner k to k+1, corner k+1 to k+2
		solid := math.Min(f.rim[(k+2)%4], f.rim[(k+3)%4])
		open := math.Max(f.rim[k], f.rim[(k+1)%4])
		if solid > 0.7 && open < 0.96 && solid-open > best {
			best, at = solid-open, k
		}
	}
	return at
}

// startsPart tells whether codewords are a part of a message (structured append,
// ISO/IEC 16022), which gozxing spells as if they were text.
func startsPart(codewords []byte) bool { return len(codewords) > 0 && codewords[0] == 233 }
