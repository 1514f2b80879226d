package barcode

import (
	"image"
	"math"

	"postroom/mail"
)

// merger collects what the searches find and settles what several of them found.
type merger struct {
	symbols []mail.Symbol
	doubts  []mail.Doubt
	settled []mail.Quad // places where readings contradicted one another
}

func (m *merger) symbol(s mail.Symbol) { m.symbols = append(m.symbols, s) }
func (m *merger) doubt(d mail.Doubt)   { m.doubts = append(m.doubts, d) }

// uniteBands makes one symbol of those from the given one on that are bands of one code.
func (m *merger) uniteBands(from int) {
	for i := from; i < len(m.symbols); i++ {
		for j := len(m.symbols) - 1; j > i; j-- {
			a, b := m.symbols[i], m.symbols[j]
			if a.Symbology != b.Symbology || a.Text != b.Text {
				continue
			}
			m.symbols[i].Polygon, m.symbols[i].Confidence = united(a.Polygon, b.Polygon), math.Max(a.Confidence, b.Confidence)
			m.symbols = append(m.symbols[:j], m.symbols[j+1:]...)
		}
	}
}

// united gives the polygon from the upper of two bands' upper edges to the lower of
// their lower edges.
func united(a, b mail.Quad) mail.Quad {
	up := mail.Point{X: a[0].X - a[3].X, Y: a[0].Y - a[3].Y}
	above := func(p, q mail.Point) bool { return (p.X-q.X)*up.X+(p.Y-q.Y)*up.Y > 0 }
	if above(b[0], a[0]) {
		a[0], a[1] = b[0], b[1]
	}
	if above(a[3], b[3]) {
		a[2], a[3] = b[2], b[3]
	}
	return a
}

// conflict closes a place to further looks.
func (m *merger) conflict(q mail.Quad) { m.settled = append(m.settled, q) }

// mostPart is the share of a place that a symbol must cover to speak for it; of
// the place of a matrix code, which has a rim of paper that is wide beside a small
// code, it is ownPart.
const (
	mostPart = 2.0 / 3
	ownPart  = 0.45
)

// holds tells whether a place was read already, or closed: the given part of it.
func (m *merger) holds(q mail.Quad, part float64) bool {
	for _, s := range m.symbols {
		if within(q, s.Polygon, part) {
			return true
		}
	}
	for _, s := range m.settled {
		if within(q, s, part) {
			return true
		}
	}
	return false
}

// finding settles overlaps: the same text twice is one symbol, two texts on one
// place are a doubt, a doubt on a place that was read is none. by moves polygons
// to the picture's own origin; margin is how far a symbol may reach beyond where it
// was read, pixels.
func (m *merger) finding(by image.Point, margin float64) Finding {
	var f Finding
	gone := make([]bool, len(m.symbols))
	for i, a := range m.symbols {
		for j := range i {
			b := m.symbols[j]
			if gone[j] || gone[i] || !overlap(a.Polygon, b.Polygon) {
				continue
			}
			if a.Text == b.Text && a.Symbology == b.Symbology {
				if a.Confidence > b.Confidence {
					gone[j] = true
				} else {
					gone[i] = true
				}
				continue
			}
			gone[i], gone[j] = true, true
			looks := mail.LooksLinear
			if a.Symbology >= mail.QR || b.Symbology >= mail.QR {
				looks = mail.LooksMatrix
			}
			m.doubts = append(m.doubts, mail.Doubt{Looks: looks, Polygon: a.Polygon})
		}
	}
	for i, a := range m.symbols {
		if !gone[i] {
			f.Symbols = append(f.Symbols, a)
		}
	}
	for _, d := range m.doubts {
		if !f.covers(d, margin) {
			f.Doubts = append(f.Doubts, d)
		}
	}
	for i := range f.Symbols {
		f.Symbols[i].Polygon = moved(f.Symbols[i].Polygon, by)
	}
	for i := range f.Doubts {
		f.Doubts[i].Polygon = moved(f.Doubts[i].Polygon, by)
	}
	return f
}

// covers tells whether the doubt's place was read or is already doubted.
func (f Finding) covers(d mail.Doubt, margin float64) bool {
	for _, s := range f.Symbols {
		if within(d.Polygon, s.Polygon, mostPart) || strip(d.Polygon, s.Polygon, margin) {
			return true
		}
	}
	for _, o := range f.Doubts {
		if overlap(o.Polygon, d.Polygon) {
			return true
		}
	}
	return false
}

// strip tells whether a place is a strip of a symbol and of what lies around it:
// along the symbol for the most part, and hardly beyond its height.
func strip(q, symbol mail.Quad, margin float64) bool {
	long, high := dist(symbol[0], symbol[1]), dist(symbol[0], symbol[3])
	if long == 0 || high == 0 {
		return false
	}
	u0, u1, v0, v1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range q {
		x, y := p.X-symbol[0].X, p.Y-symbol[0].Y
		u := (x*(symbol[1].X-symbol[0].X) + y*(symbol[1].Y-symbol[0].Y)) / long
		v := (x*(symbol[3].X-symbol[0].X) + y*(symbol[3].Y-symbol[0].Y)) / high
		u0, u1, v0, v1 = math.Min(u0, u), math.Max(u1, u), math.Min(v0, v), math.Max(v1, v)
	}
	return v0 >= -margin && v1 <= high+margin && math.Min(u1, long)-math.Max(u0, 0) >= 0.45*(u1-u0)
}

func moved(q mail.Quad, by image.Point) mail.Quad {
	for i := range q {
		q[i].X += float64(by.X)
		q[i].Y += float64(by.Y)
	}
	return q
}
