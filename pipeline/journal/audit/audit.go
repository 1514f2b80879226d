// Package audit is the log that shows tampering: the journal's events as the
// leaves of a Merkle tree, whose root is signed with each transaction.
//
// In come events as the journal keeps them, inside the transaction that wrote
// them; out come leaves without personal data, signed checkpoints, exports, and
// what is wrong with any of them. The package knows no mail: what an event means
// is the caller's.
//
// The tree is that of RFC 6962 and the Go checksum database (x/mod/sumdb/tlog),
// a checkpoint is a signed note of the C2SP tlog-checkpoint form. A signature of
// one party does not stop whoever holds the key from writing another history:
// that takes checkpoints which were given away before.
package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"postroom/pipeline/journal"
)

// The tables of the log. Entries are counted from 0, as the tree's leaves are.
const (
	tableLeaf       = "leaf"       // entry -> Leaf, as it was hashed
	tableHash       = "hash"       // index as tlog stores hashes -> 32 bytes
	tableCheckpoint = "checkpoint" // number of entries -> kept
	tableActor      = "actor"      // name -> pseudonym
	tableTouch      = "touch"      // subject/entry -> "": what the log says of a subject
)

// format is the version of Leaf that is written.
const format = 1

// Machine is the actor of what no person did.
const Machine = "machine"

// Leaf is an entry of the log. It has no personal data: names, references and texts
// are in the event beside it, to which Commitment binds it. Without the event's salt,
// which goes with the event, nothing can be guessed from it.
type Leaf struct {
	Format     int       `json:"format"`
	Time       time.Time `json:"time"`
	Actor      string    `json:"actor"` // Machine, or a pseudonym
	Action     string    `json:"action"`
	Subject    string    `json:"subject"` // a batch's or document's id
	Config     string    `json:"config"`  // digest of the configuration in force
	Version    string    `json:"version"` // of the software
	Commitment []byte    `json:"commitment"`
}

// Opening is what a leaf's commitment is to: the name behind the pseudonym, and the details.
type Opening struct {
	Actor  string          `json:"actor"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// opening gives the bytes that are committed to.
func opening(e journal.Event) []byte {
	b, err := json.Marshal(Opening{e.Actor, e.Detail})
	if err != nil {
		panic(fmt.Sprintf("bug: an event's detail is no JSON: %v", err))
	}
	return b
}

// commitment is HMAC-SHA256 keyed with the event's own salt.
func commitment(salt, opened []byte) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write(opened)
	return mac.Sum(nil)
}

// leafOf gives the entry that stands for an event.
func leafOf(e journal.Event, pseudonym string) Leaf {
	return Leaf{Format: format, Time: e.Time.UTC(), Actor: pseudonym, Action: e.Action, Subject: e.Subject,
		Config: e.Config, Version: e.Version, Commitment: commitment(e.Salt, opening(e))}
}

// kept is a checkpoint as the journal keeps it.
type kept struct {
	Note string    `json:"note"`
	Time time.Time `json:"time"` // of its last entry
}

// row is the key of an entry, or of a hash by its index.
func row(n int64) string { return fmt.Sprintf("%016x", n) }

// eventRow is the key of an entry's event: the journal counts events from 1.
func eventRow(n int64) string { return row(n + 1) }

// hashes reads the tree's hashes from the journal (tlog.HashReader).
type hashes struct{ journal.Reader }

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		b, err := h.Get(tableHash, row(index))
		if err != nil {
			return nil, err
		}
		if len(b) != tlog.HashSize {
			return nil, fmt.Errorf("hash %d of the log: %w: it has %d bytes", index, journal.ErrDamaged, len(b))
		}
		copy(all[i][:], b)
	}
	return all, nil
}

// last gives the newest checkpoint and the number of entries under it: zero values
// when nothing was sealed yet.
func last(r journal.Reader) (size int64, k kept, err error) {
	b, err := r.Get(tableCheckpoint, newest)
	if errors.Is(err, journal.ErrNotFound) {
		some, err := r.Scan(tableLeaf, "", "", 1)
		if len(some) > 0 {
			err = fmt.Errorf("the log has entries and no checkpoint: %w", journal.ErrDamaged)
		}
		return 0, k, err
	}
	if err != nil {
		return 0, k, err
	}
	if _, err := fmt.Sscanf(string(b), "%x", &size); err != nil {
		return 0, k, fmt.Errorf("the newest checkpoint %q: %w", b, journal.ErrDamaged)
	}
	k, err = journal.Load[kept](r, tableCheckpoint, row(size))
	if errors.Is(err, journal.ErrNotFound) {
		err = fmt.Errorf("the log's newest checkpoint, of %d entries, is gone: %w", size, journal.ErrDamaged)
	}
	return size, k, err
}

// newest is the row that names the newest checkpoint; it sorts after all of them.
const newest = "newest"
