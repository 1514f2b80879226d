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
	votes int
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
	for _, line := range b {
		for _, rd := range line {
			k := -1
			for i, c := range out {
				if c.symbology == rd.symbology && c.text == rd.text && c.overlaps(rd) {
					k = i
				}
			}
			if k < 0 {
				out = append(out, candidate{reading: rd})
				k = len(out) - 1
			}
			out[k].votes++
		}
	}
	return out
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

// symbol turns a candidate into a symbol on the page.
func (c candidate) symbol(l line, b bars) mail.Symbol {
	h := b.height / 2
	p := func(i int, v float64) mail.Point {
		x, y := l.point(float64(i), v)
		return mail.Point{X: x, Y: y}
	}
	q := mail.Quad{p(c.x0, -h), p(c.x1, -h), p(c.x1, h), p(c.x0, h)}
	if c.reversed {
		q = mail.Quad{q[2], q[3], q[0], q[1]}
	}
	return mail.Symbol{Symbology: c.symbology, Text: c.text, Polygon: q,
		Module: c.module * l.step, Confidence: math.Min(1, float64(c.votes)/scanLines)}
}
