package barcode

import (
	"math/rand/v2"
	"testing"

	"postroom/mail"
)

// TestASheetOfLabels: as many codes as a sheet holds are all read.
func TestASheetOfLabels(t *testing.T) {
	const dpi = 300
	g := a4(dpi)
	r := New(Config{})
	for i := range 24 {
		d := code(t, mail.Code128, "TX-2021-00000"+string(rune('0'+i%10))+"-33", 50)
		if i%4 == 3 {
			d = code(t, mail.QR, "PER/855841/B", 0)
		}
		draw(g, d, float64(420+800*(i%3)), float64(250+420*(i/3)), 3, 0)
	}
	f := r.Read(g, dpi)
	if len(f.Symbols) != 24 || len(f.Doubts) > 0 {
		t.Errorf("%d codes, %d doubts", len(f.Symbols), len(f.Doubts))
	}
	if r.sheet.effort.used > mostEffort/3 {
		t.Errorf("it cost %d of %d", r.sheet.effort.used, mostEffort)
	}
}

// TestThePageThatNeverEnds: a page made of what is dear to look at is given up, and doubtful.
func TestThePageThatNeverEnds(t *testing.T) {
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, seed))
	bits := make([]bool, 1<<20)
	for i := range bits {
		bits[i] = rng.IntN(2) == 0
	}
	ring := func(x, y int) bool { // finder patterns of QR codes side by side
		d := max(abs(x%9-3), abs(y%9-3))
		return d <= 3 && d != 2
	}
	for name, dark := range map[string]func(x, y int) bool{
		"rows of bars": func(x, y int) bool { return y%60 < 50 && bits[y/60*900+x/3] },
		"rings":        func(x, y int) bool { return ring(x/3, y/3) },
		"starts":       func(x, y int) bool { return y%70 < 60 && x/4%20 < 17 && startModules[x/4%20] == '1' },
	} {
		g := a4(200)
		for i := range g.Pix {
			if dark(i%g.Stride, i/g.Stride) {
				g.Pix[i] = 0
			}
		}
		for _, dpi := range []float64{0, 200} {
			r := New(Config{})
			if f := r.Read(g, dpi); len(f.Doubts) == 0 {
				t.Errorf("%s at %g dpi: no doubt", name, dpi)
			}
			if e := r.sheet.effort; e.used > e.most+mostEffort/10 {
				t.Errorf("%s at %g dpi: it cost %d of %d", name, dpi, e.used, e.most)
			}
		}
		if r := New(Config{}); len(r.Read(a4(200), 200).Doubts) > 0 || r.sheet.effort.used > 0 {
			t.Error("an empty page costs something")
		}
	}
}
