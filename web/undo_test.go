package web

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"postroom/pipeline"
)

// A step that is taken back is the one that was made here: not one that the person made
// elsewhere, nor another's that came after it.
func TestUndoIsOfItsStep(t *testing.T) {
	h := newStation(t)
	ctx := t.Context()
	c, ben := h.as("operator"), h.as("ben")
	me := h.people["operator"]
	refused := func(what string) {
		t.Helper()
		c.undo()
		if c.sees("Something came after"); t.Failed() {
			t.Fatal(what)
		}
	}
	d := h.receive("a.pdf", "no number here")[0]
	c.opens("/station/" + d.Document)
	c.does(d.Document, "discard", url.Values{"why": {"advertising"}})
	elsewhere := pipeline.Decision{Discard: "not ours", By: me.Actor(), User: me.ID}
	h.must(errors.Join(h.mailroom.Undo(ctx, d.Document, pipeline.Undo{By: me.Actor(), User: me.ID}), h.mailroom.Decide(ctx, d.Document, elsewhere)))
	if refused("a decision made elsewhere"); h.document(d.Document).Status != "discarded" {
		t.Error("what was decided elsewhere is taken back")
	}

	d = h.receive("b.pdf", "nor here", "or here")[0]
	turn := url.Values{"do": {"turn"}, "page": {"2"}}
	c.opens("/station/" + d.Document)
	c.does(d.Document, "page", turn)
	ben.opens("/station/" + d.Document)
	ben.does(d.Document, "take", nil)
	ben.does(d.Document, "page", turn)
	refused("another's turn")
	if s, err := h.mailroom.Sight(ctx, d.Batch, 2); err != nil || s.Turn != 180 {
		t.Errorf("turned to %d, %v", s.Turn, err)
	}

	c.opens("/station/" + d.Document)
	c.does(d.Document, "take", nil)
	for _, lane := range []string{"later", "open"} {
		c.does(d.Document, lane, url.Values{"why": {"so"}})
		c.opens("/station/" + d.Document)
	}
	ben.opens("/station/" + d.Document)
	ben.does(d.Document, "take", nil)
	for _, lane := range []string{"later", "open"} {
		ben.does(d.Document, lane, url.Values{"why": {"so"}})
		ben.opens("/station/" + d.Document)
	}
	if refused("another has laid it there since"); h.document(d.Document).Lane != pipeline.LaneOpen {
		t.Error("what another has put back is laid aside")
	}
}

// A step that could not be taken back for the machine's sake is the one that is tried again:
// not the one before it, of another letter.
func TestUndoIsTriedAgain(t *testing.T) {
	h := newStation(t)
	one, two := h.receive("a.pdf", "no number here")[0], h.receive("b.pdf", "nor here")[0]
	c := h.as("operator")
	for _, d := range []pipeline.DocumentLine{one, two} {
		c.opens("/station/" + d.Document)
		c.does(d.Document, "later", url.Values{"why": {"so"}})
	}
	h.full.is.Store(true)
	if got := c.post("/station/undo", nil).StatusCode; got < http.StatusInternalServerError {
		t.Fatal(got)
	}
	h.full.is.Store(false)
	c.undo()
	if a, b := h.document(one.Document).Lane, h.document(two.Document).Lane; a != pipeline.LaneLater || b != pipeline.LaneOpen {
		t.Errorf("the first letter is in lane %q, the second in %q", a, b)
	}
}

// All steps on one letter are taken back, one by one.
func TestUndoStepByStep(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "no number here", "nor here")[0]
	c := h.as("operator")
	lanes := []string{""}
	for _, does := range []string{"later", "rescan", "open", "discard"} {
		c.opens("/station/" + d.Document)
		if got := c.does(d.Document, does, url.Values{"why": {"so"}}); got != http.StatusSeeOther {
			t.Fatal(does, got)
		}
		lanes = append(lanes, h.document(d.Document).Lane)
	}
	for i := len(lanes) - 2; i >= 0; i-- {
		c.undo()
		if got := h.document(d.Document); got.Lane != lanes[i] || got.Status != "exception" {
			t.Fatalf("step %d taken back: lane %q, %s, want %q", i, got.Lane, got.Status, lanes[i])
		}
	}
}

// The story of a letter tells which decisions on it were taken back, also that of one that a
// regrouping had made.
func TestStoryTellsWhatWasTakenBack(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "one", "two", "three")[0]
	c, auditor := h.as("operator"), h.as("auditor")
	said := regexp.MustCompile(`(?is)<li><time[^>]*>[^<]*</time> The operator [^<]*Page 2 is a separator.*?</li>`)
	tells := func(document string, want bool) {
		t.Helper()
		auditor.get("/story/" + document)
		if line := said.FindString(auditor.body); line == "" || strings.Contains(line, "taken back</span> <small>The operator (operator), <time") != want {
			t.Errorf("it is told as %q", line)
		}
	}
	c.opens("/station")
	c.does(d.Document, "page", url.Values{"do": {"separator"}, "page": {"2"}})
	made := c.letter()
	tells(d.Document, false)
	c.undo()
	tells(d.Document, true)
	tells(made, true)
}

// Who takes a step back that can't be, or where there is none, is told so at the letter that is
// shown, and not led to the one that waits longest.
func TestUndoStaysAtTheLetter(t *testing.T) {
	h := newStation(t)
	oldest, d, other := h.receive("a.pdf", "no number")[0], h.receive("b.pdf", "nor here", "or here")[0], h.receive("c.pdf", "nor there")[0]
	c, sue := h.as("operator"), h.as("supervisor")
	c.opens("/station/" + d.Document + "?page=2")
	c.sees(`data-key="u" disabled title="There is nothing to take back."`, `name="document" value="`+d.Document+`"><input type="hidden" name="page" value="2"`)
	stays := func(says string) {
		t.Helper()
		c.follow("/station/undo", url.Values{"document": {d.Document}, "page": {"2"}})
		if c.sees(says, "page 2 (of 1–2)"); c.letter() != d.Document {
			t.Errorf("%s: %q is shown", says, c.letter())
		}
	}
	stays("There is nothing to take back.")
	c.opens("/station/" + other.Document)
	c.does(other.Document, "supervisor", url.Values{"why": {"too hard"}})
	sue.opens("/station/" + other.Document)
	sue.does(other.Document, "discard", url.Values{"why": {"advertising"}})
	c.opens("/station/" + d.Document)
	stays("Not taken back: Something came after the decision: it can’t be taken back any more.")
	stays("There is nothing to take back.")
	sue.opens("/station/" + d.Document)
	sue.does(d.Document, "take", nil)
	sue.does(d.Document, "discard", url.Values{"why": {"advertising"}})
	sue.post("/signout", nil)
	if c.undo(); c.letter() != oldest.Document {
		t.Errorf("where the letter shown waits no more, %q is shown", c.letter())
	}
}

// A division is not taken back once the machine has filed a part of it: that is said.
func TestUndoOfADivisionWhosePartIsFiled(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "Our ref "+caseA, "Our ref "+caseB)[0]
	c := h.as("operator")
	c.opens("/station/" + d.Document)
	c.does(d.Document, "page", url.Values{"do": {"split"}, "page": {"2"}})
	h.rest(d.Batch)
	c.undo()
	c.sees("Not taken back: A part of it was filed meanwhile: a supervisor can take that back at its batch.")
}
