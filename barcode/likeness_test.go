package barcode

import (
	"math/rand/v2"
	"testing"
)

// TestWhatIsNoCodeIsNotDoubted: ripples of a grey on blank paper, the unevenness of a
// thick rule and lines of small print run alike along a place, and are no bars.
func TestWhatIsNoCodeIsNotDoubted(t *testing.T) {
	const samples, dpi = 1200, 300
	const half, little, much = 0, 1, 2 // ink
	b := bars{length: 400, height: 36}
	for name, c := range map[string]struct {
		dark, bright float32
		ink          int
		want         int
	}{
		"bars":           {30, 240, half, 1},
		"faded bars":     {180, 220, half, 1},
		"ripples":        {253, 254, half, 0},
		"a thick rule":   {30, 36, half, 0},
		"almost no ink":  {30, 240, little, 0},
		"almost all ink": {30, 240, much, 0},
	} {
		rng := rand.New(rand.NewPCG(3, 3))
		p := make(profile, samples)
		for i := range p {
			p[i] = c.bright
		}
		for x := 100; x < samples-140; {
			bar, space := 6+12*rng.IntN(2), 6+12*rng.IntN(2)
			switch c.ink {
			case little:
				bar, space = 4+2*rng.IntN(2), 20+10*rng.IntN(2)
			case much:
				bar, space = 40+20*rng.IntN(2), 5
			}
			for i := range bar {
				p[x+i] = c.dark
			}
			x += bar + space
		}
		var lines []profile
		for range scanLines {
			lines = append(lines, p)
		}
		if got := len(unread(lines, nil, b, dpi)); got != c.want {
			t.Errorf("%s: %d doubts, want %d", name, got, c.want)
		}
	}
}
