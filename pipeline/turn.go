package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// turnRow is a person's word on which way a page is up.
type turnRow struct {
	Page    int       `json:"page"`
	Degrees int       `json:"degrees"` // clockwise turn that makes the page, as scanned, upright
	By      string    `json:"by"`
	UID     string    `json:"uid,omitempty"`
	At      time.Time `json:"at"`
}

// Turn is a person's word on which way a page is up.
type Turn struct {
	Page    int    `json:"page"`    // of the batch, from 1
	Degrees int    `json:"degrees"` // clockwise turn that makes the page, as scanned, upright: 0, 90, 180, 270
	By      string `json:"by"`
	UID     string `json:"uid,omitempty"`
}

// Complete tells what it lacks, whatever batch it is about: a *Refused error.
func (p Turn) Complete() error {
	switch {
	case p.Page < 1:
		return refuse(refusedPage)
	case !slices.Contains([]int{0, 90, 180, 270}, p.Degrees):
		return refuse(refusedDegrees, "degrees", p.Degrees)
	}
	return named(p.By)
}

// Turn keeps a person's word on which way a page is up. Pictures that are shown follow it,
// and the rendition that its document gets. late tells that the document has its rendition
// already, which stays as it is until the document is filed anew. A *Refused error changes nothing.
func (m *Mailroom) Turn(ctx context.Context, batch string, p Turn) (late bool, err error) {
	if err := p.Complete(); err != nil {
		return false, err
	}
	row := turnRow{p.Page, p.Degrees, strings.TrimSpace(p.By), p.UID, m.cfg.Now().UTC()}
	err = m.journal.Tx(ctx, func(tx journal.Tx) error {
		late = false
		b, err := load[batchRow](tx, tableBatch, batch)
		if err != nil {
			return err
		}
		if p.Page > b.Pages {
			return refuse(refusedNoPage, "page", p.Page, "pages", b.Pages)
		}
		if at, err := journal.Load[mail.Disposition](tx, tableDisposition, pageKey(batch, p.Page)); err == nil && at.Document != "" {
			d, err := load[docRow](tx, tableDoc, at.Document)
			if err != nil {
				return err
			}
			late = d.State == mail.Filed && d.RenditionSheet != (journal.Ref{})
		} else if err != nil && !errors.Is(err, journal.ErrNotFound) {
			return err
		}
		return errors.Join(journal.Save(tx, tableTurn, pageKey(batch, p.Page), row), tx.Log(m.event(actionTurned, batch, row.By, row)))
	})
	return late, err
}

// Upright tells the clockwise turn, in degrees, that makes a page upright as it was
// scanned: a person's word (byPerson) or what its text says.
func (m *Mailroom) Upright(ctx context.Context, batch string, page int) (degrees int, byPerson bool, err error) {
	turns, err := m.turns(ctx, batch, page, page)
	if err != nil {
		return 0, false, err
	}
	if t, ok := turns[page]; ok {
		return t, true, nil
	}
	readings, err := m.readings(ctx, batch, page, page)
	if err != nil {
		return 0, false, err
	}
	return readings[0].Rotation, false, nil
}

// turns gives what persons said of the pages from..to.
func (m *Mailroom) turns(ctx context.Context, batch string, from, to int) (turns map[int]int, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		turns, err = turnsOf(r, batch, from, to)
		return err
	})
	return turns, err
}

func turnsOf(r journal.Reader, batch string, from, to int) (map[int]int, error) {
	turns := map[int]int{}
	for after := pageKey(batch, from-1); ; {
		rows, err := r.Scan(tableTurn, batch+"/", after, 100)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			t, err := load[turnRow](r, tableTurn, row.Key)
			if err != nil {
				return nil, err
			}
			if t.Page > to {
				return turns, nil
			}
			turns[t.Page] = t.Degrees
		}
		if len(rows) < 100 {
			return turns, nil
		}
		after = rows[len(rows)-1].Key
	}
}
