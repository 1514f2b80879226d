// Package journaltest is the contract that every journal must meet.
//
// In comes a function that opens a journal; out come failed tests.
package journaltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"postroom/pipeline/journal"
)

// Run runs the contract's tests. open opens the journal of a folder, again and
// again; its first back-off is to be a millisecond.
func Run(t *testing.T, open func(t *testing.T, dir string) journal.Store) {
	for name, test := range map[string]func(*testing.T, func(*testing.T, string) journal.Store){
		"rows": rows, "down": down, "atomic": atomic, "durable": reopened, "order": order, "background": background, "once": once, "fan-in": fanIn,
		"failures": failures, "hastened": hastened, "panics": panics, "attempts": attempts, "unended": unended, "alone": alone, "counts": counts, "cancelled": cancelled, "events": events, "changed": changed,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

func fresh(t *testing.T, open func(*testing.T, string) journal.Store) journal.Store {
	t.Helper()
	s := open(t, t.TempDir())
	t.Cleanup(func() { s.Close() })
	return s
}

func tx(t *testing.T, s journal.Store, fn func(journal.Tx) error) {
	t.Helper()
	if err := s.Tx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s journal.Store, fn func(journal.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// work runs the queue until done says so.
func work(t *testing.T, s journal.Store, h map[string]journal.Handler, l journal.Limits, done func(journal.Reader) bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, h, l) }()
	for {
		changed, is := s.Changed(), false
		view(t, s, func(r journal.Reader) error { is = done(r); return nil })
		if is {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Error("the queue was not worked in time")
			is = true
		}
		if is {
			break
		}
	}
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func idle(r journal.Reader) bool {
	n, err := journal.Pending(r, "")
	return err == nil && n == 0
}

func rows(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	tx(t, s, func(tx journal.Tx) error {
		for _, k := range []string{"b/2", "a", "b/1", "b", "c", "b/3"} {
			if err := tx.Put("t", k, []byte("v"+k)); err != nil {
				return err
			}
		}
		if err := tx.Insert("t", "a", nil); !errors.Is(err, journal.ErrExists) {
			t.Errorf("Insert over a row: %v", err)
		}
		if err := tx.Insert("t", "d", []byte{}); err != nil {
			t.Errorf("Insert of an empty value: %v", err)
		}
		return errors.Join(tx.Delete("t", "c"), tx.Delete("t", "never"), tx.Delete("no such table", "x"))
	})
	view(t, s, func(r journal.Reader) error {
		if v, err := r.Get("t", "b/1"); err != nil || string(v) != "vb/1" {
			t.Errorf("%q, %v", v, err)
		}
		for _, k := range []string{"c", "b/", "b/11", ""} {
			if _, err := r.Get("t", k); !errors.Is(err, journal.ErrNotFound) {
				t.Errorf("Get %q: %v", k, err)
			}
		}
		if _, err := r.Get("no table", "x"); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("Get from no table: %v", err)
		}
		for _, c := range []struct {
			prefix, after string
			n             int
			want          string
		}{{"b/", "", 9, "b/1 b/2 b/3"}, {"b/", "b/1", 1, "b/2"}, {"b/", "b/3", 9, ""}, {"", "a", 2, "b b/1"}, {"b/", "a", 1, "b/1"}, {"z", "", 9, ""}} {
			found, err := r.Scan("t", c.prefix, c.after, c.n)
			got := ""
			for i, row := range found {
				if got += row.Key; i < len(found)-1 {
					got += " "
				}
			}
			if err != nil || got != c.want {
				t.Errorf("Scan(%q, %q, %d): %q, %v, want %q", c.prefix, c.after, c.n, got, err, c.want)
			}
		}
		return nil
	})
}

func atomic(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	broken := errors.New("broken")
	err := s.Tx(t.Context(), func(tx journal.Tx) error {
		if _, err := tx.Add("n", "x", 5); err != nil {
			return err
		}
		return errors.Join(broken, tx.Put("t", "k", nil), tx.Log(journal.Event{Action: "x"}), tx.Enqueue(journal.Task{Kind: "a", Key: "a/1"}))
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	view(t, s, func(r journal.Reader) error {
		for _, table := range []string{"t", "n", journal.TableEvent, journal.TableQueue} {
			if found, err := r.Scan(table, "", "", 9); err != nil || len(found) > 0 {
				t.Errorf("a broken transaction left %v in %s, %v", found, table, err)
			}
		}
		return nil
	})
}

func reopened(t *testing.T, open func(*testing.T, string) journal.Store) {
	dir := t.TempDir()
	s := open(t, dir)
	tx(t, s, func(tx journal.Tx) error {
		_, err := tx.Add("n", "x", 5)
		return errors.Join(err, tx.Put("t", "k", []byte("v")), tx.Enqueue(journal.Task{Kind: "a", Key: "a/1", Batch: "b"}))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	defer s.Close()
	ran := 0
	work(t, s, map[string]journal.Handler{"a": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
		ran++
		return func(tx journal.Tx) error { _, err := tx.Add("n", "x", 1); return err }, nil
	}}, nil, idle)
	view(t, s, func(r journal.Reader) error {
		if v, err := r.Get("n", "x"); err != nil || string(v) != "6" || ran != 1 {
			t.Errorf("%q, %v after %d runs", v, err, ran)
		}
		return nil
	})
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func order(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	tx(t, s, func(tx journal.Tx) error {
		for i, p := range []int{5, 1, 5, 3, 1} {
			if err := tx.Enqueue(journal.Task{Kind: "a", Key: fmt.Sprint("a/", i), Priority: p}); err != nil {
				return err
			}
		}
		return nil
	})
	var got []string
	work(t, s, map[string]journal.Handler{"a": func(_ context.Context, task journal.Task) (func(journal.Tx) error, error) {
		got = append(got, task.Key)
		return nil, nil
	}}, journal.Limits{"a": 1}, idle)
	if want := []string{"a/1", "a/4", "a/3", "a/0", "a/2"}; !slices.Equal(got, want) {
		t.Errorf("worked in the order %v, want %v", got, want)
	}
}

// background: what nobody waits for is begun only while nothing else is ready or in hand.
func background(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	tx(t, s, func(tx journal.Tx) error {
		return tx.Enqueue(journal.Task{Kind: "later", Key: "later/1", Priority: journal.Background}, journal.Task{Kind: "now", Key: "now/1"})
	})
	var mu sync.Mutex
	var begun []string
	begin := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		begun = append(begun, what)
	}
	follow := func(ctx context.Context, t journal.Task) (func(journal.Tx) error, error) {
		begin(t.Key)
		return func(tx journal.Tx) error {
			if t.Key == "now/3" {
				return nil
			}
			return tx.Enqueue(journal.Task{Kind: "now", Key: fmt.Sprintf("now/%c", t.Key[len(t.Key)-1]+1)})
		}, nil
	}
	work(t, s, map[string]journal.Handler{"now": follow, "later": func(_ context.Context, t journal.Task) (func(journal.Tx) error, error) {
		begin(t.Key)
		return nil, nil
	}}, journal.Limits{"now": 2, "later": 2}, func(r journal.Reader) bool { n, _ := journal.Pending(r, ""); return n == 0 })
	if want := []string{"now/1", "now/2", "now/3", "later/1"}; !slices.Equal(begun, want) {
		t.Errorf("begun: %q, want %q", begun, want)
	}
}

func once(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	enqueue := func(tx journal.Tx) error {
		return tx.Enqueue(journal.Task{Kind: "a", Key: "a/1", Batch: "b"}, journal.Task{Kind: "a", Key: "a/1", Batch: "b"})
	}
	ran := 0
	h := map[string]journal.Handler{"a": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
		ran++
		return func(tx journal.Tx) error { _, err := tx.Add("n", "x", 1); return errors.Join(err, enqueue(tx)) }, nil
	}}
	for range 3 {
		tx(t, s, enqueue)
		work(t, s, h, nil, idle)
	}
	view(t, s, func(r journal.Reader) error {
		v, err := r.Get("n", "x")
		n, err2 := journal.Pending(r, "b")
		if string(v) != "1" || ran != 1 || n != 0 {
			t.Errorf("ran %d times, counted %s, %d pending: %v %v", ran, v, n, err, err2)
		}
		return nil
	})
}

func fanIn(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	const parts = 25
	tx(t, s, func(tx journal.Tx) error {
		for i := range parts {
			if err := tx.Enqueue(journal.Task{Kind: "part", Key: fmt.Sprint("part/", i), Batch: "b"}); err != nil {
				return err
			}
		}
		_, err := tx.Add("left", "b", parts)
		return err
	})
	var mu sync.Mutex
	sums := 0
	work(t, s, map[string]journal.Handler{
		"part": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
			return func(tx journal.Tx) error {
				left, err := tx.Add("left", "b", -1)
				if err == nil && left == 0 {
					err = tx.Enqueue(journal.Task{Kind: "sum", Key: "sum/b", Batch: "b"})
				}
				return err
			}, nil
		},
		"sum": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
			mu.Lock()
			defer mu.Unlock()
			sums++
			return nil, nil
		},
	}, journal.Limits{"part": 8}, idle)
	if sums != 1 {
		t.Errorf("the last part was seen %d times", sums)
	}
}

func failures(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	tx(t, s, func(tx journal.Tx) error {
		return tx.Enqueue(journal.Task{Kind: "a", Key: "a/1"}, journal.Task{Kind: "a", Key: "a/2", Priority: 9})
	})
	tries := map[string]int{}
	work(t, s, map[string]journal.Handler{"a": func(_ context.Context, task journal.Task) (func(journal.Tx) error, error) {
		tries[task.Key]++
		switch {
		case task.Key == "a/1" && tries[task.Key] == 1:
			return nil, errors.New("not yet")
		case task.Key == "a/1" && tries[task.Key] == 2:
			return nil, &journal.Later{After: time.Millisecond, Err: errors.New("later")}
		case task.Key == "a/1" && tries[task.Key] == 3:
			return func(tx journal.Tx) error {
				return errors.Join(tx.Put("t", "half", nil), errors.New("the commit failed"))
			}, nil
		}
		return nil, nil
	}}, nil, idle)
	if tries["a/1"] != 4 || tries["a/2"] != 1 {
		t.Errorf("tries: %v", tries)
	}
	unwritten(t, s, "a failed commit left a row")
}

// unwritten tells of the row that a commit wrote before it failed.
func unwritten(t *testing.T, s journal.Store, wrong string) {
	t.Helper()
	view(t, s, func(r journal.Reader) error {
		if _, err := r.Get("t", "half"); err == nil {
			t.Error(wrong)
		}
		return nil
	})
}

// panics: a bug in one task's work is a failure of that task and of nothing else.
func panics(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	tx(t, s, func(tx journal.Tx) error {
		return tx.Enqueue(journal.Task{Kind: "a", Key: "a/1"}, journal.Task{Kind: "a", Key: "a/2", Priority: 9})
	})
	tries := map[string]int{}
	work(t, s, map[string]journal.Handler{"a": func(_ context.Context, task journal.Task) (func(journal.Tx) error, error) {
		tries[task.Key]++
		switch {
		case task.Key == "a/1" && tries[task.Key] == 1:
			panic("bug: in the handler")
		case task.Key == "a/1" && tries[task.Key] == 2:
			return func(tx journal.Tx) error {
				if err := tx.Put("t", "half", nil); err != nil {
					return err
				}
				panic("bug: in the commit")
			}, nil
		}
		return nil, nil
	}}, nil, idle)
	if tries["a/1"] != 3 || tries["a/2"] != 1 {
		t.Errorf("tries: %v", tries)
	}
	unwritten(t, s, "a commit that panicked left a row")
}

func attempts(t *testing.T, open func(*testing.T, string) journal.Store) {
	dir := t.TempDir()
	s := open(t, dir)
	tx(t, s, func(tx journal.Tx) error { return tx.Enqueue(journal.Task{Kind: "a", Key: "a/1"}) })
	died := errors.New("as if the process had died")
	seen := []int{}
	for range 3 {
		ctx, stop := context.WithCancel(t.Context())
		err := s.Run(ctx, map[string]journal.Handler{"a": func(_ context.Context, task journal.Task) (func(journal.Tx) error, error) {
			seen = append(seen, task.Attempts)
			stop()
			return nil, &journal.Later{After: time.Hour, Err: died}
		}}, nil)
		stop()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
	}
	defer s.Close()
	if !slices.Equal(seen, []int{1, 2, 3}) {
		t.Errorf("attempts %v, want 1 2 3, counted before each", seen)
	}
}

func counts(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	tx(t, s, func(tx journal.Tx) error {
		for i := range 20 {
			if err := tx.Enqueue(journal.Task{Kind: "a", Key: fmt.Sprint("a/", i)}, journal.Task{Kind: "b", Key: fmt.Sprint("b/", i)}); err != nil {
				return err
			}
		}
		return nil
	})
	var mu sync.Mutex
	now, most := map[string]int{}, map[string]int{}
	h := func(_ context.Context, task journal.Task) (func(journal.Tx) error, error) {
		mu.Lock()
		now[task.Kind]++
		most[task.Kind] = max(most[task.Kind], now[task.Kind])
		mu.Unlock()
		defer func() { mu.Lock(); now[task.Kind]--; mu.Unlock() }()
		return nil, s.View(context.Background(), func(r journal.Reader) error { _, err := journal.Pending(r, ""); return err })
	}
	work(t, s, map[string]journal.Handler{"a": h, "b": h}, journal.Limits{"a": 3}, idle)
	if most["a"] > 3 || most["b"] > 1 {
		t.Errorf("at once: %v, at most 3 and 1 are allowed", most)
	}
}

func cancelled(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	tx(t, s, func(tx journal.Tx) error { return tx.Enqueue(journal.Task{Kind: "a", Key: "a/1"}) })
	ctx, stop := context.WithCancel(t.Context())
	finished := false
	err := s.Run(ctx, map[string]journal.Handler{"a": func(context.Context, journal.Task) (func(journal.Tx) error, error) {
		stop() // the end is asked for while the task is in hand
		return func(tx journal.Tx) error { finished = true; return tx.Put("t", "k", nil) }, nil
	}}, nil)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	view(t, s, func(r journal.Reader) error {
		if _, err := r.Get("t", "k"); err != nil || !finished || !idle(r) {
			t.Errorf("what was in hand was not finished: %v", err)
		}
		return nil
	})
	if err := s.Tx(ctx, func(journal.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a transaction of an ended context: %v", err)
	}
}

func events(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	for i := range 3 {
		tx(t, s, func(tx journal.Tx) error { return tx.Log(journal.Event{Action: fmt.Sprint(i)}) })
	}
	view(t, s, func(r journal.Reader) error {
		found, err := r.Scan(journal.TableEvent, "", "", 9)
		for i, row := range found {
			e, err := journal.Load[journal.Event](r, journal.TableEvent, row.Key)
			if err != nil || e.Action != fmt.Sprint(i) || row.Key != fmt.Sprintf("%016x", i+1) {
				t.Errorf("event %d is %+v under %s, %v", i, e, row.Key, err)
			}
		}
		if len(found) != 3 {
			t.Errorf("%d events, %v", len(found), err)
		}
		return err
	})
}

func changed(t *testing.T, open func(*testing.T, string) journal.Store) {
	s := fresh(t, open)
	before := s.Changed()
	view(t, s, func(journal.Reader) error { return nil })
	select {
	case <-before:
		t.Error("a reading counts as a change")
	default:
	}
	tx(t, s, func(tx journal.Tx) error { return tx.Put("t", "k", nil) })
	select {
	case <-before:
	default:
		t.Error("a commit was not told of")
	}
}
