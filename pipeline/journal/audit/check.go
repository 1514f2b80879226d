package audit

import (
	"bytes"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"postroom/pipeline/journal"
)

// View reads the journal for a while: whoever reads long in one transaction makes writers wait.
type View func(read func(journal.Reader) error) error

// Check holds the log against the journal that it is in: each event against its leaf,
// each leaf against the tree, the tree against every kept checkpoint, and their
// signatures against the keys. Each fault is told in one line; the error is for what
// can't be looked at.
func (l *Log) Check(view View, fault func(format string, args ...any)) (entries int64, err error) {
	if err := view(func(r journal.Reader) (err error) { entries, _, err = last(r); return err }); err != nil {
		return 0, err
	}
	for from := int64(0); from < entries; from += portion {
		if err := view(func(r journal.Reader) error {
			if err := inTurn(r, from, min(from+portion, entries), fault); err != nil {
				return err
			}
			for n := from; n < min(from+portion, entries); n++ {
				if err := l.entry(r, n, fault); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return entries, err
		}
	}
	return entries, view(func(r journal.Reader) error {
		size, _, err := last(r) // it may have grown
		if err == nil {
			err = unsealed(r, size, fault)
		}
		if err != nil {
			return err
		}
		return l.checkpoints(r, size, fault)
	})
}

// numbered are the tables that have a row for each entry, and what their keys are.
var numbered = []struct {
	table, what string
	key         func(n int64) string
}{{journal.TableEvent, "event", eventRow}, {tableLeaf, "entry", row}}

// inTurn tells of rows that are missing, or stand where none is due.
func inTurn(r journal.Reader, from, to int64, fault func(string, ...any)) error {
	for _, t := range numbered {
		rows, err := r.Scan(t.table, "", t.key(from-1), int(to-from))
		if err != nil {
			return err
		}
		for i, got := range rows {
			if due := t.key(from + int64(i)); got.Key != due {
				fault("the log has %s %q where %s is due", t.what, got.Key, due)
				break
			}
		}
	}
	return nil
}

// unsealed tells of rows after the last that the newest checkpoint vouches for.
func unsealed(r journal.Reader, size int64, fault func(string, ...any)) error {
	for _, t := range numbered {
		rows, err := r.Scan(t.table, "", t.key(size-1), 1)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			fault("the newest checkpoint is of %d entries, and there is %s %q after them", size, t.what, rows[0].Key)
		}
	}
	return nil
}

// entry holds an entry against its event and its hashes.
func (l *Log) entry(r journal.Reader, n int64, fault func(string, ...any)) error {
	text, err := r.Get(tableLeaf, row(n))
	if errors.Is(err, journal.ErrNotFound) {
		fault("entry %d of the log is gone", n)
		return nil
	}
	if err != nil {
		return err
	}
	e, err := journal.Load[journal.Event](r, journal.TableEvent, eventRow(n))
	if err != nil {
		fault("entry %d of the log: its event can't be read: %v", n, err)
	} else {
		who := Machine
		if e.Actor != "" {
			known, err := r.Get(tableActor, e.Actor)
			if err != nil && !errors.Is(err, journal.ErrNotFound) {
				return err
			}
			who = string(known)
		}
		if !bytes.Equal(text, marshal(leafOf(e, who))) {
			fault("entry %d of the log says other than the event that it was made of (%s of %s)", n, e.Action, e.Subject)
		}
		if _, err := r.Get(tableTouch, e.Subject+"/"+row(n)); errors.Is(err, journal.ErrNotFound) {
			fault("entry %d of the log is not among those about %s", n, e.Subject)
		} else if err != nil {
			return err
		}
	}
	want, err := tlog.StoredHashes(n, text, hashes{r})
	if err != nil {
		fault("entry %d of the log: its hashes can't be read: %v", n, err)
		return nil
	}
	for i, h := range want {
		got, err := r.Get(tableHash, row(tlog.StoredHashIndex(0, n)+int64(i)))
		if err != nil || !bytes.Equal(got, h[:]) {
			fault("entry %d of the log is not the one that was hashed", n)
			break
		}
	}
	return nil
}

// checkpoints holds the tree against the kept checkpoints. size is that of the newest.
func (l *Log) checkpoints(r journal.Reader, size int64, fault func(string, ...any)) error {
	return eachCheckpoint(r, func(key string, k kept) error {
		t, err := openCheckpoint(k.Note, l.keys)
		switch {
		case err != nil:
			fault("checkpoint %s of the log: %v", key, err)
			return nil
		case row(t.size) != key:
			fault("checkpoint %s of the log is of %d entries", key, t.size)
			return nil
		case t.size > size:
			fault("a checkpoint of %d entries was signed, and the newest is of %d", t.size, size)
			return nil
		}
		root, err := tlog.TreeHash(t.size, hashes{r})
		if err != nil || root != t.root {
			fault("the first %d entries of the log are not those that were signed", t.size)
		}
		return nil
	})
}

// eachCheckpoint visits the kept checkpoints, the oldest first.
func eachCheckpoint(r journal.Reader, visit func(key string, k kept) error) error {
	for after := ""; ; {
		rows, err := r.Scan(tableCheckpoint, "", after, portion)
		if err != nil {
			return err
		}
		for _, got := range rows {
			if got.Key == newest {
				continue
			}
			k, err := journal.Load[kept](r, tableCheckpoint, got.Key)
			if err != nil {
				return err
			}
			if err := visit(got.Key, k); err != nil {
				return err
			}
		}
		if len(rows) < portion {
			return nil
		}
		after = rows[len(rows)-1].Key
	}
}
