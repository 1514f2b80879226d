package access

import (
	"errors"
	"testing"
)

// Who chooses a language keeps nothing of what was taken from him meanwhile.
func TestLanguageAlone(t *testing.T) {
	h := newHouse(t)
	ann := h.add(User{Login: "ann", Roles: []Role{Operator}}, good)
	taken := ann
	taken.Roles, taken.Disabled = nil, true
	if _, err := h.Change(t.Context(), "root (root)", taken); err != nil {
		t.Fatal(err)
	}
	before := len(h.events())
	for range 2 { // the second time nothing changes
		if err := h.SetLanguage(t.Context(), ann.Actor(), ann.ID, "fr"); err != nil {
			t.Fatal(err)
		}
	}
	u, err := h.User(t.Context(), ann.ID)
	if err != nil || u.Language != "fr" || !u.Disabled || len(u.Roles) != 0 {
		t.Errorf("%+v, %v", u, err)
	}
	if n := len(h.events()) - before; n != 1 {
		t.Errorf("%d entries for one change", n)
	}
	if _, err := h.Authenticate(t.Context(), "ann", good); !errors.Is(err, ErrDenied) {
		t.Errorf("the password, which was right: %v", err)
	}
	refused(t, "no language", h.SetLanguage(t.Context(), ann.Actor(), ann.ID, "xx"))
	if err := h.SetLanguage(t.Context(), ann.Actor(), "none", "fr"); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
