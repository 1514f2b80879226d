package reference

import (
	"slices"
	"strings"
	"testing"

	"postroom/mail"
)

func scheme(t testing.TB, c Config) *Scheme {
	t.Helper()
	if c.Name == "" {
		c.Name = "s"
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tax(t testing.TB) *Scheme {
	return scheme(t, Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"})
}

func social(t testing.TB) *Scheme {
	return scheme(t, Config{Name: "social", Pattern: `\+\+\+\d{3}/\d{4}/\d{5}\+\+\+`, Check: "be-ogm", Store: "social"})
}

func permits(t testing.TB) *Scheme {
	return scheme(t, Config{Name: "permits", Pattern: `PER/\d{6}/[A-Z]`, Check: "es-nif-letter", Store: "permits"})
}

// page lays a text out as a recognizer gives it: a word a space, a line a line.
func page(text string) (words []mail.Word) {
	for l, line := range strings.Split(text, "\n") {
		for i, w := range strings.Fields(line) {
			words = append(words, mail.Word{Text: w, Line: l, Confidence: 0.9, Box: mail.Box{X0: 100 * i, Y0: 40 * l, X1: 100*i + 90, Y1: 40*l + 30}})
		}
	}
	return words
}

func TestLiteral(t *testing.T) {
	rf := scheme(t, Config{Name: "rf", Pattern: `RF\d{2}[0-9A-Z]{1,21}`, Check: "iso11649"})
	esr := scheme(t, Config{Name: "esr", Pattern: `\d{27}`, Check: "mod10-recursive", Labels: []string{"Referenz"}})
	for _, c := range []struct {
		s    *Scheme
		text string
		want string
	}{
		{tax(t), "Ons kenmerk : TX-2018-404109-64", "TX-2018-404109-64"},
		{tax(t), "Ons kenmerk:TX-2018-404109-64.", "TX-2018-404109-64"},
		{tax(t), "(TX-2018-404109-64)", "TX-2018-404109-64"},
		{tax(t), "zie TX-2018-404109-64, en verder", "TX-2018-404109-64"},
		{tax(t), "Ref.TX-2018-404109-64", "TX-2018-404109-64"},
		{tax(t), "TX-2018- 404109-64", "TX-2018-404109-64"},
		{tax(t), "TX - 2018 - 404109 - 64", "TX-2018-404109-64"},
		{tax(t), "TX–2018—404109−64", "TX-2018-404109-64"},
		{tax(t), "TX\u00ad2018\u2011404109\u201064", "TX-2018-404109-64"},
		{social(t), "Notre référence : +++292/9185/66636+++", "+++292/9185/66636+++"},
		{social(t), "Mededeling +++292/9185/66636+++.", "+++292/9185/66636+++"},
		{social(t), "+++ 292 / 9185 / 66636 +++", "+++292/9185/66636+++"},
		{permits(t), "Our ref: PER/962309/N", "PER/962309/N"},
		{rf, "Betaal met RF18 5390 0754 7034 voor vrijdag", "RF18539007547034"},
		{esr, "Referenz 21 00000 00003 13947 14300 09017", "210000000003139471430009017"},
		{scheme(t, Config{Pattern: `[A-Z]\d{1,4}`, Check: "none"}), "zie K7 of", "K7"},
		{scheme(t, Config{Pattern: `[A-Z]\d{1,4}`, Check: "none"}), "zie K7123, of", "K7123"},
		{scheme(t, Config{Pattern: `(?i)az-\d{4}`, Check: "none"}), "unser Az-1234", "Az-1234"},
		{scheme(t, Config{Pattern: `K\d+(/\d+)*`, Check: "none"}), "dossier K12/ 345/6.", "K12/345/6"},
		{scheme(t, Config{Pattern: `\[\d{4}:\d{2}\]`, Check: "none"}), "Ref:[1234:56]", "[1234:56]"},
	} {
		got := c.s.FromWords(3, page(c.text))
		if len(got) != 1 {
			t.Errorf("%q: %d mentions: %+v", c.text, len(got), got)
			continue
		}
		m := got[0]
		if m.Text != c.want || !m.Literal || !m.Valid || m.Page != 3 || m.Source != mail.FromOCR || m.Confidence != 0.9 || m.Polygon == (mail.Quad{}) {
			t.Errorf("%q: %+v", c.text, m)
		}
	}
}

// TestNear: what a recognizer makes of a reference must be seen, and never be
// taken for a literal one.
func TestNear(t *testing.T) {
	rf := scheme(t, Config{Name: "rf", Pattern: `RF\d{2} ?\d{4} ?\d{4} ?\d{4}`, Check: "iso11649"})
	for _, c := range []struct {
		s          *Scheme
		text, want string // want: one of the readings
	}{
		{tax(t), "TX-2O24-2O7485-78", "TX-2024-207485-78"},
		{tax(t), "TX-2024-2O7485-7B", "TX-2024-207485-78"},
		{tax(t), "TX-2024-207485-7S", ""},
		{tax(t), "TX-2024-207485 78", "TX-2024-207485-78"},
		{tax(t), "TX 2024 207485 78", "TX-2024-207485-78"},
		{tax(t), "TX2024-207485-78", "TX-2024-207485-78"},
		{tax(t), "IX-2024-207485-78", "TX-2024-207485-78"},
		{tax(t), "Tx-2024-207485-78", "TX-2024-207485-78"},
		{tax(t), "tx-2024-207485-78", "TX-2024-207485-78"},
		{tax(t), "TX-2024-207485-781", "TX-2024-207485-78"},
		{tax(t), "TX--2024-207485-78", "TX-2024-207485-78"},
		{tax(t), "TX-2024.207485.78", "TX-2024-207485-78"},
		{tax(t), "TX-2024-20748-78", "TX-2024-207485-78"},   // a digit lost
		{tax(t), "TX-2024-2074885-78", "TX-2024-207485-78"}, // one doubled
		{tax(t), "TX-2024-2074?5-78", "TX-2024-207485-78"},
		{tax(t), "RefTX-2024-207485-78", "TX-2024-207485-78"},
		{tax(t), "Ref.TX-2O24-2O7485-78", "TX-2024-207485-78"},
		{tax(t), "Ons kenmerk : TX-2O24-2O7485-78, Gent", "TX-2024-207485-78"},
		{tax(t), "kenmerk_TX-2O24-207485-78", "TX-2024-207485-78"},
		{tax(t), "TX-2024-\n207485-78", "TX-2024-207485-78"}, // broken over two lines
		{tax(t), "in het dossier TX-2024-207485-\n78 hebben wij", "TX-2024-207485-78"},
		{social(t), "+++429/6297/06329+", "+++429/6297/06329+++"},
		{social(t), "+++429/6297/06329++", "+++429/6297/06329+++"},
		{social(t), "+-++010/8068/17183+++", "+++010/8068/17183+++"},
		{social(t), "++010/8068/17183+++", "+++010/8068/17183+++"},
		{social(t), "++++010/8068/17183+++", ""}, // literal: the fourth + is no letter
		{social(t), "+++010/8068/17183+4+", "+++010/8068/17183+++"},
		{social(t), "+++01078068717183+++", "+++010/8068/17183+++"},
		{social(t), "+++010/8068117183+++", "+++010/8068/17183+++"},
		{social(t), "+++010I8068l17183+++", "+++010/8068/17183+++"},
		{social(t), "***010/8068/17183***", "+++010/8068/17183+++"},
		{social(t), "010/8068/17183", "+++010/8068/17183+++"},
		{social(t), "010/8068/17183+++", "+++010/8068/17183+++"},
		{social(t), "Mededeling: 010/8068/17183.", "+++010/8068/17183+++"},
		{social(t), "+++O1O/8O68/17183+++", "+++010/8068/17183+++"},
		{social(t), "Référence 010 8068 17183", "+++010/8068/17183+++"},
		{permits(t), "PER/9623O9/N", "PER/962309/N"},
		{permits(t), "PER7962309/N", "PER/962309/N"},
		{permits(t), "PER7962309/N", "PER/962309/N"},
		{permits(t), "PERI962309IN", "PER/962309/N"},
		{permits(t), "PER/962309/", "PER/962309/N"},
		{permits(t), "PER/962309 N", "PER/962309/N"},
		{permits(t), "PER 962309 N", "PER/962309/N"},
		{permits(t), "PER/96230S/N", ""},
		{permits(t), "PFR/962309/N", "PER/962309/N"},
		{permits(t), "FER/962309/N", "PER/962309/N"},
		{permits(t), "PER/962309/n", "PER/962309/N"},
		{rf, "RFl8 5390 0754 7034", "RF18539007547034"},
	} {
		if c.want == "" {
			continue
		}
		got := c.s.FromWords(1, page(c.text))
		if len(got) != 1 {
			t.Errorf("%q: %d mentions: %+v", c.text, len(got), got)
			continue
		}
		if m := got[0]; m.Literal && m.Valid || !slices.Contains(m.Readings, c.want) {
			t.Errorf("%q: %+v", c.text, m)
		}
	}
}

// TestFailingCheck: a literal match whose check digits fail says so, and says
// what it may stand for.
func TestFailingCheck(t *testing.T) {
	for _, c := range []struct {
		s          *Scheme
		text, want string
	}{
		{tax(t), "TX-2024-207485-79", "TX-2024-207485-79"},
		{tax(t), "Ref: TX-2024-201485-78", "TX-2024-201485-78"},
		{social(t), "+++010/8068/17180+++", "+++010/8068/17180+++"},
		{permits(t), "PER/962308/N", "PER/962308/N"},
	} {
		got := c.s.FromWords(1, page(c.text))
		if len(got) != 1 || !got[0].Literal || got[0].Valid || got[0].Text != c.want {
			t.Errorf("%q: %+v", c.text, got)
		}
	}
}

func TestTwoOnOneLine(t *testing.T) {
	got := tax(t).FromWords(1, page("TX-2018-404109-64 and TX-2024-207485-78"))
	if len(got) != 2 || !got[0].Literal || !got[1].Literal || got[0].Text == got[1].Text {
		t.Errorf("%+v", got)
	}
}
