package pipeline

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// wantRefused wants an error that is refused with the code.
func wantRefused(t *testing.T, what string, err error, code Refusal) {
	t.Helper()
	var refused *Refused
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("%s: %v, want a refusal with %s", what, err, code)
	}
}

// documentsOf gives the documents of a batch.
func (r *room) documentsOf(batch string) []DocumentLine {
	r.t.Helper()
	_, docs, err := r.Batch(r.t.Context(), batch)
	if err != nil {
		r.t.Fatal(err)
	}
	return docs
}

func versions(docs ...DocumentLine) (all []DocumentVersion) {
	for _, d := range docs {
		all = append(all, DocumentVersion{d.Document, d.Version})
	}
	return all
}

// TestRegroupingsThatCannotBe: each page has exactly one place, and only what lies
// together and waits is regrouped.
func TestRegroupingsThatCannotBe(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "text=one", "text=two", "separator", "text=three", "separator", "code="+caseA, "separator", "text=four")
	_, other := r.process("b.pdf", "text=elsewhere")
	wantPlaces(t, docs, "1-2 exception no-reference", "4-4 exception no-reference", "6-6 filed "+caseA, "8-8 exception no-reference")
	a, b, c := docs[0], docs[1], docs[3]
	for _, w := range []struct {
		what  string
		docs  []DocumentVersion
		group Grouping
		code  Refusal
	}{
		{"no document", nil, Grouping{}, refusedNone},
		{"the same twice", versions(a, a), Grouping{}, refusedTwice},
		{"of two batches", versions(a, other[0]), Grouping{}, refusedBatches},
		{"a filed one", versions(docs[2]), Grouping{}, refusedNotHeld},
		{"a former version", []DocumentVersion{{a.Document, a.Version + 1}}, Grouping{}, refusedChanged},
		{"over a filed one", versions(b, c), Grouping{Spans: []PageSpan{{From: 4, To: 8}}}, refusedApart},
		{"a page forgotten", versions(a), Grouping{Spans: []PageSpan{{From: 1, To: 1}}}, refusedPages},
		{"a page in two", versions(a), Grouping{Spans: []PageSpan{{From: 1, To: 2}, {From: 2, To: 2}}}, refusedPages},
		{"a page in a letter and dropped", versions(a), Grouping{Spans: []PageSpan{{From: 1, To: 2}}, Separators: []int{2}}, refusedPages},
		{"backwards", versions(a), Grouping{Spans: []PageSpan{{From: 2, To: 1}}}, refusedPages},
		{"a page of others", versions(a), Grouping{Spans: []PageSpan{{From: 1, To: 3}}}, refusedOutside},
		{"over a separator", versions(a, b), Grouping{Spans: []PageSpan{{From: 1, To: 4}}}, refusedBetween},
		{"a document's page taken in", versions(a), Grouping{Spans: []PageSpan{{From: 1, To: 4}}, TakeIn: []int{4}}, refusedTaken},
		{"a page that is not there", versions(c), Grouping{Spans: []PageSpan{{From: 8, To: 9}}, TakeIn: []int{9}}, refusedNoPage},
		{"a blank elsewhere", versions(a), Grouping{Spans: []PageSpan{{From: 1, To: 1, Blanks: []int{2}}, {From: 2, To: 2}}}, refusedBlank},
		{"nothing new", versions(a), Grouping{Spans: []PageSpan{{From: 1, To: 2}}}, refusedSame},
		{"without a reason", versions(a), Grouping{Spans: []PageSpan{{From: 1, To: 1}}, Discarded: []DiscardedPage{{2, " "}}}, refusedReason},
	} {
		_, err := r.Regroup(t.Context(), Regroup{Documents: w.docs, Grouping: w.group, By: "A. Clerk"})
		wantRefused(t, w.what, err, w.code)
	}
	for what, c := range map[string]struct {
		doc  DocumentLine
		p    Decision
		code Refusal
	}{
		"the batch ends":   {a, Decision{Merge: mergePrevious}, refusedEdge},
		"no direction":     {a, Decision{Merge: "up"}, refusedDirection},
		"over a separator": {a, Decision{Merge: mergeNext}, refusedBetween},
		"with a filed one": {b, Decision{Merge: mergeNext, TakeIn: true}, refusedNeighbour},
	} {
		c.p.By = "A. Clerk"
		wantRefused(t, what, r.Decide(t.Context(), c.doc.Document, c.p), c.code)
	}
	if places(r.documentsOf(batch.Batch))[0] != places(docs)[0] {
		t.Error("a refusal changed something")
	}
	r.verifies()
}

