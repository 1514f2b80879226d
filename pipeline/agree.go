package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// The rows of the journal are what commands show and tasks work by; the log is what is
// signed. Here both are held against each other, so that a row that was changed by hand is
// found by the entry that was written with it.

// disagreements tells where a document's rows say other than the log.
func disagreements(r journal.Reader, d docRow) (all []string, err error) {
	say := func(format string, args ...any) {
		all = append(all, fmt.Sprintf("document %s: ", d.ID)+fmt.Sprintf(format, args...))
	}
	events, err := audit.About(r, d.ID)
	if err != nil {
		return nil, err
	}
	said := map[string][]json.RawMessage{} // by action, the details in their order
	for _, e := range events {
		said[e.Action] = append(said[e.Action], e.Detail)
		if e.Action == actionEnriched {
			said[actionFiled] = append(said[actionFiled], e.Detail) // a receipt, too
		}
	}
	if d.Placement != nil && !agrees(*d.Placement, said[actionPlaced]) {
		say("the log has another case, rule, evidence or person for it")
	}
	if d.Receipt != nil && !agrees(*d.Receipt, said[actionFiled]) {
		say("the log has another receipt")
	}
	if d.State == mail.Held {
		e, err := journal.Load[mail.Exception](r, tableException, d.ID)
		if err != nil && !errors.Is(err, journal.ErrNotFound) {
			return nil, err
		}
		if !agrees(e, said[actionHeld]) {
			say("the log has another reason why it waits")
		}
	}
	decided := said[actionDecided]
	n := 0
	err = each(r, tableDecision, d.ID+"/", func(row journal.Row) error {
		p, err := load[decisionRow](r, tableDecision, row.Key)
		if !slices.ContainsFunc(decided, func(detail json.RawMessage) bool { return agrees(p.Decision, []json.RawMessage{detail}) }) {
			say("the log has not what %s is said to have decided", strconv.QuoteToGraphic(p.By))
		}
		n++
		return err
	})
	if n > len(decided) { // older journals had no such rows
		say("the log has %d decisions of persons, and the journal %d", len(decided), n)
	}
	return all, err
}

// agrees tells whether a value is the last of the details. Both are read by today's eyes:
// a former version may not have had all fields.
func agrees[T any](is T, details []json.RawMessage) bool {
	if len(details) == 0 {
		return false
	}
	var was T
	err := json.Unmarshal(details[len(details)-1], &was)
	return err == nil && bytes.Equal(encode(is), encode(was))
}

// known checks that each batch and document that the log speaks of is still there: one
// whose rows are all gone is missed by nothing else.
func (v *verification) known(ctx context.Context) error {
	return audit.Subjects(v.m.view(ctx), func(subject string) error {
		table := tableDoc
		switch {
		case slices.Contains([]string{subjectConfiguration, subjectRegister, subjectExceptions, subjectLog, subjectTickets, subjectSamples}, subject):
			return nil
		case strings.Contains(subject, ":"): // KIND:id, which is not the mailroom's
			return nil
		case len(subject) == len(uuid.UUID{}.String()): // a document's has no hyphens
			table = tableBatch
		}
		return v.m.journal.View(ctx, func(r journal.Reader) error {
			_, err := r.Get(table, subject)
			if errors.Is(err, journal.ErrNotFound) {
				v.say("the log speaks of %s %s, and the journal has it no more", table, subject)
				return nil
			}
			return err
		})
	})
}

// batchDisagreements tells where a batch's rows say other than the log: what was received,
// and what was read of its pages.
func batchDisagreements(r journal.Reader, b batchRow) (all []string, err error) {
	events, err := audit.About(r, b.ID)
	if err != nil {
		return nil, err
	}
	read, said := map[int]string{}, map[string][]json.RawMessage{}
	received := false
	for _, e := range events {
		said[e.Action] = append(said[e.Action], e.Detail)
		switch e.Action {
		case actionReceived:
			var file Digest
			received = json.Unmarshal(e.Detail, &file) == nil && file == Digest{b.SHA256, b.Size}
		case actionRead:
			var p pagesRead
			if err := json.Unmarshal(e.Detail, &p); err != nil {
				return nil, fmt.Errorf("entry about batch %s: %w: %w", b.ID, journal.ErrDamaged, err)
			}
			for _, n := range p.Pages {
				read[n] = p.Readings
			}
		}
	}
	if !received {
		all = append(all, fmt.Sprintf("batch %s: the log has not that this file was received", b.ID))
	}
	found, err := ticketDisagreements(r, b, said)
	if err != nil {
		return nil, err
	}
	all = append(all, found...)
	err = each(r, tablePage, b.ID+"/", func(row journal.Row) error {
		p, err := load[pageRow](r, tablePage, row.Key)
		n, scan := strconv.Atoi(strings.TrimPrefix(row.Key, b.ID+"/"))
		// Former versions logged nothing of what they read.
		if sum, logged := read[n]; scan != nil || logged && sum != p.Readings.SHA256 {
			all = append(all, fmt.Sprintf("batch %s: the log has other readings of page %s", b.ID, row.Key[len(b.ID)+1:]))
		}
		return err
	})
	return all, err
}
