package barcode

import (
	"cmp"
	"math"
	"slices"

	"postroom/mail"
)

// beam is a straight, long and thick bar, as the start and the stop pattern of a
// PDF417 begin with.
type beam struct {
	a, b   mail.Point // the ends of its middle line, picture pixels
	width  float64    // picture pixels
	slopes [2]float64 // how its edges lean, pixels across a pixel along
}

// quad gives the beam's corners.
func (b beam) quad() mail.Quad {
	long := math.Max(dist(b.a, b.b), 1)
	x, y := (b.b.Y-b.a.Y)/long*b.width/2, (b.a.X-b.b.X)/long*b.width/2 // half the width, to the right of the way down
	return mail.Quad{{X: b.a.X - x, Y: b.a.Y - y}, {X: b.a.X + x, Y: b.a.Y + y}, {X: b.b.X + x, Y: b.b.Y + y}, {X: b.b.X - x, Y: b.b.Y - y}}
}

// The bounds of what may be a beam.
const (
	leastBeam = 3    // cells long
	thinBeam  = 0.03 // inches wide, on a scan
	mostBeam  = 0.5
	beamShare = 0.25 // of a picture that tells no resolution that a beam may be wide
	beamCell  = 14   // pixels of ink in a cell that is full
	beamLean  = 1.1  // pixels across a pixel along
	crossLean = 0.6  // lean from which on a line crosses it at too much of a slant to tell its width
	mostBeams = 200  // on a page, the longest
)

// beams finds the thick bars of the page, standing and lying: runs of full cells
// that continue from line to line, traced in the ink.
func (r *Reader) beams() (all []beam) {
	s, g := &r.sheet, &r.grid
	most := mostBeam * s.workDPI()
	if !s.scanned {
		most = beamShare * float64(max(s.ww, s.wh))
	}
	k := float64(s.scale)
	for _, lying := range [2]bool{false, true} {
		n, m, dx, dy := g.w, g.h, 1, g.w
		t := tracer{s.ink, s.ww, s.wh, 1, s.ww}
		if lying {
			n, m, dx, dy = g.h, g.w, g.w, 1
			t = tracer{s.ink, s.wh, s.ww, s.ww, 1}
		}
		for _, c := range g.chains(n, m, dx, dy, int(most/gridCell)) {
			b, ok := t.beam(c)
			if !ok || s.scanned && b.width < thinBeam*s.workDPI() {
				continue
			}
			if lying {
				b.a, b.b = mail.Point{X: b.a.Y, Y: b.a.X}, mail.Point{X: b.b.Y, Y: b.b.X}
			}
			b.a, b.b, b.width = mail.Point{X: b.a.X * k, Y: b.a.Y * k}, mail.Point{X: b.b.X * k, Y: b.b.Y * k}, b.width*k
			all = append(all, b)
		}
	}
	slices.SortStableFunc(all, func(a, b beam) int { return cmp.Compare(dist(b.a, b.b), dist(a.a, a.b)) })
	return all[:min(len(all), mostBeams)]
}

// chain is a run of full cells on each line from y on.
type chain struct {
	y    int
	runs [][2]int
}

// chains links runs of at most so many full cells on neighbouring lines: n cells at
// stride dx on each of m lines at stride dy.
func (g *grid) chains(n, m, dx, dy, most int) (all []chain) {
	var open, next []chain
	keep := func() {
		for _, c := range open {
			if len(c.runs) >= leastBeam {
				all = append(all, c)
			}
		}
	}
	for j := range m {
		next = next[:0]
		for i := 0; i < n; i++ {
			if dx == 1 {
				i += sameBytes(g.full[j*dy+i:j*dy+n], 0)
			} else if !g.lines[j] {
				break
			}
			from := i
			for i < n && g.full[j*dy+i*dx] != 0 {
				i++
			}
			if i == from || i-from > most {
				continue
			}
			run := [2]int{from, i}
			before := slices.IndexFunc(open, func(c chain) bool {
				last := c.runs[len(c.runs)-1]
				return abs(last[0]-from) <= 1 && abs(last[1]-i) <= 1
			})
			if before < 0 {
				next = append(next, chain{j, [][2]int{run}})
				continue
			}
			c := open[before]
			open = slices.Delete(open, before, before+1)
			next = append(next, chain{c.y, append(c.runs, run)})
		}
		keep()
		open = append(open[:0], next...)
	}
	keep()
	return all
}