// TestMergeTakesASeparatorIn: two letters that a page by mistake divided are one, with
// that page; and two again, when that is taken back.
func TestMergeTakesASeparatorIn(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "text=one", "separator", "code="+caseA+";text=Our ref "+caseB, "blank")
	wantPlaces(t, docs, "1-1 exception no-reference", "3-4 exception conflict")
	if err := r.decide(docs[1].Document, Decision{Merge: mergePrevious, TakeIn: true}); err != nil {
		t.Fatal(err)
	}
	merged := r.documentsOf(batch.Batch)
	wantPlaces(t, merged, "1-4 exception conflict")
	if !slices.Equal(merged[0].Blanks, []int{4}) {
		t.Errorf("blanks %v", merged[0].Blanks)
	}
	for i, want := range []string{mergeNext, mergePrevious} {
		d, err := r.Document(t.Context(), docs[i].Document)
		if err != nil || d.Status != "superseded" || !slices.Equal(d.Parts, []string{merged[0].Document}) || d.Decisions[0].Merge != want {
			t.Errorf("%+v, %v", d, err)
		}
	}
	d, err := r.Document(t.Context(), merged[0].Document)
	if err != nil || len(d.Decisions) != 2 {
		t.Errorf("%+v, %v", d, err)
	}
	r.verifies()
	wantRefused(t, "another person", r.Undo(t.Context(), merged[0].Document, Undo{By: "B. Clerk"}), refusedNotYours)
	if err := r.Undo(t.Context(), merged[0].Document, Undo{By: "a. clerk"}); err != nil {
		t.Fatal(err)
	}
	line, again, err := r.Batch(t.Context(), batch.Batch)
	if err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, again, places(docs)...)
	if again[0].Document != docs[0].Document || again[1].Detail != docs[1].Detail || len(line.SeparatorPages) != 1 || line.SeparatorPages[0].Why != "patch-t" {
		t.Errorf("%+v in %+v", again, line)
	}
	wantRefused(t, "taken back twice", r.Undo(t.Context(), docs[0].Document, Undo{By: "A. Clerk"}), refusedNothing)
	r.verifies()
}

// TestASpanComesBack: pages that are made a document again are the same document, whose
// tasks and copies are not taken for those of its former life.
func TestASpanComesBack(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB, "text=page two")
	for range 2 {
		if err := r.decide(docs[0].Document, Decision{SplitBefore: 2}); err != nil {
			t.Fatal(err)
		}
		parts := r.documentsOf(batch.Batch)
		wantPlaces(t, parts, "1-1 exception conflict", "2-2 exception no-reference")
		if err := r.decide(parts[1].Document, Decision{Merge: mergePrevious}); err != nil {
			t.Fatal(err)
		}
		wantPlaces(t, r.documentsOf(batch.Batch), "1-2 exception conflict")
		r.verifies()
	}
	if err := r.decide(docs[0].Document, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	if err := r.Return(t.Context(), docs[0].Document, Return{Why: "two letters", By: "A. Clerk"}); err != nil {
		t.Fatal(err)
	}
	if err := r.decide(docs[0].Document, Decision{SplitBefore: 2}); err != nil {
		t.Fatal(err)
	}
	if err := r.decide(r.documentsOf(batch.Batch)[0].Document, Decision{Merge: mergeNext}); err != nil {
		t.Fatal(err)
	}
	if err := r.decide(docs[0].Document, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	filed := r.documentsOf(batch.Batch)
	wantPlaces(t, filed, "1-2 filed "+caseA)
	if filepath.Base(filed[0].Path) != docs[0].Document+"-2" {
		t.Errorf("it is filed as %s", filed[0].Path)
	}
	d, err := r.Document(t.Context(), docs[0].Document)
	if err != nil || len(d.Decisions) < 9 {
		t.Errorf("%d decisions are told, %v", len(d.Decisions), err)
	}
	r.verifies()
}

// TestASpanComesBackFromItsCase: a recalled letter that is divided and put together again
// is not filed over its withdrawn copy; nor by the machine in a case that a person sent it back from.
func TestASpanComesBackFromItsCase(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "code="+caseA, "text=page two")
	id, was := docs[0].Document, docs[0].Path
	if err := errors.Join(r.recall(id), r.decide(id, Decision{SplitBefore: 2})); err != nil {
		t.Fatal(err)
	}
	parts := r.documentsOf(batch.Batch)
	wantPlaces(t, parts, "1-1 filed "+caseA, "2-2 exception no-reference")
	if err := errors.Join(r.Return(t.Context(), parts[0].Document, Return{Why: "one letter", By: "A. Clerk"}), r.decide(parts[1].Document, Decision{Merge: mergePrevious})); err != nil {
		t.Fatal(err)
	}
	merged := r.documentsOf(batch.Batch)
	wantPlaces(t, merged, "1-2 exception recall")
	if merged[0].Document != id || !strings.Contains(merged[0].Detail, "sent it, or pages of it, back from "+caseA) {
		t.Errorf("%+v", merged[0])
	}
	r.verifies()
	if err := r.decide(id, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	filed := r.documentsOf(batch.Batch)
	wantPlaces(t, filed, "1-2 filed "+caseA)
	if filed[0].Path != was+"-2" {
		t.Errorf("it is filed as %s, and was as %s", filed[0].Path, was)
	}
	r.verifies()
}

// TestASpanIsLookedAtAgain: the second look at a document's print is a task of each of its lives.
func TestASpanIsLookedAtAgain(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "text=Our ref TX-2021-000001-3)", "text=page two")
	wantPlaces(t, docs, "1-2 exception weak-evidence")
	if err := errors.Join(r.decide(docs[0].Document, Decision{SplitBefore: 2}), r.decide(r.documentsOf(batch.Batch)[1].Document, Decision{Merge: mergePrevious})); err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, r.documentsOf(batch.Batch), "1-2 exception weak-evidence")
	if n := strings.Count(strings.Join(r.helpers.asked, "; "), "again [1]"); n != 3 {
		t.Errorf("looked at %d times", n)
	}
	r.verifies()
}

