package access

import (
	"context"
	"slices"
)

// Seer is a user who may see a case, and the groups that let him.
type Seer struct {
	User   User
	Groups []Group
}

// WhoSees lists the caseworkers who may see the letters of a case, by their logins.
func (d *Directory) WhoSees(ctx context.Context, store, scheme, reference string) (all []Seer, err error) {
	groups, err := d.Groups(ctx)
	if err != nil {
		return nil, err
	}
	see := map[string]Group{}
	for _, g := range groups {
		c, err := d.compiled(g)
		if err != nil {
			return nil, err
		}
		if (Scope{[]*compiled{c}}).Sees(store, scheme, reference) {
			see[g.ID] = g
		}
	}
	users, err := d.Users(ctx)
	for _, u := range users {
		if !u.Has(Caseworker) {
			continue
		}
		s := Seer{User: u}
		for _, id := range u.Groups {
			if g, ok := see[id]; ok {
				s.Groups = append(s.Groups, g)
			}
		}
		if len(s.Groups) > 0 {
			all = append(all, s)
		}
	}
	return slices.Clip(all), err
}

// ScopeOf gives what users of a group would see that is not kept; *Refused names a pattern that is none.
func ScopeOf(g Group) (Scope, error) {
	c, err := compile(g)
	if err != nil {
		return Scope{}, err
	}
	return Scope{[]*compiled{c}}, nil
}
