package router

import (
	"testing"

	"postroom/mail"
	"postroom/router/reference"
)

// TestWhatTheCheckLeavesOut: print whose check digits leave out a letter or a
// group may be another live case, misread; it files with a second factor only. A
// barcode with check characters of its own is what it says.
func TestWhatTheCheckLeavesOut(t *testing.T) {
	r, cases := registry(t, liveCases+"B-123456-76,parts,,Ana Dubois,\nD-123456-76,parts,,Jan Roth,\nY-2024-12345676,years,,Ana Dubois,\n",
		reference.Config{Name: "parts", Pattern: `[A-D]-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "parts"},
		reference.Config{Name: "years", Pattern: `Y-\d{4}-(\d{8})`, Check: "iso7064-mod97-10", Covers: 1, Store: "years"})
	for what, rule := range map[string]string{
		"text:ref D-123456-76":                      "",
		"text:ref D-123456-76|text:Jan Roth":        RuleWeakName,
		"text:ref D-123456-76|text:Ana Dubois":      "",
		"text:ref Y-2024-12345676":                  "",
		"code:D-123456-76":                          RuleBarcode,
		"qr:Y-2024-12345676":                        RuleBarcode,
		"39:D-123456-76":                            "",
		"39:D-123456-76|text:Jan Roth":              RuleWeakName,
		"39:D-123456-76|qr:D-123456-76":             RuleBarcode,
		"39:TX-2024-207485-78":                      RuleBarcode,
		"text:ref TX-2024-207485-78":                RuleText,
		"text:ref +++429/6297/06329+++":             RuleText,
		"text:ref PER/962309/N":                     RuleText,
		"code:B-123456-76|text:ref D-123456-76":     "",
		"code:B-123456-76|text:voor D-123456-76 u.": "",
	} {
		reading := page(1, what)
		for i, w := range reading.Words {
			reading.Words[i].Confidence = min(w.Confidence, 0.6)
		}
		d := r.Route(Span{From: 1, To: 1}, []mail.Reading{reading}, cases, true)
		if d.Rule != rule || rule == "" && d.Hold == nil {
			t.Errorf("%q: %q, want %q; %+v", what, d.Rule, rule, d.Hold)
		}
		early := r.Route(Span{From: 1, To: 1}, []mail.Reading{reading}, cases, false)
		if rule != RuleBarcode && early.Rule == RuleBarcode {
			t.Errorf("%q files before its text is read: %+v", what, early)
		}
	}
}
