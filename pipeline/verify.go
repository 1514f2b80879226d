package pipeline

import (
	"context"
	"fmt"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Count is what a verification looked at.
type Count struct {
	Batches, Pages, Documents, Blobs, Receipts, Events int
}

// Verify checks conservation for every batch, every blob against its digest,
// every filed document against its store, and the journal against itself. Each
// fault is told in one line; the error is for what could not be looked at.
func (m *Mailroom) Verify(ctx context.Context, fault func(string)) (Count, error) {
	v := &verification{m: m, fault: fault, blobs: map[journal.Ref]bool{}}
	var ids []string
	err := m.journal.View(ctx, func(r journal.Reader) error {
		ids = nil
		return each(r, tableBatch, "", func(row journal.Row) error {
			ids = append(ids, row.Key)
			return nil
		})
	})
	for _, id := range ids {
		if err == nil {
			err = v.batch(ctx, id)
		}
	}
	if err == nil {
		err = v.events(ctx)
	}
	return v.Count, err
}

type verification struct {
	Count
	m     *Mailroom
	fault func(string)
	blobs map[journal.Ref]bool // looked at
}

func (v *verification) say(format string, args ...any) { v.fault(fmt.Sprintf(format, args...)) }

func (v *verification) batch(ctx context.Context, id string) error {
	var b batchRow
	var docs []docRow
	var pages []pageRow
	err := v.m.journal.View(ctx, func(r journal.Reader) (err error) {
		if b, err = load[batchRow](r, tableBatch, id); err != nil {
			return err
		}
		if docs, err = documents(r, id); err != nil {
			return err
		}
		pages = nil
		if err := each(r, tablePage, id+"/", func(row journal.Row) error {
			p, err := load[pageRow](r, tablePage, row.Key)
			pages = append(pages, p)
			return err
		}); err != nil {
			return err
		}
		return v.conserved(r, b, docs)
	})
	if err != nil {
		return err
	}
	v.Batches++
	v.Pages += b.Pages
	v.blob(ctx, b.Blob, "the received file of batch "+id)
	for _, p := range pages {
		v.blob(ctx, p.Readings, "readings of batch "+id)
	}
	for _, d := range docs {
		v.document(ctx, d)
	}
	return nil
}

// conserved checks that each page of an assembled batch has exactly one place
// and that the place agrees.
func (v *verification) conserved(r journal.Reader, b batchRow, docs []docRow) error {
	pending, err := journal.Pending(r, b.ID)
	if err != nil {
		return err
	}
	owner := map[int]string{}
	for _, d := range docs {
		if d.State == mail.Superseded {
			continue
		}
		for _, n := range d.Pages() {
			if owner[n] != "" {
				v.say("batch %s: page %d is in the documents %s and %s", b.ID, n, owner[n], d.ID)
			}
			owner[n] = d.ID
		}
	}
	if len(docs) == 0 && pending > 0 {
		return nil // not assembled yet
	}
	seen := 0
	if err := each(r, tableDisposition, b.ID+"/", func(row journal.Row) error {
		d, err := load[mail.Disposition](r, tableDisposition, row.Key)
		var n int
		if _, scan := fmt.Sscanf(row.Key[len(b.ID)+1:], "%d", &n); scan != nil || n < 1 || n > b.Pages {
			v.say("batch %s: a disposition for page %q of %d pages", b.ID, row.Key[len(b.ID)+1:], b.Pages)
		}
		seen++
		if d.Place == mail.PlaceSeparator && owner[n] != "" || d.Place != mail.PlaceSeparator && owner[n] != d.Document {
			v.say("batch %s: page %d is disposed of as %s %s, but stands in document %q", b.ID, n, d.Place, d.Document, owner[n])
		}
		return err
	}); err != nil {
		return err
	}
	if seen != b.Pages {
		v.say("batch %s has %d pages and %d dispositions", b.ID, b.Pages, seen)
	}
	if b.Pages == 0 && len(docs) == 0 {
		v.say("batch %s has no page, no document and no task: it is lost", b.ID)
	}
	return nil
}

func (v *verification) blob(ctx context.Context, ref journal.Ref, what string) {
	if ref == (journal.Ref{}) || v.blobs[ref] {
		return
	}
	v.blobs[ref] = true
	v.Blobs++
	if err := v.m.blobs.Verify(ctx, ref); err != nil {
		v.say("%s: %v", what, err)
	}
}

func (v *verification) document(ctx context.Context, d docRow) {
	v.Documents++
	v.blob(ctx, d.Original, "the pages of document "+d.ID)
	v.blob(ctx, d.Sheet, "the sheet of document "+d.ID)
	if d.State == mail.Filed && d.Receipt == nil {
		v.say("document %s is filed without a receipt", d.ID)
	}
	if d.Receipt == nil {
		return
	}
	v.Receipts++
	store, ok := v.m.cfg.Stores[d.Receipt.Store]
	if !ok {
		v.say("document %s is in store %q, which the configuration does not have", d.ID, d.Receipt.Store)
		return
	}
	if d.Receipt.SHA256 != d.Original.SHA256 {
		v.say("document %s: its receipt is for other bytes than were cut", d.ID)
	}
	if err := store.Verify(ctx, *d.Receipt); err != nil {
		v.say("document %s in store %q: %v", d.ID, d.Receipt.Store, err)
	}
}

// events checks that the log's entries have no gap.
func (v *verification) events(ctx context.Context) error {
	return v.m.journal.View(ctx, func(r journal.Reader) error {
		v.Events = 0
		return each(r, journal.TableEvent, "", func(row journal.Row) error {
			v.Events++
			if want := fmt.Sprintf("%016x", v.Events); row.Key != want {
				v.say("the log has entry %s where %s is due", row.Key, want)
			}
			return nil
		})
	})
}
