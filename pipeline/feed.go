package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// Changed is closed at the journal's next commit.
func (m *Mailroom) Changed() <-chan struct{} { return m.journal.Changed() }

// Follow tells which documents were touched by the next n entries of the log after a
// cursor, each once, in the order of their first entry there. The cursor "" is before the
// first entry; next is the one to go on from, the same when there was nothing more. A
// cursor of another journal, or of entries that an older one does not have, is
// mail.ErrRewound. What people look at touches documents, too; see mail.Touch.
func (m *Mailroom) Follow(ctx context.Context, cursor string, n int) (touched []mail.Touch, next string, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		after, err := followed(r, cursor)
		if err != nil {
			return err
		}
		rows, err := r.Scan(journal.TableEvent, "", after, n)
		if err != nil {
			return err
		}
		next = cursor
		f := feed{r: r, at: map[string]int{}, docs: map[string][]docRow{}}
		for _, row := range rows {
			if err := f.take(row); err != nil {
				return err
			}
			next = cursorAt(row)
		}
		touched = f.touched
		return nil
	})
	return touched, next, err
}

// cursorAt names an entry by its number and by what it says: a journal that was put back
// has other entries under the same numbers.
func cursorAt(row journal.Row) string {
	sum := sha256.Sum256(row.Value)
	return row.Key + "-" + hex.EncodeToString(sum[:8])
}

// followed gives the key of the cursor's entry.
func followed(r journal.Reader, cursor string) (key string, err error) {
	if cursor == "" {
		return "", nil
	}
	const digits = 16
	if len(cursor) < digits {
		return "", mail.ErrRewound
	}
	value, err := r.Get(journal.TableEvent, cursor[:digits])
	if errors.Is(err, journal.ErrNotFound) || err == nil && cursorAt(journal.Row{Key: cursor[:digits], Value: value}) != cursor {
		return "", mail.ErrRewound
	}
	return cursor[:digits], err
}

// feed gathers the documents that a portion of the log touches.
type feed struct {
	r       journal.Reader
	touched []mail.Touch
	at      map[string]int      // document -> its place in touched
	docs    map[string][]docRow // batch -> its documents, once they were asked for
}

func (f *feed) take(row journal.Row) error {
	var e journal.Event
	entry, err := strconv.ParseUint(row.Key, 16, 64)
	if err == nil {
		err = json.Unmarshal(row.Value, &e)
	}
	if err != nil {
		return fmt.Errorf("event %s: %w: %w", row.Key, journal.ErrDamaged, err)
	}
	if e.Action == actionRead {
		return f.read(e, entry)
	}
	d, err := journal.Load[docRow](f.r, tableDoc, e.Subject)
	if errors.Is(err, journal.ErrNotFound) {
		return nil // of a batch, or of the log itself
	}
	if err == nil {
		f.touch(d, entry, false)
	}
	return err
}

// read touches the documents of whose pages some were read.
func (f *feed) read(e journal.Event, entry uint64) (err error) {
	var said pagesRead
	if err := json.Unmarshal(e.Detail, &said); err != nil {
		return fmt.Errorf("event %x: %w: %w", entry, journal.ErrDamaged, err)
	}
	docs, ok := f.docs[e.Subject]
	if !ok {
		if docs, err = documents(f.r, e.Subject); err != nil {
			return err
		}
		f.docs[e.Subject] = docs
	}
	for _, d := range docs {
		for _, page := range said.Pages {
			if d.From <= page && page <= d.To {
				f.touch(d, entry, true)
				break
			}
		}
	}
	return nil
}

func (f *feed) touch(d docRow, entry uint64, text bool) {
	i, had := f.at[d.ID]
	if !had {
		i = len(f.touched)
		f.at[d.ID] = i
		f.touched = append(f.touched, mail.Touch{Document: d.ID, Filed: d.State == mail.Filed, Version: d.Version})
	}
	f.touched[i].Entry = entry
	f.touched[i].Text = f.touched[i].Text || text
}

// Letter gives a document as it stands now, with its words; ErrNoSuch.
func (m *Mailroom) Letter(ctx context.Context, id string) (l mail.Letter, err error) {
	err = m.Letters(ctx, []string{id}, func(found mail.Letter) error { l = found; return nil })
	if err == nil && l.ID == "" {
		err = fmt.Errorf("%s %s: %w", tableDoc, id, ErrNoSuch)
	}
	return l, err
}

// Letters visits documents as they stand now, those that there are. Those of one batch that
// come one after another cost less: their pages' words are kept together.
func (m *Mailroom) Letters(ctx context.Context, ids []string, visit func(mail.Letter) error) error {
	held := map[journal.Ref][]json.RawMessage{}
	batch := ""
	for _, id := range ids {
		l, d, err := m.standing(ctx, id)
		if errors.Is(err, ErrNoSuch) {
			continue
		}
		if err != nil {
			return err
		}
		if d.Batch != batch || len(held) > 4 { // some 100 pages: a batch may have 10,000
			batch = d.Batch
			clear(held)
		}
		if !d.Whole && d.From > 0 {
			if err := m.withText(ctx, held, &l); err != nil {
				return err
			}
		}
		if err := visit(l); err != nil {
			return err
		}
	}
	return nil
}

// withText adds what was read of its pages. Words that are lost are no reason to say
// nothing of the letters after it.
func (m *Mailroom) withText(ctx context.Context, held map[journal.Ref][]json.RawMessage, l *mail.Letter) error {
	readings, err := m.readingsFrom(ctx, held, l.Batch, l.From, l.To)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		l.Missing = err.Error()
		return nil
	}
	l.Language = spoken(readings, m.cfg.Languages)
	for _, r := range readings {
		l.Text = append(l.Text, mail.Text{Page: r.Page, Width: r.Width, Height: r.Height, Words: r.Words})
	}
	return nil
}

// standing gives a letter without its words.
func (m *Mailroom) standing(ctx context.Context, id string) (l mail.Letter, d docRow, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		if d, err = load[docRow](r, tableDoc, id); err != nil {
			return err
		}
		b, err := load[batchRow](r, tableBatch, d.Batch)
		if err != nil {
			return err
		}
		_, entries, err := audit.Checkpoint(r)
		l = mail.Letter{Document: d.Document, Received: b.Received, Source: b.Source, File: b.Name, Entries: uint64(entries)}
		return err
	})
	if p := d.Placement; p != nil {
		l.Store, l.Scheme, l.Reference = p.Store, p.Reference.Scheme(), p.Reference.String()
	}
	if d.Receipt != nil {
		l.Filed = d.Receipt.At
	}
	return l, d, err
}
