package pipeline

import (
	"os"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/pipeline/sandbox"
)

// TestUnreadablePageIsFiledIfItCanBeCut holds docs/exceptions.md to what a person's
// reference does for a page that can't be read: its pages must be cut all the same.
func TestUnreadablePageIsFiledIfItCanBeCut(t *testing.T) {
	const says = "Its pages can't be cut from the scanner's file"
	manual, err := os.ReadFile("../docs/exceptions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(manual), "### `unreadable-page`\n")
	if section, _, _ = strings.Cut(section, "\n### "); !strings.Contains(section, says) {
		t.Errorf("docs/exceptions.md does not tell of documents that can't be cut: %s", section)
	}
	r := newRoom(t)
	_, docs := r.process("a.pdf", "separator", "dead", "separator", "text=another letter")
	id := docs[0].Document
	r.helpers.cut = func(int, int) *sandbox.Refusal {
		return &sandbox.Refusal{Reason: mail.UnreadablePage, Detail: "over 20s"}
	}
	if err := r.decide(id, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Document(t.Context(), id); err != nil || d.Reason != "unreadable-page" || !strings.HasPrefix(d.Detail, says) {
		t.Errorf("what can't be cut: %+v, %v", d, err)
	}
	r.helpers.cut = nil // a limit was raised
	if err := r.decide(id, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Document(t.Context(), id); err != nil || d.Status != "filed" || d.Reference != caseA {
		t.Errorf("what can be cut: %+v, %v", d, err)
	}
	r.verifies()
}
