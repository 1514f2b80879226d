package barcode

import (
	"math"

	"postroom/mail"
)

// told is what a row indicator says, at a height: its row, and a third of what the
// rows, the columns and the error correction level are.
type told struct {
	at, row     float64
	kind, value int
}

// The kinds of what row indicators say, in the order of the rows on the left side;
// on the right side it begins with that of the columns (ISO/IEC 15438, row indicators).
const (
	saysRows    = iota // (rows - 1) / 3
	saysLevel          // 3 * level + (rows - 1) % 3
	saysColumns        // columns - 1
)

// stature is the rows, the columns without the row indicators and the error
// correction level of a symbol.
type stature struct{ rows, columns, level int }

// indicator is the codeword of a row's indicator, on the left or the right side.
func (t stature) indicator(row, side int) int {
	said := [3]int{saysRows: (t.rows - 1) / 3, saysLevel: 3*t.level + (t.rows-1)%3, saysColumns: t.columns - 1}
	return row/3*30 + said[(row+2*side)%3]
}

// ladder is where the rows lie along one side: row = first + slope * height.
type ladder struct {
	first, slope float64
	steps        int // indicators that say so
}

// top gives the height at which row k begins.
func (l ladder) top(k float64) float64 { return (k - l.first) / l.slope }

// off tells by how many rows an indicator is off the ladder.
func (l ladder) off(p told) float64 { return math.Abs(p.row - l.first - l.slope*p.at) }

// The bounds of what a row may be.
const (
	highestRow  = 9.0 // modules
	lowestRow   = 0.9
	leastSteps  = 5    // indicators that say where the rows are
	nearEnough  = 0.55 // rows that an indicator may be off
	mostRungs   = 120  // indicators that are compared with one another, spread over all
	comparedRow = 16   // rows whose indicators are compared to settle a lattice
)

// lined cuts a lattice in lines as high as a module; not ok where they are too few
// or too many for a PDF417.
func (l lattice) lined() (lattice, bool) {
	lines := int(math.Round(float64(l.rows) * l.down() / l.across()))
	if lines < 5 || lines > 8*mostRows {
		return l, false
	}
	return l.divided(lines), true
}

// rowsOf gives the rows of a lattice of which start and stop are known, by what the
// row indicators say.
func (s *sheet) rowsOf(l lattice) (rows lattice, ok bool) {
	if l, ok = l.lined(); !ok {
		return l, false
	}
	last := (l.cols-1)/wordModules - 2
	sides := [2][]told{s.indicators(l, 1, 0), s.indicators(l, last, 1)}
	ladders := [2]ladder{climb(sides[0]), climb(sides[1])}
	for k := range sides {
		if sides[k] = ladders[k].near(sides[k]); len(sides[k]) >= max(leastSteps, l.rows/4) {
			ladders[k] = ladders[k].straightened(sides[k])
		} else {
			sides[k], ladders[k] = nil, ladder{}
		}
	}
	t, ok := elected(append(sides[0], sides[1]...))
	if !ok {
		return l, false
	}
	for k := range ladders {
		if ladders[k].steps == 0 {
			ladders[k] = ladders[1-k]
		}
	}
	if ladders[0].steps == 0 {
		return l, false
	}
	if rows, ok = l.laid(ladders[0], ladders[1], t.rows, s.scanned); !ok {
		return l, false
	}
	rows, _ = s.settled(rows, t.known(rows.cols, true))
	return rows, true
}

// rowsAfter gives the rows of a code whose start pattern alone is known: how many
// columns follow, the indicators beside it say.
func (s *sheet) rowsAfter(l lattice) (rows lattice, ok bool) {
	if l, ok = l.lined(); !ok {
		return l, false
	}
	said := s.indicators(l, 1, 0)
	side := climb(said)
	if said = side.near(said); len(said) < max(leastSteps, l.rows/4) {
		return l, false
	}
	t, ok := elected(said)
	if !ok {
		return l, false
	}
	side = side.straightened(said)
	l.cols = wordModules*(t.columns+4) + 1
	if rows, ok = l.laid(side, side, t.rows, s.scanned); !ok {
		return l, false
	}
	rows, _ = s.fitted(rows, t.known(rows.cols, false))
	// The far end follows where it shows.
	far, score := s.settled(rows, t.known(rows.cols, true))
	if score >= leastEnds {
		rows = far
	}
	return rows, true
}

