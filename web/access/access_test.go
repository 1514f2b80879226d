package access

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/web/session"
)

// house is a directory over a sealed journal of its own, with a clock that stands still.
type house struct {
	*Directory
	t       testing.TB
	journal journal.Store
	now     time.Time
}

const good = "seven green boats at dawn"

func newHouse(t testing.TB) *house {
	t.Helper()
	dir := t.TempDir()
	var log *audit.Log
	j, err := bolt.Open(filepath.Join(dir, "journal.db"), bolt.Config{Seal: func(tx journal.Tx) error { return log.Seal(tx) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	if log, err = audit.Open(t.Context(), filepath.Join(dir, "audit"), j); err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, journal: j, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	h.Directory = Open(j, Config{Version: "test", ConfigDigest: "digest", Now: func() time.Time { return h.now }})
	return h
}

func (h *house) add(u User, password string) User {
	h.t.Helper()
	if u.Name == "" {
		u.Name = "Person of " + strings.ToUpper(u.Login)
	}
	u, _, err := h.Add(h.t.Context(), "root (root)", u, password)
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

func (h *house) group(g Group) Group {
	h.t.Helper()
	g, err := h.SaveGroup(h.t.Context(), "root (root)", g)
	if err != nil {
		h.t.Fatal(err)
	}
	return g
}

func (h *house) events() (all []journal.Event) {
	h.t.Helper()
	if err := h.journal.View(h.t.Context(), func(r journal.Reader) error {
		return each(r, journal.TableEvent, func(e journal.Event) error { all = append(all, e); return nil })
	}); err != nil {
		h.t.Fatal(err)
	}
	return all
}

func refused(t *testing.T, what string, err error) {
	t.Helper()
	if r := (*Refused)(nil); !errors.As(err, &r) || r.Why == "" {
		t.Errorf("%s: %v, want a *Refused", what, err)
	}
}

func TestHas(t *testing.T) {
	u := User{Name: "Ann", Login: "ann", Roles: []Role{Supervisor, Auditor}}
	if !u.Has(Auditor) || !u.Has(Caseworker, Supervisor) || !u.Has(Operator) || u.Has(Caseworker) || u.Has(Administrator) || u.Has() {
		t.Error("wrong roles")
	}
	if (User{Roles: []Role{Operator}}).Has(Supervisor) {
		t.Error("an operator is a supervisor")
	}
	u.Disabled = true
	if u.Has(Auditor) {
		t.Error("who is disabled has a role")
	}
	if u.Actor() != "Ann (ann)" {
		t.Error(u.Actor())
	}
}

func TestAddAndFind(t *testing.T) {
	h := newHouse(t)
	if any, err := h.Any(t.Context()); any || err != nil {
		t.Errorf("an empty directory has an administrator, %v", err)
	}
	ann := h.add(User{ID: "mine", Login: " Ann.B ", Name: " Ann Bee ", Roles: []Role{Operator, Administrator, Operator}}, good)
	if ann.ID == "mine" || len(ann.ID) < 32 || ann.Login != "ann.b" || ann.Name != "Ann Bee" || !ann.Created.Equal(h.now) || len(ann.Roles) != 2 {
		t.Errorf("%+v", ann)
	}
	if any, err := h.Any(t.Context()); !any || err != nil {
		t.Errorf("there is an administrator: %v, %v", any, err)
	}
	for _, login := range []string{"ann.b", "ANN.B", " Ann.b"} {
		if u, err := h.Find(t.Context(), login); err != nil || u.ID != ann.ID {
			t.Errorf("%q: %+v, %v", login, u, err)
		}
	}
	for _, login := range []string{"ann", "", "ann.b\x00", strings.Repeat("a", 1000)} {
		if _, err := h.Find(t.Context(), login); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", login, err)
		}
	}
	if _, err := h.User(t.Context(), "nobody"); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	for what, u := range map[string]User{
		"a taken login":      {Login: "ANN.B", Name: "Other"},
		"a login with space": {Login: "an n", Name: "Other"},
		"a Cyrillic login":   {Login: "аnn", Name: "Other"},
		"no login":           {Name: "Other"},
		"no name":            {Login: "x"},
		"a name of lines":    {Login: "x", Name: "Ann\nBee"},
		"a turned name":      {Login: "x", Name: "Ann\u202eBee"},
		"a long name":        {Login: "x", Name: strings.Repeat("n", 201)},
		"an unknown role":    {Login: "x", Name: "Other", Roles: []Role{"root"}},
		"an unknown group":   {Login: "x", Name: "Other", Groups: []string{"none"}},
		"half an identity":   {Login: "x", Name: "Other", Issuer: "https://id"},
		"a strange language": {Login: "x", Name: "Other", Language: "tlh"},
	} {
		_, _, err := h.Add(t.Context(), "root (root)", u, "")
		refused(t, what, err)
	}
	_, _, err := h.Add(t.Context(), "ro\not", User{Login: "x", Name: "Other"}, "")
	refused(t, "an illegible doer", err)
	if all, err := h.Users(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d users after the refusals, %v", len(all), err)
	}
}

func TestChange(t *testing.T) {
	h := newHouse(t)
	ann := h.add(User{Login: "ann", Roles: []Role{Administrator}}, good)
	ben := h.add(User{Login: "ben", Issuer: "https://id", Subject: "1"}, "")
	other := ann
	other.Login, other.Created = "anna", time.Time{}
	if _, err := h.Change(t.Context(), "ann (ann)", other); err != nil {
		t.Fatal(err)
	}
	if u, err := h.Find(t.Context(), "anna"); err != nil || !u.Created.Equal(ann.Created) {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := h.Find(t.Context(), "ann"); !errors.Is(err, ErrNone) {
		t.Errorf("the former login is still found: %v", err)
	}
	if _, err := h.Authenticate(t.Context(), "anna", good); err != nil {
		t.Errorf("the password is gone: %v", err)
	}
	other.Login = "ben"
	_, err := h.Change(t.Context(), "ann (ann)", other)
	refused(t, "another's login", err)
	other.Login, other.Issuer, other.Subject = "ann", ben.Issuer, ben.Subject
	_, err = h.Change(t.Context(), "ann (ann)", other)
	refused(t, "another's identity", err)
	if _, err := h.Change(t.Context(), "ann (ann)", User{ID: "none", Login: "x", Name: "x"}); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	ann.Disabled = true
	if _, err := h.Change(t.Context(), "ben (ben)", ann); err != nil {
		t.Fatal(err)
	}
	if any, _ := h.Any(t.Context()); any {
		t.Error("a disabled administrator counts")
	}
	// What was refused left no trace: before and after stand in the log exactly.
	last := h.events()[len(h.events())-1]
	var d struct{ Was, Is User }
	if err := json.Unmarshal(last.Detail, &d); err != nil || last.Action != actionChanged || last.Actor != "ben (ben)" || last.Subject != "user:"+ann.ID ||
		last.Config != "digest" || last.Version != "test" || d.Was.Login != "anna" || d.Was.Disabled || d.Is.Login != "ann" || !d.Is.Disabled {
		t.Errorf("%+v %s", last, last.Detail)
	}
}

func TestNoHashLeaves(t *testing.T) {
	h := newHouse(t)
	ann := h.add(User{Login: "wilhelmina"}, good)
	if err := h.SetPassword(t.Context(), "root (root)", ann.ID, good+"!", true); err != nil {
		t.Fatal(err)
	}
	u, err := h.Authenticate(t.Context(), "wilhelmina", good+"!")
	if err != nil || !u.MustChange {
		t.Errorf("%+v, %v", u, err)
	}
	_, _ = h.Authenticate(t.Context(), "wilhelmina", "the wrong password") // its entry is looked at below
	text, _ := json.Marshal(u)
	for _, e := range h.events() {
		text = append(text, e.Detail...)
		text = append(text, e.Subject...)
	}
	if s := string(text); strings.Contains(s, "argon2") || strings.Contains(s, good) || strings.Contains(s, "the wrong password") {
		t.Errorf("a hash or a password stands in %s", s)
	}
	if err := h.journal.View(t.Context(), func(r journal.Reader) error {
		return each(r, "leaf", func(l map[string]any) error {
			if text, _ := json.Marshal(l); strings.Contains(strings.ToLower(string(text)), "wilhelmina") {
				t.Errorf("the leaf %s names a person", text)
			}
			return nil
		})
	}); err != nil {
		t.Error(err)
	}
}

func TestWarning(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		user User
		warn bool
	}{
		{User{Login: "a", Name: "Ann", Roles: []Role{Administrator}}, false},
		{User{Login: "b", Name: "Ben", Roles: []Role{Auditor}}, false},
		{User{Login: "c", Name: "Cleo", Roles: []Role{Auditor, Administrator}}, true},
		{User{Login: "d", Name: "ANN", Roles: []Role{Auditor}}, true},
		{User{Login: "e", Name: "Ann", Roles: []Role{Operator}}, false},
	} {
		u, w, err := h.Add(t.Context(), "root (root)", c.user, "")
		if err != nil || (w != "") != c.warn {
			t.Errorf("%s: %q, %v", c.user.Login, w, err)
		}
		if w2, err := h.Change(t.Context(), "root (root)", u); err != nil || (w2 != "") != c.warn {
			t.Errorf("%s changed: %q, %v", c.user.Login, w2, err)
		}
	}
}

// What takes rights away ends the sessions in the same moment; what does not, leaves them.
func TestSessionsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *house, u User) error
		ends   bool
	}{
		"disabled": {func(h *house, u User) error { u.Disabled = true; _, err := h.Change(h.t.Context(), "x", u); return err }, true},
		"roles":    {func(h *house, u User) error { u.Roles = nil; _, err := h.Change(h.t.Context(), "x", u); return err }, true},
		"identity": {func(h *house, u User) error {
			u.Issuer, u.Subject = "i", "s"
			_, err := h.Change(h.t.Context(), "x", u)
			return err
		}, true},
		"password": {func(h *house, u User) error { return h.SetPassword(h.t.Context(), "x", u.ID, good, false) }, true},
		"language": {func(h *house, u User) error { u.Language = "fr"; _, err := h.Change(h.t.Context(), "x", u); return err }, false},
		"another's": {func(h *house, u User) error {
			return h.SetPassword(h.t.Context(), "x", h.add(User{Login: "ben"}, "").ID, good, false)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := session.Open(h.journal, session.Config{Now: func() time.Time { return h.now }})
			u := h.add(User{Login: "ann", Roles: []Role{Operator}}, "")
			var cookies []*http.Cookie
			ask := func(do func(context.Context)) {
				r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
				for _, c := range cookies {
					r.AddCookie(c)
				}
				s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { do(r.Context()) })).ServeHTTP(w, r)
				if c := w.Result().Cookies(); len(c) > 0 {
					cookies = c
				}
			}
			ask(func(ctx context.Context) {
				if err := s.SignIn(ctx, u.ID); err != nil {
					t.Fatal(err)
				}
			})
			if err := c.change(h, u); err != nil {
				t.Fatal(err)
			}
			ask(func(ctx context.Context) {
				if (s.UserID(ctx) == "") != c.ends {
					t.Errorf("after the change it is %q's session", s.UserID(ctx))
				}
			})
		})
	}
}

