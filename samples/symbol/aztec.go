package symbol

import (
	"errors"
	"fmt"
)

// aztec encodes bytes in a compact symbol of ISO/IEC 24778 with at least a third
// of its words for correction.
func aztec(text string) (Modules, error) { return aztecOf(text, 4, 0) }

// AztecSetup encodes bytes in a compact Aztec code of one layer, whose mode message
// says that they set up a reader: the highest bit of its number of words (ISO/IEC
// 24778, section 9).
func AztecSetup(text string) (Modules, error) { return aztecOf(text, 1, 1<<5) }

// AztecRune draws 0 to 255 as the middle of a compact Aztec code, 11 modules across:
// a mode message of eight bits, every other bit turned, and no layers (ISO/IEC
// 24778, annex A).
func AztecRune(value int) (Modules, error) {
	if value < 0 || value > 255 {
		return nil, fmt.Errorf("a rune is 0 to 255, not %d", value)
	}
	return aztecDrawn(0, nil, aztecMode(value, 0b1010)), nil
}

// aztecOf encodes bytes in at most so many layers. flag is added to the mode message.
func aztecOf(text string, most, flag int) (Modules, error) {
	var bits bitString
	bits.put(31, 5) // shift to binary
	if len(text) > 31 || text == "" {
		return nil, errors.New("1 to 31 bytes are encoded")
	}
	bits.put(len(text), 5)
	for _, c := range []byte(text) {
		bits.put(int(c), 8)
	}
	for layers := 1; layers <= most; layers++ {
		size, f := 6, newField(6, 0x43)
		if layers > 2 {
			size, f = 8, newField(8, 0x12D)
		}
		total := (88 + 16*layers) * layers
		data := stuffed(bits, size)
		if 3*len(data) > 2*(total/size) {
			continue
		}
		var all bitString
		all.put(0, total%size)
		for _, w := range append(data, f.check(data, total/size-len(data), 1)...) {
			all.put(w, size)
		}
		return aztecDrawn(layers, all, aztecMode((layers-1)<<6|flag|len(data)-1, 0)), nil
	}
	return nil, errors.New("too long")
}

// stuffed cuts bits into words of which none is all zeros or all ones.
func stuffed(bits bitString, size int) (words []int) {
	all := 1<<size - 2
	for i := 0; i < len(bits); i += size {
		w := 0
		for k := range size {
			w = w<<1 | b(i+k >= len(bits) || bits[i+k])
		}
		switch w & all {
		case all:
			w, i = all, i-1
		case 0:
			w, i = 1, i-1
		}
		words = append(words, w)
	}
	return words
}

// aztecMode is the mode message: 8 bits, which tell layers and data words, with 5
// check words. The bits of turned are turned in each word.
func aztecMode(v, turned int) (m bitString) {
	data := []int{v >> 4, v & 15}
	for _, w := range append(data, newField(4, 0x13).check(data, 5, 1)...) {
		m.put(w^turned, 4)
	}
	return m
}

func aztecDrawn(layers int, bits, mode bitString) Modules {
	n := 11 + 4*layers
	m, c := square(n), n/2
	for y := range n {
		for x := range n {
			if d := max(x-c, c-x, y-c, c-y); d <= 4 {
				m[y][x] = d%2 == 0
			}
		}
	}
	for _, at := range [6][2]int{{-5, -5}, {-4, -5}, {-5, -4}, {5, -5}, {5, -4}, {5, 4}} {
		m[c+at[1]][c+at[0]] = true
	}
	for i := range 7 {
		m[c-5][c-3+i], m[c-3+i][c+5] = mode[i], mode[7+i]
		m[c+5][c-3+i], m[c-3+i][c-5] = mode[20-i], mode[27-i]
	}
	for i := range layers {
		side := 4*(layers-i) + 9
		for j := range side {
			for k := range 2 {
				at := 2*j + k
				m[2*i+j][2*i+k] = bits[at]
				m[n-1-2*i-k][2*i+j] = bits[2*side+at]
				m[n-1-2*i-j][n-1-2*i-k] = bits[4*side+at]
				m[2*i+k][n-1-2*i-j] = bits[6*side+at]
			}
		}
		bits = bits[8*side:]
	}
	return m
}
