package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"time"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// Entry is an entry of the log, as the journal holds it. Whether it is what was
// logged, Story and Verify tell.
type Entry struct {
	N       int64           `json:"entry"` // counted from 0, as the log does
	Time    time.Time       `json:"time"`
	Actor   string          `json:"actor"`
	Action  string          `json:"action"`
	About   string          `json:"about"`
	Config  string          `json:"config"`
	Version string          `json:"version"`
	Detail  json.RawMessage `json:"detail,omitempty"`
}

// EntryFilter chooses entries; a zero field chooses all.
type EntryFilter struct {
	Action, Actor, About string
	From, To             time.Time // To is not included
}

func (f EntryFilter) has(e journal.Event, actor string) bool {
	return (f.Action == "" || e.Action == f.Action) && (f.Actor == "" || actor == f.Actor) && (f.About == "" || e.Subject == f.About) &&
		(f.To.IsZero() || e.Time.Before(f.To))
}

// looked bounds how many entries one call looks at, so that a filter that nothing
// passes costs no more than one that all pass.
const looked = 2000

// Entries lists up to n entries before one, the newest first; before 0 begins with the
// newest. next is where to go on, 0 at the end; there may be more although fewer than n
// came, since a call looks at 2000 entries at most.
func (m *Mailroom) Entries(ctx context.Context, before int64, n int, f EntryFilter) (all []Entry, next int64, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		all, next = nil, 0
		_, size, err := audit.Checkpoint(r)
		if err != nil {
			return err
		}
		if before <= 0 || before > size {
			before = size
		}
		first := int64(0)
		if !f.From.IsZero() {
			if first, err = since(r, size, f.From); err != nil {
				return err
			}
		}
		if !f.To.IsZero() {
			end, err := since(r, size, f.To)
			if err != nil {
				return err
			}
			before = min(before, end)
		}
		if f.About != "" {
			all, next, err = m.entriesAbout(r, first, before, n, f)
			return err
		}
		rows, err := r.ScanDown(journal.TableEvent, "", eventKey(before), looked)
		if err != nil {
			return err
		}
		for _, row := range rows {
			e, err := entryOf(row.Key, row.Value)
			if err != nil || e.N < first {
				next = 0
				return err
			}
			if next = e.N; len(all) == n {
				next = e.N + 1
				return nil
			}
			if f.has(journal.Event{Time: e.Time, Action: e.Action, Subject: e.About}, e.Actor) {
				all = append(all, e)
			}
		}
		if len(rows) < looked {
			next = 0
		}
		return nil
	})
	return all, next, err
}

// entriesAbout finds entries by what they are about, without looking at others.
func (m *Mailroom) entriesAbout(r journal.Reader, first, before int64, n int, f EntryFilter) (all []Entry, next int64, err error) {
	about, err := audit.Touches(r, f.About)
	if err != nil {
		return nil, 0, err
	}
	for i := len(about) - 1; i >= 0 && about[i] >= first; i-- {
		if about[i] >= before {
			continue
		}
		if len(all) == n {
			return all, about[i] + 1, nil
		}
		value, err := r.Get(journal.TableEvent, eventKey(about[i]))
		if err != nil {
			return nil, 0, err
		}
		e, err := entryOf(eventKey(about[i]), value)
		if err != nil {
			return nil, 0, err
		}
		if f.has(journal.Event{Time: e.Time, Action: e.Action, Subject: e.About}, e.Actor) {
			all = append(all, e)
		}
	}
	return all, 0, nil
}

// since gives the first entry of a time or later; they stand in the order of time.
func since(r journal.Reader, size int64, t time.Time) (int64, error) {
	var failed error
	n := sort.Search(int(size), func(i int) bool {
		value, err := r.Get(journal.TableEvent, eventKey(int64(i)))
		var e journal.Event
		if err == nil {
			err = json.Unmarshal(value, &e)
		}
		failed = errors.Join(failed, err)
		return !e.Time.Before(t)
	})
	return int64(n), failed
}

// eventKey is where the journal has an entry's event; it counts from 1.
func eventKey(n int64) string { return fmt.Sprintf("%016x", n+1) }

func entryOf(key string, value []byte) (Entry, error) {
	n, err := strconv.ParseInt(key, 16, 64)
	var e journal.Event
	if err == nil {
		err = json.Unmarshal(value, &e)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("event %s: %w: %w", key, journal.ErrDamaged, err)
	}
	actor := e.Actor
	if actor == "" {
		actor = Machine
	}
	return Entry{n - 1, e.Time, actor, e.Action, e.Subject, e.Config, e.Version, e.Detail}, nil
}