// TestPagesMoveAndAreDropped: all at once, with the pages' places told.
func TestPagesMoveAndAreDropped(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "text=one", "text=two", "separator", "text=three", "text=four", "text=five")
	wantPlaces(t, docs, "1-2 exception no-reference", "4-6 exception no-reference")
	made, err := r.Regroup(t.Context(), Regroup{Documents: versions(docs...), By: "A. Clerk", Grouping: Grouping{
		Spans: []PageSpan{{From: 3, To: 4, Blanks: []int{3}}, {From: 1, To: 1}}, Separators: []int{5}, Discarded: []DiscardedPage{{2, "torn"}, {6, "coffee"}}, TakeIn: []int{3}}})
	if err != nil {
		t.Fatal(err)
	}
	line, docs := r.rest(batch.Batch)
	wantPlaces(t, docs, "1-1 exception no-reference", "3-4 exception no-reference")
	if !slices.Equal(made, []string{docs[0].Document, docs[1].Document}) || !slices.Equal(docs[1].Blanks, []int{3}) {
		t.Errorf("made %v, %+v", made, docs)
	}
	if len(line.SeparatorPages) != 1 || line.SeparatorPages[0].Page != 5 || line.SeparatorPages[0].DecidedBy != "A. Clerk" ||
		len(line.DiscardedPages) != 2 || line.DiscardedPages[0].Why != "torn" || line.DiscardedPages[1].DecidedBy != "A. Clerk" {
		t.Errorf("%+v", line)
	}
	r.verifies()
	// A page that was dropped can be a letter's again.
	if _, err := r.Regroup(t.Context(), Regroup{Documents: versions(docs[0]), By: "A. Clerk", Grouping: Grouping{Spans: []PageSpan{{From: 1, To: 2}}, TakeIn: []int{2}}}); err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, r.documentsOf(batch.Batch), "1-2 exception no-reference", "3-4 exception no-reference")
	// Then the regrouping that dropped it can't be taken back any more.
	wantRefused(t, "what came after", r.Undo(t.Context(), made[1], Undo{By: "A. Clerk"}), refusedAfter)
	r.verifies()
}

