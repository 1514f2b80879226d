package reference

import (
	"errors"
	"slices"
	"testing"

	"postroom/mail"
)

func TestParse(t *testing.T) {
	s := tax(t)
	for text, want := range map[string]error{
		"TX-2024-207485-78": nil, " TX-2024-207485-78\r\n": nil, "TX–2024–207485–78": nil, "T X-2024-207485-78": nil,
		"TX-2024-207485-79": ErrCheck, "TX-2024-207485-7": ErrPattern, "xTX-2024-207485-78": ErrPattern, "TX-2024-207485-781": ErrPattern,
		"tx-2024-207485-78": ErrPattern, "": ErrPattern, "TX-2024-２07485-78": ErrPattern,
	} {
		clean, err := s.Parse(text)
		if !errors.Is(err, want) || (err == nil) != (clean == "TX-2024-207485-78") {
			t.Errorf("%q: %q, %v, want %v", text, clean, err, want)
		}
	}
}

func TestCoversAGroup(t *testing.T) {
	s := scheme(t, Config{Pattern: `\d{2}-(\d{4})`, Check: "damm", Covers: 1})
	for _, text := range []string{"99-5724", "12-5724"} {
		if _, err := s.Parse(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := s.Parse("99-5725"); !errors.Is(err, ErrCheck) {
		t.Error(err)
	}
}

func TestFromBarcode(t *testing.T) {
	s := scheme(t, Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Symbologies: []mail.Symbology{mail.Code128}})
	for _, c := range []struct {
		sym      mail.Symbology
		text     string
		ok, near bool
		valid    bool
	}{
		{mail.Code128, "TX-2024-207485-78", true, false, true},
		{mail.Code128, "TX-2024-207485-79", true, false, false},       // never corrected
		{mail.Code128, "TX-2024-207485-78 page 1", false, true, true}, // not the whole text
		{mail.Code128, "tx-2024-207485-78", false, true, true},
		{mail.Code128, "TX-2024-207485-781", false, true, true},
		{mail.QR, "TX-2024-207485-78", false, true, true}, // a symbology that does not count
		{mail.QR, "https://example.org/?ref=TX-2024-207485-78&x=1", false, true, true},
		{mail.QR, "PATCHT", false, false, false},
		{mail.Code128, "", false, false, false},
		{mail.PatchT, "TX-2024-207485-78", false, false, false},
	} {
		sym := mail.Symbol{Symbology: c.sym, Text: c.text, Confidence: 0.7, Polygon: mail.Box{X1: 9, Y1: 9}.Quad()}
		m, ok := s.FromBarcode(4, sym)
		if ok != c.ok || ok && (!m.Literal || m.Valid != c.valid || m.Page != 4 || m.Source != mail.FromBarcode || m.Confidence != 0.7 || m.Polygon != sym.Polygon) {
			t.Errorf("%s %q: %+v, %v", c.sym, c.text, m, ok)
		}
		in := s.InBarcode(4, sym)
		if (len(in) > 0) != c.near {
			t.Errorf("%s %q holds %+v", c.sym, c.text, in)
		}
		for _, m := range in {
			if m.Literal || !slices.Contains(m.Readings, "TX-2024-207485-78") || m.Source != mail.FromBarcode || m.Polygon != sym.Polygon {
				t.Errorf("%s %q holds %+v", c.sym, c.text, m)
			}
		}
	}
	digits := scheme(t, Config{Pattern: `\d{13}`, Check: "none", Symbologies: []mail.Symbology{mail.Code128}})
	if in := digits.InBarcode(1, mail.Symbol{Symbology: mail.EAN13, Text: "4006381333931"}); in != nil {
		t.Errorf("an article's number is a case's: %+v", in)
	}
}

func TestMisread(t *testing.T) {
	const r = "TX-2024-207485-78"
	for raw, want := range map[string]int{r: 0, "TX-2O24-207485-78": 1, "TX2024-207485-78": 1, "TX-2O24-2O7485-7B": 3, "TX-2024-207435-78": 1, "TX-2024-207495-78": 2,
		"TX-2024-20748-78": 3, "TX-2099-111111-78": 5, "": 5} {
		if got := Misread(raw, r, 4); got != want {
			t.Errorf("%q: %d, want %d", raw, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("TX-2024-207485-78")
	f.Add("RF18 5390 0754 7034")
	f.Add("++\u00ad/é\x00")
	all := []*Scheme{tax(f), social(f), permits(f)}
	for _, check := range Checks() {
		if check != "weighted" {
			all = append(all, scheme(f, Config{Pattern: `.{1,40}`, Check: check}))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range all {
			clean, err := s.Parse(text)
			if err != nil {
				if !errors.Is(err, ErrPattern) && !errors.Is(err, ErrCheck) {
					t.Errorf("%q: %v", text, err)
				}
				continue
			}
			if again, err := s.Parse(clean); err != nil || again != clean {
				t.Errorf("%q: %q parses as %q, %v", text, clean, again, err)
			}
		}
	})
}
