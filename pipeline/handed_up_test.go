package pipeline

import (
	"errors"
	"testing"
)

// TestWhatIsHandedUpStaysThere: an operator decides on it neither by itself nor through the
// letter beside it, and takes back no regrouping of which a part was handed up since.
func TestWhatIsHandedUpStaysThere(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "text=one", "separator", "text=three", "text=four")
	up, beside := docs[0], docs[1]
	if err := r.Park(ctx, up.Document, Park{Lane: LaneSupervisor, Why: "two cases", By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	both := Regroup{Documents: []DocumentVersion{{Document: up.Document}, {Document: beside.Document}}, Grouping: Grouping{Spans: []PageSpan{{From: 1, To: 1}, {From: 3, To: 4, Blanks: []int{4}}}}}
	merge := Decision{Merge: mergePrevious, TakeIn: true, By: "Bert"}
	both.By = "Bert"
	_, err := r.Regroup(ctx, both)
	wantRefused(t, "a regrouping", err, refusedHandedUp)
	wantRefused(t, "a merge", r.Decide(ctx, beside.Document, merge), refusedHandedUp)
	wantRefused(t, "a discard", r.Decide(ctx, up.Document, Decision{Discard: "x", By: "Bert"}), refusedHandedUp)
	both.By = " anna"
	if _, err := r.Regroup(ctx, both); err != nil {
		t.Error("who handed it up:", err)
	}
	if err := r.Undo(ctx, up.Document, Undo{By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	merge.Supervisor = true
	if err := r.Decide(ctx, beside.Document, merge); err != nil {
		t.Fatal("a supervisor:", err)
	}
	for _, d := range r.documentsOf(batch.Batch) {
		if d.Status == "exception" {
			if err := r.Park(ctx, d.Document, Park{Lane: LaneSupervisor, Why: "so", By: "Carla"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantRefused(t, "a part that was handed up", r.Undo(ctx, beside.Document, Undo{By: "Bert"}), refusedAfter)
	r.verifies()
}

// TestWhatIsHandedUpIsNotParkedElsewhere: out of a supervisor's lane leads a supervisor's word,
// or the undo of whoever handed it up; and that two have keyed differently is told in any lane.
func TestWhatIsHandedUpIsNotParkedElsewhere(t *testing.T) {
	r := newRoom(t)
	r.doubleKey = []string{"tax"}
	r.reopen()
	ctx := t.Context()
	_, docs := r.process("a.pdf", "text=one", "separator", "text=three")
	up, differ := docs[0].Document, docs[1].Document
	if err := errors.Join(
		r.Park(ctx, up, Park{Lane: LaneSupervisor, Why: "two cases", By: "Anna"}),
		r.Decide(ctx, differ, Decision{Reference: caseA, By: "Anna"}),
		r.Decide(ctx, differ, Decision{Reference: caseB, By: "Bert"})); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{up, differ} {
		for _, by := range []string{"Anna", "Bert"} {
			for _, lane := range []string{LaneOpen, LaneLater, LaneRescan} {
				wantRefused(t, by+" to lane "+lane, r.Park(ctx, id, Park{Lane: lane, Why: "so", By: by}), refusedHandedUp)
			}
		}
		wantRefused(t, "another's undo", r.Park(ctx, id, Park{By: "Otto", Undo: true}), refusedHandedUp)
	}
	wantRefused(t, "another's reason", r.Park(ctx, up, Park{Lane: LaneSupervisor, Why: "so", By: "Bert"}), refusedHandedUp)
	wantRefused(t, "another reason", r.Park(ctx, differ, Park{Lane: LaneSupervisor, Why: "so", By: "Bert"}), refusedHandedUp)
	wantRefused(t, "the undo of a mismatch", r.Park(ctx, differ, Park{By: "Bert", Undo: true}), refusedHandedUp)
	if err := errors.Join(
		r.Park(ctx, up, Park{By: "Anna", Undo: true}),
		r.Park(ctx, differ, Park{Lane: LaneLater, Why: "asks", By: "Sue", Supervisor: true}),
		r.Park(ctx, differ, Park{By: "Sue", Supervisor: true})); err != nil {
		t.Fatal(err)
	}
	d, err := r.Document(ctx, differ)
	if err != nil || d.Lane != LaneOpen || d.Keyings != 2 || len(d.Candidates) != 2 {
		t.Errorf("what was keyed is lost: %+v, %v", d, err)
	}
	wantRefused(t, "out of the open ones", r.Park(ctx, differ, Park{Lane: LaneLater, Why: "so", By: "Bert"}), refusedSupervisor)
	for supervisor, want := range map[bool]string{false: up, true: differ} {
		line, _, err := r.Next(ctx, "", func(id string) bool { return id == up && supervisor }, Filter{Keyer: "Otto", Supervisor: supervisor})
		if err != nil || line.Document != want {
			t.Errorf("a supervisor %v: %s is next, %v", supervisor, line.Document, err)
		}
	}
	if _, _, err := r.Next(ctx, "", func(id string) bool { return id == up }, Filter{Keyer: "Otto"}); !errors.Is(err, ErrNoSuch) {
		t.Error("it is next for who may not decide it:", err)
	}
	r.verifies()
}
