package symbol

import (
	"errors"
	"strings"
)

// qrVersion is what ISO/IEC 18004 says of a version at level M: check words a
// block, blocks of data words, and where alignment patterns stand.
type qrVersion struct {
	check  int
	blocks []int
	align  []int
}

var qrVersions = []qrVersion{
	{10, []int{16}, nil}, {16, []int{28}, []int{6, 18}}, {26, []int{44}, []int{6, 22}}, {18, []int{32, 32}, []int{6, 26}},
	{24, []int{43, 43}, []int{6, 30}}, {16, []int{27, 27, 27, 27}, []int{6, 34}}, {18, []int{31, 31, 31, 31}, []int{6, 22, 38}},
	{22, []int{38, 38, 39, 39}, []int{6, 24, 42}}, {22, []int{36, 36, 36, 37, 37}, []int{6, 26, 46}}, {26, []int{43, 43, 43, 43, 44}, []int{6, 28, 50}},
}

// qr encodes at level M: in alphanumeric mode when the text allows it, else in bytes.
func qr(text string) (Modules, error) { return qrAfter(nil, text) }

// QRPart encodes one of several QR codes that carry a message together (structured
// append, ISO/IEC 18004): its index, from 0, and their number, 2 to 16. parity is all
// bytes of the message, exclusive or.
func QRPart(text string, index, count int, parity byte) (Modules, error) {
	var head bitString
	head.put(3, 4)
	head.put(index, 4)
	head.put(count-1, 4)
	head.put(int(parity), 8)
	return qrAfter(head, text)
}

// qrAfter encodes what begins with the given bits.
func qrAfter(head bitString, text string) (Modules, error) {
	for i, v := range qrVersions {
		capacity := 0
		for _, b := range v.blocks {
			capacity += b
		}
		if bits := append(head[:len(head):len(head)], qrBits(text, i+1)...); len(bits) <= 8*capacity {
			return v.draw(i+1, v.words(bits, capacity)), nil
		}
	}
	return nil, errors.New("too long")
}

func qrBits(text string, version int) (b bitString) {
	long := version > 9
	if at, err := position(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"); err == nil {
		b.put(2, 4)
		b.put(len(at), map[bool]int{false: 9, true: 11}[long])
		for ; len(at) >= 2; at = at[2:] {
			b.put(at[0]*45+at[1], 11)
		}
		if len(at) == 1 {
			b.put(at[0], 6)
		}
		return b
	}
	if strings.IndexFunc(text, func(r rune) bool { return r > 127 }) >= 0 {
		b.put(7, 4) // the bytes are UTF-8
		b.put(26, 8)
	}
	b.put(4, 4)
	b.put(len(text), map[bool]int{false: 8, true: 16}[long])
	for _, c := range []byte(text) {
		b.put(int(c), 8)
	}
	return b
}

// words pads the bits and interleaves the blocks with their check words.
func (v qrVersion) words(b bitString, capacity int) (all []int) {
	b.put(0, min(4, 8*capacity-len(b)))
	b.put(0, (8-len(b)%8)%8)
	for pad := 0xEC; len(b) < 8*capacity; pad ^= 0xEC ^ 0x11 {
		b.put(pad, 8)
	}
	data, f := b.words(8), newField(8, 0x11D)
	var blocks, checks [][]int
	for _, n := range v.blocks {
		blocks, checks = append(blocks, data[:n]), append(checks, f.check(data[:n], v.check, 0))
		data = data[n:]
	}
	for _, group := range [][][]int{blocks, checks} {
		for i := range len(group[len(group)-1]) {
			for _, words := range group {
				if i < len(words) {
					all = append(all, words[i])
				}
			}
		}
	}
	return all
}

// qrGrid is a symbol in the making; fixed modules carry no data.
type qrGrid struct {
	n        int
	m, fixed Modules
}

func (g qrGrid) set(x, y int, dark bool) {
	if x >= 0 && y >= 0 && x < g.n && y < g.n {
		g.m[y][x], g.fixed[y][x] = dark, true
	}
}

