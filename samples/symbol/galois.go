package symbol

// field is a finite field of 2^bits elements, by logarithms.
type field struct {
	log, power []int
}

// newField builds the field of a primitive polynomial.
func newField(bits, polynomial int) field {
	n := 1 << bits
	f := field{make([]int, n), make([]int, 2*n)}
	v := 1
	for i := range n - 1 {
		f.power[i], f.power[i+n-1], f.log[v] = v, v, i
		if v <<= 1; v >= n {
			v ^= polynomial
		}
	}
	return f
}

func (f field) times(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return f.power[f.log[a]+f.log[b]]
}

// check gives n Reed-Solomon check words; the generator's roots are consecutive
// powers from first.
func (f field) check(data []int, n, first int) []int {
	generator := make([]int, n+1) // highest power first
	generator[0] = 1
	for i := range n {
		root := f.power[(first+i)%(len(f.log)-1)]
		for j := i + 1; j > 0; j-- {
			generator[j] ^= f.times(generator[j-1], root)
		}
	}
	rest := make([]int, n+1)
	for _, d := range data {
		lead := d ^ rest[0]
		copy(rest, rest[1:])
		for j := range n {
			rest[j] ^= f.times(lead, generator[j+1])
		}
		rest[n] = 0
	}
	return rest[:n]
}

// bitString is bits in their order.
type bitString []bool

func (b *bitString) put(value, bits int) {
	for i := bits - 1; i >= 0; i-- {
		*b = append(*b, value>>i&1 == 1)
	}
}

// words cuts the bits into numbers of so many bits.
func (b bitString) words(bits int) []int {
	w := make([]int, len(b)/bits)
	for i := range w {
		for _, on := range b[i*bits : (i+1)*bits] {
			w[i] <<= 1
			if on {
				w[i] |= 1
			}
		}
	}
	return w
}
