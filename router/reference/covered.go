package reference

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// What the checks look at.
const (
	digitSigns = "0123456789"
	alnumSigns = digitSigns + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// gaze tells of each place of a form whether the check tells its characters apart.
type gaze func(f shape) []bool

// at looks at the characters of an alphabet, and at a sign that may stand last.
func at(alphabet, last string) gaze {
	return func(f shape) []bool {
		seen := make([]bool, len(f))
		for i, s := range f {
			seen[i] = s.within(alphabet) || i == len(f)-1 && s.within(alphabet+last)
		}
		return seen
	}
}

// atNIF looks at the digits and at the last letter.
func atNIF(f shape) []bool {
	seen := at(digitSigns, "")(f)
	for i := len(f) - 1; i >= 0; i-- {
		if f[i].within(alnumSigns[len(digitSigns):]) {
			seen[i] = true
			break
		}
		if !seen[i] && (f[i].one == 0 || unicode.IsLetter(f[i].one)) {
			break // it may be a letter, or not
		}
	}
	return seen
}

// within tells whether a place takes characters of the alphabet only. Checks do
// not tell small letters from capitals, so a place for both is not within.
func (s slot) within(alphabet string) bool {
	if s.one != 0 {
		return strings.ContainsRune(alphabet, unicode.ToUpper(s.one))
	}
	for i := 0; i+1 < len(s.class); i += 2 {
		for r := s.class[i]; r <= s.class[i+1]; r++ {
			if !strings.ContainsRune(alphabet, r) {
				return false
			}
		}
	}
	return len(s.class) > 0
}

// Covered tells whether the check looks at all in which two references of the
// scheme can differ: [A-D]-\d{6} with a check on digits leaves out the letter, and
// B-123456 misread as D-123456 holds as well. Of a pattern that is too varied to
// list its forms it can't be told.
func (s *Scheme) Covered() bool { return s.covered }

func (s *Scheme) covers() bool {
	if s.check.looks == nil || len(s.shapes) == 0 || s.cfg.Covers > 0 && groups(s.cfg.Pattern, s.cfg.Covers) != 1 {
		return false
	}
	all := make([][]bool, len(s.shapes))
	for i, f := range s.shapes {
		all[i] = s.seen(f)
		for j, place := range f {
			if place.one == 0 && !all[i][j] {
				return false
			}
		}
	}
	for i := range all {
		for j := range i {
			if confusable(s.shapes[i], s.shapes[j], all[i], all[j]) {
				return false
			}
		}
	}
	return true
}

// seen is what the check tells apart of a form, or of the group that it covers.
func (s *Scheme) seen(f shape) []bool {
	var part shape
	var places []int
	for i, place := range f {
		if s.cfg.Covers == 0 || place.groups>>s.cfg.Covers&1 != 0 {
			part, places = append(part, place), append(places, i)
		}
	}
	seen := make([]bool, len(f))
	for i, ok := range s.check.looks(part) {
		seen[places[i]] = ok
	}
	return seen
}

// groups counts where a capture group stands: a repeated one holds its last turn only.
func groups(pattern string, group int) (n int) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	var count func(*syntax.Regexp)
	count = func(re *syntax.Regexp) {
		if re.Op == syntax.OpCapture && re.Cap == group {
			n++
		}
		for _, sub := range re.Sub {
			count(sub)
		}
	}
	count(re.Simplify())
	return n
}

// confusable tells whether texts of two forms may differ and be the same to the
// check: by an optional sign, or by letters that only one of them has.
func confusable(f, g shape, seenF, seenG []bool) bool {
	a, b := f.only(seenF), g.only(seenG)
	if !slices.EqualFunc(a, b, slot.meets) {
		return false
	}
	return len(f) != len(g) || !slices.Equal(seenF, seenG) || !slices.EqualFunc(f, g, func(x, y slot) bool {
		return x.one == y.one || unicode.ToUpper(x.one) == x.one && unicode.ToUpper(y.one) == y.one && x.meets(y)
	})
}

func (f shape) only(seen []bool) (part shape) {
	for i, s := range f {
		if seen[i] {
			part = append(part, s)
		}
	}
	return part
}

// meets tells whether some character fits both places, as a check takes it.
func (s slot) meets(o slot) bool {
	switch {
	case s.one != 0 && o.one != 0:
		return unicode.ToUpper(s.one) == unicode.ToUpper(o.one)
	case s.one != 0:
		return o.takes(unicode.ToUpper(s.one))
	case o.one != 0:
		return s.takes(unicode.ToUpper(o.one))
	}
	for i := 0; i+1 < len(s.class); i += 2 {
		for j := 0; j+1 < len(o.class); j += 2 {
			if s.class[i] <= o.class[j+1] && o.class[j] <= s.class[i+1] {
				return true
			}
		}
	}
	return false
}