// TestMergingAnswersTheDoubt: that a letter begins there is not asked again.
func TestMergingAnswersTheDoubt(t *testing.T) {
	const letter = "text=a letter has many more words than any caption of a separator sheet would ever have to say"
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "code="+caseA, letter, "patch;"+letter, letter)
	wantPlaces(t, docs, "1-2 exception doubtful-separator", "3-4 exception doubtful-separator")
	if err := r.decide(docs[0].Document, Decision{Merge: mergeNext}); err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, r.documentsOf(batch.Batch), "1-4 filed "+caseA)
	r.verifies()
	// Nor when the text is read only afterwards, and shows that the page is no separator.
	r = after(t)
	batch, docs = r.process("a.pdf", "text=no number", "patch;"+letter, letter)
	wantPlaces(t, docs, "1-1 exception no-reference", "3-3 exception no-reference")
	if err := r.decide(docs[0].Document, Decision{Merge: mergeNext, TakeIn: true}); err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, r.documentsOf(batch.Batch), "1-3 exception no-reference")
	r.verifies()
}

// TestFiledPartsCannotBeTakenBack: what the machine has filed since is not torn out of its case.
func TestFiledPartsCannotBeTakenBack(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA, "text=x", "text=Our ref "+caseB)
	if err := r.decide(docs[0].Document, Decision{SplitBefore: 3}); err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, r.documentsOf(docs[0].Batch), "1-2 filed "+caseA, "3-3 filed "+caseB)
	wantRefused(t, "filed parts", r.Undo(t.Context(), docs[0].Document, Undo{By: "A. Clerk"}), refusedPartFiled)
	_, docs = r.process("b.pdf", "text=one", "text=two")
	if err := r.decide(docs[0].Document, Decision{SplitBefore: 2}); err != nil {
		t.Fatal(err)
	}
	part := r.documentsOf(docs[0].Batch)[1]
	if err := r.decide(part.Document, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "a part that a person has filed", r.Undo(t.Context(), docs[0].Document, Undo{By: "A. Clerk"}), refusedPart)
	r.verifies()
}

