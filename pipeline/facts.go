package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router"
	"postroom/router/register"
)

// Facts are what a decision about a document rests on, with the places on its pages.
type Facts struct {
	Since    time.Time       // since when it waits, or when it was decided
	Evidence []mail.Evidence // polygons are in pixels of the page as scanned
	Up, Down *Neighbour      // the documents before and behind its pages; nil = the batch ends there
	Whole    bool            // it is its file, whose pages were not told apart
	First    string          // of a whole file: the batch that had the same bytes before; "" = none
}

// Neighbour is the document beside another one, past pages that stand in none.
type Neighbour struct {
	Document          string
	Version, From, To int
	Waits             bool  // for a person, and it can be divided
	Between           []int // the pages between, in their order: separators, and dropped ones
	Dropped           int   // one of them that a person has dropped; 0 = none
	Lane              string
	laid              person // by whom into the lane
	keyings           int
}

// MayDecide tells whether a person, named so or with that account, may decide on it.
func (n Neighbour) MayDecide(supervisor bool, name, user string) bool {
	return mayDecide(n.Lane, n.laid, n.keyings, supervisor, person{name, user})
}

// Facts gives what speaks for a document's place, or made it wait.
func (m *Mailroom) Facts(ctx context.Context, id string) (f Facts, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		f = Facts{}
		d, err := load[docRow](r, tableDoc, id)
		if err != nil {
			return err
		}
		if p := d.Placement; p != nil {
			f.Evidence, f.Since = slices.Clone(p.Evidence), p.Since
		}
		if d.State != mail.Held {
			return nil
		}
		e, err := load[mail.Exception](r, tableException, id)
		if err != nil {
			return err
		}
		f.Evidence, f.Since = append(f.Evidence, e.Evidence...), e.Since
		f.Whole = d.Whole
		if f.Whole {
			b, err := load[batchRow](r, tableBatch, d.Batch)
			f.First = b.First
			return err
		}
		if f.Up, err = beside(r, d.Batch, d.From-1, -1); err == nil {
			f.Down, err = beside(r, d.Batch, d.To+1, 1)
		}
		return err
	})
	return f, err
}

// beside gives the first document of a batch from a page on, in steps of 1 or -1.
func beside(r journal.Reader, batch string, page, step int) (*Neighbour, error) {
	document, between, dropped, err := walk(r, batch, page, step)
	if err != nil || document == "" {
		return nil, err
	}
	slices.Sort(between)
	d, err := load[docRow](r, tableDoc, document)
	if err != nil {
		return nil, err
	}
	n := Neighbour{Document: d.ID, Between: between, Dropped: dropped}
	n.Version, n.From, n.To, n.Waits, n.keyings = d.Version, d.From, d.To, d.State == mail.Held && !d.Whole, len(d.Keyed)
	if d.Lane != nil {
		n.Lane, n.laid = d.Lane.Lane, d.Lane.who()
	}
	return &n, nil
}

// walk goes over the pages of a batch in steps of 1 or -1 to the first that is a document's,
// past those between, of which the last that a person has dropped is told; "" = the batch ends.
func walk(r journal.Reader, batch string, page, step int) (document string, between []int, dropped int, err error) {
	for ; ; page += step {
		at, err := load[mail.Disposition](r, tableDisposition, pageKey(batch, page))
		if errors.Is(err, ErrNoSuch) {
			return "", between, dropped, nil
		}
		if err != nil || at.Document != "" {
			return at.Document, between, dropped, err
		}
		if between = append(between, page); at.Place == mail.PlaceDiscarded {
			dropped = page
		}
	}
}

// Case is what the register says of a reference that a person types.
type Case struct {
	Scheme, Reference, Store string
	Name, Postcode           string
	Formed                   bool         // it has the form of a scheme's reference
	Reason                   string       // why nothing can be filed there: the name of a mail.Reason; "" = it can
	Why                      string       // in a sentence
	Says                     *mail.Saying // the same, for other languages
}

// Look tells whose case a typed reference is, by the same checks that a decision makes.
func (m *Mailroom) Look(text string) Case {
	c, _ := m.Prove(text)
	return c
}

// says tells whether an error is a certain saying of the router's.
func says(err error, code string) bool {
	said := unproven(err)
	return said != nil && said.Code == code
}

// unproven says why nothing can be filed in a typed reference's case.
func unproven(err error) *mail.Saying {
	var u *router.Unproven
	if errors.As(err, &u) {
		return u.Says
	}
	return nil
}

// Prove is Look, with the reference itself; zero when no scheme proves it.
func (m *Mailroom) Prove(text string) (Case, mail.Reference) {
	ref, store, reason, err := m.cfg.Rules.Check(text, m.cases.current())
	c := Case{Store: store, Formed: !ref.IsZero() || err == nil || says(err, "typed-check") || reason == mail.Conflict}
	if err != nil {
		c.Reason, c.Why, c.Says = reason.String(), err.Error(), unproven(err)
	}
	if ref.IsZero() {
		return c, ref
	}
	c.Scheme, c.Reference = ref.Scheme(), ref.String()
	if known, ok := m.cases.current().Lookup(c.Scheme, c.Reference); ok {
		c.Name, c.Postcode = known.Name, known.Postcode
	}
	return c, ref
}

// CountCases counts the cases of the register, and those of them that a scope sees.
func (m *Mailroom) CountCases(sees func(store, scheme, reference string) bool) (seen, all int) {
	m.cases.current().Each(func(c register.Case) {
		if all++; sees(c.Store, c.Reference.Scheme(), c.Reference.String()) {
			seen++
		}
	})
	return seen, all
}
