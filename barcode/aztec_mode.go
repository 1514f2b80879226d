package barcode

import "math"

// The mode message of an Aztec code stands around its rings, with three marks at
// each corner that tell the turn (ISO/IEC 24778, section 7.2). It names the layers,
// which the size tells already, and the number of data words. Only so many messages
// are possible that all can be compared with the tones at once: the likeliest wins
// by more than Reed-Solomon's hard decisions could tell.

// aztecMode is a mode message as it was read.
type aztecMode struct {
	turn  int // quarter turns, clockwise, by which the code lies turned
	words int // of data
}

const (
	leastMode  = 0.5  // agreement of tones and message, -1..1
	modeMargin = 0.12 // by which it must lead
	leastCheck = 3    // check words that a code has at least
)

// layers gives the layers of data around the rings.
func (n aztecSize) layers() int {
	if !n.full {
		return (n.modules - 11) / 4
	}
	for l := 1; l <= 32; l++ {
		if fullAztec(l) == n.modules {
			return l
		}
	}
	return 0
}

// words gives the data and check words that the layers hold, and the bits of each.
func (n aztecSize) words() (words, bits int) {
	l := n.layers()
	bits = 12
	switch {
	case l <= 2:
		bits = 6
	case l <= 8:
		bits = 8
	case l <= 22:
		bits = 10
	}
	base := 88
	if n.full {
		base = 112
	}
	return (base + 16*l) * l / bits, bits
}

// modePlaces lists where the message's bits stand in an upright code, and then its
// marks with their tones. Modules from the middle.
func (n aztecSize) modePlaces() (bits [][2]int, marks []known) {
	r, gap := 5, false
	if n.full {
		r, gap = 7, true
	}
	for side := range 4 {
		for i := -r + 2; i <= r-2; i++ {
			if gap && i == 0 {
				continue // the reference grid's line
			}
			x, y := i, -r
			for range side {
				x, y = -y, x
			}
			bits = append(bits, [2]int{x, y})
		}
	}
	dark := [12]bool{true, true, true, false, true, true, true, false, false, false, false, false}
	for k := range 12 { // before, on and behind each corner, clockwise from the top left
		x, y := [3]int{-r, -r, -r + 1}[k%3], [3]int{-r + 1, -r, -r}[k%3]
		for range k / 3 {
			x, y = -y, x
		}
		marks = append(marks, known{x, y, dark[k]})
	}
	return bits, marks
}

// mode finds the message and the turn that the tones show best.
func (n aztecSize) mode(l lattice, tones []float64, threshold float64) (best aztecMode, ok bool) {
	places, marks := n.modePlaces()
	ink := make([]float64, 0, len(places)+len(marks)) // of one turn, -1 paper to 1 ink
	power := 0.0
	for _, t := range tones {
		power += math.Abs(t - threshold)
	}
	power /= float64(len(tones))
	score, second := -1.0, -1.0
	messages, most := n.messages()
	for turn := range 4 {
		ink = ink[:0]
		look := func(x, y int) {
			for range turn {
				x, y = -y, x
			}
			t := tones[(n.modules/2+y)*l.cols+n.modules/2+x]
			ink = append(ink, min(1, max(-1, (threshold-t)/max(power, 1e-9))))
		}
		for _, p := range places {
			look(p[0], p[1])
		}
		fixed := 0.0
		for _, m := range marks {
			look(m.i, m.j)
			v := ink[len(ink)-1]
			if !m.dark {
				v = -v
			}
			fixed += v
		}
		for i, message := range messages {
			k := (fixed + likeMessage(message, ink[:len(places)])) / float64(len(ink))
			if k > score {
				best, score, second = aztecMode{turn, i%most + 1}, k, score
			} else if k > second {
				second = k
			}
		}
	}
	return best, score >= leastMode && score-second >= modeMargin
}

// likeMessage sums the ink where a message's bits, the first being the highest, are
// set, less that where they are not.
func likeMessage(message uint64, ink []float64) (sum float64) {
	for i, v := range ink {
		if message>>(len(ink)-1-i)&1 == 1 {
			sum += v
		} else {
			sum -= v
		}
	}
	return sum
}

// setupFlag gives the highest bit of the mode message's number of words, which no code
// of so few layers needs: set, the code is one that sets up a reader (ISO/IEC 24778,
// section 9). 0 where the number may need the bit itself.
func (n aztecSize) setupFlag() int {
	switch {
	case n.full && n.layers() <= 22:
		return 1 << 10
	case !n.full && n.layers() == 1:
		return 1 << 5
	}
	return 0
}

// messages gives the bits of the mode messages for 1 to most data words, and then, as
// many, those of codes that set up a reader: 8 bits and 5 check words of 4 bits, or 16
// and 6 in a full code. The check words of a sum are the sum of the check words, so that
// each word is worked out once for each value.
func (n aztecSize) messages() (all []uint64, most int) {
	places, check, shift := 2, 5, 6
	if n.full {
		places, check, shift = 4, 6, 11
	}
	total, _ := n.words()
	most = min(total-leastCheck, 1<<shift)
	var parts [4][16]uint64
	for at := range places {
		for v := range 16 {
			data := make([]int, places)
			data[at] = v
			for _, w := range append(data, check16(data, check)...) {
				parts[at][v] = parts[at][v]<<4 | uint64(w)
			}
		}
	}
	flags := []int{0}
	if flag := n.setupFlag(); flag > 0 {
		flags = append(flags, flag)
	}
	for _, flag := range flags {
		for words := range most {
			v, bits := (n.layers()-1)<<shift|flag|words, uint64(0)
			for at := range places {
				bits ^= parts[at][v>>(4*(places-1-at))&15]
			}
			all = append(all, bits)
		}
	}
	return all, most
}

// check16 gives the Reed-Solomon check words over GF(16), polynomial x^4+x+1, whose
// generator has the roots 2, 4, 8 and so on.
func check16(data []int, n int) []int {
	times := func(a, b int) (p int) {
		for ; b > 0; b >>= 1 {
			if b&1 == 1 {
				p ^= a
			}
			if a <<= 1; a >= 16 {
				a ^= 0x13
			}
		}
		return p
	}
	generator, root := []int{1}, 2 // highest power first
	for range n {
		next := make([]int, len(generator)+1)
		for i, g := range generator {
			next[i] ^= g
			next[i+1] ^= times(g, root)
		}
		generator, root = next, times(root, 2)
	}
	rest := append(append([]int{}, data...), make([]int, n)...)
	for i := range data {
		if lead := rest[i]; lead != 0 {
			for k, g := range generator {
				rest[i+k] ^= times(g, lead)
			}
		}
	}
	return rest[len(data):]
}
