package pipeline

import (
	"encoding/json"
	"testing"

	"postroom/mail"
	"postroom/pipeline/sandbox"
)

// TestPartialFilesAreSaid: what was kept as a sentence when a file was taken has its code,
// also where a former version kept it; another sentence stays what it is.
func TestPartialFilesAreSaid(t *testing.T) {
	if r := partial(agedBefore); r.Detail != agedBefore || r.Says == nil || r.Says.Code != "file-not-whole" {
		t.Errorf("a former version's is said as %+v", r.Says)
	}
	for detail, code := range map[string]string{agedDetail(): "file-not-whole", grownDetail("b1"): "file-grown", "Something else.": ""} {
		r := partial(detail)
		if r.Reason != mail.Incomplete || r.Detail != detail || (r.Says != nil) != (code != "") || r.Says != nil && (r.Says.Code != code || r.Says.English() != detail) {
			t.Errorf("%q is said as %+v", detail, r.Says)
		}
	}
}

// TestEmptyFilesAreSaid: of a file without a byte it is told that it is empty, not that it was
// not whole or is of an unknown kind.
func TestEmptyFilesAreSaid(t *testing.T) {
	for partial, reason := range map[string]mail.Reason{"": mail.UnreadableFile, agedDetail(): mail.Incomplete} {
		r := (&Mailroom{}).refused(batchRow{Partial: partial}, sandbox.Contents{Refused: refusal(mail.UnreadableFile, mail.Say("fault-kind"))})
		if r.Reason != reason || r.Says.Code != "file-no-bytes" || r.Detail != r.Says.English() {
			t.Errorf("%q: %+v", partial, r)
		}
	}
	if r := (&Mailroom{}).refused(batchRow{Partial: grownDetail("b1")}, sandbox.Contents{}); r.Says.Code != "file-grown" {
		t.Errorf("one that was taken before: %+v", r)
	}
}

// TestOtherCopiesAreSaid: what a rendition finds against a filed copy is kept as a sentence.
func TestOtherCopiesAreSaid(t *testing.T) {
	d := docRow{Placement: &mail.Placement{}}
	want := mail.Say("copy-other", "reference", d.Placement.Reference, "fault", "it has other pages: 4")
	if got := copyOther(d, want.English()); got.English() != want.English() || got.Args["fault"] != "it has other pages: 4" {
		t.Errorf("%+v", got)
	}
}

// TestSayingsAreHeldAgainstTheLog: a former version's entry agrees with its row, and a
// saying that was changed by hand does not with its entry.
func TestSayingsAreHeldAgainstTheLog(t *testing.T) {
	former := []json.RawMessage{json.RawMessage(`{"document":"d","reason":"no-reference","detail":"No page carries a reference.","since":"2031-10-27T09:30:00Z"}`)}
	var row mail.Exception
	if err := json.Unmarshal(former[0], &row); err != nil || row.Says != nil || !agrees(row, former) {
		t.Errorf("%+v, %v", row, err)
	}
	now := exception(mail.ClosedCase, mail.Say("case-closed", "reference", "TX-1"))
	entry := []json.RawMessage{encode(now)}
	if !agrees(now, entry) {
		t.Error("an exception does not agree with its own entry")
	}
	if now.Says = mail.Say("case-closed", "reference", "TX-2"); agrees(now, entry) {
		t.Error("a saying that was changed agrees")
	}
}
