package barcode

import (
	"image"
	"testing"

	"postroom/mail"
	"postroom/samples/symbol"
)

// tilted draws a figure in the four corners, seen by a camera: grey paper, soft edges.
func tilted(t *testing.T, d drawing, q mail.Quad, w, h int) *image.Gray {
	t.Helper()
	l, ok := stretched(q, int(d.w), int(d.h))
	if !ok {
		t.Fatal("the corners make no convex figure")
	}
	g := image.NewGray(image.Rect(0, 0, w, h))
	for i := range g.Pix {
		g.Pix[i] = 150
	}
	const fine = 12 // points a module along each side, so that none of its pixels is passed over
	hits := make([]int, w*h)
	all := make([]int, w*h)
	for j := range int(d.h) * fine {
		for i := range int(d.w) * fine {
			x, y := (float64(i)+0.5)/fine, (float64(j)+0.5)/fine
			p := l.at(x, y)
			at := int(p.Y)*w + int(p.X)
			all[at]++
			if d.dark(x, y) {
				hits[at]++
			}
		}
	}
	for i, n := range all {
		if n > 0 {
			g.Pix[i] = byte(150 - 110*hits[i]/n)
		}
	}
	return g
}

func TestTiltedCodesAreRead(t *testing.T) {
	q := mail.Quad{{X: 70, Y: 60}, {X: 300, Y: 90}, {X: 285, Y: 290}, {X: 40, Y: 320}}
	for _, s := range []mail.Symbology{mail.QR, mail.DataMatrix, mail.Aztec} {
		text := "PER/855841/B"
		if s == mail.DataMatrix {
			text += " " + text // a square one
		}
		f := New(Config{}).Read(tilted(t, code(t, s, text, 0), q, 360, 360), 0)
		if len(f.Symbols) != 1 || f.Symbols[0].Symbology != s || f.Symbols[0].Text != text {
			t.Errorf("%v: read %+v", s, f)
			continue
		}
		// An Aztec code has no turn of its own: each corner lies within a module and a half of one of the four.
		for _, p := range f.Symbols[0].Polygon {
			near := false
			for _, c := range q {
				near = near || dist(p, c) < 1.5*f.Symbols[0].Module
			}
			if !near {
				t.Errorf("%v: the corner %v is none of %v", s, p, q)
			}
		}
	}
}

// shaded dims a picture towards a corner to the given share of its light.
func shaded(g *image.Gray, least float64) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	for i, v := range g.Pix {
		near := (float64(i%w)/float64(w) + float64(i/w)/float64(h)) / 2
		g.Pix[i] = byte(float64(v) * (least + (1-least)*near))
	}
	return g
}

// Paper lies half in the dark, so that one threshold is none for all of it; or the
// frame's corners lie so far off that no lattice on three of them shows the rings.
func TestSharplyTiltedAztecInUnevenLightIsRead(t *testing.T) {
	for _, c := range []struct {
		text  string
		light float64
		q     mail.Quad
	}{
		{"14111/e63b", 0.743, mail.Quad{{X: 83.138, Y: 42.778}, {X: 276.829, Y: 73.118}, {X: 306.392, Y: 290.504}, {X: 53.327, Y: 311.554}}},
		{"87459/ff39", 0.495, mail.Quad{{X: 42.406, Y: 53.177}, {X: 316.509, Y: 72.843}, {X: 295.442, Y: 275.684}, {X: 84.741, Y: 311.766}}},
		{"18570/bc016712e2189c55", 0.688, mail.Quad{{X: 62.105, Y: 44.635}, {X: 293.987, Y: 43.467}, {X: 284.383, Y: 313.012}, {X: 83.927, Y: 277.605}}},
		{"217296/a7c873d7de4cc9d8", 0.73, mail.Quad{{X: 56.949, Y: 72.181}, {X: 310.075, Y: 44.986}, {X: 299.259, Y: 312.425}, {X: 72.056, Y: 285.567}}},
	} {
		m, err := symbol.Draw(mail.Aztec, c.text)
		if err != nil {
			t.Fatal(err)
		}
		f := New(Config{}).Read(shaded(tilted(t, printed(m), c.q, 360, 360), c.light), 0)
		if len(f.Symbols) != 1 || f.Symbols[0].Text != c.text {
			t.Errorf("%v: read %+v", c, f)
		}
	}
}

