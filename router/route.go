package router

import (
	"fmt"
	"slices"
	"strings"

	"postroom/mail"
	"postroom/router/register"
)

// The rules by which a document is filed by machine. Each needs exactly one
// live case in all of the document's own pages.
const (
	RuleBarcode      = "barcode-strong-live" // a barcode with a strong check names an open case
	RuleText         = "text-strong-live"    // print with a strong check names an open case
	RuleWeakName     = "weak-live-and-name"  // a weak check, and the name that the register gives stands on a page
	RuleWeakPostcode = "weak-live-and-postcode"
)

// Print read with less confidence than this in any of its words is no evidence to file on.
const leastConfidence = 0.3

// Decision is what becomes of a document: filed in Reference's case, held, or
// NeedText, when only the text of its pages can decide.
type Decision struct {
	Reference mail.Reference
	Store     string
	Rule      string
	Evidence  []mail.Evidence
	Hold      *mail.Exception
	NeedText  bool
	// Again are mentions in print, of a document that is held for want of a literal
	// reference, whose pixels may say more at a second look; see Seen.
	Again []mail.Mention
}

// Route decides on a document by its own pages' readings and nothing else. With
// withText false the words were not looked for: barcodes alone may file.
func (r *Rules) Route(span Span, readings []mail.Reading, cases *register.Register, withText bool) Decision {
	for _, reading := range readings {
		if reading.Failure != "" {
			return unreadable(reading)
		}
	}
	c := &court{rules: r, span: span, readings: readings, cases: cases, withText: withText}
	for _, reading := range readings {
		c.mentions = append(c.mentions, r.Mentions(reading)...)
	}
	c.mentions = append(c.mentions, c.faint()...)
	if len(span.Doubts) > 0 {
		d := span.Doubts[0]
		return Decision{Hold: &mail.Exception{Reason: d.Reason, Detail: d.Detail, Says: d.Says, Candidates: c.candidates(c.mentions), Evidence: c.evidence(c.mentions, "")}}
	}
	if n := span.To - span.From + 1; n > r.cfg.MaxPages {
		return hold(mail.TooManyPages, c.candidates(c.mentions), nil, mail.Say("too-many-pages", "pages", n, "most", r.cfg.MaxPages))
	}
	return c.decide()
}

func hold(reason mail.Reason, candidates []mail.Candidate, evidence []mail.Evidence, says *mail.Saying) Decision {
	return Decision{Hold: &mail.Exception{Reason: reason, Detail: says.English(), Says: says, Candidates: candidates, Evidence: evidence}}
}

// unreadable holds a document with a page that could not be read. Its detail has all that
// the libraries said of the page.
func unreadable(reading mail.Reading) Decision {
	why := reading.Says
	if why == nil {
		why = mail.Say("fault-other", "fault", reading.Failure)
	}
	d := hold(mail.UnreadablePage, nil, nil, mail.Say("page-unreadable", "page", reading.Page, why))
	d.Hold.Detail = fmt.Sprintf("Page %d can't be read: %s.", reading.Page, strings.TrimSuffix(reading.Failure, "."))
	return d
}

// court weighs one document's mentions.
type court struct {
	rules    *Rules
	span     Span
	readings []mail.Reading
	cases    *register.Register
	withText bool
	mentions []mail.Mention
	nearer   map[[3]string]string // what nearest found
	said     map[string]bool      // what may be a name's part or a postcode on the pages
	page     map[int][]piece      // what the pages say, by page
}

func (c *court) decide() Decision {
	for _, m := range c.mentions {
		if m.Literal && m.Source == mail.FromBarcode && !m.Valid && !c.provenElsewise(m) {
			return c.hold(mail.InvalidReference, mail.Say("code-check-fails", "page", m.Page, "text", m.Text))
		}
	}
	proven := c.proven()
	switch len(proven) {
	case 0:
		return c.nothingProven()
	case 1:
		return c.oneProven(proven[0])
	}
	all := []any{"count", len(proven)}
	for _, m := range proven {
		name := m.Text
		if slices.ContainsFunc(proven, func(o mail.Mention) bool { return o.Text == m.Text && o.Scheme != m.Scheme }) {
			name = m.Scheme + ":" + m.Text
		}
		all = append(all, mail.Say("reference-on-page", "reference", name, "page", m.Page))
	}
	return c.hold(mail.Conflict, mail.Say("references", all...))
}

// provenElsewise tells whether a code whose check fails is another scheme's
// reference, of the same form.
func (c *court) provenElsewise(m mail.Mention) bool {
	return slices.ContainsFunc(c.mentions, func(o mail.Mention) bool {
		return o.Literal && o.Valid && o.Scheme != m.Scheme && o.Text == m.Text && oneText(m, o)
	})
}

