package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/router/casestore"
)

var errPower = errors.New("the power went")

// crashing is a journal whose process dies at its n-th commit: before it, or
// (late) after it is durable and before anyone learns of it.
type crashing struct {
	journal.Store
	left *atomic.Int64
	late bool
	died context.CancelFunc
}

// point counts a commit down and tells whether the process lives until it is done.
func (c crashing) point() (lives, last bool) {
	n := c.left.Add(-1)
	if n <= 0 {
		c.died()
	}
	return n > 0, n == 0
}

func (c crashing) Tx(ctx context.Context, fn func(journal.Tx) error) error {
	lives, last := c.point()
	if lives {
		return c.Store.Tx(ctx, fn)
	}
	if last && c.late {
		_ = c.Store.Tx(context.WithoutCancel(ctx), fn) // nobody learns how it went
	}
	return errPower
}

// Run counts the commits of tasks too. A task's late death is that of the next
// commit's early one.
func (c crashing) Run(ctx context.Context, h map[string]journal.Handler, l journal.Limits) error {
	wrapped := map[string]journal.Handler{}
	for kind, handler := range h {
		wrapped[kind] = func(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
			commit, err := handler(ctx, t)
			if err != nil {
				return nil, err
			}
			if lives, _ := c.point(); !lives {
				return nil, errPower
			}
			return commit, nil
		}
	}
	return c.Store.Run(ctx, wrapped, l)
}

// TestCrashAtEveryCommit stops the mailroom at its 1st, 2nd, 3rd... commit, starts
// it again over the same folder, and wants the end of an undisturbed run.
func TestCrashAtEveryCommit(t *testing.T) {
	expected := mail.Counts{Documents: 3, Pages: 4}
	want := []string{"2-3 filed " + caseA, "5-5 filed " + caseB, "7-7 exception no-reference"}
	for _, late := range []bool{false, true} {
		points := 0
		for n := int64(1); ; n++ {
			r := newRoom(t)
			scan := []string{"code=" + r.ticket(expected), "code=" + caseA, "text=and so on", "separator", "text=Our ref " + caseB, "separator", "text=nothing"}
			if err := r.journal.Close(); err != nil {
				t.Fatal(err)
			}
			left := &atomic.Int64{}
			left.Store(n)
			power, cut := context.WithCancel(t.Context())
			r.open(func(s journal.Store) journal.Store { return crashing{s, left, late, cut} })
			path := r.write("a.pdf", strings.Join(scan, "\n")+"\n")
			died := r.work(func(ctx context.Context) error {
				ctx, stop := context.WithCancel(ctx)
				defer stop()
				defer context.AfterFunc(power, stop)()
				id, err := r.Accept(ctx, path, Origin{Source: "process"})
				if err != nil {
					return err
				}
				return r.Await(ctx, id, false)
			})
			cut()
			if left.Load() > 0 {
				if died != nil {
					t.Fatalf("undisturbed: %v", died)
				}
				break
			}
			points++
			if err := r.journal.Close(); err != nil {
				t.Fatal(err)
			}
			r.open(nil)
			batch, docs := r.process("a.pdf", scan...)
			if !slices.Equal(places(docs), want) || batch.Pending != 0 || batch.Counted == nil || *batch.Counted != expected {
				t.Fatalf("after a crash at commit %d (late %v): %v, %+v", n, late, places(docs), batch)
			}
			for _, name := range []string{"document.json", "searchable.json", "searchable.pdf"} {
				if files, err := filepath.Glob(filepath.Join(r.dir, "tax", "*", "*", name)); err != nil || len(files) != 2 {
					t.Fatalf("after a crash at commit %d (late %v): in the store: %v, %v", n, late, files, err)
				}
			}
			r.verifies()
			r.journal.Close()
		}
		if points < 8 {
			t.Errorf("only %d points were interrupted", points)
		}
		t.Logf("late %v: %d points", late, points)
	}
}

// moody is a case store with faults.
type moody struct {
	casestore.Store
	fail func() error // before storing
	late func() error // after it
	back func() error // before a withdrawal
}

func (s moody) Withdraw(ctx context.Context, locator string, note []byte) error {
	if s.back != nil {
		if err := s.back(); err != nil {
			return err
		}
	}
	return s.Store.Withdraw(ctx, locator, note)
}

