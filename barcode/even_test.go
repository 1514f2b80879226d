package barcode

import (
	"image"
	"testing"

	"postroom/mail"
)

// A label's margin may be narrower than the cells in which ink is grouped: what
// lies dark beyond it would be one blob with the code.
func TestCodeOnLabelInDarkSurroundingsIsRead(t *testing.T) {
	const text, w, h = "PER/855841/B PER/855841/B", 140, 120
	q := mail.Quad{{X: 20, Y: 28}, {X: 100, Y: 12}, {X: 116, Y: 92}, {X: 36, Y: 108}}
	g := tilted(t, code(t, mail.DataMatrix, text, 0), q, w, h)
	for y := range h {
		for x := range w {
			rise := (float64(x) - 20) * 16 / 80
			if v := float64(y) + rise; v < 28-4 || v > 108+3.2+4 {
				g.Pix[y*g.Stride+x] = 60
			}
		}
	}
	f := New(Config{}).Read(g, 0)
	if len(f.Symbols) != 1 || f.Symbols[0].Text != text {
		t.Fatalf("read %+v", f)
	}
	for i, p := range f.Symbols[0].Polygon {
		if dist(p, q[i]) > 1.5*f.Symbols[0].Module {
			t.Errorf("corner %d at %v, not %v", i, p, q[i])
		}
	}
}

func TestEvenedPictureHasEvenContrast(t *testing.T) {
	const w, h, period = 150, 60, 6
	g := image.NewGray(image.Rect(3, 4, 3+w, 4+h))
	for y := range h {
		for x := range w {
			v := 90 + x
			if x%period < period/2 {
				v /= 2
			}
			g.Pix[y*g.Stride+x] = byte(v)
		}
	}
	e := evened(g)
	if e.Rect != g.Rect {
		t.Fatalf("evened to %v, not %v", e.Rect, g.Rect)
	}
	for y := range h {
		for x := 12; x < w-12; x++ {
			want := byte(255)
			if x%period < period/2 {
				want = 80
			}
			if v := e.Pix[y*e.Stride+x]; want == 255 && v != 255 || want < 255 && v > want {
				t.Fatalf("(%d, %d) is %d, not %d", x, y, v, want)
			}
		}
	}
}

// A flat picture has no contrast that could be stretched.
func TestEvenedPaperStaysPaper(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range g.Pix {
		g.Pix[i] = byte(60 + i%2)
	}
	for i, v := range evened(g).Pix {
		if v < 250 {
			t.Fatalf("pixel %d became %d", i, v)
		}
	}
}

func TestOnlyDimPicturesAreUneven(t *testing.T) {
	for _, c := range []struct {
		dark int // pixels of the picture's 300 rows
		want bool
	}{{0, false}, {16, false}, {100, true}} {
		g := paper(2, 2, 150)
		for i := range c.dark * g.Stride {
			g.Pix[i] = 30
		}
		var s sheet
		if !s.load(g, 0) {
			t.Fatal("not loaded")
		}
		if s.uneven() != c.want {
			t.Errorf("%d dark rows: uneven is %v", c.dark, !c.want)
		}
	}
}
