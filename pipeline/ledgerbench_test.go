package pipeline

import (
	"context"
	"syscall"
	"testing"
	"time"

	"postroom/pipeline/journal"
)

// BenchmarkLists measures the lists over 10,000 batches of ten documents, of which one
// waits: 100,000 documents, 10,000 of them waiting, 90,000 filed letters.
func BenchmarkLists(b *testing.B) {
	r := newRoom(b)
	s := newSynthetic(b, 10_000, 10)
	begun := time.Now()
	s.fill(b, r.Mailroom)
	b.Logf("filled in %s", time.Since(begun).Round(time.Millisecond))
	ctx := b.Context()
	rare := func(_, _, reference string) bool { return reference == "TX-2024-000007-11" }
	_, middle, err := r.Waits(ctx, "", 5000, Filter{})
	if err != nil {
		b.Fatal(err)
	}
	all := Sees{Stores: s.stores}
	letters, _, err := r.LettersChosen(ctx, all, LetterFilter{}, "", 50)
	if err != nil {
		b.Fatal(err)
	}
	one := newSynthetic(b, 0, 500)
	if err := r.journal.Tx(ctx, func(tx journal.Tx) error { return one.batch(tx, r.Mailroom, -1) }); err != nil {
		b.Fatal(err)
	}
	long := one.ids[0]
	held := func(string) bool { return false }
	for _, c := range []struct {
		name string
		call func(context.Context) error
	}{
		{"Waits/first50", func(ctx context.Context) error { _, _, err := r.Waits(ctx, "", 50, Filter{}); return err }},
		{"Waits/middle50", func(ctx context.Context) error { _, _, err := r.Waits(ctx, middle, 50, Filter{}); return err }},
		{"Waits/seldomReason", func(ctx context.Context) error {
			_, _, err := r.Waits(ctx, "", 50, Filter{Reason: "encrypted"})
			return err
		}},
		{"Waits/noneOfScheme", func(ctx context.Context) error {
			_, _, err := r.Waits(ctx, "", 50, Filter{Scheme: "other"})
			return err
		}},
		{"Next", func(ctx context.Context) error { _, _, err := r.Next(ctx, middle, held, Filter{}); return err }},
		{"Next/lastReason", func(ctx context.Context) error {
			_, _, err := r.Next(ctx, "", func(id string) bool { return id != s.lastHeld() }, Filter{})
			return err
		}},
		{"CountWaits", func(ctx context.Context) error { _, err := r.CountWaits(ctx); return err }},
		{"Waiting", func(ctx context.Context) error { _, err := r.Waiting(ctx); return err }},
		{"BatchesDown/first50", func(ctx context.Context) error { _, _, err := r.BatchesDown(ctx, "", 50, BatchFilter{}); return err }},
		{"BatchesDown/open50", func(ctx context.Context) error {
			_, _, err := r.BatchesDown(ctx, "", 50, BatchFilter{State: "open", Source: "scanner-1"})
			return err
		}},
		{"BatchesDown/oneName", func(ctx context.Context) error {
			_, _, err := r.BatchesDown(ctx, "", 50, BatchFilter{Query: "scan-00007"})
			return err
		}},
		{"BatchesDown/noTrouble", func(ctx context.Context) error {
			_, _, err := r.BatchesDown(ctx, "", 50, BatchFilter{Trouble: true})
			return err
		}},
		{"OldestOpen", func(ctx context.Context) error { _, err := r.OldestOpen(ctx); return err }},
		{"Pages/20", func(ctx context.Context) error { _, _, err := r.Pages(ctx, s.ids[77]); return err }},
		{"Pages/1000", func(ctx context.Context) error { _, _, err := r.Pages(ctx, long); return err }},
		{"Letters/first50", func(ctx context.Context) error {
			_, _, err := r.LettersChosen(ctx, all, LetterFilter{}, "", 50)
			return err
		}},
		{"Letters/rareCase", func(ctx context.Context) error {
			_, _, err := r.LettersChosen(ctx, Sees{s.stores, rare}, LetterFilter{}, "", 50)
			return err
		}},
		{"CaseLetters", func(ctx context.Context) error {
			_, _, err := r.CaseLetters(ctx, letters[0].Store, letters[0].Scheme, letters[0].Reference, "", 50)
			return err
		}},
		{"Holding", func(ctx context.Context) error { _, err := r.Holding(ctx, s.filed[77]); return err }},
		{"Unread/50", func(ctx context.Context) error { _, err := r.Unread(ctx, "user", letters); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			calls, before := 0, cpu(b)
			for ; b.Loop(); calls++ {
				if err := c.call(ctx); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(calls), "cpu-us/op")
		})
	}
	b.Run("enlist", func(b *testing.B) {
		var worked time.Duration
		calls := 0
		for ; b.Loop(); calls++ {
			b.StopTimer()
			r.unlisted()
			b.StartTimer()
			before := cpu(b)
			if err := r.enlist(ctx); err != nil {
				b.Fatal(err)
			}
			worked += cpu(b) - before
		}
		b.ReportMetric(float64(worked.Microseconds())/float64(calls), "cpu-us/op")
	})
	b.Run("saveDoc", func(b *testing.B) { // without the commit's syncs
		if err := r.journal.Tx(ctx, func(tx journal.Tx) error {
			d, err := load[docRow](tx, tableDoc, s.filed[77])
			for b.Loop() {
				err = saveDoc(tx, d)
			}
			return err
		}); err != nil {
			b.Fatal(err)
		}
	})
}

// cpu is what the process has worked: on a machine that others use, too, it says more
// than what a clock says.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
