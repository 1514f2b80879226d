package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/web/session"
)

// Verify holds users and groups against the log, and tells each fault: rights that
// nobody gave, a user whose rows are gone. It gives the number of users. Passwords are not in the log.
func (d *Directory) Verify(ctx context.Context, fault func(string)) (n int, err error) {
	var us []User
	var gs []Group
	var faults []string
	say := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if err := d.journal.View(ctx, func(r journal.Reader) (err error) {
		if us, err = users(r); err != nil {
			return err
		}
		gs, err = groups(r)
		return err
	}); err != nil {
		return 0, err
	}
	for _, u := range us {
		if err := d.journal.View(ctx, func(r journal.Reader) error { return verifyUser(r, u.ID, say) }); err != nil {
			return n, err
		}
	}
	for _, g := range gs {
		if err := d.journal.View(ctx, func(r journal.Reader) error { return verifyGroup(r, g.ID, say) }); err != nil {
			return n, err
		}
	}
	if err := d.gone(ctx, say); err != nil {
		return n, err
	}
	for _, f := range faults {
		fault(f)
	}
	return len(us), nil
}

// gone tells of users and groups that the log speaks of and that are not there.
func (d *Directory) gone(ctx context.Context, say func(string, ...any)) error {
	view := func(read func(journal.Reader) error) error { return d.journal.View(ctx, read) }
	return audit.Subjects(view, func(subject string) error {
		kind, id, _ := strings.Cut(subject, ":")
		return view(func(r journal.Reader) error {
			is, logged, err := lastOf(r, subject)
			if err != nil || !logged || kind != tableUser && kind != tableGroup {
				return err
			}
			if _, err := r.Get(kind, id); errors.Is(err, journal.ErrNotFound) && is != nil { // a group may have been removed
				say("the log speaks of %s %s, and the journal has it no more", kind, id)
			} else if err != nil && !errors.Is(err, journal.ErrNotFound) {
				return err
			}
			return nil
		})
	})
}

// lastOf gives what the log says that something is; nil when it was removed.
func lastOf(r journal.Reader, subject string) (is json.RawMessage, logged bool, err error) {
	if !strings.HasPrefix(subject, session.Subject("")) && !strings.HasPrefix(subject, ofGroup("")) {
		return nil, false, nil // another's, and there may be very many
	}
	events, err := audit.About(r, subject)
	for _, e := range events {
		switch e.Action {
		case actionAdded, actionChanged, actionPassword, actionGroup, actionUngroup:
			var c struct{ Is json.RawMessage }
			if err := json.Unmarshal(e.Detail, &c); err != nil {
				return nil, false, fmt.Errorf("an entry about %s: %w: %w", subject, journal.ErrDamaged, err)
			}
			is, logged = c.Is, true
		}
	}
	return is, logged, err
}

// agrees compares a row with what the log says, by today's eyes: a former version may not have had all fields.
func agrees[T any](is T, logged json.RawMessage) bool {
	var was T
	if json.Unmarshal(logged, &was) != nil {
		return false
	}
	a, err1 := json.Marshal(is)
	b, err2 := json.Marshal(was)
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

func verifyUser(r journal.Reader, id string, say func(string, ...any)) error {
	row, err := user(r, id)
	if err != nil {
		return err
	}
	is, _, err := lastOf(r, session.Subject(id))
	if err != nil {
		return err
	}
	if !agrees(row.User, is) {
		say("user %s has another name, other rights or another state than the log says", id)
	}
	if leads, err := r.Get(tableLogin, row.Login); err != nil || string(leads) != id {
		say("the login of user %s does not lead to him", id)
	}
	return nil
}

func verifyGroup(r journal.Reader, id string, say func(string, ...any)) error {
	g, err := journal.Load[Group](r, tableGroup, id)
	if err != nil {
		return err
	}
	is, _, err := lastOf(r, ofGroup(id))
	if err == nil && !agrees(g, is) {
		say("group %s has another name, other stores or other cases than the log says", id)
	}
	return err
}
