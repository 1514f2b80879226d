package router

import (
	"testing"

	"postroom/mail"
)

// TestSeen: a second look proves what two ways of it read alike and none otherwise, and
// only in the place that was looked at.
func TestSeen(t *testing.T) {
	r, cases := registry(t, liveCases)
	page := lines(1, "Our ref PER/962301/)¶Yours", 0.9)
	d := r.Route(Span{From: 1, To: 1}, []mail.Reading{page}, cases, true)
	if d.Hold == nil || len(d.Again) != 1 {
		t.Fatalf("%+v, %d places to look at again", d.Hold, len(d.Again))
	}
	at := d.Again[0]
	x0, y0, x1, y1 := at.Polygon.Bounds()
	for name, c := range map[string]struct {
		looks []string
		want  string // the literal reference that comes of it
	}{
		"two agree":            {[]string{"PER/962309/N", "PER/962301/)", "PER/962309/N"}, "PER/962309/N"},
		"one alone":            {[]string{"PER/962309/N", "PER/962301/)"}, ""},
		"another stands there": {[]string{"PER/962309/N", "PER/962309/N", "TX-2021-000001-33"}, ""},
		"no valid one":         {[]string{"PER/962301/N", "PER/962301/N"}, ""},
		"as many fail":         {[]string{"PER/962309/N", "PER/962301/N", "PER/962309/N", "PER/962301/N"}, ""},
		"more fail, each":      {[]string{"PER/962309/N", "PER/962301/N", "PER/962309/N", "PER/962302/N"}, ""},
		"twice in one look":    {[]string{"PER/962309/N PER/962309/N", "PER/962301/)"}, ""},
		"nothing":              {nil, ""},
	} {
		var looks [][]mail.Word
		for _, text := range c.looks {
			looks = append(looks, []mail.Word{{Text: text, Confidence: 0.9, Box: mail.Box{X0: int(x0), Y0: int(y0), X1: int(x1), Y1: int(y1)}},
				{Text: "PER/962308/X", Confidence: 0.9, Box: mail.Box{X0: int(x1) + 50, Y0: int(y0), X1: int(x1) + 90, Y1: int(y1)}}}) // beyond the place
		}
		seen, ok := r.Seen(page, at, looks, len(looks))
		if ok != (c.want != "") {
			t.Errorf("%s: proven %v, want %v", name, ok, !ok)
			continue
		}
		got := r.Route(Span{From: 1, To: 1}, []mail.Reading{seen}, cases, true)
		if ok && (got.Reference.String() != c.want || len(seen.Words) != len(page.Words)) {
			t.Errorf("%s: %+v %+v, words %v", name, got, got.Hold, seen.Words)
		}
	}
	if page.Words[2].Text != "PER/962301/)" {
		t.Errorf("the first reading was changed: %v", page.Words)
	}
	coded := r.Route(Span{From: 1, To: 1}, pages("code:PER/962301/N"), cases, true)
	if coded.Hold == nil || len(coded.Again) > 0 {
		t.Errorf("a code is looked at again: %+v", coded)
	}
}

// TestNotSeen: of print whose check fails most looks must say what it is, for it may have been
// printed so; and what stands on two lines is put together, not read.
func TestNotSeen(t *testing.T) {
	r, cases := registry(t, liveCases)
	wrong := lines(1, "Our ref PER/962309/X", 0.9)
	d := r.Route(Span{From: 1, To: 1}, []mail.Reading{wrong}, cases, true)
	if d.Hold == nil || d.Hold.Reason != mail.InvalidReference || len(d.Again) != 1 {
		t.Fatalf("%+v, %d places to look at again", d.Hold, len(d.Again))
	}
	for right := range 5 {
		var looks [][]mail.Word
		for n := range 4 {
			text := "PER/962309/)"
			if n < right {
				text = "PER/962309/N"
			}
			looks = append(looks, []mail.Word{{Text: text, Confidence: 0.9, Box: wrong.Words[2].Box}})
		}
		if _, ok := r.Seen(wrong, d.Again[0], looks, 4); ok != (right > 2) {
			t.Errorf("%d of 4 looks read the reference: proven %v", right, ok)
		}
	}
	page := lines(1, "Our ref PER/962309-¶N Yours", 0.5)
	if ref, line := page.Words[2], page.Words[3]; ref.Line == line.Line {
		t.Fatalf("one line: %v", page.Words)
	}
	broken := mail.Mention{Page: 1, Source: mail.FromOCR, Polygon: page.Words[2].Box.Union(page.Words[3].Box).Quad()}
	look := []mail.Word{{Text: "PER/962309/N", Confidence: 0.9, Box: page.Words[2].Box}}
	if _, ok := r.Seen(page, broken, [][]mail.Word{look, look, look, look}, 4); ok {
		t.Error("words of two lines were read as one reference")
	}
}
