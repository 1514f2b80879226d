package barcode

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"postroom/mail"
	"postroom/samples/symbol"
)

const stackedText = "PER/855841/B Anna Maes rue du Moulin 12"

// stackedCode draws a PDF417, the modules for which kept is false left white.
func stackedCode(t *testing.T, text string, kept func(x, y int) bool) drawing {
	t.Helper()
	m, err := symbol.Draw(mail.PDF417, text)
	if err != nil {
		t.Fatal(err)
	}
	return drawing{float64(len(m[0])), float64(len(m)), func(x, y float64) bool {
		return m[int(y)][int(x)] && (kept == nil || kept(int(x), int(y)))
	}}
}

// smudge draws a black box.
func smudge(g *image.Gray, box image.Rectangle) {
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			g.Pix[y*g.Stride+x] = 10
		}
	}
}

func TestPDF417BesideTextIsRead(t *testing.T) {
	r := New(Config{Symbologies: []mail.Symbology{mail.PDF417}})
	d := stackedCode(t, stackedText, nil)
	for quarter := range 4 {
		for _, p := range []struct {
			unit, skew float64
			level      byte
		}{{4, 1.2, 0}, {3, -2, 128}, {2.25, 0.5, 150}, {6, -4, 0}} {
			t.Run(fmt.Sprintf("%d/%g", quarter, p.unit), func(t *testing.T) {
				g := a4(300)
				draw(g, d, 1300, 1500, p.unit, float64(90*quarter)+p.skew)
				wide, high := int(d.w*p.unit/2), int(d.h*p.unit/2)
				if quarter%2 == 1 {
					wide, high = high, wide
				}
				// Lines of text that touch the code from above and from the left.
				rng := rand.New(rand.NewPCG(4, uint64(quarter)))
				printText(g, rng, image.Rect(1300-wide-600, 1500-high-260, 1300+wide, 1500-high-10), 300)
				printText(g, rng, image.Rect(1300-wide-600, 1500-high-10, 1300-wide-20, 1500+high), 300)
				if p.level > 0 {
					blur(g, 1)
					bitonal(g, p.level)
				}
				f := r.Read(g, 300)
				if len(f.Symbols) != 1 || f.Symbols[0].Text != stackedText {
					t.Errorf("read %+v", f)
				}
			})
		}
	}
}

func TestPDF417WhoseThinBarsRunTogetherIsRead(t *testing.T) {
	g := a4(200)
	draw(g, stackedCode(t, stackedText, nil), 800.3, 900.6, 1.5, 0)
	noise(g, rand.New(rand.NewPCG(5, 5)), 4)
	expect(t, New(Config{Symbologies: []mail.Symbology{mail.PDF417}}).Read(g, 200), mail.PDF417, stackedText)
}

func TestPDF417UnderAStrokeIsRead(t *testing.T) {
	g := a4(300)
	draw(g, stackedCode(t, stackedText, nil), 1200, 1000, 4, 1)
	smudge(g, image.Rect(700, 990, 1700, 998))
	f := New(Config{}).Read(g, 300)
	if len(f.Symbols) != 1 || f.Symbols[0].Text != stackedText {
		t.Errorf("read %+v", f)
	}
}

// Only the codewords are needed: the row indicators tell where they end.
func TestPDF417WithoutItsStopPatternIsRead(t *testing.T) {
	d := stackedCode(t, stackedText, nil)
	d = stackedCode(t, stackedText, func(x, _ int) bool { return x < int(d.w)-len(stopModules) })
	for _, dpi := range [2]float64{300, 0} {
		g := paper(4, 2, 300)
		draw(g, d, 600, 300, 4, 1)
		f := New(Config{Symbologies: []mail.Symbology{mail.PDF417}}).Read(g, dpi)
		if len(f.Symbols) != 1 || f.Symbols[0].Text != stackedText {
			t.Errorf("at %g dpi: read %+v", dpi, f)
		}
	}
}

func TestPDF417FarBeyondRepairLeavesADoubt(t *testing.T) {
	d := stackedCode(t, stackedText, nil)
	for _, c := range []struct {
		lost string
		kept func(x, y int) bool
	}{
		{"codewords", func(x, _ int) bool { return x < 34 || x >= int(d.w)-35 }},
		{"codewords and stop pattern", func(x, _ int) bool { return x < 34 }},
		{"codewords and row indicators", func(x, _ int) bool { return x < 17 || x >= int(d.w)-18 }},
	} {
		g := a4(300)
		draw(g, stackedCode(t, stackedText, c.kept), 1200, 1000, 4, 1)
		f := New(Config{Symbologies: []mail.Symbology{mail.PDF417}}).Read(g, 300)
		if len(f.Symbols) != 0 || len(f.Doubts) != 1 {
			t.Errorf("%s lost: got %+v, want a doubt", c.lost, f)
		}
	}
}

func TestFlatAndLongPDF417OfAPictureIsRead(t *testing.T) {
	m, err := symbol.Draw(mail.PDF417, stackedText)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range [2]int{1, 2} { // pixels a module
		g := image.NewGray(image.Rect(0, 0, len(m[0])*k+20, len(m)/3*k+20))
		for i := range g.Pix {
			g.Pix[i] = 255
			if x, y := i%g.Stride-10, i/g.Stride-10; x >= 0 && y >= 0 && x < len(m[0])*k && y < len(m)/3*k && m[3*(y/k)][x/k] {
				g.Pix[i] = 0
			}
		}
		f := New(Config{}).Read(g, 0)
		if len(f.Symbols) != 1 || f.Symbols[0].Text != stackedText {
			t.Errorf("%d: read %+v", k, f)
		}
	}
}

// The indicators that a stature makes are those that the election reads back.
func TestRowIndicatorsNameTheirSymbol(t *testing.T) {
	for _, want := range []stature{{3, 1, 0}, {12, 4, 2}, {35, 13, 5}, {90, 30, 8}} {
		var all []told
		for row := range want.rows {
			for side := range 2 {
				all = append(all, told{kind: (row%3 + 2*side) % 3, value: want.indicator(row, side) % 30})
			}
		}
		all = append(all, told{kind: saysRows, value: 29}) // a misread one
		if got, ok := elected(all); !ok || got != want {
			t.Errorf("elected %+v, not %+v", got, want)
		}
	}
}

func TestClimbFindsTheRowsAmongStrayIndicators(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	var all []told
	for line := range 40 {
		p := told{at: float64(line) + 0.5, row: float64((line+2)/3) + 0.5}
		if line%3 == 0 {
			p.row = float64(rng.IntN(90)) + 0.5
		}
		all = append(all, p)
	}
	l := climb(all)
	l = l.straightened(l.near(all))
	if top := l.top(1); top < 0.3 || top > 1.7 || l.slope < 0.32 || l.slope > 0.35 {
		t.Errorf("row 1 begins at %g, %g rows a line", top, l.slope)
	}
}
