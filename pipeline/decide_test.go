package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router/casestore"
)

func TestPersonFilesADocument(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "text=no number here")
	id := docs[0].Document
	for given, want := range map[string]string{
		"TX-2021-000001-34": "invalid-reference", "TX-2021-000009-09": "unknown-case", "TX-2021-000003-27": "closed-case", "hello": "invalid-reference",
	} {
		var refused *Refused
		if err := r.decide(id, Decision{Reference: given}); !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("--reference %s: %v, want a refusal with %s", given, err, want)
		} else if refused.Says == nil || !strings.HasSuffix(refused.Why, refused.Says.English()) || r.Look(given).Says.English() != refused.Says.English() {
			t.Errorf("--reference %s is refused with %+v, and looked up with %+v", given, refused.Says, r.Look(given).Says)
		}
	}
	if err := r.decide(id, Decision{Reference: "tx-2021-000001-33 "}); err == nil {
		t.Log("lower case is taken as the register spells it")
	} else if err := r.decide(id, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	d, err := r.Document(t.Context(), id)
	if err != nil || d.Status != "filed" || d.Reference != caseA || d.Rule != "person" {
		t.Fatalf("%+v, %v", d, err)
	}
	sheet, err := os.ReadFile(filepath.Join(d.Path, "document.json"))
	if err != nil || !strings.Contains(string(sheet), `"decided_by": "A. Clerk"`) {
		t.Errorf("the sheet does not say who decided: %s, %v", sheet, err)
	}
	if strings.Contains(string(sheet), "polygon") {
		t.Errorf("what a person says has a place on the page: %s", sheet)
	}
	if err := r.decide(id, Decision{Reference: caseB}); err == nil {
		t.Error("a filed document was decided again")
	}
	r.verifies()
}

// TestSheetTellsPlacesAsTheContractDoes: a list of four corners, [x,y].
func TestSheetTellsPlacesAsTheContractDoes(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA)
	sheet, err := os.ReadFile(filepath.Join(docs[0].Path, "document.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s struct{ Evidence []struct{ Polygon [][]int } }
	if err := json.Unmarshal(sheet, &s); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.Evidence); got != "[{[[100 100] [400 100] [400 160] [100 160]]}]" {
		t.Errorf("%s in %s", got, sheet)
	}
}

// TestDecisionSaysWhoAndWhy: what can't be read later, on a screen or in a log, was not said.
func TestDecisionSaysWhoAndWhy(t *testing.T) {
	for _, text := range []string{" ", "\t", "\u00a0", "A. Clerk\nstatus filed", "A.\x1b[2JClerk", "A\u202eB", "\xff"} {
		for what, d := range map[string]Decision{"name": {By: text, Discard: "x"}, "reason": {By: "me", Discard: text}} {
			var refused *Refused
			if err := d.Complete(); !errors.As(err, &refused) || !strings.Contains(err.Error(), what) {
				t.Errorf("%s %q: %v", what, text, err)
			}
		}
	}
	if err := (Decision{By: " Zoë O'Neill-Łuczak ", Discard: "advertising; “Réclame”"}).Complete(); err != nil {
		t.Error(err)
	}
}

// TestTwoPersonsDecideOneDocument: who decides on what is no more is told so, also
// when the document waits again by then.
func TestTwoPersonsDecideOneDocument(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "text=no number here")
	seen := docs[0]
	tax := r.stores["tax"]
	r.stores["tax"] = moody{Store: tax, fail: func() error { return casestore.ErrRefused }}
	if err := r.decide(seen.Document, Decision{Reference: caseA, Version: seen.Version}); err != nil {
		t.Fatal(err)
	}
	r.stores["tax"] = tax
	now, err := r.Document(t.Context(), seen.Document)
	if err != nil || now.Status != "exception" || now.Reason != "delivery-refused" {
		t.Fatalf("%+v, %v", now, err)
	}
	var refused *Refused
	if err := r.decide(seen.Document, Decision{Discard: "advertising", Version: seen.Version}); !errors.As(err, &refused) {
		t.Errorf("a decision on what is no more: %v", err)
	}
	if still, err := r.Document(t.Context(), seen.Document); err != nil || still.Version != now.Version {
		t.Errorf("it was changed: %+v, %v", still, err)
	}
	if err := r.decide(seen.Document, Decision{Reference: caseB, Version: now.Version}); err != nil {
		t.Error(err)
	}
	r.verifies()
}

