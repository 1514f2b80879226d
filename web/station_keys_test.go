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
}
