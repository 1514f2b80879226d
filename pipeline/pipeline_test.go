package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
	"postroom/router"
	"postroom/router/casestore"
	"postroom/router/casestore/folder"
	"postroom/router/reference"
)

// Live cases of the test register; their check digits are ISO 7064 mod 97-10.
const (
	caseA = "TX-2021-000001-33"
	caseB = "TX-2021-000002-30"
)

// fakeHelpers stands in for scanner files and helpers: a "scan" is a text file with a
// page a line: "separator", "blank", "letter", "dead" (helpers die over it), or
// codes and words: "code=TX-... text=some words".
type fakeHelpers struct {
	mu     sync.Mutex
	reads  int
	asked  []string // what was read of which pages, in order
	cut    func(from, to int) *sandbox.Refusal
	render func() *sandbox.Refusal
	looks  []string  // what a second look at any place says
	fail   error     // of every cut
	cured  bool      // rubbish can be read after all
	kind   mail.Kind // of every file; PDF when unknown
	unseen int       // page that can't be decoded again
	kill   func(op string, pages []string) error
	wrote  func(pages []string) sandbox.Contents // what is seen in what was written
	keys   []string                              // that files were cut under

	mistaken bool // what is rendered has other pages than were read
}

// dies asks whether the process dies over the pages of a file.
func (f *fakeHelpers) dies(op string, file *os.File, from, to int) error {
	if f.kill == nil {
		return nil
	}
	pages, err := f.pages(file)
	if err != nil {
		return err
	}
	if to == 0 {
		to = len(pages)
	}
	return f.kill(op, pages[from-1:to])
}

func (f *fakeHelpers) Slots() int { return 2 }

func (f *fakeHelpers) pages(file *os.File) ([]string, error) {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<20))
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), err
}

func (f *fakeHelpers) Open(_ context.Context, file *os.File, key string) (sandbox.Contents, error) {
	if key == "" { // what was written
		pages, err := f.pages(file)
		if f.wrote != nil {
			return f.wrote(pages), err
		}
		return sandbox.Contents{Kind: mail.PDF, Pages: len(pages)}, err
	}
	if err := f.dies("open", file, 1, 0); err != nil {
		return sandbox.Contents{}, err
	}
	pages, err := f.pages(file)
	kind := f.kind
	if kind == mail.KindUnknown {
		kind = mail.PDF
	}
	if err == nil && !f.cured && strings.Contains(pages[0], "rubbish") {
		return sandbox.Contents{Refused: &sandbox.Refusal{Reason: mail.UnreadableFile, Detail: "rubbish"}}, nil
	}
	return sandbox.Contents{Kind: kind, Pages: len(pages)}, err
}

func (f *fakeHelpers) Read(_ context.Context, file *os.File, _ string, want []int, text sandbox.Text) ([]mail.Reading, error) {
	pages, err := f.pages(file)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.reads += len(want)
	f.asked = append(f.asked, fmt.Sprintf("%s %v", text, want))
	f.mu.Unlock()
	var all []mail.Reading
	for _, n := range want {
		if err := f.dies("read "+string(text), file, n, n); err != nil {
			return nil, err
		}
		all = append(all, fakeReading(n, pages[n-1], text))
	}
	return all, nil
}

