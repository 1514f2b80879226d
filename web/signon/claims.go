package signon

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/mail"
	"postroom/web/access"
)

// byProvider is the actor of changes that the provider's claims make.
const byProvider = "identity provider"

// mostValues is how many values of a claim are looked at.
const mostValues = 1000

// claims are a token's claims as they came.
type claims map[string]json.RawMessage

// at gives the claim of that name; when there is none, a.b is b inside of a.
func (c claims) at(name string) json.RawMessage {
	if v, is := c[name]; is {
		return v
	}
	outer, inner, is := strings.Cut(name, ".")
	if !is {
		return nil
	}
	var inside claims
	if json.Unmarshal(c[outer], &inside) != nil {
		return nil
	}
	return inside.at(inner)
}

func (c claims) text(name string) (text string) {
	if json.Unmarshal(c.at(name), &text) != nil {
		return ""
	}
	return text
}

// list reads a claim that is a text or a list of texts; what else is in it is left out.
func (c claims) list(name string) (list []string) {
	var raw []json.RawMessage
	if json.Unmarshal(c.at(name), &raw) != nil {
		raw = []json.RawMessage{c.at(name)}
	}
	for _, v := range raw[:min(len(raw), mostValues)] {
		var text string
		if json.Unmarshal(v, &text) == nil && text != "" {
			list = append(list, text)
		}
	}
	return list
}

func (c claims) time(name string) (time.Time, bool) {
	var seconds float64
	raw := c.at(name)
	if raw == nil || json.Unmarshal(raw, &seconds) != nil || seconds <= 0 || seconds > 1e12 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// line tells a text that can be shown as it is. No name has the signs of markup.
func line(text string) bool { return mail.Legible(text) && !strings.ContainsAny(text, "<>") }

// shown cuts a claim to what may be kept, or drops it.
func shown(text string, most int) string {
	text = strings.TrimSpace(text)
	if !line(text) || len([]rune(text)) > most {
		return ""
	}
	return text
}

// told gives what the claims say of somebody.
func (p *Provider) told(subject string, c claims) Identity {
	i := Identity{Issuer: p.cfg.Issuer, Subject: subject, Login: shown(c.text("preferred_username"), 64), Name: shown(c.text("name"), 200)}
	if p.cfg.RoleClaim != "" {
		for _, v := range c.list(p.cfg.RoleClaim) {
			if r, is := p.cfg.Roles[v]; is && !slices.Contains(i.Roles, r) {
				i.Roles = append(i.Roles, r)
			}
		}
	}
	if p.cfg.GroupClaim != "" {
		for _, v := range c.list(p.cfg.GroupClaim) {
			if g, is := p.cfg.Groups[v]; is && !slices.Contains(i.Groups, g) {
				i.Groups = append(i.Groups, g)
			}
		}
	}
	slices.Sort(i.Roles)
	slices.Sort(i.Groups)
	return i
}

// Admit signs in the user whom the identity is linked to, with the roles and groups that
// the claims give him when the configuration says so, or makes one (Config.Create):
// ErrUnknown, access.ErrDenied of one who is disabled.
func (p *Provider) Admit(ctx context.Context, d *access.Directory, i Identity) (access.User, error) {
	u, err := d.Identified(ctx, i.Issuer, i.Subject)
	switch {
	case errors.Is(err, access.ErrNone) && p.cfg.Create:
		err = p.enrol(ctx, d, i)
	case err == nil && !u.Disabled:
		err = p.bring(ctx, d, u, i)
	case errors.Is(err, access.ErrNone):
		err = nil // Linked logs it
	}
	if err != nil {
		return access.User{}, err
	}
	u, err = d.Linked(ctx, i.Issuer, i.Subject)
	if errors.Is(err, access.ErrNone) {
		err = fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return u, err
}

// enrol gives somebody new a user. His login is the one that he has there, when it can be one and is free.
func (p *Provider) enrol(ctx context.Context, d *access.Directory, i Identity) error {
	u := access.User{Login: i.Login, Name: i.Name, Issuer: i.Issuer, Subject: i.Subject, Roles: i.Roles}
	var err error
	if u.Groups, err = ids(ctx, d, i.Groups); err != nil {
		return err
	}
	if u.Name == "" {
		u.Name = i.Login
	}
	own := "sso-" + strings.ToLower(rand.Text()[:12])
	if u.Name == "" {
		u.Name = own
	}
	_, _, err = d.Add(ctx, byProvider, u, "")
	if errors.As(err, new(*access.Refused)) {
		u.Login = own
		_, _, err = d.Add(ctx, byProvider, u, "")
	}
	if errors.As(err, new(*access.Refused)) {
		if _, there := d.Identified(ctx, i.Issuer, i.Subject); there == nil {
			return nil // a second sign-in of his came between
		}
	}
	return err
}

// bring gives a user the roles and groups that the claims say.
func (p *Provider) bring(ctx context.Context, d *access.Directory, u access.User, i Identity) error {
	groups, err := ids(ctx, d, i.Groups)
	if err != nil {
		return err
	}
	_, err = d.Alter(ctx, byProvider, u.ID, func(is *access.User) bool {
		was := *is
		if p.cfg.RoleClaim != "" {
			is.Roles = i.Roles
		}
		if p.cfg.GroupClaim != "" {
			is.Groups = groups
		}
		return !slices.Equal(is.Roles, was.Roles) || !slices.Equal(is.Groups, was.Groups)
	})
	return err
}

// ids gives the ids of groups by their names; one that is not there gives nothing.
func ids(ctx context.Context, d *access.Directory, names []string) (ids []string, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	all, err := d.Groups(ctx)
	for _, g := range all {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, g.Name) }) {
			ids = append(ids, g.ID)
		}
	}
	slices.Sort(ids)
	return ids, err
}
