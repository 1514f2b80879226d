package bolt

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"postroom/durable"
	"postroom/pipeline/journal"
)

// A commit of bbolt writes and syncs its pages, then its header, and syncs that. When
// the last step fails, the memory that readers look at has the new state, and what the
// disk has nobody knows. bbolt would go on from there and write over pages of the state
// before, which may be all that a power cut leaves. So here nothing is read or written
// beyond the last durable transaction before settle has made a later one durable.

// errEarly is a state that is not durable yet.
var errEarly = errors.New("not durable yet")

// View reads a consistent and durable state: on what it says files are removed.
func (s *Store) View(ctx context.Context, fn func(journal.Reader) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.do(func() error {
			return s.db.View(func(b *bbolt.Tx) error {
				if int64(b.ID()) > s.durable.Load() {
					return errEarly
				}
				return fn(&tx{b: b})
			})
		})
		if !errors.Is(err, errEarly) {
			return err
		}
		if err := s.settled(); err != nil {
			return err
		}
	}
}

// settled waits for the commit that is under way, and settles one that failed.
func (s *Store) settled() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.settle()
}

// update writes. An error tells that nothing was written, or that nobody knows.
func (s *Store) update(fn func(*bbolt.Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.settle(); err != nil {
		return err
	}
	id, committing := 0, false
	err := s.do(func() error {
		return s.db.Update(func(b *bbolt.Tx) error {
			id = b.ID()
			err := fn(b)
			committing = err == nil
			return err
		})
	})
	switch {
	case err == nil:
		s.durable.Store(int64(id))
		return nil
	case !committing || s.damage.Load() != nil:
		return err
	}
	s.doubt = true
	if s.settle() == nil && s.durable.Load() == int64(id) {
		return nil // it did come to be
	}
	return err
}

// settle makes durable what the file says, after a commit that failed: a header is
// written once more, because a second sync alone says nothing about pages whose first
// one failed. The pages that it leads to were synced before it was written.
func (s *Store) settle() error {
	if !s.doubt {
		return nil
	}
	stands := int64(0)
	if err := s.do(func() error {
		return s.db.View(func(b *bbolt.Tx) error { stands = int64(b.ID()); return nil })
	}); err != nil {
		return err
	}
	if stands == s.durable.Load() {
		s.doubt = false // the header was not written: the commit never was
		return nil
	}
	// bbolt takes the pages of the state before for free, whoever still reads there.
	if n := s.db.Stats().OpenTxN; n > 0 {
		return fmt.Errorf("a failed commit can't be settled before %d readers have ended", n)
	}
	if err := durable.Rewrite(s.path, 2*int64(s.db.Info().PageSize)); err != nil {
		return fmt.Errorf("settle a failed commit: %w", err)
	}
	var items []item
	if s.running() {
		var err error
		if items, err = s.load(); err != nil { // of which the queue was not told
			return err
		}
	}
	s.durable.Store(stands)
	s.doubt = false
	s.tell(items)
	return nil
}
