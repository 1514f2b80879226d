package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The keys of a letter work as it opens: its region asks for the focus.
func TestLetterAsksForTheFocus(t *testing.T) {
	h := newHouse(t)
	b := h.as("caseworker")
	b.opens("/letters/" + h.receive("a.pdf", "code="+caseA+" one")[0].Document)
	b.sees(`class="letter" tabindex="-1" data-focus`)
}

// What was typed and is refused stands in its field again, with what is wrong with it.
func TestRefusedTextIsKept(t *testing.T) {
	h := newHouse(t)
	at := "/letters/" + h.receive("a.pdf", "code="+caseA+" one")[0].Document
	b := h.as("caseworker")
	for _, c := range []struct{ path, field, typed, shown, wrong string }{
		{"/notes", "note", "called\u200b her\u00a0back", "called her back", "can’t be seen (U&#43;200B)"},
		{"/notes", "note", "\u202ethree", "three", "can’t be seen (U&#43;202E)"},
		{"/notes", "note", strings.Repeat("x", 501), strings.Repeat("x", 501), "at most 500 characters"},
		{"/notes", "note", "\u200b", "", "one line that can be read later"},
		{"/return", "why", "not\u200e mine", "not mine", "can’t be seen (U&#43;200E)"},
	} {
		if got := b.post(at+c.path, url.Values{c.field: {c.typed}}); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%q: %s", c.typed, got.Status)
		}
		b.sees(c.wrong, `id="`+c.field+`" name="`+c.field+`" value="`+c.shown+`" required`, `id="`+c.field+`-wrong"`)
	}
	b.follow(at+"/notes", url.Values{"note": {"called her back"}})
	b.follow(at+"/notes", url.Values{"note": {"called her back"}})
	if n := strings.Count(b.body, "<p>called her back</p>"); n != 1 {
		t.Errorf("what was sent twice is there %d times", n)
	}
	h.clock.move(time.Minute)
	b.follow(at+"/notes", url.Values{"note": {"called her back"}})
	if n := strings.Count(b.body, "<p>called her back</p>"); n != 2 {
		t.Errorf("said again a minute later it is there %d times", n)
	}
}

// What can't be searched for is told as what it is, and nothing is said to be found.
func TestSearchesThatAreRefused(t *testing.T) {
	h := newHouse(t)
	at := "/letters/" + h.receive("a.pdf", "code="+caseA+" one")[0].Document
	b := h.as("caseworker")
	for text, wrong := range map[string]string{
		"a*":                      "at least 3 letters or digits before the *",
		"- ?":                     "Type at least one word",
		strings.Repeat("x", 201):  "type at most 200 characters",
		strings.Repeat("a ", 25):  "too many words to search for: type at most 24",
		strings.Repeat("é", 201):  "type at most 200 characters",
		strings.Repeat("ё*", 101): "type at most 200 characters",
	} {
		if got := b.post("/search", url.Values{"q": {text}}); got.StatusCode == http.StatusSeeOther {
			b.get("/search")
		}
		b.sees(wrong, `value="`+strings.TrimSpace(text)+`"`)
		b.lacks("0 letters")
		if got := b.post(at, url.Values{"find": {text}}); got.StatusCode == http.StatusSeeOther {
			b.get(at)
		}
		b.sees(wrong, `name="find" type="search" value="`+strings.TrimSpace(text)+`"`, `id="find-wrong"`)
		b.lacks("0 places")
	}
}

// A document or batch is found by its id, however that was copied.
func TestIDsAreFoundAsCopied(t *testing.T) {
	h := newHouse(t)
	d := h.receive("a.pdf", "code="+caseA+" one")[0]
	b := h.as("auditor")
	for id, want := range map[string]string{strings.ToUpper(d.Document): d.Document, " " + strings.ToUpper(d.Document[:12]) + " ": d.Document, "\t" + strings.ToUpper(d.Batch): d.Batch} {
		b.follow("/log", url.Values{"about": {id}})
		b.sees(`name="about" class="mono" value="` + want + `"`)
	}
}

// The same at the station.
func TestRefusedReasonIsKeptAtTheStation(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "one")[0]
	b := h.as("operator")
	b.opens("/station/" + d.Document)
	if status := b.does(d.Document, "later", url.Values{"why": {"ask\u200b Ann"}}); status != http.StatusUnprocessableEntity {
		t.Error(status)
	}
	b.sees("can’t be seen (U&#43;200B)", `id="why-later" name="why" required maxlength="300" autocomplete="off" value="ask Ann" aria-invalid="true"`)
}
