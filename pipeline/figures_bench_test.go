package pipeline

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/bolt"
)

const (
	benchDocuments = 100_000
	benchDays      = 3 * 365
	benchWaiting   = 10_000
)

// benchRoom is a mailroom whose log tells of so many documents in three years, from five
// scanners, in four schemes. A tenth were held; of those the last still wait.
func benchRoom(b *testing.B, documents int) (*Mailroom, time.Time) {
	b.Helper()
	store, err := bolt.Open(filepath.Join(b.TempDir(), "journal.db"), bolt.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	end := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	m := &Mailroom{cfg: Config{Now: func() time.Time { return end }, Zone: time.UTC, Log: slog.New(slog.DiscardHandler)}, journal: store}
	const seed = 7
	b.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for from := 0; from < documents; from += 2000 {
		if err := store.Tx(b.Context(), func(tx journal.Tx) error {
			for i := from; i < min(from+2000, documents); i++ {
				at := end.Add(-time.Duration(documents-i) * (benchDays * 24 * time.Hour / time.Duration(documents)))
				if err := m.benchDocument(tx, random, i, at, i >= documents-documents*benchWaiting/benchDocuments); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	return m, end
}

// benchDocument writes what a document of a batch of its own leaves in the journal.
func (m *Mailroom) benchDocument(tx journal.Tx, random *rand.Rand, i int, at time.Time, waits bool) error {
	batch := batchRow{Batch: mail.Batch{ID: fmt.Sprintf("batch-%08d", i), Source: fmt.Sprintf("scanner-%d", i%5), Received: at, Pages: 3}}
	d := docRow{Document: mail.Document{ID: mail.DocumentID(batch.ID, 1, 3, "bench"), Batch: batch.ID, From: 1, To: 3}}
	log := func(action, subject, actor string, after time.Duration, detail any) error {
		return tx.Log(journal.Event{Time: at.Add(after), Actor: actor, Action: action, Subject: subject, Detail: encode(detail)})
	}
	var ref mail.Reference
	if err := ref.UnmarshalJSON(fmt.Appendf(nil, `{"scheme":"scheme-%d","text":"TX-%08d"}`, i%4, i)); err != nil {
		return err
	}
	p := mail.Placement{Reference: ref, Store: fmt.Sprintf("store-%d", i%2), Rule: []string{"barcode", "print"}[i%2]}
	slow := time.Duration(random.IntN(7200)) * time.Second
	for _, err := range []error{
		journal.Save(tx, tableBatch, batch.ID, batch), journal.Save(tx, tableDoc, d.ID, d),
		log(actionReceived, batch.ID, "", 0, map[string]any{"source": batch.Source}),
		log(actionCounted, batch.ID, "", time.Second, map[string]any{"pages": 3}),
	} {
		if err != nil {
			return err
		}
	}
	if waits || i%10 == 0 {
		if err := log(actionHeld, d.ID, "", time.Minute, mail.Exception{Reason: mail.Reason(random.IntN(len(mail.Reasons()) - 1))}); err != nil || waits {
			return err
		}
		if err := log(actionDecided, d.ID, "A. Clerk", slow, Decision{Reference: ref.String()}); err != nil {
			return err
		}
		p.By = "A. Clerk"
	}
	if err := log(actionPlaced, d.ID, p.By, slow, p); err != nil {
		return err
	}
	return log(actionFiled, d.ID, "", slow+time.Minute, mail.Receipt{})
}

func (m *Mailroom) benchTally(b *testing.B) (entries int) {
	b.Helper()
	for moved := true; moved; {
		if err := m.journal.Tx(b.Context(), func(tx journal.Tx) (err error) { moved, err = m.tally(tx); return err }); err != nil {
			b.Fatal(err)
		}
	}
	if err := m.journal.View(b.Context(), func(r journal.Reader) error {
		state, err := m.loadTallyState(r)
		entries = int(state.Through)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return entries
}

// BenchmarkFigures shows three years of 100,000 documents.
func BenchmarkFigures(b *testing.B) {
	m, end := benchRoom(b, benchDocuments)
	m.benchTally(b)
	for b.Loop() {
		f, err := m.Figures(b.Context(), end.AddDate(-3, 0, 0), end)
		if err != nil || f.Total.Documents != benchDocuments || len(f.Days) < benchDays {
			b.Fatal(len(f.Days), f.Total, err)
		}
	}
}

// BenchmarkFiguresCheck is what verify takes to count the log anew, in memory.
func BenchmarkFiguresCheck(b *testing.B) {
	m, _ := benchRoom(b, benchDocuments)
	m.benchTally(b)
	for b.Loop() {
		v := &verification{m: m}
		if err := v.figures(b.Context()); err != nil || len(v.faults) > 0 {
			b.Fatal(v.faults, err)
		}
	}
}

// BenchmarkTotals is what a look at the metrics costs.
func BenchmarkTotals(b *testing.B) {
	m, _ := benchRoom(b, benchDocuments)
	m.benchTally(b)
	for b.Loop() {
		t, err := m.Totals(b.Context())
		if err != nil || t.Open != benchWaiting {
			b.Fatal(t, err)
		}
	}
}

// BenchmarkTally counts a log that no one has counted yet, as after an upgrade.
func BenchmarkTally(b *testing.B) {
	m, _ := benchRoom(b, benchDocuments)
	entries := 0
	for b.Loop() {
		if err := m.clearTally(b.Context()); err != nil {
			b.Fatal(err)
		}
		entries = m.benchTally(b)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(entries), "us/entry")
}

// BenchmarkDrawSample draws 500 of the 85,000 documents that the machine filed in three
// years, from each scheme and rule its share.
func BenchmarkDrawSample(b *testing.B) {
	m, end := benchRoom(b, benchDocuments)
	m.benchTally(b)
	o := SampleOrder{Count: 500, From: end.AddDate(-4, 0, 0), To: end, Stratified: true}
	for b.Loop() {
		s, err := m.DrawSample(b.Context(), "B. Auditor", o)
		if err != nil || s.Estimate().Drawn < 500 {
			b.Fatal(s.Estimate(), err)
		}
	}
}
