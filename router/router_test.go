package router

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

const (
	caseA   = "TX-2021-000001-33"
	caseB   = "TX-2021-000002-30"
	closed  = "TX-2021-000003-27"
	unknown = "TX-2021-000009-09"
	wrong   = "TX-2021-000001-34"
	weakA   = "K-552008443"
)

func rules(t testing.TB) (*Rules, *register.Register) {
	t.Helper()
	tax, err := reference.New(reference.Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"})
	if err != nil {
		t.Fatal(err)
	}
	weak, err := reference.New(reference.Config{Name: "weak", Pattern: `K-\d{9}`, Check: "luhn", Store: "weak"})
	if err != nil {
		t.Fatal(err)
	}
	schemes := []*reference.Scheme{tax, weak}
	cases, err := register.Parse(strings.NewReader("reference,store,status,name,postcode\n"+
		caseA+",tax,open,,\n"+caseB+",tax,,,\n"+closed+",tax,closed,,\n"+weakA+",weak,open,Ana Dubois,1000 AB\n"), schemes)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Separators: []Control{{Patch: mail.PatchT}, {Patch: mail.Patch2, Keep: true}, {Text: "PATCHT"}},
		OnReference: true, MaxPages: 5, Schemes: schemes}), cases
}

// page makes a reading of a short description: fields divided by "|".
//
//	sep, keep, code:TEXT, qr:TEXT, 39:TEXT, text:WORDS (a line), blank, unmarked, dead, unread, bars
func page(n int, what string) mail.Reading {
	r := mail.Reading{Page: n, Width: 1654, Height: 2338, DPI: 200, HasText: true, Ink: 0.04}
	line := 0
	for i, f := range strings.Split(what, "|") {
		at := mail.Box{X0: 50 + 500*i, Y0: 50, X1: 500 + 500*i, Y1: 150}.Quad()
		kind, value, _ := strings.Cut(f, ":")
		switch kind {
		case "sep":
			r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.PatchT, Text: "patch-t", Polygon: at, Confidence: 1})
		case "keep":
			r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.Patch2, Text: "patch-2", Polygon: at, Confidence: 1})
		case "code", "qr", "39":
			s := map[string]mail.Symbology{"code": mail.Code128, "qr": mail.QR, "39": mail.Code39}[kind]
			r.Symbols = append(r.Symbols, mail.Symbol{Symbology: s, Text: value, Polygon: at, Confidence: 1})
		case "blank":
			r.Blank = true
		case "unmarked":
			r.Blank, r.Unmarked = true, true
		case "dead":
			return mail.Reading{Page: n, Failure: "the helper process died"}
		case "illegible":
			r.Illegible = true
		case "unread":
			r.Doubts = append(r.Doubts, mail.Doubt{Looks: mail.LooksLinear, Polygon: at})
		case "bars":
			r.Doubts = append(r.Doubts, mail.Doubt{Looks: mail.LooksPatch, Polygon: at})
		case "text":
			for i, w := range strings.Fields(value) {
				r.Words = append(r.Words, mail.Word{Text: w, Confidence: 0.9, Line: line,
					Box: mail.Box{X0: 100 + 90*i, Y0: 400 + 40*line, X1: 180 + 90*i, Y1: 430 + 40*line}})
			}
			line++
		}
	}
	return r
}

func pages(whats ...string) (all []mail.Reading) {
	for i, w := range whats {
		all = append(all, page(i+1, w))
	}
	return all
}

const prose = "text:a letter has many more words than any caption of a separator sheet would ever have to say"

const patched = "text:I wear a patch on my left eye since the accident"

func spans(s Separation) (all []string) {
	for _, p := range s.Spans {
		t := fmt.Sprintf("%d-%d", p.From, p.To)
		if len(p.Doubts) > 0 {
			t += "?"
		}
		all = append(all, t)
	}
	return all
}

