package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/pipeline/intake"
	"postroom/pipeline/journal"
)

// share is a watched folder that tells of nothing: each listing is asked for, under a
// clock of the test's.
type share struct {
	*room
	inbox        string
	listed, next chan struct{}

	mu      sync.Mutex
	now     time.Time
	trouble []string
}

// newShare begins to watch. A PDF is whole when it ends in END, anything else always is:
// a TIFF is, after each page.
func newShare(t *testing.T) *share {
	s := &share{room: newRoom(t), listed: make(chan struct{}), next: make(chan struct{}), now: time.Unix(1e9, 0)}
	s.room.now = s.clock
	s.reopen()
	s.inbox = filepath.Join(s.dir, "inbox")
	if err := os.Mkdir(s.inbox, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- intake.Watch(ctx, intake.Config{
			Folders: []intake.Folder{{Path: s.inbox, Name: "scanner-1"}}, NoEvents: true, Now: s.clock,
			Whole: func(_ context.Context, path string) error {
				if b, err := os.ReadFile(path); err != nil || strings.HasSuffix(path, ".pdf") && !strings.HasSuffix(string(b), "END\n") {
					return errors.Join(err, errors.New("not whole"))
				}
				return nil
			},
			Accept: s.Arrive, Known: s.Knows,
			Trouble: func(path string, err error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				if err != nil {
					s.trouble = append(s.trouble, filepath.Base(path))
				} else {
					s.trouble = append(s.trouble, filepath.Base(path)+" is well")
				}
			},
			Wait: func(ctx context.Context, _ intake.Folder, _ <-chan struct{}) error {
				select {
				case s.listed <- struct{}{}:
				case <-ctx.Done():
					return ctx.Err()
				}
				select {
				case <-s.next:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-s.listed
	return s
}

func (s *share) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// after lets time pass, or jump, and has the folder listed and the sources released.
func (s *share) after(d time.Duration) {
	s.t.Helper()
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
	s.next <- struct{}{}
	<-s.listed
	if err := s.Release(s.t.Context()); err != nil && !errors.Is(err, intake.ErrAway) {
		s.t.Fatal(err)
	}
}

// append adds to a file, as a scanner does.
func (s *share) append(name, text string) {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.inbox, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// wants has all batches worked, in the order that they came, and compares.
func (s *share) wants(what string, want ...string) {
	s.t.Helper()
	var got []string
	if err := s.Batches(s.t.Context(), func(b BatchLine) error {
		_, docs := s.rest(b.Batch)
		got = append(got, filepath.Base(b.File)+": "+strings.Join(places(docs), ", "))
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.t.Errorf("%s:\n  %s\nwant:\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// empty wants nothing to be left in the folder, and no fault.
func (s *share) empty() {
	s.t.Helper()
	if left, err := os.ReadDir(s.inbox); err != nil || len(left) > 0 || s.sources() > 0 {
		s.t.Errorf("left: %v, %d sources, %v", left, s.sources(), err)
	}
	s.verifies()
}

// TestWriterThatPauses, by listing alone: what is not whole is waited for; what is whole
// after each page is taken, and what follows is kept beside it.
func TestWriterThatPauses(t *testing.T) {
	s := newShare(t)
	s.append("a.pdf", "code="+caseA+"\n")
	s.append("b.tif", "code="+caseB+"\n")
	s.after(0)
	s.after(3 * time.Second)
	s.append("a.pdf", "text=and so on END\n")
	s.after(time.Second)
	s.wants("the second page is not quiet yet", "b.tif: 1-1 filed "+caseB)
	held := ".postroom-" + s.newest().Batch
	s.after(3 * time.Second)
	s.wants("whole", "b.tif: 1-1 filed "+caseB, "a.pdf: 1-2 filed "+caseA)
	s.append(held, "text=a page more\n") // the scanner holds the file open
	s.append("b.tif", "text=page two alone\n")
	s.after(time.Second)
	s.after(3 * time.Second)
	s.wants("it went on", "b.tif: 1-1 filed "+caseB, "a.pdf: 1-2 filed "+caseA, "b.tif: 1-2 exception incomplete", "b.tif: 1-1 exception no-reference")
	for range 3 {
		s.after(settle)
	}
	s.empty()
}

// TestNameThatIsUsedAgain: a scanner that counts from 1 each day does not wait for the
// last file of that name to be removed.
func TestNameThatIsUsedAgain(t *testing.T) {
	s := newShare(t)
	for _, code := range []string{caseA, caseB} {
		s.append("1.tif", "code="+code+"\n")
		s.after(0)
		s.after(3 * time.Second)
	}
	s.append("1.tif", "text=nothing\n")
	s.after(0)
	s.after(settle)
	s.after(3 * time.Second)
	s.wants("three files of one name", "1.tif: 1-1 filed "+caseA, "1.tif: 1-1 filed "+caseB, "1.tif: 1-1 exception no-reference")
	s.after(settle)
	s.after(settle)
	s.empty()
}

// TestClocksThatJump: the server's clock says nothing. Ours is monotonic; should one be
// put in that is not, its jumps back cost a wait, and no file.
func TestClocksThatJump(t *testing.T) {
	s := newShare(t)
	for _, jump := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		s.append("a.tif", "code="+caseA+";text="+jump.String()+"\n")
		at := time.Now().Add(jump)
		if err := os.Chtimes(filepath.Join(s.inbox, "a.tif"), at, at); err != nil {
			t.Fatal(err)
		}
		s.after(0)
		s.after(time.Second)
		if last := s.newest().Batch; last != "" && s.sources() > 0 {
			t.Errorf("a file of %v was not quiet", jump)
		}
		s.after(2 * time.Second)
		s.after(-3 * time.Hour)
		s.after(settle - time.Second)
		if s.sources() != 1 {
			t.Errorf("%d sources before it settled", s.sources())
		}
		s.after(2 * time.Second)
		s.empty()
	}
	s.append("b.tif", "code="+caseB+"\n")
	s.after(0)
	s.after(-5 * time.Hour)
	s.after(3 * time.Second)
	s.wants("after all jumps", "a.tif: 1-1 filed "+caseA, "a.tif: 1-1 filed "+caseA, "b.tif: 1-1 filed "+caseB)
	if now := newRoom(t).cfg.Now(); !strings.Contains(now.String(), " m=") {
		t.Errorf("the mailroom's clock is %v, which can be put forward", now)
	}
}

// TestShareThatGoesAway: a source that can't be found because its share is not mounted is
// removed when that is back.
func TestShareThatGoesAway(t *testing.T) {
	for _, left := range []string{"no folder", "an empty folder of another disk"} {
		s := newShare(t)
		s.append("a.tif", "code="+caseA+"\n")
		s.after(0)
		s.after(3 * time.Second) // taken, and settles
		s.append("b.tif", "code="+caseB+"\n")
		s.after(0) // seen, and not quiet yet
		away := s.inbox + "-away"
		if err := os.Rename(s.inbox, away); err != nil {
			t.Fatal(err)
		}
		if left != "no folder" {
			s.otherDisk()
			if err := os.Mkdir(s.inbox, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			s.after(settle)
		}
		if s.sources() != 1 {
			t.Errorf("%s: the source is given up", left)
		}
		_ = os.Remove(s.inbox) // it may not be there
		if err := os.Rename(away, s.inbox); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			s.after(settle)
		}
		s.wants(left, "a.tif: 1-1 filed "+caseA, "b.tif: 1-1 filed "+caseB)
		s.empty()
		if want := "inbox inbox is well"; left == "no folder" && strings.Join(s.trouble, " ") != want {
			t.Errorf("told of %q", s.trouble)
		}
	}
}

// otherDisk has the journal say that the sources were on another disk than this one.
func (s *share) otherDisk() {
	s.t.Helper()
	if err := s.journal.Tx(s.t.Context(), func(tx journal.Tx) error {
		return each(tx, tableSource, "", func(row journal.Row) error {
			source, err := load[sourceRow](tx, tableSource, row.Key)
			if err != nil {
				return err
			}
			source.Stamp.Dev++
			return journal.Save(tx, tableSource, row.Key, source)
		})
	}); err != nil {
		s.t.Fatal(err)
	}
}

// TestMountedAnew: a file that was journalled, and not yet claimed when the server died,
// is the same file when its share has another device number.
func TestMountedAnew(t *testing.T) {
	s := newShare(t)
	path := filepath.Join(s.inbox, "a.tif")
	s.append("a.tif", "code="+caseA+"\n")
	if _, err := s.Accept(t.Context(), path, Origin{Source: "scanner-1", Watched: true}); err != nil {
		t.Fatal(err)
	}
	s.otherDisk()
	s.after(0)
	s.after(3 * time.Second)
	for range 2 {
		s.after(settle)
	}
	s.wants("one file", "a.tif: 1-1 filed "+caseA)
	s.empty()
}