func fakeReading(n int, page string, text sandbox.Text) mail.Reading {
	r := mail.Reading{Page: n, Width: 1654, Height: 2338, DPI: 200, DPIY: 200, Ink: 0.05, HasText: text == sandbox.AllText}
	at := mail.Box{X0: 100, Y0: 100, X1: 400, Y1: 160}
	switch page {
	case "dead":
		return mail.Reading{Page: n, Failure: "the helper process died"}
	case "blank":
		r.Blank, r.Unmarked, r.Ink = true, true, 0
		return r
	case "separator":
		r.HasText = text != sandbox.NoText
		r.Symbols = []mail.Symbol{{Symbology: mail.PatchT, Text: "patch-t", Polygon: at.Quad(), Module: 16, Confidence: 1}}
		return r
	}
	line := 0
	for _, field := range strings.Split(page, ";") {
		kind, value, _ := strings.Cut(field, "=")
		switch kind {
		case "patch":
			r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.PatchT, Text: "patch-t", Polygon: at.Quad(), Module: 16, Confidence: 1})
		case "turn":
			r.Rotation, _ = strconv.Atoi(value)
		case "unsure":
			c, _ := strconv.ParseFloat(value, 64)
			r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.PatchT, Text: "patch-t", Polygon: at.Quad(), Module: 16, Confidence: c})
		case "doubt":
			r.Doubts = append(r.Doubts, mail.Doubt{Looks: mail.LooksPatch, Polygon: at.Quad()})
		case "skew":
			r.Skew, _ = strconv.ParseFloat(value, 64)
		case "streak":
			place, _ := strconv.ParseFloat(value, 64)
			r.Streaks = append(r.Streaks, mail.Streak{Place: place, Width: 2, Dark: true})
		case "code":
			r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.Code128, Text: value, Polygon: at.Quad(), Module: 3, Confidence: 1})
		case "text", "head":
			if text != sandbox.AllText && (kind == "text" || text != sandbox.HeadText) {
				continue
			}
			for i, w := range strings.Fields(value) {
				box := mail.Box{X0: 100 + 120*i, Y0: 300 + 40*line, X1: 200 + 120*i, Y1: 330 + 40*line}
				r.Words = append(r.Words, mail.Word{Text: w, Box: box, Confidence: 0.95, Line: line})
			}
			line++
		}
	}
	return r
}

func (f *fakeHelpers) Again(_ context.Context, file *os.File, _ string, page int, at ocr.Place) (looks [][]mail.Word, err error) {
	if err := f.dies("again", file, page, page); err != nil {
		return nil, err
	}
	for _, text := range f.looks {
		looks = append(looks, []mail.Word{{Text: text, Box: at.Box, Confidence: 0.9}})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprintf("again [%d]", page))
	return looks, nil
}

func (f *fakeHelpers) Cut(_ context.Context, file *os.File, key string, from, to int, out *os.File) (sandbox.Cutting, error) {
	f.mu.Lock()
	f.keys = append(f.keys, key)
	f.mu.Unlock()
	if err := f.dies("cut", file, from, to); err != nil {
		return sandbox.Cutting{}, err
	}
	if f.fail != nil {
		return sandbox.Cutting{}, f.fail
	}
	if f.cut != nil {
		if refused := f.cut(from, to); refused != nil {
			return sandbox.Cutting{Refused: refused}, nil
		}
	}
	pages, err := f.pages(file)
	if err != nil {
		return sandbox.Cutting{}, err
	}
	_, err = io.WriteString(out, strings.Join(pages[from-1:to], "\n")+"\n")
	return sandbox.Cutting{}, err
}

func (f *fakeHelpers) Render(_ context.Context, file *os.File, _ string, o scan.Order, out *os.File) (sandbox.Rendered, error) {
	if err := f.dies("render", file, 1, 0); err != nil {
		return sandbox.Rendered{}, err
	}
	if f.render != nil {
		if refused := f.render(); refused != nil {
			return sandbox.Rendered{Refused: refused}, nil
		}
	}
	if f.mistaken {
		return sandbox.Rendered{Refused: &sandbox.Refusal{Reason: mail.UnreadableFile, Detail: scan.ErrPages.Error()}, Mistaken: true}, nil
	}
	done := sandbox.Rendered{Rendered: scan.Rendered{PDFA: true}}
	for n := 1; n <= o.Pages; n++ {
		p, err := o.Page(n)
		if err != nil {
			return done, err
		}
		text := scan.LaidWords
		if p.Drop {
			text = ""
		} else if _, err := fmt.Fprintf(out, "%s: page %d of %d words\n", o.Title, p.Reading.Page, len(p.Reading.Words)); err != nil {
			return done, err
		}
		turn := p.Reading.Rotation
		if p.Turn != nil {
			turn = *p.Turn
		}
		done.Pages = append(done.Pages, scan.RenderedPage{Text: text, Rotation: turn, Words: len(p.Reading.Words)})
	}
	return done, nil
}

// room is a mailroom in a temporary folder.
type room struct {
	*Mailroom
	t          testing.TB
	dir        string
	helpers    *fakeHelpers
	journal    journal.Store
	stores     map[string]casestore.Store
	after      bool
	dropBlanks bool
	doubleKey  []string
	digest     string // of the configuration
	now        func() time.Time
	zone       *time.Location
	disk       Disk
	log        *slog.Logger
	viewer     Viewer
	pictures   Cache
	blobs      func(journal.Blobs) journal.Blobs // puts faults around them
}

