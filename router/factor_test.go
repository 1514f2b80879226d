package router

import (
	"testing"

	"postroom/mail"
	"postroom/router/reference"
)

// TestSecondFactor: a reference with a weak check needs a name or postcode on
// its pages that chance, the authority's letterhead or the reference itself do
// not put there.
func TestSecondFactor(t *testing.T) {
	r, cases := registry(t, "K-552008443,weak,,Ana Dubois,2018\nK-111111118,weak,,Dubois Ana,1000AB\nK-333333334,weak,,Lee,1000\n"+
		"K-222222226,weak,,,2018\nK-444444442,weak,,,SW1A 1AA\nK-555555556,weak,,Lee,\nAZ-2018-00012,file,,,2018\n",
		reference.Config{Name: "weak", Pattern: `K-\d{9}`, Check: "luhn", Store: "weak"},
		reference.Config{Name: "file", Pattern: `AZ-\d{4}-\d{5}`, Check: "none", Store: "file"})
	for _, c := range []struct {
		print, rule string // rule: "" = it is held
	}{
		{"K-552008443 Ana Dubois, Gent", RuleWeakName},
		{"K-552008443 DUBOIS, Ana", RuleWeakName},
		{"K-111111118 Mme Ana Dubois", RuleWeakName},
		{"K-552008443 Ana van Dubois", ""},
		{"K-552008443¶2018 Antwerpen", ""}, // the town alone, where a name is known
		{"K-552008443¶Ana Dubois¶2018 Antwerpen", RuleWeakName},
		{"K-111111118 wonende te 1000 AB Dorp", RuleWeakPostcode},
		{"K-111111118 1000AB Dorp", RuleWeakPostcode},
		{"K-444444442 London SW1A1AA", RuleWeakPostcode},
		{"K-444444442 London SW1A 1AA", RuleWeakPostcode},
		{"K-444444442 London SW1A¶1AA", ""},
		{"K-333333334 Leeds, rue Lee 3", ""},
		{"K-333333334 Lee¶1000 Brussel", RuleWeakName},
		{"K-333333334 betaling van € 1000 aan Lee", ""},
		{"K-333333334 Koning Albertlaan 33, 1000 Brussel", ""},
		{"K-555555556 rue Lee 3", ""},
		{"K-222222226 Gent, 12.03.2018", ""},
		{"K-222222226 betaling van € 2018 aan", ""},
		{"K-222222226¶2018 Antwerpen", RuleWeakPostcode},
		{"AZ-2018-00012", ""},
		{"AZ-2018-00012¶B-2018 Antwerpen", RuleWeakPostcode},
	} {
		d := r.Route(Span{From: 1, To: 1}, []mail.Reading{lines(1, c.print, 0.9)}, cases, true)
		if d.Rule != c.rule || c.rule == "" && (d.Hold == nil || d.Hold.Reason != mail.WeakEvidence) {
			t.Errorf("%q: %q, want %q; %+v", c.print, d.Rule, c.rule, d.Hold)
		}
	}
	hardly := lines(1, "K-552008443", 0.9)
	hardly.Words = append(hardly.Words, lines(1, "¶Ana Dubois", 0.2).Words...)
	if d := r.Route(Span{From: 1, To: 1}, []mail.Reading{hardly}, cases, true); d.Hold == nil {
		t.Errorf("a name that was hardly read files: %+v", d)
	}
}

// TestAPersonWithSeveralCases: the person of a case that the number may be a
// misreading of proves nothing, but for a code that checks its own characters.
func TestAPersonWithSeveralCases(t *testing.T) {
	r, cases := registry(t, "AZ-2018-00012,file,,Ana Dubois,\nAZ-2018-00013,file,,Ana Dubois,\nAZ-2018-07400,file,,Ana Dubois,\nAZ-2018-00015,file,,Eva Maes,\n"+
		"TX-2024-000100-75,tax,,Ana Dubois,\nTX-2024-000101-72,tax,,Eva Maes,\n",
		reference.Config{Name: "file", Pattern: `AZ-\d{4}-\d{5}`, Check: "none", Store: "file"})
	for print, rule := range map[string]string{
		"AZ-2018-00012¶Ana Dubois":               "",
		"AZ-2018-07400¶Ana Dubois":               RuleWeakName, // three digits away from the others
		"AZ-2018-00015¶Eva Maes":                 RuleWeakName,
		"AZ-2018-00015¶Eva Maes¶voor Ana Dubois": "",
		"TX-2024-000100-75¶Ana Dubois":           RuleText,
		"TX-2024-000100-75":                      RuleText,
		"TX-2024-000100-75¶Eva Maes":             "", // two digits away from hers, and a check says nothing of that
	} {
		d := r.Route(Span{From: 1, To: 1}, []mail.Reading{lines(1, print, 0.9)}, cases, true)
		if d.Rule != rule || rule == "" && (d.Hold == nil || d.Hold.Reason != mail.WeakEvidence) {
			t.Errorf("%q: %q, want %q; %+v", print, d.Rule, rule, d.Hold)
		}
	}
	p := page(1, "code:AZ-2018-00012")
	p.Words = append(p.Words, lines(1, "Ana Dubois", 0.9).Words...)
	if d := r.Route(Span{From: 1, To: 1}, []mail.Reading{p}, cases, true); d.Rule != RuleWeakName {
		t.Errorf("in Code 128: %q, %+v", d.Rule, d.Hold)
	}
}
