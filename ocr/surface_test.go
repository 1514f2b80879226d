package ocr

import (
	"image"
	"image/color"
	"image/draw"
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
		"the dot of a pen":    {func(g *image.Gray, _ *rand.Rand) { ink(g, 90, 120, 1, 1, 60) }, true, false},
		"a line of pencil":    {func(g *image.Gray, r *rand.Rand) { pencil(g, r, 190) }, false, false},
		"a word":              {func(g *image.Gray, _ *rand.Rand) { write(t, g, 200, []string{"vu"}) }, false, false},
		"a stamp's frame":     {func(g *image.Gray, _ *rand.Rand) { frame(g, 60, 60, 38, 16, 120) }, false, false},
		"a letter":            {func(g *image.Gray, _ *rand.Rand) { write(t, g, 200, letter) }, false, false},
		"a picture":           {func(g *image.Gray, _ *rand.Rand) { ink(g, 40, 40, 120, 90, 128) }, false, false},
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
