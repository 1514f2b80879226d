package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
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
	"postroom/pipeline/search"
	"postroom/router"
	"postroom/router/casestore"
	"postroom/router/casestore/folder"
	"postroom/router/reference"
	"postroom/web/access"
	"postroom/web/session"
)

// The test register's live cases: two of one store, one of another.
const (
	caseOwn     = "TX-2021-000001-33"
	caseForeign = "TX-2021-000002-30"
	caseOther   = "SO-2021-584777-47"
)

// textScans stands in for scanner files and helpers: a scan is a text file with a page a
// line, "separator" or "code=…;text=…".
type textScans struct{}

func (textScans) Slots() int { return 1 }

func (textScans) pages(file *os.File) ([]string, error) {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<20))
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), err
}

func (t textScans) Open(_ context.Context, file *os.File, _ string) (sandbox.Contents, error) {
	pages, err := t.pages(file)
	return sandbox.Contents{Kind: mail.PDF, Pages: len(pages)}, err
}

func (t textScans) Read(_ context.Context, file *os.File, _ string, want []int, text sandbox.Text) (all []mail.Reading, err error) {
	pages, err := t.pages(file)
	for _, n := range want {
		r := mail.Reading{Page: n, Width: 1654, Height: 2338, DPI: 200, DPIY: 200, Ink: 0.05, HasText: text == sandbox.AllText}
		at := mail.Box{X0: 100, Y0: 100, X1: 400, Y1: 160}.Quad()
		for _, field := range strings.Split(pages[n-1], ";") {
			switch kind, value, _ := strings.Cut(field, "="); kind {
			case "separator":
				r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.PatchT, Text: "patch-t", Polygon: at, Module: 16, Confidence: 1})
			case "code":
				r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.Code128, Text: value, Polygon: at, Module: 3, Confidence: 1})
			case "text":
				for i, w := range strings.Fields(value) {
					r.Words = append(r.Words, mail.Word{Text: w, Box: mail.Box{X0: 100 + 120*i, Y0: 300, X1: 200 + 120*i, Y1: 330}, Confidence: 0.95})
				}
			}
		}
		if len(r.Symbols) == 1 && len(r.Words) == 0 && pages[n-1] == "separator" {
			r.HasText = text != sandbox.NoText
		}
		all = append(all, r)
	}
	return all, err
}

func (textScans) Again(context.Context, *os.File, string, int, ocr.Place) ([][]mail.Word, error) {
	return nil, nil
}

func (t textScans) Cut(_ context.Context, file *os.File, _ string, from, to int, out *os.File) (sandbox.Cutting, error) {
	pages, err := t.pages(file)
	if err == nil {
		_, err = io.WriteString(out, strings.Join(pages[from-1:to], "\n")+"\n")
	}
	return sandbox.Cutting{}, err
}

func (textScans) Render(_ context.Context, _ *os.File, _ string, o scan.Order, out *os.File) (sandbox.Rendered, error) {
	done := sandbox.Rendered{Rendered: scan.Rendered{PDFA: true}}
	for n := 1; n <= o.Pages; n++ {
		p, err := o.Page(n)
		if err != nil {
			return done, err
		}
		if _, err := fmt.Fprintln(out, "page", p.Reading.Page); err != nil {
			return done, err
		}
		done.Pages = append(done.Pages, scan.RenderedPage{Text: scan.LaidWords, Words: len(p.Reading.Words)})
	}
	return done, nil
}

func (textScans) Picture(_ context.Context, _ *os.File, _ string, page int, crop mail.Box, out *os.File) (sandbox.Picture, error) {
	is := sandbox.Picture{Width: 1654, Height: 2338, SHA256: fmt.Sprintf("picture of %d", page)}
	at := is.Within(crop)
	_, err := out.Write(make([]byte, at.Dx()*at.Dy()))
	return is, err
}

// View shows each page in a red of its own.
func (textScans) View(_ context.Context, _ *os.File, _ string, page int, _ scan.Viewing) (sandbox.View, error) {
	return sandbox.View{Width: 20, Height: 30, Colours: 3, Pix: []byte(strings.Repeat(string(rune(10+page))+"\x00\x00", 600))}, nil
}

