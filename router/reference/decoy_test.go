package reference

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
)

// decoys is what letters of four languages carry beside a reference.
var decoys = strings.Split(`06.12.2026
le 14 juillet 2025
24/04/2026
2026-04-24
den 3. März 2026
12 december 2025 om 14:30 uur
Tel. 0527874632 IBAN BE74 1042 3267 6710
Tel. +32 2 555 12 12 Fax +32 2 555 12 13
Tél. : 01 42 76 40 40
Telefon 030 / 9018 24 110
Telefon: +49 (0)30 9018-24110
Phone +44 20 7946 0958 or 0113 496 0000
Tel. 010-4171234 / 06-12345678
IBAN NL91 ABNA 0417 1643 00
IBAN: FR76 3000 6000 0112 3456 7890 189
IBAN DE89370400440532013000 BIC COBADEFFXXX
IBAN GB29 NWBK 6016 1331 9268 19
Konto 532013000 BLZ 370 400 44
75012 Paris
1000 Bruxelles
3011 AB Rotterdam
10115 Berlin
Leeds LS1 4AP
B-9000 Gent
Kerkstraat 120/3, 9000 Gent
avenue Louise 157 bte 12
Total : 1.234,56 EUR
Betrag: 12.345,00 €
een bedrag van € 2.310,75
the amount of GBP 4,321.00
BTW BE 0566.988.259
KBO 0123.456.749
SIREN 552 008 443 RCS Paris
USt-IdNr. DE123456789
Steuernummer 12/345/67890
Rijksregisternummer 85.07.30-033.28
NIR 2 95 10 99 126 111 93
National Insurance QQ 12 34 56 C
Art. 12/2024 § 3 Abs. 2
Loi n° 2016-1547 du 18/11/2016
Gesetz vom 12.03.2024 (BGBl. I S. 1234)
factuur 2024/00123
facture n° FA-2024-00123
Rechnung RE-20240815-17
Invoice INV-2024-000123
Kundennummer 4711-0815-42
Zählernummer 1ESY1160123456
meter reading 12345 kWh on 01/02/2025
plate 1-ABC-234
Aktenzeichen 765 Js 432/10
RR473124829GB
https://example.org/form?id=2024-10-99
mailto:info@example.org
Pagina 2 van 3
- 2 -
PERSONNEL 2024/2025
PERIODE 01/2024 - 12/2024
PERMIS B/2024
PER POST 2024
TXT 2024
TAX 2023-2024
Taxe 2024 - 2025 : 12 %
SUPER 95/98/E10
2024-207485
962309
12/2024/A
++
+32/2/555.12.12
`, "\n")

func TestDecoys(t *testing.T) {
	for _, s := range []*Scheme{tax(t), social(t), permits(t),
		scheme(t, Config{Name: "digits", Pattern: `\d{10}`, Check: "verhoeff"}),
		scheme(t, Config{Name: "rf", Pattern: `RF\d{2}[0-9A-Z]{1,21}`, Check: "iso11649"}),
		scheme(t, Config{Name: "file", Pattern: `[A-Z]{2}\d{8}`, Check: "damm"})} {
		for _, line := range decoys {
			for _, m := range s.FromWords(1, page(line)) {
				t.Errorf("%s: %q: %+v", s.Name(), line, m)
			}
		}
	}
}

// TestRandomDecoys counts the mentions on pages of random dates, numbers and
// amounts: hardly any may resemble a reference.
func TestRandomDecoys(t *testing.T) {
	const seed, pages = 11, 60
	rnd := rand.New(rand.NewPCG(seed, seed))
	schemes := []*Scheme{tax(t), social(t), permits(t)}
	found := 0
	for range pages {
		words := page(numbersPage(rnd))
		for _, s := range schemes {
			for _, m := range s.FromWords(1, words) {
				found++
				t.Logf("%s: %+v", s.Name(), m)
			}
		}
	}
	if found > 1 {
		t.Errorf("seed %d: %d mentions on %d pages", seed, found, pages)
	}
}

