package barcode

import (
	"encoding/binary"
	"math"

	"postroom/mail"
)

// gridCell is the side of a cell of the ink grid, work pixels.
const gridCell = 4

// grid is the page's ink in coarse cells, grouped to blobs.
type grid struct {
	w, h  int
	mark  []byte // 1 = the cell holds ink
	full  []byte // 1 = it holds hardly anything else
	lines []bool // the columns of cells with full ones
	wide  []byte // mark, grown by a cell, so that a code of large modules hangs together
	dense []byte // mark, where all cells around hold ink, so that a code comes off the text that touches it
	sums  []int32
	label []int32
	stack []int32
}

// blob is a group of connected ink cells; the box is in work pixels.
type blob struct {
	label          int32
	x0, y0, x1, y1 int
	cells          int
}

// fillGrid counts the ink in the cells.
func (r *Reader) fillGrid() {
	s, g := &r.sheet, &r.grid
	g.w, g.h = s.ww/gridCell, s.wh/gridCell
	g.mark, g.full, g.lines = grow(g.mark, g.w*g.h), grow(g.full, g.w*g.h), grow(g.lines, g.w)
	clear(g.lines)
	for cy := range g.h {
		for cx := range g.w {
			sum := uint32(0) // a byte for each of the four columns
			for y := cy * gridCell; y < cy*gridCell+gridCell; y++ {
				sum += binary.LittleEndian.Uint32(s.ink[y*s.ww+cx*gridCell:])
			}
			mark, full := byte(0), byte(0)
			if sum*0x01010101>>24 >= 3 {
				mark = 1
			}
			if sum*0x01010101>>24 >= beamCell {
				full, g.lines[cx] = 1, true
			}
			g.mark[cy*g.w+cx], g.full[cy*g.w+cx] = mark, full
		}
	}
}

// cutRules takes long straight lines out of the grid: a table's rules tie all
// that stands in its cells together.
func (g *grid) cutRules(longest int) {
	keep := make([]byte, len(g.mark))
	copy(keep, g.mark)
	g.cutAlong(keep, g.w, g.h, 1, g.w, longest)
	g.cutAlong(keep, g.h, g.w, g.w, 1, longest)
}

// cutAlong clears thin runs longer than longest along one axis: n cells at stride
// dx, on each of m lines at stride dy.
func (g *grid) cutAlong(from []byte, n, m, dx, dy, longest int) {
	for j := range m {
		run := 0
		for i := 0; i <= n; i++ {
			if i < n && from[j*dy+i*dx] == 1 {
				run++
				continue
			}
			if run > longest {
				for k := i - run; k < i; k++ {
					at := j*dy + k*dx
					if (j < 2 || from[at-2*dy] == 0) && (j >= m-2 || from[at+2*dy] == 0) {
						g.mark[at] = 0
					}
				}
			}
			run = 0
		}
	}
}

// widen grows the marks by a cell.
func (g *grid) widen() {
	g.wide = grow(g.wide, len(g.mark))
	clear(g.wide)
	for y := range g.h {
		for x := range g.w {
			if g.mark[y*g.w+x] == 0 {
				continue
			}
			for j := max(y-1, 0); j <= min(y+1, g.h-1); j++ {
				for i := max(x-1, 0); i <= min(x+1, g.w-1); i++ {
					g.wide[j*g.w+i] = 1
				}
			}
		}
	}
}

// sum fills the sums of the marks above and left of each cell (a summed-area table,
// Crow 1984).
func (g *grid) sum() {
	w := g.w + 1
	g.sums = grow(g.sums, w*(g.h+1))
	clear(g.sums[:w])
	for y := range g.h {
		row := int32(0)
		above, here := g.sums[y*w:][:w], g.sums[(y+1)*w:][:w]
		here[0] = 0
		for x, m := range g.mark[y*g.w:][:g.w] {
			row += int32(m)
			here[x+1] = above[x+1] + row
		}
	}
}

// denseShare is the share of a window's cells that must be marked.
const denseShare = 0.84

