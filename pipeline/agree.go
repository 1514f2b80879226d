package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

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
	if err := each(r, tableNote, d.ID+"/", func(row journal.Row) error {
		n, err := decode[Note](tableNote, row)
		if !slices.ContainsFunc(said[actionNoted], func(detail json.RawMessage) bool { return agrees(n, []json.RawMessage{detail}) }) {
			say("the log has not a note that is said to be %s's", strconv.QuoteToGraphic(n.By))
		}
		return err
	}); err != nil {
		return nil, err
	}
	for _, what := range waitOf(events).differ(d) {
		say("the log says other than the journal of %s", what)
	}
	if n, err := decisionsDiffer(r, d.ID, said, say); err != nil || n <= len(said[actionDecided]) {
		return all, err
	} else { // older journals had no such rows
		say("the log has %d decisions of persons, and the journal %d", len(said[actionDecided]), n)
	}
	return all, nil
}

// decisionsDiffer tells of decisions that the log has not, and counts them.
func decisionsDiffer(r journal.Reader, id string, said map[string][]json.RawMessage, say func(string, ...any)) (n int, err error) {
	back := map[int]Undo{}
	for _, detail := range said[actionUndone] {
		var u undone
		if err := json.Unmarshal(detail, &u); err != nil {
			return 0, fmt.Errorf("entry about document %s: %w: %w", id, journal.ErrDamaged, err)
		}
		back[u.Version] = u.Undo
	}
	err = each(r, tableDecision, id+"/", func(row journal.Row) error {
		p, err := load[decisionRow](r, tableDecision, row.Key)
		if !slices.ContainsFunc(said[actionDecided], func(detail json.RawMessage) bool { return agrees(p.Decision, []json.RawMessage{detail}) }) {
			say("the log has not what %s is said to have decided", strconv.QuoteToGraphic(p.By))
		}
		at, _ := strconv.Atoi(row.Key[len(id)+1:])
		u, undone := back[at]
		delete(back, at)
		if undone != (p.Undone != nil) || undone && !bytes.Equal(encode(u), encode(*p.Undone)) {
			say("the log says other than the journal of whether a decision was taken back")
		}
		n++
		return err
	})
	if len(back) > 0 {
		say("the log has that a decision was taken back, and the journal has no such decision")
	}
	return n, err
}

// wait is where a document waits, as the log tells it.
type wait struct {
	lane  *laneRow
	keyed []keyed
}

// waitOf reads a document's events: a lane and keyings end with the decision.
func waitOf(events []journal.Event) (w wait) {
	for _, e := range events {
		switch e.Action {
		case actionDecided, actionPlaced, actionUnmade:
			w = wait{}
		case actionUnkeyed:
			w.keyed = nil
		case actionKeyed:
			var k keyed
			if json.Unmarshal(e.Detail, &k) == nil {
				w.keyed = append(w.keyed, k)
			}
		case actionParked:
			var l laneRow
			if w.lane = nil; json.Unmarshal(e.Detail, &l) == nil && l.Lane != LaneOpen {
				w.lane = &l
			}
		}
	}
	return w
}

// differ lists what the row of a document says of its waiting that the log does not.
func (w wait) differ(d docRow) (what []string) {
	if !bytes.Equal(encode(w.lane), encode(d.Lane)) {
		what = append(what, "the lane that it waits in")
	}
	if !slices.EqualFunc(w.keyed, d.Keyed, func(a keyed, b keying) bool { return bytes.Equal(encode(a), encode(b.logged())) }) {
		what = append(what, "the references that were keyed for it")
	}
	return what
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
		table := tableAbout(subject)
		if table == "" {
			return nil
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
	read, placed, turned := map[int]string{}, map[int]mail.Disposition{}, map[int][]byte{}
	said := map[string][]json.RawMessage{}
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
		case actionRegrouped:
			var g regrouped
			if err := json.Unmarshal(e.Detail, &g); err != nil {
				return nil, fmt.Errorf("entry about batch %s: %w: %w", b.ID, journal.ErrDamaged, err)
			}
			g.places(func(page int, place mail.Disposition) { placed[page] = place })
		case actionTurned:
			var t turnRow
			if err := json.Unmarshal(e.Detail, &t); err != nil {
				return nil, fmt.Errorf("entry about batch %s: %w: %w", b.ID, journal.ErrDamaged, err)
			}
			turned[t.Page] = encode(t)
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
	of, err := pagesDisagree(r, b.ID, placed, turned)
	if all = append(all, of...); err != nil {
		return all, err
	}
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

// pagesDisagree tells where the rows of a batch's pages say other than what persons did
// with them, as the log has it: what became of a page that was regrouped, and which way is up.
func pagesDisagree(r journal.Reader, batch string, placed map[int]mail.Disposition, turned map[int][]byte) (all []string, err error) {
	for _, page := range slices.Sorted(maps.Keys(placed)) {
		is, err := journal.Load[mail.Disposition](r, tableDisposition, pageKey(batch, page))
		if err != nil && !errors.Is(err, journal.ErrNotFound) {
			return all, err
		}
		was := placed[page] // a document may have been discarded since
		if is.Document != was.Document || was.Document == "" && is != was {
			all = append(all, fmt.Sprintf("batch %s: the log has page %d elsewhere", batch, page))
		}
	}
	err = each(r, tableTurn, batch+"/", func(row journal.Row) error {
		t, err := load[turnRow](r, tableTurn, row.Key)
		if !bytes.Equal(turned[t.Page], encode(t)) || row.Key != pageKey(batch, t.Page) {
			all = append(all, fmt.Sprintf("batch %s: the log has not that page %d was turned so", batch, t.Page))
		}
		delete(turned, t.Page)
		return err
	})
	for _, page := range slices.Sorted(maps.Keys(turned)) {
		all = append(all, fmt.Sprintf("batch %s: the log has that page %d was turned, and the journal has not", batch, page))
	}
	return all, err
}
