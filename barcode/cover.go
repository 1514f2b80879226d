package barcode

import (
	"math"

	"postroom/mail"
)

// box is the upright rectangle around a polygon.
func box(q mail.Quad) (x0, y0, x1, y1 float64) {
	x0, y0, x1, y1 = q[0].X, q[0].Y, q[0].X, q[0].Y
	for _, p := range q[1:] {
		x0, y0 = math.Min(x0, p.X), math.Min(y0, p.Y)
		x1, y1 = math.Max(x1, p.X), math.Max(y1, p.Y)
	}
	return
}

// within tells whether such a part of a place lies in another: of two codes that
// stand side by side in one place the one that was read does not speak for both. A
// matrix code's place is an upright box, which one that stands askew fills by half:
// it speaks for the box when that is no larger than it needs.
func within(place, other mail.Quad, part float64) bool {
	both := common(place, other)
	if both > part*surface(place[:]) {
		return true
	}
	x0, y0, x1, y1 := box(other)
	around := mail.Quad{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
	return both > ownShare*surface(other[:]) && common(place, around) > part*surface(place[:])
}

// ownShare is the least share of a code that lies in a box that was found for it or
// for the denser parts of it.
const ownShare = 0.5

// overlap tells whether two polygons share more than a third of the smaller.
func overlap(a, b mail.Quad) bool {
	return common(a, b) > math.Min(surface(a[:]), surface(b[:]))/3
}

// surface is the area of a polygon, pixels, whichever way round its corners go (Gauss's
// shoelace formula).
func surface(p []mail.Point) float64 { return math.Abs(signed(p)) }

// signed is that area, negative where the corners go counterclockwise.
func signed(p []mail.Point) (sum float64) {
	for i, a := range p {
		b := p[(i+1)%len(p)]
		sum += (a.X*b.Y - b.X*a.Y) / 2
	}
	return sum
}

// common gives the area that two convex polygons share: a is cut along each side of
// b (Sutherland and Hodgman, 1974).
func common(a, b mail.Quad) float64 {
	var room [2][8]mail.Point // a cut adds a corner at most
	in, out := append(room[0][:0], a[:]...), room[1][:0]
	way := 1.0
	if signed(b[:]) < 0 {
		way = -1
	}
	for i, p := range b {
		q := b[(i+1)%4]
		beside := func(c mail.Point) float64 { return way * ((q.X-p.X)*(c.Y-p.Y) - (q.Y-p.Y)*(c.X-p.X)) }
		out = out[:0]
		for k, c := range in {
			d := in[(k+1)%len(in)]
			u, v := beside(c), beside(d)
			if u >= 0 {
				out = append(out, c)
			}
			if u > 0 && v < 0 || u < 0 && v > 0 {
				out = append(out, mail.Point{X: c.X + (d.X-c.X)*u/(u-v), Y: c.Y + (d.Y-c.Y)*u/(u-v)})
			}
		}
		in, out = out, in
	}
	return surface(in)
}