// thicken keeps the marks that lie in a window full of marks (an opening); the
// window reaches d cells to every side.
func (g *grid) thicken(d int) {
	w := g.w + 1
	g.dense = grow(g.dense, len(g.mark))
	clear(g.dense)
	least := int32(denseShare * float64((2*d+1)*(2*d+1)))
	for y := d; y < g.h-d; y++ {
		top, low := g.sums[(y-d)*w:][:w], g.sums[(y+d+1)*w:][:w]
		for x := d; x < g.w-d; x++ {
			if low[x+d+1]-top[x+d+1]-low[x-d]+top[x-d] < least {
				continue
			}
			for j := y - d; j <= y+d; j++ {
				copy(g.dense[j*g.w+x-d:j*g.w+x+d+1], g.mark[j*g.w+x-d:j*g.w+x+d+1])
			}
		}
	}
}

// blobs groups connected cells of a mark.
func (g *grid) blobs(mark []byte) []blob {
	g.label = grow(g.label, len(mark))
	clear(g.label)
	var out []blob
	for i, m := range mark {
		if m == 0 || g.label[i] != 0 {
			continue
		}
		b := blob{label: int32(len(out) + 1), x0: g.w, y0: g.h}
		g.label[i] = b.label
		g.stack = append(g.stack[:0], int32(i))
		for len(g.stack) > 0 {
			c := int(g.stack[len(g.stack)-1])
			g.stack = g.stack[:len(g.stack)-1]
			x, y := c%g.w, c/g.w
			b.x0, b.y0, b.x1, b.y1 = min(b.x0, x), min(b.y0, y), max(b.x1, x+1), max(b.y1, y+1)
			b.cells++
			for ny := max(y-1, 0); ny <= min(y+1, g.h-1); ny++ {
				for nx := max(x-1, 0); nx <= min(x+1, g.w-1); nx++ {
					if n := ny*g.w + nx; mark[n] != 0 && g.label[n] == 0 {
						g.label[n] = b.label
						g.stack = append(g.stack, int32(n))
					}
				}
			}
		}
		b.x0, b.y0, b.x1, b.y1 = b.x0*gridCell, b.y0*gridCell, b.x1*gridCell, b.y1*gridCell
		out = append(out, b)
	}
	return out
}

// spot is a place that may hold a matrix code: a box in picture pixels and, when
// it came from a blob, the blob's label.
type spot struct {
	x0, y0, x1, y1 int
	label          int32
	finders        int // QR finder patterns inside
	corners        [3]finder
	timing         float64 // of a group of finder patterns, see timingOf
}

// The bounds of what may be a matrix code.
const (
	leastSide  = 0.11 // inches
	mostSide   = 4.0
	mostAspect = 2.2
	leastInk   = 0.2 // share of the box
	mostInk    = 0.8
)

// textured tells whether a blob has a matrix code's size, shape and texture.
func (s *sheet) textured(b blob) bool {
	inch := s.workDPI()
	w, h := float64(b.x1-b.x0), float64(b.y1-b.y0)
	long, short := math.Max(w, h), math.Min(w, h)
	if short < leastSide*inch || long > mostSide*inch || long > 6*short && (s.scanned || long > 18*short) {
		return false
	}
	if long > mostAspect*short && short < 0.14*inch {
		return false
	}
	if b.compact(inch) && s.swings(b) >= leastSwings {
		return true
	}
	ink, turns := s.texture(b)
	if long > mostAspect*short { // the long rectangles of Data Matrix, 8 modules high
		return ink >= 0.35 && ink <= mostInk && turns >= 1.6
	}
	return ink >= leastInk && ink <= mostInk && (turns >= 2.5 || s.ringed(b))
}

// compact tells a small square full of ink cells: the modules of the smallest
// codes are lost in the work picture, so that its texture tells nothing.
func (b blob) compact(inch float64) bool {
	w, h := float64(b.x1-b.x0), float64(b.y1-b.y0)
	cells := float64(b.cells) * gridCell * gridCell / (w * h)
	return math.Max(w, h) <= compactSide*inch && w <= 1.3*h && h <= 1.3*w && cells >= compactCells
}