func TestGroups(t *testing.T) {
	h := newHouse(t)
	tax := h.group(Group{Name: " Tax ", Stores: []string{"tax", "tax"}})
	if tax.Name != "Tax" || !slices.Equal(tax.Stores, []string{"tax"}) || tax.ID == "" {
		t.Errorf("%+v", tax)
	}
	ann := h.add(User{Login: "ann", Roles: []Role{Caseworker}, Groups: []string{tax.ID}}, "")
	for what, g := range map[string]Group{
		"a taken name":        {Name: "TAX"},
		"no name":             {},
		"cases without store": {Name: "x", Cases: []string{".*"}},
		"no pattern":          {Name: "x", Stores: []string{"tax"}, Cases: []string{"("}},
		"brackets that close": {Name: "x", Stores: []string{"tax"}, Cases: []string{"a)|(?:.*"}},
		"an empty pattern":    {Name: "x", Stores: []string{"tax"}, Cases: []string{""}},
		"a huge pattern":      {Name: "x", Stores: []string{"tax"}, Cases: []string{"(((a{1000}){1000}){1000})"}},
	} {
		_, err := h.SaveGroup(t.Context(), "root (root)", g)
		refused(t, what, err)
	}
	if _, err := h.SaveGroup(t.Context(), "root (root)", Group{ID: "none", Name: "x"}); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if err := h.DeleteGroup(t.Context(), "root (root)", tax.ID); err != nil {
		t.Fatal(err)
	}
	if u, err := h.User(t.Context(), ann.ID); err != nil || len(u.Groups) != 0 {
		t.Errorf("%+v, %v", u, err)
	}
	if s, err := h.Scope(t.Context(), ann); err != nil || !s.Empty() { // read before the group went
		t.Errorf("the scope of a group that is gone: %v, %v", s.Stores(), err)
	}
	if err := h.DeleteGroup(t.Context(), "root (root)", tax.ID); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if again := h.group(Group{Name: "Tax"}); again.ID == tax.ID {
		t.Error("a group's id is used again")
	}
}