func TestSeparate(t *testing.T) {
	r, _ := rules(t)
	for name, c := range map[string]struct {
		pages  []string
		duplex bool
		want   []string
		seps   map[int]string
	}{
		"between separators":            {[]string{"sep", prose, prose, "sep", prose}, false, []string{"2-3", "5-5"}, map[int]string{1: "patch-t", 4: "patch-t"}},
		"two separators are one":        {[]string{"sep", "sep", prose, "sep"}, false, []string{"3-3"}, map[int]string{1: "patch-t", 2: "patch-t", 4: "patch-t"}},
		"a text code separates":         {[]string{"qr:PATCHT|text:SEPARATOR SHEET", prose}, false, []string{"2-2"}, map[int]string{1: "text"}},
		"another text does not":         {[]string{prose, "qr:PATCHT2|" + prose}, false, []string{"1-2"}, map[int]string{}},
		"a kept code begins and stays":  {[]string{prose, "keep|" + prose, prose}, false, []string{"1-1", "2-3"}, map[int]string{}},
		"two codes that contradict":     {[]string{prose, "keep|qr:PATCHT|" + prose, prose}, false, []string{"1-1", "2-3?"}, map[int]string{}},
		"another reference begins":      {[]string{"code:" + caseA, prose, "code:" + caseB, prose}, false, []string{"1-2", "3-4"}, map[int]string{}},
		"the same reference does not":   {[]string{"code:" + caseA, "code:" + caseA}, false, []string{"1-2"}, map[int]string{}},
		"an unknown reference begins":   {[]string{"code:" + caseA, "code:" + unknown}, false, []string{"1-1", "2-2"}, map[int]string{}},
		"a failing reference begins":    {[]string{"code:" + caseA, "code:" + wrong}, false, []string{"1-1", "2-2"}, map[int]string{}},
		"cover before the first code":   {[]string{"sep", prose, "code:" + caseA}, false, []string{"2-3"}, map[int]string{1: "patch-t"}},
		"no sign where it began":        {[]string{prose, "code:" + caseA}, false, []string{"1-2?"}, map[int]string{}},
		"content beside a code":         {[]string{prose, "sep|" + prose, prose}, false, []string{"1-1?", "2-3?"}, map[int]string{}},
		"a reference beside a code":     {[]string{"sep|code:" + caseA, prose}, false, []string{"1-2?"}, map[int]string{}},
		"back of a separator":           {[]string{"sep", "unmarked", prose}, true, []string{"3-3"}, map[int]string{1: "patch-t", 2: "back"}},
		"marked back is a page":         {[]string{"sep", "blank", prose}, true, []string{"2-3"}, map[int]string{1: "patch-t"}},
		"blank in a one-sided folder":   {[]string{"sep", "unmarked", prose}, false, []string{"2-3"}, map[int]string{1: "patch-t"}},
		"only one back a separator":     {[]string{"sep", "unmarked", "unmarked", prose}, true, []string{"3-4"}, map[int]string{1: "patch-t", 2: "back"}},
		"blank alone keeps its place":   {[]string{"sep", "blank", "sep"}, false, []string{"2-2"}, map[int]string{1: "patch-t", 3: "patch-t"}},
		"damaged separator":             {[]string{prose, "bars", prose}, false, []string{"1-3?"}, map[int]string{}},
		"caption without a code":        {[]string{prose, "text:SEPARATOR SHEET", prose}, false, []string{"1-3?"}, map[int]string{}},
		"hardly a word and a code":      {[]string{prose, "unread|text:no", prose}, false, []string{"1-3?"}, map[int]string{}},
		"second salutation":             {[]string{"text:Dear Sir,|" + prose, prose, "text:Sehr geehrte Damen und Herren,|" + prose}, false, []string{"1-3?"}, map[int]string{}},
		"a closing that names them":     {[]string{"text:Dear Sir,|" + prose, "text:veuillez agréer, Madame, Monsieur, nos salutations distinguées"}, false, []string{"1-2"}, map[int]string{}},
		"a dead page stays in its span": {[]string{"sep", prose, "dead", prose}, false, []string{"2-4"}, map[int]string{1: "patch-t"}},
		"a cover behind a back":         {[]string{"sep", "unmarked", prose, "code:" + caseA}, true, []string{"3-4"}, map[int]string{1: "patch-t", 2: "back"}},
		"a letter's page, illegible":    {[]string{"code:" + caseA, "sep|illegible", prose}, false, []string{"1-1?", "2-3?"}, map[int]string{}},
		"an unread code beside a code":  {[]string{"code:" + caseA, "sep|unread", prose}, false, []string{"1-1?", "2-3?"}, map[int]string{}},
		"a foreign code beside a code":  {[]string{prose, "sep|qr:https://x/12345|text:one two three four five six seven eight", prose}, false, []string{"1-1?", "2-3?"}, map[int]string{}},
		"a foreign code beside a text":  {[]string{prose, "qr:PATCHT|code:JGB 0110|text:SEPARATOR", prose}, false, []string{"1-1?", "2-3?"}, map[int]string{}},
		"a caption and more in a code":  {[]string{prose, "sep|qr:PATCH 4711", prose}, false, []string{"1-1?", "2-3?"}, map[int]string{}},
		"a text code twice":             {[]string{prose, "qr:PATCHT|code:PATCHT|text:SEPARATOR", prose}, false, []string{"1-1", "3-3"}, map[int]string{2: "text"}},
		"a patch and a text code":       {[]string{prose, "sep|qr:PATCHT|39:PATCHT", prose}, false, []string{"1-1", "3-3"}, map[int]string{2: "patch-t"}},
		"a caption in a code":           {[]string{prose, "sep|qr:Séparateur", prose}, false, []string{"1-1", "3-3"}, map[int]string{2: "patch-t"}},
		"a foreign code, kept":          {[]string{prose, "keep|qr:https://x/12345|" + prose}, false, []string{"1-1", "2-2"}, map[int]string{}},
		"a patch code twice":            {[]string{"code:" + caseA, "sep|bars", prose}, false, []string{"1-1", "3-3"}, map[int]string{2: "patch-t"}},
		"a letter about a patch":        {[]string{prose, "sep" + strings.Repeat("|"+patched, 30), prose}, false, []string{"1-1?", "2-3?"}, map[int]string{}},
		"three lines of a caption":      {[]string{prose, "sep|" + patched + "|" + patched + "|text:SEPARATOR SHEET", prose}, false, []string{"1-1", "3-3"}, map[int]string{2: "patch-t"}},
		"a slip with a barcode":         {[]string{prose, "sep", "code:" + caseA + "|unread|text:retour"}, false, []string{"1-1", "3-3"}, map[int]string{2: "patch-t"}},
		"nothing":                       {nil, false, nil, map[int]string{}},
	} {
		got := r.Separate(pages(c.pages...), c.duplex)
		if !slices.Equal(spans(got), c.want) || !maps.Equal(got.Separators, c.seps) {
			t.Errorf("%s: %v %v, want %v %v", name, spans(got), got.Separators, c.want, c.seps)
		}
	}
}

