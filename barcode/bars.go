package barcode

import (
	"math"

	"postroom/mail"
)

// barCell is the side of a cell of the gradient map, work pixels.
const barCell = 8

// tensor is the structure tensor of a cell: the sums of the products of the
// brightness gradient (Bigun and Granlund, 1987). Parallel bars give one strong
// direction, text gives two.
type tensor struct{ xx, yy, xy float32 }

func (t *tensor) add(u tensor) { t.xx, t.yy, t.xy = t.xx+u.xx, t.yy+u.yy, t.xy+u.xy }

// coherence is 0 for gradients in all directions and 1 for gradients in one.
func (t tensor) coherence() float64 {
	e := float64(t.xx + t.yy)
	if e == 0 {
		return 0
	}
	d := float64(t.xx - t.yy)
	return math.Sqrt(d*d+4*float64(t.xy)*float64(t.xy)) / e
}

// direction is that of the gradient, radians clockwise from the x axis, -pi/2..pi/2.
func (t tensor) direction() float64 {
	return 0.5 * math.Atan2(2*float64(t.xy), float64(t.xx-t.yy))
}

// bars is a place with parallel bars: a rectangle around (cx, cy) that is length
// long across the bars, along direction angle, and height high along them; picture
// pixels, radians.
type bars struct {
	cx, cy, angle  float64
	length, height float64
}

// gradients fills the gradient map of the work picture.
func (r *Reader) gradients() (cw, ch int) {
	s := &r.sheet
	cw, ch = s.ww/barCell, s.wh/barCell
	r.cells = grow(r.cells, cw*ch)
	for cy := range ch {
		for cx := range cw {
			t := cy*barCell/thresholdCell*s.tw + cx*barCell/thresholdCell
			if s.threshold[t] == 0 {
				r.cells[cy*cw+cx] = tensor{}
				continue
			}
			r.cells[cy*cw+cx] = s.cellTensor(cx*barCell, cy*barCell, int(s.contrast[t]))
		}
	}
	return cw, ch
}

// cellTensor sums the gradients of every second row of a cell, scaled to the
// contrast around it, so that pale print counts like black.
func (s *sheet) cellTensor(x0, y0, contrast int) tensor {
	var xx, yy, xy int
	for y := max(y0, 1); y < min(y0+barCell, s.wh-1); y += 2 {
		up, row, down := s.work[(y-1)*s.ww:], s.work[y*s.ww:], s.work[(y+1)*s.ww:]
		for x := max(x0, 1); x < min(x0+barCell, s.ww-1); x++ {
			gx := int(row[x+1]) - int(row[x-1])
			gy := int(down[x]) - int(up[x])
			xx += gx * gx
			yy += gy * gy
			xy += gx * gy
		}
	}
	n := float32(contrast*contrast) * barCell * barCell / 2
	return tensor{float32(xx) / n, float32(yy) / n, float32(xy) / n}
}

// The bounds of what may be a linear code.
const (
	leastEnergy    = 0.04 // mean squared gradient over contrast squared
	leastCoherence = 0.55
	leastLength    = 0.35 // inches across the bars
	leastHeight    = 0.10 // inches along the bars
	leastFill      = 0.45 // share of a place's cells that show bars
)

// coarser merges 2 x 2 cells of the gradient map, for codes whose single bars fill
// whole cells.
func (r *Reader) coarser(cw, ch int) (w, h int) {
	w, h = cw/2, ch/2
	for y := range h {
		for x := range w {
			t := r.cells[2*y*cw+2*x]
			t.add(r.cells[2*y*cw+2*x+1])
			t.add(r.cells[(2*y+1)*cw+2*x])
			t.add(r.cells[(2*y+1)*cw+2*x+1])
			r.cells[y*w+x] = tensor{t.xx / 4, t.yy / 4, t.xy / 4}
		}
	}
	return w, h
}

// findBars finds the places with parallel bars, at any angle, in a gradient map of
// cells that are side work pixels wide.
func (r *Reader) findBars(cw, ch, side int) []bars {
	mark := make([]lanes, cw*ch)
	for y := range ch {
		for x := range cw {
			var t tensor
			for j := max(y-1, 0); j <= min(y+1, ch-1); j++ {
				for i := max(x-1, 0); i <= min(x+1, cw-1); i++ {
					t.add(r.cells[j*cw+i])
				}
			}
			if (t.xx+t.yy)/9 >= leastEnergy*barCell/float32(side) && t.coherence() >= leastCoherence {
				mark[y*cw+x] = lanesOf(t.direction())
			}
		}
	}
	var found []bars
	for lane := upright; lane <= falling; lane <<= 1 {
		for i := range mark {
			if mark[i]&lane != 0 {
				found = append(found, r.barsFrom(i, mark, lane, cw, side)...)
			}
		}
	}
	return found
}

// barsFrom finds the places among the cells of a lane that hang together with cell
// i, and takes their marks. Where they fill no rectangle, lines that touch a code
// tie it to what lies around: the part with the longest rows is looked at alone, and
// then what is left of the cells.
func (r *Reader) barsFrom(i int, mark []lanes, lane lanes, cw, side int) (found []bars) {
	for todo := []int{i}; len(todo) > 0; {
		i, todo = todo[len(todo)-1], todo[:len(todo)-1]
		members := r.flood(i, mark, lane, cw)
		angle, ok := r.directionOf(members, cw, side)
		if !ok {
			continue
		}
		if b, fits := r.sheet.barsOf(members, angle, cw, side); fits {
			found = append(found, b)
			continue
		}
		long, rest := longRows(members, angle, cw)
		if b, fits := r.sheet.barsOf(long, angle, cw, side); fits {
			found = append(found, b)
		}
		for _, c := range rest {
			mark[c] |= lane
		}
		todo = append(todo, rest...)
	}
	return found
}