func TestPersonDividesADocument(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA, "text=page two", "text=nobody could read this", "text=Our ref "+caseB, "blank")
	wantPlaces(t, docs, "1-5 exception conflict")
	id := docs[0].Document
	for _, bad := range []Decision{{SplitBefore: 1}, {SplitBefore: 6}, {Separator: 6}, {}, {SplitBefore: 2, Discard: "both"}, {SplitBefore: -3}, {Separator: -1}} {
		if err := r.decide(id, bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if err := r.decide(id, Decision{Separator: 3}); err != nil {
		t.Fatal(err)
	}
	batch, docs, err := r.Batch(t.Context(), docs[0].Batch)
	if err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, docs, "1-2 filed "+caseA, "4-5 filed "+caseB)
	if batch.State != "closed" || batch.Separators != 1 {
		t.Errorf("batch %+v", batch)
	}
	r.verifies()
}

func TestPersonSplitsAndDiscards(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "text=no number", "text=Our ref "+caseB)
	if err := r.decide(docs[0].Document, Decision{SplitBefore: 2}); err != nil && docs[0].Status == "exception" {
		t.Fatal(err)
	}
	_, docs = r.process("b.pdf", "code="+caseA+";text=Our ref "+caseB, "text=advertising")
	if err := r.decide(docs[0].Document, Decision{SplitBefore: 2}); err != nil {
		t.Fatal(err)
	}
	batch, docs, err := r.Batch(t.Context(), docs[0].Batch)
	if err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, docs, "1-1 exception conflict", "2-2 exception no-reference")
	if err := r.decide(docs[1].Document, Decision{Discard: "advertising"}); err != nil {
		t.Fatal(err)
	}
	if err := r.decide(docs[0].Document, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	if batch, _, err = r.Batch(t.Context(), batch.Batch); err != nil || batch.State != "closed" || batch.Discarded != 1 {
		t.Errorf("%+v, %v", batch, err)
	}
	r.verifies()
}

// after opens a mailroom that files by barcode at once.
func after(t *testing.T) *room {
	r := newRoom(t)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	r.after = true
	r.open(nil)
	return r
}

func TestAfterFilesByBarcodeAndConfirms(t *testing.T) {
	r := after(t)
	_, docs := r.process("a.pdf", "separator", "code="+caseA+";text=Our ref "+caseA, "text=more", "separator", "text=Our ref "+caseB, "separator", "text=nothing")
	wantPlaces(t, docs, "2-3 filed "+caseA, "5-5 filed "+caseB, "7-7 exception no-reference")
	r.verifies()
}

// TestNoMoreIsReadThanDecides: the head of the first page, the page, the next ones; a
// letter that is filed has the rest read afterwards, once.
func TestNoMoreIsReadThanDecides(t *testing.T) {
	for _, c := range []struct {
		pages  []string
		place  string
		before []string // of what is read to decide
	}{
		{[]string{"head=Our ref " + caseA + ";text=more", "text=and more"}, "1-2 filed " + caseA, []string{"head [1]"}},
		{[]string{"text=Our ref " + caseA, "text=and more"}, "1-2 filed " + caseA, []string{"head [1]", "all [1]"}},
		{[]string{"text=Dear all", "text=Our ref " + caseA, "text=more"}, "1-3 filed " + caseA, []string{"head [1]", "all [1]", "all [2]"}},
		{[]string{"text=Dear all", "text=Our ref " + caseA}, "1-2 filed " + caseA, []string{"head [1]", "all [1]", "all [2]"}},
		{[]string{"head=Our ref " + caseA + ";text=or rather " + caseB}, "1-1 exception recall", []string{"head [1]"}},
		{[]string{"head=Our ref " + caseA + " or " + caseB, "text=more"}, "1-2 exception conflict", []string{"head [1]", "all [1]", "all [2]"}},
		{[]string{"text=Dear all", "text=yours"}, "1-2 exception no-reference", []string{"head [1]", "all [1]", "all [2]"}},
	} {
		r := after(t)
		_, docs := r.process("a.pdf", c.pages...)
		wantPlaces(t, docs, c.place)
		asked := slices.DeleteFunc(r.helpers.asked, func(s string) bool { return strings.HasPrefix(s, "control") }) // the codes come first
		if len(asked) < len(c.before) || !slices.Equal(asked[:len(c.before)], c.before) {
			t.Errorf("%q: read %q, want first %q", c.pages, asked, c.before)
		}
		for n := range c.pages {
			if all := fmt.Sprintf("all [%d]", n+1); strings.Count(strings.Join(asked, "; "), all) != 1 {
				t.Errorf("%q: read %q, want %s once", c.pages, asked, all)
			}
		}
		r.verifies()
	}
}

