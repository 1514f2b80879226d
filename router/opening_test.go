package router

import (
	"strings"
	"testing"

	"postroom/mail"
)

// head is a letter's first page.
const head = "text:A. Dubois|text:avenue Louise 157|text:1000 Bruxelles|text:Service central du courrier|text:75012 Paris|text:06.12.2026|" + prose

func TestOpenings(t *testing.T) {
	for _, line := range []string{
		"Dear Sir or Madam,", "Dear Mr Smith,", "To whom it may concern:", "Madame, Monsieur,", "Madame, Monsieur", "Chère Madame,", "Monsieur le Directeur,",
		"Bonjour,", "Geachte heer, mevrouw,", "Geachte heer, mevrouw.", "Geachle mevrouw,", "Beste mevrouw Janssens,", "Sehr geehrte Damen und Herren,",
		"Sehr geehrter Herr Weiß,", "Sehr gechrte Damen und Herren", "Guten Tag!", "Page 1 of 3", "Seite 1 von 2", "Pagina 1/4", "1/3", "- 1 of 2 -",
	} {
		if why := opening(1, page(1, "text:"+line+"|"+prose).Words); why == nil {
			t.Errorf("%q opens no letter", line)
		}
	}
	if why := opening(1, page(1, head).Words); why == nil {
		t.Error("two addresses and a date open no letter")
	}
}

// TestAFractionInATable numbers no page; a page's number stands at its edge, or
// in the letter's head.
func TestAFractionInATable(t *testing.T) {
	table := strings.Repeat(prose+"|", 20)
	for what, opens := range map[string]bool{
		table + "text:1/2|" + table + prose:         false,
		table + "text:Page 1/1|" + table + prose:    false,
		table + "text:Page 1 of 3|" + prose:         true,
		table + "text:1/2":                          true,
		"text:1/2|" + table + prose:                 true,
		head + "|text:Page 1 of 2|" + table + prose: true,
	} {
		if why := opening(2, page(2, what).Words); (why != nil) != opens {
			t.Errorf("%q: %s", what, why)
		}
	}
}

func TestPagesThatOpenNothing(t *testing.T) {
	for _, lines := range []string{
		"Je vous prie d'agréer, Madame, Monsieur, l'expression de mes salutations distinguées.",
		"Veuillez agréer l'expression de mes sentiments|text:distingués, Madame, Monsieur,",
		"Madame, Monsieur, l'expression de mes sentiments,",
		"Mit freundlichen Grüßen", "Hoogachtend,", "Yours faithfully,", "Met vriendelijke groet,",
		"Tel. 0527874632 IBAN BE74 1042 3267 6710",
		"Page 2 of 3", "Seite 2", "2/3", "- 2 -", "Page 10", "Page 12/15",
		"Monsieur Dupont a répondu le 12.03.2026 que", "Beste prijs voor de aanvraag is", "Dear to me is the matter of",
		"1000 Bruxelles|text:06.12.2026", "06.12.2026", "le 6 décembre 2026",
		"A. Dubois|text:1000 Bruxelles|text:75012 Paris|text:06.12.2026|text:Page 2",
	} {
		if why := opening(1, page(1, "text:"+lines+"|"+prose).Words); why != nil {
			t.Errorf("%q %s", lines, why)
		}
	}
}

