package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"postroom/pipeline/journal"
	"postroom/web/session"
)

// What the log calls that which happens to users and groups.
const (
	actionAdded    = "user added"
	actionChanged  = "user changed"
	actionPassword = "password set"
	actionGroup    = "group saved"
	actionUngroup  = "group removed"
	actionSignedIn = "signed in"
	actionFailed   = "sign-in failed"
	actionWaits    = "sign-in throttled"
)

// ofGroup is what the log calls a group; a user is session.Subject.
func ofGroup(id string) string { return "group:" + id }

// event is an entry of the audit log. The subject is an opaque id; what is personal is in the detail.
func (d *Directory) event(by, action, subject string, detail any) journal.Event {
	text, err := json.Marshal(detail)
	if err != nil {
		panic(fmt.Sprintf("bug: an event's detail is no JSON: %v", err))
	}
	return journal.Event{Time: d.cfg.Now().UTC(), Actor: by, Action: action, Subject: subject,
		Config: d.cfg.ConfigDigest, Version: d.cfg.Version, Detail: text}
}

// changed is the detail of a change: what was before, and what is now.
type changed struct {
	Was any `json:"was,omitempty"`
	Is  any `json:"is,omitempty"`
}

// newID gives a random id.
func newID() string { return uuid.New().String() }

// Add makes a user, whose ID and Created are given here, and gives him as he is kept. by is
// who does it (User.Actor). Without a password he can't sign in with one. *Refused.
func (d *Directory) Add(ctx context.Context, by string, u User, password string) (User, Warning, error) {
	u, err := u.checked()
	if err != nil {
		return User{}, "", err
	}
	row := userRow{User: u}
	if password != "" {
		if row.Hash, err = d.newHash(ctx, u, password); err != nil {
			return User{}, "", err
		}
	}
	row.ID, row.Created = newID(), d.cfg.Now().UTC()
	var w Warning
	err = d.change(ctx, by, func(tx journal.Tx, by string) (err error) {
		if w, err = save(tx, userRow{}, row); err != nil {
			return err
		}
		return tx.Log(d.event(by, actionAdded, session.Subject(row.ID), changed{Is: row.User}))
	})
	if err != nil {
		return User{}, "", err
	}
	return row.User, w, nil
}

// change runs a transaction of somebody who can be named.
func (d *Directory) change(ctx context.Context, by string, fn func(tx journal.Tx, by string) error) error {
	by, err := line(refusedDoer, by)
	if err != nil {
		return err
	}
	return d.journal.Tx(ctx, func(tx journal.Tx) error { return fn(tx, by) })
}

// Change gives the user with u's ID all of u but Created. His sessions end with it when he
// is disabled, or has other roles or another identity than before. ErrNone, *Refused.
func (d *Directory) Change(ctx context.Context, by string, u User) (w Warning, err error) {
	return d.Alter(ctx, by, u.ID, func(is *User) bool { *is = u; return true })
}

// Alter is Change of a user as he stands at that moment: what was read of him before may
// have been taken from him since. alter tells whether it changed anything.
func (d *Directory) Alter(ctx context.Context, by, id string, alter func(*User) bool) (w Warning, err error) {
	err = d.change(ctx, by, func(tx journal.Tx, by string) error {
		was, err := user(tx, id)
		if err != nil {
			return err
		}
		is := userRow{User: was.User, Hash: was.Hash}
		if !alter(&is.User) {
			return nil
		}
		if is.User, err = is.User.checked(); err != nil {
			return err
		}
		is.ID, is.Created = was.ID, was.Created
		if w, err = save(tx, was, is); err != nil {
			return err
		}
		if is.Disabled || !slices.Equal(is.Roles, was.Roles) || is.Issuer != was.Issuer || is.Subject != was.Subject {
			if err := session.Revoke(tx, id); err != nil {
				return err
			}
		}
		return tx.Log(d.event(by, actionChanged, session.Subject(id), changed{was.User, is.User}))
	})
	return w, err
}

