package samples

import "image"

// groupFour codes a black-and-white picture by ITU-T T.6, the fax coding that
// scanners use (MMR).
func groupFour(g *image.Gray) []byte {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := &bitWriter{}
	above := []int{w, w} // changing elements of the line above: where the colour turns
	for y := range h {
		line := changes(g.Pix[y*g.Stride:y*g.Stride+w], w)
		a0, black := -1, false
		for a0 < w {
			a1 := next(line, a0, black)
			b1 := next(above, a0, black)
			b2 := after(above, b1)
			switch d := a1 - b1; {
			case b2 < a1:
				out.put(0b0001, 4) // pass
				a0 = b2
			case d >= -3 && d <= 3:
				v := [7][2]int{{0b0000010, 7}, {0b000010, 6}, {0b010, 3}, {0b1, 1}, {0b011, 3}, {0b000011, 6}, {0b0000011, 7}}[d+3]
				out.put(v[0], v[1])
				a0, black = a1, !black
			default:
				a2 := after(line, a1)
				out.put(0b001, 3)
				out.run(a1-max(a0, 0), black)
				out.run(a2-a1, !black)
				a0 = a2
			}
		}
		above = line
	}
	out.put(1, 12)
	out.put(1, 12) // end of block
	return out.bytes()
}

// changes lists where a line's colour turns, beginning with white; two ends close it.
func changes(row []byte, w int) (at []int) {
	black := false
	for x, v := range row {
		if dark(v) != black {
			at = append(at, x)
			black = !black
		}
	}
	return append(at, w, w)
}

// next gives the first change right of a0 to the colour opposite to black.
func next(at []int, a0 int, black bool) int {
	for i, x := range at {
		if x > a0 && (i%2 == 1) == black || i >= len(at)-2 {
			return x
		}
	}
	return at[len(at)-1]
}

// after gives the change behind x.
func after(at []int, x int) int {
	for _, v := range at {
		if v > x {
			return v
		}
	}
	return at[len(at)-1]
}

// bitWriter writes codes, the highest bit first.
type bitWriter struct {
	b    []byte
	hold uint
	n    int
}

func (w *bitWriter) put(code, bits int) {
	for i := bits - 1; i >= 0; i-- {
		w.hold = w.hold<<1 | uint(code>>i&1)
		if w.n++; w.n == 8 {
			w.b, w.hold, w.n = append(w.b, byte(w.hold)), 0, 0
		}
	}
}

func (w *bitWriter) bytes() []byte {
	for w.n != 0 {
		w.put(0, 1)
	}
	return w.b
}

// run writes a run length: make-up codes, then a terminating code.
func (w *bitWriter) run(length int, black bool) {
	for length >= 2560 {
		w.put(0b000000011111, 12)
		length -= 2560
	}
	if length >= 1792 {
		c := extended[length/64-28]
		w.put(c[0], c[1])
		length %= 64
	}
	table := 0
	if black {
		table = 1
	}
	if length >= 64 {
		c := makeUp[table][length/64-1]
		w.put(c[0], c[1])
		length %= 64
	}
	c := terminating[table][length]
	w.put(c[0], c[1])
}
