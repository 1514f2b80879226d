package pipeline

import (
	"fmt"
	"testing"

	"postroom/pipeline/journal"
)

// counting counts the rows that a transaction reads.
type counting struct {
	journal.Tx
	rows *int
}

func (c counting) Get(table, key string) ([]byte, error) {
	*c.rows++
	return c.Tx.Get(table, key)
}

func (c counting) Scan(table, prefix, after string, n int) ([]journal.Row, error) {
	rows, err := c.Tx.Scan(table, prefix, after, n)
	*c.rows += len(rows)
	return rows, err
}

// manyLetters processes a batch of so many letters, the last of which is held.
func (r *room) manyLetters(n int) (BatchLine, []DocumentLine) {
	var pages []string
	for i := range n - 1 {
		pages = append(pages, fmt.Sprintf("code=%s;text=letter %d", []string{caseA, caseB}[i%2], i), "separator")
	}
	return r.process("a.pdf", append(pages, "text=no number here")...)
}

// TestSettlingLooksAtNoOtherDocument: the end of each document of a long batch
// costs as much as that of a short one.
func TestSettlingLooksAtNoOtherDocument(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.manyLetters(40)
	if len(docs) != 40 || batch.State != "open" {
		t.Fatalf("%d documents, batch %+v", len(docs), batch)
	}
	rows := 0
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
		rows = 0
		return r.settle(counting{tx, &rows}, batch.Batch)
	}); err != nil || rows > 5 {
		t.Errorf("%d rows were read, %v", rows, err)
	}
	r.verifies()
}

// TestBatchOfAnOlderJournalSettles: its documents were never listed, and it must
// neither close while one of them waits nor stay open for ever.
func TestBatchOfAnOlderJournalSettles(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA, "separator", "text=no number", "separator", "text=none here")
	wantPlaces(t, docs, "1-1 filed "+caseA, "3-3 exception no-reference", "5-5 exception no-reference")
	id := docs[0].Batch
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
		b, err := load[batchRow](tx, tableBatch, id)
		if err != nil {
			return err
		}
		b.Listed = false
		if err := each(tx, tableUnsettled, id+"/", func(row journal.Row) error { return tx.Delete(tableUnsettled, row.Key) }); err != nil {
			return err
		}
		return journal.Save(tx, tableBatch, id, b)
	}); err != nil {
		t.Fatal(err)
	}
	r.reopen()
	for _, c := range []struct {
		document int
		state    string
	}{{1, "open"}, {2, "closed"}} {
		if err := r.decide(docs[c.document].Document, Decision{Discard: "advertising"}); err != nil {
			t.Fatal(err)
		}
		if b, _, err := r.Batch(t.Context(), id); err != nil || b.State != c.state {
			t.Errorf("after document %d: %+v, %v", c.document, b, err)
		}
		r.verifies()
	}
}
