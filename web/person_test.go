package web

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"postroom/pipeline"
)

// Who is given another name stays who he is: he is no second person to what he has keyed,
// and can take it back.
func TestAnotherNameIsNoOtherPerson(t *testing.T) {
	h := newStation(t, "tax")
	d := h.receive("a.pdf", "no number here")[0]
	c := h.as("operator")
	c.opens("/station")
	c.does(d.Document, "file", url.Values{"reference": {caseA}})
	rename := func(name string) {
		t.Helper()
		u := h.people["operator"]
		u.Name = name
		_, err := h.directory.Change(t.Context(), "test", u)
		h.must(err)
	}
	rename("Olga Other")
	if c.opens("/station") != "" {
		t.Error("what he has keyed is his next one")
	}
	c.opens("/station/" + d.Document)
	c.sees("You have keyed")
	if got := c.does(d.Document, "file", url.Values{"reference": {caseA}}); got != http.StatusUnprocessableEntity {
		t.Error("he keys the same a second time:", got)
	}
	if c.undo(); h.document(d.Document).Keyed != nil {
		t.Error("he can't take back what he has keyed")
	}
	c.opens("/station/" + d.Document)
	c.does(d.Document, "supervisor", url.Values{"why": {"two cases"}})
	rename("Olga")
	c.opens("/station/" + d.Document)
	if c.undo(); h.document(d.Document).Lane != pipeline.LaneOpen {
		t.Error("he can't take back what he has handed up")
	}
}

// What was handed up, or what another has open, is not taken through the letter beside it.
func TestNoLetterIsTakenThroughItsNeighbour(t *testing.T) {
	h := newStation(t)
	batch := h.receive("a.pdf", "one", "two", "three", "four")[0].Batch
	ann, ben, sue := h.as("operator"), h.as("ben"), h.as("supervisor")
	ann.opens("/station")
	ann.does(ann.letter(), "page", url.Values{"do": {"split"}, "page": {"3"}})
	docs := h.rest(batch)
	up, beside := docs[len(docs)-2], docs[len(docs)-1]
	if spansOf(docs) != "1–2 exception, 3–4 exception" || up.Status != "exception" || beside.Status != "exception" {
		t.Fatal(spansOf(docs))
	}
	verbs := map[string]string{"merge": "3", "first": "3"}
	offers := func(c *browser, want bool) {
		t.Helper()
		c.opens("/station/" + beside.Document + "?page=3")
		for does := range verbs {
			disabled := regexp.MustCompile(`value="` + does + `" data-key="."( disabled title="[^"]+")?>`).FindStringSubmatch(c.body)
			if disabled == nil || (disabled[1] == "") != want {
				t.Errorf("%s: %q", does, disabled)
			}
		}
	}
	refused := func(c *browser, why string) {
		t.Helper()
		for does, page := range verbs {
			if got := c.does(beside.Document, "page", url.Values{"do": {does}, "page": {page}}); got != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", does, got)
			}
			c.sees(why)
		}
	}
	ann.opens("/station/" + up.Document)
	offers(ben, false)
	refused(ben, "The operator is working at the letter beside it")
	ann.does(up.Document, "supervisor", url.Values{"why": {"two cases"}})
	ann.post("/signout", nil)
	offers(ben, false)
	refused(ben, "The letter beside it is with a supervisor")
	ben.does(beside.Document, "skip", nil)
	if got := spansOf(h.rest(batch)); got != "1–2 exception, 3–4 exception" {
		t.Error(got)
	}
	ben.post("/signout", nil)
	offers(sue, true)
	if got := sue.does(beside.Document, "page", url.Values{"do": {"merge"}, "page": {"3"}}); got != http.StatusSeeOther {
		t.Error("a supervisor can't:", got)
	}
}

// Who keys a reference second gets no word of what was read, whatever is asked for.
func TestSecondKeyerIsToldNoWord(t *testing.T) {
	h := newStation(t, "tax")
	d := h.receive("a.pdf", "Our ref "+caseA+" and "+caseB+" Zanzibar", "Madagascar")[0]
	ann, ben, sue := h.as("operator"), h.as("ben"), h.as("supervisor")
	at := "/station/" + d.Document
	read := []string{caseA, caseB, "Zanzibar", "Madagascar", "Ada Alder", "<tspan", "<polygon", `src="` + at + "/fact/"}
	ann.opens(at)
	ann.sees(caseA, caseB, "Zanzibar", "Ada Alder", "<tspan", "<polygon", at+"/fact/")
	ann.does(d.Document, "file", url.Values{"reference": {caseA}})
	asks := func() {
		t.Helper()
		for path, want := range map[string]int{
			at: http.StatusOK, at + "?page=2": http.StatusOK, at + "/fact/0": http.StatusNotFound, at + "/picture/1/screen": http.StatusOK,
			"/station/list": http.StatusOK, "/station/list?lane=supervisor": http.StatusOK, "/batches/" + d.Batch: http.StatusOK, "/intake": http.StatusOK,
			"/story/" + d.Document: http.StatusForbidden, "/letters/" + d.Document: http.StatusForbidden,
		} {
			if got := ben.get(path); got.StatusCode != want {
				t.Errorf("%s: %s", path, got.Status)
			}
			ben.lacks(read...)
		}
		ben.post(at+"/lookup", url.Values{"reference": {caseA[:9]}})
		ben.lacks(read...)
	}
	asks()
	ben.opens(at)
	ben.post(at+"/sides", nil)
	asks()
	ben.opens(at)
	ben.does(d.Document, "file", url.Values{"reference": {caseB}})
	asks() // two that differ
	sue.opens(at)
	sue.sees(caseA, caseB, "Zanzibar", "<polygon", at+"/fact/")
}
