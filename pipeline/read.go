package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
)

// read has a helper read a portion of a batch's pages. The last portion of a
// batch enqueues its assembly: exactly one sees the counter reach zero.
func (m *Mailroom) read(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	p := carried(t)
	b, err := m.batch(ctx, p.Batch)
	if err != nil {
		return nil, err
	}
	pages := mail.Document{From: p.From, To: p.To}.Pages()
	text := sandbox.AllText
	if m.cfg.After {
		text = sandbox.TextControls
	}
	var readings []mail.Reading
	var ref journal.Ref
	switch {
	case divisible(t) && len(pages) > 1:
		return m.divide(b, pages), nil
	case hopeless(t):
		m.givenUp(t)
		readings, ref, err = m.unreadable(ctx, p.From)
	default:
		readings, ref, err = m.readPages(ctx, b, pages, text)
	}
	if err != nil {
		return nil, err
	}
	m.pace.add(m.cfg.Now(), len(pages))
	return func(tx journal.Tx) error {
		if err := m.savePages(tx, b.ID, readings, ref); err != nil {
			return err
		}
		left, err := tx.Add(tableChunks, b.ID, -1)
		if err != nil || left > 0 {
			return err
		}
		return tx.Enqueue(task(taskAssemble, priorityDecide, b.ID, payload{Batch: b.ID}))
	}, nil
}

// readPages asks the helpers, and keeps the answer as a blob.
func (m *Mailroom) readPages(ctx context.Context, b batchRow, pages []int, text sandbox.Text) ([]mail.Reading, journal.Ref, error) {
	f, err := m.blob(ctx, b.Blob)
	if err != nil {
		return nil, journal.Ref{}, err
	}
	defer f.Close()
	readings, err := m.helpers.Read(ctx, f, b.SHA256, pages, text)
	if err != nil {
		return nil, journal.Ref{}, fmt.Errorf("read batch %s from page %d: %w", b.ID, pages[0], err)
	}
	if len(readings) != len(pages) {
		return nil, journal.Ref{}, fmt.Errorf("read batch %s: %d readings for %d pages", b.ID, len(readings), len(pages))
	}
	ref, err := m.keep(ctx, readings)
	return readings, ref, err
}

// keep stores readings as a blob.
func (m *Mailroom) keep(ctx context.Context, readings []mail.Reading) (journal.Ref, error) {
	return m.blobs.Put(ctx, bytes.NewReader(encode(readings)))
}

// savePages journals readings, and what they are: the log vouches for the words and
// codes that are decided by, and keeps what the pages tell of the scanner.
func (m *Mailroom) savePages(tx journal.Tx, batch string, readings []mail.Reading, ref journal.Ref) error {
	return m.saveReadings(tx, batch, readings, ref, &scanned{})
}

// saveReadings is savePages; it adds to scan unless that is nil, as where text that was
// read before is looked at again.
func (m *Mailroom) saveReadings(tx journal.Tx, batch string, readings []mail.Reading, ref journal.Ref, scan *scanned) error {
	var pages []int
	fresh := int64(0) // pages that were not read before
	for i, r := range readings {
		_, err := tx.Get(tablePage, pageKey(batch, r.Page))
		first := errors.Is(err, journal.ErrNotFound)
		if first {
			err, fresh = nil, fresh+1
		}
		if scan != nil {
			scan.look(r, first)
		}
		if err := errors.Join(err, journal.Save(tx, tablePage, pageKey(batch, r.Page), pageRow{ref, i, seenOn(r)})); err != nil {
			return err
		}
		pages = append(pages, r.Page)
	}
	if len(pages) == 0 {
		return nil
	}
	if err := count(tx, batchCount(batch, countRead), fresh); err != nil {
		return err
	}
	return tx.Log(m.event(actionRead, batch, "", pagesRead{pages, ref.SHA256, scan.none()}))
}

// readings gives the readings of the pages from..to, in order.
func (m *Mailroom) readings(ctx context.Context, batch string, from, to int) ([]mail.Reading, error) {
	return m.readingsFrom(ctx, map[journal.Ref][]json.RawMessage{}, batch, from, to)
}

// readingsFrom is readings with the portions that are held already; it adds to them.
func (m *Mailroom) readingsFrom(ctx context.Context, held map[journal.Ref][]json.RawMessage, batch string, from, to int) ([]mail.Reading, error) {
	var rows []pageRow
	err := m.journal.View(ctx, func(r journal.Reader) error {
		rows = nil
		for n := from; n <= to; n++ {
			row, err := load[pageRow](r, tablePage, pageKey(batch, n))
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []mail.Reading
	for i, row := range rows {
		if held[row.Readings] == nil {
			if held[row.Readings], err = m.portion(ctx, row.Readings); err != nil {
				return nil, err
			}
		}
		portion := held[row.Readings]
		var r mail.Reading
		if row.Index < len(portion) {
			if err := json.Unmarshal(portion[row.Index], &r); err != nil {
				return nil, fmt.Errorf("readings of batch %s: page %d: %w", batch, from+i, err)
			}
		}
		if r.Page != from+i {
			return nil, fmt.Errorf("readings of batch %s: page %d is not where the journal says", batch, from+i)
		}
		all = append(all, r)
	}
	return all, nil
}

// portion gives the readings of a read task, a page each. A document is mostly a few of
// its 16 pages: the others are not taken apart.
func (m *Mailroom) portion(ctx context.Context, ref journal.Ref) (readings []json.RawMessage, err error) {
	f, err := m.blob(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	err = json.NewDecoder(f).Decode(&readings)
	return readings, err
}
