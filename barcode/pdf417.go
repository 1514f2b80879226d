package barcode

import (
	"math"

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

// readPDF417 finds and reads the PDF417 codes of the page, each by its start pattern
// and a stop pattern, or by its start pattern alone.
func (r *Reader) readPDF417(m *merger) {
	s := &r.sheet
	ends := r.pdf417Ends(m)
	for _, a := range ends {
		if a.stop || s.effort.spent() || m.holds(a.l.quad(), ownPart) {
			continue
		}
		sym, part, seen, read := s.readFrom(a, ends)
		switch {
		case read && part:
			m.doubt(mail.Doubt{Looks: mail.LooksMatrix, Polygon: sym.Polygon, Part: sym.Text})
		case read:
			m.symbol(sym)
		case len(seen) > 0:
			m.doubt(mail.Doubt{Looks: mail.LooksMatrix, Polygon: seen[0]})
		}
	}
}

// readFrom reads the code that begins with a start pattern. part tells that it holds
// a part only of a message; seen is where it lies, if it is a PDF417 for sure, read
// or not.
func (s *sheet) readFrom(a pdf417End, ends []pdf417End) (sym mail.Symbol, part bool, seen []mail.Quad, read bool) {
	best := 0.0
	try := func(l lattice, ok bool) bool {
		if !ok {
			return false
		}
		t, share, ok := s.readRows(l)
		sym = mail.Symbol{Symbology: mail.PDF417, Text: t.text, Polygon: l.quad(), Module: l.across(), Confidence: share}
		part = t.part
		return ok
	}
	for _, b := range ends {
		if !b.stop {
			continue
		}
		l, score := s.between(a, b)
		if score < leastEnds {
			continue
		}
		if score > max(best, sureEnds) {
			best, seen = score, []mail.Quad{l.quad()}
		}
		if try(s.rowsOf(l)) {
			return sym, part, seen, true
		}
	}
	l, ok := s.rowsAfter(a.l)
	if ok && len(seen) == 0 && a.score > sureEnds {
		seen = []mail.Quad{l.quad()}
	}
	read = try(l, ok)
	return sym, part, seen, read
}

// between gives the lattice, of few lines, in which start and stop show best.
func (s *sheet) between(a, b pdf417End) (best lattice, score float64) {
	for _, l := range s.pair(a, b) {
		if l, k := s.settled(l, knownPDF417(l.cols, l.rows)); k > score {
			best, score = l, k
		}
	}
	return best, score
}

// settled moves a lattice to where the known modules agree best: on flat paper or
// as a camera sees it.
func (s *sheet) settled(l lattice, ks []known) (lattice, float64) {
	l, k := s.fitted(l, ks)
	if !s.scanned {
		l, k = s.tilted(l, ks, k)
	}
	return l, k
}

// readRows reads the codewords of a lattice of rows.
func (s *sheet) readRows(l lattice) (t pdf417Content, share float64, ok bool) {
	for blur := range patternBlurs {
		if t, share, ok = s.words(l, blur).content(); ok {
			return t, share, true
		}
	}
	return t, 0, false
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
	if !s.effort.spend(perWord) {
		return guess{}
	}
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

// content corrects the codewords and reads them. The share is that of the codewords
// that were read right at once.
func (g wordGrid) content() (t pdf417Content, share float64, ok bool) {
	level, ok := g.level()
	if !ok {
		return t, 0, false
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
		return t, 0, false
	}
	if len(erased) > check/2 {
		erased = nil
	}
	corrected, ok := correct929(words, check, erased)
	if !ok || corrected > 0 && level < sureLevel {
		return t, 0, false
	}
	t, err := readContent(words[:len(words)-check])
	return t, 1 - float64(corrected)/float64(len(words)), err == nil && t.text != ""
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
