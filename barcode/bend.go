package barcode

import "postroom/mail"

// bend is by how much the rows and the columns of a code bow out of a straight
// lattice, picture pixels: paper on a bottle, a roller that slips. Rows and columns
// have a bow each, largest in their middle, and a sway, which changes its direction
// there. A shift along a row makes modules unevenly wide; it is the same for all
// rows, as only the rims that alternate tell of it.
type bend struct{ rowBow, rowSway, columnBow, columnSway mail.Point }

// swayScale makes the largest displacement by a sway as large as by a bow: the
// maximum of 4t(1-t)(1-2t) is 2/sqrt(27).
const swayScale = 2.598

// at gives the displacement at shares u of the way across and v of the way down, 0..1.
func (b *bend) at(u, v float64) (x, y float64) {
	bu, bv := 4*u*(1-u), 4*v*(1-v)
	su, sv := swayScale*bu*(1-2*u), swayScale*bv*(1-2*v)
	return bu*b.rowBow.X + su*b.rowSway.X + bv*b.columnBow.X + sv*b.columnSway.X,
		bu*b.rowBow.Y + su*b.rowSway.Y + bv*b.columnBow.Y + sv*b.columnSway.Y
}

// A wrong lattice would be bent until it agrees with much: a straight one must agree
// by leastStraight to be bent, and by leastBent to be read then.
const (
	leastStraight = 0.75
	leastBent     = 0.9
)

// readBent reads a code whose straight lattice is fitted, has an agreement and was
// not read. Known modules must lie on all sides: a bend is guessed between them only.
func (s *sheet) readBent(l lattice, ks []known, agreed float64, decode decoder) (text string, fit lattice, ok bool) {
	if s.scanned || agreed < leastStraight {
		return "", l, false
	}
	if l, agreed = s.bent(l, ks, agreed); agreed < leastBent {
		return "", l, false
	}
	text, ok = s.decodeLattice(l, ks, decode)
	return text, l, ok
}

// mostBow is how many modules a row may bow along itself; more than a search by
// small steps finds.
const mostBow = 3

// bent moves a lattice whose agreement is known on by its corners and its bend,
// from the bows along rows and columns that agree best.
func (s *sheet) bent(l lattice, ks []known, agreed float64) (lattice, float64) {
	q := l.quad()
	points := append(q[:], make([]mail.Point, 4)...)
	straight := l
	for i := -mostBow; i <= mostBow; i++ {
		for j := -mostBow; j <= mostBow; j++ {
			t, row, column := straight, float64(i), float64(j)
			t.bend = &bend{
				rowBow:    mail.Point{X: (q[1].X - q[0].X) * row / float64(l.cols), Y: (q[1].Y - q[0].Y) * row / float64(l.cols)},
				columnBow: mail.Point{X: (q[3].X - q[0].X) * column / float64(l.rows), Y: (q[3].Y - q[0].Y) * column / float64(l.rows)},
			}
			if score := s.agreement(t, ks); score > agreed {
				agreed, l, points[4], points[6] = score, t, t.bend.rowBow, t.bend.columnBow
			}
		}
	}
	return s.search(l, agreed, ks, 0.8, points, []int{4, 5, 6, 7, 0, 1, 2, 3}, func(p []mail.Point) (lattice, bool) {
		t, ok := stretched(mail.Quad(p[:4]), l.cols, l.rows)
		t.bend = &bend{p[4], p[5], p[6], p[7]}
		return t, ok
	})
}
