package pipeline

import (
	"context"
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
	Held *mail.Exception `json:"held,omitempty"`
}

// DecisionLine is what a person said about a document that waited.
type DecisionLine struct {
	Document string    `json:"document"` // that waited: of a part, the document that was divided
	Reason   string    `json:"reason,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	Held     time.Time `json:"held,omitzero"` // since when it waited
	Decision
}

// Words gives the decision as it was given.
func (d Decision) Words() string {
	switch {
	case d.Reference != "":
		return "reference " + d.Reference
	case d.Discard != "":
		return "discard: " + d.Discard
	case d.SplitBefore > 0:
		return fmt.Sprintf("split before page %d", d.SplitBefore)
	}
	return fmt.Sprintf("page %d is a separator", d.Separator)
}

// SeparatorLine is a page that stands in no document because it is a separator.
type SeparatorLine struct {
	Page      int       `json:"page"`
	Why       string    `json:"why"`                  // the code's name, or "person"
	DecidedBy string    `json:"decided_by,omitempty"` // the person
	Decided   time.Time `json:"decided,omitzero"`
}

// saveDecision keeps what a person said of a held document.
func (m *Mailroom) saveDecision(tx journal.Tx, d docRow, p Decision) error {
	row := decisionRow{Decision: p}
	e, err := load[mail.Exception](tx, tableException, d.ID)
	if err != nil {
		return err
	}
	row.Held = &e
	return journal.Save(tx, tableDecision, version(d), row)
}

// decisions lists what persons said of a document, in the order of time.
func decisions(r journal.Reader, id string) ([]DecisionLine, error) {
	var lines []DecisionLine
	err := each(r, tableDecision, id+"/", func(row journal.Row) error {
		d, err := load[decisionRow](r, tableDecision, row.Key)
		l := DecisionLine{Document: id, Decision: d.Decision}
		if e := d.Held; e != nil {
			l.Reason, l.Detail, l.Held = e.Reason.String(), e.Detail, e.Since
		}
		lines = append(lines, l)
		return err
	})
	slices.SortFunc(lines, func(a, b DecisionLine) int { return a.At.Compare(b.At) })
	return lines, err
}

// history lists what persons said of a document and of those that it is a part of.
func history(r journal.Reader, d docRow) (lines []DecisionLine, err error) {
	docs, err := documents(r, d.Batch)
	if err != nil {
		return nil, err
	}
	for _, whole := range docs {
		if whole.ID != d.ID && (whole.State != mail.Superseded || d.From < whole.From || d.To > whole.To) {
			continue
		}
		said, err := decisions(r, whole.ID)
		if err != nil {
			return nil, err
		}
		lines = append(lines, said...)
	}
	slices.SortStableFunc(lines, func(a, b DecisionLine) int { return a.At.Compare(b.At) })
	return lines, nil
}

// separators lists a batch's separator pages, with who said so of those that no
// code made one.
func separators(r journal.Reader, batch string, docs []docRow) (lines []SeparatorLine, err error) {
	said := map[int]Decision{}
	for _, d := range docs {
		if d.State != mail.Superseded {
			continue
		}
		of, err := decisions(r, d.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range of {
			if p.Separator > 0 {
				said[p.Separator] = p.Decision
			}
		}
	}
	err = each(r, tableDisposition, batch+"/", func(row journal.Row) error {
		d, err := load[mail.Disposition](r, tableDisposition, row.Key)
		if err != nil || d.Place != mail.PlaceSeparator {
			return err
		}
		l := SeparatorLine{Why: d.Why}
		if _, err := fmt.Sscanf(strings.TrimPrefix(row.Key, batch+"/"), "%d", &l.Page); err != nil {
			return fmt.Errorf("disposition %s: %w", row.Key, err)
		}
		if p, ok := said[l.Page]; ok {
			l.DecidedBy, l.Decided = p.By, p.At
		}
		lines = append(lines, l)
		return nil
	})
	return lines, err
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
