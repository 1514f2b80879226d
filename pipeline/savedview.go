package pipeline

import (
	"context"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"postroom/pipeline/journal"
)

const (
	tableView = "savedview" // user/view id -> SavedView

	longestViewName = 60 // characters
	mostViews       = 10 // of one user
)

// SavedView is a choice among letters that a person keeps under a name.
type SavedView struct {
	ID   string `json:"id"`
	Name string `json:"name"` // one line
	// Choice is what a list makes of it; the mailroom does not look into it.
	Choice string `json:"choice"`
}

// SaveView keeps a view of a user, in the place of one of the same name. *Refused.
func (m *Mailroom) SaveView(ctx context.Context, user, name, choice string) error {
	name = strings.TrimSpace(name)
	if !legible(name) || utf8.RuneCountInString(name) > longestViewName || len(choice) > 2000 {
		return refuse(refusedViewName, "most", longestViewName)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		v := SavedView{id.String(), name, choice}
		all, err := savedViews(tx, user)
		if err != nil {
			return err
		}
		for _, o := range all {
			if strings.EqualFold(o.Name, name) {
				v.ID = o.ID
			}
		}
		if v.ID == id.String() && len(all) >= mostViews {
			return refuse(refusedViews, "most", mostViews)
		}
		return journal.Save(tx, tableView, viewKey(user, v.ID), v)
	})
}

// RemoveView removes a view of a user; one that is not there is no error.
func (m *Mailroom) RemoveView(ctx context.Context, user, id string) error {
	return m.journal.Tx(ctx, func(tx journal.Tx) error { return tx.Delete(tableView, viewKey(user, id)) })
}

// Views lists a user's views, the oldest first.
func (m *Mailroom) Views(ctx context.Context, user string) (all []SavedView, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) (err error) { all, err = savedViews(r, user); return err })
	return all, err
}

// SavedView gives one of a user's views; ErrNoSuch.
func (m *Mailroom) SavedView(ctx context.Context, user, id string) (v SavedView, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) (err error) {
		v, err = load[SavedView](r, tableView, viewKey(user, id))
		return err
	})
	return v, err
}

func savedViews(r journal.Reader, user string) (all []SavedView, err error) {
	err = each(r, tableView, viewKey(user, ""), func(row journal.Row) error {
		v, err := decode[SavedView](tableView, row)
		all = append(all, v)
		return err
	})
	return all, err
}

func viewKey(user, id string) string { return url.PathEscape(user) + "/" + id }
