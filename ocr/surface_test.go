package ocr

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"testing"
)

// ink darkens a rectangle, millimetres, on a page of 200 dpi.
func ink(g *image.Gray, x, y, w, h float64, grey uint8) {
	px := func(mm float64) int { return int(mm*200/25.4 + 0.5) }
	draw.Draw(g, image.Rect(px(x), px(y), px(x+w), px(y+h)), image.NewUniform(color.Gray{grey}), image.Point{}, draw.Src)
}

// TestLook: what a person would call blank is blank, and the faintest writing is not.
func TestLook(t *testing.T) {
	const seed = 3
	t.Log("seed", seed)
	for name, c := range map[string]struct {
		draw            func(*image.Gray, *rand.Rand)
		blank, unmarked bool
	}{
		"nothing":     {func(*image.Gray, *rand.Rand) {}, true, true},
		"grey paper":  {func(g *image.Gray, _ *rand.Rand) { ink(g, 0, 0, 210, 297, 205) }, true, true},
		"grain":       {func(g *image.Gray, r *rand.Rand) { grain(g, r) }, true, true},
		"punch holes": {func(g *image.Gray, _ *rand.Rand) { disc(g, 11, 108, 3); disc(g, 11, 188, 3) }, true, true},
		"edge shadow": {func(g *image.Gray, _ *rand.Rand) { ink(g, 0, 0, 3, 297, 40) }, true, true},
		"a streak of the glass": {func(g *image.Gray, _ *rand.Rand) { ink(g, 90, 0, 0.3, 297, 60) },
			true, false},
		"the dot of a pen": {func(g *image.Gray, _ *rand.Rand) { ink(g, 90, 120, 1, 1, 60) }, true, false},
		"a line of pencil": {func(g *image.Gray, r *rand.Rand) { pencil(g, r, 190) }, false, false},
		"a word":           {func(g *image.Gray, _ *rand.Rand) { write(t, g, 200, []string{"vu"}) }, false, false},
		"a stamp's frame":  {func(g *image.Gray, _ *rand.Rand) { frame(g, 60, 60, 38, 16, 120) }, false, false},
		"a letter":         {func(g *image.Gray, _ *rand.Rand) { write(t, g, 200, letter) }, false, false},
		"a picture":        {func(g *image.Gray, _ *rand.Rand) { ink(g, 40, 40, 120, 90, 128) }, false, false},
		"a joined line":    {func(g *image.Gray, _ *rand.Rand) { joined(g, 40, 100, 135, 60) }, false, false},
		"words at the rim": {func(g *image.Gray, _ *rand.Rand) {
			for i := range 5 {
				joined(g, 20+30*float64(i), 1.2, 21, 60)
			}
		}, false, false},
		"the sheet's own rim, broken": {func(g *image.Gray, _ *rand.Rand) {
			for i := range 5 {
				ink(g, 2, 20+50*float64(i), 0.4, 30, 90)
			}
		}, true, false},
		"a signature by foot": {func(g *image.Gray, r *rand.Rand) { ink(g, 150, 280, 25, 0.4, 90) }, false, false},
	} {
		g := paperOfA4(200)
		c.draw(g, rand.New(rand.NewPCG(seed, 0)))
		if s := Look(g, 200); s.Blank != c.blank || s.Unmarked != c.unmarked {
			t.Errorf("%s: %+v, want blank %t, unmarked %t", name, s, c.blank, c.unmarked)
		}
	}
	if s := Look(image.NewGray(image.Rect(0, 0, 10, 10)), 200); s.Blank {
		t.Error("a snippet is no blank page")
	}
}

// TestLookAtCoarsePages: below 150 dpi a black pixel is ink, not noise.
func TestLookAtCoarsePages(t *testing.T) {
	for _, dpi := range []int{50, 72, 96, 100, 149, 150, 200, 300} {
		for name, c := range map[string]struct {
			g    *image.Gray
			want bool
		}{
			"letter": {page(t, dpi), false},
			"empty":  {paperOfA4(dpi), true},
			"dust":   {dust(dpi), true},
		} {
			if s := Look(blackAndWhite(c.g), float64(dpi)); s.Blank != c.want || s.Unmarked != c.want {
				t.Errorf("%s of %d dpi in black and white: %+v, want blank %t", name, dpi, s, c.want)
			}
		}
	}
	if s := Look(paperOfA4(100), 2); s.Blank {
		t.Error("a picture that can't show letters is no blank page")
	}
}

// TestLookAtBlackDots: black is ink as grey is, only the pieces of the scanner do not count.
func TestLookAtBlackDots(t *testing.T) {
	g := blackAndWhite(paperOfA4(100))
	ink := func(y int) {
		for x := 200; x < 300; x += 2 {
			g.SetGray(x, y+x%4, color.Gray{0})
		}
	}
	ink(500)
	ink(504)
	if Look(g, 100).Blank {
		t.Error("a line that the scanner broke into black dots is blank")
	}
}

func blackAndWhite(g *image.Gray) *image.Gray {
	for i, v := range g.Pix {
		g.Pix[i] = 0
		if v > 140 {
			g.Pix[i] = 255
		}
	}
	return g
}

// dust strews single black pixels over a page, far from each other.
func dust(dpi int) *image.Gray {
	g := paperOfA4(dpi)
	for y := dpi / 4; y < g.Rect.Dy(); y += dpi {
		for x := dpi / 4; x < g.Rect.Dx(); x += dpi {
			g.SetGray(x+y/dpi%7, y, color.Gray{0})
		}
	}
	return g
}

// joined writes without lifting the pen: a thin line, up and down by 3.2 mm.
func joined(g *image.Gray, x, y, w float64, grey uint8) {
	for at := 0.0; at < w; at += 0.1 {
		up := math.Abs(math.Mod(at, 3.2)-1.6) * 2
		ink(g, x+at, y+up, 0.15, 0.4, grey)
	}
}

func grain(g *image.Gray, rng *rand.Rand) {
	for i := range g.Pix {
		g.Pix[i] = uint8(225 + 6*rng.NormFloat64())
	}
}

// pencil scribbles a line, a pixel thick and pale.
func pencil(g *image.Gray, rng *rand.Rand, grey uint8) {
	y := 1000
	for x := 300; x < 900; x++ {
		y += rng.IntN(5) - 2
		g.SetGray(x, y, color.Gray{grey})
		g.SetGray(x, y+1, color.Gray{grey})
	}
}

func frame(g *image.Gray, x, y, w, h float64, grey uint8) {
	ink(g, x, y, w, 0.5, grey)
	ink(g, x, y+h, w, 0.5, grey)
	ink(g, x, y, 0.5, h, grey)
	ink(g, x+w, y, 0.5, h, grey)
}

func disc(g *image.Gray, x, y, r float64) {
	for dy := -r; dy < r; dy += 0.05 {
		for dx := -r; dx < r; dx += 0.05 {
			if dx*dx+dy*dy < r*r {
				ink(g, x+dx, y+dy, 0.13, 0.13, 20)
			}
		}
	}
}

func BenchmarkLook(b *testing.B) {
	g := page(b, 300)
	b.ReportAllocs()
	for b.Loop() {
		Look(g, 300)
	}
}
