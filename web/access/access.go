// Package access knows who may see and do what: users, groups, roles, passwords.
//
// In come logins with passwords, identities that a provider vouches for, and changes
// that an administrator makes; out come users with their roles, and the scope of what
// a caseworker may see. All of it is rows of the journal, each change with its entry
// of the audit log in one transaction. The package knows no pages and no cookies, and
// no letters: what a role or a scope is held against is the caller's.
package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/secure/precis"

	"postroom/mail"
)

// Role is what a user may do.
type Role string

// The roles. A user may have several, or none: then he may do nothing.
const (
	Operator      Role = "operator"      // intake and what waits for a person
	Supervisor    Role = "supervisor"    // an operator who also decides what is handed up
	Caseworker    Role = "caseworker"    // the letters in his scope
	Auditor       Role = "auditor"       // the log and its proofs
	Administrator Role = "administrator" // users, groups, sessions, the configuration
)

// Roles lists them.
func Roles() []Role { return []Role{Operator, Supervisor, Caseworker, Auditor, Administrator} }

// Languages lists what a user may have as language; "" is whatever the browser prefers.
func Languages() []string { return []string{"", "en", "fr", "nl", "de"} }

// User is a person with an account.
type User struct {
	ID         string    `json:"id"`    // random, opaque, never used again
	Login      string    `json:"login"` // small letters, digits and . _ - @ +; at most 64
	Name       string    `json:"name"`  // one line of text, at most 200 characters
	Roles      []Role    `json:"roles,omitempty"`
	Groups     []string  `json:"groups,omitempty"` // ids
	Language   string    `json:"language,omitempty"`
	Disabled   bool      `json:"disabled,omitempty"`    // can't sign in
	MustChange bool      `json:"must_change,omitempty"` // is to choose a new password before anything else
	Issuer     string    `json:"issuer,omitempty"`      // the identity provider, and what it calls him: both or none
	Subject    string    `json:"subject,omitempty"`
	Created    time.Time `json:"created"`
	Epoch      int64     `json:"-"` // of who has just signed in: see session.SignInAt
}

// Has tells whether the user has any of the roles. A supervisor is an operator, too.
// Who is disabled has none.
func (u User) Has(roles ...Role) bool {
	return !u.Disabled && slices.ContainsFunc(roles, func(r Role) bool {
		return slices.Contains(u.Roles, r) || r == Operator && slices.Contains(u.Roles, Supervisor)
	})
}

// Actor is what the log and decisions call the user: `Name (login)`.
func (u User) Actor() string { return fmt.Sprintf("%s (%s)", u.Name, u.Login) }

// Group is a set of users with what they may see.
type Group struct {
	ID     string   `json:"id"`               // random, opaque, never used again
	Name   string   `json:"name"`             // one line of text, at most 200 characters; no two are the same but for case
	Stores []string `json:"stores,omitempty"` // the stores whose letters its users see; none = they see nothing
	Cases  []string `json:"cases,omitempty"`  // RE2 patterns, one of which the whole reference must match; none = all cases of the stores
}

// Mark names what an administrator can change of the user, as it is now: a form brings it
// back, so that nothing is undone in it that somebody else has changed since.
func (u User) Mark() string { return mark(u.Name, u.Roles, u.Groups, u.Disabled) }

// Mark is User.Mark of a group.
func (g Group) Mark() string { return mark(g.Name, g.Stores, g.Cases) }

func mark(of ...any) string {
	text, err := json.Marshal(of)
	if err != nil {
		panic("bug: what can be changed is no JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// Warning tells of a change that was made although it is unwise; "" = nothing.
type Warning string

var (
	// ErrNone is a user or a group that is not there.
	ErrNone = errors.New("no such user or group")
	// ErrChanged is what somebody else has changed since it was looked at.
	ErrChanged = errors.New("it was changed meanwhile")
	// ErrDenied is a sign-in with a wrong login or password, or of a disabled account: which, is not told.
	ErrDenied = errors.New("the login or the password is wrong, or the account is disabled")
)

// Throttled is a sign-in that came too soon after others that failed.
type Throttled struct{ Wait time.Duration } // how long from now on; over 0

func (t *Throttled) Error() string {
	return fmt.Sprintf("too many attempts have failed: try again in %v", t.Wait.Round(time.Second))
}

const (
	longestLogin = 64
	longestName  = 200
)

// folded gives a login as it is kept: its case and width do not count.
func folded(login string) (string, error) {
	if len(login) > 1000 {
		login = "" // nobody's, and long to look at
	}
	f, err := precis.UsernameCaseMapped.String(strings.TrimSpace(login))
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-@+", r)
	}
	if err != nil || f == "" || len(f) > longestLogin || strings.ContainsFunc(f, func(r rune) bool { return !plain(r) }) {
		return "", refuse(refusedLogin, "most", longestLogin)
	}
	return f, nil
}

// line checks a name; one that is none is refused with the code.
func line(code Refusal, text string) (string, error) {
	text = strings.TrimSpace(text)
	if !mail.Legible(text) || len([]rune(text)) > longestName {
		return "", refuse(code, "most", longestName)
	}
	return text, nil
}

// checked gives the user as he is kept, or says what is wrong with him.
func (u User) checked() (_ User, err error) {
	if u.Login, err = folded(u.Login); err != nil {
		return u, err
	}
	if u.Name, err = line(refusedName, u.Name); err != nil {
		return u, err
	}
	for _, r := range u.Roles {
		if !slices.Contains(Roles(), r) {
			return u, refuse(refusedRole, "role", r, "allowed", strings.Trim(fmt.Sprint(Roles()), "[]"))
		}
	}
	u.Roles, u.Groups = once(u.Roles), once(u.Groups)
	if !slices.Contains(Languages(), u.Language) {
		return u, refuse(refusedLanguage, "language", u.Language, "allowed", "en, fr, nl, de")
	}
	if (u.Issuer == "") != (u.Subject == "") || len(u.Issuer)+len(u.Subject) > 2000 {
		return u, refuse(refusedIdentity, "most", 2000)
	}
	return u, nil
}

// once sorts a list and leaves repetitions out; of nothing it makes nil.
func once[T ~string](list []T) []T {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}
