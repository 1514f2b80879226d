package reference

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"postroom/mail"
)

// token is a piece of a word: words are divided where a label ends ("Ref.:12").
type token struct {
	text  []rune // cleaned
	word  mail.Word
	label string // the label that ends before it, on its line; "" = none does
}

// line is a line's tokens, written without the spaces between them.
type line struct {
	tokens []token
	text   []rune
	owner  []int // of each character: its token
}

// finding is a place of a line that is a reference or resembles one.
type finding struct {
	from, to int // characters
	cost     int // 0 = literal
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
	for from := 0; from < len(words); {
		to := from
		for to < len(words) && to < from+longestLine && words[to].Line == words[from].Line {
			to++
		}
		if s.digits > 0 && !anyDigit(words[from:to]) {
			before, from = line{}, to
			continue
		}
		l := s.line(words[from:to])
		found := s.literal(l)
		if s.numbers(l) {
			found = append(found, s.near(l, found, &near)...)
		}
		if f, joined, ok := s.broken(before, l, &near); ok && !touches(found, f.to-len(joined.text)+len(l.text)) {
			all = append(all, s.mention(page, f, joined))
		}
		slices.SortStableFunc(found, func(a, b finding) int { return cmp.Compare(a.from, b.from) })
		for _, f := range found {
			all = append(all, s.mention(page, f, l))
		}
		before = l.tail(found)
		from = to
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

// edge tells whether a match may begin or end before the character i: outside
// is the character beyond it.
func (l line) edge(i, outside int) bool {
	return i == 0 || i == len(l.text) || l.owner[i-1] != l.owner[i] || !alphanumeric(l.text[outside])
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// literal finds the matches of the pattern, from left to right, the longest first.
func (s *Scheme) literal(l line) (found []finding) {
	for from := 0; from < len(l.text); from++ {
		if !l.edge(from, from-1) {
			continue
		}
		if f, ok := s.literalAt(l, from); ok {
			found = append(found, f)
			from = f.to - 1
		}
	}
	return found
}

// literalAt looks for a match that begins with the character from: one whose
// check digits hold before one whose do not.
func (s *Scheme) literalAt(l line, from int) (best finding, ok bool) {
	for _, to := range s.ends(l, from) {
		if !l.edge(to, to) {
			continue
		}
		text := string(l.text[from:to])
		if !s.whole.MatchString(text) {
			continue
		}
		_, err := s.Parse(text)
		torn, first := l.owner[to-1] > l.owner[from], l.tokens[l.owner[from]]
		if s.bare && first.label == "" && (err != nil || torn) {
			continue // a telephone number, an amount: nothing says that it is a reference
		}
		f := finding{from: from, to: to, mention: mail.Mention{Text: text, Raw: text, Literal: true, Valid: err == nil}}
		if err == nil {
			return f, true
		}
		if !ok || f.to > best.to {
			best, ok = f, true
		}
	}
	if ok {
		best.mention.Readings = s.others([]rune(best.mention.Raw))
	}
	return best, ok
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
	digits := 0
	for _, r := range l.text {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return s.shapes != nil && digits > 0 && digits*2 >= s.digits
}

// near finds the places that resemble a reference and are not in found.
func (s *Scheme) near(l line, found []finding, near *int) (all []finding) {
	var places, marks []placed
	for _, v := range s.variants {
		places = append(places, v.places(l.text, budgetLabeled)...)
	}
	for _, f := range s.marked {
		if f.marks(l.text) {
			marks = append(marks, variant{form: f, left: len(f)}.places(l.text, budgetMarked)...)
		}
	}
	places = append(places, marks...)
	for i := range places {
		p := &places[i]
		if !l.edge(p.from, p.from-1) && !p.garbles(p.first-1, l.text[p.from-1]) {
			p.cost++
		}
		if !l.edge(p.to, p.to) && !p.garbles(p.last, l.text[p.to]) {
			p.cost++
		}
	}
	slices.SortStableFunc(places, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(a.from, b.from))
	})
	taken := slices.Clone(found)
	for _, p := range places {
		first := l.tokens[l.owner[p.from]]
		if !p.likely(first.label != "") || s.bare && first.label == "" ||
			slices.ContainsFunc(taken, func(f finding) bool { return p.from < f.to && f.from < p.to }) {
			continue
		}
		f := finding{from: p.from, to: p.to, cost: p.cost}
		taken = append(taken, f)
		if f.mention, *near = s.reading(l.text[p.from:p.to], p, *near); f.mention.Readings == nil && p.cost > sureLikeness &&
			!slices.ContainsFunc(marks, func(m placed) bool { return p.from < m.to && m.from < p.to }) {
			continue // nothing that it could stand for
		}
		all = append(all, f)
	}
	return all
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

// broken looks for a reference that begins on the line before and goes on in
// this one. It is never literal: what stands at two lines' ends may not belong
// together.
func (s *Scheme) broken(before, l line, near *int) (f finding, joined line, ok bool) {
	if len(before.tokens) == 0 || len(l.tokens) == 0 || s.shapes == nil || s.bare {
		return f, joined, false
	}
	joined = joinLines(before, l)
	if !s.numbers(joined) {
		return f, joined, false
	}
	seam := len(before.text)
	for _, v := range s.variants {
		for _, p := range v.places(joined.text, 1) {
			if p.from < seam && seam < p.to && joined.edge(p.from, p.from-1) && joined.edge(p.to, p.to) && p.likely(false) && (!ok || p.cost < f.cost) {
				f, ok = finding{from: p.from, to: p.to, cost: p.cost}, true
				f.mention, *near = s.reading(joined.text[p.from:p.to], p, *near)
			}
		}
	}
	return f, joined, ok && len(f.mention.Readings) > 0
}

// Of a line, so many tokens may belong to a reference that is broken at its end.
const mostBroken = 3

func joinLines(a, b line) (l line) {
	for _, t := range slices.Concat(a.tokens, b.tokens[:min(mostBroken, len(b.tokens))]) {
		l.add(t)
	}
	return l
}

// tail gives the end of a line, as far as nothing was found in it.
func (l line) tail(found []finding) (end line) {
	first := max(0, len(l.tokens)-mostBroken)
	for _, f := range found {
		first = max(first, l.owner[f.to-1]+1)
	}
	for _, t := range l.tokens[first:] {
		end.add(t)
	}
	return end
}

func (l *line) add(t token) {
	for range t.text {
		l.owner = append(l.owner, len(l.tokens))
	}
	l.tokens, l.text = append(l.tokens, t), append(l.text, t.text...)
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

// line cleans a line's words, divides them behind label signs, and notes which
// stand behind a label.
func (s *Scheme) line(words []mail.Word) (l line) {
	before := "" // folded text of the line so far
	for _, w := range words {
		for _, piece := range strings.FieldsFunc(w.Text, s.divides) {
			t := token{text: []rune(Clean(piece)), word: w, label: s.labelOf(before)}
			before += " " + folded(piece)
			before = before[max(0, len(before)-longestLabel):]
			if len(t.text) > 0 {
				l.add(t)
			}
		}
	}
	return l
}

// divides tells whether a sign parts a label or a bracket from a reference: one
// that no form of the reference holds.
func (s *Scheme) divides(r rune) bool {
	return strings.ContainsRune(":=()[]{}<>\"“”«»„;", r) && !strings.ContainsRune(s.signs, r)
}

// A label is no longer than this, in bytes.
const longestLabel = 80

// labelOf gives the label that the text ends with, give or take a sign.
func (s *Scheme) labelOf(before string) string {
	before = strings.TrimRight(before, " .:-")
	for _, l := range s.labels {
		if rest, ok := strings.CutSuffix(before, l); ok && (rest == "" || strings.HasSuffix(rest, " ")) {
			return l
		}
	}
	return ""
}

// folded writes a text without case, accents and signs, words with single spaces.
func folded(text string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '/', r == '°':
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		default:
			space = true
		}
	}
	return b.String()
}
