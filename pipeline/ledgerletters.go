package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// LetterLine is a filed letter in a caseworker's list.
type LetterLine struct {
	Document  string
	Batch     string
	Name      string // of the scanner's file
	Source    string // name of the intake folder
	Store     string
	Scheme    string
	Reference string
	Pages     []int
	Blanks    []int // those of them that look blank
	Received  time.Time
	Filed     time.Time
	DecidedBy string // the person, or Machine
	Rendered  bool   // the store has its searchable.pdf
}

// Sees is what a person may see of the filed letters: those of the stores and, when there
// is a Case, only of the cases that it says yes to. The zero value sees nothing.
type Sees struct {
	Stores []string
	Case   func(store, scheme, reference string) bool // nil = every case of the stores
}

// CaseLetters is LettersChosen of one case, and without a filter.
func (m *Mailroom) CaseLetters(ctx context.Context, store, scheme, reference string, before Cursor, n int) (lines []LetterLine, next Cursor, err error) {
	prefix := caseKey(store, scheme, reference)
	from := Cursor("")
	if before != "" {
		from = Cursor(prefix) + before
	}
	err = m.lists(ctx, func(r journal.Reader) error {
		lines, next = []LetterLine{}, ""
		last := before
		return eachDown(ctx, r, tableCaseLetter, prefix, from, func(at Cursor, _ []byte, _ int) (more bool, err error) {
			if len(lines) == n {
				next = last
				return false, nil
			}
			last = at[len(prefix):]
			line, err := letterLine(r, at.document())
			lines = append(lines, line)
			return true, err
		})
	})
	return lines, next, err
}

func letterLine(r journal.Reader, id string) (l LetterLine, err error) {
	d, err := load[docRow](r, tableDoc, id)
	if err != nil {
		return l, err
	}
	b, err := load[batchRow](r, tableBatch, d.Batch)
	if err != nil {
		return l, err
	}
	if !d.filed() {
		return l, fmt.Errorf("document %s is listed as filed: %w", id, journal.ErrDamaged)
	}
	ref := d.Placement.Reference
	return LetterLine{Document: id, Batch: b.ID, Name: b.Name, Source: b.Source, Store: d.Receipt.Store, Scheme: ref.Scheme(), Reference: ref.String(),
		Pages: d.Pages(), Blanks: append([]int{}, d.Blanks...), Received: b.Received, Filed: d.Receipt.At, DecidedBy: decider(d.Placement),
		Rendered: d.Receipt.Rendition != ""}, nil
}

// Holding is where a document stands, for whoever decides on who may see it. The case is
// that of a filed document; of any other it is empty, also of one that was filed before.
type Holding struct {
	Document, Batch          string
	State                    mail.DocState
	Version                  int
	From, To                 int // its pages
	Store, Scheme, Reference string
}

// Holding tells where a document stands, by one read: ErrNoSuch.
func (m *Mailroom) Holding(ctx context.Context, id string) (h Holding, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		d, err := load[docRow](r, tableDoc, id)
		if err != nil {
			return err
		}
		h = Holding{Document: d.ID, Batch: d.Batch, State: d.State, Version: d.Version, From: d.From, To: d.To}
		if d.filed() {
			h.Store, h.Scheme, h.Reference = d.Receipt.Store, d.Placement.Reference.Scheme(), d.Placement.Reference.String()
		}
		return nil
	})
	return h, err
}

func markKey(user, document string) string { return url.PathEscape(user) + "/" + document }

// Unread tells which of the letters a user has not read since they were filed.
func (m *Mailroom) Unread(ctx context.Context, user string, letters []LetterLine) (unread []bool, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		unread = make([]bool, len(letters))
		for i, l := range letters {
			at, err := journal.Load[time.Time](r, tableReadMark, markKey(user, l.Document))
			if err != nil && !errors.Is(err, journal.ErrNotFound) {
				return err
			}
			unread[i] = err != nil || at.Before(l.Filed)
		}
		return nil
	})
	return unread, err
}
