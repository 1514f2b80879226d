package web

import (
	"net/http"
	"net/url"
	"regexp"
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
	batch := h.receive("a.pdf", "code="+tickets[0].Code, "code="+caseA+" one", "two")[0].Batch
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
	o.sees("other counts by now")
	if got := o.post("/batches/"+batch+"/close", form); got.StatusCode != http.StatusSeeOther {
		t.Error(got.Status, o.body)
	}
	if b, _, err := h.mailroom.Batch(t.Context(), batch); err != nil || b.State != "closed" || b.Closing.Counted != (mail.Counts{Documents: 1, Pages: 2}) {
		t.Errorf("%+v, %v", b, err)
	}
}
