package barcode

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"postroom/mail"
)

// specimens has one code of every symbology.
var specimens = []struct {
	symbology mail.Symbology
	text      string // as written
	want      string // as read; empty = as written
}{
	{mail.Code128, "+++873/4895/15954+++", ""},
	{mail.Code39, "PER/962309/N", ""},
	{mail.Code93, "TX-2024-2074", ""},
	{mail.ITF, "0000139471430009", ""},
	{mail.Codabar, "A40156-2308B", "40156-2308"},
	{mail.EAN13, "4006381333931", ""},
	{mail.EAN8, "96385074", ""},
	{mail.UPCA, "036000291452", ""},
	{mail.QR, "PER/855841/B", ""},
	{mail.DataMatrix, "TX-2025-138487-90", ""},
	{mail.Aztec, "PER/855841/B", ""},
}

// expect fails the test unless exactly the one symbol was read, and no doubt.
func expect(t *testing.T, f Finding, s mail.Symbology, text string) mail.Symbol {
	t.Helper()
	if len(f.Symbols) != 1 || len(f.Doubts) != 0 {
		t.Fatalf("got %+v, want one %v %q", f, s, text)
	}
	got := f.Symbols[0]
	if got.Symbology != s || got.Text != text {
		t.Fatalf("got %v %q, want %v %q", got.Symbology, got.Text, s, text)
	}
	if !(got.Confidence > 0 && got.Confidence <= 1) {
		t.Errorf("confidence %v", got.Confidence)
	}
	return got
}

func TestReadsEverySymbologyInEveryDirection(t *testing.T) {
	r := New(Config{})
	pages := []struct {
		dpi, mil float64
		level    byte // 0 = grey
	}{{200, 20, 0}, {300, 10, 128}, {200, 15, 128}}
	for i, c := range specimens {
		for _, p := range pages {
			for quarter := range 4 {
				skew := [4]float64{-1.4, 0.6, 3, -5}[(quarter+i)%4]
				t.Run(fmt.Sprintf("%v/%g-%g-%d/%g", c.symbology, p.dpi, p.mil, p.level, float64(quarter*90)+skew), func(t *testing.T) {
					unit := p.mil / 1000 * p.dpi
					g := a4(p.dpi)
					cx, cy := 5.1*p.dpi, (2+2*float64(quarter))*p.dpi
					if quarter%2 == 1 {
						cx, cy = 3*p.dpi, 5*p.dpi
					}
					draw(g, code(t, c.symbology, c.text, 0.5*p.dpi/unit), cx, cy, unit, float64(quarter*90)+skew)
					if p.level > 0 {
						bitonal(g, p.level)
					}
					want := c.want
					if want == "" {
						want = c.text
					}
					got := expect(t, r.Read(g, p.dpi), c.symbology, want)
					if m := middle(got.Polygon); !near(m, cx, cy, 0.12*p.dpi) {
						t.Errorf("middle at %v, want %v,%v", m, cx, cy)
					}
					if got.Module < unit*0.6 || got.Module > unit*1.5 {
						t.Errorf("module %.2f, want %.2f", got.Module, unit)
					}
				})
			}
		}
	}
}

func TestReadsSeveralCodesAmongText(t *testing.T) {
	const dpi = 300
	rng := rand.New(rand.NewPCG(1, 2))
	g := a4(dpi)
	printText(g, rng, image.Rect(200, 1300, 2300, 3300), dpi)
	draw(g, code(t, mail.Code128, "RR473124829GB", 40), 700, 300, 4, 1)
	draw(g, code(t, mail.Code128, "TX-2024-207485-78", 40), 1800, 300, 4, 1)
	draw(g, code(t, mail.QR, "PATCHT", 0), 500, 900, 6, 1)
	draw(g, code(t, mail.DataMatrix, "PER/113085/V", 0), 1200, 900, 6, 1)
	draw(g, code(t, mail.Code39, "CODE39", 40), 1900, 900, 4, 1)
	f := New(Config{}).Read(g, dpi)
	got := map[string]bool{}
	for _, s := range f.Symbols {
		got[s.Text] = true
	}
	for _, want := range []string{"RR473124829GB", "TX-2024-207485-78", "PATCHT", "PER/113085/V", "CODE39"} {
		if !got[want] {
			t.Errorf("%q was not read", want)
		}
	}
	if len(f.Symbols) != 5 || len(f.Doubts) != 0 {
		t.Errorf("%d symbols, doubts %v", len(f.Symbols), f.Doubts)
	}
}

func TestReadsOnlyWhatIsWanted(t *testing.T) {
	g := a4(200)
	draw(g, code(t, mail.Code128, "RR473124829GB", 40), 700, 300, 3, 0)
	draw(g, code(t, mail.QR, "PATCHT", 0), 700, 900, 5, 0)
	f := New(Config{Symbologies: []mail.Symbology{mail.QR}}).Read(g, 200)
	expect(t, f, mail.QR, "PATCHT")
}

func TestReadsBadScans(t *testing.T) {
	seed := uint64(7)
	for _, c := range specimens {
		t.Run(c.symbology.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			g := a4(200)
			draw(g, code(t, c.symbology, c.text, 30), 800, 500, 3.4, 0.8)
			blur(g, 1)
			noise(g, rng, 12)
			want := c.want
			if want == "" {
				want = c.text
			}
			t.Logf("seed %d", seed)
			expect(t, New(Config{}).Read(g, 200), c.symbology, want)
		})
	}
}

