package barcode

import (
	"fmt"
	"image"
	"math/bits"
	"math/rand/v2"
	"testing"

	"postroom/mail"
	"postroom/samples/symbol"
)

// drawn gives a rune's modules.
func drawn(t *testing.T, value int) symbol.Modules {
	t.Helper()
	m, err := symbol.AztecRune(value)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// printed gives modules to be drawn on a page.
func printed(m symbol.Modules) drawing {
	n := float64(len(m))
	return drawing{n, n, func(x, y float64) bool {
		return x >= 0 && y >= 0 && x < n && y < n && m[int(y)][int(x)]
	}}
}

func TestEveryRuneIsRead(t *testing.T) {
	for value := range 256 {
		for turn := range 4 {
			l, tones := toned(drawn(t, value), turn)
			if got, ok := runeOf(l, tones, 125); !ok || got != value {
				t.Errorf("%d turned %d times: %d %v", value, turn, got, ok)
			}
		}
	}
}

// Any two runes differ in six words of seven, and any rune from each mode message of a
// code with layers in four: up to a word that is wrong tells no other.
func TestRunesLieFarApart(t *testing.T) {
	for v, a := range runeBits {
		for w, b := range runeBits {
			if v != w && wrongWords(a^b) < 6 {
				t.Errorf("%d and %d differ in %d words", v, w, wrongWords(a^b))
			}
		}
		for _, n := range aztecSizes[:4] {
			messages, _ := n.messages()
			for _, m := range messages {
				if wrongWords(a^m) < 4 || bits.OnesCount64(a^m) < 5 {
					t.Errorf("%d and %b differ in %d words", v, m, wrongWords(a^m))
				}
			}
		}
	}
}

// A spoilt rune is read as itself or not at all, and one with a module wrong is read.
func TestSpoiltRuneIsNeverAnother(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	places, _ := rune11.modePlaces()
	for range 2000 {
		value, spoilt := rng.IntN(256), 1+rng.IntN(6)
		l, tones := toned(drawn(t, value), rng.IntN(4))
		for _, p := range rng.Perm(len(places))[:spoilt] {
			at := (5+places[p][1])*11 + 5 + places[p][0]
			tones[at] = 250 - tones[at]
		}
		got, ok := runeOf(l, tones, 125)
		if ok && got != value {
			t.Fatalf("%d with %d modules spoilt is read as %d", value, spoilt, got)
		}
		if !ok && spoilt == 1 {
			t.Errorf("%d with a module spoilt is not read", value)
		}
	}
}

// Rings with anything around them are no rune: 2^-20 of what may stand there is.
func TestRingsAloneAreNoRune(t *testing.T) {
	const seed = 12
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	l, tones := toned(drawn(t, 0), 0)
	for range 20000 {
		for i := range tones {
			if x, y := i%11, i/11; x == 0 || y == 0 || x == 10 || y == 10 {
				tones[i] = 255 * rng.Float64()
			}
		}
		if got, ok := runeOf(l, tones, 125); ok {
			t.Fatalf("noise around the rings is read as %d", got)
		}
	}
}

func TestRuneIsReadOnAPage(t *testing.T) {
	r := New(Config{})
	for i, value := range []int{0, 64, 68, 91, 170, 223, 255} { // 68, 91, 170 and 223 have a bright side
		for _, p := range []struct{ dpi, unit, degrees float64 }{{300, 4, 2}, {200, 5, -4}, {300, 10, 1}, {0, 9, 17}, {0, 5, 0}} {
			g := paper(2, 2, 200)
			draw(g, printed(drawn(t, value)), 200, 210, p.unit, p.degrees+90*float64(i%4))
			got := expect(t, r.Read(g, p.dpi), mail.Aztec, fmt.Sprintf("%03d", value))
			if m := middle(got.Polygon); !near(m, 200, 210, p.unit) {
				t.Errorf("%d, %+v: middle at %v", value, p, m)
			}
			if got.Module < 0.9*p.unit || got.Module > 1.1*p.unit {
				t.Errorf("%d, %+v: module %v", value, p, got.Module)
			}
		}
	}
}

// What stands close to a rune may be the layers of a code that is spoilt.
func TestRuneWithInkBesideItIsNotRead(t *testing.T) {
	for at := range 4 {
		m := make(symbol.Modules, 13)
		for y := range m {
			m[y] = make([]bool, 13)
			for x := range m[y] {
				m[y][x] = x > 0 && y > 0 && x < 12 && y < 12 && drawn(t, 64)[y-1][x-1]
			}
		}
		for i := 4; i < 9; i++ {
			x, y := i, 0
			for range at {
				x, y = 12-y, x
			}
			m[y][x] = true
		}
		for _, dpi := range []float64{0, 200} {
			g := paper(2, 2, 200)
			draw(g, printed(m), 200, 210, 6, 0)
			if f := New(Config{}).Read(g, dpi); len(f.Symbols) > 0 {
				t.Errorf("ink on side %d, %v dpi: read %+v", at, dpi, f.Symbols)
			}
		}
	}
}

// A code whose layers were cut off or painted over is no rune.
func TestMiddleOfACodeIsNoRune(t *testing.T) {
	m, err := symbol.Draw(mail.Aztec, "PER/855841/B")
	if err != nil {
		t.Fatal(err)
	}
	c := len(m) / 2
	for y := range m {
		for x := range m[y] {
			if abs(x-c) > 5 || abs(y-c) > 5 {
				m[y][x] = false
			}
		}
	}
	for _, dpi := range []float64{0, 200} {
		g := paper(2, 2, 200)
		draw(g, printed(m), 200, 210, 6, 0)
		if f := New(Config{}).Read(g, dpi); len(f.Symbols) > 0 || len(f.Doubts) == 0 {
			t.Errorf("%v dpi: %+v", dpi, f)
		}
	}
}

func TestRuneWithoutMarginIsRead(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 110, 110)) // no paper around it
	for i := range g.Pix {
		if !drawn(t, 200)[i/110/10][i%110/10] {
			g.Pix[i] = 255
		}
	}
	expect(t, New(Config{}).Read(g, 0), mail.Aztec, "200")
}
