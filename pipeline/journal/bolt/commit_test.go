package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"postroom/pipeline/journal"
)

// unlearned commits as bbolt does when the last sync fails: the header is written,
// and nobody was told.
func unlearned(t *testing.T, s *Store, fn func(journal.Tx) error) {
	t.Helper()
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.db.Update(func(b *bbolt.Tx) error { return fn(&tx{b: b, now: s.cfg.Now}) }); err != nil {
		t.Fatal(err)
	}
	s.doubt = true
}

// TestFailedCommitThatStands: its tasks are done without a new start, and what it
// wrote is not shown before it is durable.
func TestFailedCommitThatStands(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	done := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- s.Run(ctx, map[string]journal.Handler{"a": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
			close(done)
			return nil, nil
		}}, nil)
	}()
	before := s.durable.Load()
	unlearned(t, s, func(tx journal.Tx) error { return tx.Enqueue(journal.Task{Kind: "a", Key: "1"}) })
	if err := s.View(t.Context(), func(r journal.Reader) error {
		if now := s.durable.Load(); now != before+1 {
			t.Errorf("transaction %d is shown, %d is durable", before+1, now)
		}
		_, err := r.Get(journal.TableQueued, "1")
		return err
	}); err != nil {
		t.Error(err)
	}
	<-done
	stop()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestNoWriteBesideOldReaders: bbolt would write over the pages that they read.
func TestNoWriteBesideOldReaders(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	put := func(tx journal.Tx) error { return tx.Put("t", "k", []byte("1")) }
	old, err := s.db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	unlearned(t, s, put)
	if err := s.Tx(t.Context(), put); err == nil {
		t.Error("it wrote")
	}
	if err := old.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Tx(t.Context(), put); err != nil {
		t.Error(err)
	}
}

// TestCommitThatNeverWas: what failed before its header was written is forgotten.
func TestCommitThatNeverWas(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	s.doubt = true
	if err := s.Tx(t.Context(), func(tx journal.Tx) error { return tx.Put("t", "k", nil) }); err != nil || s.doubt {
		t.Errorf("%v, still in doubt: %t", err, s.doubt)
	}
}

// TestFirstStartThatDied leaves what is no journal; in a container the next process
// has the same number.
func TestFirstStartThatDied(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".postroom-tmp-1"), make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	defer s.Close()
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}
