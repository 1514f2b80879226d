package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
)

// The figures follow the log: what moves a document writes an entry in its transaction,
// and a follower counts the entries, its place and the counters in one transaction. So no
// change of a document knows of figures, and they can be made anew, and checked, from the log.

// tallyState is how far the log is counted.
type tallyState struct {
	Through int64  `json:"through"` // the last entry that is counted
	Zone    string `json:"zone"`    // of the days; see zoneName
	Anew    bool   `json:"anew,omitempty"`
}

const (
	tallyStateKey = "state"
	tallyPortion  = 500 // entries counted in one transaction
	clearPortion  = 5000
)

// followPause is the least time between two counts: mail that pours in costs few commits more.
const followPause = time.Second

// KeepFigures keeps the figures up to the log until the context ends. A journal that has none
// yet, or whose days were those of another time zone, is counted from its beginning.
func (m *Mailroom) KeepFigures(ctx context.Context) error {
	pause := time.NewTicker(followPause)
	defer pause.Stop()
	told := ""
	for {
		changed := m.journal.Changed()
		err := m.Tally(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			told = ""
			select {
			case <-changed:
			case <-ctx.Done():
				return nil
			}
		} else if !errors.Is(err, ErrDiskFull) && err.Error() != told { // mail goes on all the same
			told = err.Error()
			m.cfg.Log.Error("the figures can't be counted", "error", err)
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Tally counts what the log has and the figures have not yet.
func (m *Mailroom) Tally(ctx context.Context) error {
	m.counting.Lock()
	defer m.counting.Unlock()
	return m.countUp(ctx)
}

func (m *Mailroom) countUp(ctx context.Context) error {
	var begun time.Time
	for {
		state, last, err := m.tallyState(ctx)
		if err != nil {
			return err
		}
		anew := state.Anew || state.Zone != m.zoneName()
		if state.Through >= last && !anew {
			if !begun.IsZero() {
				m.cfg.Log.Info("the figures are counted from the log", "entries", last, "took", time.Since(begun).Round(time.Millisecond))
			}
			return nil
		}
		if begun.IsZero() && (anew || last-state.Through > 10*tallyPortion) {
			begun = time.Now()
			m.cfg.Log.Info("the figures are being counted from the log", "entries", last)
		}
		moved := true
		if anew {
			err = m.clearTally(ctx)
		} else {
			err = m.journal.Tx(ctx, func(tx journal.Tx) (err error) { moved, err = m.tally(tx); return err })
		}
		if err != nil {
			return fmt.Errorf("count the figures: %w", err)
		}
		if !moved {
			return nil
		}
	}
}

// Recount forgets all figures and counts them anew from the log. It changes nothing else.
func (m *Mailroom) Recount(ctx context.Context) error {
	m.counting.Lock()
	defer m.counting.Unlock()
	if err := m.clearTally(ctx); err != nil {
		return err
	}
	return m.countUp(ctx)
}

// tallyState gives how far the figures are, and how far the log is.
func (m *Mailroom) tallyState(ctx context.Context) (state tallyState, last int64, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) (err error) {
		if state, err = m.loadTallyState(r); err != nil {
			return err
		}
		_, last, err = audit.Checkpoint(r)
		return err
	})
	return state, last, err
}

func (m *Mailroom) loadTallyState(r getter) (tallyState, error) {
	state, err := rowOf[tallyState](r, tableTally, tallyStateKey)
	if errors.Is(err, journal.ErrNotFound) {
		return tallyState{Zone: m.zoneName()}, nil
	}
	return state, err
}

// tally counts a portion of the log, and tells whether there was any.
func (m *Mailroom) tally(tx journal.Tx) (moved bool, err error) {
	state, err := m.loadTallyState(tx)
	if err != nil {
		return false, err
	}
	through, err := countPortion(tx, tx, m.zone(), state.Through, tallyPortion)
	if err != nil || through == state.Through {
		return false, err
	}
	state.Through = through
	return true, journal.Save(tx, tableTally, tallyStateKey, state)
}

// countPortion counts up to n entries behind one, and gives the last of them.
func countPortion(r journal.Reader, b book, zone *time.Location, behind int64, n int) (last int64, err error) {
	rows, err := r.Scan(journal.TableEvent, "", fmt.Sprintf("%016x", behind), n)
	if err != nil {
		return behind, err
	}
	c, err := newTallying(b, zone)
	if err != nil {
		return behind, err
	}
	for _, row := range rows {
		e, err := decode[journal.Event](journal.TableEvent, row)
		if err != nil {
			return behind, err
		}
		if behind, err = sequence(row.Key); err != nil {
			return behind, err
		}
		if err := c.event(behind, e); err != nil {
			return behind, err
		}
	}
	return behind, c.flush()
}

// clearTally forgets the figures, a portion at a time; one that was interrupted goes on.
func (m *Mailroom) clearTally(ctx context.Context) error {
	tables := []string{tableTallied, tableWaiting, tableMachine, tableTally}
	if err := m.journal.Tx(ctx, func(tx journal.Tx) error {
		return journal.Save(tx, tableTally, tallyStateKey, tallyState{Anew: true})
	}); err != nil {
		return err
	}
	for len(tables) > 0 {
		left := 0
		if err := m.journal.Tx(ctx, func(tx journal.Tx) error {
			rows, err := tx.Scan(tables[0], "", "", clearPortion)
			left = len(rows)
			for _, row := range rows {
				if row.Key == tallyStateKey {
					left--
				} else if err == nil {
					err = tx.Delete(tables[0], row.Key)
				}
			}
			if err == nil && left == 0 && len(tables) == 1 {
				err = journal.Save(tx, tableTally, tallyStateKey, tallyState{Zone: m.zoneName()})
			}
			return err
		}); err != nil {
			return err
		}
		if left == 0 {
			tables = tables[1:]
		}
	}
	return nil
}

func (m *Mailroom) zone() *time.Location {
	if m.cfg.Zone == nil {
		return time.Local
	}
	return m.cfg.Zone
}

// zoneName tells one time zone from another by its name and by its winter and summer:
// the machine's own is called "Local" wherever it stands.
func (m *Mailroom) zoneName() string {
	z := m.zone()
	return fmt.Sprintf("%s %s %s", z, time.Date(2026, 1, 1, 0, 0, 0, 0, z).Format("-07:00"), time.Date(2026, 7, 1, 0, 0, 0, 0, z).Format("-07:00"))
}
