package pipeline

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// TestSummariesAreWhatTheBatchesAre: what is counted of a batch is what its rows add up to,
// after all kinds of decisions.
func TestSummariesAreWhatTheBatchesAre(t *testing.T) {
	r := newRoom(t)
	docs := r.manyKinds()
	if err := r.decide(docs[3].Document, Decision{Separator: 9}); err != nil {
		t.Fatal(err)
	}
	down := all(t, 2, func(at Cursor, n int) ([]BatchSummary, Cursor, error) {
		return r.BatchesDown(t.Context(), at, n, BatchFilter{})
	})
	var names []string
	for _, s := range down {
		names = append(names, s.Name)
		line, _, err := r.Batch(t.Context(), s.Batch)
		line.SeparatorPages = nil
		if err != nil || !reflect.DeepEqual(s.BatchLine, line) {
			t.Errorf("summary %+v\nbatch   %+v, %v", s.BatchLine, line, err)
		}
	}
	if !slices.Equal(names, []string{"c.pdf", "b.pdf", "a.pdf"}) {
		t.Errorf("newest first: %v", names)
	}
	a := down[2]
	if stages := [...]int{a.Read, a.Cases, a.Cut, a.Delivered, a.Rendered}; stages != [...]int{9, 2, 2, 2, 2} || a.State != "closed" || a.Discarded != 1 || a.Separators != 5 {
		t.Errorf("read, cases, cut, delivered, rendered %v of %+v", stages, a)
	}
	if s, err := r.OldestOpen(t.Context()); err != nil || s.Name != "b.pdf" {
		t.Errorf("%+v, %v", s, err)
	}
	var oldest []string
	if err := r.Batches(t.Context(), func(b BatchLine) error { oldest = append(oldest, b.Batch); return nil }); err != nil ||
		!slices.Equal(oldest, []string{a.Batch, down[1].Batch, down[0].Batch}) {
		t.Errorf("oldest first: %v, %v", oldest, err)
	}
	r.verifies()
}

// TestStagesOfABatchWhoseStoreIsAway: what is cut and not delivered is seen as such.
func TestStagesOfABatchWhoseStoreIsAway(t *testing.T) {
	r := newRoom(t)
	away := true
	r.stores["tax"] = moody{Store: r.stores["tax"], fail: func() error {
		if away {
			return errors.New("no route")
		}
		return nil
	}}
	r.reopen()
	batch, _ := r.process("a.pdf", "code="+caseA, "separator", "code="+caseB)
	of := func(f BatchFilter) BatchSummary {
		t.Helper()
		lines, _, err := r.BatchesDown(t.Context(), "", 9, f)
		if err != nil || len(lines) != 1 {
			t.Fatalf("%v, %v", lines, err)
		}
		return lines[0]
	}
	if s := of(BatchFilter{Trouble: true}); s.Cases != 2 || s.Cut != 2 || s.Delivered != 0 || s.Rendered != 0 || !s.Unreachable() || s.Trouble == "" {
		t.Errorf("%+v", s)
	}
	wantTroubles := func(stores int) {
		t.Helper()
		if q, err := r.Waiting(t.Context()); err != nil || q.Stores != stores || q.Stuck != 0 {
			t.Errorf("%+v, %v", q, err)
		}
		r.verifies()
	}
	wantTroubles(2)
	r.unlisted()
	r.reopen()
	r.verifies() // which makes the lists
	wantTroubles(2)
	away = false
	r.reopen()
	if err := r.work(func(ctx context.Context) error { return r.Await(ctx, batch.Batch, false) }); err != nil {
		t.Fatal(err)
	}
	if s := of(BatchFilter{State: "closed"}); s.Cut != 2 || s.Delivered != 2 || s.Rendered != 2 || s.Trouble != "" {
		t.Errorf("%+v", s)
	}
	wantTroubles(0)
	if lines, _, err := r.BatchesDown(t.Context(), "", 9, BatchFilter{Trouble: true}); err != nil || len(lines) > 0 {
		t.Errorf("%v, %v", lines, err)
	}
	if _, err := r.OldestOpen(t.Context()); !errors.Is(err, ErrNoSuch) {
		t.Error(err)
	}
	r.verifies()
}

