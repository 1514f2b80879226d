package barcode

import (
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"

	"postroom/mail"
)

// block is a stretch of a scan line between two quiet zones.
type block struct {
	from, to int // indexes of the first and last bar's runs
	x0, x1   int // samples
	bars     int
	narrow   float64
	cut      bool // the scan line begins or ends without a quiet zone
}

// quietModules is the width of a gap that ends a code, in narrow elements: more
// than any space inside a code, less than the quiet zones that printers leave.
const quietModules = 6.5

// blocks cuts runs at the quiet zones.
func (rs runs) blocks() []block {
	narrow := rs.narrow()
	quiet := func(i int) bool { return i < len(rs) && float64(rs[i]) > quietModules*narrow }
	var out []block
	x := rs[0]
	cur := block{from: 1, x0: x, cut: !quiet(0)}
	for i := 1; i < len(rs); i += 2 {
		end := x + rs[i]
		last := i+2 >= len(rs)
		if last || quiet(i+1) {
			cur.to, cur.x1, cur.bars, cur.narrow = i, end, (i-cur.from)/2+1, narrow
			cur.cut = cur.cut || !quiet(i+1)
			out = append(out, cur)
			if !last {
				cur = block{from: i + 2, x0: end + rs[i+1]}
			}
		}
		if !last {
			x = end + rs[i+1]
		}
	}
	return out
}

// cutOff tells whether bars run out of a scan line: its place is only part of a code.
func (p profile) cutOff() bool {
	lo, hi := envelope(p, max(len(p)/20, 40))
	for _, b := range p.threshold(lo, hi, 0.5, nil).blocks() {
		if b.cut && b.bars >= 6 {
			return true
		}
	}
	return false
}

// bits gives a block as gozxing's bits, in white paper.
func (b block) bits(rs runs, reversed bool) *gozxing.BitArray {
	pad := int(20*b.narrow) + 20
	row := gozxing.NewBitArray(b.x1 - b.x0 + 2*pad)
	x := pad
	for i := b.from; i <= b.to; i++ {
		w := rs[i]
		if reversed {
			w = rs[b.to-(i-b.from)]
		}
		if (i-b.from)%2 == 0 {
			_ = row.SetRange(x, x+w)
		}
		x += w
	}
	return row
}

// accept refuses results that don't span their block from quiet zone to quiet
// zone: a short read out of a longer code starts or ends among bars.
func (r *Reader) accept(res *gozxing.Result, b block, size int, reversed bool) (reading, bool) {
	sym, ok := linearFormats[res.GetBarcodeFormat()]
	points := res.GetResultPoints()
	text := res.GetText()
	if !ok || !r.wants(sym) || len(points) < 2 || len(text) < leastText(sym) {
		return reading{}, false
	}
	modules := modulesOf(sym, text)
	if modules == 0 {
		return reading{}, false
	}
	pad := int(20*b.narrow) + 20
	width := float64(b.x1 - b.x0)
	module := math.Max(width/modules, b.narrow)
	// gozxing reports the middles of the guards.
	reach := 9 * module
	if sym == mail.ITF {
		reach = 6 * module
	}
	left, right := points[0].GetX()-float64(pad), points[1].GetX()-float64(pad)
	if left > reach || width-right > reach+6*module || left < -2*module || right > width+2*module {
		return reading{}, false
	}
	return reading{sym, text, b.x0, b.x1, reversed, module}, true
}

// leastText is the shortest text that is believed.
func leastText(s mail.Symbology) int {
	switch s {
	case mail.Code39, mail.Code93:
		return 2
	case mail.Codabar:
		return 4
	case mail.ITF:
		return 6
	}
	return 1
}

// modulesOf estimates how many modules wide a code of that text is, guards included.
func modulesOf(s mail.Symbology, text string) float64 {
	n := float64(len(text))
	switch s {
	case mail.Code128:
		return 11*n + 35 // at most: digit pairs take half
	case mail.Code39:
		return 14 * (n + 2)
	case mail.Code93:
		return 9*(n+4) + 1
	case mail.ITF:
		return 8*n + 9
	case mail.Codabar:
		return 11 * (n + 2)
	case mail.EAN13, mail.UPCA:
		return 95
	case mail.EAN8:
		return 67
	}
	return 0
}

// varied tells whether the bars and spaces of a block have narrow and wide
// elements, as every linear code but the postal four-state codes has.
func (b block) varied(rs runs) bool {
	wide, n := 0, 0
	for i := b.from; i < b.to; i++ {
		n++
		if float64(rs[i]) > 1.6*b.narrow {
			wide++
		}
	}
	return wide*8 >= n && wide*8 <= n*7
}

// even tells whether bars and spaces share a block as those of a linear code do, each
// of whose characters has about as much of either: the left edge of a table and a line
// of small print have not.
func (b block) even(rs runs) bool {
	const least, most = 0.33, 0.8 // thinned and swollen print
	ink := 0
	for i := b.from; i <= b.to; i += 2 {
		ink += rs[i]
	}
	share := float64(ink) / float64(b.x1-b.x0)
	return share > least && share < most
}

// distinct tells whether most bars of a block are clearly darker than the spaces behind
// them: on blank paper, and along a thick rule, its own unevenness looks like bars.
func (b block) distinct(p profile, rs runs) bool {
	const share, grey = 0.15, 12 // of all the brightness that the scan line spans; of 255
	var steps []float32
	x := b.x0
	for i := b.from; i < b.to; i += 2 {
		bar, space := p[x:x+rs[i]], p[x+rs[i]:x+rs[i]+rs[i+1]]
		steps = append(steps, slices.Max(space)-slices.Min(bar))
		x += rs[i] + rs[i+1]
	}
	return median(steps) > max(grey, share*(slices.Max(p)-slices.Min(p)))
}
