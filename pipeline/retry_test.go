package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestRetry: a letter waits an hour for its store, and a person who has mounted it does not.
func TestRetry(t *testing.T) {
	r := newRoom(t)
	store, away := filepath.Join(r.dir, "tax"), filepath.Join(r.dir, "away")
	if err := os.Rename(store, away); err != nil {
		t.Fatal(err)
	}
	path := r.write("a.pdf", "code="+caseA+"\n")
	var batch string
	if err := r.work(func(ctx context.Context) (err error) {
		if batch, err = r.Accept(ctx, path, Origin{Source: "process"}); err != nil {
			return err
		}
		if err := r.Await(ctx, batch, false); err != nil {
			return err
		}
		if line := r.batchNow(batch); !line.Unreachable() {
			t.Errorf("%+v", line)
		}
		if err := os.Rename(away, store); err != nil {
			return err
		}
		for n := 0; n == 0; { // the trouble is told before the task is put off
			if n, err = r.Retry(ctx, batch, "O. Perator"); err != nil {
				return err
			}
		}
		for {
			changed := r.Changed()
			if r.batchNow(batch).Filed == 1 {
				return nil
			}
			select {
			case <-changed:
			case <-time.After(20 * time.Second):
				return errors.New("it is not tried again")
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	before := r.entries(batch)
	if n, err := r.Retry(t.Context(), batch, "O. Perator"); n != 0 || err != nil || r.entries(batch) != before+1 {
		t.Errorf("nothing is left to do: %d, %v; %d entries, were %d", n, err, r.entries(batch), before)
	}
	var asked []string
	if _, err := r.Retry(t.Context(), "none", "O. Perator"); !errors.Is(err, ErrNoSuch) {
		asked = append(asked, "an unknown batch")
	}
	var refused *Refused
	for _, by := range []string{"", "machine", "a\nb"} {
		if _, err := r.Retry(t.Context(), batch, by); !errors.As(err, &refused) {
			asked = append(asked, by)
		}
	}
	if slices.Sort(asked); asked != nil {
		t.Errorf("tried for %q", asked)
	}
	r.verifies()
}
