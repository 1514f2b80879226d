package router

import (
	"slices"

	"postroom/mail"
)

// agreeing is how many looks must read the same reference.
const agreeing = 2

// Seen settles what several looks at the place of a mention say: the page's reading with
// the words of one of them. That is a literal reading like the first one, of the same
// print at another scale or threshold: it counts when two looks give one and the same
// valid reference, and no look gives another.
func (r *Rules) Seen(reading mail.Reading, m mail.Mention, looks [][]mail.Word) (mail.Reading, bool) {
	said, votes := mail.Mention{}, 0
	var best mail.Reading
	for _, words := range looks {
		seen, ok := replaced(reading, m.Polygon, words)
		if !ok {
			continue
		}
		for _, found := range r.Mentions(seen) {
			if !found.Literal || !found.Valid || found.Source != mail.FromOCR || !touch(found.Polygon, m.Polygon) {
				continue
			}
			switch {
			case votes == 0:
				said, votes, best = found, 1, seen
			case found.Text != said.Text || found.Scheme != said.Scheme:
				return reading, false
			default:
				votes++
			}
		}
	}
	return best, votes >= agreeing
}

// replaced gives a reading with other words in a place; not ok where none stood there.
func replaced(reading mail.Reading, place mail.Quad, words []mail.Word) (mail.Reading, bool) {
	x0, y0, x1, y1 := place.Bounds()
	in := func(w mail.Word) bool {
		x, y := float64(w.Box.X0+w.Box.X1)/2, float64(w.Box.Y0+w.Box.Y1)/2
		return x >= x0 && x <= x1 && y >= y0 && y <= y1
	}
	at := slices.IndexFunc(reading.Words, in)
	if at < 0 {
		return reading, false
	}
	line := reading.Words[at].Line
	var own []mail.Word
	for _, w := range words {
		if in(w) {
			w.Line = line
			own = append(own, w)
		}
	}
	before := slices.Clone(reading.Words[:at])
	after := slices.DeleteFunc(slices.Clone(reading.Words[at:]), in)
	reading.Words = slices.Concat(before, own, after)
	return reading, len(own) > 0
}

func touch(a, b mail.Quad) bool {
	ax0, ay0, ax1, ay1 := a.Bounds()
	bx0, by0, bx1, by1 := b.Bounds()
	return ax0 <= bx1 && bx0 <= ax1 && ay0 <= by1 && by0 <= ay1
}
