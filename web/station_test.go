package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"postroom/pipeline"
)

// spansOf gives the pages and the state of each document that is in force.
func spansOf(docs []pipeline.DocumentLine) string {
	var all []string
	for _, d := range docs {
		if d.Status != "superseded" {
			all = append(all, fmt.Sprint(spans(d.Pages), " ", d.Status))
		}
	}
	return strings.Join(all, ", ")
}

// What is filed is said, the next document opens, and each step can be taken back.
func TestClerkFilesAndTakesBack(t *testing.T) {
	h := newStation(t)
	one, two := h.receive("a.pdf", "no number here")[0], h.receive("b.pdf", "nor here")[0]
	c := h.as("operator")
	if got := c.opens("/station"); got != one.Document {
		t.Fatalf("%q opens first", got)
	}
	if got := c.does(one.Document, "file", url.Values{"reference": {"TX-2021-000001-34"}}); got != http.StatusUnprocessableEntity {
		t.Fatal("check digits that do not hold are taken:", got)
	}
	c.sees(`value="TX-2021-000001-34"`, `href="#reference"`, "the check digits do not hold", `aria-invalid="true"`, `id="reference-wrong"`)
	for typed, want := range map[string]string{"hello": "no case has a reference of this form", caseClosed: "Closed case", "TX-2021-000009-09": "Unknown case"} {
		if got := c.does(one.Document, "file", url.Values{"reference": {typed}}); got != http.StatusUnprocessableEntity {
			t.Error(typed, got)
		}
		c.sees(want)
	}
	if got := c.does(one.Document, "file", url.Values{"reference": {caseA}}); got != http.StatusSeeOther || c.letter() != two.Document {
		t.Fatalf("filed: %d, then %q opens", got, c.letter())
	}
	c.sees("Filed: "+caseA+" Ada Alder", `data-key="u"`)
	if got := c.does(one.Document, "file", url.Values{"reference": {caseB}}); got != http.StatusSeeOther {
		t.Error("a second press:", got)
	}
	c.sees("decided meanwhile")
	c.does(two.Document, "discard", url.Values{"why": {"advertising"}})
	c.sees("Nothing waits here", "Take back")
	if c.undo(); c.letter() != two.Document {
		t.Errorf("taken back, %q opens", c.letter())
	}
	if c.undo(); h.rest(one.Batch)[0].Status != "exception" {
		t.Error("a filing is not taken back")
	}
	c.undo()
	c.sees("nothing to take back")
}

// A form that lacks something comes back as it was typed, and its field is named.
func TestFormsComeBackAsTheyWereTyped(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "one", "two", "three")[0]
	c := h.as("operator")
	c.opens("/station")
	for what, form := range map[string]struct {
		fields url.Values
		field  string
	}{
		"discard":    {url.Values{"why": {" "}}, "why-discard"},
		"supervisor": {url.Values{}, "why-supervisor"},
		"later":      {url.Values{}, "why-later"},
		"page":       {url.Values{"do": {"drop"}, "page": {"1"}}, "why-drop"},
		"rescan":     {url.Values{"why": {"it is cut off"}, "pages": {"2-9"}, "page": {"3"}}, "pages-rescan"},
	} {
		if got := c.does(d.Document, what, form.fields); got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", what, got)
		}
		c.sees(`href="#`+form.field+`"`, `id="`+form.field+`-wrong"`)
		if what == "rescan" {
			c.sees("page 3 (of 1–3)", `value="2-9"`, `value="it is cut off"`)
		}
	}
	if got := h.document(d.Document); got.Version != d.Version || got.Lane != "" {
		t.Errorf("something was changed: %+v", got)
	}
	c.does(d.Document, "rescan", url.Values{"why": {"it is cut off"}, "pages": {"2-3"}})
	c.sees("A new scan is asked for.")
	if got := h.document(d.Document); got.Lane != pipeline.LaneRescan || spans(got.LanePages) != "2–3" {
		t.Errorf("%+v", got)
	}
	if c.undo(); c.letter() != d.Document || h.document(d.Document).Lane != "" {
		t.Error("it is not back among the open ones")
	}
}