// TestWithoutStreaks: a streak goes, what it crosses stays, and a page without one is the
// same picture.
func TestWithoutStreaks(t *testing.T) {
	const dpi = 200
	rng := rand.New(rand.NewPCG(2, 2))
	clean := a4(dpi)
	printText(clean, rng, image.Rect(200, 200, 1500, 2100), dpi)
	if got := WithoutStreaks(clean, dpi); got != clean {
		t.Error("a page without streaks is another picture")
	}
	for _, across := range []bool{false, true} {
		g := a4(dpi)
		copy(g.Pix, clean.Pix)
		for i := range max(g.Rect.Dx(), g.Rect.Dy()) {
			for w := range 3 {
				x, y := 700+w, i
				if across {
					x, y = y, x
				}
				if image.Pt(x, y).In(g.Rect) {
					g.Pix[y*g.Stride+x] = 40
				}
			}
		}
		got, off := WithoutStreaks(g, dpi), 0
		for i, v := range got.Pix {
			if int(v)-int(clean.Pix[i]) > 60 || int(clean.Pix[i])-int(v) > 60 {
				off++
			}
		}
		if got == g || off > 3*250 {
			t.Errorf("across %v: %d pixels are not as they were without the streak", across, off)
		}
		if same := WithoutStreaks(g, 0); same != g {
			t.Error("a picture without a resolution was touched")
		}
	}
}

// A dark streak runs down the page through the code, at a slant to its bars.
func TestReadsThroughStreak(t *testing.T) {
	for _, c := range specimens[:5] {
		g := a4(300)
		draw(g, code(t, c.symbology, c.text, 40), 1200, 500, 4, 1.2)
		for y := range g.Rect.Dy() {
			g.Pix[y*g.Stride+1107] = 0
			g.Pix[y*g.Stride+1108] = 0
		}
		want := c.want
		if want == "" {
			want = c.text
		}
		expect(t, New(Config{}).Read(g, 300), c.symbology, want)
	}
}

// TestReadsBesideStamp: a stamp that touches a code makes one place of both.
func TestReadsBesideStamp(t *testing.T) {
	const dpi = 300
	line := drawing{1, 0.01, func(_, _ float64) bool { return true }}
	for _, c := range specimens {
		if c.symbology >= mail.QR {
			continue
		}
		g := a4(dpi)
		d := code(t, c.symbology, c.text, 40)
		draw(g, d, 1300, 400, 4, 1)
		left := 1300 - d.w*2
		for _, y := range []float64{430, 640} { // the frame of a stamp, askew, through the code's lower end
			draw(g, line, left+60, y, 400, -4)
		}
		for _, x := range []float64{left - 140, left + 260} {
			draw(g, line, x, 535, 210, 86)
		}
		printText(g, rand.New(rand.NewPCG(5, 6)), image.Rect(int(left)-110, 500, int(left)+230, 610), dpi)
		want := c.want
		if want == "" {
			want = c.text
		}
		expect(t, New(Config{}).Read(g, dpi), c.symbology, want)
	}
}

func TestSpoiltCodesAreDoubts(t *testing.T) {
	const dpi = 300
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range specimens {
		g := a4(dpi)
		d := code(t, c.symbology, c.text, 40)
		draw(g, d, 1200, 700, 4.5, 0.5)
		looks := mail.LooksLinear
		if c.symbology >= mail.QR {
			looks = mail.LooksMatrix
			blot := drawing{1, 1, func(x, y float64) bool { return true }}
			blots := 40
			if c.symbology == mail.Aztec {
				blots = 18
			}
			for range blots { // ink on the data, the rims and finder patterns left
				draw(g, blot, 1200+d.w*(2.4*rng.Float64()-1.2), 700+d.h*(2.4*rng.Float64()-1.2), 5, 0)
			}
		} else { // two modules more ink in the middle of the code
			draw(g, drawing{1, 1, func(x, y float64) bool { return true }}, 1200, 700, 13, 0)
			for y := 580; y < 820; y++ {
				for x := 1150; x < 1163; x++ {
					g.Pix[y*g.Stride+x] = 0
				}
				for x := 1223; x < 1236; x++ {
					g.Pix[y*g.Stride+x] = 255
				}
			}
		}
		f := New(Config{}).Read(g, dpi)
		if len(f.Symbols) != 0 || len(f.Doubts) == 0 || f.Doubts[0].Looks != looks {
			t.Errorf("%v: %+v, want one doubt", c.symbology, f)
		}
	}
}

// A code cut by the edge of a sheet must not be read as a shorter one.
func TestCutCodesAreNeverShorter(t *testing.T) {
	const dpi = 300
	// An ITF code that ends at the right pair of bars is a whole code: only its length tells.
	r := New(Config{ITFLengths: []int{16}})
	for _, c := range specimens[:8] {
		d := code(t, c.symbology, c.text, 40)
		for cut := 4.0; cut < d.w-4; cut += 23 {
			g := paper(6, 2, dpi)
			part := d
			part.w = d.w - cut
			draw(g, part, 900, 300, 4, 0)
			if f := r.Read(g, dpi); len(f.Symbols) > 0 {
				t.Errorf("%v cut by %g modules read as %q", c.symbology, cut, f.Symbols[0].Text)
			}
			// The rest of the page begins in black, as where another sheet covers the code.
			for y := range g.Rect.Dy() {
				x := 900 + int(part.w*2)
				for ; x < g.Rect.Dx(); x++ {
					g.Pix[y*g.Stride+x] = 90
				}
			}
			if f := r.Read(g, dpi); len(f.Symbols) > 0 {
				t.Errorf("%v covered by %g modules read as %q", c.symbology, cut, f.Symbols[0].Text)
			}
		}
	}
}
