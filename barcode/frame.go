package barcode

import (
	"cmp"
	"math"
	"slices"

	"postroom/mail"
)

// frame is a tight rectangle around the ink of a crop, or the four-sided figure that
// a camera makes of one, crop pixels: corners clockwise from the top left, and how
// dark the rim is along each side (0..1).
type frame struct {
	corner [4]mail.Point
	rim    [4]float64
	tilted bool // no rectangle
}

// mirrored gives the frame with its corners the other way round.
func (f frame) mirrored() frame {
	c, r := f.corner, f.rim
	return frame{mail.Quad{c[0], c[3], c[2], c[1]}, [4]float64{r[3], r[2], r[1], r[0]}, f.tilted}
}

// corner gives a frame's corner on the page; they are counted round and round.
func (c *crop) corner(f frame, i int) mail.Point {
	p := f.corner[i%4]
	x, y := c.place(p.X, p.Y)
	return mail.Point{X: x, Y: y}
}

// lattice lays modules in a frame, its origin in the corner of that number.
func (c *crop) lattice(f frame, origin, cols, rows int) (lattice, bool) {
	q := mail.Quad{c.corner(f, origin), c.corner(f, origin+1), c.corner(f, origin+2), c.corner(f, origin+3)}
	if !f.tilted {
		return spanned(q[0], q[1], q[3], cols, rows), true
	}
	return stretched(q, cols, rows)
}

// sides gives the lengths of a frame's sides beside a corner, picture pixels: the
// mean of opposite ones.
func (c *crop) sides(f frame, origin int) (along, down float64) {
	p := [4]mail.Point{c.corner(f, origin), c.corner(f, origin+1), c.corner(f, origin+2), c.corner(f, origin+3)}
	return (dist(p[0], p[1]) + dist(p[3], p[2])) / 2, (dist(p[1], p[2]) + dist(p[0], p[3])) / 2
}

// square tells whether a frame may be that of a square code.
func (c *crop) square(f frame) bool {
	slack := 1.15
	if f.tilted {
		slack = 1.4
	}
	along, down := c.sides(f, 0)
	return along <= slack*down && down <= slack*along
}

// frames fits rectangles to the ink: the tight one first; where other print
// touches the code, the turn in which its rows and columns line up, and a longer
// way in from the sides. On a camera's picture the four-sided figure comes first.
func (c *crop) frames() []frame {
	if c.framed != nil {
		return c.framed
	}
	if c.even != nil {
		lit := *c
		lit.pix, lit.even, lit.limit = c.even, nil, 0
		c.framed = lit.frames()
		return c.framed
	}
	ink, rim := c.inkAndRim(c.otsu())
	if len(rim) < 40 {
		return nil
	}
	tight := leastArea(rim, leastArea(rim, 0, math.Pi/4, math.Pi/90), math.Pi/90, math.Pi/900)
	c.framed = []frame{}
	if c.camera {
		if f, ok := c.tiltedFrame(rim); ok {
			c.framed = append(c.framed, f)
		}
	}
	for _, try := range [2]struct{ angle, depth float64 }{{tight, 0.12}, {alignedTurn(ink), 0.3}} {
		if f, ok := c.frame(rim, try.angle, try.depth); ok {
			c.framed = append(c.framed, f)
		}
	}
	return c.framed
}

// inkAndRim lists the crop's ink and the outermost corners of each row's ink.
func (c *crop) inkAndRim(threshold int) (ink, rim []mail.Point) {
	for y := range c.h {
		first, last := -1, -1
		for x, v := range c.pix[y*c.w : (y+1)*c.w] {
			if int(v) < threshold {
				if first < 0 {
					first = x
				}
				last = x
				if (x+y)%3 == 0 {
					ink = append(ink, mail.Point{X: float64(x), Y: float64(y)})
				}
			}
		}
		if first >= 0 {
			x0, x1, y0 := float64(first), float64(last)+1, float64(y)
			rim = append(rim, mail.Point{X: x0, Y: y0}, mail.Point{X: x1, Y: y0}, mail.Point{X: x0, Y: y0 + 1}, mail.Point{X: x1, Y: y0 + 1})
		}
	}
	return ink, rim
}

