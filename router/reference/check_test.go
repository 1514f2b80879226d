package reference

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Vectors come from the standards' texts, python-stdnum's tests and the payment
// associations' leaflets.
func TestChecks(t *testing.T) {
	for _, c := range []struct {
		check, good string
		bad         []string
	}{
		{"none", "anything", nil},
		{"luhn", "79927398713", []string{"79927398710", "97927398713", "7"}},
		{"luhn", "552008443", []string{"552008442"}},
		{"verhoeff", "2363", []string{"2364", "3263"}},
		{"verhoeff", "123451", []string{"123450"}},
		{"damm", "5724", []string{"5727", "7524"}},
		{"iso7064-mod97-10", "9910373019", []string{"9910373018", "9913073019"}}, // a Leitweg-ID
		{"iso7064-mod97-10", "991-03730-19", []string{"991-03730-91"}},
		{"iso7064-mod97-10", "TX-2024-207485-78", []string{"TX-2024-207485-87", "TX-2024-207435-78"}},
		{"iso7064-mod11-2", "0000-0002-1825-0097", []string{"0000-0002-1825-0096"}}, // an ORCID
		{"iso7064-mod11-2", "0000-0002-1694-233X", []string{"0000-0002-1694-2330"}},
		{"iso7064-mod11-10", "36574261809", []string{"36574261890", "36574261808"}}, // a German tax number
		{"iso7064-mod37-2", "A999914123456N", []string{"A999914123456M"}},           // a donation number
		{"iso7064-mod37-2", "G123498654321H", []string{"G123498654321X"}},
		{"iso7064-mod37-36", "A12425GABC1234002M", []string{"A12425GABC1234002N"}}, // a GRid
		{"mod10-recursive", "210000000003139471430009017", []string{"210000000003139471430009016"}},
		{"mod10-recursive", "21 00000 00003 13947 14300 09017", []string{"21 00000 00003 13947 14300 09107"}},
		{"be-ogm", "+++010/8068/17183+++", []string{"+++010/8068/17180+++", "010/8068/1718"}},
		{"be-ogm", "+++000/0000/00097+++", []string{"+++000/0000/00000+++"}}, // remainder 0 is written 97
		{"iso11649", "RF18 5390 0754 7034", []string{"RF17 5390 0754 7034", "XX18 5390 0754 7034", "RF18"}},
		{"iso11649", "RF97C2H5OH", []string{"RF97C2H50H"}},
		{"nl-betalingskenmerk", "5000056789012345", []string{"6000056789012345"}},
		{"nl-betalingskenmerk", "12 2345 3462 2567", []string{"12 2345 3462 2569", "13 2345 3462 2567"}},
		{"nl-betalingskenmerk", "1234567", []string{"12345678"}}, // 7 digits have no check, 8 are none
		{"upu-s10", "RR473124829GB", []string{"RR473124828GB", "R473124829GB"}},
		{"es-nif-letter", "12345678Z", []string{"12345678A", "12345687Z", "12345678"}},
		{"es-nif-letter", "PER/962309/N", []string{"PER/962308/N", "PER/962309/M"}},
	} {
		holds := checks()[c.check].holds
		if !holds(c.good) {
			t.Errorf("%s: %s does not hold", c.check, c.good)
		}
		for _, bad := range c.bad {
			if holds(bad) {
				t.Errorf("%s: %s holds", c.check, bad)
			}
		}
	}
}

// TestStrengthOfChecks measures what a strong check must find: every single
// wrong digit and every swap of neighbours.
func TestStrengthOfChecks(t *testing.T) {
	const seed = 7
	rnd := rand.New(rand.NewPCG(seed, seed))
	for name, form := range map[string]string{
		"iso7064-mod97-10": "dddddddddddd", "be-ogm": "dddddddddddd", "iso11649": "RFddddddddddddd", "iso7064-mod11-2": "ddddddddd",
		"iso7064-mod11-10": "ddddddddddd", "iso7064-mod37-2": "ddddddddd", "iso7064-mod37-36": "ddddddddd", "es-nif-letter": "ddddddddL",
	} {
		holds, found := checks()[name].holds, 0
		for found < 20 {
			text := valid(rnd, form, holds)
			if text == "" {
				continue
			}
			found++
			for i := range len(text) {
				if text[i] < '0' || text[i] > '9' {
					continue
				}
				for d := byte('0'); d <= '9'; d++ {
					if wrong := text[:i] + string(d) + text[i+1:]; d != text[i] && holds(wrong) {
						t.Errorf("%s (seed %d): %s and %s both hold", name, seed, text, wrong)
					}
				}
				if i+1 < len(text) && text[i] != text[i+1] && text[i+1] >= '0' && text[i+1] <= '9' && name != "iso7064-mod11-10" && name != "iso7064-mod37-36" {
					if wrong := text[:i] + string(text[i+1]) + string(text[i]) + text[i+2:]; holds(wrong) {
						t.Errorf("%s (seed %d): %s and its swap %s both hold", name, seed, text, wrong)
					}
				}
			}
		}
	}
}

