package router

import (
	"strings"
	"testing"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// registry is an office with three strong schemes, and more as a test needs.
func registry(t testing.TB, rows string, more ...reference.Config) (*Rules, *register.Register) {
	t.Helper()
	var schemes []*reference.Scheme
	for _, c := range append([]reference.Config{
		{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"},
		{Name: "social", Pattern: `\+\+\+\d{3}/\d{4}/\d{5}\+\+\+`, Check: "be-ogm", Store: "social"},
		{Name: "permits", Pattern: `PER/\d{6}/[A-Z]`, Check: "es-nif-letter", Store: "permits"},
	}, more...) {
		s, err := reference.New(c)
		if err != nil {
			t.Fatal(err)
		}
		schemes = append(schemes, s)
	}
	cases, err := register.Parse(strings.NewReader("reference,store,status,name,postcode\n"+rows), schemes)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Separators: []Control{{Patch: mail.PatchT}}, OnReference: true, Schemes: schemes}), cases
}

const liveCases = caseA + ",tax,,,\nPER/962309/N,permits,,,\n+++010/8068/17183+++,social,,,\n+++429/6297/06329+++,social,,,\nTX-2024-207485-78,tax,,,\n"

// lines is a page of print, "¶" where a line ends.
func lines(n int, text string, confidence float64) mail.Reading {
	p := page(n, "")
	for i, l := range strings.Split(text, "¶") {
		for j, w := range strings.Fields(l) {
			p.Words = append(p.Words, mail.Word{Text: w, Confidence: confidence, Line: i,
				Box: mail.Box{X0: 100 + 90*j, Y0: 400 + 40*i, X1: 180 + 90*j, Y1: 430 + 40*i}})
		}
	}
	return p
}

// beside routes a letter with the barcode of case A and another page.
func beside(r *Rules, cases *register.Register, other mail.Reading) Decision {
	return r.Route(Span{From: 1, To: 2}, []mail.Reading{page(1, "code:"+caseA), other}, cases, true)
}

func conflicts(d Decision) bool { return d.Hold != nil && d.Hold.Reason == mail.Conflict }

// TestAnotherCaseWithoutItsSigns: lost signs and a digit misread leave no reading
// that is valid, and are another case all the same.
func TestAnotherCaseWithoutItsSigns(t *testing.T) {
	r, cases := registry(t, liveCases)
	for _, print := range []string{"Uw referentie¶TX 2018 320161 36", "TX 2018 320161 36", "TX201832016136", "PER 962301 N", "Zie PER962301N.",
		"Geschäftszeichen¶-223-137998-70"} {
		if d := beside(r, cases, lines(2, print, 0.9)); !conflicts(d) {
			t.Errorf("print %q: %+v %+v", print, d, d.Hold)
		}
	}
}

// TestTheNextCaseIsNotAMisreading: consecutive references differ by a few
// characters, check digits and all; the next one may be too new for the register.
func TestTheNextCaseIsNotAMisreading(t *testing.T) {
	r, cases := registry(t, liveCases)
	for _, print := range []string{"TX-2021-000002-30", "lTX-2021-000002-30", "DossierTX-2021-000002-30", "TX-2021-000002-3O", "TX-2021-O00002-30", "TX-2021000002-30"} {
		if d := beside(r, cases, lines(2, "ref "+print, 0.8)); !conflicts(d) {
			t.Errorf("print %q: %+v %+v", print, d, d.Hold)
		}
	}
	for _, code := range []string{"qr:PAY;TX-2021-000002-30", "qr:https://x.be/?ref=TX-2021-000002-30", "code:tx-2021-000002-30", "code:TX-2021-000002-30X",
		"code:91TX-2021-000002-30", "qr:PAY;TX-2021-000002-33", `qr:{"ref":"TX-2021-000002-30"}`, "qr:PAY;TX-2021-00000l-33"} {
		if d := beside(r, cases, page(2, code)); !conflicts(d) {
			t.Errorf("%s: %+v %+v", code, d, d.Hold)
		}
		if d := r.Route(Span{From: 1, To: 1}, pages("code:"+caseA+"|"+code), cases, true); !conflicts(d) {
			t.Errorf("%s on the same page: %+v %+v", code, d, d.Hold)
		}
	}
	for _, same := range []string{"qr:PAY;" + caseA, "qr:https://x.be/?ref=tx-2021-000001-33&p=2", "code:TX-2021-000001-33/1", "qr:PAY;TX202100000133", "qr:PAY;TX.2021.000001.33"} {
		if d := beside(r, cases, page(2, same)); d.Hold != nil {
			t.Errorf("%s: %+v", same, d.Hold)
		}
	}
	for _, same := range []string{"TX-2021-00000I-33", "lTX-2021-000001-33", "DossierTX-2021-000001-33", "TX-2O21-O00001-33", "tx-2021-000001-33", "TX2021 000001 33"} {
		if d := beside(r, cases, lines(2, "ref "+same, 0.8)); d.Hold != nil {
			t.Errorf("print %q: %+v", same, d.Hold)
		}
	}
}

// TestASecondReferenceInThePlaceOfTheFirst: what stands in one word with the
// proven reference, or in a line that its box touches, may be another case's.
func TestASecondReferenceInThePlaceOfTheFirst(t *testing.T) {
	r, cases := registry(t, liveCases)
	for _, print := range []string{"TX-2021-000001-33/TX-2O25-777777-13", "TX-2021-000001-33,TX-2025-777777-14", "TX-2021-000001-33;TX-2025-777777-99",
		"TX-2021-000001-33(PER/96Z3O8/N)", "TX-2021-000001-33,PER/962308/N"} {
		if d := r.Route(Span{From: 1, To: 1}, []mail.Reading{lines(1, "Onze ref "+print, 0.9)}, cases, true); !conflicts(d) {
			t.Errorf("%q: %+v %+v", print, d, d.Hold)
		}
	}
	touching := lines(1, "ref TX-2021-000001-33¶x PER/96Z3O8/N", 0.9)
	for i := range touching.Words {
		touching.Words[i].Box.Y0 -= 14
	}
	if d := r.Route(Span{From: 1, To: 1}, []mail.Reading{touching}, cases, true); !conflicts(d) {
		t.Errorf("lines whose boxes touch: %+v %+v", d, d.Hold)
	}
}

// TestAReferenceThatResemblesAnothersScheme: the proven reference, wherever it
// stands, speaks for nothing else.
func TestAReferenceThatResemblesAnothersScheme(t *testing.T) {
	r, cases := registry(t, liveCases, reference.Config{Name: "old", Pattern: `IX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "old"})
	if d := beside(r, cases, lines(2, "ref TX-2021-000001-33", 0.9)); d.Hold != nil {
		t.Errorf("%+v", d.Hold)
	}
	if d := beside(r, cases, lines(2, "ref IX-2021-000001-33", 0.9)); !conflicts(d) {
		t.Errorf("the other scheme's own: %+v %+v", d, d.Hold)
	}
}
