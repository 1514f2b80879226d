package pipeline

import "testing"

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