func TestBatchesAreFiltered(t *testing.T) {
	r := newRoom(t)
	s := newSynthetic(t, 60, 1)
	s.fill(t, r.Mailroom)
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
		for i := 0; i < 60; i += 3 {
			b, err := load[batchRow](tx, tableBatch, s.ids[i])
			b.Closed = true
			if err := errors.Join(err, saveBatch(tx, b)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	minute := func(n int) time.Time { return s.begun.Add(time.Duration(n) * time.Minute) }
	for _, c := range []struct {
		f       BatchFilter
		choose  func(i int) bool
		atLeast int
	}{
		{BatchFilter{}, func(int) bool { return true }, 60},
		{BatchFilter{State: "open"}, func(i int) bool { return i%3 != 0 }, 40},
		{BatchFilter{State: "closed", Source: "scanner-2"}, func(i int) bool { return i%3 == 0 && i%2 == 1 }, 10},
		{BatchFilter{From: minute(10), To: minute(20)}, func(i int) bool { return 10 <= i && i < 20 }, 10},
		{BatchFilter{From: minute(50), State: "open"}, func(i int) bool { return i >= 50 && i%3 != 0 }, 6},
		{BatchFilter{Query: "scan-0001"}, func(i int) bool { return 10 <= i && i < 20 }, 10},
		{BatchFilter{Query: "nothing"}, func(int) bool { return false }, 0},
	} {
		var want, got []string
		for i := 59; i >= 0; i-- {
			if c.choose(i) {
				want = append(want, s.ids[i])
			}
		}
		for _, l := range all(t, 7, func(at Cursor, n int) ([]BatchSummary, Cursor, error) { return r.BatchesDown(t.Context(), at, n, c.f) }) {
			got = append(got, l.Batch)
		}
		if !slices.Equal(got, want) || len(got) < c.atLeast {
			t.Errorf("%+v: %d batches, want %d", c.f, len(got), len(want))
		}
	}
}

// TestSearchForABatchIsBounded: a call that finds nothing ends, and the next goes on.
func TestSearchForABatchIsBounded(t *testing.T) {
	r := newRoom(t)
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
		for i := range mostVisited + 100 {
			b := batchRow{Batch: mail.Batch{ID: fmt.Sprintf("%08d", i), Name: "a.pdf", Received: time.Unix(int64(i), 0)}}
			if i == 0 {
				b.Name = "wanted.pdf"
			}
			if err := saveBatch(tx, b); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	wanted := BatchFilter{Query: "wanted"}
	none, next, err := r.BatchesDown(t.Context(), "", 5, wanted)
	if err != nil || len(none) > 0 || next == "" {
		t.Fatalf("%d batches, next %q, %v", len(none), next, err)
	}
	found, next, err := r.BatchesDown(t.Context(), next, 5, wanted)
	if err != nil || len(found) != 1 || found[0].Name != "wanted.pdf" || next != "" {
		t.Fatalf("%d batches, next %q, %v", len(found), next, err)
	}
}

// TestPagesHaveTheirPlaces, also in a journal whose rows do not say what was seen on a page.
func TestPagesHaveTheirPlaces(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "separator", "code="+caseA, "blank", "separator", "text=nothing", "separator", "text=none", "dead", "separator", "text=one", "text=two")
	wantPlaces(t, docs, "2-3 filed "+caseA, "5-5 exception no-reference", "7-8 exception unreadable-page", "10-11 exception no-reference")
	if err := r.decide(docs[1].Document, Decision{Discard: "advertising"}); err != nil {
		t.Fatal(err)
	}
	last := docs[3].Document
	if err := r.decide(last, Decision{Separator: 10}); err != nil {
		t.Fatal(err)
	}
	pages, sums, err := r.Pages(t.Context(), batch.Batch)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, p := range pages {
		says := []string{p.Place.String()}
		if p.Place == mail.PlaceDocument {
			says = append(says, p.State.String(), p.Exception)
		}
		says = append(says, p.Why, p.By)
		if p.Blank {
			says = append(says, "blank")
		}
		if p.Failure != "" {
			says = append(says, "failure")
		}
		if p.Page != i+1 || !p.Placed || !p.Read || (p.Document == "") != (p.Place == mail.PlaceSeparator) || (p.By == "") != p.At.IsZero() {
			t.Errorf("page %d: %+v", i+1, p)
		}
		got = append(got, strings.Join(strings.Fields(strings.Join(says, " ")), " "))
	}
	want := []string{"separator patch-t", "document filed", "document filed blank", "separator patch-t", "discarded advertising A. Clerk", "separator patch-t",
		"document exception unreadable-page", "document exception unreadable-page failure", "separator patch-t", "separator person A. Clerk", "document exception no-reference"}
	if !slices.Equal(got, want) {
		t.Errorf("pages\n%q\nwant\n%q", got, want)
	}
	if (sums != PageSums{Pages: 11, Filed: 2, Waiting: 3, Separators: 5, Discarded: 1}) || !sums.Conserved() {
		t.Errorf("sums %+v", sums)
	}
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
		return each(tx, tablePage, "", func(row journal.Row) error {
			p, err := load[pageRow](tx, tablePage, row.Key)
			p.Seen = nil
			return errors.Join(err, journal.Save(tx, tablePage, row.Key, p))
		})
	}); err != nil {
		t.Fatal(err)
	}
	if older, again, err := r.Pages(t.Context(), batch.Batch); err != nil || !reflect.DeepEqual(older, pages) || again != sums {
		t.Errorf("of an older journal: %+v, %v", older, err)
	}
	if _, _, err := r.Pages(t.Context(), "none"); !errors.Is(err, ErrNoSuch) {
		t.Error(err)
	}
	_, docs, err = r.Batch(t.Context(), batch.Batch)
	if err != nil {
		t.Fatal(err)
	}
	for from := range len(pages) + 2 {
		for to := range len(pages) + 2 {
			var want []DocumentLine
			for _, d := range docs {
				if d.Pages[0] <= to && d.Pages[len(d.Pages)-1] >= from && from <= to {
					want = append(want, d)
				}
			}
			if got, err := r.DocumentsOn(t.Context(), batch.Batch, from, to); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("on pages %d to %d: %+v, %v", from, to, got, err)
			}
		}
	}
	for _, p := range pages {
		want := PageHolding{Placed: true, Document: p.Document, State: p.State}
		if p.Page == 10 { // the separator that a person made of the last document's first page
			want.From = last
		}
		if got, err := r.PageHolding(t.Context(), batch.Batch, p.Page); err != nil || got != want {
			t.Errorf("page %d: %+v, want %+v, %v", p.Page, got, want, err)
		}
	}
	rubbish, docs := r.process("b.pdf", "rubbish")
	if got, err := r.DocumentsOn(t.Context(), rubbish.Batch, 0, 0); err != nil || len(docs) != 1 || !reflect.DeepEqual(got, docs) {
		t.Errorf("of a file that can't be read: %+v, %v", got, err)
	}
	for _, none := range []int{-1, 0, len(pages) + 1} {
		if _, err := r.PageHolding(t.Context(), batch.Batch, none); !errors.Is(err, ErrNoSuch) {
			t.Errorf("page %d: %v", none, err)
		}
	}
}

