package access

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"postroom/pipeline/journal"
)

func TestVerify(t *testing.T) {
	h := newHouse(t)
	tax, gone := h.group(Group{Name: "tax", Stores: []string{"tax"}}), h.group(Group{Name: "gone"})
	ann := h.add(User{Login: "ann", Groups: []string{tax.ID, gone.ID}}, good)
	ben := h.add(User{Login: "ben", Issuer: "i", Subject: "s"}, "")
	ben.Roles = []Role{Operator}
	_, err := h.Change(t.Context(), "x", ben)
	_ = h.try("nobody", good, "") // in the log under no user
	if err := errors.Join(err, h.DeleteGroup(t.Context(), "x", gone.ID), h.SetPassword(t.Context(), "x", ann.ID, good+"!", true), h.try("ann", good+"!", "")); err != nil {
		t.Fatal(err)
	}
	verify := func() (faults []string) {
		n, err := h.Verify(t.Context(), func(f string) { faults = append(faults, f) })
		if err != nil || n == 0 {
			t.Errorf("%d users, %v", n, err)
		}
		return faults
	}
	if f := verify(); len(f) > 0 {
		t.Fatalf("%q", f)
	}
	for what, c := range map[string]struct {
		change func(tx journal.Tx) error
		want   string
	}{
		"roles": {func(tx journal.Tx) error {
			row, err := user(tx, ben.ID)
			row.Roles = []Role{Administrator}
			return errors.Join(err, journal.Save(tx, tableUser, ben.ID, row))
		}, "user " + ben.ID},
		"enabled": {func(tx journal.Tx) error {
			row, err := user(tx, ann.ID)
			row.MustChange = false
			return errors.Join(err, journal.Save(tx, tableUser, ann.ID, row))
		}, "user " + ann.ID},
		"a group's stores": {func(tx journal.Tx) error {
			return journal.Save(tx, tableGroup, tax.ID, Group{ID: tax.ID, Name: "tax", Stores: []string{"permits"}})
		}, "group " + tax.ID},
		"a user is gone": {func(tx journal.Tx) error {
			return errors.Join(tx.Delete(tableUser, ann.ID), tx.Delete(tableLogin, "ann"))
		}, "user " + ann.ID + ", and"},
		"a group is gone":   {func(tx journal.Tx) error { return tx.Delete(tableGroup, tax.ID) }, "group " + tax.ID + ", and"},
		"a login elsewhere": {func(tx journal.Tx) error { return tx.Put(tableLogin, "ann", []byte(ben.ID)) }, "login of user " + ann.ID},
		"a made-up user": {func(tx journal.Tx) error {
			return errors.Join(journal.Save(tx, tableUser, "made-up", userRow{User: User{ID: "made-up", Login: "eve"}}), tx.Put(tableLogin, "eve", []byte("made-up")))
		}, "user made-up"},
	} {
		var before []journal.Row // of the three tables
		tables := []string{tableUser, tableLogin, tableGroup}
		var counts []int
		if err := h.journal.Tx(t.Context(), func(tx journal.Tx) error {
			before, counts = nil, nil
			for _, table := range tables {
				rows, err := tx.Scan(table, "", "", 99)
				if err != nil {
					return err
				}
				before, counts = append(before, rows...), append(counts, len(rows))
			}
			return c.change(tx)
		}); err != nil {
			t.Fatal(err)
		}
		if f := verify(); !slices.ContainsFunc(f, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%s: %q", what, f)
		}
		if err := h.journal.Tx(t.Context(), func(tx journal.Tx) error {
			err := errors.Join(tx.Delete(tableUser, "made-up"), tx.Delete(tableLogin, "eve"))
			rows := before
			for i, table := range tables {
				for _, row := range rows[:counts[i]] {
					err = errors.Join(err, tx.Put(table, row.Key, row.Value))
				}
				rows = rows[counts[i]:]
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if f := verify(); len(f) > 0 {
			t.Fatalf("put back: %q", f)
		}
	}
}
