package audit

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"postroom/pipeline/journal"
)

// portion is how many events are sealed at a time.
const portion = 500

// Seal makes the events that are not sealed yet entries of the log, and signs what
// the log then is. The journal calls it at the end of each transaction that logged
// something, so that no event is ever durable without its seal.
func (l *Log) Seal(tx journal.Tx) error {
	size, before, err := last(tx)
	if err != nil {
		return err
	}
	n, at := size, before.Time
	for {
		rows, err := tx.Scan(journal.TableEvent, "", eventRow(n-1), portion)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Key != eventRow(n) {
				return fmt.Errorf("the event %s is there where %s is due: %w", r.Key, eventRow(n), journal.ErrDamaged)
			}
			if at, err = enter(tx, n); err != nil {
				return fmt.Errorf("seal event %s: %w", r.Key, err)
			}
			n++
		}
		if len(rows) < portion {
			break
		}
	}
	if n == size {
		return nil
	}
	return l.sign(tx, n, kept{Time: at}, size, before)
}

// enter makes one event an entry.
func enter(tx journal.Tx, n int64) (at time.Time, err error) {
	e, err := journal.Load[journal.Event](tx, journal.TableEvent, eventRow(n))
	if err != nil {
		return at, err
	}
	e.Salt = make([]byte, 32)
	_, _ = rand.Read(e.Salt) // it never fails
	who, err := pseudonym(tx, e.Actor)
	if err != nil {
		return at, err
	}
	leaf := leafOf(e, who)
	text := marshal(leaf)
	stored, err := tlog.StoredHashes(n, text, hashes{tx})
	if err != nil {
		return at, err
	}
	for i, h := range stored {
		if err := tx.Insert(tableHash, row(tlog.StoredHashIndex(0, n)+int64(i)), h[:]); err != nil {
			return at, err
		}
	}
	return leaf.Time, errors.Join(
		journal.Save(tx, journal.TableEvent, eventRow(n), e),
		tx.Insert(tableLeaf, row(n), text),
		tx.Put(tableTouch, e.Subject+"/"+row(n), nil))
}

// pseudonym gives what stands for a name in leaves, made up when it is new.
func pseudonym(tx journal.Tx, name string) (string, error) {
	if name == "" {
		return Machine, nil
	}
	known, err := tx.Get(tableActor, name)
	if !errors.Is(err, journal.ErrNotFound) {
		return string(known), err
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // it never fails
	fresh := "actor-" + hex.EncodeToString(id)
	return fresh, tx.Put(tableActor, name, []byte(fresh))
}

// sign writes the checkpoint of n entries. Of those before, the last of each hour is kept.
func (l *Log) sign(tx journal.Tx, n int64, k kept, size int64, before kept) error {
	root, err := tlog.TreeHash(n, hashes{tx})
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: checkpointText(l.signer.Name(), n, root)}, l.signer)
	if err != nil {
		return fmt.Errorf("sign the audit log: %w", err)
	}
	k.Note = string(signed)
	if size > 0 && before.Time.Truncate(time.Hour).Equal(k.Time.Truncate(time.Hour)) {
		if err := tx.Delete(tableCheckpoint, row(size)); err != nil {
			return err
		}
	}
	return errors.Join(
		journal.Save(tx, tableCheckpoint, row(n), k),
		tx.Put(tableCheckpoint, newest, []byte(row(n))))
}

// Checkpoint gives the newest signed checkpoint and the number of its entries; "" = none was sealed.
func Checkpoint(r journal.Reader) (signed string, entries int64, err error) {
	size, k, err := last(r)
	return k.Note, size, err
}
