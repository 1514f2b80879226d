package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/mail"
	"postroom/pipeline/scan"
)

// doubleRender asks for the order of each page and writes what it was told.
func doubleRender(fault string, conn *net.UnixConn, cfg Config, q request, out *os.File) error {
	if _, err := fmt.Fprintf(out, "%s in %s:", q.Order.Title, q.Order.Language); err != nil {
		return err
	}
	done := Rendered{}
	for n := 1; n <= q.Order.Pages || fault == "wants-for-ever"; n++ {
		if n == 2 {
			switch fault {
			case "renders-half":
				if err := os.Mkdir(filepath.Join(cfg.Tessdata, "mark"), 0o700); err == nil {
					os.Exit(3)
				}
			case "dies":
				os.Exit(3)
			case "wants-another":
				n = 3
			}
		}
		if err := send(conn, answer{Wants: n}); err != nil {
			return err
		}
		var page scan.OrderPage
		if err := receive(conn, &page); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, " %d words, drop %v;", len(page.Reading.Words), page.Drop); err != nil {
			return err
		}
		if len(page.Reading.Symbols) > 0 {
			return errors.New("codes came with an order")
		}
		done.Pages = append(done.Pages, scan.RenderedPage{Text: scan.LaidWords, Words: len(page.Reading.Words)})
	}
	switch fault {
	case "renders-less":
		done.Pages = done.Pages[1:]
	case "renders-nothing":
		return send(conn, answer{Done: true})
	case "refuses":
		return send(conn, answer{Rendered: &Rendered{Refused: &Refusal{Reason: mail.UnreadableFile, Detail: "it is signed"}}, Done: true})
	case "claims-twice":
		done.Why = "it has a font"
	case "fails":
		return send(conn, answer{Failure: "its disk is gone", Done: true})
	}
	done.PDFA = true
	return send(conn, answer{Rendered: &done, Done: true})
}

// output is a file that a rendition is written to.
func output(t *testing.T) *os.File {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	if _, err := out.WriteString("what was there before, and is longer than what comes: it has to go before a helper writes"); err != nil {
		t.Fatal(err)
	}
	return out
}

// ordered gives pages of so many words, and tells which were asked for.
func ordered(words int, asked *[]int) scan.Order {
	return scan.Order{Title: "Brief", Language: "de", Pages: 3, Page: func(n int) (scan.OrderPage, error) {
		*asked = append(*asked, n)
		r := mail.Reading{Page: n, Width: 1000, Height: 1000, Symbols: make([]mail.Symbol, 3)}
		for i := range words * n {
			r.Words = append(r.Words, mail.Word{Text: "Wort", Box: mail.Box{X0: i % 900, Y0: i / 900, X1: i%900 + 9, Y1: i/900 + 9}, Line: i / 900})
		}
		return scan.OrderPage{Reading: r, Drop: n == 2}, nil
	}}
}

// TestRenderIsAskedForPageByPage: a page's words may fill a frame, all pages' could not.
func TestRenderIsAskedForPageByPage(t *testing.T) {
	var asked []int
	out := output(t)
	done, err := pool(t, "none", Config{}).Render(t.Context(), scanned(t, "batch-000.pdf"), "k", ordered(20_000, &asked), out)
	if err != nil || done.Refused != nil || !done.PDFA || !slices.Equal(asked, []int{1, 2, 3}) || done.Pages[2].Words != 60_000 {
		t.Fatalf("%v: %+v, %v", asked, done, err)
	}
	if text, err := os.ReadFile(out.Name()); string(text) != "Brief in de: 20000 words, drop false; 40000 words, drop true; 60000 words, drop false;" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestFaultsOfARendition: a helper's death or lie is a finding, and nothing is left of
// what it wrote.
func TestFaultsOfARendition(t *testing.T) {
	for fault, says := range map[string]string{
		"dies":           "died",
		"wants-another":  "page 3 out of turn",
		"wants-for-ever": "page 4 out of turn",
		"renders-less":   "a rendition of 2 pages",
		"claims-twice":   "a rendition of 3 pages",
		"refuses":        "it is signed",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			var asked []int
			out := output(t)
			done, err := pool(t, fault, Config{}).Render(t.Context(), scanned(t, "batch-000.pdf"), "k", ordered(2, &asked), out)
			if err != nil || done.Refused == nil || !strings.Contains(done.Refused.Detail, says) || done.Pages != nil || done.PDFA {
				t.Errorf("%+v, %v; want %q", done, err, says)
			}
			if text, err := os.ReadFile(out.Name()); len(text) > 0 || err != nil {
				t.Errorf("%q is left, %v", text, err)
			}
		})
	}
	for fault, says := range map[string]string{"fails": "its disk is gone", "renders-nothing": "without a rendition"} {
		var asked []int
		if done, err := pool(t, fault, Config{}).Render(t.Context(), scanned(t, "batch-000.pdf"), "k", ordered(2, &asked), output(t)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %+v, %v", fault, done, err)
		}
	}
}

