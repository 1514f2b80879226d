package sheet_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/sandbox"
	"postroom/router"
	"postroom/router/reference"
	"postroom/sheet"
)

const (
	caseA = "TX-2021-000001-33"
	caseB = "TX-2021-000002-30"
)

// TestMain lets the test binary be a helper process.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "be-helper" {
		if err := sandbox.Helper(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// scanner prints sheets and scans them again.
type scanner struct {
	t    *testing.T
	pool *sandbox.Pool
}

func newScanner(t *testing.T) scanner {
	t.Helper()
	self, err1 := os.Executable()
	data, err2 := ocr.Locate()
	cache, err3 := os.UserCacheDir()
	if err1 != nil || err2 != nil || err3 != nil {
		t.Skip("no helper, no language data, or no cache folder:", err1, err2, err3)
	}
	p := sandbox.New(sandbox.Config{Command: []string{self, "be-helper"}, Slots: 1, Tessdata: data, Languages: []string{"eng", "fra", "nld", "deu"},
		Cache: filepath.Join(cache, "postroom", "pdfium")})
	t.Cleanup(p.Close)
	return scanner{t, p}
}

// file makes an open file of some bytes.
func (s scanner) file(text []byte) *os.File {
	s.t.Helper()
	f, err := os.CreateTemp(s.t.TempDir(), "sheet")
	if err == nil {
		_, err = f.Write(text)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { f.Close() })
	return f
}

// print gives the pictures of an order's pages, in grey at 300 dpi, as the sandbox renders them.
func (s scanner) print(o sheet.Order) (pages []*image.Gray) {
	s.t.Helper()
	var pdf bytes.Buffer
	if err := sheet.Print(&pdf, o); err != nil {
		s.t.Fatal(err)
	}
	f := s.file(pdf.Bytes())
	contents, err := s.pool.Open(s.t.Context(), f, keyOf(pdf.Bytes()))
	if err != nil || contents.Refused != nil || contents.Kind != mail.PDF {
		s.t.Fatalf("%+v, %v", contents, err)
	}
	for n := range contents.Pages {
		out := s.file(nil)
		is, err := s.pool.Picture(s.t.Context(), f, keyOf(pdf.Bytes()), n+1, mail.Box{X1: 1 << 20, Y1: 1 << 20}, out)
		if err != nil || is.Refused != nil {
			s.t.Fatalf("%+v, %v", is, err)
		}
		g := image.NewGray(image.Rect(0, 0, is.Width, is.Height))
		if _, err := io.ReadFull(io.NewSectionReader(out, 0, 1<<40), g.Pix); err != nil {
			s.t.Fatal(err)
		}
		pages = append(pages, g)
	}
	return pages
}

// scan reads a page as it comes from a scanner: a JPEG of so many dots an inch, turned clockwise.
func (s scanner) scan(page *image.Gray, w way, text sandbox.Text) mail.Reading {
	s.t.Helper()
	const printed = 300
	dpi := w.dpi
	small := image.NewGray(image.Rect(0, 0, page.Rect.Dx()*dpi/printed, page.Rect.Dy()*dpi/printed))
	draw.ApproxBiLinear.Scale(small, small.Rect, page, page.Rect, draw.Src, nil)
	for range w.quarters {
		turned := image.NewGray(image.Rect(0, 0, small.Rect.Dy(), small.Rect.Dx()))
		for y := range small.Rect.Dy() {
			for x := range small.Rect.Dx() {
				turned.Pix[x*turned.Stride+small.Rect.Dy()-1-y] = small.Pix[y*small.Stride+x]
			}
		}
		small = turned
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: 75}); err != nil {
		s.t.Fatal(err)
	}
	head := slices.Concat([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01"), []byte{byte(dpi >> 8), byte(dpi), byte(dpi >> 8), byte(dpi), 0, 0})
	scan := append(head, b.Bytes()[2:]...)
	readings, err := s.pool.Read(s.t.Context(), s.file(scan), keyOf(scan), []int{1}, text)
	if err != nil || len(readings) != 1 || readings[0].Failure != "" {
		s.t.Fatalf("%+v, %v", readings, err)
	}
	if r := readings[0]; r.DPI != float64(dpi) {
		s.t.Fatalf("scanned at %v dpi, wanted %d", r.DPI, dpi)
	}
	return readings[0]
}

// keyOf names a file's contents: a helper keeps the file that it knows by its key.
func keyOf(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// way is how a sheet may lie in a scanner.
type way struct{ dpi, quarters int }

func (w way) String() string { return fmt.Sprintf("%d dpi, turned %d", w.dpi, 90*w.quarters) }

// ways are all turns, at two resolutions.
func ways() (all []way) {
	for _, dpi := range []int{200, 300} {
		for quarters := range 4 {
			all = append(all, way{dpi, quarters})
		}
	}
	return all
}

// reads are the ways that a sheet in a language is read in. All are for English; words,
// which take long, are read at 200 dpi, and of each other language in one way.
func reads(language string) map[way]sandbox.Text {
	if i := slices.Index(sheet.Languages(), language); language != "en" {
		return map[way]sandbox.Text{ways()[i]: sandbox.AllText}
	}
	all := map[way]sandbox.Text{}
	for _, w := range ways() {
		if all[w] = sandbox.NoText; w.dpi == 200 {
			all[w] = sandbox.AllText
		}
	}
	return all
}

func tax(t testing.TB) *reference.Scheme {
	t.Helper()
	s, err := reference.New(reference.Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func refs(t testing.TB, texts ...string) (all []mail.Reference) {
	t.Helper()
	for _, text := range texts {
		r, err := mail.ParseReference(tax(t), text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// key signs the tests' tickets.
var key = []byte("the office's key")

func rulesFor(t testing.TB, separators ...sheet.Separator) *router.Rules {
	t.Helper()
	c := router.Config{OnReference: true, Schemes: []*reference.Scheme{tax(t)},
		Tickets: func(text string) (mail.Ticket, error) { return mail.OpenTicket(key, text) }}
	for _, s := range separators {
		c.Separators = append(c.Separators, router.Control{Patch: s.Patch, Text: s.Text, Keep: s.Keep})
	}
	return router.New(c)
}

// TestSeparatorsSeparate: each sheet is a separator, whichever way it lies, and no doubt.
func TestSeparatorsSeparate(t *testing.T) {
	s := newScanner(t)
	for language, c := range map[string]struct {
		separators []sheet.Separator
		codes      []string
		name       string
	}{
		"en": {[]sheet.Separator{{Patch: mail.PatchT}, {Patch: mail.Patch2, Keep: true}, {Text: "PATCHT"}}, []string{"code-128 PATCHT", "patch-t patch-t", "qr PATCHT"}, "patch-t"},
		"fr": {[]sheet.Separator{{Text: "Séparation n° 1"}}, []string{"qr Séparation n° 1"}, "text"},
		"nl": {[]sheet.Separator{{Patch: mail.Patch1}}, []string{"patch-1 patch-1"}, "patch-1"},
		"de": {[]sheet.Separator{{Text: "POSTROOM-SEPARATOR"}}, []string{"code-128 POSTROOM-SEPARATOR", "qr POSTROOM-SEPARATOR"}, "text"},
	} {
		rules := rulesFor(t, c.separators...)
		pages := s.print(sheet.Order{Kind: sheet.SeparatorSheet, Language: language, Separators: c.separators, Copies: 2})
		if len(pages) != 2 || !bytes.Equal(pages[0].Pix, pages[1].Pix) {
			t.Fatalf("%s: %d pages", language, len(pages))
		}
		for w, words := range reads(language) {
			r := s.scan(pages[0], w, words)
			sep := rules.Separate([]mail.Reading{r}, false)
			if got := codes(r); sep.Separators[1] != c.name || len(sep.Spans) > 0 || !slices.Equal(got, c.codes) {
				t.Errorf("%s at %s: %v, %+v; codes %v, doubts %v; it says %s", language, w, sep.Separators, sep.Spans, got, r.Doubts, text(r))
			}
		}
	}
}

// codes lists a reading's codes, each once, in order.
func codes(r mail.Reading) (all []string) {
	for _, s := range r.Symbols {
		all = append(all, s.Symbology.String()+" "+s.Text)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func text(r mail.Reading) string {
	var all []string
	for _, w := range r.Words {
		all = append(all, w.Text)
	}
	return strings.Join(all, " ")
}

// TestPatchesAreRead: each patch code reads as itself, from either end.
func TestPatchesAreRead(t *testing.T) {
	s := newScanner(t)
	var all []sheet.Separator
	for _, p := range []mail.Symbology{mail.Patch1, mail.Patch2, mail.Patch3, mail.Patch4, mail.Patch6, mail.PatchT} {
		all = append(all, sheet.Separator{Patch: p, Keep: p == mail.Patch2})
	}
	all = append(all, all[0])
	pages := s.print(sheet.Order{Kind: sheet.PatchSheet, Separators: all})
	if len(pages) != 6 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, page := range pages {
		for _, w := range ways() {
			if w.dpi == 300 && all[i].Patch != mail.PatchT {
				continue // the lower resolution is the harder one
			}
			r := s.scan(page, w, sandbox.NoText)
			if name := all[i].Patch.String(); !slices.Equal(codes(r), []string{name + " " + name}) || len(r.Doubts) > 0 {
				t.Errorf("%s at %s: %v, doubts %v", name, w, codes(r), r.Doubts)
			}
		}
	}
}

// TestTicketsAreTickets: a ticket is a separator that says what was expected, in every
// language, and with the longest name and the largest counts.
func TestTicketsAreTickets(t *testing.T) {
	s := newScanner(t)
	rules := rulesFor(t, sheet.Separator{Patch: mail.PatchT})
	for i, language := range sheet.Languages() {
		want := mail.Ticket{ID: "ABCDEFGHIJKLMNOP", Counts: mail.Counts{Documents: 999999, Pages: 999999 - i}}
		pages := s.print(sheet.Order{Kind: sheet.TicketSheet, Language: language,
			Tickets: []sheet.Ticket{{Ticket: want, Code: want.Text(key), Name: "Großes Postfach vier Montag früh dazu"}}})
		for w, words := range reads(language) {
			if words == sandbox.AllText {
				words = sandbox.TextControls // a letter's words beside a ticket are looked for in any case
			}
			r := s.scan(pages[0], w, words)
			if r.HasText != (words == sandbox.TextControls) {
				t.Errorf("%s at %s: asked for the text of control pages, it was read: %t", language, w, r.HasText)
			}
			sep := rules.Separate([]mail.Reading{r}, false)
			if sep.Ticket == nil || *sep.Ticket != want || sep.Separators[1] != router.TicketCode || len(sep.Spans) > 0 {
				t.Errorf("%s at %s: %+v, doubts %v; it says %s", language, w, sep, r.Doubts, text(r))
			}
		}
	}
}

// TestLabelsNameTheirCase: a label on a page is read as both codes, whichever of the 24 it was.
func TestLabelsNameTheirCase(t *testing.T) {
	s := newScanner(t)
	pages := s.print(sheet.Order{Kind: sheet.LabelSheet, References: refs(t, caseA, caseB), Copies: 13})
	if len(pages) != 2 {
		t.Fatalf("%d pages", len(pages))
	}
	px := func(mm float64) int { return int(mm / 25.4 * 300) }
	for _, c := range []struct {
		column, row int
		want        string
	}{{0, 0, caseA}, {2, 7, caseB}} {
		letter := image.NewGray(pages[0].Rect)
		draw.Draw(letter, letter.Rect, image.White, image.Point{}, draw.Src)
		at := image.Pt(px(70*float64(c.column)), px(0.5+37*float64(c.row)))
		draw.Draw(letter, image.Rect(600, 900, 600+px(70), 900+px(37)), pages[0], at, draw.Src)
		for _, w := range ways() {
			r := s.scan(letter, w, sandbox.NoText)
			if got := codes(r); !slices.Equal(got, []string{"code-128 " + c.want, "qr " + c.want}) || len(r.Doubts) > 0 {
				t.Errorf("label %d,%d at %s: %v, doubts %v", c.column, c.row, w, got, r.Doubts)
			}
		}
	}
}
