package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/bolt"
)

// TestOrderWhoseQueueCannotBeWorked ends, and says why: what it waits for will not come.
func TestOrderWhoseQueueCannotBeWorked(t *testing.T) {
	s, truths := newServer(t, 15, 2, 1)
	_ = s.command("process", "--config", s.config, s.path(truths[0].File)).Run() // how it ends is the letters' affair
	store, err := bolt.Open(s.path("data/journal.db"), bolt.Config{})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Tx(t.Context(), func(tx journal.Tx) error { return tx.Put(journal.TableQueue, "ffff", []byte("no task")) })
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	c := s.command("process", "--config", s.config, s.path(truths[1].File))
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(30*time.Second, func() { _ = c.Process.Kill() }).Stop()
	if _ = c.Wait(); c.ProcessState.ExitCode() != exitFailure || !strings.Contains(said.String(), "the journal is damaged") || strings.Contains(said.String(), "interrupted") {
		t.Errorf("exit %d: %s", c.ProcessState.ExitCode(), said.String())
	}
}
