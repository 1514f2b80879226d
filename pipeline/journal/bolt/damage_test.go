package bolt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/pipeline/journal"
)

const page = 4096

// written is the bytes of a journal with rows, tasks and free pages.
func written(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir)
	for n := range 3 {
		err := s.Tx(t.Context(), func(tx journal.Tx) error {
			for i := range 300 {
				key := fmt.Sprintf("%d-%03d", n, i)
				if err := errors.Join(journal.Save(tx, "t", key, strings.Repeat(key, 20)), tx.Delete("t", fmt.Sprintf("%d-%03d", n-1, i)),
					tx.Enqueue(journal.Task{Kind: "a", Key: key})); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Check(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// use does with a journal all that a mailroom does, and gives the first error.
func use(t *testing.T, text []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Config{BackOff: time.Millisecond})
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	err = s.View(ctx, func(r journal.Reader) error {
		for _, table := range []string{"t", journal.TableQueue, journal.TableQueued} {
			if _, err := r.Scan(table, "", "", 1e6); err != nil {
				return err
			}
		}
		return nil
	})
	_, loaded := s.load()
	written := s.Tx(ctx, func(tx journal.Tx) error { return tx.Put("t", "2-150", []byte(`"other"`)) })
	return errors.Join(err, loaded, written, s.Check(ctx))
}

func TestDamageIsAnError(t *testing.T) {
	sound := written(t)
	for what, damage := range map[string]func([]byte) []byte{
		"cut off":           func(b []byte) []byte { return b[:60000] },
		"cut to two pages":  func(b []byte) []byte { return b[:2*page] },
		"cut within a page": func(b []byte) []byte { return b[:100] },
		"empty":             func(b []byte) []byte { return nil },
		"zeroed header":     func(b []byte) []byte { clear(b[:2*page]); return b },
		"zeroed":            func(b []byte) []byte { clear(b); return b },
		"a text":            func([]byte) []byte { return []byte("this is no journal\n") },
	} {
		if err := use(t, damage(append([]byte{}, sound...))); !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), "journal.db (") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestAnyPageMayBeSpoilt: whichever page holds other bytes, nothing panics, faults
// or waits for ever, and what is used is missed.
func TestAnyPageMayBeSpoilt(t *testing.T) {
	sound, missed := written(t), 0
	noise := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < len(sound); at += page {
		for name, from := range map[string]int{"all": 0, "behind its header": 16} {
			text := append([]byte{}, sound...)
			for i := at + from; i < at+page; i++ {
				text[i] = byte(noise.Uint32())
			}
			if err := use(t, text); err == nil {
				missed++ // a free page, or one of the two headers
			} else if !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("page %d, %s: %v", at/page, name, err)
			}
		}
	}
	if pages := 2 * len(sound) / page; missed > pages*2/3 {
		t.Errorf("the noise of %d pages of %d is not seen", missed, pages)
	}
}

// TestBugOfACallerIsNoDamage: only what bbolt panics over is the file's.
func TestBugOfACallerIsNoDamage(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	for what, use := range map[string]func() error{
		"view": func() error { return s.View(t.Context(), func(journal.Reader) error { panic("bug: x") }) },
		"tx": func() error {
			return s.Tx(t.Context(), func(journal.Tx) error { var m map[string]int; m["x"] = 1; return nil })
		},
		"task": func() error {
			return s.Tx(t.Context(), func(tx journal.Tx) error { return tx.Enqueue(journal.Task{}) })
		},
	} {
		var bug *journal.Panic
		if err := journal.Try(use); !errors.As(err, &bug) || !strings.Contains(string(bug.Stack), "TestBugOfACaller") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.Tx(t.Context(), func(tx journal.Tx) error { return tx.Put("t", "k", nil) }); err != nil {
		t.Error(err)
	}
}
