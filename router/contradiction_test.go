package router

import (
	"strings"
	"testing"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// TestMisreadingsOfOneReference: print beside a barcode may be the same reference
// read badly, or another one; only what can't be another files.
func TestMisreadingsOfOneReference(t *testing.T) {
	social, err := reference.New(reference.Config{Name: "social", Pattern: `\+\+\+\d{3}/\d{4}/\d{5}\+\+\+`, Check: "be-ogm", Store: "s"})
	if err != nil {
		t.Fatal(err)
	}
	permits, err := reference.New(reference.Config{Name: "permits", Pattern: `PER/\d{6}/[A-Z]`, Check: "es-nif-letter", Store: "p",
		Symbologies: []mail.Symbology{mail.Code128}})
	if err != nil {
		t.Fatal(err)
	}
	schemes := []*reference.Scheme{social, permits}
	const a, b, p = "+++010/8068/17183+++", "+++010/8068/71141+++", "PER/962309/N"
	cases, err := register.Parse(strings.NewReader("reference,store\n"+a+",s\n"+b+",s\n"+p+",p\n+++429/6297/06329+++,s\n"), schemes)
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{Schemes: schemes, OnReference: true})
	for _, c := range []struct {
		print string
		files bool
	}{
		{"+++010/8068/17183+++", true},
		{"+-++010/8068/17183+++", true},
		{"+++010/8068/17183+", true},
		{"010/8068/17183", true},
		{"+++O1O/8O68/17183+++", true},
		{"+++010/8068/1718+++", true},   // a digit lost
		{"+++010/8068/171833+++", true}, // one doubled
		{"+++010/8068/17I83+++", true},
		{"+++010/8058/17183+++", false}, // its check fails, and it was read surely
		{"+++010/8068/17181+++", false}, // the right form, another number, and its check fails
		{"+++010/8068/71141+++", false}, // another live case
		{"+++010/8068/7II41+", false},
		{"010/8068/71141", false},
		{"+++429/6297/06329+", false},
		{"429/6297/06329", false},
		{"PER/962309/N", false},
		{"PER7962309/N", false},
		{"+++449/6297/0632+++", false}, // a digit lost and one misread: no reading of it is valid
		{"+++429/62/06329+++", false},  // two lost
		{"PER/96239/Q", false},
		{"+++O10/8068/17181+++", false}, // a letter for a digit is a misreading, a digit for a digit is not
		{"Tel. 0527874632 IBAN BE74 1042 3267 6710", true},
	} {
		all := pages("code:"+a, "text:ref "+c.print)
		d := r.Route(Span{From: 1, To: 2}, all, cases, true)
		switch {
		case c.files && (d.Hold != nil || d.Reference.String() != a):
			t.Errorf("%q: held: %+v", c.print, d.Hold)
		case !c.files && (d.Hold == nil || d.Hold.Reason != mail.Conflict):
			t.Errorf("%q: %+v %+v", c.print, d, d.Hold)
		}
	}
	if d := r.Route(Span{From: 1, To: 2}, []mail.Reading{page(1, "code:"+a), lines(2, "ref +++010/8068/¶17181+++", 0.9)}, cases, true); d.Hold == nil {
		t.Error("another number, broken over two lines and read surely, is taken for the same")
	}
	for _, c := range []struct {
		print      string
		confidence float64
		files      bool
	}{
		{"+++010/8058/17183+++", 0.7, true},
		{"+++010/8088/17183+++", 0.7, true},
		{"+++010/8068/17181+++", 0.7, false}, // a 1 is not taken for a 3
		{"++010/80$8/17183+++", 0.7, false},  // nor a $, a 5, for a 6
		{"++010/B068/17183+++", 0.7, true},
		{"+++010/8068/17181+++", 0.8, false},
		{"+++010/8058/17193+++", 0.7, false}, // two wrong digits that are not taken for one another
		{"+++010/8068/71149+++", 0.7, false}, // nearer to another live case
		{"+++010/8068/11181++", 0.7, false},  // as near to the one as to the other, and no reading of either
	} {
		d := r.Route(Span{From: 1, To: 2}, []mail.Reading{page(1, "code:"+a), printed(2, "ref "+c.print, c.confidence)}, cases, true)
		if (d.Hold == nil) != c.files {
			t.Errorf("%q read with confidence %g: %+v %+v", c.print, c.confidence, d, d.Hold)
		}
	}
	for name, c := range map[string]struct {
		pages []string
		want  mail.Reason
	}{
		"inside a payment's code":         {[]string{"code:" + a + "|qr:BCD 002 SCT +++429/6297/06329+++"}, mail.Conflict},
		"a code that is nearly one":       {[]string{"code:+++429/6297/06329+|text:ref " + a}, mail.Conflict},
		"a code with a sign too many":     {[]string{"code:" + p + "X"}, mail.WeakEvidence},
		"inside an address":               {[]string{"code:" + a + "|qr:https://example.org/?case=per/962309/n"}, mail.Conflict},
		"a symbology that does not count": {[]string{"code:" + a + "|qr:" + p}, mail.Conflict},
		"only in one that does not count": {[]string{"qr:" + p}, mail.WeakEvidence},
		"only inside a longer text":       {[]string{"qr:PAY;" + a}, mail.WeakEvidence},
		"an unread code on a later page":  {[]string{"code:" + a, "unread|" + prose}, mail.WeakEvidence},
		"a page that was hardly read":     {[]string{"code:" + a, "illegible"}, mail.WeakEvidence},
		"nothing but blanks":              {[]string{"blank", "blank"}, mail.NoReference},
		"an unread code alone":            {[]string{"unread|" + prose}, mail.NoReference},
	} {
		all := pages(c.pages...)
		span := Span{From: 1, To: len(all)}
		for _, reading := range all {
			if reading.Blank {
				span.Blanks = append(span.Blanks, reading.Page)
			}
		}
		d := r.Route(span, all, cases, true)
		if d.Hold == nil || d.Hold.Reason != c.want || d.Hold.Detail == "" {
			t.Errorf("%s: %+v %+v, want %s", name, d, d.Hold, c.want)
		}
	}
	if d := r.Route(Span{From: 1, To: 1}, pages("code:"+a+"|qr:PAY;"+a), cases, true); d.Hold != nil {
		t.Errorf("the same reference inside a payment's code: %+v", d.Hold)
	}
	if d := r.Route(Span{From: 1, To: 2}, pages("code:"+a, "unread"), cases, false); !d.NeedText {
		t.Errorf("an unread code is filed over without the text: %+v", d)
	}
}

// TestOneTextOfTwoSchemes: the register says of which scheme a text is.
func TestOneTextOfTwoSchemes(t *testing.T) {
	var schemes []*reference.Scheme
	for name, pattern := range map[string]string{"old": `K-\d{4}`, "new": `K-\d{4}`} {
		s, err := reference.New(reference.Config{Name: name, Pattern: pattern, Check: "iso7064-mod97-10", Store: name})
		if err != nil {
			t.Fatal(err)
		}
		schemes = append(schemes, s)
	}
	cases, err := register.Parse(strings.NewReader("reference,store\nK-0098,new\nK-0195,old\n"), schemes)
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{Schemes: schemes})
	for text, store := range map[string]string{"K-0098": "new", "K-0195": "old"} {
		if d := r.Route(Span{From: 1, To: 1}, pages("code:"+text), cases, true); d.Hold != nil || d.Store != store {
			t.Errorf("%s: %+v %+v", text, d, d.Hold)
		}
	}
}