// The pages of a document that was split stand in other letters, which an auditor's reason
// for the first one does not open.
func TestReasonEndsWhenPagesMove(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "one", "two", "three", "four")[0]
	auditor, c := h.as("auditor"), h.as("operator")
	page, form := "/story/"+d.Document+"/picture/3/thumb", `action="/story/`+d.Document+`/open"`
	auditor.post("/story/"+d.Document+"/open", url.Values{"why": {"a complaint"}})
	if got := auditor.get(page); got.StatusCode != http.StatusOK {
		t.Fatal(got.Status)
	}
	c.opens("/station")
	if got := c.does(d.Document, "page", url.Values{"do": {"split"}, "page": {"3"}}); got != http.StatusSeeOther {
		t.Fatal(got)
	}
	if got := auditor.get(page); got.StatusCode != http.StatusForbidden {
		t.Error("a page that is another letter's:", got.Status)
	}
	if auditor.get("/story/" + d.Document); strings.Contains(auditor.body, form) || !strings.Contains(auditor.body, "divided into other letters") {
		t.Error("the story asks for a reason to open what is no letter any more")
	}
}

// Where letters begin and end: each key's verb, and its way back.
func TestClerkRegroups(t *testing.T) {
	h := newStation(t)
	batch := h.receive("a.pdf", "one", "two", "three", "four")[0].Batch
	c := h.as("operator")
	is := func(want string) {
		t.Helper()
		if got := spansOf(h.rest(batch)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	act := func(does, page, says, want string) {
		t.Helper()
		if got := c.does(c.letter(), "page", url.Values{"do": {does}, "page": {page}, "why": {"advertising"}}); got != http.StatusSeeOther {
			t.Fatalf("%s %s: %d", does, page, got)
		}
		c.sees(says)
		is(want)
	}
	c.opens("/station")
	act("split", "3", "a letter begins on page 3", "1–2 exception, 3–4 exception")
	c.sees("page 1 (of 1–2)")
	act("last", "2", "went to the letter after", "1 exception, 2–4 exception")
	act("join", "1", "Joined to the letter after", "1–4 exception")
	act("blank", "4", "Page 4 is blank", "1–4 exception")
	act("written", "4", "Page 4 is not blank", "1–4 exception")
	act("drop", "4", "Page 4 is discarded", "1–3 exception")
	act("separator", "2", "Page 2 is a separator", "1 exception, 3 exception")
	for _, want := range []string{"1–3 exception", "1–4 exception", "1–4 exception", "1–4 exception", "1 exception, 2–4 exception", "1–2 exception, 3–4 exception", "1–4 exception"} {
		c.undo()
		if is(want); t.Failed() {
			t.Fatal(regexp.MustCompile(`role="status">[^<]*`).FindAllString(c.body, -1))
		}
	}
	act("turn", "2", "Page 2 is turned", "1–4 exception")
	if s, err := h.mailroom.Sight(t.Context(), batch, 2); err != nil || s.Turn != 90 {
		t.Errorf("turned by %d, %v", s.Turn, err)
	}
	c.undo()
	if s, err := h.mailroom.Sight(t.Context(), batch, 2); err != nil || s.Turn != 0 {
		t.Errorf("turned back to %d, %v", s.Turn, err)
	}
	if got := c.does(c.letter(), "page", url.Values{"do": {"drop"}, "page": {"2"}, "why": {"advertising"}}); got != http.StatusUnprocessableEntity {
		t.Error("a page in the middle is dropped:", got)
	}
	c.sees("can’t be done with this page")
}

// Two people never have the same one; who goes on or leaves lets it go.
func TestTwoClerks(t *testing.T) {
	h := newStation(t)
	one, two := h.receive("a.pdf", "no number")[0], h.receive("b.pdf", "nor here")[0]
	ann, ben := h.as("operator"), h.as("ben")
	if a, b := ann.opens("/station"), ben.opens("/station"); a != one.Document || b != two.Document {
		t.Fatalf("they have %q and %q", a, b)
	}
	ben.opens("/station/" + one.Document)
	ben.sees("The operator has been working at this one since", "/take")
	ben.lacks(`id="reference"`)
	if got := ben.does(one.Document, "file", url.Values{"reference": {caseA}}); got != http.StatusConflict {
		t.Error("what another has is filed:", got)
	}
	ann.post("/station/"+one.Document+"/lookup", url.Values{"reference": {"TX-20"}})
	ann.sees("not a whole reference yet")
	ann.does(one.Document, "skip", nil)
	if ann.letter() != two.Document { // Ben has gone on from it
		t.Errorf("after skipping, %q opens", ann.letter())
	}
	if ben.opens("/station/" + one.Document); strings.Contains(ben.body, "working at") {
		t.Error("who went on still has it")
	}
	ben.lacks("TX-20")
	if got := ann.post("/station/"+one.Document+"/hold", nil); got.StatusCode != http.StatusConflict {
		t.Error("a lease that is another's is lengthened:", got.Status)
	}
	ann.opens("/station/" + one.Document)
	ann.does(one.Document, "take", nil)
	ann.sees("You have taken it over", `value="TX-20"`)
	ann.post("/signout", nil)
	if ben.opens("/station"); ben.letter() != one.Document {
		t.Errorf("after signing out, Ben gets %q", ben.letter())
	}
}

// Who turns a page works on at the letter: nobody else gets it meanwhile, and what was typed
// is there.
func TestTurnedPageStaysInHand(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "no number")[0]
	ann, ben := h.as("operator"), h.as("ben")
	ann.opens("/station")
	ann.post("/station/"+d.Document+"/lookup", url.Values{"reference": {"TX-20"}})
	turned := ann.post("/station/"+d.Document+"/page", url.Values{"do": {"turn"}, "page": {"1"}})
	if ben.opens("/station") != "" {
		t.Error("another person gets it")
	}
	ann.get(turned.Header.Get("Location"))
	ann.sees(`value="TX-20"`, `id="reference"`)
}

// A second keying is independent: nothing of the first one shows. Two that differ go to a
// supervisor, who sees both.
func TestSecondKeying(t *testing.T) {
	h := newStation(t, "tax")
	d := h.receive("a.pdf", "Our ref "+caseA+" and "+caseB)[0]
	ann, ben, sue := h.as("operator"), h.as("ben"), h.as("supervisor")
	ann.opens("/station")
	ann.sees(`data-key="1"`, "Ada Alder", "Bob Birch")
	ann.does(d.Document, "file", url.Values{"reference": {caseA}})
	ann.sees("Another person must key it", "Nothing waits here")
	if ben.opens("/station") != d.Document {
		t.Fatal("the second person does not get it")
	}
	ben.sees("The operator (operator) has keyed a reference")
	ben.lacks(`data-key="1"`, "Ada Alder", "Bob Birch", `value="`+caseA)
	ben.get("/station/list")
	ben.lacks(caseA, caseB)
	ben.opens("/station")
	ben.does(d.Document, "file", url.Values{"reference": {caseB}})
	ben.sees("a supervisor decides now")
	if ben.opens("/station/" + d.Document); strings.Contains(ben.body, "Ada Alder") {
		t.Error("the first value shows to the second person")
	}
	ben.sees("Two persons have keyed different references")
	ben.lacks(`data-key="o"`)
	if got := ben.does(d.Document, "open", nil); got == http.StatusSeeOther || h.document(d.Document).Lane != pipeline.LaneSupervisor {
		t.Error("the second person puts it back among the open ones:", got)
	}
	if sue.opens("/station") != d.Document {
		t.Fatal("a supervisor's queue does not open theirs, or who may not decide it has it")
	}
	sue.sees(`id="reference"`)
	if ben.opens("/station/" + d.Document); h.logged(d.Document, "document taken over") != 0 {
		t.Error("it is taken over")
	}
	ben.sees("The supervisor has been working at this one since")
	ben.lacks("/take", `id="reference"`)
	for _, does := range []string{"take", "hold"} {
		if got := ben.post("/station/"+d.Document+"/"+does, nil); got.StatusCode < http.StatusBadRequest {
			t.Errorf("who may not decide it does %s: %s", does, got.Status)
		}
	}
	if got := sue.post("/station/"+d.Document+"/hold", nil); got.StatusCode != http.StatusNoContent {
		t.Error("the supervisor has lost it:", got.Status)
	}
	sue.opens("/station/" + d.Document)
	sue.sees("keyed by The operator (operator)", "keyed by The ben (ben)", "for a supervisor")
	sue.does(d.Document, "open", nil)
	if ben.opens("/station") != "" {
		t.Error("among the open ones, it is next for who may not decide it")
	}
	ben.get("/station/list")
	ben.sees("Two persons have keyed different references")
	sue.opens("/station/" + d.Document)
	sue.sees("Two persons have keyed different references", "keyed by The operator (operator)")
	sue.does(d.Document, "file", url.Values{"reference": {caseB}})
	sue.sees("Filed: " + caseB)
}

// What is worked through stays chosen; each lane tells who laid what there, and why.
func TestQueueStaysChosen(t *testing.T) {
	h := newStation(t)
	plain, closed := h.receive("a.pdf", "no number")[0], h.receive("b.pdf", "Our ref "+caseClosed)[0]
	more := h.receive("c.pdf", "Our ref "+caseClosed, "and more")[0]
	c := h.as("operator")
	c.follow("/station/queue", url.Values{"lane": {""}, "reason": {"closed-case"}})
	if c.letter() != closed.Document {
		t.Fatalf("%q opens", c.letter())
	}
	c.sees("2 wait ")
	c.does(closed.Document, "later", url.Values{"why": {"asks the office"}})
	if c.sees("Laid aside for later."); c.letter() != more.Document {
		t.Errorf("the next of the choice is %q", c.letter())
	}
	c.does(more.Document, "discard", url.Values{"why": {"twice"}})
	c.sees("Nothing waits here", "open <strong>1</strong>", "for later <strong>1</strong>")
	c.follow("/station/queue", url.Values{"lane": {pipeline.LaneLater}})
	if c.sees("asks the office", "The operator (operator), "); c.letter() != closed.Document {
		t.Errorf("the lane has %q", c.letter())
	}
	c.get("/station/list?lane=later")
	c.sees("asks the office", "The operator (operator), ")
	c.opens("/station")
	c.does(closed.Document, "open", nil)
	if c.sees("Back among the open ones."); h.document(closed.Document).Lane != "" {
		t.Error("it is still in its lane")
	}
	c.follow("/station/queue", url.Values{"lane": {""}})
	if c.letter() != plain.Document {
		t.Errorf("all open: %q", c.letter())
	}
}

// A file whose pages were not told apart says what can be done, and where the other is.
func TestWholeFiles(t *testing.T) {
	h := newStation(t)
	first := h.receive("a.pdf", "no number")[0]
	again, bad := h.receive("b.pdf", "no number")[0], h.receive("c.pdf", "rubbish")[0]
	c := h.as("operator")
	c.opens("/station/" + again.Document)
	c.sees("Duplicate", "pages were not told apart", "/batches/"+first.Batch, `data-key="d"`)
	c.lacks(`data-key="s"`, "/picture/", `id="pages-rescan"`)
	if got := c.does(again.Document, "page", url.Values{"do": {"split"}, "page": {"1"}}); got != http.StatusUnprocessableEntity {
		t.Error("a whole file is divided:", got)
	}
	c.opens("/station/" + bad.Document)
	c.sees("Unreadable file", "rubbish", `data-key="q"`)
	c.lacks("/picture/", `id="reference"`)
	c.does(bad.Document, "rescan", url.Values{"why": {"the file is broken"}})
	c.sees("A new scan is asked for.")
}

// Of a long document the strip has what is around the page.
func TestLongDocument(t *testing.T) {
	h := newStation(t)
	pages := make([]string, 300)
	for i := range pages {
		pages[i] = "text"
	}
	d := h.receive("a.pdf", pages...)[0]
	c := h.as("operator")
	c.opens("/station/" + d.Document + "?page=150")
	if n := strings.Count(c.body, "/thumb"); n != 2*stripSide+1 {
		t.Errorf("%d thumbnails", n)
	}
	c.sees("« 1<", "300 »", `id="goto"`, "?page=149", "?page=151", "page 150 (of 1–300)")
	c.opens("/station/" + d.Document + "?page=301") // as somebody types it who does not know how many there are
	c.sees("page 300 (of 1–300)")
	if len(c.body) > 100_000 {
		t.Errorf("the page has %d bytes", len(c.body))
	}
}

// Each look at a document is in the log before it is shown, also one that begins at a
// page of it; the turning of its pages is not one more.
func TestLooksAreLogged(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "one", "two")[0]
	looks := func() int { return h.logged(d.Document, "document viewed") }
	c := h.as("operator")
	if c.opens("/station/" + d.Document + "?page=2"); looks() != 1 {
		t.Errorf("%d looks after the first", looks())
	}
	if c.opens("/station/" + d.Document + "?page=1"); looks() != 1 {
		t.Errorf("%d looks after a page was turned", looks())
	}
	other := h.as("ben")
	other.opens("/station/" + d.Document + "?page=1")
	if other.opens("/station/" + d.Document + "?page=2"); looks() != 2 { // another person's, and all of it one look
		t.Errorf("%d looks after those of one who does not hold it", looks())
	}
}

