package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"postroom/web/access"
)

// The orders about users and groups.
const (
	opUsers       = "users"
	opUserAdd     = "user add"
	opUserPasswd  = "user passwd"
	opUserDisable = "user disable"
	opUserEnable  = "user enable"
	opUserRoles   = "user roles"
	opGroups      = "groups"
	opGroupAdd    = "group add"
	opGroupRemove = "group remove"
)

// account is what an order says of a user or a group.
type account struct {
	Who        string        `json:"who,omitempty"` // a login, or a group's name
	Name       string        `json:"name,omitempty"`
	Roles      []access.Role `json:"roles,omitempty"`
	SetRoles   bool          `json:"set_roles,omitempty"`
	Groups     []string      `json:"groups,omitempty"` // names
	SetGroups  bool          `json:"set_groups,omitempty"`
	Subject    string        `json:"subject,omitempty"`
	Password   string        `json:"password,omitempty"` // over the socket, which only its owner reads
	MustChange bool          `json:"must_change,omitempty"`
	Stores     []string      `json:"stores,omitempty"`
	Cases      []string      `json:"cases,omitempty"`
}

// account carries out an order about users or groups.
func (o order) account(ctx context.Context, p *premises, out, messages io.Writer) error {
	if o.Op == opUsers || o.Op == opGroups {
		if err := p.mailroom.LogView(ctx, o.who(), o.Op+" listed", strings.TrimSuffix(o.Op, "s")+":all"); err != nil {
			return err
		}
		if o.Op == opUsers {
			return o.users(ctx, p, out)
		}
		return o.groups(ctx, p, out)
	}
	if err := p.mailroom.LogConfiguration(ctx); err != nil {
		return err
	}
	warning, err := o.change(ctx, p)
	if errors.As(err, new(*access.Refused)) {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if err != nil {
		return err
	}
	if warning != "" {
		fmt.Fprintf(messages, "postroom: warning: %s\n", printable(string(warning)))
	}
	if is, err := p.people.Any(ctx); err != nil || is {
		return err
	}
	fmt.Fprintln(messages, "postroom: warning: there is no administrator who can sign in (see: postroom user add --help)")
	return nil
}

func (o order) change(ctx context.Context, p *premises) (access.Warning, error) {
	a, by := o.Account, o.who()
	switch o.Op {
	case opUserAdd:
		return o.addUser(ctx, p)
	case opGroupAdd:
		return "", o.addGroup(ctx, p)
	case opGroupRemove:
		ids, err := groupIDs(ctx, p, []string{a.Who})
		if err != nil {
			return "", err
		}
		return "", p.people.DeleteGroup(ctx, by, ids[0])
	}
	u, err := p.people.Find(ctx, a.Who)
	if errors.Is(err, access.ErrNone) {
		return "", fmt.Errorf("no user %q (see: postroom user list)", a.Who)
	}
	if err != nil {
		return "", err
	}
	var groups []string
	switch o.Op {
	case opUserPasswd:
		return "", p.people.SetPassword(ctx, by, u.ID, a.Password, a.MustChange)
	case opUserRoles:
		if groups, err = groupIDs(ctx, p, a.Groups); err != nil {
			return "", err
		}
	case opUserDisable, opUserEnable:
	default:
		return "", fmt.Errorf("the server does not know the order %q: it is of another version", o.Op)
	}
	return p.people.Alter(ctx, by, u.ID, func(is *access.User) bool {
		switch {
		case o.Op != opUserRoles:
			is.Disabled = o.Op == opUserDisable
		case a.SetRoles:
			is.Roles = a.Roles
		}
		if a.SetGroups {
			is.Groups = groups
		}
		return true
	})
}

func (o order) addUser(ctx context.Context, p *premises) (access.Warning, error) {
	a := o.Account
	u := access.User{Login: a.Who, Name: a.Name, Roles: a.Roles, MustChange: a.MustChange}
	if a.Subject != "" {
		if p.cfg.Web.OIDC == nil {
			return "", errors.New("nothing was changed: --subject is what an identity provider calls a user, and the configuration has none (web.oidc)")
		}
		u.Issuer, u.Subject = p.cfg.Web.OIDC.Issuer, a.Subject
	} else if a.Password == "" {
		return "", errors.New("nothing was changed: a password is needed")
	}
	var err error
	if u.Groups, err = groupIDs(ctx, p, a.Groups); err != nil {
		return "", err
	}
	_, w, err := p.people.Add(ctx, o.who(), u, a.Password)
	return w, err
}

func (o order) addGroup(ctx context.Context, p *premises) error {
	var known []string
	for _, s := range p.cfg.Stores {
		known = append(known, s.Name)
	}
	for _, s := range o.Account.Stores {
		if !slices.Contains(known, s) {
			return fmt.Errorf("nothing was changed: the store %q is not defined; allowed: %s", s, strings.Join(known, ", "))
		}
	}
	_, err := p.people.SaveGroup(ctx, o.who(), access.Group{Name: o.Account.Who, Stores: o.Account.Stores, Cases: o.Account.Cases})
	return err
}

// groupIDs finds groups by their names.
func groupIDs(ctx context.Context, p *premises, names []string) (ids []string, err error) {
	all, err := p.people.Groups(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		at := slices.IndexFunc(all, func(g access.Group) bool { return strings.EqualFold(g.Name, strings.TrimSpace(n)) })
		if at < 0 {
			return nil, fmt.Errorf("no group %q (see: postroom group list)", n)
		}
		ids = append(ids, all[at].ID)
	}
	return ids, nil
}

// userLine is a user as --json prints him.
type userLine struct {
	Type       string        `json:"type"`
	ID         string        `json:"id"`
	Login      string        `json:"login"`
	Name       string        `json:"name"`
	Roles      []access.Role `json:"roles"`
	Groups     []string      `json:"groups"` // names
	Language   string        `json:"language,omitempty"`
	Disabled   bool          `json:"disabled"`
	MustChange bool          `json:"must_change"`
	Issuer     string        `json:"issuer,omitempty"`
	Subject    string        `json:"subject,omitempty"`
	Created    time.Time     `json:"created"`
}

func (o order) users(ctx context.Context, p *premises, out io.Writer) error {
	all, err := p.people.Users(ctx)
	if err != nil {
		return err
	}
	groups, err := p.people.Groups(ctx)
	if err != nil {
		return err
	}
	for _, u := range all {
		l := userLine{"user", u.ID, u.Login, u.Name, append([]access.Role{}, u.Roles...), []string{}, u.Language, u.Disabled, u.MustChange, u.Issuer, u.Subject, u.Created}
		for _, g := range groups {
			if slices.Contains(u.Groups, g.ID) {
				l.Groups = append(l.Groups, g.Name)
			}
		}
		if o.JSON {
			err = printJSON(out, l)
		} else {
			_, err = fmt.Fprintln(out, printable(l.text()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// text writes a user for people.
func (l userLine) text() string {
	roles := strings.Trim(fmt.Sprint(l.Roles), "[]")
	if roles == "" {
		roles = "no role"
	}
	text := fmt.Sprintf("%-16s %s: %s", l.Login, l.Name, roles)
	if len(l.Groups) > 0 {
		text += " of " + strings.Join(l.Groups, ", ")
	}
	if l.Issuer != "" {
		text += ", signs in through " + l.Issuer
	}
	if l.MustChange {
		text += ", is to change the password"
	}
	if l.Disabled {
		text += ", DISABLED"
	}
	return text
}

func (o order) groups(ctx context.Context, p *premises, out io.Writer) error {
	all, err := p.people.Groups(ctx)
	if err != nil {
		return err
	}
	for _, g := range all {
		if o.JSON {
			err = printJSON(out, map[string]any{"type": "group", "id": g.ID, "name": g.Name, "stores": append([]string{}, g.Stores...), "cases": append([]string{}, g.Cases...)})
		} else {
			cases, stores := "all cases", strings.Join(g.Stores, ", ")
			if len(g.Cases) > 0 {
				cases = "cases like " + strings.Join(g.Cases, " or ")
			}
			if stores == "" {
				cases, stores = "nothing", "no store"
			}
			_, err = fmt.Fprintln(out, printable(fmt.Sprintf("%-16s %s in %s", g.Name, cases, stores)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
