package web

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"testing"

	"postroom/mail"
)

// TestDifferenceIsAcceptedAsItWasSeen: who accepts that a batch differs from its ticket
// accepts the difference that the page told, and no other.
func TestDifferenceIsAcceptedAsItWasSeen(t *testing.T) {
	h := newHouse(t)
	tickets, err := h.mailroom.IssueTickets(t.Context(), 1, mail.Counts{Documents: 2}, "", "user 1")
	if err != nil {
		t.Fatal(err)
	}
	letter := h.receive("a.pdf", "code="+tickets[0].Code, "code="+caseA+" one", "two")[0]
	batch := letter.Batch
	s := h.as("supervisor") // whose reason is for another thing
	if got := s.post("/station/"+letter.Document+"/recall", url.Values{"why": {"not one letter"}, "version": {"77"}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Error(got.Status)
	}
	s.sees("Close the batch")
	s.lacks("not one letter", `href="#why"`)
	o := h.as("operator")
	o.get("/batches/" + batch)
	form := url.Values{"why": {"one letter was withdrawn"}}
	for _, name := range []string{"documents", "pages"} {
		found := regexp.MustCompile(`name="` + name + `" value="(\d+)"`).FindStringSubmatch(o.body)
		if found == nil {
			t.Fatalf("the page does not say how many %s it has told of: %s", name, o.body)
		}
		form.Set(name, found[1])
	}
	old := url.Values{"why": form["why"], "documents": form["documents"], "pages": {"3"}} // a page is a separator since
	if got := o.post("/batches/"+batch+"/close", old); got.StatusCode != http.StatusUnprocessableEntity {
		t.Error(got.Status)
	}
	o.sees("other counts by now", `name="why" value="one letter was withdrawn"`)
	o.sees("<tbody><tr><th scope=\"rowgroup\" colspan=\"3\">Pages, by their place</th></tr>\n<tr><th scope=\"row\">scanned</th>")
	if got := o.post("/batches/"+batch+"/close", form); got.StatusCode != http.StatusSeeOther {
		t.Error(got.Status, o.body)
	}
	if b, _, err := h.mailroom.Batch(t.Context(), batch); err != nil || b.State != "closed" || b.Closing.Counted != (mail.Counts{Documents: 1, Pages: 2}) {
		t.Errorf("%+v, %v", b, err)
	}
}

// TestFiledLetterIsTakenBackByASupervisor: what was cut at a wrong page and filed can be put
// right by whoever may decide on what is handed up, with a reason, as it was seen.
func TestFiledLetterIsTakenBackByASupervisor(t *testing.T) {
	h := newHouse(t)
	line := h.receive("a.pdf", "code="+caseA+" one", "two")[0]
	page, at := "/batches/"+line.Batch+"?from=1&recall="+line.Document, "/station/"+line.Document+"/recall"
	form := url.Values{"why": {"its last page is another's"}, "version": {strconv.Itoa(line.Version)}, "recall": {line.Document}}
	o := h.as("operator")
	o.opens(page)
	o.lacks("Take it back")
	if got := o.post(at, form); got.StatusCode != http.StatusForbidden || h.document(line.Document).Status != "filed" {
		t.Errorf("an operator: %s", got.Status)
	}
	s := h.as("supervisor")
	s.opens("/batches/" + line.Batch)
	s.sees("&amp;recall=" + line.Document)
	s.opens(page)
	s.sees(`action="`+at+`"`, `name="version" value="`+form.Get("version")+`"`)
	for what, change := range map[string]url.Values{"no reason": {"why": {""}}, "another version": {"version": {"77"}}} {
		bad := maps.Clone(form)
		maps.Copy(bad, change)
		if got := s.post(at, bad); got.StatusCode != http.StatusUnprocessableEntity || h.document(line.Document).Status != "filed" {
			t.Errorf("%s: %s", what, got.Status)
		}
		s.sees(`href="#why-recall"`)
	}
	s.follow(at, form)
	s.sees("It is taken back", caseA)
	if is := h.document(line.Document); is.Status != "exception" || is.Reason != "recall" {
		t.Errorf("it is %s, %s", is.Status, is.Reason)
	}
}
