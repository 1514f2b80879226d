package pipeline

import (
	"context"
	"testing"

	"postroom/pipeline/journal"
)

// between is a journal in which something happens right before the next transaction.
type between struct {
	journal.Store
	happens *func()
}

func (b between) Tx(ctx context.Context, fn func(journal.Tx) error) error {
	if does := *b.happens; does != nil {
		*b.happens = nil
		does()
	}
	return b.Store.Tx(ctx, fn)
}

// TestRegroupingIsOfWhatWasLookedAt: the rules decide on the new letters before the
// transaction, and count for nothing when a person comes between.
func TestRegroupingIsOfWhatWasLookedAt(t *testing.T) {
	r := newRoom(t)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	happens := (func())(nil)
	r.open(func(s journal.Store) journal.Store { return between{s, &happens} })
	batch, docs := r.process("a.pdf", "text=one", "text=two")
	happens = func() {
		if err := r.Park(t.Context(), docs[0].Document, Park{Lane: LaneLater, Why: "lunch", By: "Bert"}); err != nil {
			t.Error(err)
		}
	}
	g := Regroup{Documents: []DocumentVersion{{Document: docs[0].Document}}, Grouping: Grouping{Spans: []PageSpan{{From: 1, To: 1}, {From: 2, To: 2}}}, By: "Anna"}
	_, err := r.Regroup(t.Context(), g)
	wantRefused(t, "what was parked meanwhile", err, refusedChanged)
	wantPlaces(t, r.documentsOf(batch.Batch), "1-2 exception no-reference")
	if _, err := r.Regroup(t.Context(), g); err != nil {
		t.Error(err)
	}
	r.verifies()
}
