package ocr

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"postroom/mail"
)

// TestMain starts the tests anew with one thread a page, as helpers are: tesseract's
// own threads, which the environment alone can forbid, would wait for each other.
func TestMain(m *testing.M) {
	const limit = "OMP_THREAD_LIMIT"
	if os.Getenv(limit) != "" {
		os.Exit(m.Run())
	}
	self, err := os.Executable()
	if err == nil {
		err = syscall.Exec(self, os.Args, append(os.Environ(), limit+"=1"))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// letter is what the pages of these tests say, a line a string.
var letter = []string{
	"Geachte heer, mevrouw,", "", "Hierbij stuur ik u de gevraagde stukken die betrekking hebben op mijn aanvraag.",
	"Graag ontvang ik een schriftelijke bevestiging van de behandelend ambtenaar.",
	"Ik verzoek u vriendelijk om uitstel van betaling tot het einde van het kwartaal.", "",
	"Ons kenmerk : TX-2024-348096-98", "", "De verbouwing van de garage is intussen voltooid en de plannen vindt u als bijlage.",
	"Met vriendelijke groet,", "T. Janssens",
}

func paperOfA4(dpi int) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, 827*dpi/100, 1169*dpi/100))
	draw.Draw(g, g.Rect, image.White, image.Point{}, draw.Src)
	return g
}

// write draws lines of text, 11 points high, on a page.
func write(t testing.TB, g *image.Gray, dpi int, lines []string) {
	t.Helper()
	writeAt(t, g, dpi, 11, dpi*3/2, lines)
}

// writeAt draws lines of text of a size in points, from y down.
func writeAt(t testing.TB, g *image.Gray, dpi int, points float64, y int, lines []string) {
	t.Helper()
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: points, DPI: float64(dpi)})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range lines {
		d := font.Drawer{Dst: g, Src: image.NewUniform(color.Gray{20}), Face: face, Dot: fixed.P(dpi, y+int(float64(i*dpi)*points/55))}
		d.DrawString(l)
	}
}

func page(t testing.TB, dpi int) *image.Gray {
	g := paperOfA4(dpi)
	write(t, g, dpi, letter)
	return g
}

// engine is the process's one engine: gosseract allows no second beside it.
var engine = sync.OnceValues(func() (*Engine, error) { return New(Config{Languages: []string{"nld", "eng"}}) })