// numbersPage is a page of 400 words, half of them numbers of all kinds.
func numbersPage(rnd *rand.Rand) string {
	var b strings.Builder
	n := func(digits int) string {
		s := ""
		for range digits {
			s += string(rune('0' + rnd.IntN(10)))
		}
		return s
	}
	for i := range 400 {
		switch rnd.IntN(16) {
		case 0:
			fmt.Fprintf(&b, "%02d/%02d/20%s", 1+rnd.IntN(28), 1+rnd.IntN(12), n(2))
		case 1:
			fmt.Fprintf(&b, "0%s/%s", n(2), n(6))
		case 2:
			fmt.Fprintf(&b, "BE%s %s %s %s", n(2), n(4), n(4), n(4))
		case 3:
			fmt.Fprintf(&b, "%s.%s,%s", n(2), n(3), n(2))
		case 4:
			fmt.Fprintf(&b, "%s-%s", n(4), n(4))
		case 5:
			fmt.Fprintf(&b, "0%s", n(9))
		case 6:
			fmt.Fprintf(&b, "%s %s", n(4), "Gent")
		case 7:
			fmt.Fprintf(&b, "AB/%s/%s", n(4), n(2))
		default:
			b.WriteString([]string{"Die", "Höhe", "aanvraag", "présente", "PER", "dossier", "the", "letter", "ERRATUM", "TAX"}[rnd.IntN(10)])
		}
		b.WriteByte(" \n"[min(1, (i+1)%10/9)])
	}
	return b.String()
}

func FuzzFromWords(f *testing.F) {
	for _, d := range decoys {
		f.Add(d)
	}
	f.Add("Ref: TX-2O24-2O7485-78\n+++010/8068/\n17183+++")
	schemes := []*Scheme{tax(f), social(f), permits(f), scheme(f, Config{Name: "rf", Pattern: `RF\d{2}[0-9A-Z]{1,21}`, Check: "iso11649"}),
		scheme(f, Config{Name: "open", Pattern: `K\d+(/\d+)*`, Check: "none"}),
		scheme(f, Config{Name: "digits", Pattern: `\d{10}`, Check: "luhn"}), scheme(f, Config{Name: "court", Pattern: `\d{1,4}Js\d{1,6}/(?:\d{2}|\d{4})`, Check: "none"})}
	f.Fuzz(func(t *testing.T, text string) {
		words := page(text)
		for _, s := range schemes {
			code := mail.Symbol{Symbology: mail.QR, Text: text}
			for _, m := range slices.Concat(s.FromWords(1, words), s.InBarcode(1, code), s.Faint(mail.Reading{Words: words, Symbols: []mail.Symbol{code}})) {
				if m.Valid {
					if clean, err := s.Parse(m.Text); err != nil || clean != m.Text {
						t.Errorf("%q: valid mention %+v: %v", text, m, err)
					}
				}
				if m.Literal && m.Text != m.Raw {
					t.Errorf("%q: %+v", text, m)
				}
				if !m.Literal && m.Valid && len(m.Readings) == 0 {
					t.Errorf("%q: %+v", text, m)
				}
			}
			if clean, err := s.Parse(text); err == nil {
				if m, ok := s.FromBarcode(1, mail.Symbol{Symbology: mail.QR, Text: text}); !ok || !m.Valid || m.Text != clean {
					t.Errorf("%q parses, but as a barcode is %+v", text, m)
				}
			}
		}
	})
}

func BenchmarkFromWords(b *testing.B) {
	schemes := []*Scheme{tax(b), social(b), permits(b)}
	prose := "anbei erhalten Sie die angeforderten Unterlagen zu meinem Antrag mit der Bitte\n"
	letter := "L. Weiß\nStation Road 45\n9000 Gent\n02.05.2026\nGeschäftszeichen : TX-2026-446079-91\n" + strings.Repeat(prose, 30) + "Tel. 0306663379 IBAN BE37 7280 6017 4334"
	for name, text := range map[string]string{"letter": letter, "numbers": numbersPage(rand.New(rand.NewPCG(3, 3)))} {
		words := page(text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range schemes {
					s.FromWords(1, words)
				}
			}
		})
	}
}