func TestRenderAgain(t *testing.T) {
	var asked []int
	out := output(t)
	done, err := pool(t, "renders-half", Config{Tessdata: t.TempDir()}).Render(t.Context(), scanned(t, "batch-000.pdf"), "k", ordered(1, &asked), out)
	if err != nil || done.Refused != nil || !slices.Equal(asked, []int{1, 1, 2, 3}) {
		t.Fatalf("%v: %+v, %v", asked, done, err)
	}
	if text, err := os.ReadFile(out.Name()); strings.Count(string(text), "Brief") != 1 {
		t.Errorf("%q, %v", text, err)
	}
}

// TestLostOrder: that a page's order can't be given is the caller's own failure.
func TestLostOrder(t *testing.T) {
	lost := errors.New("the journal is gone")
	p := pool(t, "none", Config{})
	order := scan.Order{Pages: 2, Page: func(n int) (scan.OrderPage, error) {
		if n == 2 {
			return scan.OrderPage{}, lost
		}
		return scan.OrderPage{}, nil
	}}
	if done, err := p.Render(t.Context(), scanned(t, "batch-000.pdf"), "k", order, output(t)); !errors.Is(err, lost) {
		t.Errorf("%+v, %v", done, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var asked []int
	if done, err := p.Render(ctx, scanned(t, "batch-000.pdf"), "k", ordered(1, &asked), output(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %+v, %v", done, err)
	}
	order.Pages = 0
	if _, err := p.Render(t.Context(), scanned(t, "batch-000.pdf"), "k", order, output(t)); err == nil || !strings.HasPrefix(err.Error(), "bug: ") {
		t.Errorf("no pages: %v", err)
	}
}

func TestCheckRendered(t *testing.T) {
	q := request{Op: "render", Order: &scan.Order{Pages: 1}}
	for name, c := range map[string]struct {
		page scan.RenderedPage
		good bool
	}{
		"dropped":     {scan.RenderedPage{}, true},
		"empty":       {scan.RenderedPage{Text: scan.NoWords, Rotation: 270}, true},
		"own":         {scan.RenderedPage{Text: scan.OwnWords}, true},
		"laid":        {scan.RenderedPage{Text: scan.LaidWords, Words: 3}, true},
		"laid, none":  {scan.RenderedPage{Text: scan.LaidWords}, false},
		"own, laid":   {scan.RenderedPage{Text: scan.OwnWords, Words: 3}, false},
		"unknown":     {scan.RenderedPage{Text: "<script>"}, false},
		"odd turn":    {scan.RenderedPage{Text: scan.NoWords, Rotation: 45}, false},
		"turned back": {scan.RenderedPage{Text: scan.NoWords, Rotation: -90}, false},
	} {
		r := Rendered{Rendered: scan.Rendered{Pages: []scan.RenderedPage{c.page}, PDFA: true}}
		if err := (answer{Rendered: &r, Done: true}).check(q, said{}, Config{}); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
		if err := (answer{Rendered: &r, Done: true}).check(request{Op: "cut"}, said{}, Config{}); err == nil {
			t.Errorf("%s: a cut was answered by a rendition", name)
		}
	}
}

// TestRealRendition: in the real process, under its isolation.
func TestRealRendition(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	p := pool(t, "real", Config{Cache: filepath.Join(cache, "postroom"), PageWall: 30 * time.Second})
	f := scanned(t, "batch-003.pdf")
	out := output(t)
	order := scan.Order{Title: "Schreiben", Language: "nl", Producer: "postroom", Pages: 4, Page: func(n int) (scan.OrderPage, error) {
		return scan.OrderPage{Drop: n == 1, Reading: mail.Reading{Width: 1654, Height: 2339, DPI: 200, DPIY: 200, Rotation: 180,
			Words: []mail.Word{{Text: "Schreiben", Box: mail.Box{X0: 200, Y0: 200, X1: 400, Y1: 240}}}}}, nil
	}}
	steps := 0
	err = p.ask(t.Context(), request{Op: "render", Key: "digest", Order: &order}, []*os.File{f, out}, func(a answer) { steps = max(steps, a.Step) })
	if want := 1 + 4 + 3 + 3; err != nil || steps != want {
		t.Errorf("%d steps, want %d; %v", steps, want, err)
	}
	done, err := p.Render(t.Context(), f, "digest", order, out)
	if err != nil || done.Refused != nil || !done.PDFA || done.Pages[0].Text != "" || done.Pages[3] != (scan.RenderedPage{Text: scan.LaidWords, Rotation: 180, Words: 1}) {
		t.Fatalf("%+v, %v", done, err)
	}
	if c, err := p.Open(t.Context(), out, "rendition"); err != nil || c.Pages != 3 {
		t.Errorf("%+v, %v", c, err)
	}
	order.Pages = 3
	done, err = p.Render(t.Context(), f, "digest", order, out)
	if err != nil || done.Refused == nil || !done.Mistaken || !strings.Contains(done.Refused.Detail, "other pages than were read: 4") {
		t.Errorf("an order for another file: %+v, %v", done, err)
	}
	order.Pages = 4
	readOnly, err := os.Open(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	if done, err := p.Render(t.Context(), f, "digest", order, readOnly); err == nil {
		t.Errorf("an output that can't be written: %+v", done)
	}
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	err = p.ask(t.Context(), request{Op: "render", Key: "digest", Order: &order}, []*os.File{f, full}, func(answer) {})
	if err == nil || errors.Is(err, errDied) {
		t.Errorf("a full disk: %v", err)
	}
}
