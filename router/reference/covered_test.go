package reference

import (
	"math/rand/v2"
	"testing"
)

// TestCovered: a check proves print only where it looks at all in which two
// references can differ.
func TestCovered(t *testing.T) {
	for _, c := range []struct {
		pattern, check string
		covers         int
		want           bool
	}{
		{`TX-\d{4}-\d{6}-\d{2}`, "iso7064-mod97-10", 0, true},
		{`PER/\d{6}/[A-Z]`, "es-nif-letter", 0, true},
		{`\+\+\+\d{3}/\d{4}/\d{5}\+\+\+`, "be-ogm", 0, true},
		{`RF\d{2}[0-9A-Z]{1,21}`, "iso11649", 0, true},
		{`\d{4}-\d{4}-\d{4}-\d{3}[\dX]`, "iso7064-mod11-2", 0, true},
		{`[A-Z]\d{5}[0-9A-Z*]`, "iso7064-mod37-2", 0, true},
		{`[A-Z]\d{5}[0-9A-Z]`, "iso7064-mod37-36", 0, true},
		{`TX-(\d{10})`, "iso7064-mod11-10", 1, true},
		{`TX-\d{4,6}-\d{2}`, "iso7064-mod97-10", 0, true},
		{`(?:TX-1|PX-2)\d{6}`, "iso7064-mod97-10", 0, true}, // the digits tell the letters

		{`[A-D]-\d{6}-\d{2}`, "iso7064-mod97-10", 0, false},
		{`(?:TX|PX)-\d{6}-\d{2}`, "iso7064-mod97-10", 0, false},
		{`(?:AB|CDE)-\d{6}-\d{2}`, "iso7064-mod97-10", 0, false},
		{`TX-(\d{4})-(\d{8})`, "iso7064-mod97-10", 2, false},
		{`TX-?\d{10}`, "iso7064-mod97-10", 0, false},
		{`(?i)TX-\d{10}`, "iso7064-mod97-10", 0, false},
		{`TX[-/]\d{10}`, "iso7064-mod97-10", 0, false},
		{`\d{1,3}/\d{1,3}`, "iso7064-mod97-10", 0, false}, // 12/3 and 1/23
		{`TX-[0-9X]{10}`, "iso7064-mod97-10", 0, false},
		{`TX-\d+`, "iso7064-mod97-10", 0, false},
		{`TX-(\d){8}`, "iso7064-mod97-10", 1, false}, // the last digit alone
		{`[X\d]\d{6}[\dX]`, "iso7064-mod11-2", 0, false},
		{`[XYZ]\d{7}[A-Z]`, "es-nif-letter", 0, false},
		{`\d{7}[0-9A-Z]`, "es-nif-letter", 0, false},
		{`\d{6}[A-Za-z]`, "es-nif-letter", 0, false},
		{`(?:ab|A[A-C])\d{5}`, "iso7064-mod37-36", 0, false}, // ab and AB
		{`TX-\d{10}`, "luhn", 0, false},
	} {
		s, err := New(Config{Name: "s", Pattern: c.pattern, Check: c.check, Covers: c.covers})
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if s.Covered() != c.want {
			t.Errorf("%s with %s on group %d: covered is %v", c.pattern, c.check, c.covers, s.Covered())
		}
	}
}

// TestCoveredMeansThatEveryCharacterCounts: of a covered scheme, no character of
// a reference can be replaced, alone, by another that the check takes as well.
func TestCoveredMeansThatEveryCharacterCounts(t *testing.T) {
	const seed = 8
	rnd := rand.New(rand.NewPCG(seed, seed))
	for _, c := range []Config{
		{Pattern: `TX-\d{4}-\d{4}`, Check: "iso7064-mod97-10"}, {Pattern: `PER/\d{6}/[A-Z]`, Check: "es-nif-letter"},
		{Pattern: `\+\+\+\d{3}/\d{4}/\d{5}\+\+\+`, Check: "be-ogm"}, {Pattern: `\d{5}[\dX]`, Check: "iso7064-mod11-2"},
		{Pattern: `K\d{3}[A-Z]{2}[0-9A-Z*]`, Check: "iso7064-mod37-2"}, {Pattern: `K\d{3}[A-Z]{3}`, Check: "iso7064-mod37-36"},
	} {
		s, err := New(c)
		if err != nil || !s.Covered() {
			t.Fatalf("%s: %v, not covered", c.Pattern, err)
		}
		const signs = alnumSigns + "*-/+"
		for found := 0; found < 20; {
			b := make([]byte, len(s.shapes[0]))
			for i, place := range s.shapes[0] {
				for b[i] = byte(place.one); place.one == 0 && !place.takes(rune(b[i])); {
					b[i] = signs[rnd.IntN(len(signs))]
				}
			}
			if _, err := s.Parse(string(b)); err != nil {
				continue
			}
			found++
			for i := range b {
				for j := range len(signs) {
					if wrong := string(b[:i]) + signs[j:j+1] + string(b[i+1:]); wrong != string(b) {
						if _, err := s.Parse(wrong); err == nil {
							t.Errorf("%s (seed %d): %s and %s both hold", c.Pattern, seed, b, wrong)
						}
					}
				}
			}
		}
	}
}