func valid(rnd *rand.Rand, form string, holds func(string) bool) string {
	for range 5000 {
		b := []byte(form)
		for i := range b {
			switch b[i] {
			case 'd':
				b[i] = byte('0' + rnd.IntN(10))
			case 'L':
				b[i] = byte('A' + rnd.IntN(26))
			}
		}
		if holds(string(b)) {
			return string(b)
		}
	}
	return ""
}

func TestStrongIsAsDocumented(t *testing.T) {
	strong := []string{"iso7064-mod97-10", "be-ogm", "iso11649", "iso7064-mod11-2", "iso7064-mod11-10", "iso7064-mod37-2", "iso7064-mod37-36", "es-nif-letter"}
	for name, c := range checks() {
		if c.strong != slices.Contains(strong, name) {
			t.Errorf("%s: strong is %v", name, c.strong)
		}
	}
}

func TestWeighted(t *testing.T) {
	for _, c := range []struct {
		what      string
		cfg       Config
		good, bad string
	}{
		{"a British taxpayer reference", Config{Weights: []int{0, 6, 7, 8, 9, 10, 5, 4, 3, 2}, Modulus: 11, Map: "21987654321"}, "1955839661", "2955839661"},
		{"an NHS number", Config{Weights: []int{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, Modulus: 11}, "943-476-5870", "943-476-5871"},
		{"a Dutch citizen number", Config{Weights: []int{9, 8, 7, 6, 5, 4, 3, 2, -1}, Modulus: 11}, "1112.22.333", "1112.22.334"},
		{"an ISBN", Config{Weights: []int{10, 9, 8, 7, 6, 5, 4, 3, 2, 0}, Modulus: 11, Map: "0X987654321"}, "0-8044-2957-X", "0-8044-2957-1"},
	} {
		c.cfg.Name, c.cfg.Check, c.cfg.Pattern = "w", "weighted", `[0-9X.-]+`
		s, err := New(c.cfg)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if s.Strong() {
			t.Errorf("%s: weighted is strong", c.what)
		}
		if _, err := s.Parse(c.good); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		if _, err := s.Parse(c.bad); err == nil {
			t.Errorf("%s: %s holds", c.what, c.bad)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := Config{Name: "tax", Pattern: `TX-\d{4}`, Check: "luhn"}
	with := func(change func(*Config)) Config { c := good; change(&c); return c }
	for _, c := range []struct {
		cfg  Config
		want []string
	}{
		{with(func(c *Config) { c.Check = "mod9" }), append([]string{`"mod9"`, `"tax"`}, Checks()...)},
		{with(func(c *Config) { c.Pattern = `TX-(` }), []string{"pattern", "missing closing"}},
		{with(func(c *Config) { c.Pattern = `\d*` }), []string{"empty text"}},
		{with(func(c *Config) { c.Covers = 1 }), []string{"covers", "0 capture groups"}},
		{with(func(c *Config) { c.Check = "weighted" }), []string{"weights"}},
		{with(func(c *Config) { c.Check, c.Weights = "weighted", []int{1, 2} }), []string{"modulus"}},
		{with(func(c *Config) { c.Check, c.Weights, c.Modulus = "weighted", []int{0, 2, 0}, 11 }), []string{"only one weight"}},
		{with(func(c *Config) { c.Check, c.Weights, c.Modulus, c.Map = "weighted", []int{1, 2}, 11, "0" }), []string{"map"}},
	} {
		_, err := New(c.cfg)
		if err == nil {
			t.Errorf("%+v is taken", c.cfg)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not say %q", err, w)
			}
		}
	}
}

func TestChecksAreTheContractsNames(t *testing.T) {
	want := "be-ogm damm es-nif-letter iso11649 iso7064-mod11-10 iso7064-mod11-2 iso7064-mod37-2 iso7064-mod37-36 iso7064-mod97-10 " +
		"luhn mod10-recursive nl-betalingskenmerk none upu-s10 verhoeff weighted"
	if got := fmt.Sprint(Checks()); got != "["+want+"]" {
		t.Errorf("got %s", got)
	}
}