// laid gives the lattice of rows between two ladders. On flat paper all rows lean
// alike, as the middle one does.
func (l lattice) laid(left, right ladder, rows int, flat bool) (lattice, bool) {
	// The sides' rows are known in the middle of the indicators, and lie on straight lines.
	c, r, x0 := float64(l.cols), float64(rows), 1.5*wordModules
	x1 := c - 1 - 1.5*wordModules
	edge := func(row, x float64) mail.Point {
		at := row
		if flat {
			at = r / 2
		}
		return l.at(x, left.top(row)+(right.top(at)-left.top(at))*(x-x0)/(x1-x0))
	}
	return stretched(mail.Quad{edge(0, 0), edge(0, c), edge(r, c), edge(r, 0)}, l.cols, rows)
}

// indicators reads the row indicator in a column of every line of a lattice, as
// patterns of any cluster.
func (s *sheet) indicators(l lattice, column, side int) (all []told) {
	for j := range l.rows {
		var best guess
		cluster := 0
		for k := range 3 {
			if w := s.word(l, column, j, k, 1); w.like > best.like {
				best, cluster = w, k
			}
		}
		if best.margin > leastMargin {
			all = append(all, told{float64(j) + 0.5, float64(best.value/30*3+cluster) + 0.5, (cluster + 2*side) % 3, best.value % 30})
		}
	}
	return all
}

// climb finds the ladder that most indicators name together (random sample
// consensus, Fischler and Bolles 1981, over all pairs), lines a module apart.
func climb(points []told) (best ladder) {
	if len(points) > mostRungs {
		some := make([]told, mostRungs)
		for i := range some {
			some[i] = points[i*len(points)/mostRungs]
		}
		points = some
	}
	for i, p := range points {
		for _, q := range points[i+1:] {
			k := (q.row - p.row) / (q.at - p.at)
			if q.at-p.at < 2 || k < 1/highestRow || k > 1/lowestRow {
				continue
			}
			l := ladder{p.row - k*p.at, k, 0}
			for _, o := range points {
				if l.off(o) < nearEnough {
					l.steps++
				}
			}
			if l.steps > best.steps {
				best = l
			}
		}
	}
	return best
}

// near gives the indicators that name about the rows that the ladder does.
func (l ladder) near(points []told) (all []told) {
	for _, p := range points {
		if l.steps > 0 && l.off(p) < nearEnough {
			all = append(all, p)
		}
	}
	return all
}

// straightened fits the ladder to indicators by least squares: the two that it was
// laid through are off by up to half a row.
func (l ladder) straightened(points []told) ladder {
	var n, x, y, xx, xy float64
	for _, p := range points {
		n, x, y, xx, xy = n+1, x+p.at, y+p.row, xx+p.at*p.at, xy+p.at*p.row
	}
	d := n*xx - x*x
	if d <= 0 {
		return l
	}
	slope := (n*xy - x*y) / d
	if slope <= 0 {
		return l
	}
	return ladder{(y - slope*x) / n, slope, l.steps}
}

// elected gives what most indicators say of the symbol; not ok where they say nothing
// or what no symbol is.
func elected(all []told) (t stature, ok bool) {
	var votes [3][30]int
	for _, p := range all {
		votes[p.kind][p.value]++
	}
	var said [3]int
	for kind := range votes {
		for v, n := range votes[kind] {
			if n > votes[kind][said[kind]] {
				said[kind] = v
			}
		}
		if votes[kind][said[kind]] == 0 {
			return t, false
		}
	}
	t = stature{3*said[saysRows] + said[saysLevel]%3 + 1, said[saysColumns] + 1, said[saysLevel] / 3}
	return t, t.rows >= 3 && t.rows <= mostRows && t.columns <= mostColumns && t.level <= 8
}

// known lists the modules of start and stop pattern and of the row indicators, of
// some rows; those of the left side only where the right one may not be there.
func (t stature) known(cols int, both bool) (all []known) {
	step := (t.rows + comparedRow - 1) / comparedRow
	for j := 0; j < t.rows; j += step {
		if t.rows-1-j < step {
			j = t.rows - 1
		}
		for _, k := range knownEnd(false, 1) {
			all = append(all, known{k.i, j, k.dark})
		}
		all = append(all, knownWord(wordModules, j, t.indicator(j, 0))...)
		if !both {
			continue
		}
		stop := cols - len(stopModules)
		all = append(all, knownWord(stop-wordModules, j, t.indicator(j, 1))...)
		for _, k := range knownEnd(true, 1) {
			if k.i >= 0 { // the last space is the indicator's
				all = append(all, known{stop + k.i, j, k.dark})
			}
		}
	}
	return all
}

// knownWord lists the modules of a codeword that begins with module i of a row.
func knownWord(i, row, word int) (all []known) {
	p := pdf417Patterns(row % 3)[word]
	for k := range wordModules {
		all = append(all, known{i + k, row, p>>(wordModules-1-k)&1 == 1})
	}
	return all
}
