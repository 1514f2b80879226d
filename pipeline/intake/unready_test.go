package intake

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestWhatCanNotBeTakenIsNamed: of each file that waits for a reason of its own, which it is.
func TestWhatCanNotBeTakenIsNamed(t *testing.T) {
	w := newWatcher(t)
	w.reject["d.pdf"] = errors.New("no room")
	w.write("sub/a.pdf", "begin")
	w.write("b.pdf", "")
	w.write("d.pdf", "END")
	w.after(0)
	if len(w.waits.Some) != 0 {
		t.Errorf("told before anything was looked at: %+v", w.waits.Some)
	}
	for i := range 40 {
		w.write("c.pdf", fmt.Sprint(i))
		w.after(time.Second)
	}
	got := map[string]Unready{}
	for _, u := range w.waits.Some {
		got[u.Name] = u
	}
	for name, want := range map[string]Unready{
		"sub/a.pdf": {"sub/a.pdf", Partial, "not whole", 40 * time.Second},
		"b.pdf":     {"b.pdf", Empty, "", 40 * time.Second},
		"c.pdf":     {"c.pdf", Writing, "", 39 * time.Second},
		"d.pdf":     {"d.pdf", Failed, "no room", 40 * time.Second},
	} {
		if got[name] != want {
			t.Errorf("%s: %+v, want %+v", name, got[name], want)
		}
	}
	w.write("sub/a.pdf", "begin and END")
	w.after(time.Second)
	w.after(3 * time.Second)
	if len(w.waits.Some) != 3 {
		t.Errorf("one was taken since: %+v", w.waits.Some)
	}
}

func TestFewAreNamed(t *testing.T) {
	w := newWatcher(t)
	for i := range 30 {
		w.write(fmt.Sprintf("%02d.pdf", i), "")
	}
	w.after(0)
	w.after(time.Minute)
	if n := len(w.waits.Some); n != mostUnready || w.waits.Some[0].Name != "00.pdf" || w.waits.Files != 30 {
		t.Errorf("%d of %d: %+v", n, w.waits.Files, w.waits.Some)
	}
}
