package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
)

// desk is a journal with a log, in a folder of its own.
type desk struct {
	t    *testing.T
	dir  string
	log  *audit.Log
	j    *bolt.Store
	hour int
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir()}
	log, err := audit.MakeKey(filepath.Join(d.dir, "audit"), int64(d.hour))
	if err != nil {
		t.Fatal(err)
	}
	d.log = log
	d.j = d.open("journal.db")
	return d
}

func (d *desk) open(name string) *bolt.Store {
	d.t.Helper()
	j, err := bolt.Open(filepath.Join(d.dir, name), bolt.Config{Seal: func(tx journal.Tx) error { return d.log.Seal(tx) }})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { j.Close() })
	return j
}

func (d *desk) view(read func(journal.Reader) error) error { return d.j.View(d.t.Context(), read) }

// happens logs n events, one a transaction and an hour.
func (d *desk) happens(n int) {
	d.t.Helper()
	for range n {
		d.hour++
		at := time.Date(2026, 1, 1, d.hour, 0, 0, 0, time.UTC)
		if err := d.j.Tx(d.t.Context(), func(tx journal.Tx) error {
			return tx.Log(journal.Event{Time: at, Actor: []string{"", "A. Clerk"}[d.hour%2], Action: "person decided", Subject: fmt.Sprintf("doc%d", d.hour%3),
				Config: "c0ffee", Version: "v1", Detail: json.RawMessage(fmt.Sprintf(`{"reference":"TX<%d>"}`, d.hour))})
		}); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *desk) export(s audit.Selection) string {
	d.t.Helper()
	var out bytes.Buffer
	if err := d.log.Export(d.view, s, &out); err != nil {
		d.t.Fatal(err)
	}
	return out.String()
}

// verify gives the faults of an export, an error among them.
func (d *desk) verify(export string, former ...string) (faults []string) {
	d.t.Helper()
	public, err := os.ReadFile(filepath.Join(d.dir, "audit.pub"))
	if err != nil {
		d.t.Fatal(err)
	}
	keys, err := audit.ParseKeys(string(public))
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := audit.Verify(strings.NewReader(export), keys, former, func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }); err != nil {
		faults = append(faults, "error: "+err.Error())
	}
	return faults
}

