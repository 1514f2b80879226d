package web

import (
	"net/http"
	"net/url"
	"testing"

	"postroom/pipeline"
)

// Who is given another name stays who he is: he is no second person to what he has keyed,
// and can take it back.
func TestAnotherNameIsNoOtherPerson(t *testing.T) {
	h := newStation(t, "tax")
	d := h.came("a.pdf", "no number here")[0]
	c := h.clerk("operator")
	c.opens("/station")
	c.does(d.Document, "file", url.Values{"reference": {caseA}})
	rename := func(name string) {
		t.Helper()
		u, err := h.directory.Find(t.Context(), "operator")
		if err != nil {
			t.Fatal(err)
		}
		u.Name = name
		if _, err := h.directory.Change(t.Context(), "test", u); err != nil {
			t.Fatal(err)
		}
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
	if c.does(d.Document, "open", nil); h.document(d.Document).Lane != pipeline.LaneOpen {
		t.Error("he can't take back what he has handed up")
	}
}
