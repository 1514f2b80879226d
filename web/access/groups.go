package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postroom/pipeline/journal"
	"postroom/web/session"
)

// What one group may hold.
const (
	mostStores     = 100
	mostCases      = 2000
	longestPattern = 300 // bytes
)

// Groups lists all groups by their names.
func (d *Directory) Groups(ctx context.Context) (all []Group, err error) {
	err = d.journal.View(ctx, func(r journal.Reader) (err error) { all, err = groups(r); return err })
	return all, err
}

func groups(r journal.Reader) (all []Group, err error) {
	err = each(r, tableGroup, func(g Group) error { all = append(all, g); return nil })
	slices.SortFunc(all, func(a, b Group) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all, err
}

// SaveGroup makes a group, when g has no ID, or gives the one with its ID all of g. It
// gives the group as it is kept. Whether the stores are there, the caller knows. ErrNone, *Refused.
func (d *Directory) SaveGroup(ctx context.Context, by string, g Group) (Group, error) {
	return d.SaveSeenGroup(ctx, by, g, "")
}

// SaveSeenGroup is SaveGroup over the group that was seen, by its Mark ("" = whatever it is): ErrChanged.
func (d *Directory) SaveSeenGroup(ctx context.Context, by string, g Group, seen string) (Group, error) {
	var err error
	if g.Name, err = line(refusedGroupName, g.Name); err != nil {
		return g, err
	}
	if g.Stores, g.Cases = once(g.Stores), once(g.Cases); len(g.Stores) > mostStores || len(g.Cases) > mostCases {
		return g, refuse(refusedMost, "stores", mostStores, "patterns", mostCases)
	}
	if len(g.Cases) > 0 && len(g.Stores) == 0 {
		return g, refuse(refusedStores)
	}
	if _, err := compile(g); err != nil {
		return g, err
	}
	made := g.ID == ""
	if made {
		g.ID = newID()
	}
	err = d.change(ctx, by, func(tx journal.Tx, by string) error {
		all, err := groups(tx)
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.ID != g.ID && strings.EqualFold(o.Name, g.Name) {
				return refuse(refusedDouble, "group", o.Name)
			}
		}
		change := changed{Is: g}
		if at := slices.IndexFunc(all, func(o Group) bool { return o.ID == g.ID }); at >= 0 {
			if change.Was = all[at]; seen != "" && seen != all[at].Mark() {
				return ErrChanged
			}
		} else if !made {
			return fmt.Errorf("group %q: %w", g.ID, ErrNone)
		}
		return errors.Join(journal.Save(tx, tableGroup, g.ID, g), tx.Log(d.event(by, actionGroup, ofGroup(g.ID), change)))
	})
	return g, err
}

// DeleteGroup removes a group, and takes it from its users. ErrNone.
func (d *Directory) DeleteGroup(ctx context.Context, by, id string) error {
	err := d.change(ctx, by, func(tx journal.Tx, by string) error {
		g, err := journal.Load[Group](tx, tableGroup, id)
		if errors.Is(err, journal.ErrNotFound) {
			return fmt.Errorf("group %q: %w", id, ErrNone)
		}
		if err != nil {
			return err
		}
		return errors.Join(d.leave(tx, by, id), tx.Delete(tableGroup, id), tx.Log(d.event(by, actionUngroup, ofGroup(id), changed{Was: g})))
	})
	if err == nil {
		d.patterns.Delete(id)
	}
	return err
}

// leave takes a group from its users.
func (d *Directory) leave(tx journal.Tx, by, group string) error {
	var rows []userRow
	if err := each(tx, tableUser, func(row userRow) error {
		if slices.Contains(row.Groups, group) {
			rows = append(rows, row)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, row := range rows {
		was := row.User
		row.Groups = slices.DeleteFunc(slices.Clone(row.Groups), func(id string) bool { return id == group })
		if err := errors.Join(
			journal.Save(tx, tableUser, row.ID, row),
			tx.Log(d.event(by, actionChanged, session.Subject(row.ID), changed{was, row.User}))); err != nil {
			return err
		}
	}
	return nil
}
