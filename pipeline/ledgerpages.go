package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// PageLine is a page of a batch with its place.
type PageLine struct {
	Page      int
	Placed    bool       // it has a place: the batch is assembled
	Place     mail.Place // when it is placed; in a document, filed or not, also one that was discarded with it
	Document  string     // that it stands in, also one that was discarded
	State     mail.DocState
	Why       string       // of a separator: the code's name, or "person"; of a discarded page: the reason
	By        string       // the person who made it a separator or discarded it; "" = nobody did
	At        time.Time    // when
	Read      bool         // whether a look was taken at it: not at those of a file that is one exception
	Blank     bool         // it looks blank
	Unmarked  bool         // not even a pencil line
	Rotation  int          // clockwise turn that makes it upright: 0, 90, 180, 270 degrees
	Failure   string       // why it could not be read
	Says      *mail.Saying // the same, for other languages; nil = a former version wrote it
	Exception string       // the reason why its document waits
}

// PageSums counts a batch's pages by their place: those in documents by what the documents
// say, the others by what the pages say, so that the sum proves something.
type PageSums struct {
	Pages      int // of the file
	Filed      int // in documents that stand in a case
	Waiting    int // in exceptions
	Underway   int // in documents that are decided on, or on their way
	Separators int
	Discarded  int
	Unplaced   int // the batch is not assembled yet
}

// Conserved tells whether all pages have a place, and only one.
func (s PageSums) Conserved() bool {
	placed := s.Filed + s.Waiting + s.Underway + s.Separators + s.Discarded
	return s.Unplaced == 0 && placed == s.Pages || s.Unplaced == s.Pages && placed == 0
}

// Pages lists all pages of a batch in their order, with their sums: ErrNoSuch. That of
// 200 pages costs some milliseconds.
func (m *Mailroom) Pages(ctx context.Context, batch string) (pages []PageLine, sums PageSums, err error) {
	var rows map[int]pageRow
	err = m.journal.View(ctx, func(r journal.Reader) error {
		b, err := load[batchRow](r, tableBatch, batch)
		if err != nil {
			return err
		}
		pages, sums = make([]PageLine, b.Pages), PageSums{Pages: b.Pages, Unplaced: b.Pages}
		for i := range pages {
			pages[i].Page = i + 1
		}
		if rows, err = pageRows(r, b); err != nil {
			return err
		}
		return placed(r, b, pages, &sums)
	})
	if err != nil {
		return nil, PageSums{}, err
	}
	return pages, sums, m.sighted(ctx, pages, rows)
}

// PageHolding is where a page of a batch stands, for whoever decides on who may see it.
type PageHolding struct {
	Placed   bool          // it has a place: the batch is assembled
	Document string        // that it stands in; "" = in none
	State    mail.DocState // of that document
	From     string        // of a page that stands in none: the document that a person took it out of last; "" = nobody did
}

// PageHolding tells where a page stands, by a few reads, however long the batch is; that of
// a page that a person took out of a document costs a read of each of the batch's: ErrNoSuch.
func (m *Mailroom) PageHolding(ctx context.Context, batch string, page int) (h PageHolding, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		h = PageHolding{}
		b, err := load[batchRow](r, tableBatch, batch)
		if err == nil && (page < 1 || page > b.Pages) {
			err = fmt.Errorf("page %d of batch %s: %w", page, batch, ErrNoSuch)
		}
		if err != nil {
			return err
		}
		at, err := journal.Load[mail.Disposition](r, tableDisposition, pageKey(batch, page))
		if errors.Is(err, journal.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Placed, h.Document = true, at.Document; at.Document != "" {
			d, err := load[docRow](r, tableDoc, at.Document)
			h.State = d.State
			return err
		}
		if at.Place == mail.PlaceDiscarded || at.Why == bySomebody {
			h.From, err = takenOutOf(r, batch, page)
		}
		return err
	})
	return h, err
}

// takenOutOf gives the document that a person took a page out of last.
func takenOutOf(r journal.Reader, batch string, page int) (id string, err error) {
	docs, err := documents(r, batch)
	if err != nil {
		return "", err
	}
	last := time.Time{}
	for _, d := range docs {
		if !slices.Contains(d.Pages(), page) {
			continue
		}
		said, err := decisions(r, d.ID)
		if err != nil {
			return "", err
		}
		for _, p := range said {
			if p.Undone == nil && slices.Contains(p.drops(), page) && !p.At.Before(last) {
				id, last = d.ID, p.At
			}
		}
	}
	return id, nil
}

