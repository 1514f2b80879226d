package barcode

import (
	"cmp"
	"math"
	"slices"

	"postroom/mail"
)

// pdf417End is a start or a stop pattern as it was seen on the page.
type pdf417End struct {
	l     lattice // its modules, as high as the pattern was traced
	stop  bool
	score float64 // agreement of its modules, but for the inside of the thick bar
}

// The bounds of what may be a start or a stop pattern.
const (
	endLines   = 5    // of a pattern that are compared
	maybeEnd   = 0.6  // agreement of a section from which on a pattern is fitted
	likelyEnd  = 0.68 // agreement of what was fitted from which on it is one
	leastWidth = 0.9  // of a module, pixels
	mostEnds   = 24   // on a page: a picture made of noise must not hold up the mail
)

// knownEnd lists the modules of a pattern and of the space beside it; of the thick
// bar that it begins with the rims only, as all thick bars are alike inside.
func knownEnd(stop bool, lines int) (all []known) {
	modules, thick := startModules, 8
	if stop {
		modules, thick = stopModules, 7
	}
	for j := range lines {
		all = append(all, known{-1, j, false})
		for i, m := range modules {
			if i == 0 || i >= thick-2 {
				all = append(all, known{i, j, m == '1'})
			}
		}
		if stop {
			all = append(all, known{len(modules), j, false})
		}
	}
	return all
}

// pdf417Ends gives the start and stop patterns of the page, the likeliest first, that
// lie in no code that was read.
func (r *Reader) pdf417Ends(m *merger) (all []pdf417End) {
	for _, b := range r.beams() {
		if !m.holds(b.quad(), mostPart) {
			all = append(all, r.sheet.endsOf(b)...)
		}
	}
	slices.SortStableFunc(all, func(a, b pdf417End) int { return cmp.Compare(b.score, a.score) })
	return all[:min(len(all), mostEnds)]
}

// endsOf compares what lies beside a beam with both patterns, from either side.
func (s *sheet) endsOf(b beam) (all []pdf417End) {
	long := dist(b.a, b.b)
	vx, vy := (b.b.X-b.a.X)/long, (b.b.Y-b.a.Y)/long
	type match struct{ vx, vy, module, from, score float64 }
	var best [2][2]match // of either side, of start and stop
	mean := (b.slopes[0] + b.slopes[1]) / 2
	for try, slope := range [5]float64{mean, b.slopes[0], b.slopes[1], mean - 1/long, mean + 1/long} {
		if try == 1 && max(best[0][0].score, best[0][1].score, best[1][0].score, best[1][1].score) < maybeEnd {
			return nil
		}
		wx, wy := slope/math.Hypot(slope, 1), 1/math.Hypot(slope, 1)
		if math.Abs(vx) > math.Abs(vy) {
			wx, wy = wy, wx
		}
		c := s.across(b, wx, wy)
		for side := range best {
			for kind := range best[side] {
				if module, from, score := c.match(b.width, kind == 1); score > best[side][kind].score {
					best[side][kind] = match{wx, wy, module, from, score}
				}
			}
			slices.Reverse(c.tones)
			wx, wy = -wx, -wy
		}
	}
	for _, both := range best {
		kind := 0
		if both[1].score > both[0].score {
			kind = 1
		}
		m, n := both[kind], [2]int{len(startModules), len(stopModules)}[kind]
		if m.score < maybeEnd || m.module < leastWidth {
			continue
		}
		ux, uy := m.vy, -m.vx // to the right of the way down
		x, y := (b.a.X+b.b.X)/2+m.from*ux-m.vx*long/2, (b.a.Y+b.b.Y)/2+m.from*uy-m.vy*long/2
		l := lattice{x, y, ux * m.module, uy * m.module, m.vx * long / endLines, m.vy * long / endLines, 0, 0, n, endLines, nil}
		if fit, score := s.fitted(l, knownEnd(kind == 1, endLines)); score >= likelyEnd {
			all = append(all, pdf417End{fit.squared(b), kind == 1, score})
		}
	}
	return all
}

// squared makes an upright rectangle of a pattern's lattice, beside the beam: how its
// lines lean does not show in bars that run on.
func (l lattice) squared(b beam) lattice {
	r := float64(l.rows)
	long := math.Hypot(l.vx, l.vy)
	vx, vy := l.vx/long, l.vy/long
	in := l.ux*vx + l.uy*vy
	l.ux, l.uy = l.ux-in*vx, l.uy-in*vy
	up := (l.ox+l.vx*r/2-(b.a.X+b.b.X)/2)*vx + (l.oy+l.vy*r/2-(b.a.Y+b.b.Y)/2)*vy
	l.ox, l.oy = l.ox-up*vx, l.oy-up*vy
	return l
}