func read(t testing.TB, g *image.Gray, dpiX, dpiY float64) Page {
	t.Helper()
	e, err := engine()
	if errors.Is(err, ErrLanguage) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := Lay(Square(g, dpiX, dpiY))
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Read(l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// find gives the word of a page; a test that looks for it fails without it.
func find(t *testing.T, p Page, text string) mail.Word {
	t.Helper()
	for _, w := range p.Words {
		if w.Text == text {
			return w
		}
	}
	var all []string
	for _, w := range p.Words {
		all = append(all, w.Text)
	}
	t.Fatalf("%q is not among the words: %s", text, strings.Join(all, " "))
	return mail.Word{}
}

// TestAttitudes: a page is read however it lies, and its words' boxes are places
// of the picture as it was given.
func TestAttitudes(t *testing.T) {
	const dpi = 200
	upright := page(t, dpi)
	want := find(t, read(t, upright, dpi, dpi), "TX-2024-348096-98")
	if want.Confidence < 0.7 {
		t.Errorf("clean print was read with confidence %.2f", want.Confidence)
	}
	for turned := range 4 {
		for _, skew := range []float64{0, -3, 6} {
			g, back := quarter(upright, 90*turned)
			if skew != 0 {
				var m Mapping
				g, m = turn(g, skew)
				back = back.after(m)
			}
			p := read(t, g, dpi, dpi)
			if p.Rotation != (360-90*turned)%360 || math.Abs(p.Skew-skew) > 0.3 {
				t.Errorf("turned by %d, askew by %g: rotation %d, skew %.1f", 90*turned, skew, p.Rotation, p.Skew)
			}
			got := back.box(find(t, p, "TX-2024-348096-98").Box)
			// The box around a box that lies askew is larger; its middle is the same.
			if dx, dy := got.X0+got.X1-want.Box.X0-want.Box.X1, got.Y0+got.Y1-want.Box.Y0-want.Box.Y1; max(dx, -dx, dy, -dy) > 24 {
				t.Errorf("turned by %d, askew by %g: the reference is at %v, want around %v", 90*turned, skew, got, want.Box)
			}
		}
	}
}

// TestCoarsePage: letters too small to show how they lie; the engine's own lines do.
func TestCoarsePage(t *testing.T) {
	coarse := reduce(page(t, 300), 3)
	for turned := range 4 {
		g, _ := quarter(coarse, 90*turned)
		p := read(t, g, 200, 200) // what a picture without a resolution is taken for
		if p.Rotation != (360-90*turned)%360 {
			t.Errorf("turned by %d: rotation %d", 90*turned, p.Rotation)
		}
		find(t, p, "kenmerk")
	}
}

func TestFaxPage(t *testing.T) {
	whole := page(t, 200)
	half := image.NewGray(image.Rect(0, 0, whole.Rect.Dx(), whole.Rect.Dy()/2))
	for y := range half.Rect.Dy() {
		copy(half.Pix[y*half.Stride:], whole.Pix[2*y*whole.Stride:][:half.Stride])
	}
	got, want := find(t, read(t, half, 200, 100), "kenmerk").Box, find(t, read(t, whole, 200, 200), "kenmerk").Box
	const slack = 3 // pixels
	near := func(a, b int) bool { return max(a-b, b-a) <= slack }
	if !near(got.X0, want.X0) || !near(got.X1, want.X1) || !near(got.Y0, want.Y0/2) || !near(got.Y1, want.Y1/2) {
		t.Errorf("a word at %v of the page is at %v of its fax", want, got)
	}
}

// TestReadsWhatIsSquared: a fax page is stretched by who looks at it first, and what
// the reader is given it takes as it is, because to stretch takes as long as to decode.
func TestReadsWhatIsSquared(t *testing.T) {
	e, err := engine()
	if err != nil {
		t.Skip(err)
	}
	shown := page(t, 200)
	l, err := Lay(Squared{Picture: shown, DPI: 200, View: Mapping{a: 1, e: 0.5}, page: image.Rect(0, 0, shown.Rect.Dx(), shown.Rect.Dy()/2)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Read(l)
	if err != nil {
		t.Fatal(err)
	}
	got, want := find(t, p, "kenmerk").Box, find(t, read(t, shown, 200, 200), "kenmerk").Box
	if want.Y0, want.Y1 = want.Y0/2, (want.Y1+1)/2; got != want {
		t.Errorf("the word is at %v, want %v", got, want)
	}
}

// TestSmallPrint: a page is read at the resolution that its smallest letters need, and
// the words' boxes are places of the page as it was scanned.
func TestSmallPrint(t *testing.T) {
	const dpi = 300
	plain, small := page(t, dpi), page(t, dpi)
	writeAt(t, small, dpi, 6, 10*dpi, []string{"Gelieve bij betaling te vermelden: PER/855841/B, rekening van de gemeente"})
	if got := attitudeOf(plain, dpi).enough(dpi); got < leastFine || got > 0.7*dpi {
		t.Errorf("print of 11 points wants %.0f dpi", got)
	}
	if got := attitudeOf(small, dpi).enough(dpi); got < 0.8*dpi {
		t.Errorf("print of 6 points wants %.0f dpi", got)
	}
	box := find(t, read(t, small, dpi, dpi), "PER/855841/B,").Box
	if box.Y1 < 10*dpi-10 || box.Y1 > 10*dpi+10 {
		t.Errorf("a word on the line at %d is at %v", 10*dpi, box)
	}
	coarse := find(t, read(t, page(t, 200), 200, 200), "kenmerk").Box
	fine := find(t, read(t, plain, dpi, dpi), "kenmerk").Box
	for i, d := range [4]int{fine.X0*2 - coarse.X0*3, fine.Y0*2 - coarse.Y0*3, fine.X1*2 - coarse.X1*3, fine.Y1*2 - coarse.Y1*3} {
		if max(d, -d) > 12 { // 2 pixels of 200 dpi, in 600ths of an inch
			t.Errorf("edge %d of a word is at %v of 300 dpi and at %v of 200", i, fine, coarse)
		}
	}
}

// TestOverturned: of two letters on one page that stand on each other's heads both are
// read, whichever of them is the larger.
func TestOverturned(t *testing.T) {
	const dpi = 200
	slip := append([]string{"Ons kenmerk : TX-2025-752599-75"}, letter[:6]...)
	for at, y := range map[string]int{"foot": dpi, "head": 8 * dpi} {
		g := paperOfA4(dpi)
		writeAt(t, g, dpi, 11, y, slip)
		g, _ = quarter(g, 180)
		from := dpi * 3 / 2
		if at == "head" {
			from = 5 * dpi
		}
		writeAt(t, g, dpi, 11, from, append(slices.Clone(letter), letter[2:6]...))
		p := read(t, g, dpi, dpi)
		box := find(t, p, "TX-2025-752599-75").Box
		find(t, p, "TX-2024-348096-98")
		if low := box.Y0 > 6*dpi; p.Rotation != 0 || low != (at == "foot") {
			t.Errorf("%s: rotation %d, the overturned reference is at %v", at, p.Rotation, box)
		}
		for i, w := range p.Words {
			if w.Line > i || i > 0 && w.Line < p.Words[i-1].Line {
				t.Errorf("%s: word %d stands in line %d", at, i, w.Line)
			}
		}
	}
}

// TestReadHead: the upper part of the upright page, at its places on the page; nothing
// where it is not certain what is up.
func TestReadHead(t *testing.T) {
	e, err := engine()
	if err != nil {
		t.Skip(err)
	}
	const dpi = 200
	g := page(t, dpi)
	writeAt(t, g, dpi, 11, 8*dpi, []string{"Nog een bladzijde verder staat dit hier onderaan geschreven"})
	for turned := range 4 {
		turn, back := quarter(g, 90*turned)
		l, err := Lay(Square(turn, dpi, dpi))
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.ReadHead(l)
		if err != nil {
			t.Fatal(err)
		}
		box := back.box(find(t, p, "TX-2024-348096-98").Box)
		if box.Y0 < 2*dpi || box.Y1 > 3*dpi || p.Rotation != (360-90*turned)%360 {
			t.Errorf("turned by %d: rotation %d, the reference is at %v", 90*turned, p.Rotation, box)
		}
		for _, w := range p.Words {
			if w.Text == "onderaan" {
				t.Errorf("turned by %d: the foot was read", 90*turned)
			}
		}
	}
	l, err := Lay(Square(paperOfA4(dpi), dpi, dpi))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := e.ReadHead(l); err != nil || len(p.Words) > 0 {
		t.Errorf("an empty page: %v, %v", p.Words, err)
	}
}

// TestAgain: a place is read again in several ways, however the page lies, and the words
// are where they were.
func TestAgain(t *testing.T) {
	e, err := engine()
	if err != nil {
		t.Skip(err)
	}
	const dpi = 200
	upright := page(t, dpi)
	whole := read(t, upright, dpi, dpi)
	for turned := range 4 {
		g, _ := quarter(upright, 90*turned)
		first := read(t, g, dpi, dpi)
		want := find(t, first, "TX-2024-348096-98")
		looks, err := e.Again(Square(g, dpi, dpi), Place{want.Box, first.Rotation, first.Skew})
		if err != nil || len(looks) < 3 {
			t.Fatalf("turned by %d: %d looks, %v", 90*turned, len(looks), err)
		}
		for n, words := range looks {
			box := find(t, Page{Words: words}, "TX-2024-348096-98").Box
			for i, d := range [4]int{box.X0 - want.Box.X0, box.Y0 - want.Box.Y0, box.X1 - want.Box.X1, box.Y1 - want.Box.Y1} {
				if max(d, -d) > 6 {
					t.Errorf("turned by %d, look %d: edge %d is %d pixels off", 90*turned, n, i, d)
				}
			}
		}
	}
	fresh, err := New(Config{Languages: []string{"nld", "eng"}}) // it has read nothing before
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	place := Place{find(t, whole, "TX-2024-348096-98").Box, whole.Rotation, whole.Skew}
	first, err := fresh.Again(Square(upright, dpi, dpi), place)
	later, err2 := e.Again(Square(upright, dpi, dpi), place)
	if err := errors.Join(err, err2); err != nil || !reflect.DeepEqual(first, later) {
		t.Errorf("an engine's first look is %v, a later one %v; %v", first, later, err)
	}
	if again := read(t, upright, dpi, dpi); len(again.Words) != len(whole.Words) {
		t.Errorf("after a look a page has %d words, before %d", len(again.Words), len(whole.Words))
	}
	if _, err := e.Again(Square(upright, dpi, dpi), Place{Box: mail.Box{X0: 9000, Y0: 9000, X1: 9100, Y1: 9100}}); err == nil {
		t.Error("a place beyond the page is looked at")
	}
}

// TestShrink: a pixel is the mean of what it covers, wherever the grid falls.
func TestShrink(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 7, 5))
	for i := range g.Pix {
		g.Pix[i] = byte(i%7*30 + i/7*10)
	}
	small, m := shrink(g, 0.6)
	if small.Rect.Dx() != 4 || small.Rect.Dy() != 3 {
		t.Fatalf("%v", small.Rect)
	}
	for y := range 3 {
		for x := range 4 {
			// The slope is even, so a mean is the value in the middle, but for the steps within pixels.
			p := m.Quad(mail.Box{X0: x, Y0: y, X1: x + 1, Y1: y + 1}.Quad())
			want := (p[0].X+p[2].X-1)/2*30 + (p[0].Y+p[2].Y-1)/2*10
			if got := float64(small.Pix[y*4+x]); math.Abs(got-want) > 4 {
				t.Errorf("%d,%d: %g, want about %.1f", x, y, got, want)
			}
		}
	}
}

func BenchmarkShrink(b *testing.B) {
	g := page(b, 300)
	b.ReportAllocs()
	for b.Loop() {
		shrink(g, 0.6)
	}
}

func BenchmarkSquare(b *testing.B) {
	g := image.NewGray(image.Rect(0, 0, 1728, 1145))
	b.ReportAllocs()
	for b.Loop() {
		Square(g, 204, 98)
	}
}

// TestSquare: a place of the squared picture leads back to the page's own; a file
// that claims pixels of any length gets no picture of that length.
func TestSquare(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 1728, 1145))
	s := Square(g, 204, 98)
	if w, h := s.Picture.Rect.Dx(), s.Picture.Rect.Dy(); w != 1728 || h != 2383 || s.DPI != 204 {
		t.Errorf("%d by %d, %g dpi", w, h, s.DPI)
	}
	got := s.View.Quad(mail.Box{X0: 10, Y0: 204, X1: 20, Y1: 408}.Quad())
	if want := (mail.Box{X0: 10, Y0: 98, X1: 20, Y1: 196}).Quad(); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	for _, dpi := range [][2]float64{{200, 200}, {200, 204}, {0, 0}, {30, 2400}} {
		if s := Square(g, dpi[0], dpi[1]); s.Picture != g || s.View != identity {
			t.Errorf("%v dpi: another picture", dpi)
		}
	}
}

