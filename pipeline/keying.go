package pipeline

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Where a scheme's references are keyed twice (references: double_key), a person's
// reference alone files nothing: another person must key the same one, unseen.

// keying is a reference that a person keyed and that does not decide.
type keying struct {
	Reference mail.Reference `json:"reference"`
	Salt      string         `json:"salt"`
	Version   int            `json:"version,omitempty"` // of the document that it was keyed for
	By        string         `json:"by"`
	User      string         `json:"user,omitempty"`
	UID       string         `json:"uid,omitempty"`
	At        time.Time      `json:"at"`
}

// keyed is what the log has of a keying: bound to the reference, which nobody can read
// there before another person has keyed it, too.
type keyed struct {
	By     string    `json:"by"`
	User   string    `json:"user,omitempty"`
	UID    string    `json:"uid,omitempty"`
	At     time.Time `json:"at"`
	SHA256 string    `json:"sha256"` // of salt, scheme and reference, each ended by a line feed
}

func (k keying) logged() keyed {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n", k.Salt, k.Reference.Scheme(), k.Reference))
	return keyed{k.By, k.User, k.UID, k.At, hex.EncodeToString(sum[:])}
}

// KeyedLine is a reference that was keyed once, without the reference.
type KeyedLine struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	user string
}

// Is tells whether a person, named so or with that account, has keyed it.
func (k KeyedLine) Is(name, user string) bool { return person{name, user}.is(person{k.By, k.user}) }

func (k keying) who() person { return person{k.By, k.User} }

// key takes a person's reference as a keying, and tells whether it is the second one of
// the same reference, so that it decides.
func (m *Mailroom) key(tx journal.Tx, d docRow, k keying) (decides bool, err error) {
	if len(d.Keyed) > 1 {
		return false, refuse(refusedSupervisor, "document", d.ID)
	}
	if len(d.Keyed) == 1 && d.Keyed[0].who().is(k.who()) {
		return false, refuse(refusedSecond, "document", d.ID)
	}
	if len(d.Keyed) == 1 && d.Keyed[0].Reference == k.Reference {
		return true, nil
	}
	k.Salt, k.Version = rand.Text(), d.Version
	d.Keyed = append(d.Keyed[:len(d.Keyed):len(d.Keyed)], k)
	d.Document = d.Next()
	if len(d.Keyed) == 1 {
		return false, errors.Join(saveDoc(tx, d), tx.Log(m.event(actionKeyed, d.ID, k.By, k.logged())))
	}
	return false, m.differ(tx, d, k)
}

// differ hands a document to a supervisor for which two persons have keyed different references.
func (m *Mailroom) differ(tx journal.Tx, d docRow, last keying) error {
	e, err := load[mail.Exception](tx, tableException, d.ID)
	if err != nil {
		return err
	}
	for _, k := range d.Keyed {
		e.Candidates = append(e.Candidates, candidate(k.Reference, mail.Say("keyed-by", "by", k.By)))
	}
	d.Lane = &laneRow{Lane: LaneSupervisor, Why: mail.Say("keyed-differently").English(), By: last.By, User: last.User, UID: last.UID, Since: last.At}
	return errors.Join(
		tx.Log(m.event(actionKeyed, d.ID, last.By, last.logged())),
		m.except(tx, d.ID, e),
		saveDoc(tx, d),
		tx.Log(m.event(actionParked, d.ID, last.By, d.Lane)))
}
