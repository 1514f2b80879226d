package barcode

import (
	"math"
	"slices"

	"postroom/mail"
)

// A PDF417 (ISO/IEC 15438) is rows of codewords, 17 modules each, between a start
// and a stop pattern that go through all rows, with a row indicator at either end.
// Rows take their patterns from three clusters in turn, so that no row reads like
// its neighbour.
const (
	wordModules  = 17
	mostColumns  = 30
	mostRows     = 90
	startModules = "11111111010101000"
	stopModules  = "111111101000101001"
	leastEnds    = 0.62 // agreement of start and stop pattern below which nothing is read
	sureEnds     = 0.7  // and beyond which it is a PDF417, read or not
	sureLevel    = 2    // below this error correction level nothing may be corrected: too much else would fit
	leastMargin  = 0.04 // likeness by which a codeword must lead
)

// knownPDF417 lists the start and stop patterns of a lattice.
func knownPDF417(cols, rows int) (all []known) {
	for j := range rows {
		all = append(all, known{-1, j, false}, known{-2, j, false}, known{cols, j, false}, known{cols + 1, j, false})
		for i, m := range startModules {
			all = append(all, known{i, j, m == '1'})
		}
		for i, m := range stopModules {
			all = append(all, known{cols - len(stopModules) + i, j, m == '1'})
		}
	}
	return all
}

// readPDF417 reads a crop by the frame of its ink: the number of columns is the one
// whose start and stop patterns show, the number of rows the one whose codewords
// resemble patterns of their rows' clusters. looks tells that it is a PDF417.
func (r *Reader) readPDF417(c *crop) (sym mail.Symbol, read, looks bool) {
	s := &r.sheet
	for _, f := range c.frames() {
		l, score := s.columnsOf(c, f)
		if score < leastEnds {
			continue
		}
		looks = looks || score > sureEnds
		if r.tried(l) {
			continue
		}
		if text, fit, share, ok := s.readRows(l); ok {
			return mail.Symbol{Symbology: mail.PDF417, Text: text, Polygon: fit.quad(), Module: fit.across(), Confidence: share}, true, true
		}
	}
	return sym, false, looks
}

// tried tells whether a lattice was tried before, and remembers it.
func (r *Reader) tried(l lattice) bool {
	near := 0.4 * l.across()
	for _, o := range r.stacked {
		a, b := l.quad(), o.quad()
		if o.cols == l.cols && dist(a[0], b[0]) < near && dist(a[1], b[1]) < near && dist(a[3], b[3]) < near {
			return true
		}
	}
	r.stacked = append(r.stacked, l)
	return false
}

// columnsOf gives the lattice, of few lines, in which start and stop show best.
func (s *sheet) columnsOf(c *crop, f frame) (best lattice, score float64) {
	const lines = 5
	type fit struct {
		l     lattice
		score float64
	}
	var all []fit
	for turn := range 4 {
		if f.rim[(turn+3)%4] < 0.7 { // the start pattern's first bar
			continue
		}
		for columns := 1; columns <= mostColumns; columns++ {
			l, ok := c.lattice(f, turn, wordModules*(columns+4)+1, lines)
			if !ok || l.across() < 1.2 {
				break
			}
			if k := s.agreement(l, knownPDF417(l.cols, l.rows)); k > leastEnds/2 {
				all = append(all, fit{l, k})
			}
		}
	}
	slices.SortFunc(all, func(a, b fit) int { return int(math.Copysign(1, b.score-a.score)) })
	for _, f := range all[:min(3, len(all))] {
		ks := knownPDF417(f.l.cols, lines)
		l, k := s.fitted(f.l, ks)
		if !s.scanned {
			l, k = s.tilted(l, ks, k)
		}
		if k > score {
			best, score = l, k
		}
	}
	return best, score
}

// readRows finds the rows by their indicators, and reads them.
func (s *sheet) readRows(l lattice) (text string, fit lattice, share float64, ok bool) {
	for _, t := range s.rowsOf(l) {
		for blur := range patternBlurs {
			if text, share, ok := s.words(t, blur).text(); ok {
				return text, t, share, true
			}
		}
	}
	return "", l, 0, false
}

// told is what row an indicator names, at a height.
type told struct{ at, row float64 }

// ladder is where the rows lie along one side: row = first + slope * height.
type ladder struct {
	first, slope float64
	steps        int // indicators that say so
}

