package router

import (
	"slices"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// alike has two schemes of one form with different checks, a case of each, and a
// text that both prove and that is a case of each.
func alike(t *testing.T) (r *Rules, cases *register.Register, ofNew, ofOld, ofBoth string) {
	t.Helper()
	var schemes []*reference.Scheme
	for _, c := range []reference.Config{{Name: "old", Pattern: `TX-\d{10}`, Check: "luhn", Store: "old"}, {Name: "new", Pattern: `TX-\d{10}`, Check: "iso7064-mod97-10", Store: "new"}} {
		s, err := reference.New(c)
		if err != nil {
			t.Fatal(err)
		}
		schemes = append(schemes, s)
	}
	ofNew, ofOld, ofBoth = "TX-9910370012", "TX-9910370007", "TX-9910372243"
	cases, err := register.Parse(strings.NewReader("reference,store\n"+ofNew+",new\n"+ofOld+",old\n"+ofBoth+",new\n"+ofBoth+",old\nTX-9910370072,old\n"), schemes) // ...72 is what ofNew may be misread from
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Schemes: schemes}), cases, ofNew, ofOld, ofBoth
}

func TestTwoSchemesOfOneForm(t *testing.T) {
	r, cases, ofNew, _, ofBoth := alike(t)
	for _, all := range [][]mail.Reading{pages("code:" + ofNew), pages("text:ref " + ofNew), pages("code:"+ofNew, "text:ref "+ofNew)} {
		if d := r.Route(Span{From: 1, To: len(all)}, all, cases, true); d.Store != "new" {
			t.Errorf("what fails as the other scheme's: %+v %+v", d, d.Hold)
		}
	}
	d := r.Route(Span{From: 1, To: 1}, pages("code:"+ofBoth), cases, true)
	var offered []string
	for _, c := range d.Hold.Candidates {
		offered = append(offered, c.Reference)
	}
	if d.Hold.Reason != mail.Conflict || !slices.Equal(offered, []string{"old:" + ofBoth, "new:" + ofBoth}) {
		t.Errorf("a case of both: %+v", d.Hold)
	}
	for _, o := range offered {
		store, _, _ := strings.Cut(o, ":")
		if ref, got, _, err := r.Check(o, cases); err != nil || got != store || ref.String() != ofBoth {
			t.Errorf("%s: %v %q %v", o, ref, got, err)
		}
	}
}

// TestCheckAmbiguous: a typed text that is a case of two schemes is not guessed at.
func TestCheckAmbiguous(t *testing.T) {
	r, cases, ofNew, ofOld, ofBoth := alike(t)
	for _, given := range []string{ofBoth, strings.ToLower(ofBoth)} {
		if _, _, reason, err := r.Check(given, cases); reason != mail.Conflict || err == nil || !strings.Contains(err.Error(), "old:"+ofBoth) || !strings.Contains(err.Error(), "new:"+ofBoth) {
			t.Errorf("%s: %s, %v", given, reason, err)
		}
	}
	for given, store := range map[string]string{ofNew: "new", ofOld: "old", "new: " + ofNew: "new", "old:" + strings.ToLower(ofBoth): "old"} {
		if _, got, _, err := r.Check(given, cases); err != nil || got != store {
			t.Errorf("%s: %q, %v", given, got, err)
		}
	}
	if _, _, reason, err := r.Check("old:"+ofNew, cases); reason != mail.InvalidReference || err == nil {
		t.Errorf("of the wrong scheme: %s, %v", reason, err)
	}
}
