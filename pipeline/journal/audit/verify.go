package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Summary is what a verification of an export looked at.
type Summary struct {
	Origin      string `json:"origin"`
	Entries     int64  `json:"entries"` // that the export has
	Of          int64  `json:"of"`      // that the log had
	All         bool   `json:"all"`     // it is no extract
	Details     int64  `json:"details"` // entries whose details were held against their commitment
	Checkpoints int    `json:"checkpoints"`
	Former      int    `json:"former"` // checkpoints that were kept elsewhere and held against it
}

// Verify holds an export against the keys, and against checkpoints of former times that
// were kept elsewhere. It needs nothing else. Each fault is told in one line; the error
// is for what is no export.
func Verify(export io.Reader, keys Keys, former []string, fault func(format string, args ...any)) (Summary, error) {
	v := &verification{keys: keys, fault: fault, leaves: map[int64]tlog.Hash{}, proven: map[int64]bool{}, roots: map[int64]tlog.Hash{}}
	d := json.NewDecoder(export)
	for n := 1; ; n++ {
		var l line
		err := d.Decode(&l)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return v.Summary, fmt.Errorf("line %d of the export: %w", n, err)
		}
		if (n == 1) != (l.Type == lineLog) {
			return v.Summary, fmt.Errorf("line %d of the export is %q: the first line, and no other, tells which log it is", n, l.Type)
		}
		if err := v.take(l); err != nil {
			return v.Summary, fmt.Errorf("line %d of the export: %w", n, err)
		}
	}
	if v.head.Type == "" {
		return v.Summary, errors.New("the export is empty")
	}
	v.end()
	for _, text := range former {
		v.against(text)
	}
	return v.Summary, nil
}

// verification is an export as far as it was read.
type verification struct {
	Summary
	keys   Keys
	fault  func(string, ...any)
	head   line
	stored []tlog.Hash         // of an export that has all: the tree, computed anew
	leaves map[int64]tlog.Hash // of one that has not: entry -> its hash
	proven map[int64]bool      // entry -> it has its proof
	roots  map[int64]tlog.Hash // checkpoints by their number of entries
	proofs []line
	newest tree
	bad    bool // an entry is not where it is due, so that no root can be right
}

func (v *verification) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(v.stored)) {
			return nil, errors.New("the export lacks entries")
		}
		all[i] = v.stored[index]
	}
	return all, nil
}

func (v *verification) take(l line) error {
	switch l.Type {
	case lineLog:
		v.head, v.Origin, v.Of, v.All = l, l.Origin, l.Entries, l.All
	case lineEntry:
		if l.Entry == nil {
			return errors.New("the entry has no number")
		}
		return v.entry(l)
	case lineInclusion:
		if l.Entry == nil {
			return errors.New("the proof is of no entry")
		}
		v.proofs = append(v.proofs, l)
	case lineConsistency:
		v.proofs = append(v.proofs, l)
	case lineCheckpoint:
		v.checkpoint(l.Note)
	default:
		return fmt.Errorf("%q is no kind of line that this version knows", l.Type)
	}
	return nil
}

// entry takes an entry in, and holds its details against its commitment.
func (v *verification) entry(l line) error {
	v.Entries++
	var leaf Leaf
	strict := json.NewDecoder(bytes.NewReader([]byte(l.Leaf)))
	strict.DisallowUnknownFields()
	switch err := strict.Decode(&leaf); {
	case err != nil:
		v.fault("entry %d can't be read: %v", *l.Entry, err)
	case leaf.Format != format:
		v.fault("entry %d is of format %d, which this version does not know", *l.Entry, leaf.Format)
	case l.Opening != "":
		v.Details++
		if !bytes.Equal(leaf.Commitment, commitment(l.Salt, []byte(l.Opening))) {
			v.fault("entry %d: its details are not those that were logged", *l.Entry)
		}
	}
	if !v.head.All {
		if _, twice := v.leaves[*l.Entry]; twice {
			v.fault("entry %d is there twice", *l.Entry)
		}
		v.leaves[*l.Entry] = tlog.RecordHash([]byte(l.Leaf))
		return nil
	}
	n := v.Entries - 1
	if *l.Entry != n {
		if !v.bad {
			v.fault("entry %d stands where entry %d is due: some are missing, were added or changed places", *l.Entry, n)
		}
		v.bad = true
	}
	more, err := tlog.StoredHashes(n, []byte(l.Leaf), v)
	if err != nil {
		return err
	}
	v.stored = append(v.stored, more...)
	return nil
}

func (v *verification) checkpoint(text string) {
	v.Checkpoints++
	t, err := openCheckpoint(text, v.keys)
	switch {
	case err != nil:
		v.fault("checkpoint %d: %v", v.Checkpoints, err)
		return
	case t.size <= v.newest.size:
		v.fault("checkpoint %d is of %d entries, and one of %d stands before it", v.Checkpoints, t.size, v.newest.size)
		return
	}
	v.newest, v.roots[t.size] = t, t.root
	if v.head.All {
		v.root(t, "the export's")
	}
}

// root holds the entries against a checkpoint.
func (v *verification) root(t tree, whose string) {
	if t.size > v.Entries {
		v.fault("%s checkpoint is of %d entries, and the export has %d", whose, t.size, v.Entries)
		return
	}
	if root, err := tlog.TreeHash(t.size, v); err != nil || root != t.root {
		v.fault("the first %d entries are not those that were signed in %s checkpoint", t.size, whose)
	}
}

// end holds together what was read.
func (v *verification) end() {
	switch {
	case v.newest.size == 0 && v.Entries+v.Of > 0:
		v.fault("no checkpoint vouches for any of it")
	case v.newest.size != v.Of:
		v.fault("the log is said to have %d entries, and its newest checkpoint is of %d", v.Of, v.newest.size)
	case v.head.All && v.newest.size != v.Entries:
		v.fault("the newest checkpoint is of %d entries, and the export has %d", v.newest.size, v.Entries)
	}
	for _, p := range v.proofs {
		if p.Type == lineInclusion {
			v.included(p)
			continue
		}
		from, known := v.roots[p.From]
		to, known2 := v.roots[p.To]
		if !known || !known2 || tlog.CheckTree(p.Proof, p.To, to, p.From, from) != nil {
			v.fault("the proof that the log of %d entries begins with that of %d does not hold", p.To, p.From)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(v.leaves)) {
		if !v.proven[n] {
			v.fault("entry %d has no proof that it is in the log", n)
		}
	}
}

// included holds an entry's proof against the checkpoint that it names.
func (v *verification) included(p line) {
	hash, there := v.leaves[*p.Entry]
	root, known := v.roots[p.To]
	v.proven[*p.Entry] = true
	if !there || !known || tlog.CheckRecord(p.Proof, p.To, root, *p.Entry, hash) != nil {
		v.fault("entry %d is not in the log that was signed", *p.Entry)
	}
}

// against holds the export against a checkpoint that was kept elsewhere.
func (v *verification) against(text string) {
	v.Former++
	t, err := openCheckpoint(text, v.keys)
	if err != nil {
		v.fault("kept checkpoint %d: %v", v.Former, err)
		return
	}
	if root, known := v.roots[t.size]; known {
		if root != t.root {
			v.fault("the log of %d entries was signed twice, with other entries", t.size)
		}
		return
	}
	if !v.head.All {
		v.fault("an export of all entries is needed to hold it against a kept checkpoint of %d entries", t.size)
		return
	}
	v.root(t, "a kept")
}
