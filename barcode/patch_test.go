package barcode

import (
	"fmt"
	"image"
	"testing"

	"postroom/mail"
)

// patch draws a patch code's bars in units of a narrow element, length long.
func patch(s mail.Symbology, length float64) drawing {
	var bars [4]byte
	for b, c := range patchNames {
		if c == s {
			bars = b
		}
	}
	var edges []float64
	y := 0.0
	for _, b := range bars {
		w := 1.0
		if b == 1 {
			w = patchWide
		}
		edges = append(edges, y, y+w)
		y += w + 1
	}
	return drawing{length, y - 1, func(_, y float64) bool {
		for i := 0; i < len(edges); i += 2 {
			if y >= edges[i] && y < edges[i+1] {
				return true
			}
		}
		return false
	}}
}

func TestReadsEveryPatchCodeInEveryDirection(t *testing.T) {
	r := New(Config{})
	for _, s := range patchNames {
		for _, dpi := range []float64{200, 300} {
			for quarter := range 4 {
				scales := []float64{0.75, 1, 1.3}
				for _, scale := range scales[quarter%2 : quarter%2+2] {
					t.Run(fmt.Sprintf("%v/%g/%d/%g", s, dpi, quarter*90, scale), func(t *testing.T) {
						g := a4(dpi)
						skew := [4]float64{0, 1.4, -1.4, 5}[(quarter+int(s))%4]
						length := 3.0 / (0.08 * scale)
						draw(g, patch(s, length), 4.1*dpi, 1.1*dpi, 0.08*scale*dpi, skew)
						if quarter%2 == 0 {
							bitonal(g, 128)
						}
						g = turn(g, quarter)
						got := expect(t, r.Read(g, dpi), s, s.String())
						// The symbol's own top left corner, on the sheet as fed.
						x, y := (4.1-1.5)*dpi, (1.1-0.34*scale)*dpi
						w, h := float64(g.Rect.Dx()), float64(g.Rect.Dy())
						want := [4][2]float64{{x, y}, {w - y, x}, {w - x, h - y}, {y, h - x}}[quarter]
						if !near(got.Polygon[0], want[0], want[1], 0.3*dpi) {
							t.Errorf("corner at %v, want %v", got.Polygon[0], want)
						}
					})
				}
			}
		}
	}
}

// A letter's first page has its heading and its barcode close below the bars.
func TestPatchAboveAHeading(t *testing.T) {
	const dpi = 300
	full := drawing{1, 1, func(_, _ float64) bool { return true }}
	for _, skew := range []float64{0, 2.75, -2.75} {
		g := a4(dpi)
		draw(g, patch(mail.Patch2, 50), 1000, 240, 24, skew)
		for i := range 11 { // letters
			draw(g, full, 440+float64(i)*38, 480, float64(16+i%4*8), 0)
		}
		draw(g, code(t, mail.Code39, "B442", 30), 1250, 500, 4, skew)
		var patches int
		f := New(Config{}).Read(g, dpi)
		for _, s := range f.Symbols {
			if s.Symbology == mail.Patch2 {
				patches++
			}
		}
		if patches != 1 || len(f.Doubts) != 0 {
			t.Errorf("turned by %g: %+v", skew, f)
		}
	}
}

func TestDoubtfulPatches(t *testing.T) {
	const dpi = 200
	full := drawing{1, 1, func(_, _ float64) bool { return true }}
	cases := map[string]func(g *image.Gray){
		"in the middle of the page": func(g *image.Gray) {
			draw(g, patch(mail.PatchT, 40), 800, 1170, 16, 0)
		},
		"print among the bars": func(g *image.Gray) {
			draw(g, patch(mail.PatchT, 40), 800, 200, 16, 0)
			for i := range 9 {
				draw(g, full, 540+float64(i)*60, 240, 35, 0)
			}
		},
		"bars that go on": func(g *image.Gray) {
			draw(g, patch(mail.PatchT, 40), 800, 200, 16, 0)
			draw(g, full, 1200, 200, 150, 0)
		},
		"two codes": func(g *image.Gray) {
			draw(g, patch(mail.PatchT, 20), 640, 200, 16, 0)
			draw(g, patch(mail.Patch2, 20), 960, 200, 16, 0)
		},
		"a bar spoilt": func(g *image.Gray) {
			draw(g, patch(mail.PatchT, 40), 800, 200, 16, 0)
			for y := 110; y < 140; y++ { // the first bar half gone
				for x := 480; x < 900; x++ {
					g.Pix[y*g.Stride+x] = 255
				}
			}
		},
	}
	for name, print := range cases {
		g := a4(dpi)
		print(g)
		f := New(Config{}).Read(g, dpi)
		if len(f.Symbols) != 0 || len(f.Doubts) == 0 || f.Doubts[0].Looks != mail.LooksPatch {
			t.Errorf("%s: %+v, want a doubt", name, f)
		}
	}
}

// Bars of a letterhead, a table and a large linear code are no patch codes.
func TestBarsThatAreNoPatch(t *testing.T) {
	const dpi = 200
	solid := func(w, h float64) drawing { return drawing{w, h, func(_, _ float64) bool { return true }} }
	cases := map[string]func(g *image.Gray){
		"one thick line": func(g *image.Gray) { draw(g, solid(1200, 16), 800, 200, 1, 0) },
		"equal stripes": func(g *image.Gray) {
			for i := range 8 {
				draw(g, solid(600, 16), 800, 150+float64(i)*32, 1, 0)
			}
		},
		"table": func(g *image.Gray) {
			for i := range 20 {
				draw(g, solid(1200, 3), 800, 150+float64(i)*40, 1, 0)
			}
		},
		"thin lines": func(g *image.Gray) {
			for i, w := range []float64{2, 5, 2, 5} {
				draw(g, solid(1200, w), 800, 150+float64(i)*7, 1, 0)
			}
		},
	}
	for name, print := range cases {
		for quarter := range 4 {
			g := a4(dpi)
			print(g)
			f := New(Config{}).Read(turn(g, quarter), dpi)
			if len(f.Symbols)+len(f.Doubts) != 0 {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	g := a4(dpi)
	draw(g, code(t, mail.Code39, "TEST", 40), 800, 400, 13, 0)
	expect(t, New(Config{}).Read(g, dpi), mail.Code39, "TEST")
}