func TestScope(t *testing.T) {
	h := newHouse(t)
	some := h.group(Group{Name: "some", Stores: []string{"tax"}, Cases: []string{"TX-1", `TX-2\d|X`, "(?i)tx-9"}})
	all := h.group(Group{Name: "all", Stores: []string{"permits", "parking"}})
	none := h.group(Group{Name: "none"})
	u := func(role Role, groups ...string) User { return User{Roles: []Role{role}, Groups: groups} }
	off := u(Caseworker, some.ID)
	off.Disabled = true
	for _, c := range []struct {
		user                     User
		store, scheme, reference string
		sees                     bool
	}{
		{u(Caseworker), "tax", "tax", "TX-1", false},
		{u(Caseworker, none.ID), "tax", "tax", "TX-1", false},
		{u(Operator, some.ID), "tax", "tax", "TX-1", false},
		{u(Administrator, all.ID), "permits", "p", "P1", false},
		{off, "tax", "tax", "TX-1", false},
		{u(Caseworker, some.ID), "tax", "tax", "TX-1", true},
		{u(Caseworker, some.ID), "tax", "tax", "TX-10", false},
		{u(Caseworker, some.ID), "tax", "tax", "tx-1", false},
		{u(Caseworker, some.ID), "tax", "tax", "TX-1\n", false},
		{u(Caseworker, some.ID), "Tax", "tax", "TX-1", false},
		{u(Caseworker, some.ID), "tax ", "tax", "TX-1", false},
		{u(Caseworker, some.ID), "tax", "tax", "TX-23", true},
		{u(Caseworker, some.ID), "tax", "tax", "TX-23X", false},
		{u(Caseworker, some.ID), "tax", "tax", "TX-23\nTX-1", false},
		{u(Caseworker, some.ID), "tax", "tax", "X", true},
		{u(Caseworker, some.ID), "tax", "tax", "aX", false},
		{u(Caseworker, some.ID), "tax", "tax", "tX-9", true},
		{u(Caseworker, some.ID), "tax", "tax", "", false},
		{u(Caseworker, some.ID), "permits", "tax", "TX-1", false},
		{u(Caseworker, all.ID), "permits", "p", "P1", true},
		{u(Caseworker, all.ID), "permits", "", "", false},
		{u(Caseworker, all.ID), "", "", "", false},
		{u(Caseworker, all.ID), "tax", "tax", "TX-1", false},
		{u(Caseworker, all.ID, some.ID), "tax", "tax", "TX-1", true},
		{u(Caseworker, all.ID, some.ID), "permits", "tax", "anything", true},
	} {
		s, err := h.Scope(t.Context(), c.user)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Sees(c.store, c.scheme, c.reference); got != c.sees {
			t.Errorf("%v of %v sees %q %q %q: %v", c.user.Roles, c.user.Groups, c.store, c.scheme, c.reference, got)
		}
	}
	s, _ := h.Scope(t.Context(), u(Caseworker, all.ID, some.ID))
	if got := s.Stores(); !slices.Equal(got, []string{"parking", "permits", "tax"}) || s.Empty() || !(Scope{}).Empty() || (Scope{}).Sees("tax", "tax", "TX-1") {
		t.Errorf("stores %v", got)
	}
	some.Cases = []string{"TX-7"} // a change counts at once
	h.group(some)
	if s, _ := h.Scope(t.Context(), u(Caseworker, some.ID)); s.Sees("tax", "tax", "TX-1") || !s.Sees("tax", "tax", "TX-7") {
		t.Error("the scope is that of before the change")
	}
}
