package barcode

import (
	"math"
	"slices"
)

// scan reads the scan lines of a place, laid exactly across its bars. The gradient
// overrates the lean of narrow bars, so the lean is measured again by how far the
// lines must be moved to match: first near ones, then distant ones. Lines that
// match nowhere are text; not ok then.
func (s *sheet) scan(b bars) (_ bars, l line, lines []profile, ok bool) {
	lines = make([]profile, scanLines)
	rows := min(max(int(b.height/scanLines), 1), 9)
	gap := b.height * 0.9 / scanLines
	sample := func(average, from, to int) {
		for k := from; k < to; k++ {
			lines[k] = s.sample(l, gap*(float64(k)+0.5-scanLines/2), average, lines[k])
		}
	}
	l = s.lineOf(b, float64(s.scale))
	sample(min(rows, 3), 1, scanLines-1)
	lean, match := leanOf(lines, nearLines, gap, 0.1, l.step, -1)
	if match < leastMatch {
		return b, l, lines, false
	}
	b.angle += lean
	l = s.lineOf(b, fineStep)
	sample(rows, 1, scanLines-1-farLines)
	sample(rows, 1+farLines, scanLines-1)
	if lean, match = leanOf(lines, farLines, gap, 0.02, l.step, leastMatch); match == 0 { // the bars are lower than their place
		sample(rows, scanLines-1-farLines, 1+farLines)
		if lean, match = leanOf(lines, farLines/2, gap, 0.02, l.step, leastMatch); match == 0 {
			return b, l, lines, false
		}
	}
	b.angle += lean
	l = s.lineOf(b, fineStep)
	sample(rows, 0, scanLines)
	return b, l, lines, true
}

// How many scan lines apart those stand that are compared; the outermost two, which
// may meet the edges of the bars, are not.
const (
	nearLines = 2
	farLines  = 8
)

// leastMatch is the correlation of near scan lines of a code, at their best shift.
const leastMatch = 0.35

// leanOf is the angle, radians and at most most, by which bars lean against the
// scan lines: the median over the pairs of lines that stand apart by apart lines
// and whose correlation is least at least: a distant line that lies beside the bars
// would give any shift. match is the median of all correlations, 0 where none is enough.
func leanOf(lines []profile, apart int, gap, most, step, least float64) (lean, match float64) {
	reach := int(math.Ceil(float64(apart)*gap*most/step)) + 1
	var all, matches []float64
	for k := 1; k+apart < len(lines)-1; k++ {
		by, c := shift(lines[k], lines[k+apart], reach)
		if matches = append(matches, c); c >= least {
			all = append(all, by)
		}
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	slices.Sort(matches)
	d := (all[len(all)/2] + all[(len(all)-1)/2]) / 2 * step
	// Bars that move right further down run along (d, apart*gap): the page's lines must turn the other way.
	return -math.Atan2(d, float64(apart)*gap), matches[len(matches)/2]
}

// shift is by how many samples b must be moved left to match a best, and their
// correlation then; of lines too short to tell, none and 1.
func shift(a, b profile, reach int) (by, match float64) {
	if len(a) <= 4*reach {
		return 0, 1
	}
	scores := make([]float64, 2*reach+1)
	best := 0
	for i := range scores {
		d := i - reach
		scores[i] = correlation(a[reach:len(a)-reach], b[reach+d:len(b)-reach+d])
		if scores[i] > scores[best] {
			best = i
		}
	}
	at := float64(best - reach)
	if best > 0 && best < len(scores)-1 {
		l, m, r := scores[best-1], scores[best], scores[best+1]
		if c := l - 2*m + r; c < 0 {
			at += 0.5 * (l - r) / c
		}
	}
	return at, scores[best]
}
