package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postroom/pipeline/intake"
	"postroom/pipeline/journal"
)

// arrive has the mailroom take a file of its watched folder.
func (r *room) arrive(name string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	stamp, err := intake.StampOf(path)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.Arrive(r.t.Context(), intake.Arrival{Folder: intake.Folder{Path: r.dir, Name: "scanner-1"}, Path: path, Stamp: stamp}); err != nil {
		r.t.Fatal(err)
	}
	return r.newest().Batch
}

// newest gives the batch that was taken last.
func (r *room) newest() (last BatchLine) {
	r.t.Helper()
	if err := r.Batches(r.t.Context(), func(b BatchLine) error { last = b; return nil }); err != nil {
		r.t.Fatal(err)
	}
	return last
}

// rest works the queue until nothing of the batch is left to do.
func (r *room) rest(batch string) (BatchLine, []DocumentLine) {
	r.t.Helper()
	if err := r.work(func(ctx context.Context) error { return r.Await(ctx, batch, false) }); err != nil {
		r.t.Fatal(err)
	}
	line, docs, err := r.Batch(r.t.Context(), batch)
	if err != nil {
		r.t.Fatal(err)
	}
	return line, docs
}

func (r *room) sources() (left int) {
	r.t.Helper()
	if err := r.journal.View(r.t.Context(), func(reader journal.Reader) error {
		left = 0
		return each(reader, tableSource, "", func(journal.Row) error { left++; return nil })
	}); err != nil {
		r.t.Fatal(err)
	}
	return left
}

