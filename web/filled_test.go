package web

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
)

// Live cases of the filled house's register; their check digits are ISO 7064 mod 97-10.
const (
	caseA = "TX-2021-000001-33"
	caseB = "TX-2021-000002-30"
)

// typist stands in for helpers: a scanner's file is text, a page a line, "|" between the
// lines of a page; a word that begins with "code=" is a barcode, and "dead" is a page over
// which helpers die.
type typist struct{}

func (typist) Slots() int { return 2 }

func (typist) pages(f *os.File) ([]string, error) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(string(text), "%PDF-"), "\n"), "\n"), err
}

func (t typist) Open(_ context.Context, f *os.File, _ string) (sandbox.Contents, error) {
	pages, err := t.pages(f)
	return sandbox.Contents{Kind: mail.PDF, Pages: len(pages)}, err
}

func (t typist) Read(_ context.Context, f *os.File, _ string, want []int, _ sandbox.Text) (all []mail.Reading, err error) {
	pages, err := t.pages(f)
	for _, n := range want {
		r := mail.Reading{Page: n, Width: 1654, Height: 2338, DPI: 200, DPIY: 200, Ink: 0.05, HasText: true}
		if pages[n-1] == "dead" {
			all = append(all, mail.Reading{Page: n, Failure: "the helper process died"})
			continue
		}
		for line, text := range strings.Split(pages[n-1], "|") {
			for i, w := range strings.Fields(text) {
				at := mail.Box{X0: 100 + 120*i, Y0: 300 + 40*line, X1: 200 + 120*i, Y1: 330 + 40*line}
				if code, is := strings.CutPrefix(w, "code="); is {
					r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.Code128, Text: code, Polygon: at.Quad(), Module: 3, Confidence: 1})
					continue
				}
				r.Words = append(r.Words, mail.Word{Text: w, Box: at, Confidence: 0.95, Line: line})
			}
		}
		all = append(all, r)
	}
	return all, err
}

func (typist) Again(context.Context, *os.File, string, int, ocr.Place) ([][]mail.Word, error) {
	return nil, nil
}

func (t typist) Cut(_ context.Context, f *os.File, _ string, from, to int, out *os.File) (sandbox.Cutting, error) {
	pages, err := t.pages(f)
	if err == nil {
		_, err = io.WriteString(out, "%PDF-"+strings.Join(pages[from-1:to], "\n")+"\n")
	}
	return sandbox.Cutting{}, err
}

func (typist) Render(_ context.Context, _ *os.File, _ string, o scan.Order, out *os.File) (done sandbox.Rendered, err error) {
	done = sandbox.Rendered{Rendered: scan.Rendered{PDFA: true}}
	for n := 1; n <= o.Pages; n++ {
		if _, err := io.WriteString(out, "%PDF-searchable\n"); err != nil {
			return done, err
		}
		done.Pages = append(done.Pages, scan.RenderedPage{Text: scan.LaidWords})
	}
	return done, nil
}

func (typist) Picture(context.Context, *os.File, string, int, mail.Box, *os.File) (sandbox.Picture, error) {
	return sandbox.Picture{Refused: &sandbox.Refusal{Reason: mail.UnreadablePage, Detail: "it is no picture"}}, nil
}

// newFilledHouse is a house with a register of two cases, whose clock goes with the mailroom's.
func newFilledHouse(t testing.TB) *house {
	t.Helper()
	h := openHouse(t, typist{}, "reference,store,status,name\n"+caseA+",tax,open,Anna Berg\n"+caseB+",tax,open,Ben Dahl\n")
	h.clock.at = time.Now()
	return h
}

// receive has a file read and its letter filed, or held, and gives the documents.
func (h *house) receive(name string, pages ...string) (docs []pipeline.DocumentLine) {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), name)
	if err := os.WriteFile(path, []byte("%PDF-"+strings.Join(pages, "\n")+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	if err := h.working(func(ctx context.Context) error {
		id, err := h.mailroom.Accept(ctx, path, pipeline.Origin{Source: "process"})
		if err != nil {
			return err
		}
		if err := h.mailroom.Await(ctx, id, false); err != nil {
			return err
		}
		_, docs, err = h.mailroom.Batch(ctx, id)
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return docs
}

// working runs the mailroom's queue while do works.
func (h *house) working(do func(ctx context.Context) error) error {
	ctx, stop := context.WithTimeout(h.t.Context(), time.Minute)
	defer stop()
	run, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- h.mailroom.Run(run) }()
	err := do(ctx)
	end()
	if failed := <-ended; failed != nil && !errors.Is(failed, context.Canceled) {
		err = errors.Join(err, failed)
	}
	return err
}

// logged counts the entries of an action about a document.
func (h *house) logged(document, action string) int {
	h.t.Helper()
	all, _, err := h.mailroom.Entries(h.t.Context(), 0, 100, pipeline.EntryFilter{About: document, Action: action})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(all)
}