// TestMissedSeparators: a boundary that no code shows holds the document.
func TestMissedSeparators(t *testing.T) {
	r, _ := rules(t)
	for name, c := range map[string]struct {
		pages []string
		doubt bool
	}{
		"a second letterhead":             {[]string{head, prose, head}, true},
		"a second page one":               {[]string{"text:Page 1 of 2|" + prose, "text:Page 2 of 2|" + prose, "text:Page 1 of 1|" + prose}, true},
		"an ordinary letter":              {[]string{head, prose, prose + "|text:Hoogachtend,"}, false},
		"numbered pages":                  {[]string{head + "|text:1/3", prose + "|text:2/3", prose + "|text:3/3"}, false},
		"a running head":                  {[]string{head, "text:Our ref " + caseA + "|text:06.12.2026|text:Page 2|" + prose}, false},
		"a caption in another language":   {[]string{prose, "text:FEUILLE INTERCALAIRE", prose}, true},
		"a French sheet":                  {[]string{prose, "text:FEUILLE DE SÉPARATION", prose}, true},
		"a letter of a separation":        {[]string{prose, "text:SÉPARATION DE CORPS|text:page 2", prose}, false},
		"an accented caption":             {[]string{prose, "text:Séparateur", prose}, true},
		"a letter that says separator":    {[]string{prose, prose + "|text:the separator was lost"}, false},
		"blank sides":                     {[]string{prose, "blank", prose, "blank"}, false},
		"a blank before the first code":   {[]string{"blank", "code:" + caseA, prose}, false},
		"both references on a later page": {[]string{"code:" + caseA, "code:" + caseA + "|qr:" + caseB}, false},
		"a page with few words":           {[]string{prose, "text:Annex B", prose}, false},
	} {
		all := pages(c.pages...)
		s := r.Separate(all, false)
		if len(s.Spans) != 1 || s.Spans[0].From != 1 || s.Spans[0].To != len(all) {
			t.Errorf("%s: %v", name, spans(s))
			continue
		}
		if doubt := len(s.Spans[0].Doubts) > 0; doubt != c.doubt {
			t.Errorf("%s: doubts %+v", name, s.Spans[0].Doubts)
		}
	}
}

// TestContentBesideControlCode: a code on a page of a letter holds both
// neighbours, and the page is kept.
func TestContentBesideControlCode(t *testing.T) {
	r, cases := rules(t)
	all := pages("sep|text:SEPARATOR / TRENNBLATT", "code:"+caseA, "sep|"+prose, "code:"+caseA, "sep", "code:"+caseB)
	s := r.Separate(all, false)
	if got := strings.Join(spans(s), " "); got != "2-2? 3-4? 6-6" {
		t.Fatalf("spans %s", got)
	}
	for i, span := range s.Spans {
		d := r.Route(span, all[span.From-1:span.To], cases, true)
		if held := d.Hold != nil && d.Hold.Reason == mail.DoubtfulSeparator; held != (i < 2) {
			t.Errorf("pages %d-%d: %+v", span.From, span.To, d.Hold)
		}
	}
}

// TestCaptionIsNoContent: what a separator sheet says of itself is not a letter.
func TestCaptionIsNoContent(t *testing.T) {
	r, _ := rules(t)
	for name, what := range map[string]string{
		"caption":                 "sep|text:SEPARATOR / TRENNBLATT / SCHEIDINGSBLAD / INTERCALAIRE",
		"a caption's instruction": "sep|text:PATCH T separator: put this sheet before each letter please|text:Print at 100 %, never copy|text:Kodak type",
		"the code's own text":     "qr:PATCHT|text:PATCHT",
	} {
		s := r.Separate(pages(what, prose), false)
		if len(s.Separators) != 1 || len(s.Spans) != 1 || len(s.Spans[0].Doubts) > 0 {
			t.Errorf("%s: %v %+v", name, s.Separators, s.Spans)
		}
	}
}

func TestVersionNamesTheSeparatingRules(t *testing.T) {
	base := Config{Separators: []Control{{Patch: mail.PatchT}}, OnReference: true}
	same := base
	same.MaxPages = 7
	if New(base).Version() != New(same).Version() {
		t.Error("what does not separate changes the version")
	}
	for _, other := range []Config{{Separators: base.Separators}, {OnReference: true}, {Separators: []Control{{Patch: mail.PatchT, Keep: true}}, OnReference: true}} {
		if New(base).Version() == New(other).Version() {
			t.Errorf("%+v has the same version", other)
		}
	}
}

// TestSpanByItself: the readings of one span, without those before, are one span again.
func TestSpanByItself(t *testing.T) {
	r, _ := rules(t)
	all := pages("sep", prose, "code:"+caseA, "sep", prose)
	if got := r.Separate(all[1:3], false); len(got.Spans) != 1 || len(got.Spans[0].Doubts) > 0 {
		t.Errorf("%+v", got)
	}
}