// decide routes pages as one document.
func decide(t testing.TB, withText bool, whats ...string) Decision {
	r, cases := rules(t)
	all := pages(whats...)
	return r.Route(Span{From: 1, To: len(all)}, all, cases, withText)
}

func TestRouteFiles(t *testing.T) {
	for name, c := range map[string]struct {
		pages []string
		want  string
		rule  string
	}{
		"a barcode":               {[]string{"code:" + caseA}, caseA, RuleBarcode},
		"print":                   {[]string{"text:Our ref " + caseB}, caseB, RuleText},
		"both":                    {[]string{"code:" + caseA + "|text:ref " + caseA}, caseA, RuleBarcode},
		"on the second page":      {[]string{prose, "text:ref " + caseA}, caseA, RuleText},
		"print misread beside it": {[]string{"code:" + caseA + "|text:ref TX-2O21-000001-33"}, caseA, RuleBarcode},
		"print misread worse":     {[]string{"code:" + caseA + "|text:ref TX-2021-000001-3"}, caseA, RuleBarcode},
		"foreign codes beside":    {[]string{"code:" + caseA + "|qr:BCD 002|code:DEA123"}, caseA, RuleBarcode},
		"weak with the name":      {[]string{"code:" + weakA + "|text:Mrs Ana DUBOIS, 12 rue X"}, weakA, RuleWeakName},
		"weak with the postcode":  {[]string{"code:" + weakA, "text:Postbus 3, 1000 AB Dorp"}, weakA, RuleWeakPostcode},
	} {
		d := decide(t, true, c.pages...)
		if d.Hold != nil || d.NeedText || d.Reference.String() != c.want || d.Rule != c.rule || d.Store == "" || len(d.Evidence) == 0 {
			t.Errorf("%s: %+v %+v", name, d, d.Hold)
		}
	}
}