// TestIllegible: much that looks like letters and is none must be told, because
// what it says is not known.
func TestIllegible(t *testing.T) {
	if read(t, page(t, 200), 200, 200).Illegible {
		t.Error("clean print is illegible")
	}
	streaked := paperOfA4(200)
	write(t, streaked, 200, []string{"TRENNSEITE"})
	for y := 40; y < streaked.Rect.Dy()-40; y += 17 { // crumbs of a streak
		draw.Draw(streaked, image.Rect(400, y, 402, y+7), image.Black, image.Point{}, draw.Src)
	}
	if read(t, streaked, 200, 200).Illegible {
		t.Error("a sheet with one word and a broken streak is illegible")
	}
	const seed = 7
	t.Log("seed", seed)
	rng, g := rand.New(rand.NewPCG(seed, 0)), paperOfA4(200)
	for row := range 30 {
		for column := range 60 {
			x, y := 200+20*column, 300+50*row
			for range 5 { // strokes that are no letters
				r := image.Rect(x+rng.IntN(10), y+rng.IntN(20), x+4+rng.IntN(12), y+4+rng.IntN(20))
				draw.Draw(g, r, image.Black, image.Point{}, draw.Src)
			}
		}
	}
	if !read(t, g, 200, 200).Illegible {
		t.Error("a page of strokes is legible")
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		says string
	}{
		{Config{Languages: []string{"xxx"}}, "tesseract-ocr-xxx"},
		{Config{}, "no language"},
		{Config{Languages: []string{"eng"}, Data: filepath.Join(t.TempDir(), "absent")}, "eng is not in"},
	} {
		if _, err := New(c.cfg); !errors.Is(err, ErrLanguage) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.says)
		}
	}
	dir := t.TempDir() // an empty file is what a broken installation leaves
	if err := os.WriteFile(filepath.Join(dir, "eng.traineddata"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Languages: []string{"eng"}, Data: dir}); !errors.Is(err, ErrLanguage) {
		t.Errorf("empty language data: %v", err)
	}
	for _, r := range []image.Rectangle{{}, image.Rect(0, 0, 5, 5), image.Rect(0, 0, 40000, 20)} {
		if _, err := Lay(Square(image.NewGray(r), 300, 300)); err == nil {
			t.Errorf("a picture of %v was read", r)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name  string
		turns int
	}{{"upright", 0}, {"sideways", 1}, {"askew", 0}} {
		b.Run(c.name, func(b *testing.B) {
			g, _ := quarter(page(b, 300), 90*c.turns)
			if c.name == "askew" {
				g, _ = turn(g, 2)
			}
			b.ReportAllocs()
			for b.Loop() {
				read(b, g, 300, 300)
			}
		})
	}
}

func BenchmarkAttitude(b *testing.B) {
	g := page(b, 300)
	b.ReportAllocs()
	for b.Loop() {
		attitudeOf(g, 300)
	}
}
