package reference

import (
	"iter"
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
	label string // the label that ends before it; "" = none does
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

func lineOf(tokens []token) line {
	n := 0
	for _, t := range tokens {
		n += len(t.text)
	}
	l := line{tokens, make([]rune, 0, n), make([]int, 0, n)}
	for i, t := range tokens {
		l.text = append(l.text, t.text...)
		l.owner = append(l.owner, slices.Repeat([]int{i}, len(t.text))...)
	}
	return l
}

// label gives the label before the token of a character.
func (l line) label(i int) string { return l.tokens[l.owner[i]].label }

// tears counts the spaces between the characters from and to that part a digit
// or letter from another.
func (l line) tears(from, to int) (n int) {
	for i := from + 1; i < to; i++ {
		if l.owner[i-1] != l.owner[i] && alphanumeric(l.text[i-1]) && alphanumeric(l.text[i]) {
			n++
		}
	}
	return n
}

func (l line) digits() (n int) {
	for _, r := range l.text {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// lines divides words into lines. One that can't hold a piece of a reference
// comes empty, for it costs too much to clean all of a letter's prose; behind a
// line with digits its first word may be the end of one.
func (s *Scheme) lines(words []mail.Word) iter.Seq[line] {
	return func(yield func(line) bool) {
		before := 0
		for from := 0; from < len(words); {
			to := from
			for to < len(words) && to < from+longestLine && words[to].Line == words[from].Line {
				to++
			}
			l := line{}
			switch {
			case s.digits == 0 || anyDigit(words[from:to]):
				l = s.line(words[from:to], s.heading(words[before:from]))
			case anyDigit(words[before:from]):
				l = s.line(words[from:from+1], "")
			}
			if !yield(l) {
				return
			}
			before, from = from, to
		}
	}
}

// A heading has no more words than this.
const longestHeading = 4

// heading gives the end of a line when it is the label of what stands on the
// next: a line that is nothing but a label, or ends with one and a colon.
func (s *Scheme) heading(words []mail.Word) string {
	if len(words) == 0 {
		return ""
	}
	colon := strings.HasSuffix(words[len(words)-1].Text, ":")
	if len(words) > longestHeading && !colon {
		return ""
	}
	text := ""
	for _, w := range words[max(0, len(words)-longestHeading):] {
		text += " " + folded(w.Text)
	}
	text = strings.TrimSpace(text)
	if label := s.labelOf(text); label != "" && (colon || strings.HasPrefix(text, label)) {
		return text
	}
	return ""
}

// line cleans a line's words, divides them behind label signs, and notes which
// stand behind a label; before is the label that the line before ends with.
func (s *Scheme) line(words []mail.Word, before string) line {
	tokens := make([]token, 0, len(words))
	for _, w := range words {
		for _, piece := range strings.FieldsFunc(w.Text, s.divides) {
			t := token{text: []rune(Clean(piece)), word: w, label: s.labelOf(before)}
			before += " " + folded(piece)
			before = before[max(0, len(before)-longestLabel):]
			if len(t.text) > 0 {
				tokens = append(tokens, t)
			}
		}
	}
	return lineOf(tokens)
}

// divides tells whether a sign parts a label or a bracket from a reference: one
// that no form of the reference holds.
func (s *Scheme) divides(r rune) bool {
	return strings.ContainsRune(":=()[]{}<>\"“”«»„;", r) && !strings.ContainsRune(s.signs, r)
}

// A label is no longer than this, in bytes.
const longestLabel = 80

// fillers are what may stand between a label and its number, at most mostFillers.
var fillers = strings.Fields("nr no n° nº num number nummer numero is est ist lautet bitte angeben please quote te vermelden a rappeler")

const mostFillers = 2

// labelOf gives the label that the text ends with, give or take a sign and fillers.
func (s *Scheme) labelOf(before string) string {
	for range mostFillers + 1 {
		before = strings.TrimRight(before, " .:-")
		for _, l := range s.labels {
			if rest, ok := strings.CutSuffix(before, l); ok && (rest == "" || strings.HasSuffix(rest, " ")) {
				return l
			}
		}
		last := strings.LastIndexByte(before, ' ') + 1
		if !slices.Contains(fillers, before[last:]) {
			return ""
		}
		before = before[:last]
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
