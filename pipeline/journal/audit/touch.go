package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"postroom/pipeline/journal"
)

// Touches lists the entries that are about any of the subjects, ascending.
func Touches(r journal.Reader, subjects ...string) (entries []int64, err error) {
	for _, s := range subjects {
		for after := ""; ; {
			rows, err := r.Scan(tableTouch, s+"/", after, portion)
			if err != nil {
				return nil, err
			}
			for _, got := range rows {
				var n int64
				if _, err := fmt.Sscanf(got.Key[len(s)+1:], "%x", &n); err != nil {
					return nil, fmt.Errorf("entries about %s: %w", s, journal.ErrDamaged)
				}
				entries = append(entries, n)
			}
			if len(rows) < portion {
				break
			}
			after = rows[len(rows)-1].Key
		}
	}
	slices.Sort(entries)
	return slices.Compact(entries), nil
}

// Subjects visits what the log speaks of, each once, ascending.
func Subjects(view View, visit func(subject string) error) error {
	for after, done := "", false; !done; {
		var some []string
		if err := view(func(r journal.Reader) error {
			rows, err := r.Scan(tableTouch, "", after, portion)
			some, done = nil, len(rows) < portion
			for _, got := range rows {
				if i := strings.LastIndexByte(got.Key, '/'); i >= 0 && (len(some) == 0 || some[len(some)-1] != got.Key[:i]) {
					some = append(some, got.Key[:i])
				}
			}
			if len(some) > 0 { // on behind the last one's entries
				after = some[len(some)-1] + "0" // which is what comes after "/"
			}
			return err
		}); err != nil {
			return err
		}
		for _, s := range some {
			if err := visit(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// About gives the events of a subject, in the order of time. What Check finds is not looked for.
func About(r journal.Reader, subject string) (events []journal.Event, err error) {
	entries, err := Touches(r, subject)
	for _, n := range entries {
		e, err := journal.Load[journal.Event](r, journal.TableEvent, eventRow(n))
		if errors.Is(err, journal.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, err
}

// Touch is an entry with its event.
type Touch struct {
	Entry int64
	journal.Event
	// Proven tells that the event is the one that was logged, and that its entry is in
	// the log under the newest checkpoint, whose signature holds.
	Proven bool
}

// Story gives what the log says of some subjects, in the order of time, each proven
// against the newest checkpoint.
func (l *Log) Story(r journal.Reader, subjects ...string) (touches []Touch, err error) {
	entries, err := Touches(r, subjects...)
	if err != nil {
		return nil, err
	}
	size, newest, err := last(r)
	if err != nil {
		return nil, err
	}
	t, signed := openCheckpoint(newest.Note, l.keys)
	for _, n := range entries {
		e, err1 := journal.Load[journal.Event](r, journal.TableEvent, eventRow(n))
		text, err2 := r.Get(tableLeaf, row(n))
		if err := errors.Join(err1, err2); errors.Is(err, journal.ErrNotFound) || errors.Is(err, journal.ErrDamaged) {
			e.Action = "gone"
			touches = append(touches, Touch{n, e, false})
			continue
		} else if err != nil {
			return nil, err
		}
		honest := true
		if err := l.entry(r, n, func(string, ...any) { honest = false }); err != nil {
			return nil, err
		}
		proof, err := tlog.ProveRecord(size, n, hashes{r})
		honest = honest && signed == nil && err == nil && tlog.CheckRecord(proof, t.size, t.root, n, tlog.RecordHash(text)) == nil
		touches = append(touches, Touch{n, e, honest})
	}
	return touches, nil
}
