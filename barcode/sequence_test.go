package barcode

import (
	"math/rand/v2"
	"slices"
	"testing"

	"postroom/mail"
)

// blurredLine is a scan line of a code whose modules are so many samples wide, as a
// scanner sees it: each sample is the mean over three pixels, which are two samples each.
func blurredLine(rng *rand.Rand, d drawing, module, noise float64) profile {
	const fine, quiet = 10, 120
	n := int(d.w*module) + 2*quiet
	ink := make([]float64, n*fine+1) // sums
	for i := range n * fine {
		x := (float64(i)/fine - quiet) / module
		v := 0.0
		if x >= 0 && x < d.w && d.dark(x, 0) {
			v = 1
		}
		ink[i+1] = ink[i] + v
	}
	p := make(profile, n)
	for i := range p {
		a, b := max(0, (i-3)*fine), min(n*fine, (i+3)*fine)
		p[i] = float32(230 - 200*(ink[b]-ink[a])/float64(6*fine) + noise*rng.NormFloat64())
	}
	return p
}

func TestBlurredAwayBarsAreRead(t *testing.T) {
	const seed = 5
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	r := New(Config{})
	for _, c := range []struct {
		symbology mail.Symbology
		text      string
	}{{mail.Code128, "PER/855841/B"}, {mail.ITF, "12345678901231"}, {mail.Codabar, "A1234567890B"}, {mail.EAN13, "5412345678908"}, {mail.Code39, "TX-2024-94"}} {
		const tries = 10
		read := 0
		want := c.text
		if c.symbology == mail.Codabar {
			want = want[1 : len(want)-1]
		}
		for range tries {
			p := blurredLine(rng, code(t, c.symbology, c.text, 1), 2.9+0.3*rng.Float64(), 1)
			for _, got := range r.readSequence(p) {
				if got.symbology != c.symbology || got.text != want {
					t.Errorf("%v: read %+v", c.symbology, got)
				}
				read++
			}
		}
		if t.Logf("%v: %d of %d read", c.symbology, read, tries); read < tries*8/10 {
			t.Errorf("%v: %d of %d read", c.symbology, read, tries)
		}
	}
}

// What is no code is not made one, however many sequences are tried.
func TestNoSequenceIsMadeUp(t *testing.T) {
	const seed = 6
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	r := New(Config{})
	for range 60 {
		var bits []bool
		for modules := 80 + rng.IntN(60); len(bits) < modules; {
			bits = append(bits, slices.Repeat([]bool{true}, 1+rng.IntN(3))...)
			bits = append(bits, slices.Repeat([]bool{false}, 1+rng.IntN(3))...)
		}
		bits = append(bits, true)
		d := drawing{float64(len(bits)), 1, func(x, _ float64) bool { return bits[int(x)] }}
		if got := r.readSequence(blurredLine(rng, d, 3, 1)); len(got) > 0 {
			t.Errorf("bars of no code are read as %+v", got)
		}
	}
}
