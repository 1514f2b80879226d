package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"postroom/web/access"
	"postroom/web/session"
)

// usersPage lists the accounts and the groups.
type usersPage struct {
	Users   []userLine
	Groups  []access.Group
	Roles   []access.Role
	Stores  []string
	Problem string
	Fault   string // what a library says of it, in English
	Typed   access.User
	Group   access.Group // as it was typed, of a form that is shown again
	Seen    string       // and the mark of what it was typed over
	Preview *preview     // what the typed group would see; nil = not asked
}

// preview counts the cases of the register that a group's patterns match.
type preview struct{ Seen, All int }

type userLine struct {
	access.User
	Groups string
}

// SeesNothing tells a caseworker without a group.
func (u userLine) SeesNothing() bool { return seesNothing(u.User) }

func seesNothing(u access.User) bool { return u.Has(access.Caseworker) && len(u.Groups) == 0 }

func (d *desk) users(v *visit) error {
	return d.showUsers(v, http.StatusOK, usersPage{})
}

func (d *desk) showUsers(v *visit, status int, p usersPage) error {
	all, err := d.Directory.Users(v.Context())
	if err != nil {
		return err
	}
	groups, err := d.Directory.Groups(v.Context())
	if err != nil {
		return err
	}
	p.Groups, p.Roles, p.Stores = groups, access.Roles(), d.Stores
	for _, u := range all {
		p.Users = append(p.Users, userLine{u, groupNames(u, groups)})
	}
	return v.show(status, "users", p)
}

func groupNames(u access.User, groups []access.Group) string {
	var names []string
	for _, g := range groups {
		if slices.Contains(u.Groups, g.ID) {
			names = append(names, g.Name)
		}
	}
	return strings.Join(names, ", ")
}

// typedUser is a user as the form gives it, over what is known.
func (v *visit) typedUser(u access.User) access.User {
	u.Name = v.field("name")
	u.Roles, u.Groups = nil, v.PostForm["group"]
	for _, r := range v.PostForm["role"] {
		u.Roles = append(u.Roles, access.Role(r))
	}
	u.Disabled = v.field("disabled") != ""
	return u
}

func (d *desk) addUser(v *visit) error {
	u := v.typedUser(access.User{})
	u.Login, u.MustChange = v.field("login"), true // nobody else is to know it
	_, warning, err := d.Directory.Add(v.Context(), v.user.Actor(), u, v.PostFormValue("password"))
	var refused *access.Refused
	if errors.As(err, &refused) {
		return d.showUsers(v, http.StatusUnprocessableEntity, usersPage{Problem: v.accountRefusal(refused), Typed: u})
	}
	if err != nil {
		return err
	}
	return v.done("/users", noticeOf(u, warning, "users.added"))
}

// accountRefusal is a change of accounts that can't be made, in the visitor's language.
func (v *visit) accountRefusal(r *access.Refused) string {
	var args []any
	for name, value := range r.Args {
		args = append(args, name, value)
	}
	return v.t("access."+string(r.Code), args...)
}

// noticeOf says what was done, or what is to be thought about.
func noticeOf(u access.User, w access.Warning, key string) string {
	switch {
	case w != "":
		return "users.both"
	case seesNothing(u):
		return "users.no_group_yet"
	}
	return key
}

// userPage is one account.
type userPage struct {
	Of       access.User
	Seen     string // the mark of what the form was made from
	Groups   []access.Group
	Roles    []access.Role
	Sessions []session.Info
	Problem  string
}

func (d *desk) user(v *visit) error {
	u, err := d.accountOf(v)
	if err != nil {
		return err
	}
	return d.showUser(v, http.StatusOK, u, u.Mark(), "")
}

// accountOf is the account of the path.
func (d *desk) accountOf(v *visit) (access.User, error) {
	u, err := d.Directory.User(v.Context(), v.PathValue("user"))
	if errors.Is(err, access.ErrNone) {
		err = errNotFound
	}
	return u, err
}

func (d *desk) showUser(v *visit, status int, u access.User, seen, problem string) error {
	groups, err := d.Directory.Groups(v.Context())
	if err != nil {
		return err
	}
	open, err := d.Sessions.Of(v.Context(), u.ID)
	if err != nil {
		return err
	}
	return v.show(status, "user", userPage{u, seen, groups, access.Roles(), open, problem})
}

