package register

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// mostWrong is in how many characters a text near a reference differs from it:
// replaced, lost or added.
const mostWrong = 2

// Near lists the scheme's cases whose digits differ from a text's in two places
// at most, by their references; the text's own case is among them.
func (reg *Register) Near(scheme, text string) (all []Case) {
	s := search{want: digits(text)}
	s.walk(reg.near[scheme], 0, start(s.want))
	for _, e := range s.found {
		all = append(all, reg.cases[e.key])
	}
	slices.SortFunc(all, func(a, b Case) int { return strings.Compare(a.Reference.String(), b.Reference.String()) })
	return all
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// entry is a case in a scheme's index.
type entry struct{ digits, key string }

// index makes for each scheme its cases' digits in order, so that those that
// begin alike stand together.
func index(cases map[string]Case) map[string][]entry {
	all := map[string][]entry{}
	for key := range cases {
		scheme, ref, _ := strings.Cut(key, "\x00")
		all[scheme] = append(all[scheme], entry{digits(ref), key})
	}
	for _, entries := range all {
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.digits, b.digits) })
		together(entries)
	}
	return all
}

// together lays the digits of neighbours beside each other in memory, for a walk
// looks at them one after the other.
func together(entries []entry) {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.digits)
	}
	text := b.String()
	for i, e := range entries {
		entries[i].digits, text = text[:len(e.digits)], text[len(e.digits):]
	}
}

// band is a row of the table of edit distances (Levenshtein 1965), as far as it
// can matter: [i] is the distance between the beginning of an entry, n digits long, and
// the first n+i-mostWrong digits that are wanted.
type band [2*mostWrong + 1]uint8

const far = mostWrong + 1

// start is the row of no digits at all.
func start(want string) (b band) {
	for i := range b {
		b[i] = far
		if n := i - mostWrong; n >= 0 && n <= len(want) {
			b[i] = uint8(n)
		}
	}
	return b
}

// next is the row behind one more digit, the entry's digit number n.
func (b band) next(n int, digit byte, want string) (row band) {
	for i := range row {
		row[i] = far
		to := n + 1 + i - mostWrong
		if to < 0 || to > len(want) {
			continue
		}
		if to > 0 && want[to-1] == digit {
			row[i] = b[i]
		} else if to > 0 {
			row[i] = min(far, b[i]+1)
		}
		if i+1 < len(b) {
			row[i] = min(row[i], b[i+1]+1)
		}
		if i > 0 {
			row[i] = min(row[i], row[i-1]+1)
		}
	}
	return row
}

// distance is that of an entry of n digits; far = it is more than mostWrong.
func (b band) distance(n int, want string) uint8 {
	if i := len(want) - n + mostWrong; i >= 0 && i < len(b) {
		return b[i]
	}
	return far
}

// search goes down an index as if it were a tree of digits, and turns back where
// a beginning already differs too much.
type search struct {
	want  string
	found []entry
}

// walk looks through entries that begin with the same n digits.
func (s *search) walk(entries []entry, n int, b band) {
	for len(entries) > 0 && len(entries[0].digits) == n {
		if b.distance(n, s.want) <= mostWrong {
			s.found = append(s.found, entries[0])
		}
		entries = entries[1:]
	}
	for len(entries) > 0 {
		digit := entries[0].digits[n]
		to := run(entries, n, digit)
		if row := b.next(n, digit, s.want); slices.Min(row[:]) <= mostWrong {
			s.walk(entries[:to], n+1, row)
		}
		entries = entries[to:]
	}
}

// run counts the entries whose digit number n is the same: most runs are short,
// so it looks near first.
func run(entries []entry, n int, digit byte) int {
	from, to := 0, 1 // entries[from] has the digit
	for to < len(entries) && entries[to].digits[n] == digit {
		from, to = to, 2*to
	}
	to = min(to, len(entries))
	return from + 1 + sort.Search(to-from-1, func(i int) bool { return entries[from+1+i].digits[n] > digit })
}
