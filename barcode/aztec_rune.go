package barcode

import (
	"fmt"

	"postroom/mail"
)

// A rune is the middle of a compact Aztec code, without layers: its mode message is
// a number of 0 to 255 itself, every other bit of it turned (ISO/IEC 24778, annex A).
// Eight bits on rings that a drawing may show by chance are little, so that nothing
// is corrected but a single word, and all else that the standard fixes must be right.

// rune11 is the size of a rune.
var rune11 = aztecSize{11, false}

const (
	mostRuneRings = 4 // modules of 81 that a spot may spoil
	mostRuneWords = 1 // words of 7 that may be wrong: any two runes differ in 6
)

// runeBits are the messages of the 256 runes, 28 bits each, the first bit the highest.
var runeBits = func() (all [256]uint64) {
	for v := range all {
		data := []int{v >> 4, v & 15}
		for _, w := range append(data, check16(data, 5)...) {
			all[v] = all[v]<<4 | uint64(w^0b1010)
		}
	}
	return all
}()

// readRune reads a crop as a rune. looks tells that it shows the rings, in paper.
func (r *Reader) readRune(c *crop) (sym mail.Symbol, read, looks bool) {
	s := &r.sheet
	for _, f := range c.frames() {
		if !c.square(f) {
			continue
		}
		l, ok := s.runeIn(c, f)
		if !ok {
			continue
		}
		text, l, score, ok := s.readLattice(l, rune11.rings(), func(l lattice, tones []float64, threshold float64) (string, bool) {
			v, ok := runeOf(l, tones, threshold)
			return fmt.Sprintf("%03d", v), ok
		})
		if score < sureBullsEye || !s.inPaper(l) {
			continue
		}
		looks = true
		if ok {
			return mail.Symbol{Symbology: mail.Aztec, Text: text, Polygon: l.quad(), Module: l.module()}, true, true
		}
	}
	return sym, false, looks
}

// runeIn lays a rune in a frame. A frame's side may stand at the outermost ring, as
// the message around it may be hardly dark there: of the sixteen lattices with one
// more module beyond some sides it takes the one that shows rings in paper best. The
// paper is not for fitting: a lattice would lean away from ink that stands in it.
func (s *sheet) runeIn(c *crop, f frame) (best lattice, ok bool) {
	score, ks := mayBullsEye, append(rune11.rings(), quietRing(11, 11)...)
	for beyond := range 16 {
		left, top, right, low := beyond&1, beyond>>1&1, beyond>>2&1, beyond>>3
		l, laid := c.lattice(f, 0, 11-left-right, 11-top-low)
		if !laid {
			continue
		}
		x0, y0, x1, y1 := -float64(left), -float64(top), float64(11-left), float64(11-top)
		l, laid = stretched(mail.Quad{l.at(x0, y0), l.at(x1, y0), l.at(x1, y1), l.at(x0, y1)}, 11, 11)
		if !laid || l.module() < 1.4 {
			continue
		}
		if k := s.agreement(l, ks); k > score {
			best, score, ok = l, k, true
		}
	}
	return best, ok
}

// inPaper tells whether the modules around a rune are all bright: a code with layers,
// or rings in a drawing, have ink there.
func (s *sheet) inPaper(l lattice) bool {
	middle := split(s.tones(l))
	for _, k := range quietRing(l.cols, l.rows) {
		if s.tone(l, k.i, k.j) < middle {
			return false
		}
	}
	return true
}

// runeOf gives the number that a rune's modules tell: rings, the marks at the corners
// and the message must be right, but for what mostRuneRings and mostRuneWords leave.
func runeOf(l lattice, tones []float64, threshold float64) (value int, ok bool) {
	dark := func(i, j int) bool { return tones[(5+j)*l.cols+5+i] < threshold }
	wrong := 0
	for _, k := range rune11.rings() {
		if dark(k.i-5, k.j-5) != k.dark {
			wrong++
		}
	}
	if wrong > mostRuneRings {
		return 0, false
	}
	places, marks := rune11.modePlaces()
	for turn := range 4 {
		turned := func(i, j int) bool {
			for range turn {
				i, j = -j, i
			}
			return dark(i, j)
		}
		right := true
		for _, m := range marks {
			right = right && turned(m.i, m.j) == m.dark
		}
		if !right {
			continue
		}
		bits := uint64(0)
		for _, p := range places {
			bits <<= 1
			if turned(p[0], p[1]) {
				bits |= 1
			}
		}
		for v, b := range runeBits {
			if wrongWords(bits^b) <= mostRuneWords {
				return v, true
			}
		}
	}
	return 0, false
}

// wrongWords counts the words of four bits that have one set.
func wrongWords(bits uint64) (n int) {
	for ; bits > 0; bits >>= 4 {
		if bits&15 != 0 {
			n++
		}
	}
	return n
}

// ringed tells whether a blob is a square with the rings of a rune around its middle:
// its few modules turn less often from bright to dark than those of other codes.
func (s *sheet) ringed(b blob) bool {
	w, h := b.x1-b.x0, b.y1-b.y0
	if 4*w > 5*h || 4*h > 5*w {
		return false
	}
	module := float64(w+h) / 22
	off := int(module / 2) // a side of the message may be bright, so that the box ends before it
	for _, d := range [5][2]int{{}, {off, 0}, {-off, 0}, {0, off}, {0, -off}} {
		x, y := (b.x0+b.x1)/2+d[0], (b.y0+b.y1)/2+d[1]
		if s.rungs(x, y, 1, 0, module) && s.rungs(x, y, -1, 0, module) && s.rungs(x, y, 0, 1, module) && s.rungs(x, y, 0, -1, module) {
			return true
		}
	}
	return false
}

// rungs tells whether a line from a dark point on crosses two bright rings, a dark
// one between, each about a module wide, and meets a second dark one. Work pixels.
func (s *sheet) rungs(x, y, dx, dy int, module float64) bool {
	ink := func() bool {
		return x >= 0 && y >= 0 && x < s.ww && y < s.wh && s.ink[y*s.ww+x] == 1
	}
	most := int(1.5*module + 0.5)
	for ring := range 4 {
		n := 0
		for n <= most && ink() == (ring%2 == 0) {
			x, y, n = x+dx, y+dy, n+1
		}
		if n > most || n == 0 || ring > 0 && float64(n) < 0.5*module-0.5 {
			return false
		}
	}
	return ink()
}
