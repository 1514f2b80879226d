package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/pipeline/search"
	"postroom/router"
	"postroom/router/casestore"
	"postroom/router/casestore/folder"
	"postroom/router/reference"
	"postroom/web/access"
	"postroom/web/session"
)

// The cases of a house's register; their check digits are ISO 7064 mod 97-10.
const (
	caseA      = "TX-2021-000001-33"
	caseB      = "TX-2021-000002-30"
	caseClosed = "TX-2021-000003-27"
	caseOther  = "SO-2021-584777-47" // of another store
)

const password = "a letter opener and two stamps"

// house is a desk before a mailroom with a real journal in a temporary folder, a register of
// cases and one person of each role. Its mailroom works while mail comes in (receive, rest),
// or all the time (newStation).
type house struct {
	t         testing.TB
	desk      *httptest.Server
	mailroom  *pipeline.Mailroom
	directory *access.Directory
	sessions  *session.Sessions
	index     *search.Index
	people    map[string]access.User // by their logins
	group     access.Group           // the caseworker's
	journal   journal.Store
	full      *filled // the mailroom's journal, when there is no room for more
	clock     *clock
	log       *written
	key       string // the journal's public key
	source    string // of the files that come in
	works     bool   // the mailroom, all the time
}

// newHouse makes a house; changes are of what its mailroom works by.
func newHouse(t testing.TB, changes ...func(*pipeline.Config)) *house {
	t.Helper()
	h := &house{t: t, people: map[string]access.User{}, clock: &clock{}, log: &written{}, source: "process"}
	dir := t.TempDir()
	var log *audit.Log
	store, err := bolt.Open(filepath.Join(dir, "journal.db"), bolt.Config{BackOff: time.Millisecond, Seal: func(tx journal.Tx) error { return log.Seal(tx) }})
	h.must(err)
	t.Cleanup(func() { _ = store.Close() })
	log, err = audit.Open(t.Context(), filepath.Join(dir, "audit"), store)
	h.must(err)
	h.key = log.Public()
	h.journal, h.full = store, &filled{Store: store}
	blobs, err := journal.OpenDir(filepath.Join(dir, "blobs"))
	h.must(err)
	var schemes []*reference.Scheme
	stores := map[string]casestore.Store{}
	for name, letters := range map[string]string{"tax": "TX", "social": "SO"} {
		s, err := reference.New(reference.Config{Name: name, Pattern: letters + `-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: name})
		h.must(err)
		to := folder.New(filepath.Join(dir, name), name)
		h.must(to.Init())
		schemes, stores[name] = append(schemes, s), to
	}
	cfg := pipeline.Config{Rules: router.New(router.Config{Separators: []router.Control{{Patch: mail.PatchT}}, OnReference: true, MaxPages: 500, Schemes: schemes}),
		Schemes: schemes, Register: register(t, "Ada Alder"), Stores: stores, Audit: log, Digest: strings.Repeat("c", 64), Version: "test", Now: h.clock.now, Viewer: typist{}}
	for _, change := range changes {
		change(&cfg)
	}
	h.mailroom, err = pipeline.New(cfg, h.full, blobs, typist{})
	h.must(err)
	h.index = search.New(filepath.Join(dir, "search"), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = h.index.Close() })
	h.directory = access.Open(store, access.Config{Version: "test", ConfigDigest: "c", Now: h.clock.now})
	h.sessions = session.Open(store, session.Config{Now: h.clock.now})
	h.open()
	h.must(h.shows("tax"))
	for _, r := range access.Roles() {
		h.hire(access.User{Login: string(r), Roles: []access.Role{r}})
	}
	return h
}

// newStation is a house whose mailroom works all the time, with a second operator, "ben";
// references of some schemes must be keyed by two.
func newStation(t testing.TB, doubleKey ...string) *house {
	t.Helper()
	h := newHouse(t, func(c *pipeline.Config) { c.DoubleKey = doubleKey })
	h.hire(access.User{Login: "ben", Roles: []access.Role{access.Operator}})
	h.works = true
	end := h.run(t.Context())
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// register writes the case register, with the name of caseA's person.
func register(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cases.csv")
	text := fmt.Sprintf("reference,store,status,name,postcode\n%s,tax,open,\"%s\",1000\n%s,tax,open,Bob Birch,2000\n%s,tax,closed,Cy Cedar,3000\n%s,social,open,Dee Dogwood,4000\n",
		caseA, strings.ReplaceAll(name, `"`, `""`), caseB, caseClosed, caseOther)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// open puts a desk before the mailroom, as a start does; what was there before goes on.
func (h *house) open(changes ...func(*Config)) {
	h.t.Helper()
	var lasting sync.WaitGroup
	stopping, stop := context.WithCancel(h.t.Context())
	cfg := Config{Mailroom: h.mailroom, Directory: h.directory, Sessions: h.sessions, Index: h.index, Stores: []string{"tax", "social"}, Version: "test",
		Now: h.clock.now, Log: slog.New(slog.NewTextHandler(h.log, nil)), Stopping: stopping, Lasting: &lasting}
	for _, change := range changes {
		change(&cfg)
	}
	handler, err := New(cfg)
	h.must(err)
	desk := httptest.NewServer(handler)
	h.t.Cleanup(func() { stop(); desk.Close(); lasting.Wait() })
	h.desk = desk
}

// shows has the caseworker see a store's letters: those of some cases, or all.
func (h *house) shows(store string, cases ...string) (err error) {
	h.group, err = h.directory.SaveGroup(h.t.Context(), "test", access.Group{ID: h.group.ID, Name: "Taxes", Stores: []string{store}, Cases: cases})
	return err
}

// hire adds a person, in the caseworkers' group unless another is named.
func (h *house) hire(u access.User) {
	h.t.Helper()
	u.Name, u.Language = "The "+u.Login, "en"
	if u.Groups == nil && slices.Contains(u.Roles, access.Caseworker) {
		u.Groups = []string{h.group.ID}
	}
	u, _, err := h.directory.Add(h.t.Context(), "test", u, password)
	h.must(err)
	h.people[u.Login] = u
}

// run has the mailroom work until end, whose error is that it had ended by itself.
func (h *house) run(ctx context.Context) (end func() error) {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- h.mailroom.Run(ctx) }()
	return func() error {
		if stop(); !errors.Is(<-ended, context.Canceled) {
			return errors.New("the mailroom ended by itself")
		}
		return nil
	}
}

// accept has a file come in that typist reads, and gives its batch.
func (h *house) accept(name string, pages ...string) string {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), name)
	h.must(os.WriteFile(path, []byte(strings.Join(pages, "\n")+"\n"), 0o600))
	id, err := h.mailroom.Accept(h.t.Context(), path, pipeline.Origin{Source: h.source})
	h.must(err)
	return id
}

// receive has a file come in and its letters filed, or held, and gives the documents.
func (h *house) receive(name string, pages ...string) []pipeline.DocumentLine {
	h.t.Helper()
	return h.rest(h.accept(name, pages...))
}

// rest waits until the mailroom can do no more of a batch and what is found is indexed, and
// gives the documents.
func (h *house) rest(batch string) []pipeline.DocumentLine {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.t.Context(), time.Minute)
	defer stop()
	end := func() error { return nil }
	if !h.works {
		end = h.run(ctx)
	}
	err := h.mailroom.Await(ctx, batch, false)
	h.must(errors.Join(err, end(), h.index.Follow(ctx, h.mailroom)))
	_, docs, err := h.mailroom.Batch(ctx, batch)
	h.must(err)
	return docs
}

