package router

import (
	"fmt"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// crowd is a register of so many tax cases, their running numbers one behind the other.
func crowd(t testing.TB, n int) (*Rules, *register.Register) {
	t.Helper()
	tax, err := reference.New(reference.Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"})
	if err != nil {
		t.Fatal(err)
	}
	var csv strings.Builder
	csv.WriteString("reference,store\n")
	for i := range n {
		number := (2018+i%9)*1e8 + i*100
		fmt.Fprintf(&csv, "TX-%d-%06d-%02d,tax\n", 2018+i%9, i, 98-number%97)
	}
	schemes := []*reference.Scheme{tax}
	cases, err := register.Parse(strings.NewReader(csv.String()), schemes)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Schemes: schemes}), cases
}

// repeated is a letter with its own reference in a barcode, and in print, badly
// read: so many times each of the readings.
func repeated(own string, times int, readings ...string) []mail.Reading {
	what := "code:" + own
	for range times {
		for _, bad := range readings {
			what += "|text:ref " + bad
		}
	}
	return pages(what)
}

// TestARepeatIsAskedOnce: the register is asked once for each text, on however
// many pages it stands, and says the same of each.
func TestARepeatIsAskedOnce(t *testing.T) {
	r, cases := crowd(t, 2000)
	c := &court{rules: r, cases: cases, readings: repeated(own, 20, "TX-2O20-000002-14", "TX-2020-OO0002-14")}
	c.mentions = r.Mentions(c.readings[0])
	said := map[string]bool{}
	for _, m := range c.mentions {
		text := ""
		if why := c.contradicts(m, c.mentions[0]); why != nil {
			text = why.English()
		}
		said[text] = true
	}
	if len(c.mentions) != 41 || len(c.nearer) != 2 || len(said) != 1 {
		t.Errorf("%d mentions, %d questions, %v", len(c.mentions), len(c.nearer), said)
	}
}

// own is a case of every crowd.
const own = "TX-2020-000002-14"

// BenchmarkRouteRepeats is a letter that says its reference 200 times, badly read,
// in an office of 300,000 cases.
func BenchmarkRouteRepeats(b *testing.B) {
	r, cases := crowd(b, 300_000)
	all := repeated(own, 200, "TX-2O20-000002-14")
	b.ReportAllocs()
	for b.Loop() {
		if d := r.Route(Span{From: 1, To: 1}, all, cases, true); d.Reference.String() != own {
			b.Fatalf("%+v %+v", d, d.Hold)
		}
	}
}
