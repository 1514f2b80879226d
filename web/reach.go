package web

import (
	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
)

// sight is how a person may see a letter.
type sight int

const (
	unseen sight = iota
	named        // that it is there, where it went and why; not what it says
	whole        // its pages and words too
)

// reach gives where the document of the path stands, and how the visitor may see it in the
// role that the page is for. It is the one place that decides who sees which letter, and
// every page, picture and download of a letter asks it. What may not be seen at all is
// errNotFound, as what is not there: an answer must not tell that a stranger's letter exists.
//
// Who has two roles sees by each only on its own pages: a reason that opens a letter to an
// auditor must not make it one that the same person may send back as a caseworker.
//
//	operator, supervisor  whole while it waits for a person; else named
//	caseworker            whole when it is filed in a case of the own groups
//	auditor               named; whole after a reason was given, see lookBehind, unless its
//	                      pages stand in other letters now
//	administrator         nothing
func (d *desk) reach(v *visit, as access.Role) (pipeline.Holding, sight, error) {
	h, err := d.Mailroom.Holding(v.Context(), v.PathValue("document"))
	if err != nil {
		return pipeline.Holding{}, unseen, err
	}
	s, err := d.sightOf(v, h, as)
	if err == nil && s == unseen {
		d.refusals.tell(v, h.Document)
		err = errNotFound
	}
	if err != nil {
		return pipeline.Holding{}, unseen, err
	}
	return h, s, nil
}

// sightOf is reach of a document that is known; operators and supervisors see alike.
func (d *desk) sightOf(v *visit, h pipeline.Holding, as access.Role) (sight, error) {
	switch {
	case as == access.Operator && v.user.Has(access.Operator, access.Supervisor):
		if h.State == mail.Held {
			return whole, nil
		}
		return named, nil
	case as == access.Auditor && v.user.Has(access.Auditor):
		if h.State != mail.Superseded && d.Sessions.Get(v.Context(), brokenGlass) == h.Document {
			return whole, nil
		}
		return named, nil
	case as == access.Caseworker && v.user.Has(access.Caseworker) && h.State == mail.Filed:
		scope, err := d.Directory.Scope(v.Context(), v.user)
		if err == nil && scope.Sees(h.Store, h.Scheme, h.Reference) {
			return whole, nil
		}
		return unseen, err
	}
	return unseen, nil
}

// mayDecide tells whether a person may decide on what waits: not on what was handed up to
// supervisors.
func mayDecide(u access.User, what interface {
	MayDecide(supervisor bool, name, user string) bool
}) bool {
	return what.MayDecide(u.Has(access.Supervisor), u.Actor(), u.ID)
}

// masked tells whether a person keys unseen what waits: another has keyed its reference, and
// what was read of it would give that away. Supervisors decide with all before them.
func masked(u access.User, line pipeline.DocumentLine) bool {
	return line.Keyings > 0 && u.Has(access.Operator) && !u.Has(access.Supervisor)
}

// brokenGlass is the session's key for the letter that an auditor has last given a
// reason to read.
const brokenGlass = "glass"

// readablePage tells whether a page of a batch may be seen so large that it can be read,
// and logs the look: while its letter waits for a person, or when it is in no letter. What a
// person took out of one must be seen, or nobody would find that it was a mistake; the look
// is at the letter that it was taken out of. A page that is not told apart yet may be anybody's.
func (d *desk) readablePage(v *visit, batch string, page int) error {
	p, err := d.Mailroom.PageHolding(v.Context(), batch, page)
	if err != nil {
		return err
	}
	action, subject := "document viewed", p.Document
	switch {
	case !p.Placed, p.Document != "" && p.State != mail.Held:
		return errForbidden
	case p.Document == "" && p.From != "":
		subject = p.From
	case p.Document == "":
		action, subject = "batch viewed", batch
	}
	_, err = d.looked(v, action, subject, false)
	return err
}

// readable is reach for what shows a letter's pages or words.
func (d *desk) readable(v *visit, as access.Role) (pipeline.Holding, error) {
	h, s, err := d.reach(v, as)
	if err == nil && s != whole {
		err = errForbidden
	}
	return h, err
}