// section is the tones across a beam, means along it, at equal steps from a place
// left of its middle to one as far right of it.
type section struct {
	tones []float64
	step  float64 // pixels
}

// at gives the tone so many pixels right of the beam's middle.
func (c section) at(d float64) float64 {
	x := d/c.step + float64(len(c.tones)/2)
	i := int(math.Floor(x))
	if i < 0 || i+1 >= len(c.tones) {
		return c.tones[min(max(i, 0), len(c.tones)-1)]
	}
	return c.tones[i] + (x-float64(i))*(c.tones[i+1]-c.tones[i])
}

// across takes the section of a beam that runs along (vx, vy), as far as the
// longest pattern reaches.
func (s *sheet) across(b beam, vx, vy float64) section {
	const reach, steps = 70, 32 // steps to either side; to the width of the beam
	n := reach
	c := section{make([]float64, 2*n+1), b.width / steps}
	mx, my := (b.a.X+b.b.X)/2, (b.a.Y+b.b.Y)/2
	long := 0.86 * dist(b.a, b.b)
	lines := min(max(int(long/2), 8), 32)
	for i := range c.tones {
		d := float64(i-n) * c.step
		x, y := mx+d*vy, my-d*vx
		sum := 0.0
		for k := range lines {
			t := ((float64(k)+0.5)/float64(lines) - 0.5) * long
			sum += s.at(x+t*vx-0.5, y+t*vy-0.5)
		}
		c.tones[i] = sum / float64(lines)
	}
	return c
}

// match gives the size of a module and the place of the first one, in pixels from
// the beam's middle, with which a pattern agrees best.
func (c section) match(width float64, stop bool) (module, from, score float64) {
	ks, thick := knownEnd(stop, 1), 8.0
	if stop {
		thick = 7
	}
	for size := 0.76; size < 1.3; size += 0.04 {
		m := width / thick * size
		for shift := -1.0; shift <= 1; shift += 0.25 {
			f := (shift - thick/2) * m
			if t := c.agreement(ks, f, m); t > score {
				module, from, score = m, f, t
			}
		}
	}
	return module, from, score
}

// agreement is how well modules of a size show what they must, -1..1.
func (c section) agreement(ks []known, from, module float64) float64 {
	var t tally
	for _, k := range ks {
		t.add(c.at(from+(float64(k.i)+0.5)*module), k.dark)
	}
	return t.agreement()
}

// pair gives lattices between a start and a stop pattern, of the numbers of columns
// that their modules' size allows, the likeliest first.
func (s *sheet) pair(a, b pdf417End) (all []lattice) {
	lean, size := 0.1, 1.15
	if !s.scanned {
		lean, size = 0.45, 1.6
	}
	p, q := a.l.quad(), b.l.quad()
	ux, uy, vx, vy := a.l.ux, a.l.uy, p[3].X-p[0].X, p[3].Y-p[0].Y
	ma, mb := math.Hypot(ux, uy), math.Hypot(b.l.ux, b.l.uy)
	sin, cos := (ux*b.l.uy-uy*b.l.ux)/(ma*mb), (ux*b.l.ux+uy*b.l.uy)/(ma*mb)
	if math.Abs(sin) > lean || cos < 0 || ma > size*mb || mb > size*ma {
		return nil
	}
	// From the middle of one thick bar's front to the other's, in modules and heights.
	dx, dy := (q[0].X+q[3].X-p[0].X-p[3].X)/2, (q[0].Y+q[3].Y-p[0].Y-p[3].Y)/2
	det := ux*vy - uy*vx
	along, down := (dx*vy-dy*vx)/det*2*ma/(ma+mb), (ux*dy-uy*dx)/det
	columns := along/wordModules - 3
	if math.Abs(down) > 0.7 || columns < 0.5 || columns > mostColumns+1 {
		return nil
	}
	n := int(math.Round(columns))
	for _, k := range [5]int{n, n - 1, n + 1, n - 2, n + 2} {
		if k < 1 || k > mostColumns || math.Abs(float64(k)-columns) > 0.25+0.12*columns {
			continue
		}
		if l, ok := stretched(mail.Quad{p[0], q[1], q[2], p[3]}, wordModules*(k+4)+1, endLines); ok {
			all = append(all, l)
		}
	}
	return all
}