func (h *house) document(id string) pipeline.DocumentLine {
	h.t.Helper()
	line, err := h.mailroom.Document(h.t.Context(), id)
	h.must(err)
	return line
}

// entries gives the whole log, the newest first.
func (h *house) entries() []pipeline.Entry {
	h.t.Helper()
	return h.entriesOf(pipeline.EntryFilter{})
}

func (h *house) entriesOf(f pipeline.EntryFilter) []pipeline.Entry {
	h.t.Helper()
	all, _, err := h.mailroom.Entries(h.t.Context(), 0, 1500, f)
	h.must(err)
	return all
}

// logged counts the entries of an action about a document; "" = about anything.
func (h *house) logged(document, action string) int {
	h.t.Helper()
	return len(h.entriesOf(pipeline.EntryFilter{About: document, Action: action}))
}

// filled is a journal for which there may be no room.
type filled struct {
	journal.Store
	is atomic.Bool
}

func (f *filled) Tx(ctx context.Context, fn func(journal.Tx) error) error {
	if f.is.Load() {
		return syscall.ENOSPC
	}
	return f.Store.Tx(ctx, fn)
}

// clock is the real time, by which stores file, until a test moves it.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration // of the real time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return time.Now().Add(c.ahead) }

func (c *clock) move(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.ahead += d }

// today is the clock's day, as forms have it.
func (c *clock) today() string { return c.now().Format(time.DateOnly) }

// written is what a log was told.
type written struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *written) String() string { w.mu.Lock(); defer w.mu.Unlock(); return w.text.String() }