// A picture of unknown resolution may be a drawing whose modules are single pixels.
func TestTinyPictureIsRead(t *testing.T) {
	d := code(t, mail.DataMatrix, "PER/855841/B", 0)
	g := image.NewGray(image.Rect(5, 7, 5+int(d.w), 7+int(d.h)))
	for y := range int(d.h) {
		for x := range int(d.w) {
			if !d.dark(float64(x), float64(y)) {
				g.Pix[y*g.Stride+x] = 255
			}
		}
	}
	f := New(Config{}).Read(g, 0)
	if len(f.Symbols) != 1 || f.Symbols[0].Text != "PER/855841/B" {
		t.Fatalf("read %+v", f)
	}
	if p := f.Symbols[0].Polygon[0]; dist(p, mail.Point{X: 5, Y: 7}) > 1 {
		t.Errorf("top left at %v, not at (5, 7)", p)
	}
	if m := f.Symbols[0].Module; m < 0.9 || m > 1.1 {
		t.Errorf("module %v, not 1 pixel", m)
	}
}

func TestBrightOnDarkIsRead(t *testing.T) {
	g := paper(2, 2, 150)
	draw(g, code(t, mail.QR, "PER/855841/B", 0), 150, 150, 6, 0)
	f := New(Config{}).Read(inverted(g), 0)
	if len(f.Symbols) != 1 || f.Symbols[0].Text != "PER/855841/B" {
		t.Errorf("read %+v", f)
	}
}

func TestMirroredDataMatrixIsRead(t *testing.T) {
	d := code(t, mail.DataMatrix, "PER/855841/B", 0)
	g := paper(2, 2, 150)
	draw(g, drawing{d.h, d.w, func(x, y float64) bool { return d.dark(y, x) }}, 150, 150, 6, 0)
	f := New(Config{}).Read(g, 0)
	if len(f.Symbols) != 1 || f.Symbols[0].Text != "PER/855841/B" {
		t.Errorf("read %+v", f)
	}
}

// A picture may hold a code's bars and no more, less high than any that is looked for.
func TestStripOfBarsIsRead(t *testing.T) {
	d := code(t, mail.ITF, "12345678901231", 1)
	strip := image.NewGray(image.Rect(0, 0, 8, int(3*d.w)+60))
	for i := range strip.Pix {
		strip.Pix[i] = 255
		if y := i/strip.Stride - 30; y >= 0 && y < int(3*d.w) && d.dark(float64(y)/3, 0) {
			strip.Pix[i] = 20
		}
	}
	f := New(Config{}).Read(strip, 0)
	if len(f.Symbols) != 1 || f.Symbols[0].Text != "12345678901231" {
		t.Fatalf("read %+v", f)
	}
	for _, p := range f.Symbols[0].Polygon {
		if p.X < -4 || p.X > 12 {
			t.Errorf("a corner at %v lies beside the strip", p)
		}
	}
}

// Beyond the edge of a picture of grey paper lies grey paper: white would make a
// bar of the strip between the code and the edge.
func TestCodeNearTheEdgeOfGreyPaperIsRead(t *testing.T) {
	d := code(t, mail.Code39, "165627", 40)
	g := image.NewGray(image.Rect(0, 0, int(d.w)*3+2*24, 160))
	for i := range g.Pix {
		g.Pix[i] = 150
	}
	for y := 20; y < 140; y++ {
		for x := range int(d.w) * 3 {
			if d.dark(float64(x)/3, 0) {
				g.Pix[y*g.Stride+24+x] = 40
			}
		}
	}
	f := New(Config{}).Read(g, 0)
	if len(f.Symbols) != 1 || f.Symbols[0].Text != "165627" {
		t.Errorf("read %+v", f)
	}
}

func TestTiltedPDF417IsRead(t *testing.T) {
	const text = "PER/855841/B Anna Maes"
	m, err := symbol.Draw(mail.PDF417, text)
	if err != nil {
		t.Fatal(err)
	}
	d := drawing{float64(len(m[0])), float64(len(m)), func(x, y float64) bool { return m[int(y)][int(x)] }}
	q := mail.Quad{{X: 60, Y: 60}, {X: 500, Y: 75}, {X: 490, Y: 215}, {X: 50, Y: 225}}
	f := New(Config{}).Read(tilted(t, d, q, 560, 300), 0)
	if len(f.Symbols) != 1 || f.Symbols[0].Text != text {
		t.Errorf("read %+v", f)
	}
}