// tracer follows a bar in the ink: n pixels at stride dx on each of m lines at
// stride dy.
type tracer struct {
	ink          []byte
	n, m, dx, dy int
}

// row is the ink of a bar on line y.
type row struct{ y, x0, x1 int }

// row gives the ink around x on a line, at most so far to either side.
func (t tracer) row(x, y, reach int) (r row, ok bool) {
	if x < 0 || y < 0 || x >= t.n || y >= t.m || t.ink[y*t.dy+x*t.dx] == 0 {
		return row{}, false
	}
	r = row{y, x, x + 1}
	for r.x0 > 0 && x-r.x0 < reach && t.ink[y*t.dy+(r.x0-1)*t.dx] != 0 {
		r.x0--
	}
	for r.x1 < t.n && r.x1-x < reach && t.ink[y*t.dy+r.x1*t.dx] != 0 {
		r.x1++
	}
	return r, true
}

// beam traces a chain's bar to both its ends, on the tracer's own axes.
func (t tracer) beam(c chain) (b beam, ok bool) {
	width := t.width(c)
	rows := t.rows(c, width)
	n := len(rows)
	if width == 0 || n < leastBeam*gridCell || 2*n < width {
		return b, false
	}
	// The median of slopes over half the length: specks and strokes at the edges don't count.
	var left, right []float64
	for i, p := range rows[:n-n/2] {
		q := rows[i+n/2]
		h := float64(q.y - p.y)
		left, right = append(left, float64(q.x0-p.x0)/h), append(right, float64(q.x1-p.x1)/h)
	}
	b.slopes = [2]float64{median(left), median(right)}
	slope := (b.slopes[0] + b.slopes[1]) / 2
	y0, y1 := float64(rows[0].y), float64(rows[n-1].y+1)
	var middles []float64
	for _, r := range rows {
		middles = append(middles, float64(r.x0+r.x1)/2-slope*(float64(r.y)+0.5-y0))
	}
	x := median(middles)
	b.a, b.b, b.width = mail.Point{X: x, Y: y0}, mail.Point{X: x + slope*(y1-y0), Y: y1}, float64(width)
	if math.Abs(slope) > crossLean {
		b.width /= math.Hypot(1, slope)
	}
	return b, math.Abs(slope) < beamLean
}

// width is the median width of a chain's bar; 0 where there is none.
func (t tracer) width(c chain) int {
	var all []int
	for k, r := range c.runs {
		for i := range gridCell {
			if r, ok := t.row((r[0]+r[1])*gridCell/2, (c.y+k)*gridCell+i, 4*gridCell*(r[1]-r[0]+2)); ok {
				all = append(all, r.x1-r.x0)
			}
		}
	}
	return median(all)
}

// rows follows a bar from the middle of a chain, up and down, for as long as it is
// about as wide.
func (t tracer) rows(c chain, width int) (all []row) {
	const gap = 4 // lines that may be spoilt
	slack := width/4 + 2
	k := len(c.runs) / 2
	for _, d := range [2]int{-1, 1} {
		x, bad := (c.runs[k][0]+c.runs[k][1])*gridCell/2, 0
		for y := (c.y+k)*gridCell + (d-1)/2; bad < gap; y += d {
			r, ok := t.row(x, y, 2*width)
			if !ok || abs(r.x1-r.x0-width) > slack {
				bad++
				continue
			}
			bad, x = 0, (r.x0+r.x1)/2
			all = append(all, r)
		}
		if d < 0 {
			slices.Reverse(all)
		}
	}
	return all
}
