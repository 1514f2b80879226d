package pipeline

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
)

// keyTicket is the row of the key that batch tickets are signed with. It never leaves the
// journal: whoever has it prints tickets that count.
const keyTicket = "ticket"

// Most that a ticket may expect, and the longest name that stands on one: with more words
// its page would look as if it carried a letter.
const (
	mostExpected  = 999999
	mostName      = 40 // characters
	mostNameWords = 5
)

// IssuedTicket is a ticket with what its code must say.
type IssuedTicket struct {
	mail.Ticket
	Code string
}

// IssueTickets makes n batch tickets, all of them or none, that say how many documents or
// pages (sides) are expected; 0 = not told. name is what people call the batch; it is printed
// on the ticket alone. The log keeps who asked for each. A ticket counts once, for the first
// batch that it lies on top of. A *Refused error made none.
func (m *Mailroom) IssueTickets(ctx context.Context, n int, expected mail.Counts, name, who string) (all []IssuedTicket, err error) {
	if err := m.printableTicket(expected, name); err != nil {
		return nil, err
	}
	err = m.journal.Tx(ctx, func(tx journal.Tx) error {
		all = nil
		key, err := tx.Get(tableKey, keyTicket)
		if errors.Is(err, journal.ErrNotFound) {
			key = make([]byte, 32)
			_, _ = rand.Read(key) // it never fails
			err = tx.Put(tableKey, keyTicket, key)
		}
		if err != nil {
			return err
		}
		if err := m.logConfiguration(tx); err != nil {
			return err
		}
		for range n {
			t := mail.Ticket{ID: rand.Text()[:16], Counts: expected}
			all = append(all, IssuedTicket{t, t.Text(key)})
			if err := tx.Log(m.event("batch ticket issued", SubjectTickets, who, map[string]any{"ticket": t, "name": name})); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err // those of a transaction that failed count for nothing
	}
	return all, nil
}

// printableTicket refuses a ticket that says nothing, or whose page would be taken for a letter's.
func (m *Mailroom) printableTicket(expected mail.Counts, name string) error {
	wrong := func(n int) bool { return n < 0 || n > mostExpected }
	switch {
	case wrong(expected.Documents) || wrong(expected.Pages) || expected == mail.Counts{}:
		return refuse(refusedExpected, "most", mostExpected)
	case name == "":
		return nil
	case !legible(name) || len([]rune(name)) > mostName || len(strings.Fields(name)) > mostNameWords:
		return refuse(refusedBatchName, "characters", mostName, "words", mostNameWords)
	}
	said := mail.Reading{Page: 1, HasText: true}
	for i, w := range strings.Fields(name) {
		said.Words = append(said.Words, mail.Word{Text: w, Confidence: 1, Box: mail.Box{X0: 100 * i, X1: 100*i + 90, Y1: 30}})
	}
	if all := m.cfg.Rules.Mentions(said); len(all) > 0 {
		return refuse(refusedNameRead, "name", name, "reference", all[0].Text)
	}
	return nil
}

// ticketed gives the rules with what the journal knows of the tickets on a batch's first page.
func (m *Mailroom) ticketed(ctx context.Context, batch string, readings []mail.Reading) (*router.Rules, error) {
	if len(readings) == 0 {
		return m.cfg.Rules, nil
	}
	known, why := map[string]mail.Ticket{}, map[string]error{}
	err := m.journal.View(ctx, func(r journal.Reader) error {
		for _, text := range router.TicketTexts(readings[0]) {
			t, err := openTicket(r, batch, text)
			if errors.Is(err, mail.ErrTicket) || errors.As(err, new(*mail.UsedTicket)) {
				why[text] = err
				continue
			}
			if err != nil {
				return err
			}
			known[text] = t
		}
		return nil
	})
	return m.cfg.Rules.WithTickets(func(text string) (mail.Ticket, error) {
		if t, ok := known[text]; ok {
			return t, nil
		}
		if err := why[text]; err != nil {
			return mail.Ticket{}, err
		}
		return mail.Ticket{}, mail.ErrTicket
	}), err
}

// openTicket proves a ticket's text for a batch: mail.ErrTicket, *mail.UsedTicket.
func openTicket(r journal.Reader, batch, text string) (mail.Ticket, error) {
	key, err := r.Get(tableKey, keyTicket)
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return mail.Ticket{}, err
	}
	t, err := mail.OpenTicket(key, text)
	if err != nil {
		return t, err
	}
	return t, unused(r, batch, t)
}

func unused(r journal.Reader, batch string, t mail.Ticket) error {
	had, err := r.Get(tableTicket, t.ID)
	if errors.Is(err, journal.ErrNotFound) || err == nil && string(had) == batch {
		return nil
	}
	if err != nil {
		return err
	}
	return &mail.UsedTicket{Batch: string(had)}
}

// useTicket makes a ticket a batch's. Should another batch have taken it since it was
// looked at, that is an error, and the next attempt sees it.
func (m *Mailroom) useTicket(tx journal.Tx, batch string, t mail.Ticket) error {
	if err := unused(tx, batch, t); err != nil {
		return fmt.Errorf("ticket %s: %w", t.ID, err)
	}
	b, err := load[batchRow](tx, tableBatch, batch)
	if err != nil {
		return err
	}
	b.Ticket = &t
	return errors.Join(
		tx.Put(tableTicket, t.ID, []byte(batch)),
		journal.Save(tx, tableBatch, batch, b),
		tx.Log(m.event(actionTicket, batch, "", t)))
}

// ticketDisagreements tells where a batch's ticket, and what a person said of a
// difference, are other than the log's. said are the details of the log's entries about
// the batch, by action.
func ticketDisagreements(r journal.Reader, b batchRow, said map[string][]json.RawMessage) (all []string, err error) {
	if !logged(b.Ticket, said[actionTicket]) {
		all = append(all, fmt.Sprintf("batch %s: the log has another ticket", b.ID))
	}
	if !logged(b.Closing, said[actionClosed]) {
		all = append(all, fmt.Sprintf("batch %s: the log has not who closed it, or why", b.ID))
	}
	if b.Ticket == nil {
		return all, nil
	}
	had, err := r.Get(tableTicket, b.Ticket.ID)
	if errors.Is(err, journal.ErrNotFound) || err == nil && string(had) != b.ID {
		return append(all, fmt.Sprintf("batch %s: the list of used tickets does not have its ticket", b.ID)), nil
	}
	return all, err
}

// logged tells whether a value that may be absent is the last of the details.
func logged[T any](is *T, details []json.RawMessage) bool {
	if is == nil {
		return len(details) == 0
	}
	return agrees(*is, details)
}
