package symbol

import "errors"

// aztec encodes bytes in a compact symbol of ISO/IEC 24778 with at least a third
// of its words for correction.
func aztec(text string) (Modules, error) {
	var bits bitString
	bits.put(31, 5) // shift to binary
	if len(text) > 31 || text == "" {
		return nil, errors.New("1 to 31 bytes are encoded")
	}
	bits.put(len(text), 5)
	for _, c := range []byte(text) {
		bits.put(int(c), 8)
	}
	for layers := 1; layers <= 4; layers++ {
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
		return aztecDrawn(layers, all, aztecMode(layers, len(data))), nil
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

// aztecMode is the mode message: layers and data words, with 5 check words.
func aztecMode(layers, words int) (m bitString) {
	v := (layers-1)<<6 | words - 1
	data := []int{v >> 4, v & 15}
	for _, w := range append(data, newField(4, 0x13).check(data, 5, 1)...) {
		m.put(w, 4)
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
