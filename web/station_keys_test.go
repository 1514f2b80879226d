package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Where there is no field, the keys have the focus; what was decided leads to the next one.
func TestStationWithoutAField(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "no number")[0]
	at := "/station/" + d.Document
	ann, ben := h.as("operator"), h.as("ben")
	ann.get(at)
	ann.sees("required data-focus")
	ann.lacks("data-keys data-focus")
	ben.get(at)
	ben.sees("data-keys data-focus")
	ann.does(d.Document, "discard", url.Values{"why": {"advertising"}})
	if got := ben.get(at); got.StatusCode != http.StatusConflict || !strings.Contains(ben.body, `href="/station">To the next`) {
		t.Error(got.Status, "and no way on")
	}
	ben.sees("Somebody has decided this meanwhile")
	if got := ann.get(at); got.StatusCode != http.StatusConflict || !strings.Contains(ann.body, `href="/station">To the next`) {
		t.Error(got.Status, "and no way on")
	}
	ann.sees("You have decided this")
	ann.undo()
	ben.opens(at)
	ben.does(d.Document, "take", nil)
	ben.does(d.Document, "file", url.Values{"reference": {caseA}})
	ann.get(at)
	ann.sees("Somebody has decided this meanwhile")
	ben.get(at)
	ben.sees("You have decided this")
	split := h.receive("b.pdf", "one", "two")[0].Document
	ann.opens("/station/" + split)
	ann.does(split, "page", url.Values{"do": {"split"}, "page": {"2"}})
	ann.get("/station/" + split)
	ann.sees("You have decided this")
}
