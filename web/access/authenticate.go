package access

import (
	"context"
	"errors"

	"github.com/alexedwards/argon2id"

	"postroom/pipeline/journal"
	"postroom/web/session"
)

// subjectSignIn is what the log says of a sign-in under when no user has the login.
const subjectSignIn = "user:unknown"

// signIn is an entry of the log about somebody who signs in, or tries to. Who it is, is known only when it succeeds.
func (d *Directory) signIn(ctx context.Context, action string, u User, detail map[string]any) journal.Event {
	by, subject := "", subjectSignIn
	if u.ID != "" {
		subject = session.Subject(u.ID)
	}
	if action == actionSignedIn {
		by = u.Actor()
	}
	if from := remote(ctx); from != "" {
		detail["from"] = from
	}
	return d.event(by, action, subject, detail)
}

// Authenticate gives the user with the login and the password. ErrDenied says that there is
// none, as late as it would be known of one; *Throttled that it is too soon after others
// that failed, for this login or from where it comes (see From). One that failed, one that
// succeeded, and the first one that was throttled are entries of the log.
func (d *Directory) Authenticate(ctx context.Context, login, password string) (User, error) {
	shown := legibleLogin(login)
	name := map[string]any{"login": shown}
	from := remote(ctx)
	if wait, told := d.throttle.begin(shown, from); wait > 0 {
		if !told {
			if err := d.log(ctx, d.signIn(ctx, actionWaits, User{}, name)); err != nil {
				return User{}, err
			}
		}
		return User{}, &Throttled{wait}
	}
	var row userRow
	f, err := folded(login)
	if err == nil {
		row, err = d.by(ctx, tableLogin, f)
	}
	if err != nil && !errors.Is(err, ErrNone) && !errors.As(err, new(*Refused)) {
		return User{}, err
	}
	if len(password) > 4*LongestPassword {
		password = "" // nobody has it, and a hash of it would take longer
	}
	is, dated, err := d.matches(ctx, password, row.Hash)
	if err != nil {
		return User{}, err
	}
	if !is || row.Disabled {
		if err := d.log(ctx, d.signIn(ctx, actionFailed, row.User, name)); err != nil {
			return User{}, err
		}
		return User{}, ErrDenied
	}
	u, err := d.admit(ctx, row, password, dated, name)
	if err == nil {
		d.throttle.succeed(shown, from)
	}
	return u, err
}

func (d *Directory) log(ctx context.Context, e journal.Event) error {
	return d.journal.Tx(ctx, func(tx journal.Tx) error { return tx.Log(e) })
}

// admit logs a sign-in, if the user is still what was compared; dated says that the hash is of another cost than today's.
func (d *Directory) admit(ctx context.Context, was userRow, password string, dated bool, detail map[string]any) (User, error) {
	hash := was.Hash
	if dated {
		if err := d.hashing.run(ctx, func() (err error) { hash, err = argon2id.CreateHash(password, cost()); return err }); err != nil {
			return User{}, err
		}
	}
	var now userRow
	err := d.journal.Tx(ctx, func(tx journal.Tx) (err error) {
		if now, err = user(tx, was.ID); err != nil {
			return err
		}
		if now.Hash != was.Hash || now.Disabled {
			return ErrDenied
		}
		if now.Epoch, err = session.Epoch(tx, now.ID); err != nil {
			return err
		}
		if now.Hash = hash; dated {
			if err := journal.Save(tx, tableUser, now.ID, now); err != nil {
				return err
			}
		}
		return tx.Log(d.signIn(ctx, actionSignedIn, now.User, detail))
	})
	if err != nil {
		return User{}, err
	}
	return now.User, nil
}
