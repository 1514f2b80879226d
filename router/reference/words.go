package reference

import (
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
	label bool // a label ends before it, on its line
	which string
}

// A reference that was torn apart stands in at most so many pieces.
const mostPieces = 6

// FromWords finds a page's references in its words: literal ones, and what
// nearly is one. A literal match ends at non-alphanumerics on both sides.
func (s *Scheme) FromWords(page int, words []mail.Word) (all []mail.Mention) {
	for from := 0; from < len(words); {
		to := from
		for to < len(words) && words[to].Line == words[from].Line {
			to++
		}
		all = append(all, s.fromLine(page, s.tokens(words[from:to]))...)
		from = to
	}
	return all
}

func (s *Scheme) fromLine(page int, tokens []token) []mail.Mention {
	taken := make([]bool, len(tokens)) // by a literal valid mention
	var found []mail.Mention
	for _, literal := range []bool{true, false} {
		if !literal && s.shapes == nil {
			break
		}
		for from := range tokens {
			if m, to, ok := s.at(page, tokens, from, taken, literal); ok {
				found = append(found, m)
				for i := from; i < to; i++ {
					taken[i] = true
				}
			}
		}
	}
	return found
}

// at looks for a mention that begins in the token from; the best of those that
// end in one of the next tokens.
func (s *Scheme) at(page int, tokens []token, from int, taken []bool, literal bool) (best mail.Mention, end int, ok bool) {
	var text []rune
	lowest := 1 << 20
	for to := from; to < len(tokens) && to < from+mostPieces && !taken[to]; to++ {
		last := len(text)
		text = append(text, tokens[to].text...)
		if len(text) > longestForm+budgetLabeled {
			break
		}
		var m mail.Mention
		cost, fits := 0, false
		if literal {
			m, fits = s.literal(text, len(tokens[from].text), last)
			if fits && !m.Valid {
				cost = 1
			}
		} else {
			m, cost, fits = s.near(text, tokens[from].label)
		}
		if !fits || cost >= lowest {
			continue
		}
		if s.bare && !tokens[from].label && !(m.Literal && m.Valid) {
			continue // a telephone number, an amount: nothing says that it is a reference
		}
		lowest, end, ok = cost, to+1, true
		best = s.mention(page, m, tokens[from:to+1])
	}
	return best, end, ok
}

// literal matches the pattern in a text that is made of pieces: the match must
// begin in the first piece and end in the last, else it belongs to fewer.
func (s *Scheme) literal(text []rune, first, last int) (m mail.Mention, ok bool) {
	if s.shapes != nil && !s.resembles(text) {
		return m, false // most words, without asking the pattern
	}
	str := string(text)
	for _, span := range s.within.FindAllStringIndex(str, -1) {
		from, to := len([]rune(str[:span[0]])), len([]rune(str[:span[1]]))
		if from >= first || to <= last || !edge(text, from-1) || !edge(text, to) {
			continue
		}
		match := str[span[0]:span[1]]
		_, err := s.Parse(match)
		m = mail.Mention{Text: match, Raw: match, Literal: true, Valid: err == nil}
		if !m.Valid {
			m.Readings = s.others(match)
		}
		if ok = true; m.Valid {
			return m, true
		}
	}
	return m, ok
}

// others lists what a literal match whose check fails may stand for.
func (s *Scheme) others(text string) []string {
	_, readings, _ := s.nearest([]rune(text), budget)
	return readings
}

func edge(text []rune, i int) bool {
	return i < 0 || i >= len(text) || !unicode.IsLetter(text[i]) && !unicode.IsDigit(text[i])
}

// near tells whether a text resembles a reference, and which it may stand for.
func (s *Scheme) near(text []rune, labeled bool) (m mail.Mention, cost int, ok bool) {
	most := budget
	if labeled {
		most = budgetLabeled
	}
	if !s.resembles(text) {
		return m, 0, false
	}
	cost, readings, ok := s.nearest(text, most)
	if !ok {
		return m, 0, false
	}
	m = mail.Mention{Text: string(text), Raw: string(text), Readings: readings}
	if len(readings) > 0 {
		m.Text, m.Valid = readings[0], true
	}
	return m, cost, true
}

// resembles is a cheap look before the alignment: as many digits, or what is
// read for digits, as a reference has, but a few.
func (s *Scheme) resembles(text []rune) bool {
	digits := 0
	for _, r := range text {
		if unicode.IsDigit(r) || strings.ContainsRune("OoDQIl|SsBGZzgqb/", r) {
			digits++
		}
	}
	return digits+2 >= s.digits && digits*2 >= s.digits
}

func (s *Scheme) mention(page int, m mail.Mention, tokens []token) mail.Mention {
	m.Page, m.Scheme, m.Source, m.Confidence, m.Label = page, s.cfg.Name, mail.FromOCR, 1, tokens[0].which
	box := mail.Box{}
	for _, t := range tokens {
		box = box.Union(t.word.Box)
		m.Confidence = min(m.Confidence, t.word.Confidence)
	}
	m.Polygon = box.Quad()
	return m
}

// tokens cleans a line's words, divides them behind label signs, and notes which
// stand behind a label.
func (s *Scheme) tokens(words []mail.Word) (all []token) {
	before := "" // folded text of the line so far
	for _, w := range words {
		for _, piece := range pieces(w.Text) {
			t := token{text: []rune(Clean(piece)), word: w}
			t.which = s.labelOf(before)
			t.label = t.which != ""
			before += " " + folded(piece)
			if len(t.text) > 0 {
				all = append(all, t)
			}
		}
	}
	return all
}

// pieces divides a word behind ":" and "=" and around brackets, which no
// reference begins or ends with.
func pieces(word string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(":=()[]{}<>\"“”«»„;", r) }),
		func(s string) bool { return s == "" })
}

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
