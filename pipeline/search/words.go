package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postroom/mail"
)

const (
	longestTerm = 64    // bytes; the rest of a longer word is not looked at
	longestRun  = 6     // tokens that are also one, however they are spaced: IBANs have so many groups
	pageTokens  = 50000 // a page that has more is no letter's
)

// token is a run of letters and digits, folded: no accents, small, ligatures written out.
type token struct {
	term  string
	word  int  // of the page, from 0
	digit bool // it has a digit
	short bool // it may be a part of a number: it has digits, or is four capitals at most
	hyphn bool // a hyphen at the end of the word follows it
	line  int
}

// term is what the index has of a page: an exact word, a stem, or a number that was joined.
type term struct {
	text     string
	at       int // its place among the page's tokens, from 0
	from, to int // words of the page that it stands in, both included
}

// tokens takes a page's words apart.
func tokens(words []mail.Word) (all []token) {
	for i, w := range words {
		if len(all) >= pageTokens {
			return all
		}
		all = appendTokens(all, w.Text, i, w.Line)
	}
	return all
}

func appendTokens(all []token, text string, word, line int) []token {
	var b strings.Builder
	digit, capitals, hyphen := false, true, false
	flush := func() {
		if b.Len() > 0 {
			s := b.String()
			all = append(all, token{term: s, word: word, line: line, digit: digit, short: digit || capitals && len(s) <= 4})
		}
		b.Reset()
		digit, capitals = false, true
	}
	for _, r := range norm.NFKD.String(text) {
		isDigit := unicode.IsDigit(r)
		switch {
		case isDigit || unicode.IsLetter(r):
			hyphen = false
			if b.Len() >= longestTerm {
				continue
			}
			digit = digit || isDigit
			capitals = capitals && (isDigit || unicode.IsUpper(r))
			b.WriteString(folded(r))
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
			// accents; marks that do not print, such as those that turn text around
		default:
			hyphen = r == '-' || r == '\u2010' || r == '\u2011'
			flush()
		}
	}
	flush()
	if n := len(all); hyphen && n > 0 && all[n-1].word == word {
		all[n-1].hyphn = true
	}
	return all
}

// folded writes a letter small and without what decomposing leaves of it.
func folded(r rune) string {
	switch r = unicode.ToLower(r); r {
	case 'ß', 'ẞ':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	}
	return string(r)
}

// terms gives all that a page is found by; language is the letter's, BCP 47.
func terms(all []token, language string) (found []term) {
	stem := stemmers[language]
	for i, t := range all {
		found = append(found, term{t.term, i, t.word, t.word})
		if stem != nil && inflects(t) {
			found = append(found, term{stemTerm(language, stem(t.term)), i, t.word, t.word})
		}
	}
	return append(found, joined(all)...)
}

// inflects tells whether a word may have other forms.
func inflects(t token) bool { return !t.digit && utf8.RuneCountInString(t.term) > 2 }

// joined gives the words that stand in parts: a number in groups, a word with a mark
// inside, a word that was divided at the end of a line.
func joined(all []token) (found []term) {
	for i := range all {
		text, digit := all[i].term, all[i].digit
		inWord, inRun := true, all[i].short
		for j := i + 1; j < len(all) && j-i < longestRun && (inWord || inRun); j++ {
			text += all[j].term
			digit = digit || all[j].digit
			if len(text) > longestTerm {
				break
			}
			inWord = inWord && all[j].word == all[i].word
			inRun = inRun && all[j].short && all[j].line == all[i].line
			divided := j == i+1 && all[i].hyphn && all[j].line != all[i].line
			whole := inWord && startsWord(all, i) && endsWord(all, j)
			if whole || inRun && digit || divided {
				found = append(found, term{text, i, all[i].word, all[j].word})
			}
		}
	}
	return found
}

func startsWord(all []token, i int) bool { return i == 0 || all[i-1].word != all[i].word }

func endsWord(all []token, j int) bool { return j+1 == len(all) || all[j+1].word != all[j].word }
