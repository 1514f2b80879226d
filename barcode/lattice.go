package barcode

import (
	"slices"

	"github.com/makiuchi-d/gozxing"

	"postroom/mail"
)

// lattice is where the modules of a matrix code lie: the middle of module (i, j) is
// (o + (i+0.5)*u + (j+0.5)*v) / (1 + (i+0.5)*pu + (j+0.5)*pv), picture pixels. On
// a scan, which is flat, pu and pv are zero; a camera adds perspective, and paper that
// is not flat a bend.
type lattice struct {
	ox, oy         float64
	ux, uy, vx, vy float64
	pu, pv         float64
	cols, rows     int
	bend           *bend // nil = straight
}

// spanned lays cols x rows modules between an origin and the far ends of both sides.
func spanned(o, u, v mail.Point, cols, rows int) lattice {
	c, r := float64(cols), float64(rows)
	return lattice{o.X, o.Y, (u.X - o.X) / c, (u.Y - o.Y) / c, (v.X - o.X) / r, (v.Y - o.Y) / r, 0, 0, cols, rows, nil}
}

// stretched lays cols x rows modules between four corners, clockwise from the
// origin (Heckbert, Fundamentals of Texture Mapping, 1989, section 2.2.3); not ok
// where they are not those of a convex figure.
func stretched(q mail.Quad, cols, rows int) (l lattice, ok bool) {
	ax, ay, bx, by := q[1].X-q[2].X, q[1].Y-q[2].Y, q[3].X-q[2].X, q[3].Y-q[2].Y
	cx, cy := q[0].X-q[1].X+q[2].X-q[3].X, q[0].Y-q[1].Y+q[2].Y-q[3].Y
	det := ax*by - ay*bx
	if det == 0 {
		return l, false
	}
	g, h := (cx*by-cy*bx)/det, (ax*cy-ay*cx)/det
	if 1+g <= 0.1 || 1+h <= 0.1 || 1+g+h <= 0.1 {
		return l, false
	}
	c, r := float64(cols), float64(rows)
	return lattice{q[0].X, q[0].Y, (q[1].X*(1+g) - q[0].X) / c, (q[1].Y*(1+g) - q[0].Y) / c,
		(q[3].X*(1+h) - q[0].X) / r, (q[3].Y*(1+h) - q[0].Y) / r, g / c, h / r, cols, rows, nil}, true
}

// at gives the picture point at (i, j) modules from the origin.
func (l lattice) at(i, j float64) mail.Point {
	w := 1 / (1 + i*l.pu + j*l.pv)
	p := mail.Point{X: (l.ox + i*l.ux + j*l.vx) * w, Y: (l.oy + i*l.uy + j*l.vy) * w}
	if l.bend != nil {
		x, y := l.bend.at(i/float64(l.cols), j/float64(l.rows))
		p.X, p.Y = p.X+x, p.Y+y
	}
	return p
}

// widened lays n more modules to every side.
func (l lattice) widened(n float64) lattice {
	w := 1 / (1 - n*(l.pu+l.pv))
	return lattice{(l.ox - n*(l.ux+l.vx)) * w, (l.oy - n*(l.uy+l.vy)) * w,
		l.ux * w, l.uy * w, l.vx * w, l.vy * w, l.pu * w, l.pv * w, l.cols + int(2*n), l.rows + int(2*n), nil}
}

// quad gives the corners.
func (l lattice) quad() mail.Quad {
	c, r := float64(l.cols), float64(l.rows)
	return mail.Quad{l.at(0, 0), l.at(c, 0), l.at(c, r), l.at(0, r)}
}

// across and down are the sides of a module in the middle of the code, pixels.
func (l lattice) across() float64 {
	q := l.quad()
	return (dist(q[0], q[1]) + dist(q[3], q[2])) / 2 / float64(l.cols)
}

func (l lattice) down() float64 {
	q := l.quad()
	return (dist(q[0], q[3]) + dist(q[1], q[2])) / 2 / float64(l.rows)
}

// divided cuts the same figure in another number of rows.
func (l lattice) divided(rows int) lattice {
	k := float64(l.rows) / float64(rows)
	l.vx, l.vy, l.pv, l.rows = l.vx*k, l.vy*k, l.pv*k, rows
	return l
}

// module is the width of a module in the middle of the code, pixels.
func (l lattice) module() float64 { return (l.across() + l.down()) / 2 }

