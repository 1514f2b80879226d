package reference

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"postroom/mail"
)

// finding is a place of a line that is a reference or resembles one.
type finding struct {
	from, to int // characters
	cost     int // 0 = literal
	tears    int // spaces inside that part digits or letters
	mention  mail.Mention
}

// A page of numbers may resemble references all over; the readings of so many
// places are worked out, the others are mentions without any.
const mostNear = 24

// A longer line is taken for several, so that no page costs more than its words.
const longestLine = 500 // words

// FromWords finds a page's references in its words: literal ones, and what
// nearly is one. A literal match ends at non-alphanumerics on both sides.
func (s *Scheme) FromWords(page int, words []mail.Word) (all []mail.Mention) {
	near := 0
	var before line
	for l := range s.lines(words) {
		found, _ := s.literal(l)
		if s.numbers(l) && !s.faint() {
			found = append(found, s.near(l, found, &near)...)
		}
		if f, joined, ok := s.broken(before, l, &near); ok && !touches(found, f.to-len(joined.text)+len(l.text)) {
			all = append(all, s.mention(page, f, joined))
		}
		slices.SortStableFunc(found, func(a, b finding) int { return cmp.Compare(a.from, b.from) })
		for _, f := range found {
			all = append(all, s.mention(page, f, l))
		}
		before = l.tail(before, found)
	}
	return all
}

func anyDigit(words []mail.Word) bool {
	return slices.ContainsFunc(words, func(w mail.Word) bool { return strings.ContainsFunc(w.Text, unicode.IsDigit) })
}

// touches tells whether a place of the line before its character end was found already.
func touches(found []finding, end int) bool {
	return slices.ContainsFunc(found, func(f finding) bool { return f.from < end })
}

// literal finds the matches of the pattern that do not overlap, and apart from
// them the valid ones that do: where a form has many lengths, a number that
// stands next to a reference may be taken for its end.
func (s *Scheme) literal(l line) (found, others []finding) {
	all := s.matches(l)
	slices.SortStableFunc(all, func(a, b finding) int { return s.before(a, b) })
	for _, f := range all {
		if !overlaps(found, f.from, f.to) {
			if !f.mention.Valid {
				f.mention.Readings = s.others([]rune(f.mention.Raw))
			}
			found = append(found, f)
		} else if f.mention.Valid {
			others = append(others, f)
		}
	}
	return found, others
}

// before orders matches by what they are worth: valid ones first; of a weak
// check, which a glued number passes, those that take the fewest words together;
// then from left to right, the longest first.
func (s *Scheme) before(a, b finding) int {
	switch {
	case a.mention.Valid != b.mention.Valid && a.mention.Valid:
		return -1
	case a.mention.Valid != b.mention.Valid:
		return 1
	case !s.check.strong && a.tears != b.tears:
		return a.tears - b.tears
	}
	return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to))
}

// matches lists all places where the pattern matches between edges.
func (s *Scheme) matches(l line) (all []finding) {
	for from := range l.text {
		if !l.edge(from, from-1) {
			continue
		}
		for _, to := range s.ends(l, from) {
			text := string(l.text[from:to])
			if !l.edge(to, to) || !s.whole.MatchString(text) {
				continue
			}
			_, err := s.Parse(text)
			if s.bare && l.label(from) == "" && (err != nil || s.faint() || l.owner[to-1] > l.owner[from]) {
				continue // a telephone number, an amount: nothing says that it is a reference
			}
			all = append(all, finding{from: from, to: to, tears: l.tears(from, to), mention: mail.Mention{Text: text, Raw: text, Literal: true, Valid: err == nil}})
		}
	}
	return all
}

func overlaps(found []finding, from, to int) bool {
	return slices.ContainsFunc(found, func(f finding) bool { return from < f.to && f.from < to })
}

