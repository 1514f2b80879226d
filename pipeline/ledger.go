package pipeline

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// DocumentLine is a document as `process --json` prints it (docs/contract.md).
type DocumentLine struct {
	Type       string           `json:"type"` // "document"
	Batch      string           `json:"batch"`
	File       string           `json:"file"`
	Document   string           `json:"document"`
	Pages      []int            `json:"pages"`
	Blanks     []int            `json:"blanks"`
	Status     string           `json:"status"`  // filed, exception, discarded; placed and deciding while it is worked on
	Version    int              `json:"version"` // tells a later state from this one; see Decision
	Scheme     string           `json:"scheme,omitempty"`
	Reference  string           `json:"reference,omitempty"`
	Store      string           `json:"store,omitempty"`
	Path       string           `json:"path,omitempty"`
	Rule       string           `json:"rule,omitempty"`
	Evidence   []EvidenceLine   `json:"evidence,omitempty"`
	Reason     string           `json:"reason,omitempty"`
	Detail     string           `json:"detail,omitempty"`
	Candidates []mail.Candidate `json:"candidates,omitzero"`  // present, if empty, of an exception
	DecidedBy  string           `json:"decided_by,omitempty"` // of what is filed or discarded: the person, or "machine"
	Decided    time.Time        `json:"decided,omitzero"`
	Decisions  []DecisionLine   `json:"decisions,omitempty"` // what persons said of it; Document alone tells
}

// EvidenceLine is a fact that decided.
type EvidenceLine struct {
	Page       int         `json:"page"`
	Source     mail.Source `json:"source"`
	Text       string      `json:"text"`
	Confidence float64     `json:"confidence"`
	Rule       string      `json:"rule"`
}

// BatchLine is a batch as `process --json` and `batches list --json` print it.
type BatchLine struct {
	Type       string `json:"type"` // "batch"
	Batch      string `json:"batch"`
	File       string `json:"file"`
	Pages      int    `json:"pages"`
	Separators int    `json:"separators"`
	Documents  int    `json:"documents"`
	Filed      int    `json:"filed"`
	Exceptions int    `json:"exceptions"`
	Discarded  int    `json:"discarded"`         // pages that a person discarded
	Pending    int    `json:"pending"`           // tasks of the batch not yet finished
	State      string `json:"state"`             // open, closed
	Trouble    string `json:"trouble,omitempty"` // why its tasks can't be done now

	SeparatorPages []SeparatorLine `json:"separator_pages,omitempty"` // Batch alone tells

	store bool // the trouble is a store that can't be reached
}

// Unreachable tells whether a store can't be reached for one of the batch's documents.
func (b BatchLine) Unreachable() bool { return b.store }

// Batch gives a batch and its documents as the ledger prints them.
func (m *Mailroom) Batch(ctx context.Context, id string) (line BatchLine, docs []DocumentLine, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		line, docs, err = m.batchLines(r, id)
		return err
	})
	return line, docs, err
}

// Batches visits all batches, oldest first.
func (m *Mailroom) Batches(ctx context.Context, visit func(BatchLine) error) error {
	var ids []string
	err := m.journal.View(ctx, func(r journal.Reader) error {
		ids = nil
		return each(r, tableBatch, "", func(row journal.Row) error {
			ids = append(ids, row.Key)
			return nil
		})
	})
	for _, id := range ids {
		if err != nil {
			return err
		}
		var line BatchLine
		if line, _, err = m.Batch(ctx, id); err == nil {
			line.SeparatorPages = nil
			err = visit(line)
		}
	}
	return err
}

// Exceptions lists the documents that wait for a person, those that wait longest first.
func (m *Mailroom) Exceptions(ctx context.Context) ([]DocumentLine, error) {
	type waiting struct {
		mail.Exception
		line DocumentLine
	}
	var all []waiting
	err := m.journal.View(ctx, func(r journal.Reader) error {
		all = nil
		return each(r, tableException, "", func(row journal.Row) error {
			e, err1 := load[mail.Exception](r, tableException, row.Key)
			d, err2 := load[docRow](r, tableDoc, row.Key)
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			b, err := load[batchRow](r, tableBatch, d.Batch)
			if err != nil {
				return err
			}
			line, err := m.documentLine(r, b, d)
			all = append(all, waiting{e, line})
			return err
		})
	})
	slices.SortFunc(all, func(a, b waiting) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.line.Batch, b.line.Batch), cmp.Compare(first(a.line.Pages), first(b.line.Pages)))
	})
	lines := []DocumentLine{}
	for _, w := range all {
		lines = append(lines, w.line)
	}
	return lines, err
}

func first(pages []int) int {
	if len(pages) == 0 {
		return 0
	}
	return pages[0]
}

// Document gives one document.
func (m *Mailroom) Document(ctx context.Context, id string) (line DocumentLine, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		d, err := load[docRow](r, tableDoc, id)
		if err != nil {
			return err
		}
		b, err := load[batchRow](r, tableBatch, d.Batch)
		if err != nil {
			return err
		}
		if line, err = m.documentLine(r, b, d); err != nil {
			return err
		}
		line.Decisions, err = history(r, d)
		return err
	})
	return line, err
}