// TestOlderJournalsTellOfParts: where rows do not say what was made of what, the pages do.
func TestOlderJournalsTellOfParts(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA, "text=x", "text=Our ref "+caseB)
	whole := docs[0].Document
	if err := r.decide(whole, Decision{SplitBefore: 3}); err != nil {
		t.Fatal(err)
	}
	docs = r.documentsOf(docs[0].Batch)
	var want []string
	for _, d := range docs {
		want = append(want, d.Document)
		if err := r.rewrite(tableDoc, d.Document, `,"of":["`+whole+`"]`, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(r.rewrite(tableDoc, whole, `,"of":[]`, ""), r.rewrite(tableDoc, whole, `"into"`, `"unknown"`)); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Document(t.Context(), whole); err != nil || !slices.Equal(d.Parts, want) {
		t.Errorf("parts %v, want %v, %v", d.Parts, want, err)
	}
	for _, id := range want {
		if d, err := r.Document(t.Context(), id); err != nil || len(d.Decisions) != 1 || d.Decisions[0].SplitBefore != 3 {
			t.Errorf("%+v, %v", d.Decisions, err)
		}
	}
	r.verifies()
}

// TestSentBackPagesInOtherLetters: a page that came back from a case leads no other letter
// there, whatever way it takes to that.
func TestSentBackPagesInOtherLetters(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "code="+caseA, "separator", "text=three")
	wantPlaces(t, docs, "1-1 filed "+caseA, "3-3 exception no-reference")
	if err := r.Return(ctx, docs[0].Document, Return{Why: "not mine", By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	r.rest(batch.Batch)
	for _, g := range []Regroup{
		{Documents: []DocumentVersion{{Document: docs[0].Document}}, Grouping: Grouping{Discarded: []DiscardedPage{{1, "a cover"}}}, By: "Anna"},
		{Documents: []DocumentVersion{{Document: docs[1].Document}}, Grouping: Grouping{Spans: []PageSpan{{From: 1, To: 3}}, TakeIn: []int{1, 2}}, By: "Anna"},
	} {
		if _, err := r.Regroup(ctx, g); err != nil {
			t.Fatal(err)
		}
	}
	_, docs = r.rest(batch.Batch)
	wantPlaces(t, docs, "1-3 exception recall")
	r.verifies()
}

// TestWholeFilesAreNotDivided: a file whose pages were not told apart has none.
func TestWholeFilesAreNotDivided(t *testing.T) {
	r := newRoom(t)
	r.process("a.pdf", "text=x", "text=y")
	_, docs := r.process("b.pdf", "text=x", "text=y")
	wantPlaces(t, docs, "1-2 exception duplicate")
	for _, p := range []Decision{{SplitBefore: 2}, {Separator: 1}, {Merge: mergeNext}} {
		wantRefused(t, p.Words(), r.decide(docs[0].Document, p), refusedWhole)
	}
	_, err := r.Regroup(t.Context(), Regroup{Documents: versions(docs...), By: "me", Grouping: Grouping{Spans: []PageSpan{{From: 1, To: 1}, {From: 2, To: 2}}}})
	wantRefused(t, "regroup", err, refusedWhole)
}

// TestVerifyHoldsPersonsRowsAgainstTheLog: what persons did is found, too, when it is changed by hand.
func TestVerifyHoldsPersonsRowsAgainstTheLog(t *testing.T) {
	remove := func(table, key string) func(r *room) error {
		return func(r *room) error {
			return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error { return tx.Delete(table, key) })
		}
	}
	r := newRoom(t)
	r.doubleKey = []string{"tax"}
	r.reopen()
	batch, docs := r.process("a.pdf", "text=one", "text=two", "separator", "text=three", "separator", "text=four", "text=five")
	ctx := t.Context()
	if err := errors.Join(
		r.Decide(ctx, docs[0].Document, Decision{Reference: caseA, By: "Anna"}),
		r.Park(ctx, docs[1].Document, Park{Lane: LaneRescan, Why: "faint", By: "Anna"}),
		r.Decide(ctx, docs[2].Document, Decision{Separator: 7, By: "Anna"}),
		r.Undo(ctx, docs[2].Document, Undo{By: "Anna"}),
		r.Decide(ctx, docs[2].Document, Decision{Separator: 6, By: "Anna"})); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Turn(ctx, batch.Batch, Turn{Page: 2, Degrees: 180, By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	r.verifies()
	parked := mail.Document{ID: docs[1].Document, Batch: batch.Batch, From: 4}
	for what, touch := range map[string]func(r *room) error{
		"the keyed reference": func(r *room) error { return r.rewrite(tableDoc, docs[0].Document, caseA, caseB) },
		"who keyed":           func(r *room) error { return r.rewrite(tableDoc, docs[0].Document, "Anna", "Otto") },
		"the lane":            func(r *room) error { return r.rewrite(tableDoc, docs[1].Document, "faint", "dark") },
		"the list of rescans": remove(tableRescan, spanKey(parked)),
		"the turn":            func(r *room) error { return r.rewrite(tableTurn, pageKey(batch.Batch, 2), "180", "90") },
		"a turn that is gone": remove(tableTurn, pageKey(batch.Batch, 2)),
		"what was taken back": func(r *room) error { return r.rewrite(tableDecision, docs[2].Document+"/1", `"undone"`, `"unsaid"`) },
		"who took it back": func(r *room) error {
			return r.rewrite(tableDecision, docs[2].Document+"/1", `"undone":{"by":"Anna"`, `"undone":{"by":"Otto"`)
		},
		"why a page is dropped":  func(r *room) error { return r.rewrite(tableDisposition, pageKey(batch.Batch, 6), "person", "patch-t") },
		"a decision that is not": remove(tableDecision, docs[2].Document+"/1"),
	} {
		before := r.snapshot()
		if err := touch(r); err != nil {
			t.Fatal(what, err)
		}
		found := 0
		if _, err := r.Verify(ctx, func(string) { found++ }); err != nil && !errors.Is(err, journal.ErrDamaged) {
			t.Fatal(what, err)
		}
		if found == 0 {
			t.Errorf("%s: not found", what)
		}
		r.putBack(before)
	}
	r.verifies()
}

// snapshot keeps the rows that persons' doings stand in.
func (r *room) snapshot() map[string][]journal.Row {
	r.t.Helper()
	all := map[string][]journal.Row{}
	for _, table := range []string{tableDoc, tableDecision, tableDisposition, tableTurn, tableRescan} {
		if err := r.journal.View(r.t.Context(), func(reader journal.Reader) error {
			return each(reader, table, "", func(row journal.Row) error {
				all[table] = append(all[table], row)
				return nil
			})
		}); err != nil {
			r.t.Fatal(err)
		}
	}
	return all
}

func (r *room) putBack(all map[string][]journal.Row) {
	r.t.Helper()
	if err := r.journal.Tx(r.t.Context(), func(tx journal.Tx) error {
		for table, rows := range all {
			for _, row := range rows {
				if err := tx.Put(table, row.Key, row.Value); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
}
