package router

import (
	"fmt"
	"slices"

	"postroom/mail"
	"postroom/router/reference"
)

// What differs more from the proven reference (reference.Misread) is not the same
// reference read badly: confusions and lost signs, or two wrong characters at most.
// A text of the right form whose check fails may be a misreading of it, too, by two
// confusions or one wrong character; but not when it was read surely: then it is
// what was printed.
const (
	sameMisread = 4
	sameFailing = 2
	surelyRead  = 0.85
)

// contradicts tells how a mention speaks against the proven reference; "" = it
// does not: it is the same reference again, or the same read badly.
func (c *court) contradicts(m, proven mail.Mention) string {
	if m.Literal && m.Valid {
		return ""
	}
	for _, reading := range m.Readings {
		if _, live := c.cases.Lookup(m.Scheme, reading); live && reading != proven.Text {
			return fmt.Sprintf("Page %d says %q, which may be the case %s, while %s stands on page %d.", m.Page, m.Raw, reading, proven.Text, proven.Page)
		}
	}
	if overlaps(m, proven) {
		return "" // the proven reference itself resembles another scheme's
	}
	most := sameMisread
	if m.Literal {
		most = sameFailing
	}
	same := reference.Misread(m.Raw, proven.Text, most)
	if m.Literal && m.Confidence >= surelyRead {
		same = most + 1
	}
	if m.Scheme != proven.Scheme || same > most {
		if m.Scheme == proven.Scheme && !m.Literal && slices.Contains(m.Readings, proven.Text) {
			return ""
		}
		return fmt.Sprintf("Page %d says %q, which is not %s on page %d.", m.Page, m.Raw, proven.Text, proven.Page)
	}
	for _, other := range c.cases.Near(m.Scheme, m.Raw) {
		if key := reference.Clean(other.Reference.String()); key != proven.Text && reference.Misread(m.Raw, key, same) <= same {
			return fmt.Sprintf("Page %d says %q, which is as near to the case %s as to %s on page %d.", m.Page, m.Raw, other.Reference, proven.Text, proven.Page)
		}
	}
	return ""
}

func overlaps(a, b mail.Mention) bool {
	if a.Page != b.Page || a.Source != b.Source {
		return false
	}
	ax0, ay0, ax1, ay1 := a.Polygon.Bounds()
	bx0, by0, bx1, by1 := b.Polygon.Bounds()
	return ax0 < bx1 && bx0 < ax1 && ay0 < by1 && by0 < ay1
}
