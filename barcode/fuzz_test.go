package barcode

import (
	"image"
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"postroom/mail"
	"postroom/samples/symbol"
)

// pack puts the modules of a drawn code into bits, row by row.
func pack(f *testing.F, s mail.Symbology, text string) (bits []byte, side int) {
	f.Helper()
	m, err := symbol.Draw(s, text)
	if err != nil {
		f.Fatal(err)
	}
	bits = make([]byte, (len(m)*len(m)+7)/8)
	for y := range m {
		for x, dark := range m[y] {
			if i := y*len(m) + x; dark {
				bits[i/8] |= 128 >> (i % 8)
			}
		}
	}
	return bits, len(m)
}

// FuzzModules decodes modules of any size as every matrix code: what is read is
// text, of no more characters than its modules can carry.
func FuzzModules(f *testing.F) {
	for _, s := range []mail.Symbology{mail.QR, mail.DataMatrix, mail.Aztec} {
		for _, text := range []string{"A", "PER/855841/B", "../../x\x00\n\x1b[31m"} {
			bits, side := pack(f, s, text)
			f.Add(bits, uint8(side), uint8(side))
		}
	}
	f.Add([]byte{0xff, 0x55}, uint8(8), uint8(18))
	f.Fuzz(func(t *testing.T, bits []byte, cols, rows uint8) {
		w, h := int(cols)%177+1, int(rows)%177+1
		if len(bits) == 0 {
			return
		}
		l, tones := lattice{cols: w, rows: h}, make([]float64, w*h)
		for i := range tones {
			tones[i] = 220
			if bits[i/8%len(bits)]>>(7-i%8)&1 == 1 {
				tones[i] = 30
			}
		}
		check := func(kind, text string, ok bool) {
			// A numeric segment has 3 digits in 10 bits; a macro of Data Matrix adds 9 characters.
			if ok != (text != "") || len(text) > 4*(w*h)+16 {
				t.Errorf("%s of %d by %d: %d bytes, %v", kind, w, h, len(text), ok)
			}
			if ok && !utf8.ValidString(text) {
				t.Errorf("%s: %q is no text", kind, text)
			}
		}
		text, ok := decodeQR(l, tones, 125)
		check("QR", text, ok)
		text, ok = decodeDataMatrix(l, tones, 125)
		check("Data Matrix", text, ok)
		if w != h {
			return
		}
		for _, n := range []aztecSize{{w, false}, {w, true}} {
			if w >= 11 && w%2 == 1 {
				text, ok = n.decode(l, tones, 125)
				check("Aztec", text, ok)
			}
		}
		if w == 11 {
			if v, ok := runeOf(l, tones, 125); ok && (v < 0 || v > 255) {
				t.Errorf("rune %d", v)
			}
		}
	})
}

// FuzzScanLine reads a line of any tones: by runs, and by the likeliest modules, whose
// runs cover the line.
func FuzzScanLine(f *testing.F) {
	f.Add([]byte{200, 20, 200, 20, 20, 200, 20, 200, 200, 20, 200, 20, 20, 200}, uint8(3), uint8(60))
	f.Add([]byte("\xff\x00\xff\xff\x00\x00\xff\x00\xff\x00\xff\xff\x00\x00\xff\x00\xff\x00\xff\x00\x00\x00\xff\x00\xff\x00"), uint8(2), uint8(200))
	r := New(Config{})
	f.Fuzz(func(t *testing.T, tones []byte, wide, quiet uint8) {
		if len(tones) > 600 {
			return
		}
		p := make(profile, 0, 2*int(quiet)+len(tones)*8)
		for range quiet {
			p = append(p, 240)
		}
		for _, v := range tones {
			for range wide%8 + 1 {
				p = append(p, float32(v))
			}
		}
		for range quiet {
			p = append(p, 240)
		}
		r.sheet.effort = effort{}
		for _, got := range slices.Concat(r.readProfile(p), r.readSequence(p)) {
			if got.text == "" || !utf8.ValidString(got.text) || got.symbology == 0 {
				t.Errorf("%+v is read", got)
			}
		}
		for _, rs := range p.sequences(&effort{}) {
			sum := 0
			for _, n := range rs {
				sum += max(n, -n)
			}
			if sum < len(p)-1 || sum > len(p)+16 {
				t.Errorf("runs of %d samples for a line of %d", sum, len(p))
			}
		}
	})
}

