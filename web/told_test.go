package web

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postroom/pipeline"
	"postroom/web/access"
)

// shownIn renders a page in a language.
func shownIn(t *testing.T, lang, name string, page any) string {
	t.Helper()
	_, all := everyView(t)
	var out bytes.Buffer
	if err := all[lang][name].ExecuteTemplate(&out, "layout.html", shown{User: access.User{ID: "x", Name: made}, Lang: lang, Languages: Languages, Path: "/", Version: "1", Page: page}); err != nil {
		t.Fatal(name, err)
	}
	return out.String()
}

// French has a space before a colon: each one that a page puts behind something is layout.colon.
func TestColonsAreTheLanguages(t *testing.T) {
	pages, err := filepath.Glob("pages/*.html")
	if err != nil || len(pages) == 0 {
		t.Fatal(err)
	}
	colon := regexp.MustCompile(`[})>]:`)
	for _, file := range pages {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if at := colon.FindIndex(text); at != nil {
			t.Errorf("%s: %q", file, text[max(0, at[0]-30):at[1]])
		}
	}
	if !colon.MatchString(`{{t "a"}}: b`) {
		t.Error("a colon is not seen")
	}
}

func TestWhoIsNamed(t *testing.T) {
	all := speeches(t)
	for actor, want := range map[string]string{pipeline.Machine: "Maschine", "user 0": "auf dem Rechner (uid 0)", "user 1000": "auf dem Rechner (uid 1000)", "Ann (ann)": "Ann (ann)", "user 1 (ann)": "user 1 (ann)"} {
		if got, err := all["de"].who(actor); got != want || err != nil {
			t.Errorf("%s: %q, %v", actor, got, err)
		}
		if back := speaking(t, "de").actor(want); back != actor {
			t.Errorf("%s is looked for as %s", want, back)
		}
	}
}

// What verify finds is in English, for whoever runs the server; what to do is said to all.
func TestFaultsSayWhatToDo(t *testing.T) {
	for lang, want := range map[string][2]string{"en": {"Repair nothing by hand", "on the machine (uid 0)"}, "fr": {"Ne réparez rien à la main", "sur la machine (uid 0)"},
		"nl": {"Herstel niets met de hand", "op de machine (uid 0)"}, "de": {"Reparieren Sie nichts von Hand", "auf dem Rechner (uid 0)"}} {
		last := pipeline.Verification{By: "user 0", Faults: 1, Some: []string{"a blob is gone"}, Ended: time.Now()}
		page := shownIn(t, lang, "verification", verifiedPage{Last: &last})
		for _, text := range []string{want[0], want[1], `<ul lang="en"><li>a blob is gone`} {
			if !strings.Contains(page, text) {
				t.Errorf("%s: the verification lacks %q", lang, text)
			}
		}
		page = shownIn(t, lang, "story", storyPage{Story: pipeline.Story{DocumentLine: pipeline.DocumentLine{Document: "d", Status: "filed"}, Contradictions: []string{"the store has other bytes"}}})
		for _, text := range []string{want[0], `<ul lang="en"><li>the store has other bytes`} {
			if !strings.Contains(page, text) {
				t.Errorf("%s: the story lacks %q", lang, text)
			}
		}
	}
}

// Files that can't be taken yet are named with what they lack.
func TestUnreadyFilesAreNamed(t *testing.T) {
	p := intakePage{Register: "ok", Folders: []folderView{{FolderState: FolderState{Name: "scanner-1", Waiting: 3, MaxAge: 10 * time.Minute, Unready: []Unready{
		{"sub/<b>.pdf", "partial", "its end is missing", 90 * time.Second}, {"e\u202e.pdf", "empty", "", time.Minute}}}}}}
	page := shownIn(t, "de", "intake", p)
	for _, text := range []string{"scanner-1: noch nicht angenommen", `sub/&lt;b&gt;.pdf</span>: noch nicht vollständig, 1 Minute <small lang="en">(its end is missing)`, `e\u202e.pdf</span>: leer`, "nach 10 Minuten nicht"} {
		if !strings.Contains(page, text) {
			t.Errorf("the intake lacks %q", text)
		}
	}
}

// A file that came before leads to when it did, and has no bar that stands still. What was
// named on the command line is told so, and is no scanner.
func TestDuplicateNamesTheFirst(t *testing.T) {
	h := newHouse(t)
	h.receive("first.pdf", "code="+caseA+" one")
	again := h.receive("again.pdf", "code="+caseA+" one")[0]
	o := h.as("operator")
	row := func() string {
		return regexp.MustCompile(`(?s)<tr id="batch-` + again.Batch + `".*?</tr>`).FindString(o.body)
	}
	o.get("/intake")
	if got := row(); !strings.Contains(got, ">first.pdf</a>") || strings.Contains(got, "<progress") || !strings.Contains(got, "command line") || strings.Contains(got, "process") {
		t.Errorf("the row of the duplicate: %s", got)
	}
	o.get("/intake?source=process")
	if row() == "" {
		t.Error("it is not found by its source")
	}
	for _, path := range []string{"/batches/" + again.Batch, "/station/list", "/station/" + again.Document} {
		if o.get(path); !strings.Contains(o.body, "first.pdf") {
			t.Errorf("%s does not name the first one", path)
		}
	}
	v := speaking(t, "fr")
	if all := v.scanners([]pipeline.Scanner{{Name: "process"}, {Name: "scanner-1"}}); len(all) != 1 || all[0].Name != "scanner-1" || v.origin("process") != "ligne de commande" {
		t.Errorf("the scanners are %+v, and process %q", all, v.origin("process"))
	}
}

func TestTimesOfTheLogHaveSeconds(t *testing.T) {
	h := newHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" one")[0].Document
	b := h.as("auditor")
	second := regexp.MustCompile(`>\d+ [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d</time>`)
	b.get("/log")
	entry := regexp.MustCompile(`/log/entry/\d+`).FindString(b.body)
	for _, path := range []string{"/log", entry, "/story/" + id} {
		if b.get(path); len(second.FindAllString(b.body, -1)) == 0 {
			t.Errorf("%s has no seconds", path)
		}
	}
}

// A search for signs alone would find every letter, and log that each was found.
func TestSearchWithoutAWord(t *testing.T) {
	h := newHouse(t)
	id := h.receive("a.pdf", "code="+caseA+" garden")[0].Document
	b := h.as("caseworker")
	for _, text := range []string{`"`, "*", "- ?", `" "`} {
		b.post("/search", url.Values{"q": {text}})
		if got := b.get("/search"); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(b.body, "Type at least one word") {
			t.Errorf("%s: %s", text, got.Status)
		}
	}
	if n := h.logged(id, "document found"); n != 0 {
		t.Errorf("it is logged %d times as found", n)
	}
	if !strings.Contains(b.body, `<a href="/letters" aria-current="page">`) {
		t.Error("the navigation does not tell where the search is")
	}
}

// What a field takes is what the server takes.
func TestNameOfABatchFits(t *testing.T) {
	h := newHouse(t)
	o := h.as("operator")
	o.get("/sheets")
	o.sees(`name="name" value="" maxlength="40"`, "At most 40 characters and 5 words")
	form := url.Values{"kind": {"ticket"}, "copies": {"1"}, "documents": {"2"}, "name": {strings.Repeat("x", 40)}}
	if got := o.post("/sheets", form); got.StatusCode != http.StatusOK {
		t.Errorf("40 characters: %s", got.Status)
	}
	form.Set("name", "a b c d e f")
	if got := o.post("/sheets", form); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(o.body, `<a href="#name">`) {
		t.Errorf("6 words: %s", got.Status)
	}
}
