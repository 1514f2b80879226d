package router

import "testing"

// TestDecoysDoNotHold: what letters carry beside their reference is no reference.
func TestDecoysDoNotHold(t *testing.T) {
	r, cases := rules(t)
	more, moreCases := registry(t, liveCases)
	for _, line := range []string{
		"Tel. 0527874632 IBAN BE74 1042 3267 6710", "Tél. : 01 42 76 40 40 - SIREN 552 008 443", "IBAN: FR76 3000 6000 0112 3456 7890 189",
		"Telefon: +49 (0)30 9018-24110 · USt-IdNr. DE123456789", "Konto 532013000 BLZ 370 400 44", "Aktenzeichen 765 Js 432/10",
		"Phone +44 20 7946 0958, NI QQ 12 34 56 C", "IBAN NL91 ABNA 0417 1643 00 BTW NL001234567B01", "KvK 12345678 - postbus 1234, 3011 AB Rotterdam",
		"factuur 2024/00123 van 12-03-2024: € 2.310,75", "Loi n° 2016-1547 du 18/11/2016", "Rechnung RE-20240815-17 vom 15.08.2024",
		"TX-2021 betreft het jaar 2021", "TAX-2021 / 2022", "Unser Zeichen: AB/2024/17 III B 4", "Your ref. Smith/12 March 2024",
		"tel. 0032/25.55.12.12 of 02/555.12.12", "per 12.03.2024 gaat de regeling in", "per 1 maart 2024 nr. 12", "per 100000 inwoners, per 100002 Euro", "PER 100001 RIJDEN", "per 100002 were", "Max. 2024-2025 / 12 maanden",
		"SIRET 552 008 443 00013 APE 8411Z", "klantnummer 4711.0815.42 - factuur 2024.000123", "Kundennummer 10 234 567 / Rechnung 2024-10-000123",
	} {
		all := pages("code:"+caseA+"|text:"+line, "text:"+line)
		if d := r.Route(Span{From: 1, To: 2}, all, cases, true); d.Hold != nil {
			t.Errorf("%q: %s: %s", line, d.Hold.Reason, d.Hold.Detail)
		}
		if d := more.Route(Span{From: 1, To: 2}, all, moreCases, true); d.Hold != nil {
			t.Errorf("%q, with three strong schemes: %s: %s", line, d.Hold.Reason, d.Hold.Detail)
		}
	}
}
