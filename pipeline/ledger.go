package pipeline

import (
	"context"
	"errors"
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
	Source     string           `json:"source"`         // name of the intake folder; "process" for named files
	Since      time.Time        `json:"since,omitzero"` // of an exception: when it began to wait
	Reason     string           `json:"reason,omitempty"`
	Detail     string           `json:"detail,omitempty"`
	Says       *mail.Saying     `json:"says,omitempty"`       // the detail, for other languages; absent = a person's words, or a former version's
	Candidates []mail.Candidate `json:"candidates,omitzero"`  // present, if empty, of an exception
	DecidedBy  string           `json:"decided_by,omitempty"` // of what is filed or discarded: the person, or "machine"
	Decided    time.Time        `json:"decided,omitzero"`
	KeyedBy    string           `json:"keyed_by,omitempty"`  // who had keyed the same reference before that person
	Decisions  []DecisionLine   `json:"decisions,omitempty"` // what persons said of it; Document alone tells
	Parts      []string         `json:"parts,omitempty"`     // of what is superseded: the documents that it was made into; Document alone tells

	// Of an exception: the lane that it waits in, absent = among all that is open; and who
	// has keyed its reference once.
	Lane      string     `json:"lane,omitempty"`
	LaneWhy   string     `json:"lane_why,omitempty"`
	LanePages []int      `json:"lane_pages,omitempty"` // to be scanned again; absent = all
	LaneBy    string     `json:"lane_by,omitempty"`
	LaneSince time.Time  `json:"lane_since,omitzero"`
	Keyed     *KeyedLine `json:"keyed,omitempty"`
	Keyings   int        `json:"-"` // how many persons have keyed a reference of it: of two these differ
	laneUser  string     // the account of LaneBy
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
	Type       string       `json:"type"` // "batch"
	Batch      string       `json:"batch"`
	File       string       `json:"file"`
	Pages      int          `json:"pages"`
	Separators int          `json:"separators"`
	Documents  int          `json:"documents"`
	Filed      int          `json:"filed"`
	Exceptions int          `json:"exceptions"`
	Discarded  int          `json:"discarded"`         // pages that a person discarded
	Pending    int          `json:"pending"`           // tasks of the batch not yet finished
	State      string       `json:"state"`             // open, closed
	Trouble    string       `json:"trouble,omitempty"` // why its tasks can't be done now
	Says       *mail.Saying `json:"says,omitempty"`    // the trouble, for other languages

	Expected *mail.Counts `json:"expected,omitempty"` // by its ticket; a count of 0 is not told
	Counted  *mail.Counts `json:"counted,omitempty"`  // of a batch with a ticket
	Differs  string       `json:"differs,omitempty"`  // why it stays open although nothing else is left to do: see CloseBatch
	Closing  *Closing     `json:"closing,omitempty"`  // why a person closed it in spite of a difference

	SeparatorPages []SeparatorLine `json:"separator_pages,omitempty"` // Batch alone tells
	DiscardedPages []SeparatorLine `json:"discarded_pages,omitempty"` // those in no document; Batch alone tells

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

func first(pages []int) int {
	if len(pages) == 0 {
		return 0
	}
	return pages[0]
}

// Document gives one document.
func (m *Mailroom) Document(ctx context.Context, id string) (line DocumentLine, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		if line, err = m.line(r, id); err != nil {
			return err
		}
		d, err := load[docRow](r, tableDoc, id)
		if err != nil {
			return err
		}
		if line.Parts, err = parts(r, d); err != nil {
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
	line := BatchLine{Type: "batch", Batch: id, File: b.Path, Pages: b.Pages, Pending: int(pending), State: stateOf(b)}
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
	if err := m.trouble(r, &line); err != nil {
		return line, nil, err
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
	if err == nil {
		err = line.reconciliation(r, b)
	}
	if err == nil && line.Separators+line.Discarded > 0 {
		line.SeparatorPages, line.DiscardedPages, err = apart(r, id, rows)
	}
	return line, docs, err
}

// trouble tells why the batch's tasks can't be done now: of several the last.
func (m *Mailroom) trouble(r journal.Reader, line *BatchLine) error {
	rows, err := r.ScanDown(tableTrouble, line.Batch+"/", "", 1)
	for _, row := range rows {
		t, err := load[trouble](r, tableTrouble, row.Key)
		if err != nil {
			return err
		}
		line.Trouble, line.store, line.Says = t.Error, t.Store != "", t.says()
	}
	if line.Pending > 0 && line.Trouble == "" && m.space.isHalted() {
		line.Trouble, line.Says = ErrDiskFull.Error(), mail.Say("trouble-disk")
	}
	return err
}

func (m *Mailroom) documentLine(r journal.Reader, b batchRow, d docRow) (DocumentLine, error) {
	l := DocumentLine{Type: "document", Batch: b.ID, File: b.Path, Document: d.ID,
		Pages: d.Pages(), Blanks: append([]int{}, d.Blanks...), Status: d.State.String(), Version: d.Version, Source: b.Source}
	if d.State == mail.Held {
		e, err := load[mail.Exception](r, tableException, d.ID)
		if err != nil {
			return l, err
		}
		l.Reason, l.Detail, l.Says, l.Candidates, l.Since = e.Reason.String(), e.Detail, e.Says, e.Candidates, e.Since
		if l.Candidates == nil {
			l.Candidates = []mail.Candidate{}
		}
		l.Evidence = evidenceLines(e.Evidence)
		l.parked(d)
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
		l.DecidedBy, l.KeyedBy, l.Decided = decider(p), p.KeyedBy, p.Since
	}
	if d.Undo != nil {
		l.Says = mail.Say("undone-on-its-way", "by", d.Undo.By)
		l.Detail = l.Says.English()
	}
	if d.Receipt != nil {
		if l.Path = d.Receipt.Locator; m.cfg.Stores[d.Receipt.Store] != nil {
			l.Path = m.cfg.Stores[d.Receipt.Store].Where(d.Receipt.Locator)
		}
	}
	return l, nil
}

// parked tells where a document waits.
func (l *DocumentLine) parked(d docRow) {
	if p := d.Lane; p != nil {
		l.Lane, l.LaneWhy, l.LanePages, l.LaneBy, l.LaneSince, l.laneUser = p.Lane, p.Why, p.Pages, p.By, p.Since, p.User
	}
	if l.Keyings = len(d.Keyed); l.Keyings == 1 {
		l.Keyed = &KeyedLine{d.Keyed[0].By, d.Keyed[0].At, d.Keyed[0].User}
	}
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
		held, err1 := m.countHeld(r)
		stores, err2 := counter(r, countStores)
		stuck, err3 := counter(r, countStuck)
		pending, err4 := journal.Pending(r, "")
		q = Queue{held, int(pending), stores, stuck}
		return errors.Join(err1, err2, err3, err4)
	})
	return q, err
}

// countHeld counts the documents that wait. While the lists are made it counts rows: whoever
// asks whether the server is well must not wait for that.
func (m *Mailroom) countHeld(r journal.Reader) (n int, err error) {
	if !m.listed.Load() {
		err := each(r, tableException, "", func(journal.Row) error { n++; return nil })
		return n, err
	}
	all, err := waiters(r)
	for _, w := range all {
		n += w.Documents
	}
	return n, err
}
