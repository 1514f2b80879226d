package router

import (
	"strings"
	"testing"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// TestANumberAloneOfAnotherCase: the number of a reference without its signs and
// letters holds a letter with another case's barcode, when that case exists.
func TestANumberAloneOfAnotherCase(t *testing.T) {
	r, cases := registry(t, liveCases)
	for _, print := range strings.Split(`429-6297-06329
429.6297.06329
429 6297 06329
429629706329
4296297 06329
2024/207485/78
2024 207485 78
ref 2024.207485.78
Notre référence : 962309/N
Votre réf. n° 962309 N`, "\n") {
		if d := beside(r, cases, lines(2, print, 0.9)); !conflicts(d) {
			t.Errorf("%q: %+v %+v", print, d, d.Hold)
		}
	}
	for _, none := range []string{"429 6297 06427", "010.8068.17281", "ref 2025.777777.14", "ref 2021/000001/33", "962308 J", "IBAN BE74 1042 3267 6710"} {
		if d := beside(r, cases, lines(2, none, 0.9)); d.Hold != nil {
			t.Errorf("%q: %+v", none, d.Hold)
		}
	}
}

// TestReferencesInsideCodes: an address, a payment or a form's own code may name
// another case than the barcode does.
func TestReferencesInsideCodes(t *testing.T) {
	r, cases := registry(t, liveCases+"765Js432/10,court,,Karl Meier,53113\n210000000003139471430009017,esr,,X Y,1000\nRF18539007547034,rf,,,\n",
		reference.Config{Name: "court", Pattern: `\d{1,4}Js\d{1,6}/(?:\d{2}|\d{4})`, Check: "none", Store: "court"},
		reference.Config{Name: "esr", Pattern: `\d{27}`, Check: "mod10-recursive", Store: "esr", Symbologies: []mail.Symbology{mail.Code128}},
		reference.Config{Name: "rf", Pattern: `RF\d{2}[0-9A-Z]{1,21}`, Check: "iso11649", Store: "rf"})
	for _, code := range []string{
		"qr:https://x.be/pay?com=%2B%2B%2B429%2F6297%2F06329%2B%2B%2B", "qr:https://x.be/?r=TX%2D2024%2D207485%2D78", "qr:https://x.be/tx/2024/207485/78",
		"qr:BCD\n002\n1\nSCT\nGEBABEBB\nName\nBE00\nEUR10\n\n429629706329", "code:429629706329", "code:TX202420748578", "qr:Betreft TX 2024 207485 78",
		"qr:pay RF18 5390 0754 7034", "qr:https://x.de/?az=765Js432/10", "qr:https://x.de/?az=765js432/10", "qr:SPC\r\n0200\r\n1\r\nCH44\r\nQRR\r\n210000000003139471430009017\r\nEPD",
	} {
		if d := beside(r, cases, page(2, code)); !conflicts(d) {
			t.Errorf("%q: %+v %+v", code, d, d.Hold)
		}
	}
	for _, foreign := range []string{"qr:BCD\n002\n1\nSCT\nGEBABEBB\nName\nBE74104232676710\nEUR10\n\n010806817281", "qr:SPC\r\n0200\r\n1\r\nCH4431999123000889012\r\nQRR\r\n000000000000000000000000000\r\nEPD",
		"code:00340434161094012345", "qr:https://x.be/form?id=2024-10-99", "code:JGB 0110 4296297", "code:0527874632"} {
		if d := beside(r, cases, page(2, foreign)); d.Hold != nil {
			t.Errorf("%q: %+v", foreign, d.Hold)
		}
	}
}

// digitsOffice has a scheme of digits without a check, and one with a weak check.
func digitsOffice(t *testing.T) (*Rules, *register.Register) {
	return registry(t, liveCases+"0123456789,gas,,Bo Li,\n210000000003139471430009017,esr,,X Y,\n",
		reference.Config{Name: "esr", Pattern: `\d{27}`, Check: "mod10-recursive", Store: "esr"},
		reference.Config{Name: "gas", Pattern: `\d{10}`, Check: "none", Store: "gas", Labels: []string{"Kundennummer"}})
}

// TestDigitsOfAnotherCase: where references are digits only, spaces, a label on
// the line before and words behind the label must not hide one.
func TestDigitsOfAnotherCase(t *testing.T) {
	r, cases := digitsOffice(t)
	for _, print := range []string{
		"Einzahlung¶21 00000 00003 13947 14300 09017", "Referenz¶21 00000 00003 13947 14300 09017", "Referenz 21 00000 00003 13947 14300 09017", "21 00000 00003 13947 14300 09017",
		"Kundennummer¶01234 56789", "Ihre Kundennummer:¶01234 56789", "Kundennummer Nr. 01234 56789", "Dossier n° 01234 56789", "Ref. no. 01234 56789",
		"Reference number: 01234 56789", "Unser Zeichen, bitte angeben: 01234 56789", "Ihre Kundennummer lautet 012 345 67 89", "Kundennummer 0I23456789",
		"Kundennummer¶0I23456789", "0I23456789", "0123456789", "Ref 0123-456789",
	} {
		if d := beside(r, cases, lines(2, print, 0.9)); !conflicts(d) {
			t.Errorf("%q: %+v %+v", print, d, d.Hold)
		}
	}
	if d := r.Route(Span{From: 1, To: 1}, []mail.Reading{lines(1, "0123456789 voor Bo Li", 0.9)}, cases, true); d.Reference.String() != "0123456789" {
		t.Errorf("a live number without a label, with its name: %+v %+v", d, d.Hold)
	}
}

// TestDigitsOfNoCase: telephone numbers and other people's numbers hold nothing.
func TestDigitsOfNoCase(t *testing.T) {
	r, cases := digitsOffice(t)
	for _, line := range []string{"Tel 0476123456", "Tel 04 76 12 34 56", "+32476123456", "Ref 2024-123456", "Factuur 2024001234", "Votre réf. 12/2024/00017",
		"het dossier¶0476 12 34 56 bellen", "KBO 0566.988.259", "IBAN BE74 1042 3267 6710", "SIRET 552 008 443 00013", "Betrag 1.234.567,89", "Uw brief van 12.03.2024, 10:30"} {
		if d := beside(r, cases, lines(2, line, 0.9)); d.Hold != nil {
			t.Errorf("%q: %+v", line, d.Hold)
		}
		if d := r.Route(Span{From: 1, To: 1}, []mail.Reading{lines(1, line, 0.9)}, cases, true); d.Hold == nil || d.Hold.Reason != mail.NoReference {
			t.Errorf("%q alone: %+v %+v", line, d, d.Hold)
		}
	}
}

// TestNumbersBesideAReferenceOfNoFixedLength: a number next to a reference is no
// part of it, unless that, too, is a case.
func TestNumbersBesideAReferenceOfNoFixedLength(t *testing.T) {
	r, cases := registry(t, "765Js432/10,court,,Karl Meier,\n65Js4/10,court,,Jan Roth,\n265Js4/10,court,,Jan Roth,\nK-12,k,,Ana Dubois,\nK-14,k,,Eva Maes,\nK-145,k,,Eva Maes,\n",
		reference.Config{Name: "court", Pattern: `\d{1,4}Js\d{1,6}/(?:\d{2}|\d{4})`, Check: "none", Store: "court"},
		reference.Config{Name: "k", Pattern: `K-\d{1,6}`, Check: "none", Store: "k"})
	for print, want := range map[string]string{
		"Betreft: K-12 3 bijlagen van Ana Dubois": "K-12",
		"765 Js 432/10 12.03.2024 Karl Meier":     "765Js432/10",
		"Anlage 2 765 Js 432/10 Karl Meier":       "765Js432/10",
		"Anlage 2 65 Js 4/10 Jan Roth":            "", // 265 Js 4/10 is a case
		"Betreft: K-14 5 bijlagen van Ana Dubois": "", // and so is K-145
	} {
		d := r.Route(Span{From: 1, To: 1}, []mail.Reading{lines(1, print, 0.9)}, cases, true)
		if d.Reference.String() != want || want == "" && !conflicts(d) {
			t.Errorf("%q: %+v %+v", print, d, d.Hold)
		}
	}
}

// TestTornDigitsDoNotFile: groups of digits that no label announces may be a
// piece of a bank account's number; they hold, but never file.
func TestTornDigitsDoNotFile(t *testing.T) {
	r, cases := registry(t, "429629706329,digits,,,\n", reference.Config{Name: "digits", Pattern: `\d{12}`, Check: "be-ogm", Store: "digits"})
	for print, files := range map[string]bool{"IBAN BE74 4296 2970 6329": false, "429 6297 06329": false, "429629706329": true, "Referentie 4296 2970 6329": true} {
		d := r.Route(Span{From: 1, To: 1}, []mail.Reading{lines(1, print, 0.9)}, cases, true)
		if files != (d.Rule == RuleText) || !files && (d.Hold == nil || len(d.Hold.Candidates) != 1) {
			t.Errorf("%q: %+v %+v", print, d, d.Hold)
		}
	}
}
