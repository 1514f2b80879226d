package search

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longestText   = 500 // characters of what is asked for
	mostTokens    = 24
	shortestStart = 3    // characters before the * of a word's beginning
	mostBegun     = 1000 // words that begin so; more are too many to look each of them up
)

// Refused is what can't be searched for; its text says why and what would do.
type Refused struct {
	Fault Fault
	Bound int // in the text; 0 = none
}

// Fault is what is wrong with a text that can't be searched for.
type Fault string

// The faults. A text of signs alone would find every letter.
const (
	NoWord       Fault = "a search needs a word"
	TooLong      Fault = "a search has %d characters at most"
	TooManyWords Fault = "a search has %d words at most"
	ShortStart   Fault = "before * there are %d characters at least"
	CommonStart  Fault = "more than %d words begin as one before *: give more of the word"
	TooFar       Fault = "only the first %d letters can be turned over: ask for less"
)

func (r *Refused) Error() string {
	return strings.Replace(string(r.Fault), "%d", strconv.Itoa(r.Bound), 1)
}

// clause is a part of what is asked for: a letter has it when a page has any of its ways.
type clause struct {
	not  bool
	ways []way
}

// way is a row of tokens that stand one after another on a page, the last of them a
// word's beginning when begun. loose: they may stand anywhere in the letter. exact: as
// written, in no other form.
type way struct {
	tokens []string
	begun  bool
	loose  bool
	exact  bool
}

// piece is a word or a quotation as it was typed.
type piece struct {
	text   string
	not    bool
	quoted bool
}

// clauses takes apart what a person typed: words, of which each must be in the letter;
// "words in quotes", which must stand so; -word, which must not be there; beginning*.
// Every other sign only divides words. The error is a *Refused.
func clauses(text string) (all []clause, err error) {
	if utf8.RuneCountInString(text) > longestText {
		return nil, &Refused{TooLong, longestText}
	}
	count := 0
	var run []token // words in a row that may be one number
	flush := func() {
		if len(run) > 1 {
			all = withRun(all, run)
		}
		run = nil
	}
	for _, p := range pieces(text) {
		found := appendTokens(nil, p.text, 0, 0)
		if count += len(found); count > mostTokens {
			return nil, &Refused{TooManyWords, mostTokens}
		}
		if len(found) == 0 {
			continue
		}
		begun := !p.quoted && strings.HasSuffix(p.text, "*")
		if last := found[len(found)-1].term; begun && utf8.RuneCountInString(last) < shortestStart {
			return nil, &Refused{ShortStart, shortestStart}
		}
		if p.not || p.quoted || begun || len(found) > 1 || !numeral(found[0]) {
			flush()
		} else {
			run = append(run, found[0])
		}
		all = append(all, clause{not: p.not, ways: ways(found, begun, p.quoted)})
	}
	flush()
	if len(all) == 0 && strings.TrimSpace(text) != "" {
		return nil, &Refused{Fault: NoWord}
	}
	return all, nil
}

// numeral tells whether a word that was typed may be a part of a number.
func numeral(t token) bool { return t.digit || utf8.RuneCountInString(t.term) <= 4 }

// ways gives how a piece may stand in a letter: as typed, or without its marks in one.
func ways(found []token, begun, quoted bool) []way {
	row := way{begun: begun, exact: quoted || len(found) > 1}
	one := way{begun: begun, exact: true}
	text := ""
	for _, t := range found {
		row.tokens = append(row.tokens, t.term)
		text += t.term
	}
	if one.tokens = []string{text}; len(found) == 1 || len(text) > longestTerm {
		return []way{row}
	}
	return []way{row, one}
}

// withRun lets the last words, which may be the groups of one number, stand as one.
func withRun(all []clause, run []token) []clause {
	text, digit := "", false
	loose := way{loose: true}
	for _, t := range run {
		text += t.term
		digit = digit || t.digit
		loose.tokens = append(loose.tokens, t.term)
	}
	if !digit || len(run) > longestRun || len(text) > longestTerm {
		return all
	}
	return append(all[:len(all)-len(run)], clause{ways: []way{loose, {tokens: []string{text}, exact: true}}})
}

// pieces divides a text at its spaces and quotation marks. A mark that nothing closes
// reaches to the end.
func pieces(text string) (all []piece) {
	var b strings.Builder
	not, quoted := false, false
	flush := func() {
		if b.Len() > 0 {
			all = append(all, piece{b.String(), not, quoted})
		}
		b.Reset()
		not, quoted = false, false
	}
	for _, r := range text {
		switch {
		case strings.ContainsRune("\"“”„«»", r):
			was := quoted
			if was || b.Len() > 0 {
				flush()
			}
			quoted = !was
		case unicode.IsSpace(r) && !quoted:
			flush()
		case r == '-' && b.Len() == 0 && !quoted && !not:
			not = true
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return all
}
