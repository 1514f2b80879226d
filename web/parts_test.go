package web

import (
	"net/url"
	"testing"
)

// The parts of a letter come next for whoever divided it, also one that the machine looks at
// once more before it holds it, and nobody else has them: what waits longest comes behind them.
func TestPartsComeNext(t *testing.T) {
	h := newStation(t)
	oldest := h.receive("a.pdf", "no number")[0]
	d := h.receive("b.pdf", "Our ref TX-2021-000O01-3I", "Our ref TX-2021-O00002-3O", "nor here")[0]
	c, ben := h.as("operator"), h.as("ben")
	ids := func() (made []string) {
		for _, part := range h.rest(d.Batch) {
			if part.Status == "exception" {
				made = append(made, part.Document)
			}
		}
		return made
	}
	c.opens("/station/" + d.Document)
	c.does(d.Document, "page", url.Values{"do": {"split"}, "page": {"2"}})
	parts := ids()
	if len(parts) != 2 || c.letter() != parts[0] {
		t.Fatalf("divided, %q is shown, of %q; the oldest is %q", c.letter(), parts, oldest.Document)
	}
	c.does(parts[0], "file", url.Values{"reference": {caseA}})
	if c.letter() != parts[1] {
		t.Fatalf("one part is filed, and %q comes next; the oldest is %q", c.letter(), oldest.Document)
	}
	c.does(parts[1], "page", url.Values{"do": {"split"}, "page": {"3"}})
	parts = ids()
	if len(parts) != 2 || c.letter() != parts[0] {
		t.Fatalf("divided again, %q is shown, of %q", c.letter(), parts)
	}
	if ben.opens("/station") != oldest.Document {
		t.Error("another person is shown", ben.letter())
	}
	ben.post("/signout", nil)
	c.does(parts[0], "later", url.Values{"why": {"asks the office"}})
	if c.letter() != parts[1] {
		t.Errorf("one part is laid aside, and %q comes next", c.letter())
	}
	if c.does(parts[1], "skip", nil); c.letter() != oldest.Document {
		t.Errorf("a part is skipped, and %q comes next", c.letter())
	}
	if c.does(oldest.Document, "skip", nil); c.letter() != parts[1] {
		t.Errorf("the oldest is skipped, and %q comes next", c.letter())
	}
	if c.does(parts[1], "skip", nil); c.letter() != oldest.Document {
		t.Errorf("all is skipped, and %q comes next", c.letter())
	}
}

// A page of two that is said to be blank keeps the letter in hand, and skipped, it does not
// come again before the others.
func TestSkippedPartIsNoLoop(t *testing.T) {
	h := newStation(t)
	one, two := h.receive("a.pdf", "no number")[0], h.receive("b.pdf", "nor here", "or here")[0]
	c := h.as("operator")
	c.opens("/station")
	if c.does(one.Document, "skip", nil); c.letter() != two.Document {
		t.Fatal(c.letter())
	}
	c.does(two.Document, "page", url.Values{"do": {"blank"}, "page": {"2"}})
	if c.letter() != two.Document {
		t.Fatal(c.letter())
	}
	if c.does(two.Document, "skip", nil); c.letter() != one.Document {
		t.Errorf("skipped, %q comes next", c.letter())
	}
}
