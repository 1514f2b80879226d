package router

import (
	"slices"
	"strings"
	"unicode"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// rule names the rule that files the document, with the second factor's evidence; ""
// = none does, and why.
func (c *court) rule(found register.Case, best mail.Mention) (rule string, factor []mail.Evidence, why *mail.Saying) {
	strong := c.scheme(best.Scheme, (*reference.Scheme).Strong)
	switch {
	case c.byCode(best):
		return RuleBarcode, nil, nil
	case best.Source != mail.FromBarcode && strong && c.scheme(best.Scheme, (*reference.Scheme).Covered):
		// Of two errors in one reference a check lets one in a hundred through.
		if own, _ := c.owner(found); own == "" && found.Name != "" {
			if other, ok := c.double(found, best); ok {
				return "", nil, mail.Say("person-of-another", "other", other.Reference, "reference", best.Text)
			}
		}
		return RuleText, nil, nil
	}
	if rule, factor = c.owner(found); rule == "" {
		if strong {
			return "", nil, mail.Say("uncovered-alone", "reference", best.Text)
		}
		return "", nil, mail.Say("weak-alone", "reference", best.Text)
	}
	if other, ok := c.double(found, best); ok {
		if strong {
			return "", nil, mail.Say("uncovered-double", "reference", best.Text, "other", other.Reference)
		}
		return "", nil, mail.Say("weak-double", "reference", best.Text, "other", other.Reference)
	}
	return rule, factor, nil
}

// owner looks for the person of a case on the pages; rule "" = nothing there tells of
// that person.
//
// A name of one word stands in any street, and a postcode of digits alone is a
// whole town's, the authority's among them: neither is enough where the register
// knows more.
func (c *court) owner(found register.Case) (rule string, factor []mail.Evidence) {
	name, named := c.factor(found.Name, RuleWeakName, namesOn)
	code, coded := c.factor(found.Postcode, RuleWeakPostcode, postcodeOn)
	switch {
	case named && coded:
		return RuleWeakName, []mail.Evidence{name, code}
	case named && len(parts(found.Name)) > 1:
		return RuleWeakName, []mail.Evidence{name}
	case coded && (found.Name == "" || strings.ContainsFunc(found.Postcode, unicode.IsLetter)):
		return RuleWeakPostcode, []mail.Evidence{code}
	}
	return "", nil
}

// double finds another case whose reference may have been printed where this one was
// read, and of whose person the pages tell as much: a person has several cases, and a
// house several persons. Then the person proves neither.
func (c *court) double(found register.Case, best mail.Mention) (register.Case, bool) {
	if best.Source == mail.FromBarcode && c.sealed(best) {
		return register.Case{}, false
	}
	for _, other := range c.cases.Near(best.Scheme, best.Text) {
		if other.Reference == found.Reference || !c.mayTell(other) {
			continue
		}
		// A check has refused most misreadings: a town of digits alone then says too little.
		if rule, _ := c.owner(other); rule == RuleWeakName || rule != "" && !c.scheme(best.Scheme, (*reference.Scheme).Strong) {
			return other, true
		}
	}
	return register.Case{}, false
}

// mayTell is a quick look whether the pages may tell of a case's person: there are a
// thousand near cases where numbers are consecutive.
func (c *court) mayTell(other register.Case) bool {
	if c.said == nil {
		c.said = map[string]bool{}
		for _, reading := range c.readings {
			all := c.pieces(reading)
			for i := range all {
				text := ""
				for j := i; j < min(i+mostCodePieces, len(all)); j++ {
					text += all[j].text
					c.said[text] = true
				}
			}
		}
	}
	name := parts(other.Name)
	return len(name) > 0 && !slices.ContainsFunc(name, func(p string) bool { return !c.said[p] }) ||
		other.Postcode != "" && c.said[strings.Join(parts(other.Postcode), "")]
}

// scheme tells whether the scheme of a name is of a kind.
func (c *court) scheme(name string, kind func(*reference.Scheme) bool) bool {
	return slices.ContainsFunc(c.rules.cfg.Schemes, func(s *reference.Scheme) bool { return s.Name() == name && kind(s) })
}

// byCode tells whether a code proves the reference. What its check digits do not
// cover, the code's own check characters do, where it has them; in the others a bar
// that is misread makes another character.
func (c *court) byCode(best mail.Mention) bool {
	return c.scheme(best.Scheme, (*reference.Scheme).Strong) && slices.ContainsFunc(c.literal(), func(m mail.Mention) bool {
		return m.Source == mail.FromBarcode && m.Scheme == best.Scheme && m.Text == best.Text &&
			(c.scheme(m.Scheme, (*reference.Scheme).Covered) || c.sealed(m))
	})
}

// unsealed are the symbologies without a check character that every code has.
var unsealed = []mail.Symbology{mail.Code39, mail.ITF, mail.Codabar}

// sealed tells whether the code of a mention has check characters of its own.
func (c *court) sealed(m mail.Mention) bool {
	return slices.ContainsFunc(c.readings, func(reading mail.Reading) bool {
		return reading.Page == m.Page && slices.ContainsFunc(reading.Symbols, func(s mail.Symbol) bool {
			return s.Polygon == m.Polygon && reference.Clean(s.Text) == m.Raw && !slices.Contains(unsealed, s.Symbology)
		})
	})
}

// factor looks for a name or postcode of the register on the document's pages.
func (c *court) factor(text, rule string, on func([]piece, []string) (from, to int)) (mail.Evidence, bool) {
	want := parts(text)
	if len(strings.Join(want, "")) < 3 {
		return mail.Evidence{}, false
	}
	for _, reading := range c.readings {
		all := c.pieces(reading)
		from, to := on(all, want)
		if from == to {
			continue
		}
		box, confidence := mail.Box{}, 1.0
		for _, p := range all[from:to] {
			box, confidence = box.Union(p.word.Box), min(confidence, p.word.Confidence)
		}
		return mail.Evidence{Page: reading.Page, Source: mail.FromRegister, Text: text, Confidence: confidence, Rule: rule, Polygon: box.Quad()}, true
	}
	return mail.Evidence{}, false
}

// piece is a part of a word, in upper case without accents and signs.
type piece struct {
	text string
	word mail.Word
	line int  // of the page
	town bool // the line is the last of an address
}

// pieces gives what a page says apart from its references, as far as it could be read.
func (c *court) pieces(reading mail.Reading) (all []piece) {
	if all, ok := c.page[reading.Page]; ok {
		return all
	}
	if c.page == nil {
		c.page = map[int][]piece{}
	}
	defer func() { c.page[reading.Page] = all }()
	for i, line := range linesOf(reading.Words) {
		ends := town(line)
		for _, w := range line {
			if w.Confidence < leastConfidence || c.reference(reading.Page, w) {
				continue
			}
			for _, p := range parts(w.Text) {
				all = append(all, piece{p, w, i, ends})
			}
		}
	}
	return all
}

// reference tells whether a word is a part of a reference that was read.
func (c *court) reference(page int, w mail.Word) bool {
	return slices.ContainsFunc(c.mentions, func(m mail.Mention) bool {
		return m.Literal && m.Page == page && m.Source == mail.FromOCR && within(w, m.Polygon)
	})
}

// namesOn finds a name: all its parts beside each other, in any order.
func namesOn(all []piece, want []string) (from, to int) {
	want = slices.Sorted(slices.Values(want))
	for i := 0; i+len(want) <= len(all); i++ {
		var said []string
		for _, p := range all[i : i+len(want)] {
			said = append(said, p.text)
		}
		if slices.Sort(said); slices.Equal(said, want) {
			return i, i + len(want)
		}
	}
	return 0, 0
}

// A postcode stands in at most so many pieces.
const mostCodePieces = 3

// postcodeOn finds a postcode, whatever spaces it has. Digits alone may be a
// year or an amount: they count before a town.
func postcodeOn(all []piece, want []string) (from, to int) {
	code := strings.Join(want, "")
	letters := strings.ContainsFunc(code, unicode.IsLetter)
	for i := range all {
		said := ""
		for j := i; j < min(i+mostCodePieces, len(all)) && all[j].line == all[i].line; j++ {
			if said += all[j].text; said == code && (letters || all[j].town) {
				return i, j + 1
			}
		}
	}
	return 0, 0
}