// TestLostPageIsNotConserved: the sums are of the documents on one side and of the pages on
// the other, so that they show what is wrong.
func TestLostPageIsNotConserved(t *testing.T) {
	r := newRoom(t)
	batch, _ := r.process("a.pdf", "code="+caseA, "separator", "code="+caseB)
	for page, change := range map[int]func(tx journal.Tx) error{
		1: func(tx journal.Tx) error { return tx.Delete(tableDisposition, pageKey(batch.Batch, 1)) },
		3: func(tx journal.Tx) error {
			return journal.Save(tx, tableDisposition, pageKey(batch.Batch, 3), mail.Disposition{Place: mail.PlaceSeparator, Why: "patch-t"})
		},
	} {
		before := mail.Disposition{}
		if err := r.journal.Tx(t.Context(), func(tx journal.Tx) (err error) {
			before, err = load[mail.Disposition](tx, tableDisposition, pageKey(batch.Batch, page))
			return errors.Join(err, change(tx))
		}); err != nil {
			t.Fatal(err)
		}
		if _, sums, err := r.Pages(t.Context(), batch.Batch); err != nil || sums.Conserved() {
			t.Errorf("page %d: %+v, %v", page, sums, err)
		}
		if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
			return journal.Save(tx, tableDisposition, pageKey(batch.Batch, page), before)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, sums, err := r.Pages(t.Context(), batch.Batch); err != nil || !sums.Conserved() {
		t.Errorf("%+v, %v", sums, err)
	}
}