// logged is what a log was told.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }

// post is a house with letters in it, in every state that a letter can be in.
type post struct {
	*house
	dir     string
	index   *search.Index
	log     *logged
	letters map[string]string // what a letter is to the caseworker -> its id
	pages   map[string]int    // and its first page
	batch   string
	sample  string
	words   map[string]string // a word that stands in no other letter
}

// strange is what strangers write: markup, a quotation's end, a formula, a turned letter order.
const strange = `=1+1"'><img/src=x/onerror=alert(1)>` + "\u202e"

// settings change what a post is made with.
type settings func(*Config)

func newPost(t testing.TB, change ...settings) *post {
	t.Helper()
	p := &post{house: &house{t: t, people: map[access.Role]access.User{}, groups: map[string]access.Group{}, clock: &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}},
		dir: t.TempDir(), log: &logged{}, letters: map[string]string{}, pages: map[string]int{}, words: map[string]string{}}
	p.openMailroom()
	p.directory = access.Open(p.journal, access.Config{Version: "test", ConfigDigest: "c", Now: p.clock.now})
	p.index = search.New(filepath.Join(p.dir, "index"), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = p.index.Close() })
	p.open(change...)
	p.hire()
	p.receive()
	return p
}

// open puts a desk before the mailroom, as a start does; what was there before goes on.
func (p *post) open(change ...settings) {
	p.t.Helper()
	p.sessions = session.Open(p.journal, session.Config{Now: p.clock.now})
	cfg := Config{Mailroom: p.mailroom, Directory: p.directory, Sessions: p.sessions, Index: p.index, Stores: []string{"tax", "social"}, Version: "test",
		Now: p.clock.now, Log: slog.New(slog.NewTextHandler(p.log, nil))}
	for _, c := range change {
		c(&cfg)
	}
	handler, err := New(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.desk = httptest.NewServer(handler)
	p.t.Cleanup(p.desk.Close)
}

func (p *post) openMailroom() {
	t := p.t
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var log *audit.Log
	store, err := bolt.Open(filepath.Join(p.dir, "journal.db"), bolt.Config{BackOff: time.Millisecond, Seal: func(tx journal.Tx) error { return log.Seal(tx) }})
	must(err)
	t.Cleanup(func() { _ = store.Close() })
	log, err = audit.Open(t.Context(), filepath.Join(p.dir, "audit"), store)
	must(err)
	blobs, err := journal.OpenDir(filepath.Join(p.dir, "blobs"))
	must(err)
	var schemes []*reference.Scheme
	stores := map[string]casestore.Store{}
	for name, pattern := range map[string]string{"tax": `TX-\d{4}-\d{6}-\d{2}`, "social": `SO-\d{4}-\d{6}-\d{2}`} {
		s, err := reference.New(reference.Config{Name: name, Pattern: pattern, Check: "iso7064-mod97-10", Store: name})
		must(err)
		to := folder.New(filepath.Join(p.dir, name), name)
		must(to.Init())
		schemes, stores[name] = append(schemes, s), to
	}
	register := filepath.Join(p.dir, "cases.csv")
	must(os.WriteFile(register, fmt.Appendf(nil, "reference,store,status,name,postcode\n%s,tax,open,\"%s\",1000\n%s,tax,open,Foreign Person,2000\n%s,social,open,Other Person,3000\n",
		caseOwn, strings.ReplaceAll(strange, `"`, `""`), caseForeign, caseOther), 0o600))
	p.mailroom, err = pipeline.New(pipeline.Config{Rules: router.New(router.Config{Separators: []router.Control{{Patch: mail.PatchT}}, OnReference: true, MaxPages: 50, Schemes: schemes}),
		Schemes: schemes, Register: register, Stores: stores, Audit: log, Digest: strings.Repeat("c", 64), Version: "test", Now: p.clock.now, Zone: time.UTC,
		Viewer: textScans{}}, store, blobs, textScans{})
	must(err)
	p.journal = store
}

// hire adds one person of each role, one without any, and two with all: one who is to be
// disabled, and one who must choose a password first.
func (p *post) hire() {
	p.t.Helper()
	group, err := p.directory.SaveGroup(p.t.Context(), "test", access.Group{Name: "Taxes", Stores: []string{"tax"}, Cases: []string{caseOwn}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.groups["tax"] = group
	for _, r := range append(access.Roles(), "none", "disabled", "new") {
		u := access.User{Login: string(r), Name: "The " + string(r), Roles: []access.Role{r}, Language: "en"}
		switch r {
		case access.Caseworker:
			u.Groups = []string{group.ID}
		case "none":
			u.Roles = nil
		case "disabled", "new":
			u.Roles, u.Groups, u.MustChange = access.Roles(), []string{group.ID}, r == "new"
		}
		if p.people[r], _, err = p.directory.Add(p.t.Context(), "test", u, password); err != nil {
			p.t.Fatal(err)
		}
	}
}

// work runs the mailroom while do works.
func (p *post) work(do func(ctx context.Context) error) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.t.Context(), time.Minute)
	defer stop()
	run, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.mailroom.Run(run) }()
	err := do(ctx)
	end()
	if failed := <-ended; failed != nil && !errors.Is(failed, context.Canceled) {
		err = errors.Join(err, failed)
	}
	if err == nil {
		err = p.index.Follow(p.t.Context(), p.mailroom)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// receive has a batch come in, and brings each of its letters into another state.
func (p *post) receive() {
	p.t.Helper()
	var lines []string
	kinds := []string{"own", "foreign", "other", "held", "discarded", "recalled"}
	for i, kind := range kinds {
		p.words[kind] = "zebra" + kind
		codes := map[string]string{"own": caseOwn, "foreign": caseForeign, "other": caseOther, "held": caseOwn + ";code=" + caseForeign, "recalled": caseOwn}[kind]
		p.pages[kind] = 2*i + 2
		lines = append(lines, "separator", "code="+codes+";code="+strange+";text="+p.words[kind]+" "+strange+" office")
	}
	path := filepath.Join(p.dir, strings.ReplaceAll(strange, "/", " ")+".pdf")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	ctx := p.t.Context()
	p.work(func(ctx context.Context) (err error) {
		if p.batch, err = p.mailroom.Accept(ctx, path, pipeline.Origin{Source: strange}); err != nil {
			return err
		}
		return p.mailroom.Await(ctx, p.batch, false)
	})
	_, docs, err := p.mailroom.Batch(ctx, p.batch)
	if err != nil || len(docs) != len(kinds) {
		p.t.Fatalf("%d letters, %v", len(docs), err)
	}
	for i, kind := range kinds {
		p.letters[kind] = docs[i].Document
	}
	p.letters["missing"] = strings.Repeat("0", len(p.letters["own"]))
	p.pages["missing"] = 2
	err = errors.Join(
		p.mailroom.Decide(ctx, p.letters["discarded"], pipeline.Decision{Discard: "advertising", By: "A. Clerk"}),
		p.mailroom.Return(ctx, p.letters["recalled"], pipeline.Return{Why: "not ours", By: "A. Caseworker"}))
	sample, drawn := p.mailroom.DrawSample(ctx, "An Auditor", pipeline.SampleOrder{Count: 10, From: p.clock.now().AddDate(0, 0, -1), To: p.clock.now().AddDate(0, 0, 1)})
	if err = errors.Join(err, drawn); err != nil {
		p.t.Fatal(err)
	}
	p.sample = sample.ID
	p.work(func(ctx context.Context) error { return p.mailroom.Await(ctx, p.batch, false) })
}

// login gives a browser in which somebody is signed in, whatever he may do.
func (p *post) login(name string) *browser {
	p.t.Helper()
	if name == "nobody" {
		return p.browser()
	}
	b := p.browser()
	if got := b.post("/signin", url.Values{"login": {name}, "password": {password}}); got.StatusCode != http.StatusSeeOther {
		p.t.Fatalf("%s can't sign in: %s", name, got.Status)
	}
	return b
}

// entries gives the whole log, the newest first.
func (p *post) entries() []pipeline.Entry {
	p.t.Helper()
	all, _, err := p.mailroom.Entries(p.t.Context(), 0, 1500, pipeline.EntryFilter{})
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}
