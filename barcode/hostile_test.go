package barcode

import (
	"image"
	"math/rand/v2"
	"testing"
)

// quiet reads and fails on any symbol; doubts are counted.
func quiet(t *testing.T, g *image.Gray, dpi float64) int {
	t.Helper()
	f := New(Config{}).Read(g, dpi)
	if len(f.Symbols) > 0 {
		t.Errorf("read %+v on a page without codes", f.Symbols)
	}
	return len(f.Doubts)
}

func TestNoCodesOnTextTablesAndPictures(t *testing.T) {
	const dpi = 200
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 1))
		pages := map[string]*image.Gray{}
		text := a4(dpi)
		printText(text, rng, image.Rect(150, 150, 1500, 2200), dpi)
		pages["text"] = text
		table := a4(dpi)
		for y := 300; y < 2000; y += 40 + rng.IntN(20) {
			draw(table, drawing{1300, 2, func(_, _ float64) bool { return true }}, 820, float64(y), 1, 0)
		}
		for x := 170; x < 1500; x += 30 + rng.IntN(100) {
			draw(table, drawing{3, 1700, func(_, _ float64) bool { return true }}, float64(x), 1150, 1, 0)
		}
		printText(table, rng, image.Rect(180, 310, 1480, 1900), dpi)
		pages["table"] = table
		half := a4(dpi)
		for y := 400; y < 1200; y++ {
			for x := 300; x < 1300; x++ {
				if (x+y)%6 < 2+x%200/60 && (x-y+4000)%6 < 3 {
					half.Pix[y*half.Stride+x] = 0
				}
			}
		}
		pages["halftone"] = half
		rough := a4(dpi)
		noise(rough, rng, 40)
		pages["noise"] = rough
		for name, g := range pages {
			for quarter := range 2 {
				if n := quiet(t, turn(g, quarter), dpi); n > 0 {
					t.Errorf("seed %d: %d doubts on %s", seed, n, name)
				}
			}
		}
	}
}

// TestNoCodesOnHatchings: lines at any angle are no code, and no doubt where they
// are even; those of many widths are what a code's bars look like.
func TestNoCodesOnHatchings(t *testing.T) {
	const dpi = 200
	r := New(Config{})
	for n := range 12 {
		rng := rand.New(rand.NewPCG(uint64(n), 3))
		angle := float64(15 * n)
		g := paper(3.6, 2, dpi)
		draw(g, hatching(rng, 40, true), 0.9*dpi, 1*dpi, 4, angle)
		if f := r.Read(g, dpi); len(f.Symbols)+len(f.Doubts) > 0 {
			t.Errorf("%g degrees: %+v on an even hatching", angle, f)
		}
		draw(g, hatching(rng, 50, false), 2.7*dpi, 1*dpi, 3, angle)
		for y := range g.Rect.Dy() { // a table's rule through it
			g.Pix[y*g.Stride+int(2.6*dpi)] = 0
		}
		if f := r.Read(g, dpi); len(f.Symbols) > 0 {
			t.Errorf("%g degrees: read %+v on hatchings", angle, f.Symbols)
		}
	}
}

// hatching is a square of lines: a unit wide and apart, or of 1 to 3 units each.
func hatching(rng *rand.Rand, side int, even bool) drawing {
	var dark []bool
	for ink := true; len(dark) < side; ink = !ink {
		wide := 1
		if !even {
			wide += rng.IntN(3)
		}
		for range wide {
			dark = append(dark, ink)
		}
	}
	return drawing{float64(side), float64(side) / 2, func(x, _ float64) bool { return dark[int(x)] }}
}

func TestHostilePictures(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, s := range [][2]int{{0, 0}, {1, 1}, {15, 15}, {16, 16}, {17, 200}, {30000, 1}, {1, 30000}, {30000, 16}, {16, 30000}, {257, 255}} {
		g := image.NewGray(image.Rect(0, 0, s[0], s[1]))
		quiet(t, g, 0)
		for i := range g.Pix {
			g.Pix[i] = byte(rng.Uint32())
		}
		quiet(t, g, 300)
		quiet(t, g, 1e300)
		quiet(t, g, -1)
	}
	quiet(t, nil, 300)
	quiet(t, &image.Gray{}, 300)
	quiet(t, &image.Gray{Pix: make([]byte, 10), Stride: 100, Rect: image.Rect(0, 0, 100, 100)}, 300)
	quiet(t, &image.Gray{Pix: make([]byte, 10000), Stride: 0, Rect: image.Rect(0, 0, 100, 100)}, 300)
	quiet(t, &image.Gray{Pix: make([]byte, 10000), Stride: 100, Rect: image.Rect(100, 100, 0, 0)}, 300)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte{0, 255, 0, 255}, uint16(64), 300.0)
	f.Add([]byte("\x00\x00\xff\xff\x00\xff\xff\xff\x00\x00\x00\xff"), uint16(120), 100.0)
	rng := rand.New(rand.NewPCG(8, 8))
	raw := make([]byte, 4096)
	for i := range raw {
		raw[i] = byte(rng.Uint32())
	}
	f.Add(raw, uint16(64), 72.0)
	r := New(Config{})
	f.Fuzz(func(t *testing.T, pattern []byte, width uint16, dpi float64) {
		w := int(width)%300 + 1
		if len(pattern) == 0 {
			return
		}
		g := image.NewGray(image.Rect(0, 0, w, 200))
		for i := range g.Pix {
			g.Pix[i] = pattern[i%len(pattern)]
		}
		for _, s := range r.Read(g, dpi).Symbols {
			if s.Text == "" || s.Confidence <= 0 || s.Confidence > 1 {
				t.Errorf("empty finding %+v", s)
			}
		}
	})
}