func (v qrVersion) draw(version int, words []int) Modules {
	n := 17 + 4*version
	g := qrGrid{n, square(n), square(n)}
	for i := range n {
		g.set(i, 6, i%2 == 0)
		g.set(6, i, i%2 == 0)
	}
	for _, c := range [3][2]int{{3, 3}, {n - 4, 3}, {3, n - 4}} {
		g.rings(c[0], c[1], 4, 2, 4)
	}
	for _, x := range v.align {
		for _, y := range v.align {
			if last := n - 7; x == 6 && (y == 6 || y == last) || x == last && y == 6 {
				continue
			}
			g.rings(x, y, 2, 1)
		}
	}
	g.version(version)
	g.format(0)
	g.data(words)
	best, least := Modules(nil), 0
	for mask := range 8 {
		g.format(mask)
		m := g.masked(mask)
		if p := penalty(m); best == nil || p < least {
			best, least = m, p
		}
	}
	return best
}

// rings draws a dark square of a radius with light rings at some distances.
func (g qrGrid) rings(x, y, radius int, light ...int) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			dark := true
			for _, l := range light {
				dark = dark && max(dx, -dx, dy, -dy) != l
			}
			g.set(x+dx, y+dy, dark)
		}
	}
}

// remainder of a division by a generator polynomial over GF(2).
func remainder(value, bits, generator, degree int) int {
	value <<= degree
	for i := bits - 1; i >= 0; i-- {
		if value>>(i+degree)&1 == 1 {
			value ^= generator << i
		}
	}
	return value
}

// format writes level M and the mask, BCH(15,5), at both places.
func (g qrGrid) format(mask int) {
	bits := (mask<<10 | remainder(mask, 5, 0x537, 10)) ^ 0x5412
	on := func(i int) bool { return bits>>i&1 == 1 }
	for i := range 15 {
		switch {
		case i < 6:
			g.set(8, i, on(i))
		case i < 8:
			g.set(8, i+1, on(i))
		case i == 8:
			g.set(7, 8, on(i))
		default:
			g.set(14-i, 8, on(i))
		}
		if i < 8 {
			g.set(g.n-1-i, 8, on(i))
		} else {
			g.set(8, g.n-15+i, on(i))
		}
	}
	g.set(8, g.n-8, true)
}

// version writes the version, BCH(18,6), from 7 on.
func (g qrGrid) version(version int) {
	if version < 7 {
		return
	}
	bits := version<<12 | remainder(version, 6, 0x1F25, 12)
	for i := range 18 {
		g.set(g.n-11+i%3, i/3, bits>>i&1 == 1)
		g.set(i/3, g.n-11+i%3, bits>>i&1 == 1)
	}
}

// data lays the words in columns of two, up and down from the right.
func (g qrGrid) data(words []int) {
	at, up := 0, true
	for right := g.n - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for i := range g.n {
			y := i
			if up {
				y = g.n - 1 - i
			}
			for _, x := range [2]int{right, right - 1} {
				if !g.fixed[y][x] && at < 8*len(words) {
					g.m[y][x] = words[at/8]>>(7-at%8)&1 == 1
					at++
				}
			}
		}
		up = !up
	}
}

func (g qrGrid) masked(mask int) Modules {
	m := square(g.n)
	for y := range m {
		for x := range m {
			turn := [8]bool{(x+y)%2 == 0, y%2 == 0, x%3 == 0, (x+y)%3 == 0, (y/2+x/3)%2 == 0, x*y%2+x*y%3 == 0,
				(x*y%2+x*y%3)%2 == 0, ((x+y)%2+x*y%3)%2 == 0}[mask]
			m[y][x] = g.m[y][x] != (turn && !g.fixed[y][x])
		}
	}
	return m
}

// penalty weighs a masked symbol: long runs, blocks, false finders, imbalance.
func penalty(m Modules) (p int) {
	n, dark := len(m), 0
	for y := range n {
		var row, column strings.Builder
		for x := range n {
			row.WriteByte("01"[b(m[y][x])])
			column.WriteByte("01"[b(m[x][y])])
			dark += b(m[y][x])
			if x > 0 && y > 0 && m[y][x] == m[y-1][x] && m[y][x] == m[y][x-1] && m[y][x] == m[y-1][x-1] {
				p += 3
			}
		}
		for _, line := range []string{row.String(), column.String()} {
			p += 40 * (strings.Count(line, "00001011101") + strings.Count(line, "10111010000"))
			for run, i := 1, 1; i <= n; i++ {
				if i < n && line[i] == line[i-1] {
					run++
					continue
				}
				if run >= 5 {
					p += run - 2
				}
				run = 1
			}
		}
	}
	off := dark*100/(n*n) - 50
	return p + max(off, -off)/5*10
}

func b(on bool) int {
	if on {
		return 1
	}
	return 0
}