// alignedTurn is the turn, within 10 degrees, at which the ink's projections on
// both axes have the sharpest steps.
func alignedTurn(ink []mail.Point) float64 {
	best, at := -1.0, 0.0
	h := make([]float64, 4096)
	for step := -20; step <= 20; step++ {
		a := float64(step) * math.Pi / 360
		sin, cos := math.Sincos(a)
		score := 0.0
		for _, down := range [2]bool{false, true} {
			clear(h)
			for _, p := range ink {
				d := p.X*cos + p.Y*sin
				if down {
					d = p.Y*cos - p.X*sin
				}
				h[min(max(int(d)+1000, 0), len(h)-1)]++
			}
			for i := 2; i < len(h); i++ {
				score += (h[i] - h[i-2]) * (h[i] - h[i-2])
			}
		}
		if score > best {
			best, at = score, a
		}
	}
	return at
}

// frame fits a rectangle turned by angle around the ink, then moves each side in,
// at most by depth of the way, to where the rim begins.
func (c *crop) frame(rim []mail.Point, angle, depth float64) (frame, bool) {
	u0, u1, v0, v1 := extent(rim, angle)
	b := turnedBox{u0, u1, v0, v1, angle}
	var f frame
	threshold := c.otsu()
	for range 2 { // the second time along sides that no longer reach into other print
		for side := range 4 {
			f.rim[side] = c.settle(&b, side, threshold, depth)
		}
	}
	if b.u1-b.u0 < 8 || b.v1-b.v0 < 8 {
		return frame{}, false
	}
	f.corner = [4]mail.Point{b.at(b.u0, b.v0), b.at(b.u1, b.v0), b.at(b.u1, b.v1), b.at(b.u0, b.v1)}
	return f, true
}

// turnedBox is a rectangle turned by angle.
type turnedBox struct{ u0, u1, v0, v1, angle float64 }

func (b turnedBox) at(u, v float64) mail.Point {
	sin, cos := math.Sincos(b.angle)
	return mail.Point{X: u*cos - v*sin, Y: u*sin + v*cos}
}

// leastArea gives the turn, radians within reach of around, in which the points' box
// is smallest.
func leastArea(ps []mail.Point, around, reach, step float64) float64 {
	best, at := math.Inf(1), around
	for a := around - reach; a <= around+reach+step/2; a += step {
		u0, u1, v0, v1 := extent(ps, a)
		if area := (u1 - u0) * (v1 - v0); area < best-1e-9 {
			best, at = area, a
		}
	}
	return at
}

// extent gives the box of points along axes turned by angle, radians.
func extent(ps []mail.Point, angle float64) (u0, u1, v0, v1 float64) {
	sin, cos := math.Sincos(angle)
	u0, u1, v0, v1 = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range ps {
		u, v := p.X*cos+p.Y*sin, p.Y*cos-p.X*sin
		u0, u1, v0, v1 = math.Min(u0, u), math.Max(u1, u), math.Min(v0, v), math.Max(v1, v)
	}
	return
}

