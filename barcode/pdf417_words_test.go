package barcode

import (
	"image/color"
	"math/bits"
	"testing"

	"github.com/boombuler/barcode/pdf417"
)

// widths are the bars and spaces of a pattern of 17 modules by turns, a bar first.
func widths(pattern uint32) (out []int) {
	for m := 16; m >= 0; m-- {
		bar := pattern>>m&1 == 1
		if bar == (len(out)%2 == 0) {
			out = append(out, 0)
		}
		if len(out) > 0 {
			out[len(out)-1]++
		}
	}
	return out
}

func TestPDF417Patterns(t *testing.T) {
	for cluster := range 3 {
		for word, pattern := range pdf417Patterns(cluster) {
			w := widths(pattern)
			if bits.Len32(pattern) != 17 || len(w) != 8 {
				t.Fatalf("cluster %d, codeword %d: %017b has the widths %v", cluster, word, pattern, w)
			}
			for _, n := range w {
				if n < 1 || n > 6 {
					t.Errorf("cluster %d, codeword %d: widths %v", cluster, word, w)
				}
			}
			// ISO/IEC 15438, symbol characters: the cluster number from the bars' widths.
			if k := (w[0] - w[2] + w[4] - w[6] + 9) % 9; k != 3*cluster {
				t.Errorf("cluster %d, codeword %d: widths %v are of cluster %d", cluster, word, w, k)
			}
			if c, n, ok := pdf417Word(pattern); c != cluster || n != word || !ok {
				t.Errorf("cluster %d, codeword %d: found again as %d, %d, %v", cluster, word, c, n, ok)
			}
		}
	}
	if pdf417Patterns(-1) != nil || pdf417Patterns(3) != nil {
		t.Error("a cluster too many")
	}
}

func TestPDF417WordKnowsNoOther(t *testing.T) {
	known := 0
	for pattern := range uint32(1 << 18) {
		if _, _, ok := pdf417Word(pattern); ok {
			known++
		}
	}
	if known != 3*929 {
		t.Errorf("%d patterns are known", known)
	}
	const start, stop = 0x1fea8, 0x3fa29
	for _, pattern := range []uint32{start, stop, stop >> 1, stop & 0x1ffff, 1<<32 - 1} {
		if _, _, ok := pdf417Word(pattern); ok {
			t.Errorf("%x is a word", pattern)
		}
	}
}

// pdf417Symbol has the encoder draw a text and reads the codewords off the drawing.
func pdf417Symbol(t testing.TB, text string, level int) []int {
	t.Helper()
	m, err := pdf417.Encode(text, byte(level))
	if err != nil {
		t.Fatalf("%q at level %d: %v", text, level, err)
	}
	const high = 2 // pixels a row
	var words []int
	for row := range m.Bounds().Dy() / high {
		var line []uint32
		for x := 0; x+17 <= m.Bounds().Dx(); x += 17 {
			var pattern uint32
			for i := range 17 {
				pattern <<= 1
				if m.At(x+i, row*high) == color.Black {
					pattern |= 1
				}
			}
			line = append(line, pattern)
		}
		for _, pattern := range line[2 : len(line)-2] { // between start, stop and indicators
			cluster, word, ok := pdf417Word(pattern)
			if !ok || cluster != row%3 {
				t.Fatalf("%q at level %d, row %d: pattern %x is cluster %d, %v", text, level, row, pattern, cluster, ok)
			}
			words = append(words, word)
		}
	}
	return words
}
