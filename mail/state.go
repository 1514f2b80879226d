package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// DocState is where a document stands on its way.
type DocState uint8

// The states of a document.
const (
	Deciding   DocState = iota // the text of its pages is still wanted
	Placed                     // a rule or a person named its case; on its way to the store
	Filed                      // the store's receipt is in the journal
	Held                       // an exception: waits for a person
	Discarded                  // by a person, with a reason
	Superseded                 // made by a person into other documents
)

var docStates = closed{"deciding", "placed", "filed", "exception", "discarded", "superseded"}

func (s DocState) String() string               { return docStates.name(uint8(s)) }
func (s DocState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (s *DocState) UnmarshalText(b []byte) error {
	v, err := docStates.parse("document state", b)
	*s = DocState(v)
	return err
}

// Settled tells whether the machine has nothing left to do and no person is asked.
func (s DocState) Settled() bool { return s == Filed || s == Discarded || s == Superseded }

// moves is the table of legal moves; whatever stands not here is a bug.
var moves = map[DocState][]DocState{
	Deciding:   {Placed, Held},
	Placed:     {Filed, Held},                          // Held: the store refused it, it can't be cut, or a person took the decision back
	Held:       {Placed, Filed, Discarded, Superseded}, // Filed: a recall that a person found unfounded
	Filed:      {Held},                                 // a recall
	Discarded:  {Held},                                 // a person took the decision back
	Superseded: {Deciding, Held},                       // its pages are made a document again; Held: what was made of it is taken back
}

// Move gives the document in its next state, one version on. An illegal move is a bug and panics.
func (d Document) Move(to DocState) Document {
	if !slices.Contains(moves[d.State], to) {
		panic(fmt.Sprintf("bug: document %s can't move from %s to %s", d.ID, d.State, to))
	}
	d.State = to
	d.Version++
	return d
}

// Next gives the document one version on in the same state: something else of it has
// changed that whoever decides on it must have seen.
func (d Document) Next() Document {
	d.Version++
	return d
}

// DocumentID names the span From..To of a batch: the same span has the same name
// however often it is cut and delivered. rules is the version of the separating rules.
func DocumentID(batch string, from, to int, rules string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d\n%s", batch, from, to, rules))
	return hex.EncodeToString(sum[:16])
}
