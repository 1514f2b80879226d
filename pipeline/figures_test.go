package pipeline

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// newTimedRoom is a room in a zone where it is two hours later than UTC.
func newTimedRoom(t *testing.T) (*room, *clock) {
	c := &clock{time.Date(2026, 3, 10, 21, 30, 0, 0, time.UTC)}
	r := newRoom(t)
	r.now, r.zone = c.now, time.FixedZone("east", 2*3600)
	r.reopen()
	return r, c
}

func (r *room) figures(from, to time.Time) Figures {
	r.t.Helper()
	if err := r.Tally(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	f, err := r.Figures(r.t.Context(), from, to)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// counts holds the figures against the rows that they never look at.
func (r *room) counts() {
	r.t.Helper()
	if err := r.Tally(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	all, err := r.Totals(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	open := map[string]int64{}
	var want Tally
	if err := r.journal.View(r.t.Context(), func(j journal.Reader) error {
		return errors.Join(
			each(j, tableException, "", func(row journal.Row) error {
				e, err := decode[mail.Exception](tableException, row)
				open[e.Reason.String()]++
				want.Open++
				return err
			}),
			each(j, tableBatch, "", func(row journal.Row) error {
				b, err := decode[mail.Batch](tableBatch, row)
				want.Files++
				want.Pages += int64(b.Pages)
				return err
			}),
			each(j, tableDoc, "", func(row journal.Row) error {
				d, err := decode[mail.Document](tableDoc, row)
				if d.State != mail.Deciding {
					want.Documents++
				}
				return err
			}),
			each(j, tableDecision, "", func(row journal.Row) error {
				d, err := decode[decisionRow](tableDecision, row)
				if d.Held == nil {
					return err // of a filed document
				}
				want.Decided++
				switch {
				case d.Undone != nil, d.Reference != "":
				case d.Discard != "":
					want.Discarded++
				default:
					want.Divided++
				}
				return err
			}))
	}); err != nil {
		r.t.Fatal(err)
	}
	got := all.Tally
	for reason, t := range all.Reasons {
		if t.Open != open[reason] {
			r.t.Errorf("%d exceptions %s by the figures, %d wait", t.Open, reason, open[reason])
		}
	}
	got = Tally{Files: got.Files, Pages: got.Pages, Documents: got.Documents, Open: got.Open, Discarded: got.Discarded, Divided: got.Divided, Decided: got.Decided}
	if got != want || all.Behind != 0 {
		r.t.Errorf("the figures say %+v, the rows %+v; behind by %d", got, want, all.Behind)
	}
}

// without gives a tally without its durations and its scanner.
func (t Tally) without() Tally {
	t.Filed, t.Decision, t.Scan = Durations{}, Durations{}, ScanTally{}
	return t
}

func TestFigures(t *testing.T) {
	r, c := newTimedRoom(t)
	first := c.at
	_, docs := r.process("a.pdf", "code="+caseA, "separator", "text=no number", "separator", "text=none here", "text=page two")
	wantPlaces(t, docs, "1-1 filed "+caseA, "3-3 exception no-reference", "5-6 exception no-reference")
	c.at = c.at.Add(time.Hour) // past midnight there
	if err := r.decide(docs[1].Document, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	if err := r.decide(docs[2].Document, Decision{SplitBefore: 6}); err != nil {
		t.Fatal(err)
	}
	f := r.figures(first, c.at)
	if len(f.Days) != 2 || f.Behind != 0 || f.Days[0].Date.Format(dayFormat) != "2026-03-10" || f.Days[1].Date.Format(dayFormat) != "2026-03-11" {
		t.Fatalf("days %+v", f.Days)
	}
	for i, want := range []Tally{
		{Files: 1, Pages: 6, Documents: 3, Machine: 1, Held: 2},
		{Documents: 2, Person: 1, Divided: 1, Held: 2, Open: 2, Decided: 2},
	} {
		if got := f.Days[i].Tally.without(); got != want {
			t.Errorf("day %d:\n%+v\nwant\n%+v", i, got, want)
		}
		if got := f.Days[i].Sources["process"]; got != f.Days[i].Tally {
			t.Errorf("day %d, its source: %+v", i, got)
		}
	}
	if got := f.Schemes["tax"].without(); got != (Tally{Machine: 1, Person: 1}) {
		t.Errorf("scheme %+v", got)
	}
	if got := f.Reasons["no-reference"].without(); got != (Tally{Held: 4, Open: 2, Decided: 2, Divided: 1}) {
		t.Errorf("reason %+v", got)
	}
	if d := f.Total.Decision; d.Count() != 2 || d.Mean() != time.Hour {
		t.Errorf("decided after %+v", d)
	}
	if bound, ok := f.Total.Filed.Most(0.5); !ok || bound != Bounds()[0] {
		t.Errorf("filed after %v", bound)
	}
	if share, ok := f.Total.Share(); !ok || share != 0.5 {
		t.Errorf("share %v", share)
	}
	if f := r.figures(first, first); len(f.Days) != 1 || f.Total.without() != f.Days[0].without() || f.Total.Machine != 1 {
		t.Errorf("the first day alone: %+v", f)
	}
	if f := r.figures(first.AddDate(0, 0, -9), first.AddDate(0, 0, -1)); len(f.Days) != 0 || f.Total != (Tally{}) {
		t.Errorf("before the first day: %+v", f)
	}
	r.verifies()
}

func TestFiguresOfRecallsAndDiscards(t *testing.T) {
	r, c := newTimedRoom(t)
	r.after = true
	r.reopen()
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB, "separator", "text=advertising", "separator", "code="+caseA+";text=Our ref "+caseB+" again")
	wantPlaces(t, docs, "1-1 exception recall", "3-3 exception no-reference", "5-5 exception recall")
	c.at = c.at.Add(2 * time.Minute)
	for i, d := range []Decision{{Reference: caseB}, {Discard: "advertising"}, {Reference: caseA}} { // the last stays where it is
		if err := r.decide(docs[i].Document, d); err != nil {
			t.Fatal(err)
		}
	}
	f := r.figures(c.at, c.at)
	want := Tally{Files: 1, Pages: 5, Documents: 3, Machine: 2, Person: 1, Discarded: 1, Held: 3, Decided: 3, Recalled: 2}
	if got := f.Total.without(); got != want {
		t.Errorf("\n%+v\nwant\n%+v", got, want)
	}
	all, err := r.Totals(t.Context())
	if err != nil || all.Tally != f.Total || len(all.Waiting) != 0 || all.Behind != 0 {
		t.Errorf("totals %+v, %v", all, err)
	}
	r.verifies()
}

func TestWaitingNow(t *testing.T) {
	r, c := newTimedRoom(t)
	r.process("a.pdf", "text=no number")
	since := c.at
	c.at = c.at.Add(time.Hour)
	r.process("b.pdf", "text=no number at all", "separator", "code=TX-2021-000009-09")
	if f, err := r.Totals(t.Context()); err != nil || f.Behind == 0 {
		t.Errorf("nothing is counted, and figures are behind by %d, %v", f.Behind, err)
	}
	r.figures(since, since)
	f, err := r.Totals(t.Context())
	want := []WaitingFor{{"no-reference", 2, since}, {"unknown-case", 1, c.at}}
	if err != nil || !reflect.DeepEqual(f.Waiting, want) {
		t.Errorf("%+v, %v", f.Waiting, err)
	}
}

// TestFiguresAreCountedAnew: from the log, whatever became of the rows, and in the days
// of another zone when the machine's has changed.
func TestFiguresAreCountedAnew(t *testing.T) {
	r, c := newTimedRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA, "separator", "text=no number")
	was := r.figures(c.at, c.at)
	for _, spoil := range []func(tx journal.Tx) error{
		func(tx journal.Tx) error { return tx.Put(tableTally, forAll, counters{forAll: {7}}.row()) },
		func(tx journal.Tx) error { return tx.Delete(tableTally, dayPrefix+"2026-03-10") },
		func(tx journal.Tx) error { return tx.Delete(tableTallied, docs[0].Document) },
		func(tx journal.Tx) error { return tx.Put(tableMachine, machineKey(c.at, "other"), []byte("{}")) },
		func(tx journal.Tx) error {
			return journal.Save(tx, tableTally, tallyStateKey, tallyState{Through: 9999, Zone: r.zoneName()})
		},
	} {
		if err := r.journal.Tx(t.Context(), spoil); err != nil {
			t.Fatal(err)
		}
		var faults []string
		if _, err := r.Verify(t.Context(), func(f string) { faults = append(faults, f) }); err != nil || len(faults) != 1 || !strings.Contains(faults[0], "figures") {
			t.Errorf("faults %q, %v", faults, err)
		}
		if err := r.Recount(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.verifies()
	}
	if now := r.figures(c.at, c.at); !reflect.DeepEqual(now, was) {
		t.Errorf("%+v\nwere\n%+v", now, was)
	}
	r.zone = time.FixedZone("farther east", 4*3600)
	r.reopen()
	r.verifies() // days that began elsewhere are no fault
	if now := r.figures(c.at, c.at); len(now.Days) != 1 || now.Days[0].Date.Format(dayFormat) != "2026-03-11" || now.Total != was.Total {
		t.Errorf("in another zone: %+v", now)
	}
	r.verifies()
}

// TestInterruptedRecountGoesOn: the process may die between any two of its transactions.
func TestInterruptedRecountGoesOn(t *testing.T) {
	r, c := newTimedRoom(t)
	r.process("a.pdf", "code="+caseA, "separator", "text=no number")
	was := r.figures(c.at, c.at)
	for dies := 1; ; dies++ {
		dying := &dyingJournal{Store: r.journal, after: dies}
		r.Mailroom.journal = dying
		err := r.Recount(t.Context())
		r.Mailroom.journal = dying.Store
		if now := r.figures(c.at, c.at); !reflect.DeepEqual(now, was) {
			t.Fatalf("died in transaction %d: %+v\nwere\n%+v", dies, now, was)
		}
		r.verifies()
		if err == nil {
			if dies < 5 {
				t.Errorf("it took %d transactions only", dies)
			}
			return
		}
	}
}

var errDied = errors.New("died")

// dyingJournal fails the n-th transaction and all that come later.
type dyingJournal struct {
	journal.Store
	after int
}

func (j *dyingJournal) Tx(ctx context.Context, fn func(journal.Tx) error) error {
	if j.after--; j.after <= 0 {
		return errDied
	}
	return j.Store.Tx(ctx, fn)
}

func TestKeepFigures(t *testing.T) {
	r, _ := newTimedRoom(t)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.KeepFigures(ctx) }()
	r.process("a.pdf", "code="+caseA)
	for {
		changed := r.journal.Changed()
		all, err := r.Totals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if all.Behind == 0 && all.Machine == 1 {
			break
		}
		<-changed
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTalliesAddUp(t *testing.T) {
	list := make([]int64, nAll)
	for i := range list {
		list[i] = int64(i + 1)
	}
	sum := tallyOf(list)
	sum.add(tallyOf(list))
	for i := range list {
		list[i] *= 2
	}
	if want := tallyOf(list); sum != want || reflect.ValueOf(sum).IsZero() {
		t.Errorf("%+v\nwant\n%+v", sum, want)
	}
}

func TestDurations(t *testing.T) {
	c := counters{}
	for _, d := range []time.Duration{-time.Second, 10 * time.Second, 11 * time.Second, 31 * 24 * time.Hour} {
		c.took(forAll, nFiledSeconds, nFiledWithin, d)
	}
	d := tallyOf(c[forAll]).Filed
	if d.Within[0] != 2 || d.Within[1] != 1 || d.Within[bounds] != 1 || d.Sum != 31*24*time.Hour+21*time.Second {
		t.Errorf("%+v", d)
	}
	if most, ok := d.Most(0.5); !ok || most != 10*time.Second {
		t.Errorf("median %v %v", most, ok)
	}
	if _, ok := d.Most(1); ok {
		t.Error("what lies beyond the last bound has one")
	}
	if _, ok := (Durations{}).Most(0.5); ok {
		t.Error("none have a median")
	}
}

func TestDamagedCountersAreTold(t *testing.T) {
	c := counters{forAll: {1, -70000, 0}, forSource + "scanner": {1 << 40}, forReason: {}}
	row := c.row()
	kept := counters{}
	if err := readCounters(journal.Row{Value: row}, func(of string, list []int64) { kept[of] = slices.Clone(list) }); err != nil ||
		!reflect.DeepEqual(kept, counters{forAll: {1, -70000}, forSource + "scanner": {1 << 40}, forReason: {}}) {
		t.Errorf("%v, %v", kept, err)
	}
	short := 0
	for n := 1; n < len(row); n++ {
		if err := readCounters(journal.Row{Value: row[:n]}, func(string, []int64) {}); errors.Is(err, journal.ErrDamaged) {
			short++
		}
	}
	if short != len(row)-3 { // but where a list ends
		t.Errorf("%d of %d", short, len(row))
	}
	if err := readCounters(journal.Row{Value: []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1}}, func(string, []int64) {}); !errors.Is(err, journal.ErrDamaged) {
		t.Error(err)
	}
}
