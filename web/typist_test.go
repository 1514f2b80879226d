package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
)

// typist stands in for helpers: a scanner's file is text, a page a line, "|" between the
// lines of a page; a word that begins with "code=" is a barcode. A page may also be a
// "separator", "blank", or "dead": one over which helpers die. "rubbish" as the first page
// is a file that can't be opened, and one that begins with "%PDF-" is served as a PDF.
type typist struct{}

func (typist) Slots() int { return 2 }

func (typist) pages(f *os.File) ([]string, error) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<20))
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), err
}

func (t typist) Open(_ context.Context, f *os.File, _ string) (sandbox.Contents, error) {
	pages, err := t.pages(f)
	if err == nil && pages[0] == "rubbish" {
		return sandbox.Contents{Refused: &sandbox.Refusal{Reason: mail.UnreadableFile, Detail: "rubbish"}}, nil
	}
	return sandbox.Contents{Kind: mail.PDF, Pages: len(pages)}, err
}

func (t typist) Read(_ context.Context, f *os.File, _ string, want []int, _ sandbox.Text) (all []mail.Reading, err error) {
	pages, err := t.pages(f)
	for _, n := range want {
		r := mail.Reading{Page: n, Width: 1654, Height: 2338, DPI: 200, DPIY: 200, Ink: 0.05, HasText: true}
		switch page := strings.TrimPrefix(pages[n-1], "%PDF-"); page {
		case "dead":
			r = mail.Reading{Page: n, Failure: "the helper process died"}
		case "blank":
			r.Blank = true
		case "separator":
			at := mail.Box{X0: 100, Y0: 100, X1: 400, Y1: 160}
			r.Symbols = []mail.Symbol{{Symbology: mail.PatchT, Text: "patch-t", Polygon: at.Quad(), Module: 16, Confidence: 1}}
		default:
			for line, text := range strings.Split(page, "|") {
				for i, w := range strings.Fields(text) {
					at := mail.Box{X0: 100 + 120*i, Y0: 300 + 40*line, X1: 200 + 120*i, Y1: 330 + 40*line}
					if code, is := strings.CutPrefix(w, "code="); is {
						r.Symbols = append(r.Symbols, mail.Symbol{Symbology: mail.Code128, Text: code, Polygon: at.Quad(), Module: 3, Confidence: 1})
						continue
					}
					r.Words = append(r.Words, mail.Word{Text: w, Box: at, Confidence: 0.95, Line: line})
				}
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
		_, err = io.WriteString(out, strings.Join(pages[from-1:to], "\n")+"\n")
	}
	return sandbox.Cutting{}, err
}

func (typist) Render(_ context.Context, _ *os.File, _ string, o scan.Order, out *os.File) (sandbox.Rendered, error) {
	done := sandbox.Rendered{Rendered: scan.Rendered{PDFA: true}}
	for n := 1; n <= o.Pages; n++ {
		p, err := o.Page(n)
		if err != nil {
			return done, err
		}
		if _, err := fmt.Fprintln(out, "%PDF-searchable page", p.Reading.Page); err != nil {
			return done, err
		}
		done.Pages = append(done.Pages, scan.RenderedPage{Text: scan.LaidWords, Words: len(p.Reading.Words)})
	}
	return done, nil
}

func (typist) Picture(_ context.Context, _ *os.File, _ string, page int, crop mail.Box, out *os.File) (sandbox.Picture, error) {
	is := sandbox.Picture{Width: 1654, Height: 2338, SHA256: fmt.Sprintf("picture of %d", page)}
	at := is.Within(crop)
	_, err := out.Write(make([]byte, at.Dx()*at.Dy()))
	return is, err
}

// View shows each page that helpers survive in a red of its own.
func (t typist) View(_ context.Context, f *os.File, _ string, page int, _ scan.Viewing) (sandbox.View, error) {
	if pages, err := t.pages(f); err != nil || pages[page-1] == "dead" {
		return sandbox.View{Refused: &sandbox.Refusal{Reason: mail.UnreadablePage, Detail: "the helper process died"}}, err
	}
	return sandbox.View{Width: 20, Height: 30, Colours: 3, Pix: bytes.Repeat([]byte{byte(10 + page), 0, 0}, 600)}, nil
}
