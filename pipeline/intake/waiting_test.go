package intake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

func (w *watcher) wantWaits(what string, want Waiting) {
	w.t.Helper()
	got := w.waits
	got.Some = nil // see TestWhatCanNotBeTakenIsNamed
	if !reflect.DeepEqual(got, want) {
		w.t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

func TestWhatWaits(t *testing.T) {
	w := newWatcher(t)
	w.after(0)
	w.wantWaits("an empty folder", Waiting{})
	w.write("a.pdf", "begin")
	w.write(".hidden", "begin")
	w.after(0)
	w.after(time.Minute)
	w.write("b.pdf", "begin and END")
	w.after(0)
	w.wantWaits("two", Waiting{Files: 2, Oldest: time.Minute})
	w.after(time.Minute)
	w.wantWaits("one was taken", Waiting{Files: 1, Oldest: 2 * time.Minute})
	w.reject["a.pdf"] = errors.New("no room")
	w.after(8 * time.Minute)
	w.wantWaits("aged, and another was taken since", Waiting{Files: 1, Oldest: 10 * time.Minute, Aged: 1})
	w.after(2 * time.Minute)
	w.wantWaits("nothing moves", Waiting{Files: 1, Oldest: 12 * time.Minute, Aged: 1, Still: true})
	w.write("c.pdf", "END")
	w.after(time.Minute)
	w.after(3 * time.Second)
	w.wantWaits("it moves", Waiting{Files: 1, Oldest: 13*time.Minute + 3*time.Second, Aged: 1})
	if err := os.Remove(filepath.Join(w.dir, "a.pdf")); err != nil {
		t.Fatal(err)
	}
	w.after(0)
	w.wantWaits("someone took it away", Waiting{})
}

// TestFolderThatNeverMoved: at a start over files that can't be taken.
func TestFolderThatNeverMoved(t *testing.T) {
	w := newWatcher(t)
	w.reject["a.pdf"] = errors.New("no room")
	w.write("a.pdf", "END")
	w.after(0)
	w.after(10 * time.Minute)
	w.wantWaits("nothing moves", Waiting{Files: 1, Oldest: 10 * time.Minute, Aged: 1, Still: true})
}

// TestLongListingTells: who takes long over many files is seen to move.
func TestLongListingTells(t *testing.T) {
	w := newWatcher(t)
	for i := range 4 {
		w.write(fmt.Sprintf("%d.pdf", i), "END")
	}
	w.after(0)
	w.told = 0
	accept := w.l.cfg.Accept
	w.l.cfg.Accept = func(ctx context.Context, a Arrival) error {
		w.now = w.now.Add(tellEvery / 2)
		return accept(ctx, a)
	}
	w.after(time.Minute)
	if w.told != 1+2 {
		t.Errorf("told %d times", w.told)
	}
	w.wantWaits("all are taken", Waiting{})
}
