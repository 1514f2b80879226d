package web

import (
	"encoding/json"
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
	"postroom/router"
	"postroom/web/access"
)

// everyWord opens the texts as the desk does.
func everyWord(t *testing.T) words {
	t.Helper()
	all, err := openWords()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// catalogue reads one language's texts: key -> plural form -> text.
func catalogue(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	files, err := fs.Glob(wordFiles, "words/*."+lang+".json")
	if err != nil || len(files) == 0 {
		t.Fatal("no texts in", lang, err)
	}
	all := map[string]map[string]string{}
	for _, f := range files {
		text, err := wordFiles.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var entries map[string]json.RawMessage
		if err := json.Unmarshal(text, &entries); err != nil {
			t.Fatal(f, err)
		}
		for key, raw := range entries {
			if all[key] != nil {
				t.Errorf("%s: %s is there twice", f, key)
			}
			var one string
			forms := map[string]string{}
			if json.Unmarshal(raw, &one) == nil {
				forms["other"] = one
			} else if err := json.Unmarshal(raw, &forms); err != nil {
				t.Errorf("%s: %s: %v", f, key, err)
			}
			all[key] = forms
		}
	}
	return all
}

// Every language has every text, with the same forms and the same values in it.
func TestLanguagesAreComplete(t *testing.T) {
	value := regexp.MustCompile(`{{[^}]*}}`)
	english := catalogue(t, "en")
	for _, lang := range Languages[1:] {
		other := catalogue(t, lang)
		for _, key := range slices.Sorted(maps.Keys(english)) {
			for form, text := range english[key] {
				said := other[key][form]
				if strings.TrimSpace(said) == "" {
					t.Errorf("%s lacks %s (%s)", lang, key, form)
				}
				has, want := value.FindAllString(said, -1), value.FindAllString(text, -1)
				slices.Sort(has)
				slices.Sort(want)
				if !slices.Equal(has, want) {
					t.Errorf("%s: %s has the values %v, not %v", lang, key, has, want)
				}
			}
		}
		for key := range other {
			if english[key] == nil {
				t.Errorf("%s has %s, English has not", lang, key)
			}
		}
	}
}

// families are the texts whose keys end with something that the program knows.
func families() map[string][]string {
	var roles, reasons []string
	for _, r := range access.Roles() {
		roles = append(roles, string(r))
	}
	for _, r := range mail.Reasons() {
		reasons = append(reasons, r, r+"_why")
	}
	var refusals, accounts, does []string
	for code := range pipeline.Refusals() {
		refusals = append(refusals, string(code))
	}
	for code := range access.Refusals() {
		accounts = append(accounts, string(code))
	}
	for _, action := range actions {
		does = append(does, strings.ReplaceAll(action, " ", "-"))
	}
	var explained []string
	for _, figure := range meanings {
		explained = append(explained, figure, figure+"_means")
	}
	return map[string][]string{
		"figures.": explained,
		"role.":    roles, "reason.": reasons, "language.": Languages,
		"intake.file_": {"writing", "empty", "partial", "failed"},
		"source.":      {"barcode", "ocr", "register", "person"},
		"status.":      {"filed", "exception", "discarded", "superseded", "placed", "deciding"},
		"lane.":        pipeline.Lanes(), "refused.": refusals, "register.": {"empty", "refused", "gone"},
		"saying.": slices.Collect(maps.Keys(mail.Sayings())), "access.": accounts, "action.": does,
		"about.":     {"configuration", "register", "exceptions", "letters", "log", "tickets", "samples", "user", "users", "group", "groups"},
		"rule.":      {router.RuleBarcode, router.RuleText, router.RuleWeakName, router.RuleWeakPostcode, "person"},
		"separator.": {"patch-1", "patch-2", "patch-3", "patch-4", "patch-6", "patch-t", "text", router.TicketCode, "back", "person"},
		"sheets.":    {"separator", "patch", "ticket", "label", "separator_hint", "patch_hint", "ticket_hint", "label_hint"},
		"log.band_":  {"low", "middle", "high"},
		"station.": {"discard", "rescan", "supervisor", "later", "discard_go", "rescan_go", "supervisor_go", "later_go",
			"parked_", "parked_rescan", "parked_supervisor", "parked_later", "drop", "drop_go",
			"done_split", "done_merge", "done_join", "done_separator", "done_blank", "done_written", "done_first", "done_last", "done_turn", "done_drop"},
	}
}

// Every key that pages and code name is there, and none is there that nobody names.
func TestTextsAreThoseThatAreSaid(t *testing.T) {
	english := catalogue(t, "en")
	said := map[string]bool{}
	for family, ends := range families() {
		for _, end := range ends {
			if said[family+end] = true; english[family+end] == nil {
				t.Errorf("there is no text %s%s", family, end)
			}
		}
	}
	quoted := regexp.MustCompile(`"([a-z]+\.[a-z_0-9]+)"`)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(sources, pages...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
			if area, _, _ := strings.Cut(m[1], "."); slices.Contains([]string{".css", ".js", ".svg", ".html"}, filepath.Ext(m[1])) || area == "htmx" {
				continue // files
			}
			said[m[1]] = true
			if strings.HasPrefix(m[1], "problem.") && m[1] != "problem.home" {
				said[m[1]+"_remedy"] = true
			}
		}
	}
	for key := range said {
		if english[key] == nil && !strings.HasSuffix(key, "_") {
			t.Errorf("%s is said and is in no language", key)
		}
	}
	for key := range english {
		if !said[key] {
			t.Errorf("%s is translated and never said", key)
		}
	}
}
