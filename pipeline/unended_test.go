package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"postroom/mail"
	"postroom/pipeline/journal"
)

var errKilled = errors.New("the process was killed")

// mortal is a room whose process dies where it is told to.
type mortal struct {
	*room
	deaths int
	left   string // the folder as the death left it; "" = it lives
	mu     sync.Mutex
}

// die keeps the folder as a kill would leave it. What the room does from then on is of no account.
func (r *mortal) die(stop func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left != "" {
		return errKilled
	}
	var left string
	err := r.journal.Tx(context.Background(), func(journal.Tx) error { // nobody else writes to the journal meanwhile
		for {
			left = filepath.Join(r.t.TempDir(), "left")
			err := os.CopyFS(left, os.DirFS(r.dir))
			if !errors.Is(err, fs.ErrNotExist) { // a blob that got its name while it was copied
				return errors.Join(err, errKilled)
			}
		}
	})
	if err.Error() != errKilled.Error() {
		r.t.Errorf("keep the folder: %v", err)
	}
	r.left = left
	r.deaths++
	stop()
	return errKilled
}

// survive has the batch worked, by as many processes as it takes.
func (r *mortal) survive(batch string, dies func(op string, pages []string) bool) (BatchLine, []DocumentLine) {
	r.t.Helper()
	for {
		r.left = ""
		life, stop := context.WithCancel(r.t.Context())
		r.helpers.kill = func(op string, pages []string) error {
			if dies(op, pages) {
				return r.die(stop)
			}
			return nil
		}
		err := r.work(func(context.Context) error { return r.Await(life, batch, false) })
		stop()
		if r.left == "" {
			if err != nil {
				r.t.Fatal(err)
			}
			line, docs, err := r.Batch(r.t.Context(), batch)
			if err != nil {
				r.t.Fatal(err)
			}
			return line, docs
		}
		if err := r.journal.Close(); err != nil {
			r.t.Fatal(err)
		}
		r.dir, r.stores = r.left, nil
		r.open(nil)
		if r.deaths > 20 {
			r.t.Fatalf("it dies again and again")
		}
	}
}

func (r *room) accepted(name string, pages ...string) string {
	r.t.Helper()
	id, err := r.Accept(r.t.Context(), r.write(name, strings.Join(pages, "\n")+"\n"), Origin{Source: "process"})
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// TestPoisonIsOneException: a page or file over which the server dies is told to a person
// after three deaths (and two before where others were read with it); all else goes on.
func TestPoisonIsOneException(t *testing.T) {
	letter, near := "code="+caseA+";text=poison", "text=poison Our ref TX-2O21-OOOOO1-33"
	for _, c := range []struct {
		op, page string
		after    bool
		deaths   int
		want     string
		detail   string
	}{
		{"open", letter, false, 3, "file exception unreadable-file", mail.Say("file-unended").English()},
		{"read all", letter, false, 5, "3-3 exception unreadable-page", neverEnded},
		{"read all", "text=poison", true, 5, "3-3 exception unreadable-page", neverEnded},
		{"read all", letter, true, 5, "3-3 exception recall", neverEnded},
		{"again", near, false, 3, "3-3 exception weak-evidence", ""},
		{"cut", letter, false, 3, "3-3 exception unreadable-page", mail.Say("cut-unended").English()},
		{"render", letter, false, 3, "3-3 filed " + caseA, ""},
	} {
		t.Run(strings.ReplaceAll(fmt.Sprint(c.op, " ", c.after), " ", "-"), func(t *testing.T) {
			r := &mortal{room: newRoom(t)}
			r.after = c.after
			r.reopen()
			batch := r.accepted("a.pdf", "code="+caseB, "separator", c.page, "separator", "code="+caseB, "text=and so on", "text=and on")
			_, docs := r.survive(batch, func(op string, pages []string) bool {
				return op == c.op && strings.Contains(strings.Join(pages, "\n"), "poison")
			})
			if want := []string{"1-1 filed " + caseB, c.want, "5-7 filed " + caseB}; c.op == "open" {
				wantPlaces(t, docs, c.want)
			} else {
				wantPlaces(t, docs, want...)
			}
			poison := docs[min(1, len(docs)-1)]
			if r.deaths != c.deaths || !strings.Contains(poison.Detail, c.detail) {
				t.Errorf("after %d deaths, want %d: %q", r.deaths, c.deaths, poison.Detail)
			}
			if c.op == "render" {
				if sheet, pdf := renditionOf(t, poison); sheet.Why != neverRendered || pdf != "" {
					t.Errorf("%+v, %q", sheet, pdf)
				}
			}
			r.verifies()
		})
	}
}

// TestUnluckyKillsOnlyDivide: a server that is killed again and again, over no matter
// what, makes no exception of a good page.
func TestUnluckyKillsOnlyDivide(t *testing.T) {
	r := &mortal{room: newRoom(t)}
	pages := []string{"code=" + caseA}
	for n := range 30 {
		pages = append(pages, fmt.Sprintf("text=page %d", n+2))
	}
	batch := r.accepted("a.pdf", pages...)
	const kills = 4 // the first portions are divided after two, and pages of them meet the others
	_, docs := r.survive(batch, func(op string, pages []string) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.deaths < kills && op == "read all" && strings.Contains(pages[0], "page ")
	})
	wantPlaces(t, docs, "1-31 filed "+caseA)
	if r.deaths != kills {
		t.Errorf("it died %d times", r.deaths)
	}
	if !slices.ContainsFunc(r.helpers.asked, regexp.MustCompile(`^all \[\d+\]$`).MatchString) {
		t.Errorf("no portion was divided: %q", r.helpers.asked)
	}
	r.verifies()
}

// TestUnluckyKillsLeaveText: the same for the text of a long document that is filed already.
func TestUnluckyKillsLeaveText(t *testing.T) {
	r := &mortal{room: after(t)}
	pages := []string{"code=" + caseA}
	for n := range 9 {
		pages = append(pages, fmt.Sprintf("text=page %d", n+2))
	}
	batch := r.accepted("a.pdf", pages...)
	read := 0 // in this life; the text of a document is read by one task at a time
	_, docs := r.survive(batch, func(op string, _ []string) bool {
		if op != "read all" {
			return false
		}
		if read++; read%4 == 0 && r.deaths < 8 { // no process reads more than three pages' text
			return true
		}
		return false
	})
	wantPlaces(t, docs, "1-10 filed "+caseA)
	if r.deaths < 4 {
		t.Errorf("it died %d times", r.deaths)
	}
	if sheet, _ := renditionOf(t, docs[0]); len(sheet.Pages) != 10 || sheet.Pages[9].Words != 2 {
		t.Errorf("%+v", sheet.Pages)
	}
	r.verifies()
}
