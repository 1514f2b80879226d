package router

import (
	"slices"
	"strings"
	"unicode"

	"postroom/mail"
	"postroom/router/reference"
)

// What differs more from the proven reference (reference.Misread) is not the same
// reference read badly: confusions and lost signs, or two wrong characters at most.
// A text of the right form whose check fails may be a misreading of it, too, by two
// confusions or one wrong character; but not when it was read surely, no more than
// any text in which a digit stands for another: then it is what was printed. Nor may
// a character stand for a digit that it is not taken for: "$" is a 5, not an 8.
const (
	sameMisread = 4
	sameFailing = 2
	surelyRead  = 0.75
)

// contradicts tells how a mention speaks against the proven reference; nil = it
// does not: it is the same reference again, or the same read badly.
func (c *court) contradicts(m, proven mail.Mention) *mail.Saying {
	if m.Literal && (m.Valid || m.Text == proven.Text) {
		return nil // valid ones were counted; what fails as another scheme's was proven by its own
	}
	for _, reading := range m.Readings {
		if _, live := c.cases.Lookup(m.Scheme, reading); live && reading != proven.Text {
			return mail.Say("may-be-case", "page", m.Page, "raw", m.Raw, "other", reading, "reference", proven.Text, "at", proven.Page)
		}
	}
	switch {
	case c.resembles(m, proven):
		return nil // the proven reference itself looks like another scheme's
	case m.Scheme == proven.Scheme && m.Source == mail.FromBarcode && saysSame(m, proven):
		return nil
	case m.Scheme == proven.Scheme && m.Source != mail.FromBarcode && sameReadBadly(m, proven):
		return c.asNear(m, proven)
	}
	return mail.Say("other-text", "page", m.Page, "raw", m.Raw, "reference", proven.Text, "at", proven.Page)
}

// saysSame tells whether a code, which is never read badly, says the proven
// reference: with other signs, in small letters or without its first letters.
func saysSame(m, proven mail.Mention) bool {
	return slices.Contains(m.Readings, proven.Text) && strings.HasSuffix(signless(proven.Text), signless(m.Raw))
}

// sameReadBadly tells whether print may be the proven reference read badly, and
// no other reference as well or better. Neighbours in a register differ by few
// characters, and the next case may not be in it yet.
func sameReadBadly(m, proven mail.Mention) bool {
	most := sameMisread
	if m.Literal {
		most = sameFailing
	}
	same := reference.Misread(m.Raw, proven.Text, most)
	switch {
	case reference.OtherDigit(m.Raw, proven.Text, m.Confidence < surelyRead):
		return false
	case m.Confidence >= surelyRead && m.Literal:
		return false
	case slices.ContainsFunc(m.Readings, func(reading string) bool {
		return reading != proven.Text && reference.Misread(m.Raw, reading, most) < same
	}):
		return false
	}
	return same <= most || !m.Literal && slices.Contains(m.Readings, proven.Text)
}

// asNear tells which other case a text may be as well as the proven one.
func (c *court) asNear(m, proven mail.Mention) *mail.Saying {
	if other := c.nearest(m, proven); other != "" {
		return mail.Say("as-near", "page", m.Page, "raw", m.Raw, "other", other, "reference", proven.Text, "at", proven.Page)
	}
	return nil
}

// nearest gives the other case that a text is as near to as to the proven one; ""
// = there is none. A letter may repeat its reference on every page, each time
// read alike: the register is asked once for each text.
func (c *court) nearest(m, proven mail.Mention) string {
	asked := [3]string{m.Scheme, m.Raw, proven.Text}
	if other, ok := c.nearer[asked]; ok {
		return other
	}
	if c.nearer == nil {
		c.nearer = map[[3]string]string{}
	}
	c.nearer[asked] = c.lookNear(m, proven)
	return c.nearer[asked]
}

func (c *court) lookNear(m, proven mail.Mention) string {
	same := reference.Misread(m.Raw, proven.Text, sameMisread)
	if same > sameMisread {
		return ""
	}
	for _, other := range c.cases.Near(m.Scheme, m.Raw) {
		if key := reference.Clean(other.Reference.String()); key != proven.Text && reference.Misread(m.Raw, key, same) <= same {
			return other.Reference.String()
		}
	}
	return ""
}

// resembles tells whether a mention of another scheme is what stands there
// literally as the proven reference, and no second reference beside it.
func (c *court) resembles(m, proven mail.Mention) bool {
	return m.Scheme != proven.Scheme && slices.ContainsFunc(c.mentions, func(o mail.Mention) bool {
		return o.Literal && o.Scheme == proven.Scheme && o.Text == proven.Text && oneText(m, o)
	})
}

// faint gives the mentions that nothing but a case in the register makes one,
// each with the cases that it may be. What is a part of a literal reference is
// spoken for.
func (c *court) faint() (all []mail.Mention) {
	literal := c.literal()
	for _, reading := range c.readings {
		for _, s := range c.rules.cfg.Schemes {
			for _, m := range s.Faint(reading) {
				live := c.live(m)
				spoken := slices.ContainsFunc(literal, func(o mail.Mention) bool { return strings.Contains(o.Raw, m.Raw) && oneText(m, o) })
				if len(live) == 0 || spoken {
					continue
				}
				if !m.Literal {
					m.Text, m.Readings = live[0], live
				}
				all = append(all, m)
			}
		}
	}
	return all
}

// live lists the cases of the register that a mention may be.
func (c *court) live(m mail.Mention) []string {
	return slices.DeleteFunc(append([]string{m.Text}, m.Readings...), func(text string) bool {
		_, ok := c.cases.Lookup(m.Scheme, text)
		return !ok
	})
}

// oneText tells whether two mentions were found in one text: one code, or words
// in one place of which the one's characters are among the other's.
func oneText(a, b mail.Mention) bool {
	if a.Page != b.Page || a.Source != b.Source {
		return false
	}
	if a.Source == mail.FromBarcode && a.Polygon != b.Polygon {
		return false
	}
	ax0, ay0, ax1, ay1 := a.Polygon.Bounds()
	bx0, by0, bx1, by1 := b.Polygon.Bounds()
	x, y := signless(a.Raw), signless(b.Raw)
	return ax0 < bx1 && bx0 < ax1 && ay0 < by1 && by0 < ay1 && (strings.Contains(x, y) || strings.Contains(y, x))
}

// signless is a text without its signs and its case.
func signless(s string) string {
	return strings.Map(func(r rune) rune {
		if apart(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}