// TestReceivedIsSaidOnce: a source that can't be claimed is offered at each listing.
func TestReceivedIsSaidOnce(t *testing.T) {
	r := newRoom(t)
	var log strings.Builder
	r.Mailroom.cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	path := r.write("a.pdf", "code="+caseA+"\n")
	stamp, err := intake.StampOf(path)
	if err != nil {
		t.Fatal(err)
	}
	a := intake.Arrival{Folder: intake.Folder{Path: r.dir, Name: "scanner-1"}, Path: path, Stamp: stamp}
	if _, err := r.accept(t.Context(), path, stamp, Origin{Source: "scanner-1", Watched: true}); err != nil {
		t.Fatal(err) // the claim that follows is the one that fails
	}
	if err := r.Arrive(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "batch received"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
}

// TestSourceSettlesByOurClock: a file server's clock says nothing about how long
// a scanner has been quiet.
func TestSourceSettlesByOurClock(t *testing.T) {
	r := newRoom(t)
	now := time.Now().Add(-24 * time.Hour) // the file server is a day ahead
	r.now = func() time.Time { return now }
	r.reopen()
	path := r.write("a.pdf", "code="+caseA+"\n")
	batch := r.arrive("a.pdf")
	claimed := filepath.Join(r.dir, ".postroom-"+batch)
	for _, c := range []struct {
		later time.Duration
		there bool
	}{{0, true}, {30 * time.Second, true}, {29 * time.Second, true}, {2 * time.Second, false}} {
		now = now.Add(c.later)
		if err := r.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(claimed); (err == nil) != c.there {
			t.Errorf("%v later the source is there: %t, want %t", c.later, err == nil, c.there)
		}
	}
	if !sourceGone(path) || r.sources() != 0 {
		t.Error("the source stayed")
	}
	_, docs := r.rest(batch)
	wantPlaces(t, docs, "1-1 filed "+caseA)
}

// TestSourceGrows: what a scanner writes after its file was taken is not lost and
// not filed twice, whether the file could be claimed by then or not.
func TestSourceGrows(t *testing.T) {
	for _, claimed := range []bool{true, false} {
		r := newRoom(t)
		path := r.write("a.pdf", "code="+caseA+"\n")
		var batch string
		var err error
		if claimed {
			batch = r.arrive("a.pdf")
			path = filepath.Join(r.dir, ".postroom-"+batch)
		} else if batch, err = r.Accept(t.Context(), path, Origin{Source: "scanner-1", Watched: true}); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString("code=" + caseB + "\n")
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if claimed {
			err = r.Release(t.Context())
		} else {
			r.arrive("a.pdf")
		}
		if err != nil {
			t.Fatal(err)
		}
		_, docs := r.rest(batch)
		wantPlaces(t, docs, "1-1 filed "+caseA)
		var all []string
		if err := r.Batches(t.Context(), func(b BatchLine) error { all = append(all, b.Batch); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(all) != 2 {
			t.Fatalf("claimed %t: %d batches", claimed, len(all))
		}
		_, docs = r.rest(all[1])
		wantPlaces(t, docs, "1-2 exception incomplete")
		if r.sources() > 1 {
			t.Errorf("claimed %t: %d sources are journalled", claimed, r.sources())
		}
		r.verifies()
	}
}

// TestLaterVersionHasItsName: what is taken of a file that grew, however often, is
// found by the name that the scanner gave it, and names what was taken before.
func TestLaterVersionHasItsName(t *testing.T) {
	r := newRoom(t)
	now := time.Now()
	r.now = func() time.Time { return now }
	r.reopen()
	path, done := r.write("a\xff.pdf", "code="+caseA+"\n"), filepath.Join(r.dir, "done")
	stamp, err := intake.StampOf(path)
	if err != nil {
		t.Fatal(err)
	}
	folder := intake.Folder{Path: r.dir, Name: "scanner-1", Done: done}
	if err := r.Arrive(t.Context(), intake.Arrival{Folder: folder, Path: path, Stamp: stamp}); err != nil {
		t.Fatal(err)
	}
	// As a run leaves it that died while it copied a source to another file system.
	if err := os.Mkdir(done, 0o700); err != nil {
		t.Fatal(err)
	}
	r.write("done/.postroom-tmp-1", "code")
	scanner, err := os.OpenFile(filepath.Join(r.dir, ".postroom-"+r.newest().Batch), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer scanner.Close()
	for range 2 {
		first := r.newest()
		if _, err := scanner.WriteString("text=more\n"); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second claims it under its batch's name
			if err := r.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		later := r.newest()
		_, docs := r.rest(later.Batch)
		if later.Batch == first.Batch || later.File != first.File || len(docs) != 1 || !strings.Contains(docs[0].Detail, first.Batch) {
			t.Errorf("of %+v comes %+v: %+v", first, later, docs)
		}
	}
	now = now.Add(2 * settle)
	if err := r.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := os.ReadDir(done); err != nil || len(all) != 1 || all[0].Name() != "a\xff.pdf" {
		t.Errorf("done: %v, %v", all, err)
	}
	r.verifies()
}

// TestArrivesAsItWasJudged: pages that a scanner adds after the file was found
// quiet are not cut off from those before.
func TestArrivesAsItWasJudged(t *testing.T) {
	r := newRoom(t)
	path := r.write("a.tif", "code="+caseA+"\n")
	stamp, err := intake.StampOf(path)
	if err != nil {
		t.Fatal(err)
	}
	r.write("a.tif", "code="+caseA+"\ntext=more\n")
	a := intake.Arrival{Folder: intake.Folder{Path: r.dir, Name: "scanner-1"}, Path: path, Stamp: stamp}
	if err := r.Arrive(t.Context(), a); !errors.Is(err, ErrChanging) {
		t.Errorf("a file that grew since it was judged: %v", err)
	}
	if r.sources() != 0 {
		t.Error("it was taken")
	}
	_, docs := r.rest(r.arrive("a.tif"))
	wantPlaces(t, docs, "1-2 filed "+caseA)
	r.verifies()
}

// TestOneReleaseAtATime: its watch and Release look at a source that has just arrived.
func TestOneReleaseAtATime(t *testing.T) {
	r := newRoom(t)
	for range 50 {
		r.write("a.pdf", "code="+caseA+"\n")
		batch, err := r.Accept(t.Context(), filepath.Join(r.dir, "a.pdf"), Origin{Source: "scanner-1", Watched: true})
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := r.Release(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if _, err := r.source(t.Context(), batch); err != nil {
			t.Fatalf("a source that was claimed is given up: %v", err)
		}
	}
}

// TestRefusedFileComesAgain: what was refused for a reason that can be mended is
// read when it comes again.
func TestRefusedFileComesAgain(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA+";text=rubbish")
	wantPlaces(t, docs, "file exception unreadable-file")
	first := docs[0].Document
	_, docs = r.process("a.pdf", "code="+caseA+";text=rubbish")
	if docs[0].Document != first {
		t.Error("the same file, named again with nothing changed, is another batch")
	}
	r.write("b.pdf", "code="+caseA+";text=rubbish\n")
	r.helpers.cured = true
	_, docs = r.rest(r.arrive("b.pdf"))
	wantPlaces(t, docs, "1-1 filed "+caseA)
	r.digest = "another configuration"
	r.reopen()
	_, docs = r.process("a.pdf", "code="+caseA+";text=rubbish")
	wantPlaces(t, docs, "1-1 exception duplicate") // of b.pdf, which is filed by now
	_, docs = r.process("c.pdf", "code="+caseB)
	_, docs = r.process("d.pdf", "code="+caseB)
	wantPlaces(t, docs, "1-1 exception duplicate")
	r.verifies()
}

// TestWholeFileIsFiledByAPerson: a duplicate that really came twice, of any format.
func TestWholeFileIsFiledByAPerson(t *testing.T) {
	r := newRoom(t)
	r.process("a.pdf", "code="+caseA)
	_, docs := r.process("b.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 exception duplicate")
	if err := r.decide(docs[0].Document, Decision{Reference: caseA}); err != nil {
		t.Error(err)
	}
	r.helpers.kind = 2 // whatever it is, it is no PDF that could stand for itself
	r.process("c.tif", "code="+caseB)
	_, docs = r.process("d.tif", "code="+caseB)
	wantPlaces(t, docs, "1-1 exception duplicate")
	if err := r.decide(docs[0].Document, Decision{Reference: caseB}); err != nil {
		t.Error(err)
	}
	_, docs = r.process("e.pdf", "rubbish")
	var refused *Refused
	if err := r.decide(docs[0].Document, Decision{Reference: caseA}); !errors.As(err, &refused) {
		t.Errorf("a file that can't be read was filed: %v", err)
	}
	r.verifies()
}

// TestLastingFailureIsSeen: a task that fails again and again for a reason that
// is no finding does not make people wait without a word.
func TestLastingFailureIsSeen(t *testing.T) {
	r := newRoom(t)
	r.helpers.fail = errors.New("no space left on device")
	batch, docs := r.process("a.pdf", "code="+caseA, "code="+caseB)
	wantPlaces(t, docs, "1-1 placed "+caseA, "2-2 placed "+caseB)
	if !strings.Contains(batch.Trouble, "no space left") || batch.Unreachable() || batch.Pending != 2 {
		t.Errorf("batch %+v", batch)
	}
	if q, err := r.Waiting(t.Context()); err != nil || q.Stuck != 2 || q.Stores != 0 {
		t.Errorf("%+v, %v", q, err)
	}
	r.helpers.fail = nil
	r.reopen()
	batch, docs = r.process("a.pdf", "code="+caseA, "code="+caseB)
	wantPlaces(t, docs, "1-1 filed "+caseA, "2-2 filed "+caseB)
	if batch.Trouble != "" {
		t.Errorf("batch %+v", batch)
	}
	r.verifies()
}

// TestBugIsSeen: a task that panics, in its work or in its commit, is a trouble of
// its batch like any lasting failure, and is not waited for.
func TestBugIsSeen(t *testing.T) {
	for _, inCommit := range []bool{false, true} {
		r := newRoom(t)
		var broken atomic.Bool
		r.now = func() time.Time {
			if broken.Swap(false) {
				panic("bug: the clock stands")
			}
			return time.Now()
		}
		tax := r.stores["tax"]
		r.stores["tax"] = moody{Store: tax, late: func() error { // the next clock is the commit's
			if broken.Store(inCommit); !inCommit {
				panic("bug: the store is dizzy")
			}
			return nil
		}}
		r.reopen()
		batch, docs := r.process("a.pdf", "code="+caseA)
		wantPlaces(t, docs, "1-1 placed "+caseA)
		if !strings.Contains(batch.Trouble, "it panicked: bug: the") || strings.Contains(batch.Trouble, "goroutine") {
			t.Errorf("in the commit %t: batch %+v", inCommit, batch)
		}
		r.stores["tax"] = tax
		r.reopen()
		batch, docs = r.process("a.pdf", "code="+caseA)
		wantPlaces(t, docs, "1-1 filed "+caseA)
		if batch.Trouble != "" {
			t.Errorf("in the commit %t: batch %+v", inCommit, batch)
		}
		r.verifies()
	}
}

// reopen starts the mailroom anew over the same folder.
func (r *room) reopen() {
	r.t.Helper()
	if err := r.journal.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.open(nil)
}
