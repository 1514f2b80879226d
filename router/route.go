package router

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"postroom/mail"
	"postroom/router/reference"
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

// A misreading of one reference differs from it in at most so many characters.
const sameMisread = 3

// Decision is what becomes of a document: filed in Reference's case, held, or
// NeedText, when only the text of its pages can decide.
type Decision struct {
	Reference mail.Reference
	Store     string
	Rule      string
	Evidence  []mail.Evidence
	Hold      *mail.Exception
	NeedText  bool
}

// Route decides on a document by its own pages' readings and nothing else. With
// withText false the words were not looked for: barcodes alone may file.
func (r *Rules) Route(span Span, readings []mail.Reading, cases *register.Register, withText bool) Decision {
	for _, reading := range readings {
		if reading.Failure != "" {
			return hold(mail.UnreadablePage, nil, nil, "Page %d can't be read: %s.", reading.Page, strings.TrimSuffix(reading.Failure, "."))
		}
	}
	c := &court{rules: r, span: span, readings: readings, cases: cases, withText: withText}
	for _, reading := range readings {
		c.mentions = append(c.mentions, r.Mentions(reading)...)
	}
	if len(span.Doubts) > 0 {
		d := span.Doubts[0]
		return hold(d.Reason, c.candidates(c.mentions), c.evidence(c.mentions, ""), "%s", d.Detail)
	}
	if n := span.To - span.From + 1; n > r.cfg.MaxPages {
		return hold(mail.TooManyPages, c.candidates(c.mentions), nil, "It has %d pages, over %d: a separator may have been missed.", n, r.cfg.MaxPages)
	}
	return c.decide()
}

func hold(reason mail.Reason, candidates []mail.Candidate, evidence []mail.Evidence, format string, args ...any) Decision {
	return Decision{Hold: &mail.Exception{Reason: reason, Detail: fmt.Sprintf(format, args...), Candidates: candidates, Evidence: evidence}}
}

// court weighs one document's mentions.
type court struct {
	rules    *Rules
	span     Span
	readings []mail.Reading
	cases    *register.Register
	withText bool
	mentions []mail.Mention
}

// key tells references apart.
type key struct{ scheme, text string }

func (c *court) decide() Decision {
	var proven []key // distinct references that stand there literally, check digits and all
	for _, m := range c.mentions {
		k := key{m.Scheme, m.Text}
		if m.Literal && m.Valid && !slices.Contains(proven, k) {
			proven = append(proven, k)
		}
	}
	for _, m := range c.mentions {
		if m.Source == mail.FromBarcode && !m.Valid {
			return c.hold(mail.InvalidReference, "The barcode on page %d reads %s, whose check digits do not hold.", m.Page, m.Text)
		}
	}
	switch len(proven) {
	case 0:
		return c.nothingProven()
	case 1:
		return c.oneProven(proven[0])
	}
	var texts []string
	for _, k := range proven {
		texts = append(texts, k.text)
	}
	return c.hold(mail.Conflict, "It carries %d references: %s.", len(proven), strings.Join(texts, ", "))
}

func (c *court) hold(reason mail.Reason, format string, args ...any) Decision {
	return hold(reason, c.candidates(c.mentions), c.evidence(c.mentions, ""), format, args...)
}

func (c *court) nothingProven() Decision {
	if !c.withText {
		return Decision{NeedText: true}
	}
	for _, m := range c.mentions {
		if m.Literal {
			return c.hold(mail.InvalidReference, "Page %d says %s, whose check digits do not hold.", m.Page, m.Text)
		}
	}
	if len(c.mentions) > 0 {
		m := c.mentions[0]
		return c.hold(mail.WeakEvidence, "Page %d says %q, which is nearly a reference.", m.Page, m.Raw)
	}
	return c.hold(mail.NoReference, "No page carries a reference.")
}

func (c *court) oneProven(k key) Decision {
	for _, m := range c.mentions {
		if why := c.contradicts(m, k); why != "" {
			return c.hold(mail.Conflict, "%s", why)
		}
	}
	found, ok := c.cases.Lookup(k.scheme, k.text)
	switch {
	case !ok:
		return c.hold(mail.UnknownCase, "No case %s is in the register.", k.text)
	case found.Closed:
		return c.hold(mail.ClosedCase, "The case %s is closed.", found.Reference)
	}
	for _, reading := range c.readings {
		if reading.Illegible {
			return c.hold(mail.WeakEvidence, "Most of the text on page %d can't be read; it may name another case than %s.", reading.Page, k.text)
		}
	}
	literal := slices.DeleteFunc(slices.Clone(c.mentions), func(m mail.Mention) bool { return !m.Literal || !m.Valid })
	slices.SortStableFunc(literal, func(a, b mail.Mention) int { return int(a.Source) - int(b.Source) })
	best := literal[0]
	if best.Source == mail.FromOCR {
		if why := c.unsure(literal); why != "" {
			return c.hold(mail.WeakEvidence, "%s", why)
		}
	}
	rule, factor, ok := c.rule(found, best)
	if !ok {
		if !c.withText {
			return Decision{NeedText: true}
		}
		return c.hold(mail.WeakEvidence, "%s has a weak check digit, and neither the name nor the postcode of the register stands on its pages.", k.text)
	}
	return Decision{Reference: found.Reference, Store: found.Store, Rule: rule, Evidence: append(c.evidence(literal, rule), factor...)}
}