// TestASecondLook: print that is nearly a reference is looked at once more before it waits
// for a person, and what is seen then stands in the journal.
func TestASecondLook(t *testing.T) {
	for _, mode := range []bool{false, true} {
		for _, c := range []struct {
			looks []string
			place string
		}{
			{[]string{caseA, caseA}, "1-1 filed " + caseA},
			{[]string{caseA, caseB}, "1-1 exception weak-evidence"},
			{nil, "1-1 exception weak-evidence"},
		} {
			r := newRoom(t)
			if mode {
				r = after(t)
			}
			r.helpers.looks = c.looks
			batch, docs := r.process("a.pdf", "text=Our ref TX-2021-000001-3)")
			wantPlaces(t, docs, c.place)
			if n := strings.Count(strings.Join(r.helpers.asked, "; "), "again [1]"); n != 1 {
				t.Errorf("after %v, %q: looked at %d times", mode, c.looks, n)
			}
			readings, err := r.readings(t.Context(), batch.Batch, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			filed := strings.Contains(c.place, " filed ")
			if got := readings[0].Words[len(readings[0].Words)-1].Text; (got == caseA) != filed {
				t.Errorf("after %v, %q: the journal has %q", mode, c.looks, got)
			}
			r.verifies()
		}
	}
}

func TestContradictionFoundLaterRecalls(t *testing.T) {
	r := after(t)
	batch, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB, "text=more")
	wantPlaces(t, docs, "1-2 exception recall")
	if batch.State != "open" {
		t.Error("an open recall does not keep its batch open")
	}
	was := docs[0].Path
	if _, err := os.Stat(filepath.Join(was, "withdrawn.json")); err == nil {
		t.Error("withdrawn before a person decided")
	}
	if err := r.decide(docs[0].Document, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	batch, docs, err := r.Batch(t.Context(), batch.Batch)
	if err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, docs, "1-2 filed "+caseB)
	note, err := os.ReadFile(filepath.Join(was, "withdrawn.json"))
	if err != nil || !strings.Contains(string(note), "A. Clerk") {
		t.Errorf("withdrawn.json: %s, %v", note, err)
	}
	if batch.State != "closed" {
		t.Errorf("batch is %s", batch.State)
	}
	r.verifies()
}

// TestRecalledLetterReturns: taken back from a case, refused by another, it goes to
// the first after all, where its withdrawn copy stays as evidence.
func TestRecalledLetterReturns(t *testing.T) {
	r := after(t)
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB)
	id, was, tax := docs[0].Document, docs[0].Path, r.stores["tax"]
	for round := range 2 {
		r.stores["tax"] = moody{Store: tax, fail: func() error { return casestore.ErrRefused }}
		if err := r.decide(id, Decision{Reference: caseB}); err != nil {
			t.Fatal(err)
		}
		r.stores["tax"] = tax
		if err := r.decide(id, Decision{Reference: caseA}); err != nil {
			t.Fatal(err)
		}
		d, err := r.Document(t.Context(), id)
		if err != nil || d.Status != "filed" || d.Reference != caseA || d.Path == was {
			t.Fatalf("round %d: %+v, %v", round, d, err)
		}
		if _, err := os.Stat(filepath.Join(was, "withdrawn.json")); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(d.Path, "withdrawn.json")); err == nil {
			t.Error("it stands in its case as withdrawn")
		}
		r.verifies()
		was = d.Path
		if err := r.recall(id); err != nil {
			t.Fatal(err)
		}
	}
}

// recall holds a filed document, as a contradiction that is found later does.
func (r *room) recall(id string) error {
	return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error {
		d, err := load[docRow](tx, tableDoc, id)
		if err != nil {
			return err
		}
		return errors.Join(r.hold(tx, d, mail.Exception{Reason: mail.Recall}), r.settle(tx, d.Batch))
	})
}

func TestUnfoundedRecallStaysWhereItIs(t *testing.T) {
	r := after(t)
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB)
	if err := r.decide(docs[0].Document, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	d, err := r.Document(t.Context(), docs[0].Document)
	if err != nil || d.Status != mail.Filed.String() || d.Path != docs[0].Path {
		t.Errorf("%+v, %v", d, err)
	}
	r.verifies()
}

// TestDividingKeepsTheOtherDoubts: a person's word about one boundary says nothing
// about the others of the document.
func TestDividingKeepsTheOtherDoubts(t *testing.T) {
	const letter = "text=a letter has many more words than any caption of a separator sheet would ever have to say"
	for name, c := range map[string]struct {
		pages []string
		doc   int // that is divided
		split int
		want  []string
	}{
		"the end": {[]string{"code=" + caseA, letter, "patch;" + letter, letter}, 0, 2,
			[]string{"1-1 filed " + caseA, "2-2 exception doubtful-separator", "3-4 exception doubtful-separator"}},
		"the beginning": {[]string{"patch;" + letter, "code=" + caseA, "code=" + caseA}, 0, 3,
			[]string{"1-2 exception doubtful-separator", "3-3 filed " + caseA}},
	} {
		r := newRoom(t)
		_, docs := r.process("a.pdf", c.pages...)
		if err := r.decide(docs[c.doc].Document, Decision{SplitBefore: c.split}); err != nil {
			t.Fatal(name, err)
		}
		_, docs, err := r.Batch(t.Context(), docs[0].Batch)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(name)
		wantPlaces(t, docs, c.want...)
	}
}
