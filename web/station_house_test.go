package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
	"postroom/router"
	"postroom/router/casestore"
	"postroom/router/casestore/folder"
	"postroom/router/reference"
	"postroom/web/access"
	"postroom/web/session"
)

// A case of the test register that is closed; caseA and caseB are live.
const (
	caseClosed = "TX-2021-000003-27"
)

// lineHelpers stand in for scanner files and helpers: a "scan" is a text file with a page
// a line, which is its text; "blank" is blank, and a file that begins with "rubbish"
// can't be opened.
type lineHelpers struct{}

func (lineHelpers) Slots() int { return 1 }

func pagesOf(file *os.File) ([]string, error) {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<20))
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), err
}

func (lineHelpers) Open(_ context.Context, file *os.File, _ string) (sandbox.Contents, error) {
	pages, err := pagesOf(file)
	if err == nil && pages[0] == "rubbish" {
		return sandbox.Contents{Refused: &sandbox.Refusal{Reason: mail.UnreadableFile, Detail: "rubbish"}}, nil
	}
	return sandbox.Contents{Kind: mail.PDF, Pages: len(pages)}, err
}

func (lineHelpers) Read(_ context.Context, file *os.File, _ string, want []int, _ sandbox.Text) (all []mail.Reading, err error) {
	pages, err := pagesOf(file)
	if err != nil {
		return nil, err
	}
	for _, n := range want {
		r := mail.Reading{Page: n, Width: 1654, Height: 2338, DPI: 200, DPIY: 200, Ink: 0.05, HasText: true, Blank: pages[n-1] == "blank"}
		if !r.Blank {
			for i, w := range strings.Fields(pages[n-1]) {
				r.Words = append(r.Words, mail.Word{Text: w, Box: mail.Box{X0: 100 + 120*i, Y0: 300, X1: 200 + 120*i, Y1: 330}, Confidence: 0.95})
			}
		}
		all = append(all, r)
	}
	return all, nil
}

func (lineHelpers) Again(context.Context, *os.File, string, int, ocr.Place) ([][]mail.Word, error) {
	return nil, nil
}

func (lineHelpers) Cut(_ context.Context, file *os.File, _ string, from, to int, out *os.File) (sandbox.Cutting, error) {
	pages, err := pagesOf(file)
	if err == nil {
		_, err = io.WriteString(out, strings.Join(pages[from-1:to], "\n")+"\n")
	}
	return sandbox.Cutting{}, err
}

func (lineHelpers) Render(context.Context, *os.File, string, scan.Order, *os.File) (sandbox.Rendered, error) {
	return sandbox.Rendered{Refused: &sandbox.Refusal{Reason: mail.UnreadableFile, Detail: "no rendition here"}}, nil
}

func (lineHelpers) Picture(context.Context, *os.File, string, int, mail.Box, *os.File) (sandbox.Picture, error) {
	return sandbox.Picture{}, errors.New("no pictures here")
}

func (lineHelpers) View(context.Context, *os.File, string, int, scan.Viewing) (sandbox.View, error) {
	return sandbox.View{Width: 20, Height: 30, Colours: 1, Pix: bytes.Repeat([]byte{200}, 600)}, nil
}