func (s moody) Deliver(ctx context.Context, f casestore.Filing) (mail.Receipt, error) {
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return mail.Receipt{}, err
		}
	}
	r, err := s.Store.Deliver(ctx, f)
	if err == nil && s.late != nil {
		err = s.late()
	}
	return r, err
}

func TestStoreThatCannotBeReached(t *testing.T) {
	r := newRoom(t)
	down := true
	tax := r.stores["tax"]
	r.stores["tax"] = moody{Store: tax, fail: func() error {
		if down {
			return errors.New("the share is not mounted")
		}
		return nil
	}}
	batch, docs := r.process("a.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 placed "+caseA)
	if batch.Pending != 1 || !strings.Contains(batch.Trouble, "not mounted") || batch.State != "open" {
		t.Errorf("batch %+v", batch)
	}
	down = false
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	r.open(nil) // a start tries at once what waited
	batch, docs = r.process("a.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 filed "+caseA)
	if batch.Trouble != "" || batch.State != "closed" {
		t.Errorf("batch %+v", batch)
	}
	r.verifies()
}

// TestWithdrawalThatCannotBeDone: the letter still stands in a stranger's case, so
// nobody may think that it does not.
func TestWithdrawalThatCannotBeDone(t *testing.T) {
	r := after(t)
	tax, down := r.stores["tax"], true
	r.stores["tax"] = moody{Store: tax, back: func() error {
		if down {
			return errors.New("the share is not mounted")
		}
		return nil
	}}
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB)
	wantPlaces(t, docs, "1-1 exception recall")
	if err := r.decide(docs[0].Document, Decision{Discard: "not ours"}); err != nil {
		t.Fatal(err)
	}
	batch, _, err := r.Batch(t.Context(), docs[0].Batch)
	if err != nil || !strings.Contains(batch.Trouble, "not mounted") || !batch.Unreachable() {
		t.Errorf("%+v, %v", batch, err)
	}
	faults := 0
	if _, err := r.Verify(t.Context(), func(string) { faults++ }); err != nil || faults != 1 {
		t.Errorf("%d faults, %v", faults, err)
	}
	down = false
	r.reopen()
	if _, docs := r.rest(docs[0].Batch); len(docs) != 1 || docs[0].Status != "discarded" {
		t.Errorf("%+v", docs)
	}
	r.verifies()
}

func TestStoreThatAnswersWithAnErrorAfterStoring(t *testing.T) {
	r := newRoom(t)
	times := 0
	r.stores["tax"] = moody{Store: r.stores["tax"], late: func() error {
		if times++; times == 1 {
			return errors.New("the connection broke")
		}
		return nil
	}}
	r.process("a.pdf", "code="+caseA)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	r.open(nil)
	_, docs := r.process("a.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 filed "+caseA)
	if dirs, err := filepath.Glob(filepath.Join(r.dir, "tax", "*", "*")); err != nil || len(dirs) != 1 {
		t.Errorf("in the store: %v, %v", dirs, err)
	}
	r.verifies()
}

func TestStoreThatRefuses(t *testing.T) {
	r := newRoom(t)
	r.stores["tax"] = moody{Store: r.stores["tax"], fail: func() error { return fmt.Errorf("%w: other bytes are there", casestore.ErrRefused) }}
	_, docs := r.process("a.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 exception delivery-refused")
	r.verifies()
}

// rewrite changes a row by hand.
func (r *room) rewrite(table, key, old, new string) error {
	return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error {
		text, err := tx.Get(table, key)
		if err == nil && !strings.Contains(string(text), old) {
			err = fmt.Errorf("row %s of %s has no %s: %s", key, table, old, text)
		}
		return errors.Join(err, tx.Put(table, key, []byte(strings.Replace(string(text), old, new, 1))))
	})
}