// SetLanguage gives the user another language. ErrNone, *Refused.
func (d *Directory) SetLanguage(ctx context.Context, by, id, language string) error {
	_, err := d.Alter(ctx, by, id, func(u *User) bool {
		changes := u.Language != language
		u.Language = language
		return changes
	})
	return err
}

// SetPassword gives the user a new password, and ends his sessions: who sets his own is
// signed in anew by the caller. ErrNone, *Refused; ErrChanged: another was set meanwhile, so
// that who proved himself with the former one is nobody any more.
func (d *Directory) SetPassword(ctx context.Context, by, id, password string, mustChange bool) error {
	var now userRow
	if err := d.journal.View(ctx, func(r journal.Reader) (err error) { now, err = user(r, id); return err }); err != nil {
		return err
	}
	if err := acceptable(now.User, password); err != nil {
		return err
	}
	if same, _, err := d.matches(ctx, password, now.Hash); err != nil {
		return err
	} else if same {
		return refuse(refusedSame)
	}
	hash, err := d.newHash(ctx, now.User, password)
	if err != nil {
		return err
	}
	return d.change(ctx, by, func(tx journal.Tx, by string) error {
		row, err := user(tx, id)
		if err != nil {
			return err
		}
		if row.Hash != now.Hash { // to make this one took a while
			return ErrChanged
		}
		was := row.User
		row.Hash, row.MustChange = hash, mustChange
		return errors.Join(
			journal.Save(tx, tableUser, id, row),
			session.Revoke(tx, id),
			tx.Log(d.event(by, actionPassword, session.Subject(id), changed{was, row.User})))
	})
}

// save writes a user and what leads to him; was is the zero value for a new one.
func save(tx journal.Tx, was, is userRow) (Warning, error) {
	for _, id := range is.Groups {
		if _, err := tx.Get(tableGroup, id); errors.Is(err, journal.ErrNotFound) {
			return "", refuse(refusedGroup, "group", id)
		} else if err != nil {
			return "", err
		}
	}
	if err := lead(tx, tableLogin, was.Login, is.Login, is.ID); err != nil {
		return "", taken(err, refusedTaken, "login", is.Login)
	}
	before, now := "", ""
	if was.Subject != "" {
		before = identity(was.Issuer, was.Subject)
	}
	if is.Subject != "" {
		now = identity(is.Issuer, is.Subject)
	}
	if err := lead(tx, tableSubject, before, now, is.ID); err != nil {
		return "", taken(err, refusedSubject)
	}
	err := tx.Delete(tableAdministrator, is.ID)
	if is.Has(Administrator) {
		err = tx.Put(tableAdministrator, is.ID, nil)
	}
	if err := errors.Join(err, journal.Save(tx, tableUser, is.ID, is)); err != nil {
		return "", err
	}
	return warning(tx, is.User)
}

func taken(err error, code Refusal, args ...any) error {
	if errors.Is(err, journal.ErrExists) {
		return refuse(code, args...)
	}
	return err
}

// lead has an index lead to the user from another key than before; "" = from none.
func lead(tx journal.Tx, index, before, now, id string) error {
	if before == now {
		return nil
	}
	if before != "" {
		if err := tx.Delete(index, before); err != nil {
			return err
		}
	}
	if now == "" {
		return nil
	}
	return tx.Insert(index, now, []byte(id))
}

// warning tells that one person administers and audits: who could give himself every
// right must not be the one who looks at what was done with it. Two accounts with one
// name are taken for one person's.
func warning(tx journal.Tx, u User) (w Warning, err error) {
	if u.Has(Administrator) && u.Has(Auditor) {
		return Warning(fmt.Sprintf("%s is administrator and auditor: that should not be one person", u.Actor())), nil
	}
	if !u.Has(Administrator, Auditor) {
		return "", nil
	}
	err = each(tx, tableUser, func(o userRow) error {
		if o.ID != u.ID && strings.EqualFold(o.Name, u.Name) && (u.Has(Administrator) && o.Has(Auditor) || u.Has(Auditor) && o.Has(Administrator)) {
			w = Warning(fmt.Sprintf("%s and %s, administrator and auditor, seem to be one person", u.Actor(), o.Actor()))
		}
		return nil
	})
	return w, err
}