func TestRouteHolds(t *testing.T) {
	for name, c := range map[string]struct {
		pages     []string
		want      mail.Reason
		candidate string
	}{
		"nothing":                      {[]string{prose}, mail.NoReference, ""},
		"failing barcode":              {[]string{"code:" + wrong}, mail.InvalidReference, ""},
		"failing barcode beside print": {[]string{"code:" + wrong + "|text:ref " + caseA}, mail.InvalidReference, caseA},
		"failing print":                {[]string{"text:ref TX-2021-000001-34"}, mail.InvalidReference, ""},
		"unknown":                      {[]string{"code:" + unknown}, mail.UnknownCase, ""},
		"closed":                       {[]string{"code:" + closed}, mail.ClosedCase, ""},
		"two barcodes":                 {[]string{"code:" + caseA + "|code:" + caseB}, mail.Conflict, caseA},
		"barcode and print":            {[]string{"code:" + caseA + "|text:ref " + caseB}, mail.Conflict, caseB},
		"on different pages":           {[]string{"code:" + caseA, prose, "text:ref " + caseB}, mail.Conflict, caseB},
		"one of them unknown":          {[]string{"code:" + caseA + "|text:ref " + unknown}, mail.Conflict, caseA},
		"near another live case":       {[]string{"code:" + caseA + "|text:ref TX-2O21-000002-30"}, mail.Conflict, caseB},
		"near a reference of nobody":   {[]string{"code:" + caseA + "|text:ref TX-2O25-777777-13"}, mail.Conflict, caseA},
		"only near":                    {[]string{"text:ref TX-2O21-000001-33"}, mail.WeakEvidence, caseA},
		"weak check alone":             {[]string{"code:" + weakA + "|text:somebody else"}, mail.WeakEvidence, weakA},
		"an unread code beside print":  {[]string{"text:ref " + caseA + "|unread"}, mail.WeakEvidence, caseA},
		"an unread code beside a code": {[]string{"code:" + caseA + "|unread", "code:" + caseA, prose}, mail.WeakEvidence, caseA},
		"a dead page":                  {[]string{"code:" + caseA, "dead"}, mail.UnreadablePage, ""},
		"too long":                     {[]string{"code:" + caseA, prose, prose, prose, prose, prose}, mail.TooManyPages, caseA},
	} {
		d := decide(t, true, c.pages...)
		if d.Hold == nil || d.Hold.Reason != c.want || d.Hold.Says == nil || d.Hold.Says.English() != d.Hold.Detail {
			t.Errorf("%s: %+v, hold %+v, want %s", name, d, d.Hold, c.want)
			continue
		}
		if c.candidate != "" && !slices.ContainsFunc(d.Hold.Candidates, func(o mail.Candidate) bool { return o.Reference == c.candidate }) {
			t.Errorf("%s: candidates %v lack %s", name, d.Hold.Candidates, c.candidate)
		}
	}
}

// TestUnreadCodeOnALaterPage holds whether references divide batches or not: the
// code may be another case's all the same.
func TestUnreadCodeOnALaterPage(t *testing.T) {
	_, cases := rules(t)
	for _, onReference := range []bool{true, false} {
		r, _ := rules(t)
		r.cfg.OnReference = onReference
		for _, later := range []string{"unread|" + prose, "code:K-552008444|unread|" + prose} {
			d := r.Route(Span{From: 1, To: 2}, pages("code:"+caseA, later), cases, true)
			if d.Hold == nil {
				t.Errorf("on_reference %v, %q: %+v", onReference, later, d)
			}
		}
	}
}

func TestRouteWithoutText(t *testing.T) {
	if d := decide(t, false, "code:"+caseA); d.Rule != RuleBarcode {
		t.Errorf("a strong barcode does not file at once: %+v", d)
	}
	for _, p := range []string{prose, "code:" + weakA} {
		if d := decide(t, false, p); !d.NeedText {
			t.Errorf("%q is decided without its text: %+v %+v", p, d, d.Hold)
		}
	}
	if d := decide(t, false, "code:"+caseA+"|code:"+caseB); d.Hold == nil || d.Hold.Reason != mail.Conflict {
		t.Errorf("two barcodes: %+v", d)
	}
}

func TestDoubtsHold(t *testing.T) {
	r, cases := rules(t)
	d := r.Route(Span{From: 1, To: 1, Doubts: []Doubt{{1, mail.DoubtfulSeparator, "why", mail.Say("no-reference")}}}, pages("code:"+caseA), cases, true)
	if d.Hold == nil || d.Hold.Reason != mail.DoubtfulSeparator || d.Hold.Detail != "why" || len(d.Hold.Candidates) != 1 {
		t.Errorf("%+v", d.Hold)
	}
}

