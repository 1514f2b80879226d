package pipeline

import (
	"fmt"
	"testing"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
)

// BenchmarkPersons measures what a person waits for, in a journal of 100,000 documents, of
// which 10,000 wait: 2,000 batches of 200 pages, 4 pages a letter. The queue is not worked.
func BenchmarkPersons(b *testing.B) {
	const batches, letters, pages = 2000, 50, 4
	r := newRoom(b)
	ctx := b.Context()
	readings := make([]mail.Reading, letters*pages)
	for i := range readings {
		readings[i] = fakeReading(i+1, "text=no number here", "all")
	}
	ref, err := r.keep(ctx, readings)
	if err != nil {
		b.Fatal(err)
	}
	var held []string
	for n := range batches {
		id := fmt.Sprintf("00000000-0000-7000-8000-%012d", n)
		row := batchRow{Batch: mail.Batch{ID: id, SHA256: ref.SHA256, Pages: letters * pages, Path: "a.pdf"}, Listed: true}
		if err := r.journal.Tx(ctx, func(tx journal.Tx) error {
			if err := journal.Save(tx, tableBatch, id, row); err != nil {
				return err
			}
			for i := range letters {
				d := r.document(row, router.Span{From: i*pages + 1, To: (i + 1) * pages})
				for _, page := range d.Pages() {
					if err := journal.Save(tx, tablePage, pageKey(id, page), pageRow{Readings: ref, Index: page - 1}); err != nil {
						return err
					}
				}
				if d.State = mail.Filed; i < letters/10 {
					d.State = mail.Deciding
					held = append(held, d.ID)
				}
				if err := r.saveNew(tx, d); err != nil {
					return err
				}
				if i < letters/10 {
					if err := r.hold(tx, d, mail.Exception{Reason: mail.NoReference}); err != nil {
						return err
					}
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	next := 0
	take := func(b *testing.B) string {
		if next++; next > len(held) {
			b.Skip("no document is left")
		}
		return held[next-1]
	}
	must := func(b *testing.B, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	anna := Undo{By: "Anna"}
	b.Run("look", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			_, err := r.Document(ctx, held[i%len(held)])
			must(b, err)
		}
	})
	b.Run("park", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			must(b, r.Park(ctx, held[i%len(held)], Park{Lane: LaneLater, Why: fmt.Sprint(i), By: "Anna"}))
		}
	})
	b.Run("reference and undo", func(b *testing.B) {
		for b.Loop() {
			id := take(b)
			must(b, r.Decide(ctx, id, Decision{Reference: caseA, By: "Anna"}))
			must(b, r.Undo(ctx, id, anna))
		}
	})
	b.Run("split and undo", func(b *testing.B) {
		for b.Loop() {
			id := take(b)
			must(b, r.Decide(ctx, id, Decision{SplitBefore: first(pagesOf(b, r, id)) + 1, By: "Anna"}))
			must(b, r.Undo(ctx, id, anna))
		}
	})
	b.Run("rescans", func(b *testing.B) {
		for i := range 100 {
			must(b, r.Park(ctx, held[len(held)-1-i], Park{Lane: LaneRescan, Why: "faint", By: "Anna"}))
		}
		for b.Loop() {
			_, _, err := r.Rescans(ctx, "", 1000)
			must(b, err)
		}
	})
}

func pagesOf(b *testing.B, r *room, id string) []int {
	d, _, err := r.doc(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return d.Pages()
}
