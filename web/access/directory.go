package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/web/session"
)

const (
	tableUser          = "user"          // id -> userRow
	tableLogin         = "login"         // login -> user id
	tableSubject       = "subject"       // digest of issuer and subject -> user id
	tableAdministrator = "administrator" // user id -> "", of those who can sign in
	tableGroup         = "group"         // id -> Group
)

// userRow is a user as the journal keeps him.
type userRow struct {
	User
	Hash string `json:"hash,omitempty"` // of the password, argon2id; "" = he has none
}

// Config is what a directory needs to know of the world.
type Config struct {
	Version, ConfigDigest string           // of the software and the configuration, for the audit log
	Now                   func() time.Time // time.Now
}

// Directory is all users and groups. It is safe for concurrent use.
type Directory struct {
	journal  journal.Store
	cfg      Config
	hashing  *hashing
	throttle *throttle
	patterns sync.Map // group id -> *compiled
}

// Open gives the directory that the journal holds. What it remembers besides, of failed
// sign-ins, ends with the process.
func Open(store journal.Store, cfg Config) *Directory {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Directory{journal: store, cfg: cfg, hashing: newHashing(), throttle: newThrottle(cfg.Now)}
}

// User gives a user by his id: ErrNone.
func (d *Directory) User(ctx context.Context, id string) (u User, err error) {
	err = d.journal.View(ctx, func(r journal.Reader) error {
		row, err := user(r, id)
		u = row.User
		return err
	})
	return u, err
}

// user reads a user's row: ErrNone.
func user(r journal.Reader, id string) (userRow, error) {
	row, err := journal.Load[userRow](r, tableUser, id)
	if errors.Is(err, journal.ErrNotFound) {
		err = fmt.Errorf("user %q: %w", id, ErrNone)
	}
	return row, err
}

// Users lists all users by their logins, those who are disabled too.
func (d *Directory) Users(ctx context.Context) (all []User, err error) {
	err = d.journal.View(ctx, func(r journal.Reader) (err error) { all, err = users(r); return err })
	return all, err
}

func users(r journal.Reader) (all []User, err error) {
	err = each(r, tableUser, func(row userRow) error { all = append(all, row.User); return nil })
	slices.SortFunc(all, func(a, b User) int { return cmp.Compare(a.Login, b.Login) })
	return all, err
}

// each visits a table's rows.
func each[T any](r journal.Reader, table string, visit func(T) error) error {
	const portion = 200
	for after := ""; ; {
		rows, err := r.Scan(table, "", after, portion)
		if err != nil {
			return err
		}
		for _, row := range rows {
			var v T
			if err := json.Unmarshal(row.Value, &v); err != nil {
				return fmt.Errorf("row %s of table %s: %w: %w", row.Key, table, journal.ErrDamaged, err)
			}
			if err := visit(v); err != nil {
				return err
			}
			after = row.Key
		}
		if len(rows) < portion {
			return nil
		}
	}
}

// Find gives a user by his login, whose case does not count: ErrNone.
func (d *Directory) Find(ctx context.Context, login string) (User, error) {
	login, err := folded(login)
	if err != nil {
		return User{}, ErrNone // nobody can have it
	}
	row, err := d.by(ctx, tableLogin, login)
	return row.User, err
}

// by gives the user whom an index names: ErrNone.
func (d *Directory) by(ctx context.Context, index, key string) (row userRow, err error) {
	err = d.journal.View(ctx, func(r journal.Reader) (err error) { row, err = leadsTo(r, index, key); return err })
	return row, err
}

func leadsTo(r journal.Reader, index, key string) (userRow, error) {
	id, err := r.Get(index, key)
	if errors.Is(err, journal.ErrNotFound) {
		return userRow{}, ErrNone
	}
	if err != nil {
		return userRow{}, err
	}
	return user(r, string(id))
}

// identity is the key of what a provider calls somebody.
func identity(issuer, subject string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s%s", len(issuer), issuer, subject))
	return hex.EncodeToString(sum[:])
}

// Identified gives the user whom an identity provider calls subject, disabled or not, and
// logs nothing: ErrNone.
func (d *Directory) Identified(ctx context.Context, issuer, subject string) (User, error) {
	row, err := d.by(ctx, tableSubject, identity(issuer, subject))
	return row.User, err
}

// Linked signs in the user whom an identity provider calls subject: ErrNone, or ErrDenied
// when he is disabled. The sign-in is logged, and so is one that fails.
func (d *Directory) Linked(ctx context.Context, issuer, subject string) (User, error) {
	var u User
	var denied error
	if err := d.journal.Tx(ctx, func(tx journal.Tx) error {
		row, err := leadsTo(tx, tableSubject, identity(issuer, subject))
		action := actionSignedIn
		switch {
		case errors.Is(err, ErrNone):
			action, denied = actionFailed, err
		case err != nil:
			return err
		case row.Disabled:
			action, denied = actionFailed, ErrDenied
		default:
			denied = nil
			if row.Epoch, err = session.Epoch(tx, row.ID); err != nil {
				return err
			}
		}
		u = row.User
		return tx.Log(d.signIn(ctx, action, u, map[string]any{"issuer": cut(issuer), "subject": cut(subject)}))
	}); err != nil {
		return User{}, err
	}
	if denied != nil {
		return User{}, denied
	}
	return u, nil
}

// cut shortens what a stranger wrote for the log.
func cut(text string) string {
	if !mail.Legible(text) {
		return "(not legible)"
	}
	if r := []rune(text); len(r) > longestName {
		text = string(r[:longestName])
	}
	return text
}

// Any tells whether there is an administrator who can sign in.
func (d *Directory) Any(ctx context.Context) (is bool, err error) {
	err = d.journal.View(ctx, func(r journal.Reader) error {
		rows, err := r.Scan(tableAdministrator, "", "", 1)
		is = len(rows) > 0
		return err
	})
	return is, err
}
