package router

import (
	"slices"
	"strings"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

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