// changeUser gives an account what was typed, unless somebody else has changed it since the
// form was made: what was taken from him must not come back with it.
func (d *desk) changeUser(v *visit) error {
	u, err := d.accountOf(v)
	if err != nil {
		return err
	}
	seen, stale := v.field("seen"), false
	warning, err := d.Directory.Alter(v.Context(), v.user.Actor(), u.ID, func(is *access.User) bool {
		u, stale = *is, seen != "" && seen != is.Mark()
		if !stale {
			u = v.typedUser(*is)
			*is = u
		}
		return !stale
	})
	if err == nil && stale {
		return d.showUser(v, http.StatusConflict, u, u.Mark(), v.t("users.meanwhile"))
	}
	return d.userDone(v, u, err, noticeOf(u, warning, "users.changed"))
}

func (d *desk) userDone(v *visit, u access.User, err error, key string) error {
	var refused *access.Refused
	if errors.As(err, &refused) {
		return d.showUser(v, http.StatusUnprocessableEntity, u, cmp.Or(v.field("seen"), u.Mark()), v.accountRefusal(refused))
	}
	if errors.Is(err, access.ErrChanged) {
		return d.showUser(v, http.StatusConflict, u, u.Mark(), v.t("users.meanwhile"))
	}
	if err != nil {
		return err
	}
	return v.done("/users/"+u.ID, key)
}

func (d *desk) setPassword(v *visit) error {
	u, err := d.accountOf(v)
	if err != nil {
		return err
	}
	if u.Issuer != "" {
		return errBadForm // he signs in at the provider, with what is asked of him there
	}
	err = d.Directory.SetPassword(v.Context(), v.user.Actor(), u.ID, v.PostFormValue("password"), true)
	return d.userDone(v, u, err, "users.password_set")
}

func (d *desk) endSessions(v *visit) error {
	u, err := d.accountOf(v)
	if err != nil {
		return err
	}
	return d.userDone(v, u, d.Sessions.EndAll(v.Context(), u.ID), "users.sessions_ended")
}

func (d *desk) saveGroup(v *visit) error {
	g := access.Group{ID: v.field("id"), Name: v.field("name"), Stores: v.PostForm["store"]}
	for _, pattern := range strings.Split(v.PostFormValue("cases"), "\n") {
		if pattern = strings.TrimSpace(pattern); pattern != "" {
			g.Cases = append(g.Cases, pattern)
		}
	}
	if v.field("preview") != "" {
		return d.previewGroup(v, g)
	}
	_, err := d.Directory.SaveSeenGroup(v.Context(), v.user.Actor(), g, v.field("seen"))
	return d.groupDone(v, g, err, "users.group_saved")
}

// previewGroup checks a group's patterns and counts what they match, before anybody sees by them.
func (d *desk) previewGroup(v *visit, g access.Group) error {
	scope, err := access.ScopeOf(g)
	var refused *access.Refused
	if errors.As(err, &refused) {
		return d.showUsers(v, http.StatusUnprocessableEntity, usersPage{Problem: v.accountRefusal(refused), Fault: refused.Args["fault"], Group: g, Seen: v.field("seen")})
	}
	if err != nil {
		return err
	}
	seen, all := d.Mailroom.CountCases(scope.Sees)
	return d.showUsers(v, http.StatusOK, usersPage{Group: g, Seen: v.field("seen"), Preview: &preview{seen, all}})
}

func (d *desk) deleteGroup(v *visit) error {
	return d.groupDone(v, access.Group{}, d.Directory.DeleteGroup(v.Context(), v.user.Actor(), v.field("id")), "users.group_deleted")
}

func (d *desk) groupDone(v *visit, g access.Group, err error, key string) error {
	var refused *access.Refused
	switch {
	case errors.As(err, &refused):
		return d.showUsers(v, http.StatusUnprocessableEntity, usersPage{Problem: v.accountRefusal(refused), Fault: refused.Args["fault"], Group: g, Seen: v.field("seen")})
	case errors.Is(err, access.ErrChanged):
		return d.showUsers(v, http.StatusConflict, usersPage{Problem: v.t("users.meanwhile")})
	case errors.Is(err, access.ErrNone):
		return errNotFound
	case err != nil:
		return err
	}
	return v.done("/users", key)
}
