package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// all reads a list to its end by pages of n.
func all[T any](t *testing.T, n int, page func(at Cursor, n int) ([]T, Cursor, error)) (lines []T) {
	t.Helper()
	for at, calls := Cursor(""), 0; ; calls++ {
		some, next, err := page(at, n)
		if err != nil || len(some) > n || calls > 10_000 {
			t.Fatalf("%d lines, %v", len(some), err)
		}
		if lines = append(lines, some...); next == "" {
			return lines
		}
		at = next
	}
}

// TestLettersOfSeveralStores: the stores' letters are one list, in which nothing is shown
// that may not be seen, whatever the stores are called and however long the pages are.
func TestLettersOfSeveralStores(t *testing.T) {
	r := newRoom(t)
	s := newSynthetic(t, 40, 6)
	s.fill(t, r.Mailroom)
	every := all(t, 1000, func(at Cursor, n int) ([]LetterLine, Cursor, error) {
		return r.LettersChosen(t.Context(), Sees{Stores: s.stores}, LetterFilter{}, at, n)
	})
	if len(every) != len(s.filed) || !slices.IsSortedFunc(every, func(a, b LetterLine) int { return b.Filed.Compare(a.Filed) }) {
		t.Fatalf("%d letters of %d, or out of order", len(every), len(s.filed))
	}
	even := func(_, scheme, reference string) bool {
		return scheme == "tax" && reference[len("TX-2024-00000")]%2 == 0
	}
	for range 60 {
		sees := Sees{}
		for _, store := range s.stores {
			if s.random.IntN(2) == 0 {
				sees.Stores = append(sees.Stores, store, store)
			}
		}
		if s.random.IntN(2) == 0 {
			sees.Case = even
		}
		var want, got []string
		for _, l := range every {
			if slices.Contains(sees.Stores, l.Store) && (sees.Case == nil || even(l.Store, l.Scheme, l.Reference)) {
				want = append(want, l.Document)
			}
		}
		n := 1 + s.random.IntN(70)
		for _, l := range all(t, n, func(at Cursor, n int) ([]LetterLine, Cursor, error) {
			return r.LettersChosen(t.Context(), sees, LetterFilter{}, at, n)
		}) {
			got = append(got, l.Document)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, case %t, by %d: %d letters, want %d", sees.Stores, sees.Case != nil, n, len(got), len(want))
		}
	}
	for _, l := range every {
		var want []string
		for _, o := range every {
			if o.Store == l.Store && o.Reference == l.Reference {
				want = append(want, o.Document)
			}
		}
		var got []string
		for _, o := range all(t, 1, func(at Cursor, n int) ([]LetterLine, Cursor, error) {
			return r.CaseLetters(t.Context(), l.Store, l.Scheme, l.Reference, at, n)
		}) {
			got = append(got, o.Document)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("case %s: %v, want %v", l.Reference, got, want)
		}
	}
}

// TestSearchForALetterIsBounded: a call that finds nothing ends, and the next goes on.
func TestSearchForALetterIsBounded(t *testing.T) {
	r := newRoom(t)
	const letters = mostVisited + 500
	oldest := ""
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
		for i := range letters {
			id := fmt.Sprintf("%032x", i)
			d := docRow{Document: mail.Document{ID: id, Batch: "b", State: mail.Filed}, Placement: &mail.Placement{}, Receipt: &mail.Receipt{Store: "tax", At: time.Unix(int64(i), 0)}}
			rows := letterRows(d)
			if i == 0 {
				oldest, rows[0].value = id, "tax\x00wanted"
			}
			if err := tx.Put(rows[0].Table, rows[0].Key, []byte(rows[0].value)); err != nil {
				return err
			}
		}
		return errors.Join(saveBatch(tx, batchRow{Batch: mail.Batch{ID: "b"}}), saveDoc(tx, docRow{Document: mail.Document{ID: oldest, Batch: "b", State: mail.Filed},
			Placement: &mail.Placement{}, Receipt: &mail.Receipt{Store: "tax", At: time.Unix(0, 0)}}), tx.Put(tableLetter, "tax/"+moment(time.Unix(0, 0))+"/"+oldest, []byte("tax\x00wanted")))
	}); err != nil {
		t.Fatal(err)
	}
	wanted := Sees{[]string{"tax"}, func(_, _, reference string) bool { return reference == "wanted" }}
	none, next, err := r.LettersChosen(t.Context(), wanted, LetterFilter{}, "", 5)
	if err != nil || len(none) > 0 || next == "" {
		t.Fatalf("%d letters, next %q, %v", len(none), next, err)
	}
	found, next, err := r.LettersChosen(t.Context(), wanted, LetterFilter{}, next, 5)
	if err != nil || len(found) != 1 || found[0].Document != oldest || next != "" {
		t.Fatalf("%d letters, next %q, %v", len(found), next, err)
	}
}

