package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

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

// Export writes the log, or what it says of some subjects, with its proofs, as it was
// when the export began. Nothing is written while the journal is read: whoever takes the
// export slowly must not make writers wait.
func (l *Log) Export(view View, s Selection, out io.Writer) error {
	w := &writer{out: out}
	var size int64
	var vouched bytes.Buffer // the checkpoints, which come last: of those of this hour only the newest is kept
	if err := view(func(r journal.Reader) (err error) {
		var newest kept
		if size, newest, err = last(r); err != nil || size == 0 {
			return err
		}
		end := &writer{out: &vouched}
		if s.Subjects == nil {
			err = exportCheckpoints(r, end)
		} else {
			err = end.line(line{Type: lineCheckpoint, Note: newest.Note})
		}
		return errors.Join(err, end.flush())
	}); err != nil {
		return err
	}
	if err := errors.Join(w.line(line{Type: lineLog, Origin: l.signer.Name(), Key: l.Public(), Entries: size, All: s.Subjects == nil}), w.flush()); err != nil {
		return err
	}
	entries, err := s.entries(view, size)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(entries, portion) {
		if err := view(func(r journal.Reader) error {
			for _, n := range some {
				if err := exportEntry(r, n, size, s, w); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		if err := w.flush(); err != nil {
			return err
		}
	}
	_, err = out.Write(vouched.Bytes())
	return err
}

// writer gathers lines and hands them on when it is flushed.
type writer struct {
	out     io.Writer
	waiting bytes.Buffer
}

func (w *writer) line(l line) error {
	e := json.NewEncoder(&w.waiting)
	e.SetEscapeHTML(false)
	return e.Encode(l)
}

func (w *writer) flush() error {
	_, err := w.waiting.WriteTo(w.out)
	return err
}

// entries lists what is selected of the first entries.
func (s Selection) entries(view View, size int64) (entries []int64, err error) {
	if s.Subjects == nil {
		entries = make([]int64, size)
		for n := range entries {
			entries[n] = int64(n)
		}
		return entries, nil
	}
	err = view(func(r journal.Reader) (err error) { entries, err = Touches(r, s.Subjects...); return err })
	return slices.DeleteFunc(entries, func(n int64) bool { return n >= size }), err
}

func exportEntry(r journal.Reader, n, size int64, s Selection, w *writer) error {
	text, err := r.Get(tableLeaf, row(n))
	if err != nil {
		return err
	}
	l := line{Type: lineEntry, Entry: &n, Leaf: string(text)}
	if s.Details {
		e, err := journal.Load[journal.Event](r, journal.TableEvent, eventRow(n))
		if err != nil {
			return err
		}
		l.Salt, l.Opening = e.Salt, string(opening(e))
	}
	if err := w.line(l); err != nil || s.Subjects == nil {
		return err
	}
	proof, err := tlog.ProveRecord(size, n, hashes{r})
	if err != nil {
		return fmt.Errorf("prove entry %d: %w", n, err)
	}
	return w.line(line{Type: lineInclusion, Entry: &n, To: size, Proof: proof})
}

func exportCheckpoints(r journal.Reader, w *writer) error {
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
			if err := w.line(line{Type: lineConsistency, From: before, To: size, Proof: proof}); err != nil {
				return err
			}
		}
		before = size
		return w.line(line{Type: lineCheckpoint, Note: k.Note})
	})
}
