package reference

import "slices"

// Bounds on the readings of one text.
const (
	mostChanges  = 2    // characters read otherwise than the likeliest way; fewer, the less the text resembles the form
	mostReadings = 12   // that are kept
	mostTried    = 6000 // that are tried
)

// nearest lists the references with valid check digits that a text may stand
// for, likeliest first: those that take the fewest confusions, and last, when
// there are few, those that take one character for quite another.
func (s *Scheme) nearest(raw []rune, p placed) []string {
	all := s.readings(choices(p.form, p.at, p.cost >= costDigit), mostChanges)
	if len(raw) < len(p.form) && slices.Contains(p.at, lost) {
		all = append(all, s.inserted(p, raw)...)
	}
	if len(raw) > len(p.form) {
		all = append(all, s.dropped(p, raw)...)
	}
	if p.cost <= 1 {
		all = append(all, s.anyOther(p)...)
	}
	return unique(all)
}

// choices lists for each place of the form what may stand there, likeliest
// first; nil when a place can't be anything. trusting takes what fits for read
// well: a text that hardly resembles the form has no more to be doubted.
func choices(f shape, at []rune, trusting bool) [][]rune {
	all := make([][]rune, len(f))
	for i, r := range at {
		switch {
		case r != lost && trusting && f[i].takes(r):
			all[i] = []rune{r}
		case r != lost:
			all[i] = f[i].maybe(r)
		}
		if len(all[i]) == 0 {
			all[i] = f[i].any()
		}
		if len(all[i]) == 0 {
			return nil
		}
	}
	return all
}

// any lists all that may stand at a place; nil when that is too much.
func (s slot) any() (all []rune) {
	if s.one != 0 {
		return []rune{s.one}
	}
	for i := 0; i+1 < len(s.class); i += 2 {
		for r := s.class[i]; r <= s.class[i+1]; r++ {
			if len(all) == 64 {
				return nil
			}
			all = append(all, r)
		}
	}
	return all
}

// readings tries choices, at most so many of them other than the likeliest.
func (s *Scheme) readings(choices [][]rune, most int) (all []string) {
	if choices == nil {
		return nil
	}
	base := make([]rune, len(choices))
	for i, c := range choices {
		base[i] = c[0]
	}
	tried := 0
	var change func(from, left int)
	change = func(from, left int) {
		if left == 0 {
			if tried++; len(all) < mostReadings && s.proves(base) {
				all = append(all, string(base))
			}
			return
		}
		for i := from; i < len(base) && tried < mostTried; i++ {
			kept := base[i]
			for _, r := range choices[i][1:] {
				base[i] = r
				change(i+1, left-1)
			}
			base[i] = kept
		}
	}
	for changes := 0; changes <= most; changes++ {
		change(0, changes)
	}
	return all
}

// proves tells whether a text that has one of the scheme's forms is a reference.
func (s *Scheme) proves(text []rune) bool {
	if s.cfg.Covers == 0 && !s.check.holds(string(text)) {
		return false // the cheaper half first
	}
	_, err := s.Parse(string(text))
	return err == nil
}

// inserted reads a text that lost a digit with the gap at each place where it may have been.
func (s *Scheme) inserted(p placed, raw []rune) (all []string) {
	if p.cost > costDigit+1 {
		return nil
	}
	for i := 0; i <= len(raw); i++ {
		longer := slices.Insert(slices.Clone(raw), i, '\x00')
		for _, q := range (variant{form: p.form, left: len(p.form)}).places(longer, p.cost) {
			if q.from == 0 && q.to == len(longer) && slices.Contains(q.at, '\x00') {
				all = append(all, s.readings(choices(p.form, q.at, true), 1)...)
			}
		}
	}
	return all
}

// dropped reads a text that holds a character too many without each of them.
func (s *Scheme) dropped(p placed, raw []rune) (all []string) {
	for i := range raw {
		shorter := slices.Delete(slices.Clone(raw), i, i+1)
		for _, q := range (variant{form: p.form, left: len(p.form)}).places(shorter, p.cost-1) {
			if q.from == 0 && q.to == len(shorter) {
				all = append(all, s.readings(choices(p.form, q.at, p.cost > 1), 1)...)
			}
		}
	}
	return all
}

// anyOther reads each digit or letter of a text as any other. Weak checks hold
// too often for that to say anything.
func (s *Scheme) anyOther(p placed) (all []string) {
	if !s.check.strong {
		return nil
	}
	choices := choices(p.form, p.at, false)
	if choices == nil {
		return nil
	}
	base := make([]rune, len(choices))
	for i, c := range choices {
		base[i] = c[0]
	}
	for i, place := range p.form {
		kept := base[i]
		for _, r := range place.any() {
			if base[i] = r; r != kept && s.proves(base) {
				all = append(all, string(base))
			}
		}
		base[i] = kept
	}
	return all
}

func unique(all []string) (kept []string) {
	for _, a := range all {
		if !slices.Contains(kept, a) && len(kept) < mostReadings {
			kept = append(kept, a)
		}
	}
	return kept
}