// TestRecalledLetterLeavesTheList, and who may see it is asked in vain.
func TestRecalledLetterLeavesTheList(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA, "separator", "code="+caseB)
	wantPlaces(t, docs, "1-1 filed "+caseA, "3-3 filed "+caseB)
	id := docs[0].Document
	has := func(want ...string) (lines []LetterLine) {
		t.Helper()
		lines, _, err := r.LettersChosen(t.Context(), Sees{Stores: []string{"tax"}}, LetterFilter{}, "", 9)
		var got []string
		for _, l := range lines {
			got = append(got, l.Document+" "+l.Reference)
			of, _, err := r.CaseLetters(t.Context(), "tax", "tax", l.Reference, "", 9)
			h, err2 := r.Holding(t.Context(), l.Document)
			if err != nil || err2 != nil || len(of) != 1 || of[0].Document != l.Document || h.State != mail.Filed || h.Reference != l.Reference || h.Store != "tax" || !l.Rendered {
				t.Errorf("%+v, %+v, %v", of, h, err)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("letters %v, %v, want %v", got, err, want)
		}
		r.verifies()
		return lines
	}
	unread := func(lines []LetterLine) (which string) {
		t.Helper()
		is, err := r.Unread(t.Context(), "anna/1", lines)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range lines {
			if is[i] {
				which += l.Reference + " "
			}
		}
		return strings.TrimSpace(which)
	}
	first, second := id+" "+caseA, docs[1].Document+" "+caseB
	lines := has(first, second)
	if err := r.LogReading(t.Context(), "Anna", "anna/1", id); err != nil {
		t.Fatal(err)
	}
	if got := unread(lines); got != caseB {
		t.Errorf("unread: %q", got)
	}
	if said, _, err := r.Entries(t.Context(), 0, 9, EntryFilter{Action: "document viewed", Actor: "Anna", About: id}); err != nil || len(said) != 1 {
		t.Errorf("%d entries of one look: %v", len(said), err)
	}
	if is, err := r.Unread(t.Context(), "anna", lines); err != nil || slices.Contains(is, false) {
		t.Errorf("somebody else has read it: %v, %v", is, err)
	}
	recall := func() {
		if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
			d, err := load[docRow](tx, tableDoc, id)
			if err != nil {
				return err
			}
			return errors.Join(r.hold(tx, d, mail.Exception{Reason: mail.Recall}), r.settle(tx, d.Batch))
		}); err != nil {
			t.Fatal(err)
		}
	}
	recall()
	has(second)
	if h, err := r.Holding(t.Context(), id); err != nil || h.State != mail.Held || h.Reference+h.Store+h.Scheme != "" {
		t.Errorf("%+v, %v", h, err)
	}
	if of, _, err := r.CaseLetters(t.Context(), "tax", "tax", caseA, "", 9); err != nil || len(of) > 0 {
		t.Errorf("%v, %v", of, err)
	}
	if err := r.decide(id, Decision{Reference: caseA}); err != nil { // unfounded
		t.Fatal(err)
	}
	if got := unread(has(first, second)); got != caseB {
		t.Errorf("where it stood before, it is unread: %q", got)
	}
	recall()
	if err := r.decide(id, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	lines, _, err := r.CaseLetters(t.Context(), "tax", "tax", caseB, "", 9)
	if err != nil || len(lines) != 2 || lines[0].Document != id || cmp.Compare(lines[0].Filed.UnixNano(), lines[1].Filed.UnixNano()) < 0 {
		t.Errorf("%+v, %v", lines, err)
	}
	if got := unread(lines); got != caseB+" "+caseB {
		t.Errorf("in another case it counts as read: %q", got)
	}
	r.verifies()
}