func newRoom(t testing.TB) *room {
	t.Helper()
	r := &room{t: t, dir: t.TempDir(), helpers: &fakeHelpers{}, digest: "digest", now: time.Now}
	r.write("cases.csv", "reference,store,status\n"+caseA+",tax,open\n"+caseB+",tax,open\nTX-2021-000003-27,tax,closed\n")
	r.open(nil)
	t.Cleanup(func() { r.journal.Close() })
	return r
}

func (r *room) write(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// open starts the mailroom over what its folder holds; wrap may put faults around the journal.
func (r *room) open(wrap func(journal.Store) journal.Store) {
	r.t.Helper()
	var log *audit.Log
	store, err := bolt.Open(filepath.Join(r.dir, "journal.db"), bolt.Config{BackOff: time.Millisecond, Seal: func(tx journal.Tx) error { return log.Seal(tx) },
		Pause: func() time.Duration { return r.Pause() }, OnError: func(_ journal.Task, err error) { r.WantsRoom(err) }})
	if err != nil {
		r.t.Fatal(err)
	}
	if log, err = audit.Open(r.t.Context(), filepath.Join(r.dir, "audit"), store); err != nil {
		r.t.Fatal(err)
	}
	r.journal = store
	if wrap != nil {
		r.journal = wrap(store)
	}
	blobs, err := journal.OpenDir(filepath.Join(r.dir, "blobs"))
	if err != nil {
		r.t.Fatal(err)
	}
	var kept journal.Blobs = blobs
	if r.blobs != nil {
		kept = r.blobs(blobs)
	}
	scheme, err := reference.New(reference.Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"})
	if err != nil {
		r.t.Fatal(err)
	}
	if r.stores == nil {
		tax := folder.New(filepath.Join(r.dir, "tax"), "tax")
		if err := tax.Init(); err != nil {
			r.t.Fatal(err)
		}
		r.stores = map[string]casestore.Store{"tax": tax}
	}
	r.Mailroom, err = New(Config{
		Rules: router.New(router.Config{Separators: []router.Control{{Patch: mail.PatchT}}, OnReference: true, MaxPages: 50,
			Schemes: []*reference.Scheme{scheme}}),
		Schemes: []*reference.Scheme{scheme}, Register: filepath.Join(r.dir, "cases.csv"), Stores: r.stores,
		After: r.after, DoubleKey: r.doubleKey, DropBlanks: r.dropBlanks, Languages: []string{"fra", "nld"}, Digest: r.digest, Now: r.now, Zone: r.zone, Version: "test", Audit: log, StoreRetry: time.Hour,
		Log: r.log, Disk: r.disk, Reserve: 1000, DiskRetry: 4 * time.Millisecond, Viewer: r.viewer, Pictures: r.pictures,
	}, r.journal, kept, r.helpers)
	if err != nil {
		r.t.Fatal(err)
	}
}

// work runs the queue while do works.
func (r *room) work(do func(ctx context.Context) error) error {
	ctx, stop := context.WithTimeout(r.t.Context(), time.Minute)
	defer stop()
	run, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(run) }()
	err := do(ctx)
	end()
	if failed := <-ended; failed != nil && !errors.Is(failed, context.Canceled) {
		err = errors.Join(err, failed)
	}
	return err
}

// process runs a scan of the given pages through the mailroom.
func (r *room) process(name string, pages ...string) (BatchLine, []DocumentLine) {
	r.t.Helper()
	path := r.write(name, strings.Join(pages, "\n")+"\n")
	var line BatchLine
	var docs []DocumentLine
	if err := r.work(func(ctx context.Context) error {
		id, err := r.Accept(ctx, path, Origin{Source: "process"})
		if err != nil {
			return err
		}
		if err := r.Await(ctx, id, false); err != nil {
			return err
		}
		line, docs, err = r.Batch(ctx, id)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return line, docs
}

func (r *room) verifies() Count {
	r.t.Helper()
	r.counts()
	count, err := r.Verify(r.t.Context(), func(fault string) { r.t.Error("fault:", fault) })
	if err != nil {
		r.t.Fatal(err)
	}
	return count
}

func (r *room) decide(id string, d Decision) error {
	d.By = "A. Clerk"
	return r.work(func(ctx context.Context) error {
		if err := r.Decide(ctx, id, d); err != nil {
			return err
		}
		line, err := r.Document(ctx, id)
		if err != nil {
			return err
		}
		return r.Await(ctx, line.Batch, false)
	})
}

// places tells documents in short: "2-3 filed TX-...".
func places(docs []DocumentLine) (all []string) {
	for _, d := range docs {
		s := "file"
		if len(d.Pages) > 0 {
			s = fmt.Sprintf("%d-%d", d.Pages[0], d.Pages[len(d.Pages)-1])
		}
		all = append(all, strings.TrimSpace(s+" "+d.Status+" "+d.Reference+d.Reason))
	}
	return all
}

func wantPlaces(t testing.TB, docs []DocumentLine, want ...string) {
	t.Helper()
	if got := places(docs); !slices.Equal(got, want) {
		t.Fatalf("documents:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestBatchIsSplitFiledAndClosed(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "separator", "code="+caseA, "text=and so on", "blank", "separator", "text=Our ref "+caseB)
	wantPlaces(t, docs, "2-4 filed "+caseA, "6-6 filed "+caseB)
	if batch.State != "closed" || batch.Pages != 6 || batch.Separators != 2 || batch.Pending != 0 {
		t.Errorf("batch %+v", batch)
	}
	if !reflect.DeepEqual(docs[0].Blanks, []int{4}) {
		t.Errorf("blanks %v", docs[0].Blanks)
	}
	original, err := os.ReadFile(filepath.Join(docs[0].Path, "original.pdf"))
	if err != nil || string(original) != "code="+caseA+"\ntext=and so on\nblank\n" {
		t.Errorf("filed %q, %v", original, err)
	}
	var sheet Sheet
	text, err := os.ReadFile(filepath.Join(docs[0].Path, "document.json"))
	if err = errors.Join(err, json.Unmarshal(text, &sheet)); err != nil {
		t.Fatal(err)
	}
	if sheet.Reference != caseA || sheet.Batch != batch.Batch || !reflect.DeepEqual(sheet.Pages, []int{2, 3, 4}) || sheet.DecidedBy != "machine" || sheet.Config != "digest" {
		t.Errorf("sheet %+v", sheet)
	}
	if count := r.verifies(); count.Pages != 6 || count.Documents != 2 || count.Receipts != 2 || count.Events == 0 {
		t.Errorf("verified %+v", count)
	}
}

func TestWhatCannotBeProvenWaits(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "separator", "text=no number here", "separator", "code=TX-2021-000001-34",
		"separator", "code=TX-2021-000009-09", "separator", "code="+caseA+";text=Our ref "+caseB, "separator", "code=TX-2021-000003-27",
		"separator", "code="+caseA, "dead")
	wantPlaces(t, docs, "2-2 exception no-reference", "4-4 exception invalid-reference", "6-6 exception unknown-case",
		"8-8 exception conflict", "10-10 exception closed-case", "12-13 exception unreadable-page")
	r.verifies()
}

func TestFileThatCannotBeOpenedIsKept(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "rubbish")
	wantPlaces(t, docs, "file exception unreadable-file")
	if batch.State != "open" {
		t.Errorf("batch is %s", batch.State)
	}
	if err := r.decide(docs[0].Document, Decision{Reference: caseA}); err == nil {
		t.Error("pages that nobody can read were filed")
	}
	if err := r.decide(docs[0].Document, Decision{Discard: "scanned again"}); err != nil {
		t.Fatal(err)
	}
	if batch, _, err := r.Batch(t.Context(), batch.Batch); err != nil || batch.State != "closed" {
		t.Errorf("after discarding: %+v, %v", batch, err)
	}
	r.verifies()
}

func TestSameFileAgain(t *testing.T) {
	r := newRoom(t)
	first, _ := r.process("a.pdf", "code="+caseA)
	again, docs := r.process("a.pdf", "code="+caseA)
	if again.Batch != first.Batch {
		t.Error("the same path with the same bytes did not resume")
	}
	wantPlaces(t, docs, "1-1 filed "+caseA)
	other, docs := r.process("b.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 exception duplicate")
	if other.Batch == first.Batch || !strings.Contains(docs[0].Detail, first.Batch) {
		t.Errorf("the duplicate does not name the first: %q", docs[0].Detail)
	}
	if err := r.decide(docs[0].Document, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	r.verifies()
}
