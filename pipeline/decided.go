package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// decisionRow is a decision as the journal keeps it, with what it was about: the
// exception's own row goes when it is decided. Older journals did without.
type decisionRow struct {
	Decision
	Held   *mail.Exception `json:"held,omitempty"`
	Stood  bool            `json:"stood,omitempty"` // a copy stood in a case
	Lane   *laneRow        `json:"lane,omitempty"`  // that it waited in
	Keyed  []keying        `json:"keyed,omitempty"` // the references that were keyed for it
	Undone *Undo           `json:"undone,omitempty"`

	// Of a regrouping: the documents that it was about, what it made, this one as it was,
	// and what the pages were that it took in.
	Group  []string                 `json:"group,omitempty"`
	Into   []string                 `json:"into,omitempty"`
	Former *docRow                  `json:"former,omitempty"`
	Taken  map[int]mail.Disposition `json:"taken,omitempty"`
}

// DecisionLine is what a person said about a document that waited, or was filed.
type DecisionLine struct {
	Document string         `json:"document"` // that it was said of: this one, or one that it was made of
	Reason   string         `json:"reason,omitempty"`
	Detail   string         `json:"detail,omitempty"`
	Held     time.Time      `json:"held,omitzero"`      // since when it waited
	Evidence []EvidenceLine `json:"evidence,omitempty"` // what the machine had found by then
	Undone   *Undo          `json:"undone,omitempty"`   // taken back since
	Decision
}

// Words gives the decision as it was given.
func (d Decision) Words() string {
	switch {
	case d.Reference != "" && d.KeyedBy != "":
		return "reference " + d.Reference + ", as " + d.KeyedBy + " had keyed"
	case d.Reference != "":
		return "reference " + d.Reference
	case d.Discard != "":
		return "discard: " + d.Discard
	case d.SplitBefore > 0:
		return fmt.Sprintf("split before page %d", d.SplitBefore)
	case d.Separator > 0:
		return fmt.Sprintf("page %d is a separator", d.Separator)
	case d.Merge != "":
		return "one letter with the " + d.Merge + " one"
	case d.Return != "":
		return "sent back: " + d.Return
	case d.Regroup != nil:
		return d.Regroup.words()
	}
	return "nothing"
}

// words tells a grouping: "letters 2-3 and 4, separator 5, page 6 discarded (advertising)".
func (g Grouping) words() string {
	var all []string
	for _, s := range g.Spans {
		text := fmt.Sprintf("letter %d-%d", s.From, s.To)
		if len(s.Blanks) > 0 {
			text += fmt.Sprintf(" (blank: %s)", strings.Trim(fmt.Sprint(s.Blanks), "[]"))
		}
		all = append(all, text)
	}
	for _, n := range g.Separators {
		all = append(all, fmt.Sprintf("separator %d", n))
	}
	for _, d := range g.Discarded {
		all = append(all, fmt.Sprintf("page %d discarded: %s", d.Page, d.Why))
	}
	return strings.Join(all, ", ")
}

// SeparatorLine is a page that stands in no document: a separator, or a page that a person
// dropped from its letter.
type SeparatorLine struct {
	Page      int       `json:"page"`
	Why       string    `json:"why"`                  // the code's name, or "person"; of a dropped page its reason
	DecidedBy string    `json:"decided_by,omitempty"` // the person
	Decided   time.Time `json:"decided,omitzero"`
}

// bySomebody is the Why of a separator that a person made one.
const bySomebody = "person"

// record keeps what a person said of a document, for its history and the log.
func (m *Mailroom) record(tx journal.Tx, d docRow, row decisionRow) error {
	if d.State == mail.Held {
		e, err := load[mail.Exception](tx, tableException, d.ID)
		if err != nil {
			return err
		}
		row.Held, row.Stood, row.Lane, row.Keyed = &e, d.Receipt != nil, d.Lane, d.Keyed
	}
	return errors.Join(
		journal.Save(tx, tableDecision, version(d), row),
		tx.Log(m.event(actionDecided, d.ID, row.By, row.Decision)))
}

// decisions lists what persons said of a document, in the order of time.
func decisions(r journal.Reader, id string) ([]DecisionLine, error) {
	var lines []DecisionLine
	err := each(r, tableDecision, id+"/", func(row journal.Row) error {
		d, err := load[decisionRow](r, tableDecision, row.Key)
		l := DecisionLine{Document: id, Decision: d.Decision, Undone: d.Undone}
		if e := d.Held; e != nil {
			l.Reason, l.Detail, l.Held, l.Evidence = e.Reason.String(), e.Detail, e.Since, evidenceLines(e.Evidence)
		}
		lines = append(lines, l)
		return err
	})
	slices.SortFunc(lines, func(a, b DecisionLine) int { return a.At.Compare(b.At) })
	return lines, err
}

// history lists what persons said of a document and of those that it was made of.
func history(r journal.Reader, d docRow) (lines []DecisionLine, err error) {
	of, err := ancestors(r, d)
	if err != nil {
		return nil, err
	}
	for _, former := range append(of, d) {
		said, err := decisions(r, former.ID)
		if err != nil {
			return nil, err
		}
		lines = append(lines, said...)
	}
	slices.SortStableFunc(lines, func(a, b DecisionLine) int { return a.At.Compare(b.At) })
	return lines, nil
}

