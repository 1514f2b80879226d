package search

import (
	"math/bits"
	"slices"
	"strings"
	"unicode"

	"postroom/mail"
)

// Marks are the places in a letter of what was asked for.
type Marks struct {
	Snippet Snippet
	Pages   []PageMarks // those that have any, ascending
}

// PageMarks are the words of a page that match.
type PageMarks struct {
	Page  int        // of the batch
	Words []int      // their places among the page's words, from 0, ascending
	Boxes []mail.Box // theirs, pixels of the page as scanned
}

// Snippet is a line of a letter around what was found: about 160 characters, none that
// does not print. It is people's text all the same: it must be escaped where it is shown.
type Snippet struct {
	Page   int // of the batch; 0 = the letter has no text
	Text   string
	Marked [][2]int // bytes of Text, from and just after, ascending
}

const (
	snippetLength = 160 // characters
	snippetBefore = 50  // of them before the first match
	longestWord   = 60  // characters that are shown of a word
	mostAnchors   = 2000
)

// Highlight finds in a letter what Find found it by: the same words, forms and phrases.
// The reference, by which a letter is found as well, may stand on none of its pages. The
// error is a *Refused, as Find's.
func Highlight(l mail.Letter, text string) (m Marks, err error) {
	asked, err := clauses(text)
	if err != nil {
		return m, err
	}
	asked = slices.DeleteFunc(asked, func(c clause) bool { return c.not })
	var window span
	for _, page := range l.Text {
		marked := match(page, l.Language, asked)
		if found := marked.words(); len(found) > 0 {
			p := PageMarks{Page: page.Page, Words: found}
			for _, w := range found {
				p.Boxes = append(p.Boxes, page.Words[w].Box)
			}
			m.Pages = append(m.Pages, p)
		}
		if s := marked.best(page); s.to > s.from && (window.to == 0 || s.clauses > window.clauses) {
			window, m.Snippet = s, snippet(page, marked, s)
		}
	}
	return m, nil
}

// marking says which clauses each word of a page matches, a bit each.
type marking []uint64

// match marks a page's words.
func match(page mail.Text, language string, asked []clause) marking {
	marked := make(marking, len(page.Words))
	all := tokens(page.Words)
	found := terms(all, language)
	at := make([][]term, len(all))
	for _, t := range found {
		at[t.at] = append(at[t.at], t)
	}
	for i, c := range asked {
		for _, w := range c.ways {
			if w.loose {
				for _, t := range w.tokens {
					marked.mark(at, way{tokens: []string{t}}, 1<<i)
				}
				continue
			}
			marked.mark(at, w, 1<<i)
		}
	}
	return marked
}

// mark marks where the way's tokens stand one after another.
func (m marking) mark(at [][]term, w way, bit uint64) {
	forms := make([][]string, len(w.tokens))
	for i, t := range w.tokens {
		forms[i] = w.forms(t)
	}
	for i := 0; i+len(forms) <= len(at); i++ {
		var here []term
		for j := range forms {
			begun := w.begun && j == len(forms)-1
			k := slices.IndexFunc(at[i+j], func(t term) bool {
				return slices.Contains(forms[j], t.text) || begun && strings.HasPrefix(t.text, w.tokens[j])
			})
			if k < 0 {
				here = nil
				break
			}
			here = append(here, at[i+j][k])
		}
		for _, t := range here {
			for word := t.from; word <= t.to; word++ {
				m[word] |= bit
			}
		}
	}
}

// words lists those that are marked.
func (m marking) words() (all []int) {
	for i, c := range m {
		if c != 0 {
			all = append(all, i)
		}
	}
	return all
}

// span is a row of a page's words with the number of clauses that match in it.
type span struct{ from, to, clauses int }

// best is the row of words to show: the one in which the most clauses match, the
// beginning when none does.
func (m marking) best(page mail.Text) (most span) {
	anchors := m.words()
	if len(anchors) == 0 {
		return m.around(page, 0)
	}
	for _, i := range anchors[:min(len(anchors), mostAnchors)] {
		if s := m.around(page, i); s.clauses > most.clauses {
			most = s
		}
	}
	return most
}

// around is a row of words with the i-th near its beginning.
func (m marking) around(page mail.Text, i int) (s span) {
	if i >= len(page.Words) {
		return s
	}
	s.from, s.to = i, i
	for n := 0; s.from > 0; s.from-- {
		if n += len([]rune(legible(page.Words[s.from-1].Text))) + 1; n > snippetBefore {
			break
		}
	}
	var found uint64
	for n := 0; s.to < len(page.Words); s.to++ {
		if n += len([]rune(legible(page.Words[s.to].Text))) + 1; n > snippetLength && s.to > i {
			break
		}
		found |= m[s.to]
	}
	s.clauses = bits.OnesCount64(found)
	return s
}

// snippet writes a row of words.
func snippet(page mail.Text, marked marking, s span) Snippet {
	var b strings.Builder
	out := Snippet{Page: page.Page}
	for i := s.from; i < s.to; i++ {
		text := legible(page.Words[i].Text)
		if text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		from := b.Len()
		b.WriteString(text)
		if marked[i] != 0 {
			out.Marked = append(out.Marked, [2]int{from, b.Len()})
		}
	}
	out.Text = b.String()
	return out
}

// legible gives a word without what does not print, such as marks that turn text around,
// and of a very long one the beginning.
func legible(text string) string {
	n := 0
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		switch n++; {
		case n > longestWord:
			return -1
		case n == longestWord:
			return '…'
		}
		return r
	}, text)
}
