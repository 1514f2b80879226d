package reference

import (
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

// edge tells whether a match may begin or end before the character i: outside
// is the character beyond it.
func (l line) edge(i, outside int) bool {
	return i == 0 || i == len(l.text) || l.owner[i-1] != l.owner[i] || !alphanumeric(l.text[outside])
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (l *line) add(t token) {
	for range t.text {
		l.owner = append(l.owner, len(l.tokens))
	}
	l.tokens, l.text = append(l.tokens, t), append(l.text, t.text...)
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