// DocumentsOn lists the documents that the pages from one to another of a batch stand in, in
// their order; of a file without pages the one that it is.
func (m *Mailroom) DocumentsOn(ctx context.Context, batch string, from, to int) (lines []DocumentLine, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		lines = nil
		b, err := load[batchRow](r, tableBatch, batch)
		if err != nil {
			return err
		}
		var ids []string
		if b.Pages == 0 {
			docs, err := documents(r, batch)
			if err != nil {
				return err
			}
			for _, d := range docs {
				ids = append(ids, d.ID)
			}
		}
		for page := max(1, from); page <= min(to, b.Pages); page++ {
			at, err := journal.Load[mail.Disposition](r, tableDisposition, pageKey(batch, page))
			if err != nil && !errors.Is(err, journal.ErrNotFound) {
				return err
			}
			if at.Document != "" && !slices.Contains(ids, at.Document) {
				ids = append(ids, at.Document)
			}
		}
		for _, id := range ids {
			line, err := m.line(r, id)
			if err != nil {
				return err
			}
			lines = append(lines, line)
		}
		return nil
	})
	return lines, err
}

// pageRows reads a batch's pages, by number.
func pageRows(r journal.Reader, b batchRow) (map[int]pageRow, error) {
	rows := map[int]pageRow{}
	return rows, each(r, tablePage, b.ID+"/", func(row journal.Row) error {
		n, err := pageOf(row.Key, b)
		if err != nil {
			return err
		}
		rows[n], err = load[pageRow](r, tablePage, row.Key)
		return err
	})
}

// pageOf reads a page's number from its key.
func pageOf(key string, b batchRow) (n int, err error) {
	if n, err = strconv.Atoi(strings.TrimPrefix(key, b.ID+"/")); err != nil || n < 1 || n > b.Pages {
		return 0, fmt.Errorf("page %s of %d: %w", key, b.Pages, journal.ErrDamaged)
	}
	return n, nil
}

// placed tells where each page is.
func placed(r journal.Reader, b batchRow, pages []PageLine, sums *PageSums) error {
	docs, err := documents(r, b.ID)
	if err != nil {
		return err
	}
	if err := each(r, tableDisposition, b.ID+"/", func(row journal.Row) error {
		n, err := pageOf(row.Key, b)
		if err != nil {
			return err
		}
		d, err := load[mail.Disposition](r, tableDisposition, row.Key)
		p := &pages[n-1]
		p.Placed, p.Place, p.Document, p.Why = true, d.Place, d.Document, d.Why
		switch sums.Unplaced--; d.Place {
		case mail.PlaceSeparator:
			sums.Separators++
		case mail.PlaceDiscarded:
			sums.Discarded++
		}
		return err
	}); err != nil {
		return err
	}
	for _, d := range docs {
		if err := inDocument(r, d, pages, sums); err != nil {
			return err
		}
	}
	separators, discarded, err := apart(r, b.ID, docs)
	for _, s := range append(separators, discarded...) {
		pages[s.Page-1].By, pages[s.Page-1].At = s.DecidedBy, s.Decided
	}
	return err
}

// inDocument tells of a document's pages what it says.
func inDocument(r journal.Reader, d docRow, pages []PageLine, sums *PageSums) error {
	if d.State == mail.Superseded {
		return nil // its parts stand for it
	}
	reason, last := "", DecisionLine{}
	switch n := len(d.Pages()); d.State {
	case mail.Filed:
		sums.Filed += n
	case mail.Held:
		sums.Waiting += n
		e, err := load[mail.Exception](r, tableException, d.ID)
		if err != nil {
			return err
		}
		reason = e.Reason.String()
	case mail.Deciding, mail.Placed:
		sums.Underway += n
	case mail.Discarded:
		said, err := decisions(r, d.ID)
		if err != nil {
			return err
		}
		if len(said) > 0 {
			last = said[len(said)-1]
		}
	}
	for _, n := range d.Pages() {
		if n <= len(pages) && pages[n-1].Document == d.ID {
			p := &pages[n-1]
			p.State, p.Exception, p.By, p.At = d.State, reason, last.By, last.At
		}
	}
	return nil
}

// sighted tells of each page what was seen on it. Older rows do not say; then the reading
// itself is opened.
func (m *Mailroom) sighted(ctx context.Context, pages []PageLine, rows map[int]pageRow) error {
	opened := map[journal.Ref][]json.RawMessage{}
	for i := range pages {
		row, read := rows[i+1]
		if !read {
			continue
		}
		if row.Seen == nil {
			all, err := opened[row.Readings], error(nil)
			if all == nil {
				if all, err = m.portion(ctx, row.Readings); err != nil {
					return err
				}
				opened[row.Readings] = all
			}
			if row.Index >= len(all) {
				return fmt.Errorf("readings of page %d: %w", i+1, journal.ErrDamaged)
			}
			var r mail.Reading
			if err := json.Unmarshal(all[row.Index], &r); err != nil {
				return fmt.Errorf("readings of page %d: %w: %w", i+1, journal.ErrDamaged, err)
			}
			row.Seen = seenOn(r)
		}
		p := &pages[i]
		p.Read, p.Blank, p.Unmarked, p.Rotation, p.Failure, p.Says = true, row.Seen.Blank, row.Seen.Unmarked, row.Seen.Rotation, row.Seen.Failure, row.Seen.Says
	}
	return nil
}

func seenOn(r mail.Reading) *seenPage {
	return &seenPage{r.Blank, r.Unmarked, r.Rotation, r.Failure, r.Says}
}