// leastSwings is more than letters have and less than the smallest code.
const leastSwings = 2.4

// swings is the mean number of times that a row or a column of a blob's box turns
// from bright to dark by a sixth of the contrast, the fewer of both, on the
// picture itself: blur leaves small modules no more.
func (s *sheet) swings(b blob) float64 {
	k := s.scale
	x0, y0, x1, y1 := b.x0*k, b.y0*k, min(b.x1*k, s.w), min(b.y1*k, s.h)
	cell := min((b.y0+b.y1)/2/thresholdCell, s.th-1)*s.tw + min((b.x0+b.x1)/2/thresholdCell, s.tw-1)
	step := max(int(s.contrast[cell])/6, 12)
	along := func(at, stride, n int) (turns int) {
		low, high, down := 255, int(s.pix[at]), false
		for i := range n {
			v := int(s.pix[at+i*stride])
			switch {
			case down && v > low+step:
				down, high = false, v
			case !down && v < high-step:
				down, low = true, v
				turns++
			}
			low, high = min(low, v), max(high, v)
		}
		return turns
	}
	across, down := 0, 0
	for y := y0; y < y1; y += 2 {
		across += along(y*s.stride+x0, 1, x1-x0)
	}
	for x := x0; x < x1; x += 2 {
		down += along(y0*s.stride+x, s.stride, y1-y0)
	}
	return 2 * math.Min(float64(across)/float64(y1-y0), float64(down)/float64(x1-x0))
}

// The bounds beyond which a blob that gave no text is a matrix code all the same.
const (
	compactSide  = 0.26 // inches
	compactCells = 0.75 // share of the box's cells that hold ink
	doubtSide    = 0.14 // inches
	doubtCells   = 0.85 // share of the box's cells that hold ink
	doubtInk     = 0.36
	doubtTurns   = 3.7
	doubtNoise   = 2.7 // contrast, in the noise of blank paper
)

// solid tells whether a blob is an almost square box, evenly filled with a fine
// texture: no text and few pictures are.
func (s *sheet) solid(b blob) bool {
	w, h := float64(b.x1-b.x0), float64(b.y1-b.y0)
	if math.Min(w, h) < doubtSide*s.workDPI() || w > 1.3*h || h > 1.3*w {
		return false
	}
	if s.grain(b) {
		return false
	}
	ink, turns := s.texture(b)
	cells := float64(b.cells) * gridCell * gridCell / (w * h)
	return cells >= doubtCells && ink >= doubtInk && ink <= 0.72 && turns >= doubtTurns
}

// grain tells whether a blob is hardly more than the noise of the paper.
func (s *sheet) grain(b blob) bool {
	middle := (b.y0+b.y1)/2/thresholdCell*s.tw + (b.x0+b.x1)/2/thresholdCell
	return float64(s.contrast[middle]) < doubtNoise*float64(s.noise)
}

// texture gives the share of ink in a blob's box and the mean number of bars that
// a row or a column of it crosses, the fewer of both.
func (s *sheet) texture(b blob) (ink, turns float64) {
	n, across, down := 0, 0, 0
	x1, y1 := min(b.x1, s.ww), min(b.y1, s.wh)
	for y := b.y0; y < y1; y++ {
		last := byte(0)
		for x := b.x0; x < x1; x++ {
			v := s.ink[y*s.ww+x]
			n += int(v)
			if v > last {
				across++
			}
			if y > b.y0 && v > s.ink[(y-1)*s.ww+x] {
				down++
			}
			last = v
		}
	}
	w, h := float64(x1-b.x0), float64(y1-b.y0)
	return float64(n) / (w * h), math.Min(float64(across)/h, float64(down)/w)
}

// quad gives the spot's corners.
func (p spot) quad() mail.Quad {
	return mail.Box{X0: p.x0, Y0: p.y0, X1: p.x1, Y1: p.y1}.Quad()
}
