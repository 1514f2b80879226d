package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"

	"postroom/mail"
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
	Case                 string    // a reference that the entry's detail names, or in whose case the document that it is about stood last
	Rule                 string    // by which the machine placed a document
	// Least and Below are a band of the confidence that a placement rests on, that of its
	// weakest evidence: Least is in it, Below is not. Both 0 = any.
	Least, Below float64
}

func (f EntryFilter) has(e Entry) bool {
	return (f.Action == "" || e.Action == f.Action) && (f.Actor == "" || e.Actor == f.Actor) && (f.About == "" || e.About == f.About) &&
		(f.To.IsZero() || e.Time.Before(f.To)) && f.rests(e)
}

// choice tells of entries whether a filter chooses them. It looks at each document once.
type choice struct {
	EntryFilter
	r      journal.Reader
	placed map[string][]placing // by document
}

// placing is an entry that placed a document, and whether in the case.
type placing struct {
	entry int64
	in    bool
}

// has tells whether an entry is chosen. One of a case names it, or is about a document that
// had last been placed in it: so who looked at a letter there, and its way out, is among them.
func (c *choice) has(e Entry) (bool, error) {
	if !c.EntryFilter.has(e) {
		return false, nil
	}
	if c.Case == "" || bytes.Contains(e.Detail, encode(c.Case)) {
		return true, nil
	}
	all, known := c.placed[e.About]
	if !known {
		var err error
		if all, err = c.placings(e.About); err != nil {
			return false, err
		}
		c.placed[e.About] = all
	}
	for _, p := range slices.Backward(all) {
		if p.entry < e.N {
			return p.in, nil
		}
	}
	return false, nil
}

// placings is empty for a document that never stood in the case.
func (c *choice) placings(document string) (all []placing, err error) {
	d, err := journal.Load[docRow](c.r, tableDoc, document)
	if errors.Is(err, journal.ErrNotFound) {
		return nil, nil // it is about something else
	}
	if err != nil {
		return nil, err
	}
	is := func(ref mail.Reference) bool { return ref.String() == c.Case }
	if !(d.Placement != nil && is(d.Placement.Reference)) && !slices.ContainsFunc(d.Left, is) && !slices.ContainsFunc(d.SentBack, is) {
		return nil, nil
	}
	events, err := audit.Touches(c.r, document)
	if err != nil {
		return nil, err
	}
	for _, n := range events {
		value, err := c.r.Get(journal.TableEvent, eventKey(n))
		if errors.Is(err, journal.ErrNotFound) {
			continue // verify tells of it, and of one that can't be read
		}
		if err != nil {
			return nil, err
		}
		var p mail.Placement
		if e, err := entryOf(eventKey(n), value); err == nil && e.Action == actionPlaced && json.Unmarshal(e.Detail, &p) == nil {
			all = append(all, placing{n, is(p.Reference)})
		}
	}
	return all, nil
}

// rests tells whether an entry is a placement by the rule and of the confidence, if these are asked for.
func (f EntryFilter) rests(e Entry) bool {
	if f.Rule == "" && f.Least == 0 && f.Below == 0 {
		return true
	}
	var p mail.Placement
	if e.Action != actionPlaced || json.Unmarshal(e.Detail, &p) != nil || f.Rule != "" && p.Rule != f.Rule {
		return false
	}
	if f.Least == 0 && f.Below == 0 {
		return true
	}
	weakest := 2.0
	for _, fact := range p.Evidence {
		weakest = min(weakest, fact.Confidence)
	}
	return len(p.Evidence) > 0 && weakest >= f.Least && (f.Below == 0 || weakest < f.Below)
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
		chosen := choice{f, r, map[string][]placing{}}
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
			if has, err := chosen.has(e); err != nil {
				return err
			} else if has {
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

// Entry gives one entry of the log; ErrNoSuch.
func (m *Mailroom) Entry(ctx context.Context, n int64) (e Entry, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		value, err := r.Get(journal.TableEvent, eventKey(n))
		if errors.Is(err, journal.ErrNotFound) {
			err = fmt.Errorf("entry %d: %w", n, ErrNoSuch)
		}
		if err == nil {
			e, err = entryOf(eventKey(n), value)
		}
		return err
	})
	return e, err
}

// entriesAbout finds entries by what they are about, without looking at others.
func (m *Mailroom) entriesAbout(r journal.Reader, first, before int64, n int, f EntryFilter) (all []Entry, next int64, err error) {
	about, err := audit.Touches(r, f.About)
	if err != nil {
		return nil, 0, err
	}
	chosen := choice{f, r, map[string][]placing{}}
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
		if has, err := chosen.has(e); err != nil {
			return nil, 0, err
		} else if has {
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
