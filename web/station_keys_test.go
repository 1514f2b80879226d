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
	d := h.came("a.pdf", "no number")[0]
	at := "/station/" + d.Document
	ann, ben := h.clerk("operator"), h.clerk("ben")
	if ann.get(at); strings.Contains(ann.body, "data-keys data-focus") || !strings.Contains(ann.body, `required data-focus`) {
		t.Error("the field has not the focus")
	}
	if ben.get(at); !strings.Contains(ben.body, "data-keys data-focus") {
		t.Error("keys do nothing at another's letter")
	}
	ann.does(d.Document, "discard", url.Values{"why": {"advertising"}})
	if got := ben.get(at); got.StatusCode != http.StatusConflict || !strings.Contains(ben.body, `href="/station">To the next`) {
		t.Error(got.Status, "and no way on")
	}
}