// top gives the height at which row k begins.
func (l ladder) top(k float64) float64 { return (k - l.first) / l.slope }

// rowsOf gives lattices whose rows lie where the row indicators say; the sides
// differ where the frame of the ink leans.
func (s *sheet) rowsOf(l lattice) (all []lattice) {
	lines := int(math.Round(float64(l.rows) * l.down() / l.across()))
	if lines < 6 || lines > 8*mostRows {
		return nil
	}
	last := (l.cols-1)/wordModules - 2
	l = l.divided(lines)
	told, toldRight := s.indicators(l, 1), s.indicators(l, last)
	left, right := climb(told), climb(toldRight)
	switch least := max(5, lines/3); {
	case left.steps < least && right.steps < least:
		return nil
	case left.steps < least:
		left, told = right, toldRight
	case right.steps < least:
		right, toldRight = left, told
	}
	all = l.laid(left, right, lines, s.scanned)
	if !s.scanned {
		all = append(all, l.laid(left.straightened(told), right.straightened(toldRight), lines, false)...)
	}
	return all
}

// laid gives lattices between two ladders, of about as many rows as go into the
// lines. On flat paper all rows lean alike, as the middle one does.
func (l lattice) laid(left, right ladder, lines int, flat bool) (all []lattice) {
	// The sides' rows are known in the middle of the indicators, and lie on straight lines.
	c, x0 := float64(l.cols), 1.5*wordModules
	x1 := c - 1 - 1.5*wordModules
	guess := int(math.Round((left.slope+right.slope)/2*float64(lines) + (left.first+right.first)/2))
	for _, rows := range [5]int{guess, guess - 1, guess + 1, guess - 2, guess + 2} {
		if rows < 3 || rows > mostRows {
			continue
		}
		r := float64(rows)
		edge := func(row, x float64) mail.Point {
			at := row
			if flat {
				at = r / 2
			}
			return l.at(x, left.top(row)+(right.top(at)-left.top(at))*(x-x0)/(x1-x0))
		}
		if t, ok := stretched(mail.Quad{edge(0, 0), edge(0, c), edge(r, c), edge(r, 0)}, l.cols, rows); ok {
			all = append(all, t)
		}
	}
	return all
}

// indicators reads the row indicator in a column of every line of a lattice, as
// patterns of any cluster.
func (s *sheet) indicators(l lattice, column int) (all []told) {
	for j := range l.rows {
		var best guess
		kind := 0
		for cluster := range 3 {
			if w := s.word(l, column, j, cluster, 1); w.like > best.like {
				best, kind = w, cluster
			}
		}
		if best.margin > leastMargin {
			all = append(all, told{float64(j) + 0.5, float64(best.value/30*3+kind) + 0.5})
		}
	}
	return all
}

// climb finds the ladder that most indicators name together (random sample
// consensus, Fischler and Bolles 1981, over all pairs), lines a module apart.
func climb(points []told) (best ladder) {
	const highest, lowest = 9, 0.9 // of a row, modules
	for i, p := range points {
		for _, q := range points[i+1:] {
			k := (q.row - p.row) / (q.at - p.at)
			if q.at-p.at < 2 || k < 1.0/highest || k > 1/lowest {
				continue
			}
			n := 0
			for _, o := range points {
				if math.Abs(o.row-p.row-k*(o.at-p.at)) < 0.55 {
					n++
				}
			}
			if n > best.steps {
				best = ladder{p.row - k*p.at, k, n}
			}
		}
	}
	return best
}

// straightened fits the ladder to the indicators near it by least squares: the two
// that it was laid through are off by up to half a row.
func (l ladder) straightened(points []told) ladder {
	var n, x, y, xx, xy float64
	for _, p := range points {
		if math.Abs(p.row-l.first-l.slope*p.at) < 0.8 {
			n, x, y, xx, xy = n+1, x+p.at, y+p.row, xx+p.at*p.at, xy+p.at*p.row
		}
	}
	d := n*xx - x*x
	if l.steps == 0 || d <= 0 {
		return l
	}
	slope := (n*xy - x*y) / d
	if slope <= 0 {
		return l
	}
	return ladder{(y - slope*x) / n, slope, l.steps}
}

// wordGrid is what each row's codewords resemble most, row indicators included.
type wordGrid struct {
	l       lattice
	columns int // without the row indicators
	words   []guess
}