func TestVerifyFindsWhatWasTouched(t *testing.T) {
	for what, touch := range map[string]func(r *room, d DocumentLine) error{
		"a filed original changed": func(_ *room, d DocumentLine) error {
			path := filepath.Join(d.Path, "original.pdf")
			return errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("forged"), 0o600))
		},
		"a filed original gone": func(_ *room, d DocumentLine) error { return os.Remove(filepath.Join(d.Path, "original.pdf")) },
		"a file beside it": func(_ *room, d DocumentLine) error {
			return os.WriteFile(filepath.Join(d.Path, "page 9.pdf"), nil, 0o600)
		},
		"a link in the place of its rendition": func(_ *room, d DocumentLine) error {
			path := filepath.Join(d.Path, "searchable.pdf")
			return errors.Join(os.Rename(path, path+".old"), os.Symlink(path+".old", path))
		},
		"a document that nobody filed": func(_ *room, d DocumentLine) error {
			return os.CopyFS(filepath.Join(filepath.Dir(d.Path), "planted"), os.DirFS(d.Path))
		},
		"a letter that nobody filed, half of it": func(_ *room, d DocumentLine) error {
			path := filepath.Join(filepath.Dir(d.Path), "planted")
			return errors.Join(os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, "original.pdf"), []byte("forged"), 0o600))
		},
		"its sheet gone": func(_ *room, d DocumentLine) error { return os.Remove(filepath.Join(d.Path, "document.json")) },
		"its copy in another case": func(r *room, d DocumentLine) error {
			return os.CopyFS(filepath.Join(r.dir, "tax", caseB, d.Document), os.DirFS(d.Path))
		},
		"marked as taken back": func(_ *room, d DocumentLine) error {
			return os.WriteFile(filepath.Join(d.Path, "withdrawn.json"), []byte("{}"), 0o600)
		},
		"who decided changed": func(r *room, d DocumentLine) error {
			return r.rewrite(tableDoc, d.Document, "barcode-strong-live", "person")
		},
		"its receipt changed": func(r *room, d DocumentLine) error {
			return r.rewrite(tableDoc, d.Document, `"sheet":"`, `"sheet":"0`)
		},
		"what was read exchanged": func(r *room, d DocumentLine) error {
			return r.rewrite(tablePage, pageKey(d.Batch, 1), `"size":`, `"size":1`)
		},
		"a batch with all that is known of it gone": func(r *room, d DocumentLine) error {
			return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error {
				var failed error
				for _, table := range []string{tableBatch, tableSpan, tablePage, tableDisposition} {
					failed = errors.Join(failed, each(tx, table, d.Batch, func(row journal.Row) error { return tx.Delete(table, row.Key) }))
				}
				return errors.Join(failed, tx.Delete(tableDoc, d.Document))
			})
		},
		"a document's row gone": func(r *room, d DocumentLine) error {
			return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error { return tx.Delete(tableDoc, d.Document) })
		},
		"what was read of a page gone": func(r *room, d DocumentLine) error {
			return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error { return tx.Delete(tablePage, pageKey(d.Batch, 1)) })
		},
		"its entries hidden": func(r *room, d DocumentLine) error {
			return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error {
				rows, err := tx.Scan("touch", d.Document+"/", "", 9)
				for _, row := range rows {
					err = errors.Join(err, tx.Delete("touch", row.Key))
				}
				return err
			})
		},
		"an entry of the log changed": func(r *room, _ DocumentLine) error {
			return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error {
				rows, err := tx.Scan(journal.TableEvent, "", "", 1)
				return errors.Join(err, tx.Put(journal.TableEvent, rows[0].Key, []byte(strings.Replace(string(rows[0].Value), "force", "farce", 1))))
			})
		},
		"a page without a place": func(r *room, d DocumentLine) error {
			return r.journal.Tx(r.t.Context(), func(tx journal.Tx) error { return tx.Delete(tableDisposition, pageKey(d.Batch, 1)) })
		},
		"a blob changed": func(r *room, _ DocumentLine) error {
			return filepath.WalkDir(filepath.Join(r.dir, "blobs"), func(path string, e os.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				return errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("forged"), 0o600))
			})
		},
	} {
		r := newRoom(t)
		_, docs := r.process("a.pdf", "code="+caseA)
		r.verifies()
		if err := touch(r, docs[0]); err != nil {
			t.Fatal(err)
		}
		found := 0
		if _, err := r.Verify(t.Context(), func(string) { found++ }); err != nil {
			t.Fatal(err)
		}
		if found == 0 {
			t.Errorf("%s: not found", what)
		}
	}
}

func TestRegisterIsReadAnewAndABrokenOneIsNot(t *testing.T) {
	r := newRoom(t)
	r.write("cases.csv", "reference,store\n"+caseA+",nowhere\n")
	_, docs := r.process("a.pdf", "code="+caseB)
	wantPlaces(t, docs, "1-1 filed "+caseB)
	r.write("cases.csv", "reference,store\nTX-2021-000009-09,tax\n")
	_, docs = r.process("b.pdf", "code=TX-2021-000009-09", "code="+caseA)
	wantPlaces(t, docs, "1-1 filed TX-2021-000009-09", "2-2 exception unknown-case")
}