// stationHouse is a house whose mailroom works, with a second operator, "ben".
type stationHouse struct {
	*house
	dir  string
	full *filled
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

func newStation(t *testing.T, doubleKey ...string) *stationHouse {
	t.Helper()
	dir := t.TempDir()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	scheme, err := reference.New(reference.Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"})
	check(err)
	register := filepath.Join(dir, "cases.csv")
	check(os.WriteFile(register, []byte("reference,store,status,name,postcode\n"+caseA+",tax,open,Ada Alder,1000\n"+caseB+",tax,open,Bob Birch,2000\n"+caseClosed+",tax,closed,Cy Cedar,3000\n"), 0o600))
	var log *audit.Log
	store, err := bolt.Open(filepath.Join(dir, "journal.db"), bolt.Config{BackOff: time.Millisecond, Seal: func(tx journal.Tx) error { return log.Seal(tx) }})
	check(err)
	t.Cleanup(func() { _ = store.Close() })
	log, err = audit.Open(t.Context(), filepath.Join(dir, "audit"), store)
	check(err)
	blobs, err := journal.OpenDir(filepath.Join(dir, "blobs"))
	check(err)
	tax := folder.New(filepath.Join(dir, "tax"), "tax")
	check(tax.Init())
	schemes := []*reference.Scheme{scheme}
	full := &filled{Store: store}
	room, err := pipeline.New(pipeline.Config{Rules: router.New(router.Config{Schemes: schemes, MaxPages: 500}), Schemes: schemes, Register: register, DoubleKey: doubleKey,
		Stores: map[string]casestore.Store{"tax": tax}, Audit: log, Digest: strings.Repeat("c", 64), Version: "test", Viewer: lineHelpers{}}, full, blobs, lineHelpers{})
	check(err)
	h := &house{t: t, mailroom: room, journal: store, people: map[access.Role]access.User{}, groups: map[string]access.Group{}, clock: &clock{at: time.Now()}}
	h.directory = access.Open(store, access.Config{Version: "test", ConfigDigest: "c", Now: h.clock.now})
	h.sessions = session.Open(store, session.Config{Now: h.clock.now})
	stopping, stop := context.WithCancel(context.Background())
	handler, err := New(Config{Mailroom: room, Directory: h.directory, Sessions: h.sessions, Stores: []string{"tax"}, Version: "test", Now: h.clock.now, Stopping: stopping})
	check(err)
	h.desk = httptest.NewServer(handler)
	ended := make(chan error, 1)
	go func() { ended <- room.Run(stopping) }()
	t.Cleanup(func() {
		h.desk.Close()
		if stop(); !errors.Is(<-ended, context.Canceled) {
			t.Error("the mailroom ended by itself")
		}
	})
	for login, role := range map[string]access.Role{"operator": access.Operator, "ben": access.Operator, "supervisor": access.Supervisor, "auditor": access.Auditor} {
		_, _, err := h.directory.Add(t.Context(), "test", access.User{Login: login, Name: "The " + login, Roles: []access.Role{role}, Language: "en"}, password)
		check(err)
	}
	return &stationHouse{h, dir, full}
}

// came has a scan of the given pages come in, and gives its documents.
func (h *stationHouse) came(name string, pages ...string) []pipeline.DocumentLine {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, []byte(strings.Join(pages, "\n")+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(h.t.Context(), time.Minute)
	defer stop()
	id, err := h.mailroom.Accept(ctx, path, pipeline.Origin{Source: "scanner-1"})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.rest(ctx, id)
}

func (h *stationHouse) rest(ctx context.Context, batch string) []pipeline.DocumentLine {
	h.t.Helper()
	if err := h.mailroom.Await(ctx, batch, false); err != nil {
		h.t.Fatal(err)
	}
	_, docs, err := h.mailroom.Batch(ctx, batch)
	if err != nil {
		h.t.Fatal(err)
	}
	return docs
}

func (h *stationHouse) document(id string) pipeline.DocumentLine {
	h.t.Helper()
	line, err := h.mailroom.Document(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return line
}

// clerk is somebody at the station.
type clerk struct{ *browser }

func (h *stationHouse) clerk(login string) *clerk { return &clerk{h.as(access.Role(login))} }

var atStation = regexp.MustCompile(`/station/([0-9a-f]{32})/skip`)

// opens goes to the station and gives the document that is open there; "" = none.
func (c *clerk) opens(path string) string {
	c.t.Helper()
	if got := c.get(path); got.StatusCode != http.StatusOK {
		c.t.Fatalf("GET %s: %s", path, got.Status)
	}
	return c.document()
}

func (c *clerk) document() string {
	if m := atStation.FindStringSubmatch(c.body); m != nil {
		return m[1]
	}
	return ""
}

// does sends a form about a document as the station last showed it, and follows where it
// leads: a refused one shows the document again.
func (c *clerk) does(document, what string, form url.Values) int {
	c.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	if m := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(c.body); m != nil && !form.Has("version") {
		form.Set("version", m[1])
	}
	got := c.post("/station/"+document+"/"+what, form)
	return c.follow(got)
}

func (c *clerk) undo() int {
	c.t.Helper()
	return c.follow(c.post("/station/undo", nil))
}

func (c *clerk) follow(got *http.Response) int {
	c.t.Helper()
	if got.StatusCode != http.StatusSeeOther {
		return got.StatusCode
	}
	if after := c.get(got.Header.Get("Location")); after.StatusCode != http.StatusOK {
		c.t.Fatalf("it leads to %s: %s", got.Header.Get("Location"), after.Status)
	}
	return got.StatusCode
}

func (c *clerk) sees(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if !strings.Contains(c.body, text) {
			c.t.Errorf("the page lacks %q", text)
		}
	}
}

func (c *clerk) doesNotSee(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if strings.Contains(c.body, text) {
			c.t.Errorf("the page has %q", text)
		}
	}
}

func spansOf(docs []pipeline.DocumentLine) string {
	var all []string
	for _, d := range docs {
		if d.Status != "superseded" {
			all = append(all, fmt.Sprint(spans(d.Pages), " ", d.Status))
		}
	}
	return strings.Join(all, ", ")
}
