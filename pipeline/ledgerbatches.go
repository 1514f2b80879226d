package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postroom/pipeline/journal"
)

// BatchSummary is a batch in the list of batches, with how far it is. Its documents pass
// the stages one after the other, so that of Cases documents that have a case, Cut have
// been cut, of these Delivered are filed, and of these Rendered have their rendition, or
// are told that there is none. A recalled or discarded document is in none of them.
type BatchSummary struct {
	BatchLine        // without SeparatorPages
	Name      string // of the file, as dropped
	Source    string // name of the intake folder; "process" for named files
	Received  time.Time
	Size      int64 // bytes
	Duplex    bool
	Read      int // pages; of a file that is one exception none is
	Cases     int
	Cut       int
	Delivered int
	Rendered  int
	First     string // the batch that had the same bytes before; "" = none had
}

// BatchFilter chooses among the batches; a zero field chooses all.
type BatchFilter struct {
	State    string    // open, closed
	Source   string    // name of the intake folder
	From, To time.Time // received at or after From and before To
	Trouble  bool      // only those with tasks that can't be done now
	Query    string    // stands in the file's name, capitals or not
}

// mostVisited bounds the rows that one call goes through in search of those that are chosen.
const mostVisited = 20_000

// BatchesDown lists the batches before the cursor, the newest first, n at most. next is
// where to go on: "" when that was all. There may be fewer than n before that is said:
// one call goes through 20,000 batches at most.
func (m *Mailroom) BatchesDown(ctx context.Context, before Cursor, n int, f BatchFilter) (lines []BatchSummary, next Cursor, err error) {
	table := tableArrival
	if f.State == "open" {
		table = tableOpen
	}
	if end := Cursor(moment(f.To)); !f.To.IsZero() && (before == "" || before > end) {
		before = end
	}
	err = m.lists(ctx, func(r journal.Reader) error {
		lines, next = []BatchSummary{}, ""
		last := before
		return eachDown(ctx, r, table, "", before, func(at Cursor, value []byte, visited int) (more bool, err error) {
			if !f.From.IsZero() && at < Cursor(moment(f.From)) {
				return false, nil
			}
			if len(lines) == n || visited > mostVisited {
				next = last
				return false, nil
			}
			last = at
			if !f.chooses(readArrival(value)) {
				return true, nil
			}
			if f.Trouble {
				rows, err := r.Scan(tableTrouble, at.document()+"/", "", 1)
				if len(rows) == 0 || err != nil {
					return true, err
				}
			}
			line, err := m.summary(r, at.document())
			lines = append(lines, line)
			return true, err
		})
	})
	return lines, next, err
}

func (f BatchFilter) chooses(a arrival) bool {
	return (f.State == "" || f.State == a.state) && (f.Source == "" || f.Source == a.source) &&
		(f.Query == "" || strings.Contains(strings.ToLower(a.name), strings.ToLower(f.Query)))
}

// eachDown visits the rows with the prefix before a key, the last one first, until visit
// has enough; visited counts them.
func eachDown(ctx context.Context, r journal.Reader, table, prefix string, before Cursor, visit func(at Cursor, value []byte, visited int) (more bool, err error)) error {
	visited := 0
	for portion := 64; ctx.Err() == nil; portion = 512 { // most want a few
		rows, err := r.ScanDown(table, prefix, string(before), portion)
		if err != nil {
			return err
		}
		for _, row := range rows {
			before, visited = Cursor(row.Key), visited+1
			if more, err := visit(before, row.Value, visited); !more || err != nil {
				return err
			}
		}
		if len(rows) < portion {
			return nil
		}
	}
	return ctx.Err()
}

// OldestOpen gives the batch that is open for the longest time. ErrNoSuch: none is open.
func (m *Mailroom) OldestOpen(ctx context.Context) (line BatchSummary, err error) {
	err = m.lists(ctx, func(r journal.Reader) error {
		rows, err := r.Scan(tableOpen, "", "", 1)
		if err == nil && len(rows) == 0 {
			err = fmt.Errorf("an open batch: %w", ErrNoSuch)
		}
		if err != nil {
			return err
		}
		line, err = m.summary(r, Cursor(rows[0].Key).document())
		return err
	})
	return line, err
}

// Batches visits all batches, oldest first.
func (m *Mailroom) Batches(ctx context.Context, visit func(BatchLine) error) error {
	const portion = 100
	for after := ""; ; {
		var lines []BatchLine
		if err := m.lists(ctx, func(r journal.Reader) error {
			lines = nil
			rows, err := r.Scan(tableBatch, "", after, portion)
			for _, row := range rows {
				line, err := m.summary(r, row.Key)
				if err != nil {
					return err
				}
				lines = append(lines, line.BatchLine)
			}
			return err
		}); err != nil {
			return err
		}
		for _, line := range lines { // outside: whoever reads slowly must not hold the journal
			if err := visit(line); err != nil {
				return err
			}
			after = line.Batch
		}
		if len(lines) < portion {
			return nil
		}
	}
}

// Summary gives one batch as the list does: ErrNoSuch.
func (m *Mailroom) Summary(ctx context.Context, id string) (s BatchSummary, err error) {
	err = m.lists(ctx, func(r journal.Reader) (err error) { s, err = m.summary(r, id); return err })
	return s, err
}

// summary tells how far a batch is by what is counted of it.
func (m *Mailroom) summary(r journal.Reader, id string) (s BatchSummary, err error) {
	b, err := load[batchRow](r, tableBatch, id)
	if err != nil {
		return s, err
	}
	counts, err := batchCounts(r, id)
	if err != nil {
		return s, err
	}
	pending, err := journal.Pending(r, id)
	if err != nil {
		return s, err
	}
	filed := counts[countFiled]
	s = BatchSummary{
		BatchLine: BatchLine{Type: "batch", Batch: id, File: b.Path, Pages: b.Pages, Separators: counts[countSeparators],
			Documents: counts[countDocuments], Filed: filed, Exceptions: counts[countHeld], Discarded: counts[countDiscarded],
			Pending: int(pending), State: stateOf(b)},
		Name: b.Name, Source: b.Source, Received: b.Received, Size: b.Size, Duplex: b.Duplex, Read: counts[countRead],
		Cases: filed + counts[countPlaced], Cut: filed + counts[countCut], Delivered: filed, Rendered: counts[countRendered], First: b.First,
	}
	return s, errors.Join(s.reconciliation(r, b), m.trouble(r, &s.BatchLine))
}

// batchCounts reads what is counted of a batch.
func batchCounts(r journal.Reader, id string) (map[string]int, error) {
	counts, prefix := map[string]int{}, batchCount(id, "")
	err := each(r, tableCount, prefix, func(row journal.Row) error {
		n, err := strconv.Atoi(string(row.Value))
		if err != nil {
			return fmt.Errorf("counter %s: %w: %w", row.Key, err, journal.ErrDamaged)
		}
		counts[row.Key[len(prefix):]] = n
		return nil
	})
	return counts, err
}
