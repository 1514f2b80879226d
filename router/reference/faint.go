package reference

import (
	"slices"
	"unicode"

	"postroom/mail"
)

// A core of so many characters is seldom another number when a check holds:
// fewer when the check is strong, and fewer still behind a label.
const (
	leastCore        = 12
	leastCoreStrong  = 9
	leastCoreLabeled = 6
)

// mostConfused is how many characters of a core may be read as others.
const mostConfused = 2

// core is what is left of a form when somebody writes down the number alone:
// its places without the signs and the letters that every reference begins with.
type core struct {
	form   shape
	places []int
}

// coreOf gives a form's core.
func coreOf(f shape) (c core) {
	c.form = f
	for i, place := range f {
		if !place.sign() && (place.one == 0 || unicode.IsDigit(place.one) || len(c.places) > 0) {
			c.places = append(c.places, i)
		}
	}
	return c
}

// faint tells whether the form of the scheme's references and their check say so
// little that any number may be one.
func (s *Scheme) faint() bool { return s.bare && !s.check.strong }

// Faint finds what is a reference only if its case exists, for nothing else says
// so: the number alone without its signs and letters, digits that no label
// announces, a number that another stands next to. Whoever asks must look each
// up in the register. A page of ordinary numbers has some of them.
func (s *Scheme) Faint(reading mail.Reading) (all []mail.Mention) {
	for l := range s.lines(reading.Words) {
		for _, f := range s.faintIn(l) {
			all = append(all, s.mention(reading.Page, f, l))
		}
	}
	for _, sym := range reading.Symbols {
		if _, whole := s.FromBarcode(reading.Page, sym); whole || sym.Symbology.Patch() || article(sym.Symbology) {
			continue
		}
		for l := range s.lines(fields(sym.Text)) {
			for _, f := range s.faintIn(l) {
				all = append(all, s.inside(reading.Page, sym, f.mention))
			}
		}
	}
	return all
}

// article tells whether a symbology numbers goods.
func article(s mail.Symbology) bool { return s == mail.EAN13 || s == mail.EAN8 || s == mail.UPCA }

func (s *Scheme) faintIn(l line) []finding {
	found, all := s.literal(l)
	if s.numbers(l) && s.faint() {
		near := 0
		all = append(all, s.near(l, found, &near)...)
	}
	for _, c := range s.cores {
		all = append(all, s.coresIn(l, c)...)
	}
	return all
}

// coresIn finds where the characters of a core stand, whatever signs and spaces part them.
func (s *Scheme) coresIn(l line, c core) (all []finding) {
	for from := range l.text {
		if !alphanumeric(l.text[from]) || !l.edge(from, from-1) {
			continue
		}
		to, at, confused := c.lay(l, from)
		if to == 0 || !l.edge(to, to) || !s.telling(l, c, from, to, confused) {
			continue
		}
		raw := string(l.text[from:to])
		readings := s.readings(choices(c.form, at, true), mostConfused)
		if len(readings) == 0 {
			continue
		}
		m := mail.Mention{Text: readings[0], Raw: raw, Valid: true, Readings: readings}
		if readings[0] == raw && l.owner[from] == l.owner[to-1] {
			m.Literal, m.Readings = true, nil
		}
		all = append(all, finding{from: from, to: to, mention: m})
	}
	return all
}

// lay lays a core over a line from a character on. It gives where it ends, 0 =
// it does not stand there, what stands for each place of the form, and how many
// of them are confused.
func (c core) lay(l line, from int) (to int, at []rune, confused int) {
	i := from
	for k, place := range c.places {
		for k > 0 && i < len(l.text) && !alphanumeric(l.text[i]) {
			i++
		}
		if i == len(l.text) {
			return 0, nil, 0
		}
		slot, r := c.form[place], l.text[i]
		switch {
		case slot.takes(r), slot.takes(unicode.ToUpper(r)), slot.takes(unicode.ToLower(r)):
		case confused < mostConfused && len(slot.maybe(r)) > 0:
			confused++
		default:
			return 0, nil, 0
		}
		i++
	}
	return i, c.read(l.text[from:i]), confused
}

// read gives what stands for each place of the form; for those that the core
// lacks, what must.
func (c core) read(text []rune) (at []rune) {
	text = slices.DeleteFunc(slices.Clone(text), func(r rune) bool { return !alphanumeric(r) })
	for i, place := range c.form {
		if !slices.Contains(c.places, i) {
			at = append(at, place.one)
			continue
		}
		at, text = append(at, text[0]), text[1:]
	}
	return at
}

// telling tells whether it takes more than chance that a core stands there.
func (s *Scheme) telling(l line, c core, from, to, confused int) bool {
	n := len(c.places)
	oneWord := l.owner[from] == l.owner[to-1]
	switch {
	case l.label(from) != "":
		return n >= leastCoreLabeled
	case s.bare && oneWord && to-from == n:
		return true
	case confused > 0 && !oneWord:
		return false
	case s.check.strong:
		return n >= leastCoreStrong
	}
	return n >= leastCore && s.cfg.Check != "none"
}
