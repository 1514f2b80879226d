package web

import (
	"net/http"
	"net/url"
	"testing"
)

// Letters are joined over the separators between them, which come along and go back; where
// that can't be, the button has the reason.
func TestJoinedOverSeparators(t *testing.T) {
	h := newStation(t)
	docs := h.receive("a.pdf", "no number", "separator", "separator", "nor here", "separator", "code="+caseA)
	one, two := docs[0], docs[1]
	c, ben := h.as("operator"), h.as("ben")
	is := func(want, separators string) {
		t.Helper()
		got := spansOf(h.rest(one.Batch))
		line, _, err := h.mailroom.Batch(t.Context(), one.Batch)
		h.must(err)
		var pages []int
		for _, s := range line.SeparatorPages {
			pages = append(pages, s.Page)
		}
		if got != want || spans(pages) != separators {
			t.Errorf("%s, separators %s, want %s and %s", got, spans(pages), want, separators)
		}
	}
	is("1 exception, 4 exception, 6 filed", "2–3, 5")
	for does, at := range map[string]string{"join": one.Document, "merge": two.Document} {
		c.opens("/station/" + at)
		if got := c.does(at, "page", url.Values{"do": {does}, "page": {map[string]string{"join": "1", "merge": "4"}[does]}}); got != http.StatusSeeOther {
			t.Fatalf("%s: %d", does, got)
		}
		c.sees("Joined to the letter")
		is("1–4 exception, 6 filed", "5")
		c.undo()
		is("1 exception, 4 exception, 6 filed", "2–3, 5")
	}
	c.opens("/station/" + one.Document)
	c.sees(`data-key="m" disabled title="There is no letter there: the batch ends"`, `data-key="j">Join to the letter after, with the 2 separators between`,
		`data-key="w" disabled title="That can’t be done with this page"`)
	c.opens("/station/" + one.Document)
	c.sees(`name="over-join" value="2"`)
	if got := c.does(one.Document, "page", url.Values{"do": {"join"}, "page": {"1"}, "over-join": {"1"}}); got != http.StatusUnprocessableEntity {
		t.Error("joined over a separator that was not told of:", got)
	}
	c.sees("It was changed meanwhile")
	c.opens("/station/" + two.Document)
	c.sees(`data-key="m">Join to the previous letter, with the 2 separators between`, `data-key="j" disabled title="The other letter does not wait`)
	if got := c.does(two.Document, "page", url.Values{"do": {"join"}, "page": {"4"}}); got != http.StatusUnprocessableEntity {
		t.Error("joined to what is filed:", got)
	}
	c.sees("The other letter does not wait: send it back first")
	ben.opens("/station/" + one.Document)
	c.opens("/station/" + two.Document)
	c.sees(`data-key="m" disabled title="The ben is working at the letter beside it"`)

	more := h.receive("b.pdf", "one", "two", "three")[0]
	c.opens("/station/" + more.Document)
	c.does(more.Document, "page", url.Values{"do": {"split"}, "page": {"2"}})
	parts := h.rest(more.Batch)
	last := parts[len(parts)-1].Document
	c.opens("/station/" + last)
	c.does(last, "page", url.Values{"do": {"drop"}, "page": {"2"}, "why": {"advertising"}})
	c.sees("Page 2 is discarded", `data-key="m" disabled title="Page 2 lies between and is in no letter"`)
}
