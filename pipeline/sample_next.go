package pipeline

import (
	"context"
	"encoding/json"
	"fmt"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// Unjudged gives the first document of a sample behind a place that nobody has judged yet,
// and begins anew at the end; ErrNoSuch: all are judged.
func (m *Mailroom) Unjudged(ctx context.Context, sample string, after int) (s Sampled, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		s = Sampled{}
		first := Sampled{}
		if err := each(r, tableSampled, sample+"/", func(row journal.Row) error {
			item, err := decode[Sampled](tableSampled, row)
			if err != nil || item.Verdict != nil {
				return err
			}
			if first.Place == 0 {
				first = item
			}
			if s.Place == 0 && item.Place > after {
				s = item
			}
			return nil
		}); err != nil {
			return err
		}
		if s.Place == 0 {
			s = first
		}
		if s.Place == 0 {
			return fmt.Errorf("a document of sample %s that is not judged: %w", sample, ErrNoSuch)
		}
		return nil
	})
	return s, err
}

// FiledThen gives where the machine had placed a document, last before an entry of the log:
// it may have been moved since. ErrNoSuch: it had not.
func (m *Mailroom) FiledThen(ctx context.Context, document string, through int64) (p mail.Placement, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) (err error) { p, err = m.filedThen(r, document, through); return err })
	return p, err
}

func (m *Mailroom) filedThen(r journal.Reader, document string, through int64) (p mail.Placement, err error) {
	for before := through; ; {
		entries, next, err := m.entriesAbout(r, 0, before, 20, EntryFilter{About: document, Action: actionPlaced})
		if err != nil {
			return p, err
		}
		for _, e := range entries {
			var was mail.Placement
			if err := json.Unmarshal(e.Detail, &was); err != nil {
				return p, fmt.Errorf("entry %d: %w: %w", e.N, journal.ErrDamaged, err)
			}
			if was.By == "" {
				return was, nil
			}
		}
		if next == 0 {
			return p, fmt.Errorf("document %s as the machine placed it: %w", document, ErrNoSuch)
		}
		before = next
	}
}

// Drawn gives a document of a sample; ErrNoSuch: it was not drawn.
func (m *Mailroom) Drawn(ctx context.Context, sample, document string) (s Sampled, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		place, err := load[int](r, tableDrawn, sample+"/"+document)
		if err == nil {
			s, err = load[Sampled](r, tableSampled, sampledKey(sample, place))
		}
		return err
	})
	return s, err
}