func (m *Mailroom) batchLines(r journal.Reader, id string) (BatchLine, []DocumentLine, error) {
	b, err := load[batchRow](r, tableBatch, id)
	if err != nil {
		return BatchLine{}, nil, err
	}
	rows, err := documents(r, id)
	if err != nil {
		return BatchLine{}, nil, err
	}
	pending, err := journal.Pending(r, id)
	if err != nil {
		return BatchLine{}, nil, err
	}
	line := BatchLine{Type: "batch", Batch: id, File: b.Path, Pages: b.Pages, Pending: int(pending), State: "open"}
	if b.Closed {
		line.State = "closed"
	}
	var docs []DocumentLine
	for _, d := range rows {
		if d.State == mail.Superseded {
			continue // its parts stand for it
		}
		doc, err := m.documentLine(r, b, d)
		if err != nil {
			return line, nil, err
		}
		docs = append(docs, doc)
		line.Documents++
		switch d.State {
		case mail.Filed:
			line.Filed++
		case mail.Held:
			line.Exceptions++
		}
	}
	if err := each(r, tableTrouble, id+"/", func(row journal.Row) error {
		t, err := load[trouble](r, tableTrouble, row.Key)
		line.Trouble, line.store = t.Error, t.Store != ""
		return err
	}); err != nil {
		return line, nil, err
	}
	if line.Pending > 0 && line.Trouble == "" && m.space.isHalted() {
		line.Trouble = ErrDiskFull.Error()
	}
	err = each(r, tableDisposition, id+"/", func(row journal.Row) error {
		d, err := load[mail.Disposition](r, tableDisposition, row.Key)
		switch d.Place {
		case mail.PlaceSeparator:
			line.Separators++
		case mail.PlaceDiscarded:
			line.Discarded++
		}
		return err
	})
	if err == nil && line.Separators > 0 {
		line.SeparatorPages, err = separators(r, id, rows)
	}
	return line, docs, err
}

func (m *Mailroom) documentLine(r journal.Reader, b batchRow, d docRow) (DocumentLine, error) {
	l := DocumentLine{Type: "document", Batch: b.ID, File: b.Path, Document: d.ID,
		Pages: d.Pages(), Blanks: append([]int{}, d.Blanks...), Status: d.State.String(), Version: d.Version}
	if d.State == mail.Held {
		e, err := load[mail.Exception](r, tableException, d.ID)
		if err != nil {
			return l, err
		}
		l.Reason, l.Detail, l.Candidates = e.Reason.String(), e.Detail, e.Candidates
		if l.Candidates == nil {
			l.Candidates = []mail.Candidate{}
		}
		l.Evidence = evidenceLines(e.Evidence)
	}
	if d.State == mail.Discarded {
		l.Detail = d.Why
		said, err := decisions(r, d.ID)
		if err != nil {
			return l, err
		}
		if n := len(said); n > 0 {
			l.DecidedBy, l.Decided = said[n-1].By, said[n-1].At
		}
	}
	if p := d.Placement; p != nil && (d.State == mail.Filed || d.State == mail.Placed) {
		l.Scheme, l.Reference, l.Store, l.Rule = p.Reference.Scheme(), p.Reference.String(), p.Store, p.Rule
		l.Evidence = evidenceLines(p.Evidence)
		l.DecidedBy, l.Decided = decider(p), p.Since
	}
	if d.Receipt != nil {
		if l.Path = d.Receipt.Locator; m.cfg.Stores[d.Receipt.Store] != nil {
			l.Path = m.cfg.Stores[d.Receipt.Store].Where(d.Receipt.Locator)
		}
	}
	return l, nil
}

func evidenceLines(all []mail.Evidence) []EvidenceLine {
	var lines []EvidenceLine
	for _, e := range all {
		lines = append(lines, EvidenceLine{e.Page, e.Source, e.Text, e.Confidence, e.Rule})
	}
	return lines
}

// Queue is what waits at one moment.
type Queue struct {
	Exceptions int // documents that wait for a person
	Tasks      int // not yet finished
	Stores     int // tasks whose store can't be reached
	Stuck      int // tasks that fail again and again for another reason
}

// Waiting counts what waits.
func (m *Mailroom) Waiting(ctx context.Context) (q Queue, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		q = Queue{}
		count := func(table string, n *int) error {
			return each(r, table, "", func(journal.Row) error { *n++; return nil })
		}
		if err := errors.Join(count(tableException, &q.Exceptions), each(r, tableTrouble, "", func(row journal.Row) error {
			t, err := load[trouble](r, tableTrouble, row.Key)
			if t.Store != "" {
				q.Stores++
			} else {
				q.Stuck++
			}
			return err
		})); err != nil {
			return err
		}
		pending, err := journal.Pending(r, "")
		q.Tasks = int(pending)
		return err
	})
	return q, err
}
