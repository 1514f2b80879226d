package pipeline

import (
	"context"
	"fmt"
	"math"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/journal"
	"postroom/router"
)

// look has the places looked at again where a held document's print is nearly a
// reference, and decides with what is seen there.
func (m *Mailroom) look(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
	d, b, err := m.doc(ctx, carried(t).Document)
	if err != nil || d.State != mail.Deciding {
		return nothing, err
	}
	readings, err := m.readings(ctx, b.ID, d.From, d.To)
	if err != nil {
		return nil, err
	}
	f, err := m.blob(ctx, b.Blob)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	decision := m.judge(d, readings)
	changed := map[int]bool{}
	again := decision.Again
	if hopeless(t) {
		m.givenUp(t)
		again = nil // nothing is seen there
	}
	for _, at := range again {
		i := at.Page - d.From
		x0, y0, x1, y1 := at.Polygon.Bounds()
		looks, err := m.helpers.Again(ctx, f, b.SHA256, at.Page, ocr.Place{Rotation: readings[i].Rotation, Skew: readings[i].Skew,
			Box: mail.Box{X0: int(x0), Y0: int(y0), X1: int(math.Ceil(x1)), Y1: int(math.Ceil(y1))}})
		if err != nil {
			return nil, fmt.Errorf("look at batch %s, page %d: %w", b.ID, at.Page, err)
		}
		if seen, ok := m.cfg.Rules.Seen(readings[i], at, looks, ocr.Ways(len(m.cfg.Languages))); ok {
			readings[i], changed[i] = seen, true
		}
	}
	var fresh []mail.Reading
	for i, r := range readings {
		if changed[i] {
			fresh = append(fresh, r)
		}
	}
	ref := journal.Ref{}
	if len(fresh) > 0 {
		decision = m.judge(d, readings)
		if ref, err = m.keep(ctx, fresh); err != nil {
			return nil, err
		}
	}
	return func(tx journal.Tx) error {
		if err := m.saveReadings(tx, b.ID, fresh, ref, nil); err != nil {
			return err
		}
		d, same, err := unchanged(tx, d)
		if err != nil || !same {
			return err
		}
		decision.NeedText, decision.Again = false, nil
		if err := m.apply(tx, d, decision); err != nil {
			return err
		}
		return m.settle(tx, d.Batch)
	}, nil
}

// judge decides on a document all of whose text is read.
func (m *Mailroom) judge(d docRow, readings []mail.Reading) router.Decision {
	if m.cfg.After {
		return m.reconsider(d, readings)
	}
	return m.cfg.Rules.Route(router.Span{From: d.From, To: d.To, Blanks: d.Blanks, Doubts: d.Doubts}, readings, m.cases.current(), true)
}