func TestCheckWhatAPersonTypes(t *testing.T) {
	r, cases := rules(t)
	for given, want := range map[string]mail.Reason{wrong: mail.InvalidReference, "nonsense": mail.InvalidReference, unknown: mail.UnknownCase, closed: mail.ClosedCase} {
		if _, _, reason, err := r.Check(given, cases); err == nil || reason != want {
			t.Errorf("%q: %s, %v", given, reason, err)
		}
	}
	if ref, store, _, err := r.Check(" tx-2021-000001-33 ", cases); err != nil || ref.String() != caseA || store != "tax" {
		t.Errorf("%v %v %v", ref, store, err)
	}
}

// mailbag holds pages of one letter each, with what must come of them.
var mailbag = [][]string{
	{"code:" + caseA, prose}, {"text:ref " + caseB}, {prose}, {"code:" + closed, "blank"}, {"code:" + caseA + "|text:ref " + caseB},
	{"text:Dear Sir,|" + prose, prose}, {"dead"}, {"code:" + unknown, prose, prose}, {"text:ref TX-2O21-000001-33"},
}

// TestScope permutes the letters of a batch: the results are permuted, and nothing else changes.
func TestScope(t *testing.T) {
	r, cases := rules(t)
	outcome := func(order []int) map[int]string {
		var whats []string
		first := map[int]int{}
		for _, l := range order {
			whats = append(whats, "sep")
			first[len(whats)+1] = l
			whats = append(whats, mailbag[l]...)
		}
		all := pages(whats...)
		got := map[int]string{}
		for _, s := range r.Separate(all, false).Spans {
			d := r.Route(s, all[s.From-1:s.To], cases, true)
			said := fmt.Sprintf("%d pages, %s %s", s.To-s.From+1, d.Reference, d.Rule)
			if d.Hold != nil {
				said += d.Hold.Reason.String()
			}
			for _, e := range d.Evidence {
				if e.Page < s.From || e.Page > s.To {
					t.Errorf("evidence of page %d for pages %d-%d", e.Page, s.From, s.To)
				}
			}
			got[first[s.From]] = said
		}
		return got
	}
	order := make([]int, len(mailbag))
	for i := range order {
		order[i] = i
	}
	want := outcome(order)
	if len(want) != len(mailbag) {
		t.Fatalf("%d outcomes of %d letters: %v", len(want), len(mailbag), want)
	}
	rng := rand.New(rand.NewPCG(4, 0))
	for range 50 {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if got := outcome(order); !reflect.DeepEqual(got, want) {
			t.Fatalf("order %v: %v, want %v", order, got, want)
		}
	}
}

// TestConservation: whatever is on the pages, each has exactly one place.
func TestConservation(t *testing.T) {
	r, cases := rules(t)
	r = r.WithTickets(func(text string) (mail.Ticket, error) { return mail.OpenTicket([]byte("key"), text) })
	ticket := "qr:" + mail.Ticket{ID: "A"}.Text([]byte("key"))
	kinds := []string{ticket, ticket + "|" + prose, "qr:POSTROOM-BATCH:1:A:1:1:X", "sep", "keep", "qr:PATCHT", "blank", "unmarked", "dead", "bars", "unread", prose, "code:" + caseA, "code:" + caseB,
		"sep|" + prose, "text:Dear Sir,", "code:" + wrong, "keep|code:" + caseA, "keep|qr:PATCHT", "sep|code:" + caseB}
	rapid.Check(t, func(t *rapid.T) {
		all := pages(rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 30).Draw(t, "pages")...)
		got := r.Separate(all, rapid.Bool().Draw(t, "duplex"))
		places := make([]int, len(all)+1)
		for p := range got.Separators {
			places[p]++
		}
		for _, s := range got.Spans {
			for p := s.From; p <= s.To; p++ {
				places[p]++
			}
			d := r.Route(s, all[s.From-1:s.To], cases, true)
			if (d.Hold == nil) == d.Reference.IsZero() || d.NeedText {
				t.Errorf("pages %d-%d are neither filed nor held, or both: %+v", s.From, s.To, d)
			}
			if d.Hold == nil && len(s.Doubts) > 0 {
				t.Errorf("pages %d-%d are filed in spite of a doubt", s.From, s.To)
			}
		}
		for p, n := range places[1:] {
			if n != 1 {
				t.Errorf("page %d has %d places", p+1, n)
			}
		}
	})
}

func BenchmarkRoute(b *testing.B) {
	r, cases := rules(b)
	what := "code:" + caseA
	for range 30 {
		what += "|" + prose
	}
	all := pages(what)
	b.ReportAllocs()
	for b.Loop() {
		r.Route(Span{From: 1, To: 1}, all, cases, true)
	}
}
