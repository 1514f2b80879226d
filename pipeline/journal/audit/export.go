package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"postroom/pipeline/journal"
)

// An export is JSON lines of these kinds, told by their type:
//
//	log          first: whose log, how many entries, whether the export has all of them
//	entry        an entry, as it was hashed; with the details also what its commitment is to
//	inclusion    an entry's proof under the newest checkpoint (of an export that has not all)
//	consistency  the proof that a checkpoint's log begins with the one's before
//	checkpoint   a signed checkpoint, the oldest first
type line struct {
	Type    string      `json:"type"`
	Origin  string      `json:"origin,omitempty"`
	Key     string      `json:"key,omitempty"` // that verifies; whoever has the export from a stranger needs it from elsewhere
	Entries int64       `json:"entries,omitempty"`
	All     bool        `json:"all,omitempty"`
	Entry   *int64      `json:"entry,omitempty"`
	Leaf    string      `json:"leaf,omitempty"`
	Salt    []byte      `json:"salt,omitempty"`
	Opening string      `json:"opening,omitempty"`
	From    int64       `json:"from,omitempty"`
	To      int64       `json:"to,omitempty"`
	Proof   []tlog.Hash `json:"proof,omitempty"`
	Note    string      `json:"note,omitempty"`
}

// The kinds of lines.
const (
	lineLog         = "log"
	lineEntry       = "entry"
	lineInclusion   = "inclusion"
	lineConsistency = "consistency"
	lineCheckpoint  = "checkpoint"
)

// Selection says what an export has.
type Selection struct {
	Details  bool     // names, references and texts too
	Subjects []string // only what the log says of these; nil = all
}

// Export writes the log, or what it says of some subjects, with its proofs.
func (l *Log) Export(r journal.Reader, s Selection, out io.Writer) error {
	size, newest, err := last(r)
	if err != nil {
		return err
	}
	w := json.NewEncoder(out)
	w.SetEscapeHTML(false)
	if err := w.Encode(line{Type: lineLog, Origin: l.signer.Name(), Key: l.Public(), Entries: size, All: s.Subjects == nil}); err != nil {
		return err
	}
	if s.Subjects == nil {
		for n := range size {
			if err := exportEntry(r, n, s.Details, w); err != nil {
				return err
			}
		}
		return exportCheckpoints(r, w)
	}
	entries, err := Touches(r, s.Subjects...)
	if err != nil {
		return err
	}
	for _, n := range entries {
		proof, err := tlog.ProveRecord(size, n, hashes{r})
		if err != nil {
			return fmt.Errorf("prove entry %d: %w", n, err)
		}
		if err := errors.Join(exportEntry(r, n, s.Details, w), w.Encode(line{Type: lineInclusion, Entry: &n, To: size, Proof: proof})); err != nil {
			return err
		}
	}
	if size == 0 {
		return nil
	}
	return w.Encode(line{Type: lineCheckpoint, Note: newest.Note})
}

func exportEntry(r journal.Reader, n int64, details bool, w *json.Encoder) error {
	text, err := r.Get(tableLeaf, row(n))
	if err != nil {
		return err
	}
	l := line{Type: lineEntry, Entry: &n, Leaf: string(text)}
	if details {
		e, err := journal.Load[journal.Event](r, journal.TableEvent, eventRow(n))
		if err != nil {
			return err
		}
		l.Salt, l.Opening = e.Salt, string(opening(e))
	}
	return w.Encode(l)
}

func exportCheckpoints(r journal.Reader, w *json.Encoder) error {
	before := int64(0)
	return eachCheckpoint(r, func(key string, k kept) error {
		var size int64
		if _, err := fmt.Sscanf(key, "%x", &size); err != nil {
			return fmt.Errorf("checkpoint %s: %w", key, journal.ErrDamaged)
		}
		if before > 0 {
			proof, err := tlog.ProveTree(size, before, hashes{r})
			if err != nil {
				return fmt.Errorf("prove that %d entries begin with %d: %w", size, before, err)
			}
			if err := w.Encode(line{Type: lineConsistency, From: before, To: size, Proof: proof}); err != nil {
				return err
			}
		}
		before = size
		return w.Encode(line{Type: lineCheckpoint, Note: k.Note})
	})
}