// FuzzPatchBars fits four bars and three: a narrow width that is a number, within its bounds.
func FuzzPatchBars(f *testing.F) {
	f.Add([]byte{40, 10, 10, 10, 10, 10, 40}, uint16(200))
	f.Add([]byte{10, 10, 40, 10, 40, 10, 10}, uint16(300))
	f.Add([]byte{0, 0, 0, 0, 0}, uint16(0))
	f.Fuzz(func(t *testing.T, lengths []byte, dpi uint16) {
		if len(lengths) != 7 && len(lengths) != 5 {
			return
		}
		s := &sheet{dpi: float64(dpi%1200) + 1, scale: 1}
		var rs []stretch
		at := 0
		for i, n := range lengths {
			rs = append(rs, stretch{at, int(n), i%2 == 0})
			at += int(n)
		}
		hit, ok := s.fitPatch(rs)
		if inch := s.workDPI(); ok && !(hit.narrow >= leastNarrow*inch && hit.narrow <= mostNarrow*inch) {
			t.Errorf("%v at %d dpi fits %+v", lengths, dpi, hit)
		}
		if ok && len(lengths) == 5 && hit.code != 0 {
			t.Errorf("three bars are the code %v", hit.code)
		}
	})
}

// FuzzWordGrid reads a grid of PDF417 codewords, its row indicators too.
func FuzzWordGrid(f *testing.F) {
	f.Add([]byte{0, 2, 0, 5, 1, 197, 0, 178, 0, 9, 0, 121, 0, 239}, uint8(1), uint8(3))
	f.Add(make([]byte, 2000), uint8(30), uint8(90))
	f.Fuzz(func(t *testing.T, data []byte, columns, rows uint8) {
		c, h := int(columns)%30+1, int(rows)%88+3
		words := fuzzWords(data)
		if len(words) == 0 {
			return
		}
		g := wordGrid{l: lattice{rows: h}, columns: c}
		for i := range h * (c + 2) {
			w := (words[i%len(words)]%929 + 929) % 929
			g.words = append(g.words, guess{value: w, margin: float64(w%7) / 6})
		}
		content, share, ok := g.content()
		if ok && (content.text == "" || !utf8.ValidString(content.text) || math.IsNaN(share) || share > 1) {
			t.Errorf("%+v, %v", content, share)
		}
	})
}

// FuzzStripes draws stripes of any widths at any angle: the search ends, within its page.
func FuzzStripes(f *testing.F) {
	f.Add([]byte{2, 1, 1, 2, 3, 1, 1, 4, 2, 1, 1, 2, 3, 1, 1, 4, 2, 2, 1}, 0.0, uint8(2), 200.0)
	f.Add([]byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 45.0, uint8(3), 0.0)
	r := New(Config{})
	f.Fuzz(func(t *testing.T, widths []byte, degrees float64, module uint8, dpi float64) {
		if len(widths) > 200 || math.IsNaN(degrees) || math.IsInf(degrees, 0) {
			return
		}
		g := image.NewGray(image.Rect(0, 0, 320, 240))
		var dark []bool
		for i, w := range widths {
			for range int(w)%8*int(module%4+1) + 1 {
				dark = append(dark, i%2 == 0)
			}
		}
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		for y := range 240 {
			for x := range 320 {
				at := int(float64(x-160)*cos+float64(y-120)*sin) + len(dark)/2
				g.Pix[y*320+x] = 235
				if at >= 0 && at < len(dark) && dark[at] && y > 40 && y < 200 {
					g.Pix[y*320+x] = 25
				}
			}
		}
		found := r.Read(g, dpi)
		for _, s := range found.Symbols {
			x0, y0, x1, y1 := s.Polygon.Bounds()
			if s.Text == "" || !utf8.ValidString(s.Text) || s.Confidence <= 0 || s.Confidence > 1 || !(x0 >= -320 && y0 >= -320 && x1 <= 640 && y1 <= 640) {
				t.Errorf("%+v is read", s)
			}
		}
	})
}
