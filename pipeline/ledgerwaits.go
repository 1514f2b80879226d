package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Cursor is a place in a list, from which it goes on: "" is its beginning, or, of what a
// list gave, its end. It is made of times and ids, and stays good when what it was made of
// is gone.
type Cursor string

// Filter chooses among the documents that wait; a zero field chooses all.
type Filter struct {
	Reason string   // see mail.Reason
	Source string   // name of the intake folder
	Scheme string   // that a candidate, or the case of a recalled one, is a reference of
	Lanes  []string // of the queue: "" is the open one
	Keyer  string   // of Next: who has keyed its reference once can do nothing more about it
	User   string   // the keyer's account

	Supervisor bool // of Next, with Keyer: what two have keyed differently is for the keyer, too
}

// waitRow is what the list of exceptions is filtered by.
type waitRow struct {
	since      time.Time
	lane       string
	reason     string
	source     string
	references []string // of the candidates, and of the case that a recalled document was filed in
}

func waitingOf(r journal.Reader, d docRow) (w waitRow, err error) {
	e, err := load[mail.Exception](r, tableException, d.ID)
	if err != nil {
		return w, err
	}
	b, err := load[batchRow](r, tableBatch, d.Batch)
	if err != nil {
		return w, err
	}
	w = waitRow{since: e.Since, reason: e.Reason.String(), source: b.Source}
	if d.Lane != nil {
		w.lane = d.Lane.Lane
	}
	for _, c := range e.Candidates {
		if c.Reference != "" {
			w.references = append(w.references, c.Reference)
		}
	}
	if p := d.Placement; p != nil {
		w.references = append(w.references, p.Reference.String())
	}
	return w, nil
}

func (w waitRow) key(d mail.Document) string { return moment(w.since) + "/" + spanKey(d) }

func (w waitRow) count() string { return "waits/" + w.lane + "/" + w.reason + "/" + w.source }

func (w waitRow) String() string {
	return strings.Join(append([]string{w.lane, w.reason, w.source}, w.references...), "\x00")
}

// waits tells whether the row of a document that waits is chosen.
func (m *Mailroom) waits(value []byte, f Filter) bool {
	lane, rest, _ := strings.Cut(string(value), "\x00")
	reason, rest, _ := strings.Cut(rest, "\x00")
	source, references, some := strings.Cut(rest, "\x00")
	if f.Reason != "" && f.Reason != reason || f.Source != "" && f.Source != source || f.Lanes != nil && !slices.Contains(f.Lanes, lane) {
		return false
	}
	if f.Scheme == "" {
		return true
	}
	for text := ""; some; {
		text, references, some = strings.Cut(references, "\x00")
		for _, s := range m.cfg.Schemes {
			if s.Name() == f.Scheme {
				if _, err := s.Parse(text); err == nil {
					return true
				}
			}
		}
	}
	return false
}

// Place is where a document that waits stands in the list of Waits. It stays good when it
// waits no more.
func (l DocumentLine) Place() Cursor {
	d := mail.Document{ID: l.Document, Batch: l.Batch, From: first(l.Pages)}
	return Cursor(waitRow{since: l.Since}.key(d))
}

// Waits lists the documents that wait for a person and stand behind the cursor, those
// that wait longest first, n at most. next is where to go on: "" when that was all.
func (m *Mailroom) Waits(ctx context.Context, after Cursor, n int, f Filter) (lines []DocumentLine, next Cursor, err error) {
	err = m.lists(ctx, func(r journal.Reader) error {
		lines, next = []DocumentLine{}, ""
		last := after
		return m.eachWaiting(ctx, r, after, f, func(at Cursor) (more bool, err error) {
			if len(lines) == n {
				next = last
				return false, nil
			}
			line, err := m.line(r, at.document())
			lines, last = append(lines, line), at
			return true, err
		})
	})
	return lines, next, err
}

// Next gives the first document behind the cursor that waits and that skip, which may be
// nil, does not tell to leave out (somebody else has it). ErrNoSuch: there is none; some
// may stand before the cursor.
func (m *Mailroom) Next(ctx context.Context, after Cursor, skip func(document string) bool, f Filter) (line DocumentLine, at Cursor, err error) {
	err = m.lists(ctx, func(r journal.Reader) error {
		at = ""
		err := m.eachWaiting(ctx, r, after, f, func(c Cursor) (more bool, err error) {
			if skip != nil && skip(c.document()) {
				return true, nil
			}
			line, err = m.line(r, c.document())
			if f.Keyer != "" && (line.Keyed != nil && line.Keyed.Is(f.Keyer, f.User) || line.Lane != LaneSupervisor && line.Keyings > 1 && !f.Supervisor) {
				return true, err
			}
			at = c
			return false, err
		})
		if err == nil && at == "" {
			err = fmt.Errorf("a document that waits: %w", ErrNoSuch)
		}
		return err
	})
	return line, at, err
}

// document is the id that a cursor ends with.
func (c Cursor) document() string { return string(c[strings.LastIndexByte(string(c), '/')+1:]) }

// eachWaiting visits what waits behind the cursor and is chosen, until visit has enough.
func (m *Mailroom) eachWaiting(ctx context.Context, r journal.Reader, after Cursor, f Filter, visit func(Cursor) (more bool, err error)) error {
	for portion := 64; ctx.Err() == nil; portion = 512 { // most want a few
		rows, err := r.Scan(tableWaits, "", string(after), portion)
		if err != nil {
			return err
		}
		for _, row := range rows {
			after = Cursor(row.Key)
			if !m.waits(row.Value, f) {
				continue
			}
			if more, err := visit(after); !more || err != nil {
				return err
			}
		}
		if len(rows) < portion {
			return nil
		}
	}
	return ctx.Err()
}

// line reads a document as the ledger prints it.
func (m *Mailroom) line(r journal.Reader, id string) (line DocumentLine, err error) {
	d, err := load[docRow](r, tableDoc, id)
	if err != nil {
		return line, err
	}
	b, err := load[batchRow](r, tableBatch, d.Batch)
	if err != nil {
		return line, err
	}
	return m.documentLine(r, b, d)
}

// Waiters is how many documents wait in one lane, for one reason, of one source.
type Waiters struct {
	Lane, Reason, Source string
	Documents            int
}

// CountWaits counts the documents that wait: by lane, reason and source, in this order,
// without those of which there is none.
func (m *Mailroom) CountWaits(ctx context.Context) (all []Waiters, err error) {
	err = m.lists(ctx, func(r journal.Reader) (err error) {
		all, err = waiters(r)
		return err
	})
	return all, err
}

func waiters(r journal.Reader) (all []Waiters, err error) {
	err = each(r, tableCount, "waits/", func(row journal.Row) error {
		part := strings.SplitN(row.Key, "/", 4)
		n, err := strconv.Atoi(string(row.Value))
		if err != nil || len(part) != 4 {
			return fmt.Errorf("counter %s: %w", row.Key, errors.Join(err, journal.ErrDamaged))
		}
		all = append(all, Waiters{part[1], part[2], part[3], n})
		return nil
	})
	return all, err
}
