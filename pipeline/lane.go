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

// The lanes of what waits. A document leaves its lane when it is decided.
const (
	LaneOpen       = ""           // whoever comes next decides
	LaneSupervisor = "supervisor" // handed to a supervisor
	LaneRescan     = "rescan"     // its paper is asked for again
	LaneLater      = "later"      // put aside
)

// Lanes lists the lanes.
func Lanes() []string { return []string{LaneOpen, LaneSupervisor, LaneRescan, LaneLater} }

// Park is a person's wish to have a document wait in a lane; LaneOpen takes it out of the one it is in.
type Park struct {
	Lane    string `json:"lane"`
	Why     string `json:"why,omitempty"`   // one line of text; needed in every lane but LaneOpen
	Pages   []int  `json:"pages,omitempty"` // LaneRescan: which are to be scanned again; none = all
	Version int    `json:"version,omitempty"`

	Supervisor bool   `json:"supervisor,omitempty"` // a supervisor's word: alone it takes out of its lane what was handed up
	By         string `json:"by"`
	User       string `json:"user,omitempty"` // the account's id, at the desk
	UID        string `json:"uid,omitempty"`

	// Undo: the person takes back the step by which the document came into its lane.
	Undo bool `json:"-"`
}

// laneRow is a lane as the journal and the log keep it.
type laneRow struct {
	Lane  string    `json:"lane"`
	Why   string    `json:"why,omitempty"`
	Pages []int     `json:"pages,omitempty"`
	By    string    `json:"by"`
	User  string    `json:"user,omitempty"`
	UID   string    `json:"uid,omitempty"`
	Since time.Time `json:"since"`

	Supervisor bool `json:"supervisor,omitempty"` // by whose word
}

func (l laneRow) who() person { return person{l.By, l.User} }

// mayDecide tells whether a person decides on what waits in a lane: what was handed up is for
// supervisors, and for whoever handed it up and thinks better of it; what two persons have
// keyed differently is for supervisors, in whatever lane.
func mayDecide(lane string, laidBy person, keyings int, supervisor bool, who person) bool {
	return supervisor || keyings < 2 && (lane != LaneSupervisor || laidBy.is(who))
}

// MayDecide tells whether a person, named so or with that account, may decide on it.
func (l DocumentLine) MayDecide(supervisor bool, name, user string) bool {
	return mayDecide(l.Lane, person{l.LaneBy, l.laneUser}, l.Keyings, supervisor, person{name, user})
}

// unpark refuses to lay a document from its lane into another one, or to lay it there anew,
// where that is a supervisor's: by another's word nobody is rid of what was handed up.
func (d docRow) unpark(p Park, who person) error {
	if p.Supervisor {
		return nil
	}
	if d.Lane == nil || d.Lane.Lane != LaneSupervisor {
		if len(d.Keyed) > 1 {
			return refuse(refusedSupervisor, "document", d.ID)
		}
		return nil
	}
	own := len(d.Keyed) < 2 && d.Lane.who().is(who)
	if !own || p.Lane != LaneSupervisor && !p.Undo {
		return refuse(refusedHandedUp, "document", d.ID)
	}
	return nil
}

// Complete tells what a wish lacks, whatever document it is about: a *Refused error.
func (p Park) Complete() error {
	switch {
	case !slices.Contains(Lanes(), p.Lane):
		return refuse(refusedLane, "lane", `"`+p.Lane+`"`)
	case p.Lane != LaneOpen && !legible(p.Why), p.Why != "" && !legible(p.Why):
		return refuse(refusedWhy)
	}
	return named(p.By)
}

// Park has a held document wait in a lane. It stays an exception, one version on. A
// *Refused error changes nothing.
func (m *Mailroom) Park(ctx context.Context, id string, p Park) error {
	if err := p.Complete(); err != nil {
		return err
	}
	row := laneRow{Lane: p.Lane, Why: strings.TrimSpace(p.Why), By: strings.TrimSpace(p.By), User: p.User, UID: p.UID, Since: m.cfg.Now().UTC(), Supervisor: p.Supervisor}
	if p.Lane == LaneRescan {
		row.Pages = slices.Compact(slices.Sorted(slices.Values(p.Pages)))
	}
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		d, err := waiting(tx, id, p.Version, true, row.who())
		if err == nil {
			err = d.unpark(p, row.who())
		}
		if err != nil {
			return err
		}
		for _, n := range row.Pages {
			if !slices.Contains(d.Pages(), n) {
				return refuse(refusedOutside, "page", n, "document", id, "from", d.From, "to", d.To)
			}
		}
		is := laneRow{}
		if d.Lane != nil {
			is = *d.Lane
		}
		if is.Lane == row.Lane && (is.Lane == LaneOpen || is.Why == row.Why && slices.Equal(is.Pages, row.Pages)) {
			return refuse(refusedParked, "document", id)
		}
		if d.Lane = &row; row.Lane == LaneOpen {
			d.Lane = nil
		}
		d.Document = d.Next()
		return errors.Join(saveDoc(tx, d), tx.Log(m.event(actionParked, id, row.By, row)))
	})
}

// asked tells whether the document's paper is asked for again.
func asked(d docRow) bool {
	return d.State == mail.Held && d.Lane != nil && d.Lane.Lane == LaneRescan
}

// listRescan keeps the list of the documents whose paper is asked for again.
func listRescan(tx journal.Tx, d docRow) error {
	if asked(d) {
		return tx.Put(tableRescan, spanKey(d.Document), nil)
	}
	return tx.Delete(tableRescan, spanKey(d.Document))
}

// RescanLine is an open request to scan pages again, for whoever has the paper.
type RescanLine struct {
	Type     string    `json:"type"` // "rescan"
	Batch    string    `json:"batch"`
	File     string    `json:"file"`
	Received time.Time `json:"received"`
	Document string    `json:"document"`
	Pages    []int     `json:"pages"` // of the batch, from 1; of a file that could not be opened none
	Why      string    `json:"why"`
	By       string    `json:"by"`
	Since    time.Time `json:"since"`
}

// Rescans lists up to n open requests to scan pages again, by batch and by page, behind a place
// of the list; "" begins, and is next when that was all.
func (m *Mailroom) Rescans(ctx context.Context, after string, n int) (lines []RescanLine, next string, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		lines, next = nil, ""
		rows, err := r.Scan(tableRescan, "", after, n+1)
		if err != nil {
			return err
		}
		if len(rows) > n {
			rows, next = rows[:n], rows[n-1].Key
		}
		for _, row := range rows {
			l, err := rescanLine(r, row.Key[strings.LastIndexByte(row.Key, '/')+1:])
			if err != nil {
				return err
			}
			lines = append(lines, l)
		}
		return nil
	})
	return lines, next, err
}

func rescanLine(r journal.Reader, document string) (l RescanLine, err error) {
	d, err := load[docRow](r, tableDoc, document)
	if err != nil {
		return l, err
	}
	if d.Lane == nil {
		return l, fmt.Errorf("document %s is asked for again, and its row does not say so: %w", d.ID, journal.ErrDamaged)
	}
	b, err := load[batchRow](r, tableBatch, d.Batch)
	l = RescanLine{"rescan", d.Batch, b.Path, b.Received, d.ID, d.Lane.Pages, d.Lane.Why, d.Lane.By, d.Lane.Since}
	if len(l.Pages) == 0 {
		l.Pages = d.Pages()
	}
	return l, err
}