func (d *desk) checkpoint() (note string) {
	d.t.Helper()
	if err := d.j.View(d.t.Context(), func(r journal.Reader) (err error) {
		note, _, err = audit.Checkpoint(r)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return note
}

func TestExportsVerify(t *testing.T) {
	d := newDesk(t)
	if faults := d.verify(d.export(audit.Selection{})); len(faults) > 0 {
		t.Errorf("an empty log: %q", faults)
	}
	d.happens(3)
	early := d.checkpoint()
	d.happens(30)
	for _, s := range []audit.Selection{{}, {Details: true}, {Subjects: []string{"doc1"}}, {Subjects: []string{"doc1", "doc2"}, Details: true}} {
		export := d.export(s)
		if faults := d.verify(export); len(faults) > 0 {
			t.Errorf("%+v: %q", s, faults)
		}
		if s.Subjects == nil {
			if faults := d.verify(export, early, d.checkpoint()); len(faults) > 0 {
				t.Errorf("%+v with kept checkpoints: %q", s, faults)
			}
		}
		if personal := strings.Contains(export, "Clerk") || strings.Contains(export, "TX<"); personal != s.Details {
			t.Errorf("%+v: has names and texts: %v", s, personal)
		}
	}
	if n := strings.Count(d.export(audit.Selection{Subjects: []string{"doc1"}}), `"type":"entry"`); n != 11 {
		t.Errorf("%d entries about one of three documents", n)
	}
}

func TestCheckpointsOfFormerHoursAreKept(t *testing.T) {
	d := newDesk(t)
	d.happens(5) // an hour each
	at := time.Date(2026, 1, 1, d.hour, 0, 0, 0, time.UTC)
	for n := range 7 {
		if err := d.j.Tx(t.Context(), func(tx journal.Tx) error {
			return tx.Log(journal.Event{Time: at.Add(time.Duration(n) * time.Minute), Action: "batch received", Subject: "b"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(d.export(audit.Selection{}), `"type":"checkpoint"`); n != 5 {
		t.Errorf("%d checkpoints of 5 hours", n)
	}
}

// TestNewKey: what a former key signed still holds, what a stranger's signs does not.
func TestNewKey(t *testing.T) {
	d := newDesk(t)
	d.happens(3)
	if err := os.Remove(filepath.Join(d.dir, "audit.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenKey(filepath.Join(d.dir, "audit")); !errors.Is(err, audit.ErrNoKey) {
		t.Errorf("without its key: %v", err)
	}
	log, err := audit.MakeKey(filepath.Join(d.dir, "audit"), int64(d.hour))
	if err != nil {
		t.Fatal(err)
	}
	thief := d.log
	d.log = log
	d.happens(3)
	if faults := d.verify(d.export(audit.Selection{})); len(faults) > 0 {
		t.Errorf("%q", faults)
	}
	d.log = thief // who signs more entries with the former key
	d.happens(1)
	d.log = log
	if faults := d.verify(d.export(audit.Selection{})); len(faults) == 0 {
		t.Error("signed by a former key after it was replaced, and not found")
	}
	found := 0
	if _, err := log.Check(d.view, func(string, ...any) { found++ }); err != nil || found == 0 {
		t.Error("signed by a former key after it was replaced, and not found in the journal")
	}
	if info, err := os.Stat(filepath.Join(d.dir, "audit.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info.Mode(), err)
	}
	// What verifies is gone and the key is not: the former key is known all the same.
	if err := os.Remove(filepath.Join(d.dir, "audit.pub")); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenKey(filepath.Join(d.dir, "audit")); !errors.Is(err, audit.ErrNoKey) {
		t.Errorf("without what verifies: %v", err)
	}
	was := log.Public()
	if log, err = audit.MakeKey(filepath.Join(d.dir, "audit"), int64(d.hour)); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(d.dir, "audit.pub")); err != nil || string(text) != fmt.Sprintf("%s\n%s %d\n", log.Public(), was, d.hour) {
		t.Errorf("%s, %v", text, err)
	}
	// A line that is no key, which keeps the log from being opened, is no reason to lose the key.
	public, err := os.ReadFile(filepath.Join(d.dir, "audit.pub"))
	if err := errors.Join(err, os.WriteFile(filepath.Join(d.dir, "audit.pub"), append(public, "rubbish\n"...), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenKey(filepath.Join(d.dir, "audit")); err == nil {
		t.Error("a line that is no key was passed over")
	}
	if _, err := audit.MakeKey(filepath.Join(d.dir, "audit"), int64(d.hour)); err != nil {
		t.Errorf("a new key beside such a line: %v", err)
	}
	d.dir = t.TempDir()
	if d.log, err = audit.MakeKey(filepath.Join(d.dir, "audit"), int64(d.hour)); err != nil {
		t.Fatal(err)
	}
	if faults := d.verify(d.export(audit.Selection{})); len(faults) == 0 {
		t.Error("signed by a stranger's key, and not found")
	}
}

// TestStory: each touch of a document is proven, and one that was changed is not.
func TestStory(t *testing.T) {
	d := newDesk(t)
	d.happens(9)
	story := func() (touches []audit.Touch) {
		t.Helper()
		if err := d.j.View(t.Context(), func(r journal.Reader) (err error) {
			touches, err = d.log.Story(r, "doc1")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return touches
	}
	for i, touch := range story() {
		if !touch.Proven || touch.Subject != "doc1" || touch.Entry != int64(3*i) {
			t.Errorf("touch %d: %+v", i, touch)
		}
	}
	if err := d.j.Tx(t.Context(), func(tx journal.Tx) error {
		e, err := journal.Load[journal.Event](tx, journal.TableEvent, fmt.Sprintf("%016x", 4))
		e.Detail = json.RawMessage(`{"reference":"another"}`)
		return errors.Join(err, journal.Save(tx, journal.TableEvent, fmt.Sprintf("%016x", 4), e))
	}); err != nil {
		t.Fatal(err)
	}
	if touches := story(); len(touches) != 3 || touches[1].Proven || !touches[0].Proven || !touches[2].Proven {
		t.Errorf("after a change: %+v", touches)
	}
}

// TestSealFailsClosed: what can't be sealed is not written.
func TestSealFailsClosed(t *testing.T) {
	d := newDesk(t)
	d.happens(1)
	if err := d.j.Tx(t.Context(), func(tx journal.Tx) error { return tx.Delete("hash", fmt.Sprintf("%016x", 0)) }); err != nil {
		t.Fatal(err)
	}
	err := d.j.Tx(t.Context(), func(tx journal.Tx) error {
		return errors.Join(tx.Put("page", "1", []byte("x")), tx.Log(journal.Event{Action: "a", Subject: "s"}))
	})
	if err == nil {
		t.Fatal("sealed on a tree that lacks a hash")
	}
	if err := d.j.View(t.Context(), func(r journal.Reader) error {
		_, err := r.Get("page", "1")
		return err
	}); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("written without a seal: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte(`{"type":"log","entries":1,"all":true}` + "\n" + `{"type":"entry","entry":0,"leaf":"{}"}` + "\n" + `{"type":"checkpoint","note":"a\n1\nAA==\n\n— a b\n"}`))
	f.Add([]byte(`{"type":"log"}` + "\n" + `{"type":"inclusion","entry":3,"to":1,"proof":[]}` + "\n" + `{"type":"consistency","from":-1,"to":9}`))
	dir := f.TempDir()
	if _, err := audit.MakeKey(filepath.Join(dir, "audit"), 0); err != nil {
		f.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(dir, "audit.pub"))
	if err != nil {
		f.Fatal(err)
	}
	keys, err := audit.ParseKeys(string(public))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, export []byte) {
		faults := 0
		s, err := audit.Verify(bytes.NewReader(export), keys, nil, func(string, ...any) { faults++ })
		if err == nil && faults == 0 && s.Entries > 0 {
			t.Errorf("nobody signed it, and it holds: %q", export)
		}
	})
}

// BenchmarkSeal is what a transaction of one event costs, with the disk's syncs.
func BenchmarkSeal(b *testing.B) {
	for _, sealed := range []bool{false, true} {
		b.Run(fmt.Sprintf("sealed=%v", sealed), func(b *testing.B) {
			dir := b.TempDir()
			log, err := audit.MakeKey(filepath.Join(dir, "audit"), 0)
			if err != nil {
				b.Fatal(err)
			}
			cfg := bolt.Config{}
			if sealed {
				cfg.Seal = log.Seal
			}
			j, err := bolt.Open(filepath.Join(dir, "journal.db"), cfg)
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close()
			for b.Loop() {
				if err := j.Tx(b.Context(), func(tx journal.Tx) error {
					return tx.Log(journal.Event{Time: time.Unix(1e9, 0), Action: "batch received", Subject: "b", Config: "c0ffee", Version: "v1"})
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