// flood gives the cells of a lane that hang together with cell i, and takes their
// marks. They are valid until the next call.
func (r *Reader) flood(i int, mark []lanes, lane lanes, cw int) (members []int) {
	if mark[i]&lane == 0 {
		return nil
	}
	mark[i] &^= lane
	members = append(r.members[:0], i)
	for k := 0; k < len(members); k++ {
		c := members[k]
		for n, inside := range [4]bool{c%cw > 0, c%cw < cw-1, c >= cw, c+cw < len(mark)} {
			if d := c + [4]int{-1, 1, -cw, cw}[n]; inside && mark[d]&lane != 0 {
				mark[d] &^= lane
				members = append(members, d)
			}
		}
	}
	r.members = members
	return members
}

// longRows parts cells in those of the longest row along an angle, and of the rows
// on both its sides that are half as long at least, and the rest.
func longRows(members []int, angle float64, cw int) (long, rest []int) {
	sin, cos := math.Sincos(angle)
	row := func(c int) int { return int(math.Floor(float64(c/cw)*cos - float64(c%cw)*sin)) }
	least, most := row(members[0]), row(members[0])
	for _, c := range members {
		least, most = min(least, row(c)), max(most, row(c))
	}
	count := make([]int, most-least+1)
	for _, c := range members {
		count[row(c)-least]++
	}
	at := 0
	for k, n := range count {
		if n > count[at] {
			at = k
		}
	}
	from, to := at, at+1
	for from > 0 && 2*count[from-1] >= count[at] {
		from--
	}
	for to < len(count) && 2*count[to] >= count[at] {
		to++
	}
	for _, c := range members {
		if k := row(c) - least; k >= from && k < to {
			long = append(long, c)
		} else {
			rest = append(rest, c)
		}
	}
	return long, rest
}

// leastCells is how many cells of a side show bars in the smallest code.
func (s *sheet) leastCells(side int) float64 {
	inch := s.workDPI() / float64(side)
	return leastLength * leastHeight * inch * inch * leastFill
}

// directionOf is the direction across the bars of connected cells, radians; not ok
// where they are too few for a code.
func (r *Reader) directionOf(members []int, cw, side int) (angle float64, ok bool) {
	if float64(len(members)) < r.sheet.leastCells(side) {
		return 0, false
	}
	var t tensor
	for _, c := range members {
		t.add(r.cells[c])
	}
	if lanesOf(t.direction()).askew() {
		t = tensor{}
		for _, c := range members {
			t.add(r.sheet.fairTensor(c%cw*side, c/cw*side, side))
		}
	}
	return t.direction(), true
}

// barsOf fits a rectangle to cells with bars across an angle; false when it can't
// be a code.
func (s *sheet) barsOf(members []int, angle float64, cw, side int) (bars, bool) {
	inch := s.workDPI() / float64(side) // cells an inch
	sin, cos := math.Sincos(angle)
	u0, u1, v0, v1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, c := range members {
		x, y := float64(c%cw)+0.5, float64(c/cw)+0.5
		u, v := x*cos+y*sin, y*cos-x*sin
		u0, u1, v0, v1 = math.Min(u0, u), math.Max(u1, u), math.Min(v0, v), math.Max(v1, v)
	}
	length, height := u1-u0+1, v1-v0+1
	if length < leastLength*inch || height < leastHeight*inch || float64(len(members)) < leastFill*length*height {
		return bars{}, false
	}
	u, v, k := (u0+u1)/2, (v0+v1)/2, float64(side*s.scale)
	return bars{(u*cos - v*sin) * k, (u*sin + v*cos) * k, angle, length * k, height * k}, true
}

// bandHeight is about how much of a tall place is looked at alone, inches: as much as
// a flat code is high.
const bandHeight = 0.24

// bands cuts a tall place in bands across its bars, each half over the next: a stamp
// or a signature that touches a code makes one place of both, in which few scan
// lines look alike.
func (b bars) bands(dpi float64) (all []bars) {
	n := int(math.Round(b.height / (bandHeight * dpi)))
	if n < 2 || b.length < 0.5*dpi {
		return nil
	}
	sin, cos := math.Sincos(b.angle)
	for i := range 2*n - 1 {
		band, off := b, (float64(i+1)-float64(n))/2*b.height/float64(n)
		band.height = b.height / float64(n)
		band.cx, band.cy = b.cx-off*sin, b.cy+off*cos
		all = append(all, band)
	}
	return all
}

// quad gives the corners of a place with bars.
func (b bars) quad() mail.Quad {
	sin, cos := math.Sincos(b.angle)
	var q mail.Quad
	for i, c := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		u, v := c[0]*b.length/2, c[1]*b.height/2
		q[i] = mail.Point{X: b.cx + u*cos - v*sin, Y: b.cy + u*sin + v*cos}
	}
	return q
}