func TestPageList(t *testing.T) {
	there := []int{2, 3, 4, 5, 6, 7}
	for text, want := range map[string]string{"": "", "2": "2", "2-4, 7": "2–4, 7", "3–5;2": "3–5, 2", " 4 ": "4", "1": "no", "2-8": "no", "5-3": "no", "x": "no", "2-": "no", "2-3-4": "no", "-2": "no"} {
		pages, ok := pageList(text, there)
		got := spans(pages)
		if !ok {
			got = "no"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if pages, ok := pageList(strings.Repeat("2-7 ", 10_000), there); ok {
		t.Errorf("%d pages are named of %d", len(pages), len(there))
	}
}

// What another person has done since is not taken back.
func TestUndoLeavesOthersSteps(t *testing.T) {
	h := newStation(t)
	d := h.receive("a.pdf", "no number")[0]
	ann, sue := h.as("operator"), h.as("supervisor")
	ann.opens("/station")
	ann.does(d.Document, "supervisor", url.Values{"why": {"too hard"}})
	ann.opens("/station/" + d.Document)
	ann.lacks(`data-key="o"`, `data-key="l"`)
	if got := ann.does(d.Document, "open", nil); got != http.StatusUnprocessableEntity {
		t.Error("who handed it up puts it back:", got)
	}
	if ann.undo(); h.document(d.Document).Lane != pipeline.LaneOpen {
		t.Error("who handed it up can't take that back")
	}
	ann.does(d.Document, "supervisor", url.Values{"why": {"too hard"}})
	sue.opens("/station")
	sue.does(d.Document, "later", url.Values{"why": {"asks the office"}})
	ann.undo()
	if ann.sees("Something came after"); h.document(d.Document).Lane != pipeline.LaneLater {
		t.Errorf("it waits in %q", h.document(d.Document).Lane)
	}
}

// A list that keeps itself new is logged once: an entry is a change, which such a page
// would be told of, for ever.
func TestListThatPollsIsLoggedOnce(t *testing.T) {
	h := newStation(t)
	h.receive("a.pdf", "no number")
	c := h.as("operator")
	listed := func() int { return h.logged("", "exceptions listed") }
	poll := func() { c.polls("/station/list") }
	if poll(); listed() != 1 {
		t.Errorf("a first look that says that it is none of a person is logged %d times", listed())
	}
	c.get("/station/list")
	poll()
	if poll(); listed() != 2 {
		t.Errorf("%d looks are logged", listed())
	}
	h.clock.move(oneLook)
	if poll(); listed() != 3 {
		t.Errorf("after a while %d looks are logged", listed())
	}
}
