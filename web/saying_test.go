package web

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/pipeline"
)

func speeches(t *testing.T) map[string]speech {
	t.Helper()
	w, all := everyWord(t), map[string]speech{}
	for _, lang := range Languages {
		all[lang] = w.in(lang)
	}
	return all
}

// TestSayingsAreSaidInEveryLanguage: each has its words, with all that stands in it and
// nothing else, and the English ones are those of package mail.
func TestSayingsAreSaidInEveryLanguage(t *testing.T) {
	argument := regexp.MustCompile(`\{"?([a-z]+)"?\}`)
	value := regexp.MustCompile(`{{\.([a-z]+)}}`)
	names := func(pattern *regexp.Regexp, text string) (all []string) {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	plainly := strings.NewReplacer("’", "'", "“", `"`, "”", `"`)
	for _, lang := range Languages {
		said := catalogue(t, lang)
		for code, sentence := range mail.Sayings() {
			text := said["saying."+code]["other"]
			if !slices.Equal(names(argument, sentence), names(value, text)) {
				t.Errorf("%s: %s has %v in it, not %v", lang, code, names(value, text), names(argument, sentence))
			}
			if lang == "en" && plainly.Replace(value.ReplaceAllString(text, "{$1}")) != strings.ReplaceAll(strings.ReplaceAll(sentence, `{"`, `"{`), `"}`, `}"`) {
				t.Errorf("%s says %q, and package mail %q", code, text, sentence)
			}
		}
		for key, forms := range said {
			for _, text := range forms {
				if strings.ContainsAny(text, "<>&") {
					t.Errorf("%s: %s has a character of HTML", lang, key)
				}
			}
		}
	}
}

func TestSaying(t *testing.T) {
	all := speeches(t)
	nested := mail.Say("text-recalls", "reference", "TX-1", "reason", mail.Conflict,
		mail.Say("separator-and-letter", "page", 2, "code", "patch-t", mail.Say("letter-words", "count", 30)))
	for lang, want := range map[string]string{
		"en": "It was filed in TX-1; then its text was read (More than one case): Page 2 carries a separator code (patch T) and 30 words: it may be a letter’s page.",
		"fr": "Le document était classé dans TX-1\u202f; puis son texte a été lu (Plusieurs dossiers)\u00a0: La page 2 porte un code séparateur (patch T) ainsi que 30 mots\u00a0: elle appartient peut-être à une lettre.",
		"nl": "Het document was gearchiveerd in TX-1; daarna is de tekst gelezen (Meer dan één dossier): Pagina 2 draagt een scheidingscode (patch T) en 30 woorden: misschien hoort ze bij een brief.",
		"de": "Das Dokument war in TX-1 abgelegt; dann wurde sein Text gelesen (Mehrere Akten): Seite 2 trägt einen Trenncode (Patch T) und 30 Wörter: Sie gehört vielleicht zu einem Brief.",
	} {
		if got := string(all[lang].says(nested, nested.English())); got != want {
			t.Errorf("%s says\n%s, want\n%s", lang, got, want)
		}
	}
	for what, c := range map[string][2]string{
		"what was read stays text":   {string(all["de"].says(mail.Say("nearly-reference", "page", 1, "raw", "<b>{{.page}}\u202e"), "")), `Auf Seite 1 steht „&lt;b&gt;{{.page}}\u202e“, das ist beinahe ein Aktenzeichen.`},
		"a library's word is marked": {string(all["fr"].says(mail.Say("fault-limit", "fault", "a <bomb>"), "")), `Une limite est dépassée (<span lang="en">a &lt;bomb&gt;</span>).`},
		"a former version's":         {string(all["nl"].says(nil, "It's <old>.")), `<span lang="en">It&#39;s &lt;old&gt;.</span>`},
		"one that is told apart":     {string(all["nl"].says(nil, "No page carries a reference.")), "Geen enkele pagina draagt een kenmerk."},
		"a later version's":          {string(all["nl"].says(&mail.Saying{Code: "new"}, "New.")), `<span lang="en">New.</span>`},
		"a part of a sentence":       {string(all["de"].part(mail.Say("fault-encrypted"), "")), "die Datei ist verschlüsselt"},
		"a candidate":                {string(all["de"].part(mail.Say("read-on-page", "source", mail.FromBarcode, "page", 3), "")), "Barcode, Seite 3"},
		"a person's reason":          {all["de"].said("Werbung"), "Werbung"},
		"the machine's reason":       {all["de"].said(mail.Say("keyed-differently").English()), "Zwei Personen haben verschiedene Aktenzeichen erfasst."},
		"an action":                  {string(all["fr"].named("action.")("document filed")), "document classé"},
		"an action to come":          {string(all["fr"].named("action.")("letter sung")), `<span lang="en">letter sung</span>`},
		"about an account":           {all["fr"].about("user:12"), "utilisateur 12"},
		"about all":                  {all["nl"].about("users:all"), "gebruikers"},
		"about a batch":              {all["nl"].about("01a2-16c0"), "01a2-16c0"},
		"a code of its own":          {all["fr"].separator("SEP-7"), "SEP-7"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %s, want %s", what, c[0], c[1])
		}
	}
	groups := pipeline.Decision{Regroup: &pipeline.Grouping{Spans: []pipeline.PageSpan{{From: 2, To: 3}, {From: 4, To: 5, Blanks: []int{5}}}, Separators: []int{6},
		Discarded: []pipeline.DiscardedPage{{Page: 7, Why: "Werbung"}}}}
	for want, d := range map[string]pipeline.Decision{
		"Brief: Seiten 2–3; Brief: Seiten 4–5 (leer: 5); Seite 6 ist ein Trennblatt; Seite 7 verworfen: Werbung": groups,
		"Aktenzeichen TX-1, wie Ana es erfasst hatte":                                                            {Reference: "TX-1", KeyedBy: "Ana"}, "Aktenzeichen TX-1": {Reference: "TX-1"}, "verworfen: Werbung": {Discard: "Werbung"},
		"auf Seite 3 beginnt ein Brief": {SplitBefore: 3}, "Seite 3 ist ein Trennblatt": {Separator: 3}, "ein Brief mit dem nächsten": {Merge: "next"},
		"ein Brief mit dem vorigen": {Merge: "previous"}, "zurückgegeben: nicht meins": {Return: "nicht meins"}, "nichts": {},
	} {
		if got, err := all["de"].decision(d); got != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

// TestActionsAreKnown: whatever any package logs, the desk has words for, and nothing else.
func TestActionsAreKnown(t *testing.T) {
	logged := regexp.MustCompile(`(?:\baction[A-Z]\w* *= |\.event\((?:ctx, |kept, digest\([^"]*, s\.event\(kept, |kept, )?|Log(?:Views?|Reason)\([^"\n]*, |\bAction: |\baction :?= )"([^"]+)"`)
	found := map[string]bool{"users listed": true, "groups listed": true} // put together from a command's name
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "journaltest") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range logged.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Sorted(slices.Values(actions))
	if is := slices.Sorted(maps.Keys(found)); !slices.Equal(is, known) {
		t.Errorf("logged are\n%q, known\n%q", is, known)
	}
}

// TestNumbersByLanguage: as the offices of each language write them.
func TestNumbersByLanguage(t *testing.T) {
	for lang, want := range map[string][3]string{
		"en": {"12,345", "98.5%", "12,345 letters"}, "fr": {"12\u00a0345", "98,5\u00a0%", "12\u00a0345 lettres"},
		"nl": {"12.345", "98,5%", "12.345 brieven"}, "de": {"12.345", "98,5\u00a0%", "12.345 Briefe"},
	} {
		s := speeches(t)[lang]
		letters, err := s.say("search.total", "Count", 12345)
		if got := [3]string{s.number(12345), s.percent(0.985), letters}; got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", lang, got, err, want)
		}
	}
	for n, want := range map[int]string{0: "0 lettre", 1: "1 lettre", 2: "2 lettres", 1000000: "1\u00a0000\u00a0000 lettres"} {
		if got, err := speeches(t)["fr"].say("search.total", "Count", n); got != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

// TestTypography holds the texts to their language's own signs.
func TestTypography(t *testing.T) {
	for lang, wrong := range map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`'| [:;!?%]`),
		"fr": regexp.MustCompile(`'|[^\x{00a0}](?::|»)(?:[^0-9]|$)|[^\x{202f}][;!?]|«[^\x{00a0}]|[0-9] ?%`),
		"nl": regexp.MustCompile(`'| [:;!?%]`),
		"de": regexp.MustCompile(`'| [:;!?]|[0-9] ?%`),
	} {
		for key, forms := range catalogue(t, lang) {
			for _, text := range forms {
				if key != "users.cases_hint" && wrong.MatchString(text) {
					t.Errorf("%s: %s: %q", lang, key, text)
				}
			}
		}
	}
}

// TestGroupingsAreSaid: one page is a page, in every language.
func TestGroupingsAreSaid(t *testing.T) {
	all := speeches(t)
	one := pipeline.Grouping{Spans: []pipeline.PageSpan{{From: 1, To: 1, Blanks: []int{1}}, {From: 2, To: 4, Blanks: []int{3, 4}}}}
	for lang, want := range map[string]string{
		"en": "letter: page 1 (blank: 1); letter: pages 2–4 (blank: 3–4)",
		"fr": "lettre\u00a0: page 1 (vierge\u00a0: 1); lettre\u00a0: pages 2–4 (vierges\u00a0: 3–4)",
		"nl": "brief: pagina 1 (blanco: 1); brief: pagina’s 2–4 (blanco: 3–4)",
		"de": "Brief: Seite 1 (leer: 1); Brief: Seiten 2–4 (leer: 3–4)",
	} {
		if got, err := all[lang].grouping(one); err != nil || got != want {
			t.Errorf("%s: %q, %v", lang, got, err)
		}
	}
}
