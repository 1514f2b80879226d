package barcode

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

// checked929 adds error correction codewords by division, as ISO/IEC 15438 tells an
// encoder to.
func checked929(data []int, check int) []int {
	g := []int{1} // the generator polynomial, its highest coefficient first
	for i, root := 0, 3; i < check; i, root = i+1, root*3%929 {
		next := append(slices.Clone(g), 0)
		for j, c := range g {
			next[j+1] = (next[j+1] + (929-root)*c) % 929
		}
		g = next
	}
	return append(slices.Clone(data), remainder929(append(slices.Clone(data), make([]int, check)...), g)...)
}

// remainder929 is the remainder with its sign turned, so that the whole is divisible.
func remainder929(words, g []int) []int {
	check := len(g) - 1
	for i := range len(words) - check {
		q := words[i]
		for j, c := range g {
			words[i+j] = (words[i+j] + (929-q)*c) % 929
		}
	}
	rest := words[len(words)-check:]
	for i, w := range rest {
		rest[i] = (929 - w) % 929
	}
	return rest
}

// sound929 tells whether the words are divisible by the generator polynomial.
func sound929(words []int, check int) bool {
	n := len(words) - check
	return slices.Equal(checked929(words[:n], check), words)
}

func randomWords(rng *rand.Rand, n int) []int {
	words := make([]int, n)
	for i := range words {
		words[i] = rng.IntN(929)
	}
	return words
}

// spoil makes e words wrong and f unknown.
func spoil(rng *rand.Rand, words []int, e, f int) (spoilt, erased []int) {
	spoilt = slices.Clone(words)
	at := rng.Perm(len(words))
	for _, i := range at[:e] {
		spoilt[i] = (spoilt[i] + 1 + rng.IntN(928)) % 929
	}
	erased = at[e : e+f]
	for _, i := range erased {
		spoilt[i] = rng.IntN(931) - 1
	}
	return spoilt, erased
}

func differing(a, b []int) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func TestPDF417ErrorsByTheStandard(t *testing.T) {
	words := []int{5, 453, 178, 121, 239, 452, 327, 657, 619} // "PDF417" at level 1
	if !sound929(words, 4) {
		t.Error("the test's own check words are wrong")
	}
	for i := range words {
		spoilt, other := slices.Clone(words), (i+3)%len(words)
		spoilt[i] = (spoilt[i] + 400) % 929
		spoilt[other] = -1
		n, ok := correct929(spoilt, 4, []int{other})
		if n != 2 || !ok || !slices.Equal(spoilt, words) {
			t.Errorf("%d: %v, %d, %v", i, spoilt, n, ok)
		}
	}
}

func TestPDF417ErrorsUpToCapacity(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 417))
		for level := range 9 {
			check := 2 << level
			words := checked929(randomWords(rng, 1+rng.IntN(min(928-check, 200))), check)
			f := rng.IntN(capacity929(check) + 1)
			e := (capacity929(check) - f) / 2
			if seed%4 == 0 {
				e, f = rng.IntN(e+1), rng.IntN(f+1)
			}
			if e+f > len(words) {
				continue
			}
			spoilt, erased := spoil(rng, words, e, f)
			want := differing(spoilt, words)
			n, ok := correct929(spoilt, check, erased)
			if n != want || !ok || !slices.Equal(spoilt, words) {
				t.Errorf("seed %d, level %d: %d wrong and %d unknown of %d: %d corrected, not %d, %v", seed, level, e, f, len(words), n, want, ok)
			}
		}
	}
}

func TestPDF417ErrorsOfTheLongestSymbol(t *testing.T) {
	rng := rand.New(rand.NewPCG(928, 417))
	words := checked929(randomWords(rng, 928-512), 512)
	spoilt, erased := spoil(rng, words, 200, 110)
	if _, ok := correct929(spoilt, 512, erased); !ok || !slices.Equal(spoilt, words) {
		t.Error("not corrected")
	}
}

// TestPDF417ErrorsBeyondCapacity: what the reserve must see is refused for certain,
// anything worse all but for certain.
func TestPDF417ErrorsBeyondCapacity(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 418))
		for level := 2; level < 9; level++ {
			check := 2 << level
			words := checked929(randomWords(rng, 40+rng.IntN(928-check-39)), check)
			over := check - 1 + rng.IntN(2)
			f := rng.IntN(over + 1)
			e := (over - f + 1) / 2
			if seed%2 == 0 {
				e = min(len(words)*3/4, check/2+rng.IntN(check))
				f = min(f, len(words)-e)
			}
			spoilt, erased := spoil(rng, words, e, f)
			before := slices.Clone(spoilt)
			if n, ok := correct929(spoilt, check, erased); ok || n != 0 || !slices.Equal(spoilt, before) {
				t.Errorf("seed %d, level %d: %d wrong and %d unknown of %d: %d, %v", seed, level, e, f, len(words), n, ok)
			}
		}
	}
}

func TestPDF417ErrorsRefusesSillyInput(t *testing.T) {
	good := func() []int { return checked929([]int{3, 1, 2}, 8) }
	if n, ok := correct929(good(), 8, nil); n != 0 || !ok {
		t.Fatal("a sound symbol is refused")
	}
	for name, c := range map[string]struct {
		words  []int
		check  int
		erased []int
	}{
		"no words":              {nil, 8, nil},
		"no check words":        {good(), 0, nil},
		"less than none":        {good(), -8, nil},
		"check words only":      {good(), 11, nil},
		"more than there are":   {good(), 1 << 40, nil},
		"unknown before":        {good(), 8, []int{-1}},
		"unknown behind":        {good(), 8, []int{11}},
		"unknown twice":         {good(), 8, []int{4, 4}},
		"unknown, not listed":   {append(good()[:10], -1), 8, nil},
		"a word that is none":   {append(good()[:10], 929), 8, nil},
		"too many unknown":      {good(), 8, []int{0, 1, 2, 3, 4, 5, 6}},
		"longer than the field": {make([]int, 929), 8, nil},
	} {
		if _, ok := correct929(c.words, c.check, c.erased); ok {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzPDF417Correct929(f *testing.F) {
	f.Add([]byte{0, 5, 1, 197, 0, 178, 0, 121, 0, 239, 1, 196, 1, 71, 2, 145, 2, 107}, 4, []byte{0, 1})
	f.Add(make([]byte, 1856), 512, []byte{7, 7})
	f.Add([]byte{1}, -1, []byte{255})
	f.Fuzz(func(t *testing.T, data []byte, check int, erased []byte) {
		words := fuzzWords(data)
		var unknown []int
		for _, i := range erased {
			unknown = append(unknown, int(int8(i)))
		}
		before := slices.Clone(words)
		n, ok := correct929(words, check, unknown)
		if n != differing(words, before) || !ok && n != 0 {
			t.Errorf("%d words changed, it says %d, %v", differing(words, before), n, ok)
		}
		if !ok {
			return
		}
		wrong := 0
		for i := range words {
			if words[i] != before[i] && !slices.Contains(unknown, i) {
				wrong++
			}
		}
		if !sound929(words, check) || 2*wrong+len(unknown) > check {
			t.Errorf("%v is taken for %v with %d check words, %v unknown", before, words, check, unknown)
		}
	})
}

// fuzzWords makes codewords of bytes, now and then some that are none.
func fuzzWords(data []byte) (words []int) {
	for ; len(data) >= 2; data = data[2:] {
		words = append(words, int(int16(binary.BigEndian.Uint16(data)))%1000)
	}
	return words
}
