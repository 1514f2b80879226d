package reference

import (
	"regexp/syntax"
	"slices"
	"unicode"
)

// shape is one fixed-length form of a pattern: the characters possible at each place.
type shape []slot

// slot is a place: one character exactly, or any of a class.
type slot struct {
	one   rune        // the only character, or 0
	class []rune      // pairs of lowest and highest, as in regexp/syntax
	exact bool        // a fixed character must be there as it is
	costs *[128]int16 // of reading an ASCII character here; made by priced

	groups uint64 // the capture groups that it stands in, a bit each
}

func (s slot) takes(r rune) bool {
	if s.one != 0 {
		return s.one == r
	}
	for i := 0; i+1 < len(s.class); i += 2 {
		if s.class[i] <= r && r <= s.class[i+1] {
			return true
		}
	}
	return false
}

// priced gives the form with the costs of ASCII characters worked out.
func (f shape) priced() shape {
	f = slices.Clone(f)
	for i := range f {
		var costs [128]int16
		for r := range costs {
			costs[r] = int16(f[i].price(rune(r)))
		}
		f[i].costs = &costs
	}
	return f
}

func (s slot) digit() bool { return s.takes('0') && s.takes('9') && !s.takes('A') }

// A pattern with more forms or longer ones than this is too varied: its
// references are matched literally only.
const (
	mostShapes  = 64
	longestForm = 64
)

// shapesOf lists a pattern's forms; nil when there are too many.
func shapesOf(pattern string) []shape {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	forms, ok := expand(re.Simplify())
	if !ok {
		return nil
	}
	return forms
}

func expand(re *syntax.Regexp) (forms []shape, ok bool) {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary:
		return []shape{{}}, true
	case syntax.OpLiteral:
		s := shape{}
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				class := []rune{r, r}
				for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
					class = append(class, other, other)
				}
				s = append(s, slot{class: class})
				continue
			}
			s = append(s, slot{one: r})
		}
		return []shape{s}, true
	case syntax.OpCharClass:
		if len(re.Rune) == 2 && re.Rune[0] == re.Rune[1] {
			return []shape{{slot{one: re.Rune[0]}}}, true
		}
		return []shape{{slot{class: re.Rune}}}, true
	case syntax.OpCapture:
		forms, ok = expand(re.Sub[0])
		for _, f := range forms {
			for i := range f {
				f[i].groups |= 1 << re.Cap
			}
		}
		return forms, ok
	case syntax.OpQuest:
		forms, ok = expand(re.Sub[0])
		return append(forms, shape{}), ok
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, ok := expand(sub)
			if !ok {
				return nil, false
			}
			forms = append(forms, more...)
		}
		return forms, len(forms) <= mostShapes
	case syntax.OpConcat:
		forms = []shape{{}}
		for _, sub := range re.Sub {
			next, ok := expand(sub)
			if !ok || len(forms)*len(next) > mostShapes {
				return nil, false
			}
			var longer []shape
			for _, a := range forms {
				for _, b := range next {
					if len(a)+len(b) > longestForm {
						return nil, false
					}
					longer = append(longer, slices.Concat(a, b))
				}
			}
			forms = longer
		}
		return forms, true
	}
	return nil, false // endless repeats, any character
}

// describe tells whether all forms are digits only, and the fewest digits of one.
func describe(forms []shape) (bare bool, digits int) {
	bare, digits = len(forms) > 0, -1
	for _, f := range forms {
		n := 0
		for _, s := range f {
			switch {
			case s.digit():
				n++
			case s.one >= '0' && s.one <= '9':
				n++
			default:
				bare = false
			}
		}
		if digits < 0 || n < digits {
			digits = n
		}
	}
	return bare, max(0, digits)
}
