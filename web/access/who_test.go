package access

import (
	"errors"
	"testing"
)

func TestWhoSees(t *testing.T) {
	h := newHouse(t)
	taxes := h.group(Group{Name: "Taxes", Stores: []string{"tax"}})
	year := h.group(Group{Name: "Of 2021", Stores: []string{"tax"}, Cases: []string{"TX-2021-.*"}})
	h.add(User{Login: "anna", Roles: []Role{Caseworker}, Groups: []string{taxes.ID, year.ID}}, good)
	h.add(User{Login: "ben", Roles: []Role{Caseworker}, Groups: []string{year.ID}}, good)
	h.add(User{Login: "cleo", Roles: []Role{Auditor}, Groups: []string{taxes.ID}}, good)
	h.add(User{Login: "dora", Roles: []Role{Caseworker}, Groups: []string{taxes.ID}, Disabled: true}, good)
	for reference, want := range map[string]string{"TX-2021-000001-33": "anna:2 ben:1 ", "TX-2022-000001-33": "anna:1 ", "": ""} {
		all, err := h.WhoSees(t.Context(), "tax", "tax", reference)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, s := range all {
			got += s.User.Login + ":" + string(rune('0'+len(s.Groups))) + " "
		}
		if got != want {
			t.Errorf("%s: %q, not %q", reference, got, want)
		}
	}
	s, err := ScopeOf(Group{Stores: []string{"tax"}, Cases: []string{"A.*"}})
	if err != nil || !s.Sees("tax", "t", "AB") || s.Sees("tax", "t", "B") {
		t.Error(s, err)
	}
	if _, err := ScopeOf(Group{Stores: []string{"tax"}, Cases: []string{"("}}); !errors.As(err, new(*Refused)) {
		t.Error(err)
	}
}
