package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router/casestore"
)

// stores checks that nothing stands in a store that the journal did not file there, and
// that what was taken back, and nothing else, is marked so.
func (v *verification) stores(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(v.m.cfg.Stores)) {
		err := v.m.cfg.Stores[name].List(ctx,
			func(at casestore.Standing) error { return v.stands(ctx, name, at) },
			func(path, why string) { v.say("store %q has %s: %s", name, path, why) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, journal.ErrDamaged) {
			return err
		}
		if err != nil {
			v.say("store %q can't be looked through: %v", name, err)
		}
	}
	return nil
}

// stands holds what stands in a store against the journal.
func (v *verification) stands(ctx context.Context, store string, at casestore.Standing) error {
	id, _, _ := strings.Cut(at.Document, "-") // its number, when it returned to the case
	return v.m.journal.View(ctx, func(r journal.Reader) error {
		d, err := journal.Load[docRow](r, tableDoc, id)
		if err != nil && !errors.Is(err, journal.ErrNotFound) {
			return err
		}
		is, filed := d.standings(store)[standing{at.Reference, at.Document}]
		if err != nil || !filed {
			v.say("store %q has %s, and the journal filed nothing there", store, at.Locator)
			return nil
		}
		pending, err := journal.Pending(r, d.Batch)
		if err != nil || pending > 0 {
			return err // what it is to be is not done yet
		}
		switch {
		case !is.delivered:
		case !at.Complete:
			v.say("document %s: %s of store %q has no document.json", d.ID, at.Locator, store)
		case is.withdrawn && !at.Withdrawn:
			v.say("document %s was taken back, and %s of store %q does not say so", d.ID, at.Locator, store)
		case !is.withdrawn && at.Withdrawn:
			v.say("document %s is filed, and %s of store %q says that it was taken back", d.ID, at.Locator, store)
		case !is.enriched && at.Enriched:
			v.say("document %s: %s of store %q has a rendition that the journal did not add", d.ID, at.Locator, store)
		}
		return nil
	})
}

// standing is a name in a case.
type standing struct{ reference, document string }

// stood is what must be at a place; of one that was not delivered anything may, if it was refused.
type stood struct{ delivered, withdrawn, enriched bool }

// standings gives where in a store the document may stand.
func (d docRow) standings(store string) map[standing]stood {
	all, before := map[standing]stood{}, map[mail.Reference]int{}
	for _, r := range d.Left { // rows do not keep which store that was, nor its rendition
		before[r]++
		all[standing{r.String(), numbered(d.ID, before[r])}] = stood{delivered: true, withdrawn: true, enriched: true}
	}
	if d.Placement != nil && d.Placement.Store == store {
		is := stood{delivered: d.Receipt != nil}
		if d.Receipt != nil {
			is.withdrawn = d.State == mail.Discarded || d.State == mail.Superseded
			// What is filed no more while its rendition is on the way may have been given it.
			is.enriched = d.Receipt.RenditionSheet != "" || d.Unrendered != "" || d.State != mail.Filed && d.RenditionSheet != (journal.Ref{})
		}
		all[standing{d.Placement.Reference.String(), d.filedAs()}] = is
	}
	return all
}

// numbered is a document's name in a case when it comes there for the n-th time.
func numbered(id string, n int) string {
	if n == 1 {
		return id
	}
	return fmt.Sprintf("%s-%d", id, n)
}
