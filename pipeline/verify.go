package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Count is what a verification looked at.
type Count struct {
	Batches, Pages, Documents, Blobs, Receipts, Events int
	LeftOver                                           int // blobs that no row refers to (any more)
}

// Verify checks conservation for every batch, every blob against its digest,
// every filed document against its store, and the journal against itself. Each
// fault is told in one line; the error is for what could not be looked at.
func (m *Mailroom) Verify(ctx context.Context, fault func(string)) (Count, error) {
	return m.verify(ctx, fault, func(int, int) {})
}

// verify is Verify that tells how many of the batches it has looked at.
func (m *Mailroom) verify(ctx context.Context, fault func(string), progress func(done, of int)) (Count, error) {
	v := &verification{m: m, blobs: map[journal.Ref]bool{}}
	if err := m.journal.Check(ctx); err != nil {
		return v.Count, err
	}
	if err := m.enlist(ctx); err != nil {
		return v.Count, err
	}
	kept, err := v.kept(ctx)
	if err != nil {
		return v.Count, err
	}
	var ids []string
	err = m.journal.View(ctx, func(r journal.Reader) error {
		ids = nil
		return each(r, tableBatch, "", func(row journal.Row) error {
			ids = append(ids, row.Key)
			return nil
		})
	})
	// Faults are told between transactions: whoever reads them slowly must not hold one open.
	tell := func(check func() error) {
		if err == nil {
			err = check()
		}
		for _, f := range v.faults {
			fault(f)
		}
		v.faults = nil
	}
	for i, id := range ids {
		progress(i, len(ids))
		tell(func() error { return errors.Join(ctx.Err(), v.incomplete(id, v.batch(ctx, id))) })
	}
	progress(len(ids), len(ids))
	tell(func() error { return v.lists(ctx) })
	tell(func() error { return v.stores(ctx) })
	tell(func() error { return v.known(ctx) })
	tell(func() error { return v.events(ctx) })
	tell(func() error { return v.figures(ctx) })
	tell(func() error { return v.samples(ctx) })
	tell(func() error { v.leftOver(kept); return nil })
	return v.Count, err
}

// incomplete makes a fault of a batch whose rows are not all there; the others are looked at all the same.
func (v *verification) incomplete(batch string, err error) error {
	if errors.Is(err, ErrNoSuch) || errors.Is(err, journal.ErrNotFound) {
		v.say("batch %s: %v", batch, err)
		return nil
	}
	return err
}

// kept lists the blobs. It comes before the rows are read: what is stored later
// has no row yet.
func (v *verification) kept(ctx context.Context) (map[string]bool, error) {
	kept := map[string]bool{}
	err := v.m.blobs.List(ctx, func(sum string) error { kept[sum] = true; return nil })
	return kept, err
}

// leftOver counts blobs that no row refers to. Some are no fault: a blob is stored
// before its row, so that a crash between leaves it, and a sheet that a person's
// decision replaced stays. A journal without any row beside them is another
// journal than the one that they belong to.
func (v *verification) leftOver(kept map[string]bool) {
	for ref := range v.blobs {
		delete(kept, ref.SHA256)
	}
	v.LeftOver = len(kept)
	if v.Batches == 0 && v.LeftOver > 0 {
		v.say("the journal knows no batch, but %d stored files are there: it is not the journal that they belong to; "+
			"put that one back from the last backup (only a crash during the very first file looks the same: take that file again)", v.LeftOver)
	}
}

type verification struct {
	Count
	m      *Mailroom
	faults []string
	blobs  map[journal.Ref]bool // looked at
}

func (v *verification) say(format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...))
}

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
		v.faults = nil // the transaction may run again
		if err := v.conserved(r, b, docs); err != nil {
			return err
		}
		if err := v.agree(r, b, docs); err != nil {
			return err
		}
		if err := v.listed(r, b, docs); err != nil {
			return err
		}
		return v.moving(r, b, docs)
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

