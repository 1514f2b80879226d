package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"postroom/durable"
	"postroom/pipeline/intake"
	"postroom/pipeline/journal"
)

// Release removes the sources of journalled batches, each once it has stayed
// unchanged (safe against a scanner that goes on writing), and is repeated by
// the caller every few seconds. It finishes what a crash left.
func (m *Mailroom) Release(ctx context.Context) error {
	m.space.forget()
	m.space.look()
	sources := map[string]sourceRow{}
	err := m.journal.View(ctx, func(r journal.Reader) error {
		clear(sources)
		return each(r, tableSource, "", func(row journal.Row) error {
			s, err := load[sourceRow](r, tableSource, row.Key)
			sources[row.Key] = s
			return err
		})
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, batch := range slices.Sorted(maps.Keys(sources)) { // so that one trouble has one text
		if err := m.releaseOne(ctx, batch, sources[batch]); err != nil {
			failed = append(failed, fmt.Errorf("remove the source of batch %s: %w", batch, err))
		}
	}
	return errors.Join(failed...)
}

// settle is how long a claimed source must stay unchanged before it is removed:
// a scanner that holds the file open goes on writing to it under its new name.
// It is measured by our own clock from when we first saw the source claimed, anew
// after a restart: a file server's clock may be minutes off.
const settle = time.Minute

// releaseOne claims a source, and removes it when it has settled. One at a time:
// a file that has just arrived is looked at by its watch and by Release.
func (m *Mailroom) releaseOne(ctx context.Context, batch string, s sourceRow) error {
	m.releasing.Lock()
	defer m.releasing.Unlock()
	claimed, err := intake.Claim(string(s.Path), s.Stamp, batch)
	switch {
	case errors.Is(err, intake.ErrChanged):
		// Another file has the name by now, or the scanner went on writing: it
		// comes in as a batch of its own, and its first part stays on record.
		return m.released(ctx, batch, "the source changed after it was copied")
	case errors.Is(err, os.ErrNotExist):
		return m.gone(ctx, batch, s)
	case err != nil:
		return err
	}
	switch err := intake.Unchanged(claimed, s.Stamp); {
	case errors.Is(err, intake.ErrChanged):
		return m.grown(ctx, batch, claimed)
	case errors.Is(err, os.ErrNotExist):
		return m.gone(ctx, batch, s)
	case err != nil:
		return err
	}
	since, seen := m.settling[batch]
	now := m.cfg.Now()
	if !seen || now.Before(since) { // or the clock was put back
		m.settling[batch] = now
		return nil
	}
	if now.Sub(since) < settle {
		return nil
	}
	if err := m.sweepDone(s.Done); err != nil {
		return err
	}
	if err := intake.Finish(claimed, s.Done, s.named()); err != nil {
		return err
	}
	return m.released(ctx, batch, "removed")
}

// sweepDone removes, before the first source is moved there, what a run that died
// left half copied: its source is still to be moved.
func (m *Mailroom) sweepDone(dir string) error {
	if dir == "" || m.swept[dir] {
		return nil
	}
	if err := durable.SweepFolder(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	m.swept[dir] = true
	return nil
}

// gone ends the wait for a source that is not there any more. One whose whole folder is
// away may come back with it: then nobody else would remove it. And a run that removed it
// and died before its own sync would have a power cut bring it back.
func (m *Mailroom) gone(ctx context.Context, batch string, s sourceRow) error {
	if err := intake.Gone(string(s.Path), s.Stamp); err != nil {
		return err
	}
	if err := durable.SyncDir(filepath.Dir(string(s.Path))); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return m.released(ctx, batch, "the source was gone")
}

func (m *Mailroom) released(ctx context.Context, batch, how string) error {
	delete(m.settling, batch)
	return m.journal.Tx(ctx, func(tx journal.Tx) error {
		return errors.Join(tx.Delete(tableSource, batch), tx.Log(m.event("source released", batch, "", map[string]string{"how": how})))
	})
}

// grown keeps what a scanner wrote after its file was taken: a batch of its own,
// which a person compares with the first.
func (m *Mailroom) grown(ctx context.Context, batch, claimed string) error {
	b, err := m.batch(ctx, batch)
	if err != nil {
		return err
	}
	s, err := m.source(ctx, batch)
	if err != nil {
		return err
	}
	later, err := m.Accept(ctx, claimed, Origin{Source: b.Source, Duplex: b.Duplex, Watched: true, Done: s.Done,
		Partial: grownDetail(batch), Named: s.named()})
	if err != nil {
		return err
	}
	m.cfg.Log.Warn("a scanner went on writing after its file was taken; the later version is an exception", "batch", batch, "later", later)
	return m.released(ctx, batch, "it grew after it was taken; the later version is batch "+later)
}

func (m *Mailroom) source(ctx context.Context, batch string) (s sourceRow, err error) {
	err = m.journal.View(ctx, func(r journal.Reader) error {
		s, err = load[sourceRow](r, tableSource, batch)
		return err
	})
	return s, err
}

// Arrive takes a file that intake found quiet and whole. One that was written to
// since is ErrChanging: a scanner that adds pages to a TIFF leaves it whole after
// each, so that half a batch would pass for all of it.
func (m *Mailroom) Arrive(ctx context.Context, a intake.Arrival) error {
	if now, err := intake.StampOf(a.Path); err != nil {
		return err
	} else if now != a.Stamp {
		return fmt.Errorf("%s: %w", a.Path, ErrChanging)
	}
	o := Origin{Source: a.Folder.Name, Duplex: a.Folder.Duplex, Watched: true, Done: a.Folder.Done}
	if a.Incomplete {
		o.Partial = agedDetail()
	}
	batch, err := m.accept(ctx, a.Path, a.Stamp, o)
	if err != nil {
		return err
	}
	s, err := m.source(ctx, batch)
	if err != nil {
		return err
	}
	return m.releaseOne(ctx, batch, s)
}
