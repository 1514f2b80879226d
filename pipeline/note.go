package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"postroom/mail"
	"postroom/pipeline/journal"
)

const (
	tableNote = "note" // document id/when written, as an id -> Note

	actionNoted   = "note written"
	actionUnnoted = "note removed"

	longestNote = 500         // characters
	mostNotes   = 100         // on one letter
	sentTwice   = time.Minute // the same text within it is one note: a button was pressed twice
)

// Note is what a person wrote beside a letter. It belongs to the case that the letter was
// in then: in another case, where others read, it is not shown.
type Note struct {
	ID        string         `json:"id"`
	User      string         `json:"user"` // id of who wrote it
	By        string         `json:"by"`
	At        time.Time      `json:"at"`
	Text      string         `json:"text"` // one line
	Reference mail.Reference `json:"reference"`
	Store     string         `json:"store"`
}

// Note writes a note on a filed letter, and logs it; what the user has just written there
// is not written again. *Refused: it can't be read later, it
// is too long, there are too many, or the letter is not filed any more.
func (m *Mailroom) Note(ctx context.Context, user, by, document, text string) error {
	by, text = strings.TrimSpace(by), strings.TrimSpace(text)
	if err := named(by); err != nil {
		return err
	}
	if !legible(text) || utf8.RuneCountInString(text) > longestNote {
		return refuse(refusedNote, "most", longestNote)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		d, err := load[docRow](tx, tableDoc, document)
		if err != nil {
			return err
		}
		if !d.filed() {
			return refuse(refusedNotFiled, "document", document, "state", d.State)
		}
		all, err := tx.Scan(tableNote, document+"/", "", mostNotes)
		if err != nil {
			return err
		}
		n := Note{id.String(), user, by, m.cfg.Now().UTC(), text, d.Placement.Reference, d.Receipt.Store}
		for _, row := range all {
			was, err := decode[Note](tableNote, row)
			if err != nil {
				return err
			}
			if was.repeats(n) {
				return nil
			}
		}
		if len(all) == mostNotes {
			return refuse(refusedNotes, "most", mostNotes)
		}
		return errors.Join(journal.Save(tx, tableNote, document+"/"+n.ID, n), tx.Log(m.event(actionNoted, document, by, n)))
	})
}

// repeats tells whether a note was sent a second time.
func (n Note) repeats(o Note) bool {
	apart := o.At.Sub(n.At).Abs()
	n.ID, n.By, n.At = o.ID, o.By, o.At
	return n == o && apart < sentTwice
}

// RemoveNote removes a note that the user wrote himself; the log keeps it. ErrNoSuch is
// one that is not there, or another's.
func (m *Mailroom) RemoveNote(ctx context.Context, user, by, document, id string) error {
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		n, err := load[Note](tx, tableNote, document+"/"+id)
		if err == nil && n.User != user {
			err = fmt.Errorf("a note of that person: %w", ErrNoSuch)
		}
		if err != nil {
			return err
		}
		return errors.Join(tx.Delete(tableNote, document+"/"+id), tx.Log(m.event(actionUnnoted, document, by, map[string]string{"id": id})))
	})
}

// Notes lists the notes on a letter, the oldest first: those that were written while it was
// in the case that it is in now.
func (m *Mailroom) Notes(ctx context.Context, document string) (all []Note, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		all = nil
		d, err := load[docRow](r, tableDoc, document)
		if err != nil || !d.filed() {
			return err
		}
		return each(r, tableNote, document+"/", func(row journal.Row) error {
			n, err := decode[Note](tableNote, row)
			if n.Reference == d.Placement.Reference && n.Store == d.Receipt.Store {
				all = append(all, n)
			}
			return err
		})
	})
	return all, err
}
