package barcode

import "math"

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
	var members, stack []int
	for lane := upright; lane <= falling; lane <<= 1 {
		for i := range mark {
			if mark[i]&lane == 0 {
				continue
			}
			mark[i] &^= lane
			members, stack = members[:0], append(stack[:0], i)
			for len(stack) > 0 {
				c := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				members = append(members, c)
				x, y := c%cw, c/cw
				for _, n := range [4][2]int{{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}} {
					if n[0] < 0 || n[1] < 0 || n[0] >= cw || n[1] >= ch || mark[n[1]*cw+n[0]]&lane == 0 {
						continue
					}
					mark[n[1]*cw+n[0]] &^= lane
					stack = append(stack, n[1]*cw+n[0])
				}
			}
			if b, ok := r.barsOf(members, cw, side); ok {
				found = append(found, b)
			}
		}
	}
	return found
}

// barsOf fits a rectangle to connected cells; false when it can't be a code.
func (r *Reader) barsOf(members []int, cw, side int) (bars, bool) {
	s := &r.sheet
	inch := s.workDPI() / float64(side) // cells an inch
	if float64(len(members)) < leastLength*leastHeight*inch*inch*leastFill {
		return bars{}, false
	}
	var t tensor
	for _, c := range members {
		t.add(r.cells[c])
	}
	if lanesOf(t.direction()).askew() {
		t = tensor{}
		for _, c := range members {
			t.add(s.fairTensor(c%cw*side, c/cw*side, side))
		}
	}
	angle := t.direction()
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