// guess is the likeliest value of a codeword, how like its pattern it is, -1..1,
// and by how much it leads.
type guess struct {
	value        int
	like, margin float64
}

// words compares every codeword with its cluster's patterns.
func (s *sheet) words(l lattice, blur int) wordGrid {
	g := wordGrid{l: l, columns: (l.cols-1)/wordModules - 4}
	for j := range l.rows {
		for w := 1; w <= g.columns+2; w++ {
			g.words = append(g.words, s.word(l, w, j, j%3, blur))
		}
	}
	return g
}

// word compares the codeword in a column, the start pattern's being 0, with a
// cluster's patterns.
func (s *sheet) word(l lattice, column, row, cluster, blur int) guess {
	var tones [wordModules]float64
	points := max(3, int(0.6*l.down()))
	for i := range tones {
		tones[i] = s.middleOf(l, column*wordModules+i, row, points)
	}
	return likeliest(&tones, &blurredPatterns()[blur][cluster])
}

// middleOf is the mean brightness of n points along the middle of a module that is
// as high as a row.
func (s *sheet) middleOf(l lattice, i, j, n int) float64 {
	sum := 0.0
	for k := range n {
		p := l.at(float64(i)+0.5, float64(j)+0.2+0.6*(float64(k)+0.5)/float64(n))
		sum += s.at(p.X-0.5, p.Y-0.5)
	}
	return sum / float64(n)
}

// likeliest gives the pattern that tones resemble most.
func likeliest(tones *[wordModules]float64, patterns *[929][wordModules]float64) guess {
	mean, power := 0.0, 0.0
	for _, t := range tones {
		mean += t / wordModules
	}
	var centred [wordModules]float64
	for i, t := range tones {
		centred[i] = mean - t
		power += centred[i] * centred[i]
	}
	if power == 0 {
		return guess{}
	}
	power = math.Sqrt(power)
	best, second, at := -1.0, -1.0, 0
	for value := range patterns {
		like := 0.0
		for i, v := range &patterns[value] {
			like += v * centred[i]
		}
		if like > best {
			best, second, at = like, best, value
		} else if like > second {
			second = like
		}
	}
	return guess{at, best / power, (best - second) / power}
}

// text corrects the codewords and reads them. The share is that of the codewords
// that were read right at once.
func (g wordGrid) text() (text string, share float64, ok bool) {
	level, ok := g.level()
	if !ok {
		return "", 0, false
	}
	var words, erased []int
	for j := range g.l.rows {
		for _, w := range g.words[j*(g.columns+2)+1 : (j+1)*(g.columns+2)-1] {
			if w.margin < leastMargin {
				erased = append(erased, len(words))
			}
			words = append(words, w.value)
		}
	}
	check := 2 << level
	if len(words) <= check || len(words) > 928 || level < sureLevel && len(erased) > 0 {
		return "", 0, false
	}
	if len(erased) > check/2 {
		erased = nil
	}
	corrected, ok := correct929(words, check, erased)
	// A macro's text is a part of one; the other parts are in other codes.
	if !ok || corrected > 0 && level < sureLevel || slices.Contains(words[:len(words)-check], macroBegin) {
		return "", 0, false
	}
	text, err := pdf417Text(words[:len(words)-check])
	return text, 1 - float64(corrected)/float64(len(words)), err == nil && text != ""
}

// level gives the error correction level that most row indicators name; not ok
// when they don't say the rows and columns that were found.
func (g wordGrid) level() (level int, ok bool) {
	votes := map[int]int{}
	right, all := 0, 0
	for j := range g.l.rows {
		row := g.words[j*(g.columns+2) : (j+1)*(g.columns+2)]
		for side, w := range [2]guess{row[0], row[len(row)-1]} {
			said := w.value - 30*(j/3)
			all++
			switch kind := (j%3 + side*2) % 3; {
			case kind == 0 && said == (g.l.rows-1)/3, kind == 2 && said == g.columns-1:
				right++
			case kind == 1 && said >= 0 && said <= 26 && said%3 == (g.l.rows-1)%3:
				right++
				votes[said/3]++
			}
		}
	}
	most := 0
	for v, n := range votes {
		if n > most || n == most && v < level {
			level, most = v, n
		}
	}
	return level, most > 0 && right*2 > all
}