// proven gives the distinct references that stand there literally, check digits
// and all: each by its first mention, codes before print.
func (c *court) proven() (all []mail.Mention) {
	for _, m := range c.literal() {
		if !slices.ContainsFunc(all, func(o mail.Mention) bool { return o.Scheme == m.Scheme && o.Text == m.Text }) {
			all = append(all, m)
		}
	}
	// One text may be a reference of two schemes; the register then says of which.
	return slices.DeleteFunc(all, func(m mail.Mention) bool {
		return !c.known(m) && slices.ContainsFunc(all, func(o mail.Mention) bool { return o.Text == m.Text && o.Scheme != m.Scheme && c.known(o) })
	})
}

func (c *court) known(m mail.Mention) bool {
	_, ok := c.cases.Lookup(m.Scheme, m.Text)
	return ok
}

// literal gives the mentions that may file, codes before print.
func (c *court) literal() []mail.Mention {
	all := slices.DeleteFunc(slices.Clone(c.mentions), func(m mail.Mention) bool { return !m.Literal || !m.Valid })
	slices.SortStableFunc(all, func(a, b mail.Mention) int { return int(a.Source) - int(b.Source) })
	return all
}

func (c *court) hold(reason mail.Reason, says *mail.Saying) Decision {
	return hold(reason, c.candidates(c.mentions), c.evidence(c.mentions, ""), says)
}

func (c *court) nothingProven() Decision {
	if !c.withText {
		return Decision{NeedText: true}
	}
	d := c.nothingLiteral()
	for _, m := range c.mentions {
		if m.Source == mail.FromBarcode {
			return d // a code says more than print, and is not read otherwise a second time
		}
	}
	d.Again = c.mentions[:min(len(c.mentions), mostAgain)]
	return d
}

// mostAgain is how many places of a document are looked at a second time.
const mostAgain = 4

// nothingLiteral holds a document on which no literal reference stands whose check
// digits hold.
func (c *court) nothingLiteral() Decision {
	for _, m := range c.mentions {
		if m.Literal {
			return c.hold(mail.InvalidReference, mail.Say("print-check-fails", "page", m.Page, "text", m.Text))
		}
	}
	for _, m := range c.mentions {
		if m.Source == mail.FromBarcode {
			return c.hold(mail.WeakEvidence, mail.Say("code-not-alone", "page", m.Page, "raw", m.Raw))
		}
	}
	if len(c.mentions) > 0 {
		m := c.mentions[0]
		return c.hold(mail.WeakEvidence, mail.Say("nearly-reference", "page", m.Page, "raw", m.Raw))
	}
	if len(c.span.Blanks) == len(c.readings) {
		return c.hold(mail.NoReference, mail.Say("all-blank"))
	}
	if page := c.unread(); page > 0 {
		return c.hold(mail.NoReference, mail.Say("code-unread", "page", page))
	}
	return c.hold(mail.NoReference, mail.Say("no-reference"))
}

// unread gives the first page with a place that looks like a code and can't be
// read as one; 0 = there is none.
func (c *court) unread() int {
	for _, reading := range c.readings {
		if len(reading.Doubts) > 0 {
			return reading.Page
		}
	}
	return 0
}

func (c *court) oneProven(best mail.Mention) Decision {
	for _, m := range c.mentions {
		if why := c.contradicts(m, best); why != nil {
			return c.hold(mail.Conflict, why)
		}
	}
	found, ok := c.cases.Lookup(best.Scheme, best.Text)
	switch {
	case !ok:
		return c.hold(mail.UnknownCase, mail.Say("case-unknown", "reference", best.Text))
	case found.Closed:
		return c.hold(mail.ClosedCase, mail.Say("case-closed", "reference", found.Reference))
	}
	for _, reading := range c.readings {
		if reading.Illegible {
			return c.hold(mail.WeakEvidence, mail.Say("page-illegible", "page", reading.Page, "reference", best.Text))
		}
	}
	why := c.unsure(best)
	rule, factor, lacks := c.rule(found, best)
	if why == nil {
		why = lacks
	}
	switch {
	case why != nil && !c.withText:
		return Decision{NeedText: true}
	case why != nil:
		return c.hold(mail.WeakEvidence, why)
	}
	return Decision{Reference: found.Reference, Store: found.Store, Rule: rule, Evidence: append(c.evidence(c.literal(), rule), factor...)}
}

// unsure tells why a proven reference is not enough to file on; nil = it is.
//
// A code that can't be read may be another case's, also beside the one that was
// read: two letters lie on one scanner's glass, a form carries its sender's case.
func (c *court) unsure(best mail.Mention) *mail.Saying {
	if best.Source != mail.FromBarcode {
		surest := 0.0
		for _, m := range c.literal() {
			surest = max(surest, m.Confidence)
		}
		if surest < leastConfidence {
			return mail.Say("read-unsurely", "page", best.Page, "reference", best.Text)
		}
	}
	if page := c.unread(); page > 0 {
		return mail.Say("code-of-another", "page", page, "reference", best.Text)
	}
	return nil
}
