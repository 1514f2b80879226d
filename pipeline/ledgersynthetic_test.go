package pipeline

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// anyReference is a scheme that takes everything.
type anyReference string

func (s anyReference) Name() string                      { return string(s) }
func (s anyReference) Parse(text string) (string, error) { return text, nil }

// synthetic is a journal full of batches that nobody scanned.
type synthetic struct {
	batches, documents int // documents of each batch, a page each behind a separator; the first one waits
	random             *rand.Rand
	stores             []string
	begun              time.Time
	ids                []string // of the batches
	filed, held        []string // ids of the documents in cases, and of those that wait
}

func newSynthetic(t testing.TB, batches, documents int) *synthetic {
	const seed = 11
	t.Logf("seed %d", seed)
	return &synthetic{batches: batches, documents: documents, random: rand.New(rand.NewPCG(seed, seed)),
		stores: []string{"tax", "social", "a/b", "a"}, begun: time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC)}
}

// fill writes the rows as the flow does.
func (s *synthetic) fill(t testing.TB, m *Mailroom) {
	t.Helper()
	for from := 0; from < s.batches; from += 100 {
		if err := m.journal.Tx(t.Context(), func(tx journal.Tx) error {
			for i := from; i < min(from+100, s.batches); i++ {
				if err := s.batch(tx, m, i); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *synthetic) batch(tx journal.Tx, m *Mailroom, i int) error {
	id := uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)).String()
	s.ids = append(s.ids, id)
	b := batchRow{Listed: true, Renders: true, Batch: mail.Batch{ID: id, SHA256: id, Size: 1 << 20, Name: fmt.Sprintf("Scan-%05d.PDF", i),
		Path: fmt.Sprintf("/srv/inbox/Scan-%05d.PDF", i), Source: []string{"scanner-1", "scanner-2"}[i&1], Kind: mail.PDF,
		Pages: 2 * s.documents, Received: s.begun.Add(time.Duration(i) * time.Minute), Duplex: i%2 == 0}}
	if err := saveBatch(tx, b); err != nil {
		return err
	}
	var readings []mail.Reading
	for page := 1; page <= b.Pages; page++ {
		readings = append(readings, mail.Reading{Page: page, Blank: page%7 == 0})
		if page%2 == 1 {
			if err := dispose(tx, id, page, mail.Disposition{Place: mail.PlaceSeparator, Why: "patch-t"}); err != nil {
				return err
			}
		}
	}
	if err := m.savePages(tx, id, readings, journal.Ref{SHA256: id}); err != nil {
		return err
	}
	for k := 1; k <= s.documents; k++ {
		if err := s.document(tx, m, b, i, 2*k); err != nil {
			return err
		}
	}
	return nil
}

func (s *synthetic) document(tx journal.Tx, m *Mailroom, b batchRow, i, page int) error {
	d := docRow{Document: mail.Document{ID: mail.DocumentID(b.ID, page, page, "test"), Batch: b.ID, From: page, To: page}}
	if err := m.saveNew(tx, d); err != nil {
		return err
	}
	at := b.Received.Add(time.Duration(page) * time.Second)
	store := s.stores[s.random.IntN(len(s.stores))]
	ref, err := mail.ParseReference(anyReference("tax"), fmt.Sprintf("TX-2024-%06d-11", s.random.IntN(20_000)))
	if err != nil {
		return err
	}
	why := []mail.Evidence{{Page: page, Source: mail.FromBarcode, Text: ref.String(), Confidence: 1, Rule: "barcode"}}
	if page == 2 {
		e := mail.Exception{Document: d.ID, Reason: []mail.Reason{mail.NoReference, mail.Conflict, mail.WeakEvidence}[(i+3)%3], Since: at,
			Detail: "Nothing on its pages says where it goes, or too much does.", Evidence: why,
			Candidates: []mail.Candidate{{Reference: caseA, Why: "nearly what stands on page 2"}}}
		if i%1000 == 999 {
			e.Reason = mail.Encrypted // seldom
		}
		d.Document = d.Move(mail.Held)
		s.held = append(s.held, d.ID)
		return errors.Join(journal.Save(tx, tableException, d.ID, e), saveDoc(tx, d))
	}
	d.Placement = &mail.Placement{Reference: ref, Store: store, Rule: "barcode", Evidence: why, Since: at}
	d.Document = d.Move(mail.Placed)
	d.Document = d.Move(mail.Filed)
	d.Receipt = &mail.Receipt{Store: store, Locator: ref.String() + "/" + d.ID, SHA256: b.SHA256, Sheet: b.SHA256, At: at, RenditionSheet: b.SHA256}
	s.filed = append(s.filed, d.ID)
	return saveDoc(tx, d)
}

// lastHeld is the document that waits since last.
func (s *synthetic) lastHeld() string { return s.held[len(s.held)-1] }

// unlisted takes the lists away, as if an older version had written the journal.
func (r *room) unlisted() {
	r.t.Helper()
	if err := r.journal.Tx(r.t.Context(), func(tx journal.Tx) error {
		for _, table := range listTables() {
			if err := each(tx, table, "", func(row journal.Row) error { return tx.Delete(table, row.Key) }); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	r.listed.Store(false)
}

func listTables() []string {
	return []string{tableListed, tableWaits, tableLetter, tableCaseLetter, tableArrival, tableOpen, tableCount, tableLists}
}