// settle moves one side (top, right, bottom, left) inwards to where a line along
// it is half as dark as the rim gets, and tells how dark that is.
func (c *crop) settle(b *turnedBox, side, threshold int, depth float64) float64 {
	long, deep := b.u1-b.u0, b.v1-b.v0
	if side%2 == 1 {
		long, deep = deep, long
	}
	const step = 0.5
	n := max(4, int(math.Min(deep, long)*depth/step))
	dark := make([]float64, n)
	most := 0.0
	for k := range dark {
		hits, total := 0, 0
		for t := 0.02 * long; t < 0.98*long; t++ {
			var p mail.Point
			d := float64(k)*step + step/2
			switch side {
			case 0:
				p = b.at(b.u0+t, b.v0+d)
			case 1:
				p = b.at(b.u1-d, b.v0+t)
			case 2:
				p = b.at(b.u0+t, b.v1-d)
			default:
				p = b.at(b.u0+d, b.v0+t)
			}
			x, y := int(p.X), int(p.Y)
			total++
			if x >= 0 && y >= 0 && x < c.w && y < c.h && int(c.pix[y*c.w+x]) < threshold {
				hits++
			}
		}
		dark[k] = float64(hits) / float64(max(total, 1))
		most = math.Max(most, dark[k])
	}
	k := 0
	for k < n-1 && dark[k] < most/2 {
		k++
	}
	in := float64(k) * step
	switch side {
	case 0:
		b.v0 += in
	case 1:
		b.u1 -= in
	case 2:
		b.v1 -= in
	default:
		b.u0 += in
	}
	return most
}

// tiltedFrame fits the largest four-sided figure whose corners are rim points.
func (c *crop) tiltedFrame(rim []mail.Point) (f frame, ok bool) {
	h := hull(rim)
	if len(h) < 4 {
		return f, false
	}
	best := 0.0
	for i := range h {
		for k := i + 2; k < len(h); k++ {
			// Of a diagonal, the farthest points on either side.
			a, b, da, db := i, k, 0.0, 0.0
			for j := i + 1; j < k; j++ {
				if d := area(h[i], h[j], h[k]); d > da {
					a, da = j, d
				}
			}
			for j := k + 1; j < i+len(h); j++ {
				if d := area(h[k], h[j%len(h)], h[i]); d > db {
					b, db = j%len(h), d
				}
			}
			if da > 0 && db > 0 && da+db > best {
				best, f.corner = da+db, mail.Quad{h[i], h[a], h[k], h[b]}
			}
		}
	}
	f.tilted = true
	threshold := c.otsu()
	for side := range 4 {
		f.rim[side] = c.rimOf(f, side, threshold)
	}
	return f, best > 64
}

// rimOf tells how dark the darkest line near a side is, 0..1.
func (c *crop) rimOf(f frame, side, threshold int) (most float64) {
	a, b, across, back := f.corner[side], f.corner[(side+1)%4], f.corner[(side+2)%4], f.corner[(side+3)%4]
	deep := (dist(b, across) + dist(a, back)) / 2
	n := int(dist(a, b))
	for d := 0.5; d < 0.12*deep; d++ {
		hits := 0
		for i := range n {
			t, u := 0.02+0.96*(float64(i)+0.5)/float64(n), d/deep
			x := (1-u)*(a.X+t*(b.X-a.X)) + u*(back.X+t*(across.X-back.X))
			y := (1-u)*(a.Y+t*(b.Y-a.Y)) + u*(back.Y+t*(across.Y-back.Y))
			if x >= 0 && y >= 0 && int(x) < c.w && int(y) < c.h && int(c.pix[int(y)*c.w+int(x)]) < threshold {
				hits++
			}
		}
		most = math.Max(most, float64(hits)/float64(n))
	}
	return most
}

// area is twice the area of a triangle, positive where its corners go clockwise.
func area(a, b, c mail.Point) float64 { return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X) }

// hull is the convex hull, clockwise (Andrew's monotone chain, 1979).
func hull(ps []mail.Point) []mail.Point {
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b mail.Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
	var out []mail.Point
	for range 2 {
		from := len(out)
		for _, p := range ps {
			for len(out) >= from+2 && area(out[len(out)-2], out[len(out)-1], p) <= 0 {
				out = out[:len(out)-1]
			}
			out = append(out, p)
		}
		out = out[:len(out)-1] // the next chain begins with it
		slices.Reverse(ps)
	}
	return out
}