// agree checks that the rows say what the log says.
func (v *verification) agree(r journal.Reader, b batchRow, docs []docRow) error {
	found, err := batchDisagreements(r, b)
	v.faults = append(v.faults, found...)
	for _, d := range docs {
		if err != nil {
			return err
		}
		found, err = disagreements(r, d)
		v.faults = append(v.faults, found...)
	}
	return err
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
	read := 0
	if err := each(r, tablePage, b.ID+"/", func(journal.Row) error { read++; return nil }); err != nil {
		return err
	}
	if read != b.Pages && len(docs) > 0 && !docs[0].Whole {
		v.say("batch %s has %d pages, and %d were read", b.ID, b.Pages, read)
	}
	if seen != b.Pages {
		v.say("batch %s has %d pages and %d dispositions", b.ID, b.Pages, seen)
	}
	if b.Pages == 0 && len(docs) == 0 {
		v.say("batch %s has no page, no document and no task: it is lost", b.ID)
	}
	return nil
}

// moving checks that nothing stands still: what the machine has yet to do is
// queued, what a person has yet to do is an exception, and the batch is closed
// when there is neither.
func (v *verification) moving(r journal.Reader, b batchRow, docs []docRow) error {
	pending, err := journal.Pending(r, b.ID)
	if err != nil {
		return err
	}
	rescans := map[string]bool{}
	if err := each(r, tableRescan, b.ID+"/", func(row journal.Row) error {
		rescans[row.Key[strings.LastIndexByte(row.Key, '/')+1:]] = true
		return nil
	}); err != nil {
		return err
	}
	settled := len(docs) > 0 || pending == 0
	for _, d := range docs {
		settled = settled && d.State.Settled()
		_, err := r.Get(tableException, d.ID)
		_, listed := r.Get(tableUnsettled, b.ID+"/"+d.ID)
		switch {
		case err != nil && !errors.Is(err, journal.ErrNotFound):
			return err
		case b.Listed && d.State.Settled() != errors.Is(listed, journal.ErrNotFound):
			v.say("document %s is %s, but the list of what is not settled says otherwise", d.ID, d.State)
		case asked(d) != rescans[d.ID]:
			v.say("document %s: the list of what is to be scanned again says other than its row", d.ID)
		case (d.State == mail.Held) != (err == nil):
			v.say("document %s is %s, but the list of exceptions says otherwise", d.ID, d.State)
		case d.Unrendered != "":
			v.say("document %s: its rendition was refused: %s", d.ID, d.Unrendered)
		case b.Renders && d.State == mail.Filed && pending == 0 && d.Receipt != nil && d.Receipt.RenditionSheet == "":
			v.say("document %s is filed without a rendition and no task is left for it", d.ID)
		case (d.State == mail.Placed || d.State == mail.Deciding) && pending == 0:
			v.say("document %s is %s and no task is left for it", d.ID, d.State)
		}
	}
	why, err := difference(r, b)
	if err != nil {
		return err
	}
	if wrong, err := mislisted(r, b, settled && why != ""); err != nil {
		return err
	} else if wrong {
		v.say("batch %s: the list of the batches that differ from their tickets says otherwise than its documents", b.ID)
	}
	settled = settled && why == ""
	if settled != b.Closed {
		v.say("batch %s is said to be closed: %t, its documents and its ticket say %t", b.ID, b.Closed, settled)
	}
	return each(r, tableTrouble, b.ID+"/"+taskWithdraw+"/", func(row journal.Row) error {
		t, err := load[trouble](r, tableTrouble, row.Key)
		v.say("batch %s: a document that was taken back still stands in store %q: %s", b.ID, t.Store, t.Error)
		return err
	})
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
	v.blob(ctx, d.Rendition, "the rendition of document "+d.ID)
	v.blob(ctx, d.RenditionSheet, "the rendition's sheet of document "+d.ID)
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

// events checks the log against its own seals.
func (v *verification) events(ctx context.Context) error {
	n, err := v.m.cfg.Audit.Check(v.m.view(ctx), v.say)
	v.Events = int(n)
	return err
}
