package barcode

import (
	"math"

	"postroom/mail"
)

// reading is what one scan line said.
type reading struct {
	symbology mail.Symbology
	text      string
	x0, x1    int  // the bars that were read, quiet zones excluded, samples
	reversed  bool // read from right to left
	module    float64
}

// ballot holds the readings of each scan line.
type ballot [][]reading

// candidate is a text with its votes.
type candidate struct {
	reading
	votes       int
	first, last int // scan lines that said so
}

// best is the number of lines that agree on the commonest text.
func (b ballot) best() int {
	most := 0
	for _, c := range b.candidates() {
		most = max(most, c.votes)
	}
	return most
}

func (b ballot) candidates() []candidate {
	var out []candidate
	for n, line := range b {
		first, last := linesOf(n)
		for _, rd := range line {
			k := -1
			for i, c := range out {
				if c.symbology == rd.symbology && c.text == rd.text && c.overlaps(rd) {
					k = i
				}
			}
			if k < 0 {
				out = append(out, candidate{reading: rd, first: first, last: last})
				k = len(out) - 1
			}
			out[k].votes++
			out[k].first, out[k].last = min(out[k].first, first), max(out[k].last, last)
		}
	}
	return out
}

// linesOf gives the scan lines that the n-th voter saw: itself, or the third that
// it is the median or the mean of.
func linesOf(n int) (first, last int) {
	if n < scanLines {
		return n, n
	}
	third := (n - scanLines) % 3 * scanLines / 3
	return third, third + scanLines/3 - 1
}

// overlaps tells whether two readings lie on the same bars.
func (rd reading) overlaps(o reading) bool {
	return min(rd.x1, o.x1)-max(rd.x0, o.x0) > min(rd.x1-rd.x0, o.x1-o.x0)/2
}

// leastVotes is how many scan lines must agree: more where no check digit helps.
func leastVotes(s mail.Symbology) int {
	switch s {
	case mail.Code128, mail.Code93, mail.EAN13, mail.UPCA:
		return 2
	}
	return 3
}

// verdict gives the candidates that enough lines agree on and none contradicts,
// and whether any line contradicted.
func (b ballot) verdict() (symbols []candidate, contradiction bool) {
	all := b.candidates()
	for i, c := range all {
		agreed := c.votes >= leastVotes(c.symbology)
		for j, o := range all {
			if i != j && c.overlaps(o.reading) {
				agreed = false
				if c.votes >= 2 || o.votes >= 2 {
					contradiction = true
				}
			}
		}
		if agreed {
			symbols = append(symbols, c)
		}
	}
	return symbols, contradiction
}

// symbol turns a candidate into a symbol on the page. It is as high as the lines
// that voted for it.
func (c candidate) symbol(l line, b bars) mail.Symbol {
	q := b.stretch(l, rest{c.x0, c.x1, c.first, c.last})
	if c.reversed {
		q = mail.Quad{q[2], q[3], q[0], q[1]}
	}
	return mail.Symbol{Symbology: c.symbology, Text: c.text, Polygon: q,
		Module: c.module * l.step, Confidence: math.Min(1, float64(c.votes)/scanLines)}
}

// stretch gives the corners of a part of a place. A line at either end of the
// place that says nothing may have met the edge.
func (b bars) stretch(l line, r rest) mail.Quad {
	at := func(line int) float64 { return b.height * (float64(line)/scanLines - 0.5) }
	up, low := at(r.first), at(r.last+1)
	if r.first <= 1 {
		up = at(0)
	}
	if r.last >= scanLines-2 {
		low = at(scanLines)
	}
	p := func(i int, v float64) mail.Point {
		x, y := l.point(float64(i), v)
		return mail.Point{X: x, Y: y}
	}
	return mail.Quad{p(r.x0, up), p(r.x1, up), p(r.x1, low), p(r.x0, low)}
}
