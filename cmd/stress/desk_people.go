package main

import (
	"context"
	"fmt"

	"postroom/pipeline/journal"
	"postroom/web/access"
)

// password is that of everyone who works at the made-up desk, which listens on this
// machine alone.
const password = "seven grey herons at dusk"

// staff is who works there.
var staff = []struct { // never written to
	role access.Role
	n    int
}{{access.Operator, 20}, {access.Caseworker, 25}, {access.Auditor, 3}, {access.Administrator, 2}}

func loginOf(role access.Role, n int) string { return fmt.Sprintf("%s-%d", role, n) }

// addPeople gives them accounts. A caseworker sees one store, every fifth the cases of a
// pattern in two.
func (o *office) addPeople(ctx context.Context, j journal.Store) error {
	d := access.Open(j, access.Config{Version: "made up"})
	var groups []string
	for _, b := range branches() {
		g, err := d.SaveGroup(ctx, "made up", access.Group{Name: b.name, Stores: []string{b.name}})
		if err != nil {
			return err
		}
		groups = append(groups, g.ID)
	}
	g, err := d.SaveGroup(ctx, "made up", access.Group{Name: "a third", Stores: []string{"tax-old", "tax-middle"}, Cases: []string{`TX-\d{4}-[0-2]\d{5}-\d{2}`}})
	if err != nil {
		return err
	}
	for _, s := range staff {
		for n := range s.n {
			u := access.User{Login: loginOf(s.role, n), Name: fmt.Sprintf("Person %s %d", s.role, n), Roles: []access.Role{s.role}}
			if s.role == access.Caseworker {
				if u.Groups = []string{groups[n%len(groups)]}; n%5 == 4 {
					u.Groups = []string{g.ID}
				}
			}
			if _, _, err := d.Add(ctx, "made up", u, password); err != nil {
				return err
			}
		}
	}
	return nil
}
