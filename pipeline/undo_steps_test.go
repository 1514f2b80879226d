package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"postroom/router/casestore"
)

// TestUndoStepByStep: decisions are taken back one by one, the last one first, also those
// on documents that were made, unmade and decided on meanwhile.
func TestUndoStepByStep(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "text=one", "text=two", "text=three", "text=four")
	me := func(g Regroup) {
		t.Helper()
		g.By = "A. Clerk"
		if _, err := r.Regroup(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	was := []string{}
	about := []string{}
	step := func(spans []PageSpan, dropped []DiscardedPage, named ...int) {
		t.Helper()
		now := r.documentsOf(batch.Batch)
		was = append(was, fmt.Sprint(places(now)))
		var of []DocumentLine
		for _, i := range named {
			of = append(of, now[i])
		}
		about = append(about, of[0].Document)
		me(Regroup{Documents: versions(of...), Grouping: Grouping{Spans: spans, Discarded: dropped}})
	}
	step([]PageSpan{{From: 1, To: 2}, {From: 3, To: 4}}, nil, 0)
	step([]PageSpan{{From: 1, To: 1}, {From: 2, To: 4}}, nil, 0, 1)
	step([]PageSpan{{From: 1, To: 4}}, nil, 0, 1)
	step([]PageSpan{{From: 1, To: 4, Blanks: []int{4}}}, nil, 0)
	step([]PageSpan{{From: 1, To: 3}}, []DiscardedPage{{4, "advertising"}}, 0)
	step([]PageSpan{{From: 1, To: 1}, {From: 2, To: 3}}, nil, 0)
	for i := len(was) - 1; i >= 0; i-- {
		if err := r.Undo(t.Context(), about[i], Undo{By: "A. Clerk"}); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if now := fmt.Sprint(places(r.documentsOf(batch.Batch))); now != was[i] {
			t.Fatalf("step %d taken back: %s, want %s", i, now, was[i])
		}
	}
	wantRefused(t, "one more", r.Undo(t.Context(), docs[0].Document, Undo{By: "A. Clerk"}), refusedNothing)
}

// TestUndoGivesNoPageAway: a page that was taken in and dropped again is its letter's once
// more when that letter's own regrouping was taken back, and stays there.
func TestUndoGivesNoPageAway(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "text=one", "text=two", "separator", "text=four", "text=five")
	wantPlaces(t, docs, "1-2 exception no-reference", "4-5 exception no-reference")
	group := func(g Regroup) {
		t.Helper()
		if _, err := r.Regroup(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	group(Regroup{Documents: versions(docs[0]), Grouping: Grouping{Spans: []PageSpan{{From: 1, To: 1}}, Separators: []int{2}}, By: "Anna"})
	group(Regroup{Documents: versions(docs[1]), Grouping: Grouping{Spans: []PageSpan{{From: 3, To: 5}},
		Discarded: []DiscardedPage{{2, "empty"}}, TakeIn: []int{2, 3}}, By: "Otto"})
	if err := r.Undo(t.Context(), docs[0].Document, Undo{By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "page 2 is Anna's again", r.Undo(t.Context(), docs[1].Document, Undo{By: "Otto"}), refusedAfter)
	wantPlaces(t, r.documentsOf(batch.Batch), "1-2 exception no-reference", "3-5 exception no-reference")
	r.verifies()
}

// TestUndoneWaitsAsBefore: for the same reason, with the same candidates and in the same
// lane, whatever was decided and however far it has come; and the log proves it.
func TestUndoneWaitsAsBefore(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB, "text=two")
	id := docs[0].Document
	wantPlaces(t, docs, "1-2 exception conflict")
	if err := r.Park(ctx, id, Park{Lane: LaneSupervisor, Why: "two cases", By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	was, err := r.Document(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	file := Decision{Reference: caseA, Supervisor: true, By: "Sue"}
	for what, decide := range map[string]func() error{
		"filed":      func() error { defer r.rest(batch.Batch); return r.Decide(ctx, id, file) },
		"on its way": func() error { return r.Decide(ctx, id, file) },
		"discarded":  func() error { return r.Decide(ctx, id, Decision{Discard: "x", Supervisor: true, By: "Sue"}) },
		"divided":    func() error { return r.Decide(ctx, id, Decision{SplitBefore: 2, Supervisor: true, By: "Sue"}) },
	} {
		if err := errors.Join(decide(), r.Undo(ctx, id, Undo{By: "Sue"})); err != nil {
			t.Fatal(what, err)
		}
		r.rest(batch.Batch)
		is, err := r.Document(ctx, id)
		is.Version, is.Decisions = was.Version, nil
		if err != nil || !bytes.Equal(encode(is), encode(was)) {
			t.Errorf("%s, then taken back: %s, want %s, %v", what, encode(is), encode(was), err)
		}
		wantRefused(t, what, r.Decide(ctx, id, Decision{Discard: "x", By: "Bert"}), refusedHandedUp)
		r.verifies()
	}
}

// TestUndoneAndRefusedWaitsAsBefore: a store that says no to what was taken back on its way
// there takes it out of no lane.
func TestUndoneAndRefusedWaitsAsBefore(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "text=x")
	id := docs[0].Document
	if err := r.Park(ctx, id, Park{Lane: LaneSupervisor, Why: "two cases", By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	was, err := r.Document(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	answer := errors.New("away")
	r.stores["tax"] = moody{Store: r.stores["tax"], fail: func() error { return answer }}
	if err := r.Decide(ctx, id, Decision{Reference: caseA, Supervisor: true, By: "Sue"}); err != nil {
		t.Fatal(err)
	}
	r.rest(batch.Batch)
	if err := r.Undo(ctx, id, Undo{By: "Sue"}); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Document(ctx, id); err != nil || d.Status != "placed" {
		t.Fatalf("its delivery may have begun, and it is %s, %v", d.Status, err)
	}
	answer = casestore.ErrRefused
	r.reopen()
	r.rest(batch.Batch)
	is, err := r.Document(ctx, id)
	is.Version, is.Decisions = was.Version, nil
	if err != nil || !bytes.Equal(encode(is), encode(was)) {
		t.Errorf("%s, want %s, %v", encode(is), encode(was), err)
	}
	wantRefused(t, "a clerk's decision", r.Decide(ctx, id, Decision{Discard: "x", By: "Bert"}), refusedHandedUp)
	r.verifies()
}

// TestUndoneWaitsKeyed: who takes a second keying back leaves the first one.
func TestUndoneWaitsKeyed(t *testing.T) {
	r := newRoom(t)
	r.doubleKey = []string{"tax"}
	r.reopen()
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "text=x")
	id := docs[0].Document
	for _, by := range []string{"Anna", "Bert"} {
		if err := r.Decide(ctx, id, Decision{Reference: caseA, By: by}); err != nil {
			t.Fatal(err)
		}
	}
	r.rest(batch.Batch)
	if err := r.Undo(ctx, id, Undo{By: "Bert"}); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Document(ctx, id); err != nil || d.Keyed == nil || d.Keyed.By != "Anna" {
		t.Errorf("%+v, %v", d, err)
	}
	r.verifies()
	if err := errors.Join(r.Undo(ctx, id, Undo{By: "Anna"}), r.Decide(ctx, id, Decision{Reference: caseB, By: "Anna"}), r.Decide(ctx, id, Decision{Reference: caseB, By: "Bert"})); err != nil {
		t.Fatal(err)
	}
	_, docs = r.rest(batch.Batch)
	wantPlaces(t, docs, "1-1 filed "+caseB)
	r.verifies()
}