// unsure tells why print alone is not enough here.
func (c *court) unsure(literal []mail.Mention) string {
	best := 0.0
	for _, m := range literal {
		best = max(best, m.Confidence)
	}
	if best < leastConfidence {
		return fmt.Sprintf("Page %d says %s, but it was read with little confidence.", literal[0].Page, literal[0].Text)
	}
	for _, reading := range c.readings {
		if len(reading.Doubts) > 0 {
			return fmt.Sprintf("Page %d has a code that can't be read; it may name another case than %s, which is printed.", reading.Page, literal[0].Text)
		}
	}
	return ""
}

// contradicts tells how a mention speaks against the proven reference; "" = it does not.
func (c *court) contradicts(m mail.Mention, k key) string {
	if m.Literal && m.Valid {
		return ""
	}
	for _, reading := range m.Readings {
		if _, live := c.cases.Lookup(m.Scheme, reading); live && reading != k.text {
			return fmt.Sprintf("Page %d says %q, which may be the case %s, while the proven reference is %s.", m.Page, m.Raw, reading, k.text)
		}
	}
	if m.Scheme == k.scheme && (slices.Contains(m.Readings, k.text) || distance(m.Raw, k.text) <= sameMisread) {
		return "" // the proven reference again, read badly
	}
	return fmt.Sprintf("Page %d says %q, which is not the proven reference %s.", m.Page, m.Raw, k.text)
}

// rule names the rule that files the document, with the second factor's evidence.
func (c *court) rule(found register.Case, best mail.Mention) (string, []mail.Evidence, bool) {
	strong := slices.ContainsFunc(c.rules.cfg.Schemes, func(s *reference.Scheme) bool { return s.Name() == best.Scheme && s.Strong() })
	switch {
	case strong && best.Source == mail.FromBarcode:
		return RuleBarcode, nil, true
	case strong:
		return RuleText, nil, true
	}
	for _, factor := range []struct{ text, rule string }{{found.Postcode, RuleWeakPostcode}, {found.Name, RuleWeakName}} {
		for _, reading := range c.readings {
			if box, confidence, ok := stands(factor.text, reading.Words); ok {
				return factor.rule, []mail.Evidence{{Page: reading.Page, Source: mail.FromRegister, Text: factor.text,
					Confidence: confidence, Rule: factor.rule, Polygon: box.Quad()}}, true
			}
		}
	}
	return "", nil, false
}

// stands looks for a name or postcode of the register in a page's words: all its
// parts, one behind the other.
func stands(text string, words []mail.Word) (box mail.Box, confidence float64, ok bool) {
	parts := strings.FieldsFunc(plain(text), apart)
	if len(parts) == 0 || len(strings.Join(parts, "")) < 3 {
		return box, 0, false
	}
	type piece struct {
		text string
		word mail.Word
	}
	var all []piece
	for _, w := range words {
		for _, p := range strings.FieldsFunc(plain(w.Text), apart) {
			all = append(all, piece{p, w})
		}
	}
	for i := 0; i+len(parts) <= len(all); i++ {
		box, confidence = mail.Box{}, 1
		j := 0
		for j < len(parts) && all[i+j].text == parts[j] {
			box, confidence = box.Union(all[i+j].word.Box), min(confidence, all[i+j].word.Confidence)
			j++
		}
		if j == len(parts) {
			return box, confidence, true
		}
	}
	return box, 0, false
}

func apart(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// candidates lists the live cases that the mentions may mean, the surest first.
func (c *court) candidates(mentions []mail.Mention) (all []mail.Candidate) {
	offer := func(scheme, text, why string) {
		found, ok := c.cases.Lookup(scheme, text)
		if !ok || found.Closed {
			return
		}
		spelling := found.Reference.String()
		if !slices.ContainsFunc(all, func(o mail.Candidate) bool { return o.Reference == spelling }) {
			all = append(all, mail.Candidate{Reference: spelling, Why: why})
		}
	}
	for _, m := range mentions {
		if m.Literal && m.Valid {
			offer(m.Scheme, m.Text, fmt.Sprintf("%s on page %d", m.Source, m.Page))
		}
	}
	for _, m := range mentions {
		for _, reading := range m.Readings {
			offer(m.Scheme, reading, fmt.Sprintf("%q on page %d may be a misreading of it", m.Raw, m.Page))
		}
	}
	return all
}

func (c *court) evidence(mentions []mail.Mention, rule string) (all []mail.Evidence) {
	for _, m := range mentions {
		all = append(all, mail.Evidence{Page: m.Page, Source: m.Source, Text: m.Raw, Confidence: m.Confidence, Rule: rule, Polygon: m.Polygon})
	}
	return all
}

// distance counts the characters in which two texts differ (Levenshtein 1965).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
