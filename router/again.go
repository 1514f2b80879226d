package router

import (
	"slices"

	"postroom/mail"
)

// agreeing is how many looks must read the same reference.
const agreeing = 2

// Seen settles what several looks at the place of a mention say: the page's reading with
// the words of one of them. That is a literal reading like the first one, of the same
// print at another scale or threshold. It counts when two looks give one and the same
// valid reference, none gives another valid one, and fewer give texts of the form whose
// check fails, the first reading with them. Where that was such a text, most of the ways
// that were tried must give the reference: a wrong one may have been printed.
func (r *Rules) Seen(reading mail.Reading, m mail.Mention, looks [][]mail.Word, ways int) (mail.Reading, bool) {
	said, votes, failing := mail.Mention{}, 0, 0
	var best mail.Reading
	if m.Literal {
		failing++
	}
	for _, words := range looks {
		seen, ok := replaced(reading, m.Polygon, words)
		if !ok {
			continue
		}
		valid, fails := r.literalIn(seen, m.Polygon)
		if fails && len(valid) == 0 {
			failing++
		}
		for _, found := range valid {
			if votes > 0 && (found.Text != said.Text || found.Scheme != said.Scheme) || found.Text != valid[0].Text || found.Scheme != valid[0].Scheme {
				return reading, false
			}
		}
		if len(valid) > 0 {
			if votes == 0 || valid[0].Confidence > said.Confidence {
				said, best = valid[0], seen
			}
			votes++
		}
	}
	return best, votes >= agreeing && votes > failing && (!m.Literal || 2*votes > ways)
}

// literalIn gives the valid literal mentions in a place, and whether a text there has the
// form of one whose check fails.
func (r *Rules) literalIn(reading mail.Reading, place mail.Quad) (valid []mail.Mention, fails bool) {
	for _, m := range r.Mentions(reading) {
		if m.Literal && m.Source == mail.FromOCR && amid(m.Polygon, place) {
			if fails = fails || !m.Valid; m.Valid {
				valid = append(valid, m)
			}
		}
	}
	return valid, fails
}

// replaced gives a reading with other words in a place; not ok where none stood there,
// or words of several lines: what they say together is put together, not read.
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
	if slices.ContainsFunc(reading.Words[at:], func(w mail.Word) bool { return w.Line != line && in(w) }) {
		return reading, false
	}
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

// amid tells whether the middle of one place lies in another: what stands on the next line
// touches, where letters reach low or the page lies askew.
func amid(a, b mail.Quad) bool {
	ax0, ay0, ax1, ay1 := a.Bounds()
	bx0, by0, bx1, by1 := b.Bounds()
	x, y := (ax0+ax1)/2, (ay0+ay1)/2
	return x >= bx0 && x <= bx1 && y >= by0 && y <= by1
}