// ends lists where a match that begins at from may end.
func (s *Scheme) ends(l line, from int) (all []int) {
	if s.shapes == nil { // the pattern has no fixed forms: at ends of tokens and signs
		for to := from + 1; to <= len(l.text) && l.owner[to-1] < l.owner[from]+mostPieces; to++ {
			if l.edge(to, to) {
				all = append(all, to)
			}
		}
		slices.Reverse(all)
		return all
	}
	for _, f := range s.shapes { // the longest first
		if to := from + len(f); to <= len(l.text) && f.takes(l.text[from:to]) {
			all = append(all, to)
		}
	}
	return all
}

// A reference of a pattern without fixed forms stands in at most so many pieces.
const mostPieces = 8

// numbers is a cheap look before the alignment: a line that resembles a
// reference has half of its digits at least, read as such.
func (s *Scheme) numbers(l line) bool {
	n := l.digits()
	return s.shapes != nil && n > 0 && n*2 >= s.digits
}

// near finds the places that resemble a reference and are not in found.
func (s *Scheme) near(l line, found []finding, near *int) (all []finding) {
	var places, marks []placed
	most := budgetLabeled
	if slices.ContainsFunc(l.tokens, func(t token) bool { return t.label != "" }) {
		most = budgetNumber
	}
	for _, v := range s.variants {
		places = append(places, v.places(l.text, most)...)
	}
	for _, f := range s.marked {
		if f.marks(l.text) {
			marks = append(marks, variant{form: f, left: len(f)}.places(l.text, budgetMarked)...)
		}
	}
	places = append(places, marks...)
	for i := range places {
		places[i].cost += l.cuts(places[i]) * places[i].costCut()
	}
	slices.SortStableFunc(places, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(a.from, b.from))
	})
	taken := slices.Clone(found)
	for _, p := range places {
		labeled := l.label(p.from) != ""
		numbered := labeled && p.number() && p.cost <= budgetNumber && l.cuts(p) == 0
		if !numbered && !p.likely(labeled) || s.bare && !labeled || overlaps(taken, p.from, p.to) {
			continue
		}
		f := finding{from: p.from, to: p.to, cost: p.cost}
		taken = append(taken, f)
		if f.mention, *near = s.reading(l.text[p.from:p.to], p, *near); f.mention.Readings == nil && p.cost > sureLikeness && !p.bareOfSigns() && !numbered &&
			!slices.ContainsFunc(marks, func(m placed) bool { return p.from < m.to && m.from < p.to }) {
			continue // nothing that it could stand for
		}
		all = append(all, f)
	}
	return all
}

// cuts counts the ends of a place that cut a word.
func (l line) cuts(p placed) (n int) {
	if !l.edge(p.from, p.from-1) && !p.garbles(p.first-1, l.text[p.from-1]) {
		n++
	}
	if !l.edge(p.to, p.to) && !p.garbles(p.last, l.text[p.to]) {
		n++
	}
	return n
}

// reading makes a near mention of a place.
func (s *Scheme) reading(raw []rune, p placed, near int) (mail.Mention, int) {
	m := mail.Mention{Text: string(raw), Raw: string(raw)}
	if near < mostNear {
		m.Readings = s.nearest(raw, p)
	}
	if len(m.Readings) > 0 {
		m.Text, m.Valid = m.Readings[0], true
	}
	return m, near + 1
}

// others lists what a literal match whose check fails may stand for.
func (s *Scheme) others(raw []rune) []string {
	for _, f := range s.shapes {
		if f.takes(raw) {
			return s.nearest(raw, placed{form: f, at: raw})
		}
	}
	return nil
}

func (s *Scheme) mention(page int, f finding, l line) mail.Mention {
	m := f.mention
	m.Page, m.Scheme, m.Source, m.Confidence = page, s.cfg.Name, mail.FromOCR, 1
	tokens := l.tokens[l.owner[f.from] : l.owner[f.to-1]+1]
	m.Label = tokens[0].label
	box := mail.Box{}
	for _, t := range tokens {
		box = box.Union(t.word.Box)
		m.Confidence = min(m.Confidence, t.word.Confidence)
	}
	m.Polygon = box.Quad()
	return m
}