// tone is the mean brightness of the middle of module (i, j).
func (s *sheet) tone(l lattice, i, j int) float64 {
	x, y := float64(i)+0.5, float64(j)+0.5
	p, u, v := l.at(x, y), l.at(x+0.22, y), l.at(x, y+0.22)
	ux, uy, vx, vy := u.X-p.X, u.Y-p.Y, v.X-p.X, v.Y-p.Y
	sum := 0.0
	for k := range 9 {
		a, b := float64(k%3-1), float64(k/3-1)
		sum += s.at(p.X+a*ux+b*vx-0.5, p.Y+a*uy+b*vy-0.5)
	}
	return sum / 9
}

// tones gives the brightness of all modules, row by row.
func (s *sheet) tones(l lattice) []float64 {
	out := make([]float64, 0, l.cols*l.rows)
	for j := range l.rows {
		for i := range l.cols {
			out = append(out, s.tone(l, i, j))
		}
	}
	return out
}

// split is the brightness that parts dark and bright modules best (Otsu): swollen
// or faded print moves it with the modules' middles.
func split(tones []float64) float64 {
	v := slices.Clone(tones)
	slices.Sort(v)
	total := 0.0
	for _, t := range v {
		total += t
	}
	best, at, dark := -1.0, 128.0, 0.0
	for i := range len(v) - 1 {
		dark += v[i]
		n, k := float64(i+1), float64(len(v)-i-1)
		d := dark/n - (total-dark)/k
		if d*d*n*k > best {
			best, at = d*d*n*k, (v[i]+v[i+1])/2
		}
	}
	return at
}

// sharpened takes back what a blur carried over from the four neighbours.
func (l lattice) sharpened(tones []float64, by float64) []float64 {
	if by == 0 {
		return tones
	}
	out := make([]float64, len(tones))
	for j := range l.rows {
		for i := range l.cols {
			sum, n := 0.0, 0.0
			for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				x, y := i+d[0], j+d[1]
				if x >= 0 && y >= 0 && x < l.cols && y < l.rows {
					sum, n = sum+tones[y*l.cols+x], n+1
				}
			}
			t := tones[j*l.cols+i]
			out[j*l.cols+i] = t + by*(t-sum/n)
		}
	}
	return out
}

// decoder reads the modules whose tones lie under the threshold as dark.
type decoder func(l lattice, tones []float64, threshold float64) (text string, ok bool)

// Where the known modules agree less than this, there is no code of this size.
const leastAgreement = 0.45

// readLattice reads a code that lies about where the lattice does: fits it, and
// cuts the tones by the gentlest means that a decoder reads. score is the fitted
// lattice's agreement.
func (s *sheet) readLattice(l lattice, ks []known, decode decoder) (text string, fit lattice, score float64, ok bool) {
	l, score = s.fitted(l, ks)
	if !s.scanned {
		l, score = s.tilted(l, ks, score)
	}
	if score < leastAgreement {
		return "", l, score, false
	}
	text, ok = s.decodeLattice(l, ks, decode)
	return text, l, score, ok
}

// decodeLattice cuts the tones of a lattice that fits by the gentlest means that a
// decoder reads.
func (s *sheet) decodeLattice(l lattice, ks []known, decode decoder) (text string, ok bool) {
	plain := s.tones(l)
	for sharp := range 3 {
		tones := l.sharpened(plain, 0.5*float64(sharp))
		middle := split(tones)
		for _, shift := range [3]float64{0, -25, 25} {
			if text, ok = decode(l, tones, middle+shift); ok {
				return text, true
			}
		}
	}
	ok = s.fieldOf(l).equalized(ks, func(tones []float64) (read bool) {
		for _, threshold := range [3]float64{0.5, 0.42, 0.58} {
			if text, read = decode(l, tones, threshold); read {
				return true
			}
		}
		return false
	})
	return text, ok
}

// modules cuts the tones into gozxing's bits.
func (l lattice) modules(tones []float64, threshold float64) *gozxing.BitMatrix {
	m, err := gozxing.NewBitMatrix(l.cols, l.rows)
	if err != nil {
		return nil
	}
	for j := range l.rows {
		for i := range l.cols {
			if tones[j*l.cols+i] < threshold {
				m.Set(i, j)
			}
		}
	}
	return m
}
