package barcode

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"postroom/mail"
)

// paperPage is an A4 page of noisy grey paper at a resolution.
func paperPage(rng *rand.Rand, dpi int) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, 827*dpi/100, 1169*dpi/100))
	for i := range g.Pix {
		g.Pix[i] = byte(232 + rng.IntN(13))
	}
	return g
}

// rule draws an upright line from one height to another, leaning by some pixels.
func rule(g *image.Gray, x, wide, from, to int, lean float64, v byte) {
	for y := from; y < to; y++ {
		at := x + int(math.Round(lean*float64(y-from)/float64(to-from)))
		for i := range wide {
			g.SetGray(at+i, y, color.Gray{v})
		}
	}
}

// strokes draws lines of dark strokes where words stand.
func strokes(rng *rand.Rand, g *image.Gray, dpi int) {
	for y := dpi; y < g.Rect.Dy()-dpi; y += dpi / 6 {
		for x := dpi * 3 / 4; x < g.Rect.Dx()-dpi*3/4; x += 3 + rng.IntN(dpi/15) {
			rule(g, x, 1+dpi/100, y, y+dpi/12, 0, byte(20+rng.IntN(60)))
		}
	}
}

func TestStreaks(t *testing.T) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, dpi := range []int{200, 300} {
		w, h := 827*dpi/100, 1169*dpi/100
		mm := func(v float64) int { return int(v * float64(dpi) / 25.4) }
		for name, c := range map[string]struct {
			draw func(g *image.Gray)
			want []int // where, pixels
		}{
			"blank":            {func(*image.Gray) {}, nil},
			"text":             {func(g *image.Gray) { strokes(rng, g, dpi) }, nil},
			"streak":           {func(g *image.Gray) { rule(g, mm(32), 1, 0, h, 0, 170) }, []int{mm(32)}},
			"streak over text": {func(g *image.Gray) { strokes(rng, g, dpi); rule(g, mm(90), 2, 0, h, 0, 60) }, []int{mm(90) + 1}},
			"two": {func(g *image.Gray) { rule(g, mm(20), 2, 0, h, 0, 90); rule(g, mm(150), 1, 0, h, 0, 90) },
				[]int{mm(20) + 1, mm(150)}},
			"light on grey": {func(g *image.Gray) {
				for i := range g.Pix {
					g.Pix[i] -= 90
				}
				rule(g, mm(60), 2, 0, h, 0, 235)
			}, []int{mm(60) + 1}},
			"rule within the margins": {func(g *image.Gray) { rule(g, mm(60), 2, mm(8), h-mm(8), 0, 20) }, nil},
			"frame to the foot":       {func(g *image.Gray) { rule(g, mm(60), 2, mm(10), h, 0, 20) }, nil},
			"full rule, askew":        {func(g *image.Gray) { rule(g, mm(60), 2, 0, h, float64(mm(1)), 20) }, nil},
			"table": {func(g *image.Gray) {
				for x := 20; x < 200; x += 15 {
					rule(g, mm(float64(x)), 2, mm(12), h-mm(20), 0, 20)
				}
			}, nil},
			"hatching": {func(g *image.Gray) {
				for x := 10; x < 200; x += 5 {
					rule(g, mm(float64(x)), 2, 0, h, 0, 20)
				}
			}, nil},
			"dark border":    {func(g *image.Gray) { rule(g, 0, mm(12), 0, h, 0, 8); rule(g, w-mm(7), mm(7), 0, h, 0, 8) }, nil},
			"sheet's edge":   {func(g *image.Gray) { rule(g, mm(190), w-mm(190), 0, h, 0, 205); rule(g, mm(190), 2, 0, h, 0, 140) }, nil},
			"shadow at edge": {func(g *image.Gray) { rule(g, 2, 3, 0, h, 0, 120) }, nil},
			"broad band":     {func(g *image.Gray) { rule(g, mm(60), mm(3), 0, h, 0, 90) }, nil},
			"bars":           {func(g *image.Gray) { rule(g, mm(60), 3, mm(20), mm(90), 0, 10) }, nil},
			"half a streak":  {func(g *image.Gray) { rule(g, mm(60), 2, 0, h/2, 0, 20) }, nil},
		} {
			g := paperPage(rng, dpi)
			c.draw(g)
			got := Streaks(g, float64(dpi))
			ok := len(got) == len(c.want)
			for i := 0; ok && i < len(got); i++ {
				ok = math.Abs(got[i].Place*float64(w)-float64(c.want[i])) < 1.5 && got[i].Width <= 3 && got[i].Dark == (name != "light on grey")
			}
			if !ok {
				t.Errorf("%s at %d dpi (seed %d): %+v, want %v of %d", name, dpi, seed, got, c.want, w)
			}
		}
	}
	for _, g := range []*image.Gray{nil, image.NewGray(image.Rect(0, 0, 1, 1)), image.NewGray(image.Rect(0, 0, 3000, 5))} {
		if got := Streaks(g, 300); got != nil {
			t.Error(got)
		}
	}
}

// TestStreaksOfAPartOfAPicture: the left edge is the page's, wherever it lies in memory.
func TestStreaksOfAPartOfAPicture(t *testing.T) {
	g := paperPage(rand.New(rand.NewPCG(3, 0)), 200)
	rule(g, 400, 2, 0, g.Rect.Dy(), 0, 60)
	part := g.SubImage(image.Rect(100, 200, 1500, 2200)).(*image.Gray)
	want := mail.Streak{Place: 301.0 / 1400, Width: 2, Dark: true}
	if got := Streaks(part, 200); len(got) != 1 || got[0] != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func BenchmarkStreaks(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 0))
	for name, draw := range map[string]func(*image.Gray){
		"blank":  func(*image.Gray) {},
		"text":   func(g *image.Gray) { strokes(rng, g, 300) },
		"streak": func(g *image.Gray) { rule(g, 800, 2, 0, g.Rect.Dy(), 0, 60) },
	} {
		g := paperPage(rng, 300)
		draw(g)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Streaks(g, 300)
			}
		})
	}
}
