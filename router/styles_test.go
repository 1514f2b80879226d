package router

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"postroom/mail"
)

// styles are other ways of writing a reference.
var styles = []func(string) string{
	strings.ToLower,
	func(s string) string { return strings.NewReplacer("-", "/", "/", "-").Replace(s) },
	func(s string) string { return strings.NewReplacer("-", ".", "/", ".").Replace(s) },
	func(s string) string { return strings.NewReplacer("-", " ", "/", " ", "+++", "").Replace(s) },
	func(s string) string { return strings.NewReplacer("-", "", "/", "", "+++", "").Replace(s) },
	func(s string) string {
		s = strings.Trim(s, "+")
		i := strings.LastIndexAny(s, "-/") + 1
		return s[:i] + "¶" + s[i:]
	},
	func(s string) string { return strings.NewReplacer("-", " - ", "/", " / ").Replace(s) },
}

// TestNeverTwoCasesInAnyStyle: beside a barcode of one case, print of another
// case holds the document, however it is written; the same case's does not.
func TestNeverTwoCasesInAnyStyle(t *testing.T) {
	const seed = 25
	rnd := rand.New(rand.NewPCG(seed, seed))
	o := newOffice(t, rnd, 300)
	for range 1500 {
		a, b := o.live[rnd.IntN(len(o.live))], o.live[rnd.IntN(len(o.live))]
		print := styles[rnd.IntN(len(styles))](b)
		all := []mail.Reading{page(1, "code:"+a), lines(2, "Ons kenmerk "+print, 0.9)}
		if d := o.rules.Route(Span{From: 1, To: 2}, all, o.cases, true); (d.Hold != nil) != (a != b) {
			t.Errorf("seed %d: barcode %s, print %q: %+v", seed, a, print, d.Hold)
		}
		all[1] = lines(2, "Ons kenmerk "+styles[rnd.IntN(len(styles))](a), 0.9)
		if d := o.rules.Route(Span{From: 1, To: 2}, all, o.cases, true); d.Hold != nil {
			t.Errorf("seed %d: the same reference as %s: %+v", seed, a, d.Hold)
		}
	}
}

// TestNumbersHoldNothing: pages of dates, telephone numbers, accounts and
// amounts beside a barcode, in an office with many cases.
func TestNumbersHoldNothing(t *testing.T) {
	const seed, pages, most = 26, 400, 2
	rnd := rand.New(rand.NewPCG(seed, seed))
	o := newOffice(t, rnd, 4000)
	n := func(digits int) string {
		return fmt.Sprintf("%0*d", digits, rnd.IntN(9*pow10(digits-1))+pow10(digits-1))
	}
	held := 0
	for range pages {
		var b strings.Builder
		for range 40 {
			b.WriteString([]string{"Tel. 0" + n(9), "tel. 0" + n(2) + "/" + n(6), "Tél. 0" + n(1) + " " + n(2) + " " + n(2) + " " + n(2) + " " + n(2),
				"IBAN BE" + n(2) + " " + n(4) + " " + n(4) + " " + n(4), "le 12.03.20" + n(2), n(4) + "-0" + n(1) + "-1" + n(1), "SIRET " + n(3) + " " + n(3) + " " + n(3) + " 000" + n(2),
				"factuur 2024/" + n(6), "Kundennummer " + n(4) + "-" + n(4) + "-" + n(2), "€ " + n(2) + "." + n(3) + "," + n(2), "Ref. " + n(8), "EAN " + n(13), "per " + n(6), "KBO 0" + n(3) + "." + n(3) + "." + n(3),
				"de brief", "die Höhe", "la lettre"}[rnd.IntN(17)])
			b.WriteString([]string{" ", "¶"}[rnd.IntN(2)])
		}
		a := o.live[rnd.IntN(len(o.live))]
		all := []mail.Reading{page(1, "code:"+a), lines(2, b.String(), 0.9)}
		if d := o.rules.Route(Span{From: 1, To: 2}, all, o.cases, true); d.Hold != nil {
			held++
			t.Logf("%s", d.Hold.Detail)
		}
	}
	if held > most {
		t.Errorf("seed %d: %d of %d pages of numbers are held", seed, held, pages)
	}
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}
