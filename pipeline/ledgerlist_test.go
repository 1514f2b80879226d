package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// dump gives the rows of the lists.
func (r *room) dump() map[string]string {
	r.t.Helper()
	all := map[string]string{}
	if err := r.journal.View(r.t.Context(), func(j journal.Reader) error {
		for _, table := range listTables() {
			if err := each(j, table, "", func(row journal.Row) error { all[table+" "+row.Key] = string(row.Value); return nil }); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return all
}

// manyKinds processes batches whose documents come to all kinds of ends.
func (r *room) manyKinds() (docs []DocumentLine) {
	r.t.Helper()
	_, docs = r.process("a.pdf", "separator", "code="+caseA, "blank", "separator", "text=nothing", "separator", "text=none", "separator", "code="+caseA+";text=Our ref "+caseB)
	wantPlaces(r.t, docs, "2-3 filed "+caseA, "5-5 exception no-reference", "7-7 exception no-reference", "9-9 exception conflict")
	if err := r.decide(docs[1].Document, Decision{Discard: "advertising"}); err != nil {
		r.t.Fatal(err)
	}
	if err := r.decide(docs[2].Document, Decision{Reference: caseB}); err != nil {
		r.t.Fatal(err)
	}
	r.process("b.pdf", "text=one", "text=two", "dead")
	r.process("c.pdf", "rubbish")
	return docs
}

// TestListsOfAnOlderJournal: a journal without lists gets at its start what it would have.
func TestListsOfAnOlderJournal(t *testing.T) {
	r := newRoom(t)
	docs := r.manyKinds()
	want := r.dump()
	r.unlisted()
	if len(want) < 20 || len(r.dump()) > 0 {
		t.Fatalf("%d rows of lists, %d after they were taken away", len(want), len(r.dump()))
	}
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r.log = slog.New(slog.NewTextHandler(&log, nil))
	r.open(nil)
	if q, err := r.Waiting(t.Context()); err != nil || q.Exceptions != 3 || len(r.dump()) > 0 {
		t.Errorf("before the lists are made: %+v, %v", q, err)
	}
	if lines, _, err := r.Waits(t.Context(), "", 9, Filter{}); err != nil || len(lines) != 3 {
		t.Errorf("%d wait, %v", len(lines), err)
	}
	if q, err := r.Waiting(t.Context()); err != nil || q.Exceptions != 3 {
		t.Errorf("after: %+v, %v", q, err)
	}
	if got := r.dump(); !maps.Equal(got, want) {
		t.Errorf("lists\n%v\nwant\n%v", got, want)
	}
	if n := strings.Count(log.String(), "the lists are made"); n != 1 {
		t.Errorf("told %d times: %s", n, log.String())
	}
	r.verifies()
	if err := r.decide(docs[3].Document, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	r.verifies()
}

// TestDamagedBatchIsNotListed, and keeps no other from being listed.
func TestDamagedBatchIsNotListed(t *testing.T) {
	r := newRoom(t)
	docs := r.manyKinds()
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error { return tx.Delete(tableException, docs[3].Document) }); err != nil {
		t.Fatal(err)
	}
	r.unlisted()
	r.reopen()
	if err := r.work(func(ctx context.Context) error { return r.Await(ctx, docs[0].Batch, false) }); err != nil {
		t.Fatal(err)
	}
	if lines, _, err := r.Waits(t.Context(), "", 9, Filter{}); err != nil || len(lines) != 2 {
		t.Errorf("%v, %v", places(lines), err)
	}
	faults := 0
	if _, err := r.Verify(t.Context(), func(string) { faults++ }); err != nil || faults == 0 {
		t.Errorf("%d faults, %v", faults, err)
	}
}

// TestListsAreMadeOverChangesOfOthers: what was listed, and changed by a version that keeps
// no lists, is listed anew; so is what one changes before the lists are made.
func TestListsAreMadeOverChangesOfOthers(t *testing.T) {
	r := newRoom(t)
	docs := r.manyKinds()
	want := r.dump()
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
		was, err := load[inForce](tx, tableInForce, SubjectConfiguration)
		was.Version = "older"
		if err := journal.Save(tx, tableInForce, SubjectConfiguration, was); err != nil {
			return err
		}
		d, err1 := load[docRow](tx, tableDoc, docs[0].Document)
		e := mail.Exception{Document: d.ID, Reason: mail.Recall, Since: r.now()}
		filed := d
		d.Document = d.Move(mail.Held)
		if err := errors.Join(journal.Save(tx, tableException, d.ID, e), saveDoc(tx, d)); err != nil { // as lists would be that were never told of its end
			return err
		}
		return errors.Join(err, err1, journal.Save(tx, tableDoc, d.ID, filed), tx.Delete(tableException, d.ID), list(tx, filed))
	}); err != nil {
		t.Fatal(err)
	}
	if maps.Equal(r.dump(), want) {
		t.Fatal("nothing was spoilt")
	}
	r.reopen()
	if err := r.work(func(ctx context.Context) error { return r.Await(ctx, docs[0].Batch, false) }); err != nil {
		t.Fatal(err)
	}
	if got := r.dump(); !maps.Equal(got, want) {
		t.Errorf("lists\n%v\nwant\n%v", got, want)
	}
	r.verifies()
}

// TestVerifySeesTheLists: each row of a list that is gone, changed or too much is a fault.
func TestVerifySeesTheLists(t *testing.T) {
	r := newRoom(t)
	r.manyKinds()
	r.verifies()
	spoil := func(what string, change func(journal.Tx) error) {
		t.Helper()
		undo := map[string][]journal.Row{}
		tx := func(fn func(journal.Tx) error) {
			if err := r.journal.Tx(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		tx(func(tx journal.Tx) error {
			for _, table := range listTables() {
				undo[table], _ = tx.Scan(table, "", "", 1000)
			}
			return change(tx)
		})
		faults := 0
		if _, err := r.Verify(t.Context(), func(string) { faults++ }); err != nil || faults == 0 {
			t.Errorf("%s: %d faults, %v", what, faults, err)
		}
		tx(func(tx journal.Tx) error {
			for _, table := range listTables() {
				if err := each(tx, table, "", func(row journal.Row) error { return tx.Delete(table, row.Key) }); err != nil {
					return err
				}
				for _, row := range undo[table] {
					if err := tx.Put(table, row.Key, row.Value); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	for _, table := range []string{tableListed, tableWaits, tableLetter, tableCaseLetter, tableArrival, tableOpen, tableCount} {
		var rows []journal.Row
		if err := r.journal.View(t.Context(), func(j journal.Reader) (err error) { rows, err = j.Scan(table, "", "", 1000); return err }); err != nil || len(rows) == 0 {
			t.Fatalf("%s: %d rows, %v", table, len(rows), err)
		}
		for _, row := range rows {
			spoil(fmt.Sprintf("%s without %s", table, row.Key), func(tx journal.Tx) error { return tx.Delete(table, row.Key) })
		}
	}
	for _, table := range []string{tableWaits, tableLetter, tableCaseLetter, tableArrival} {
		spoil(table+" with a row more", func(tx journal.Tx) error { return tx.Put(table, "x/0123456789abcdef0123456789abcdef", nil) })
	}
	spoil("a count too much", func(tx journal.Tx) error { return count(tx, "waits//no-reference/process", 1) })
	spoil("a trouble too much", func(tx journal.Tx) error { return count(tx, countStuck, 1) })
	spoil("a count of nothing", func(tx journal.Tx) error { return count(tx, "waits/lane/conflict/other", 1) })
	r.verifies()
}

// TestWaitsPagesAndFilters: those that wait longest come first, whatever the pages' length.
func TestWaitsPagesAndFilters(t *testing.T) {
	r := newRoom(t)
	r.manyKinds()
	want, _, err := r.Waits(t.Context(), "", 100, Filter{})
	if err != nil || strings.Join(places(want), ", ") != "9-9 exception conflict, 1-3 exception unreadable-page, file exception unreadable-file" {
		t.Fatal(places(want), err)
	}
	for n := 1; n <= 4; n++ {
		var got []DocumentLine
		for after := Cursor(""); ; {
			some, next, err := r.Waits(t.Context(), after, n, Filter{})
			if err != nil || len(some) > n {
				t.Fatal(len(some), err)
			}
			got = append(got, some...)
			if next == "" {
				break
			}
			if next != some[len(some)-1].Place() {
				t.Errorf("goes on at %s, and the last was at %s", next, some[len(some)-1].Place())
			}
			after = next
		}
		if !slices.EqualFunc(got, want, func(a, b DocumentLine) bool { return a.Document == b.Document }) {
			t.Errorf("pages of %d: %v", n, places(got))
		}
	}
	if err := r.Park(t.Context(), want[1].Document, Park{Lane: LaneLater, Why: "a colleague knows", By: "A. Clerk"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{Reason: "conflict"}, "0"}, {Filter{Reason: "duplicate"}, ""}, {Filter{Source: "process"}, "012"}, {Filter{Source: "scanner"}, ""},
		{Filter{Scheme: "tax"}, "0"}, {Filter{Scheme: "other"}, ""}, {Filter{Lanes: []string{""}}, "02"}, {Filter{Lanes: []string{"later", "rescan"}}, "1"},
		{Filter{Lanes: []string{}}, ""}, {Filter{Reason: "unreadable-page", Lanes: []string{"later"}}, "1"},
	} {
		lines, _, err := r.Waits(t.Context(), "", 9, c.f)
		got := ""
		for _, l := range lines {
			got += fmt.Sprint(slices.IndexFunc(want, func(w DocumentLine) bool { return w.Document == l.Document }))
		}
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v, want %q", c.f, got, err, c.want)
		}
	}
	counted, err := r.CountWaits(t.Context())
	if want := []Waiters{{"", "conflict", "process", 1}, {"", "unreadable-file", "process", 1}, {"later", "unreadable-page", "process", 1}}; err != nil || !slices.Equal(counted, want) {
		t.Errorf("%v, %v", counted, err)
	}
	r.verifies()
	r.wantNext(want)
}

// wantNext goes through what waits one by one, the second in another lane.
func (r *room) wantNext(want []DocumentLine) {
	r.t.Helper()
	ctx, open := r.t.Context(), Filter{Lanes: []string{""}}
	line, at, err := r.Next(ctx, "", nil, open)
	if err != nil || line.Document != want[0].Document || at != line.Place() {
		r.t.Fatal(line.Document, at, err)
	}
	if line, _, err := r.Next(ctx, "", func(id string) bool { return id == want[0].Document }, open); err != nil || line.Document != want[2].Document {
		r.t.Error(line.Document, err)
	}
	if err := r.decide(want[0].Document, Decision{Reference: caseA}); err != nil {
		r.t.Fatal(err)
	}
	if line, at, err = r.Next(ctx, at, nil, open); err != nil || line.Document != want[2].Document {
		r.t.Error("behind one that was decided:", line.Document, err)
	}
	if _, _, err := r.Next(ctx, at, nil, open); err == nil {
		r.t.Error("there is one behind the last")
	}
	if q, err := r.Waiting(ctx); err != nil || q.Exceptions != 2 {
		r.t.Error(q, err)
	}
}