// ancestors lists the documents whose pages a document was made of, and theirs. Where an
// older journal does not say, they are what was divided and had all of its pages.
func ancestors(r journal.Reader, d docRow) (all []docRow, err error) {
	seen := map[string]bool{d.ID: true}
	for next := []docRow{d}; len(next) > 0; next = next[1:] {
		of := next[0].Of
		if of == nil {
			if of, err = divided(r, next[0]); err != nil {
				return nil, err
			}
		}
		for _, id := range of {
			if seen[id] {
				continue
			}
			seen[id] = true
			former, err := load[docRow](r, tableDoc, id)
			if err != nil {
				return nil, err
			}
			all, next = append(all, former), append(next, former)
		}
	}
	return all, nil
}

// divided lists the superseded documents of a batch that have all pages of this one.
func divided(r journal.Reader, d docRow) (ids []string, err error) {
	docs, err := documents(r, d.Batch)
	for _, whole := range docs {
		if whole.ID != d.ID && whole.State == mail.Superseded && whole.From <= d.From && d.To <= whole.To {
			ids = append(ids, whole.ID)
		}
	}
	return ids, err
}

// parts lists what a superseded document's pages were made into. Where an older journal
// does not say, it is what its pages are in now.
func parts(r journal.Reader, d docRow) (ids []string, err error) {
	if d.State != mail.Superseded || len(d.Into) > 0 {
		return d.Into, nil
	}
	for _, page := range d.Pages() {
		at, err := load[mail.Disposition](r, tableDisposition, pageKey(d.Batch, page))
		if err != nil {
			return nil, err
		}
		if at.Document != "" && !slices.Contains(ids, at.Document) {
			ids = append(ids, at.Document)
		}
	}
	return ids, nil
}

// apart lists a batch's pages that stand in no document, with who said so of those that
// no code made a separator.
func apart(r journal.Reader, batch string, docs []docRow) (separators, discarded []SeparatorLine, err error) {
	said := map[int]Decision{}
	for _, d := range docs {
		if d.State != mail.Superseded && d.Born == 0 {
			continue // no page was taken from it
		}
		of, err := decisions(r, d.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range of {
			for _, page := range p.drops() {
				if p.Undone == nil && !p.At.Before(said[page].At) {
					said[page] = p.Decision
				}
			}
		}
	}
	err = each(r, tableDisposition, batch+"/", func(row journal.Row) error {
		d, err := load[mail.Disposition](r, tableDisposition, row.Key)
		if err != nil || d.Document != "" {
			return err
		}
		l := SeparatorLine{Why: d.Why}
		if _, err := fmt.Sscanf(strings.TrimPrefix(row.Key, batch+"/"), "%d", &l.Page); err != nil {
			return fmt.Errorf("disposition %s: %w", row.Key, err)
		}
		if p, ok := said[l.Page]; ok {
			l.DecidedBy, l.Decided = p.By, p.At
		}
		if d.Place == mail.PlaceSeparator {
			separators = append(separators, l)
		} else {
			discarded = append(discarded, l)
		}
		return nil
	})
	return separators, discarded, err
}

// drops lists the pages that a decision took out of all documents.
func (d Decision) drops() (pages []int) {
	if d.Separator > 0 {
		pages = append(pages, d.Separator)
	}
	if d.Regroup != nil {
		pages = append(pages, d.Regroup.Separators...)
		for _, p := range d.Regroup.Discarded {
			pages = append(pages, p.Page)
		}
	}
	return pages
}

// Carries counts what was read on a page: words, and codes other than patch codes.
func (m *Mailroom) Carries(ctx context.Context, batch string, page int) (words, codes int, err error) {
	readings, err := m.readings(ctx, batch, page, page)
	if err != nil {
		return 0, 0, err
	}
	for _, s := range readings[0].Symbols {
		if !s.Symbology.Patch() {
			codes++
		}
	}
	return len(readings[0].Words), codes, nil
}

// fewest is how much of an id must be given.
const fewest = 4

// Several is a beginning that more than one id has.
type Several struct {
	What string
	IDs  []string
}

func (s *Several) Error() string {
	return fmt.Sprintf("%d %s begin with that: give more of the id", len(s.IDs), s.What)
}

// FindBatch gives the id of the batch that has it or, alone, begins with it: ErrNoSuch, *Several.
func (m *Mailroom) FindBatch(ctx context.Context, id string) (string, error) {
	return m.find(ctx, tableBatch, "batches", id, func(journal.Reader, string) (bool, error) { return false, nil })
}

// FindDocument gives the id of the document that has it or, alone, begins with it.
// One that waits goes before those that do not.
func (m *Mailroom) FindDocument(ctx context.Context, id string) (string, error) {
	return m.find(ctx, tableDoc, "documents", id, func(r journal.Reader, id string) (bool, error) {
		d, err := load[docRow](r, tableDoc, id)
		return d.State == mail.Held, err
	})
}

func (m *Mailroom) find(ctx context.Context, table, what, id string, first func(journal.Reader, string) (bool, error)) (found string, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		if _, err := r.Get(table, id); err == nil {
			found = id
			return nil
		}
		id := strings.ToLower(strings.TrimSpace(id)) // as ids are written, however this one was copied
		var all, firsts []string
		if len(id) >= fewest {
			if err := each(r, table, id, func(row journal.Row) error {
				is, err := first(r, row.Key)
				if all = append(all, row.Key); is {
					firsts = append(firsts, row.Key)
				}
				return err
			}); err != nil {
				return err
			}
		}
		switch {
		case len(all) == 0:
			return fmt.Errorf("%s %s: %w", table, id, ErrNoSuch)
		case len(firsts) == 1:
			found = firsts[0]
		case len(all) == 1:
			found = all[0]
		default:
			return &Several{what, all}
		}
		return nil
	})
	return found, err
}
