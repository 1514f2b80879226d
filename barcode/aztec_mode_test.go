package barcode

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/samples/symbol"
)

// toned gives the tones of a drawn code, turned clockwise by quarters.
func toned(m symbol.Modules, turn int) (lattice, []float64) {
	n := len(m)
	tones := make([]float64, n*n)
	for y := range m {
		for x, dark := range m[y] {
			i, j := x, y
			for range turn {
				i, j = n-1-j, i
			}
			tones[j*n+i] = 220
			if dark {
				tones[j*n+i] = 30
			}
		}
	}
	return lattice{cols: n, rows: n}, tones
}

func TestAztecIsReadInEveryTurn(t *testing.T) {
	for _, text := range []string{"A", "PER/855841/B", strings.Repeat("x", 24), strings.Repeat("y", 31)} {
		m, err := symbol.Draw(mail.Aztec, text)
		if err != nil {
			t.Fatal(err)
		}
		n := aztecSize{len(m), false}
		for turn := range 4 {
			l, tones := toned(m, turn)
			if got, ok := n.decode(l, tones, 125); !ok || got != text {
				t.Errorf("%d modules turned %d times: %q %v, not %q", n.modules, turn, got, ok, text)
			}
		}
	}
}

// A code that sets up a reader has the highest bit of its number of words set.
func TestCodeThatSetsUpAReaderIsRead(t *testing.T) {
	m, err := symbol.AztecSetup("$I")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := symbol.Draw(mail.Aztec, "$I")
	if err != nil {
		t.Fatal(err)
	}
	n := aztecSize{len(m), false}
	for turn := range 4 {
		l, tones := toned(m, turn)
		if got, ok := n.decode(l, tones, 125); !ok || got != "$I" {
			t.Errorf("turned %d times: %q %v", turn, got, ok)
		}
		mode, _ := n.mode(l, tones, 125)
		l, tones = toned(plain, turn)
		if without, ok := n.mode(l, tones, 125); !ok || mode != without {
			t.Errorf("turned %d times: %+v with the flag and %+v without", turn, mode, without)
		}
	}
}

// Only the codes too small to need the bit have one, and each message is another: two
// that are the same would hide each other.
func TestSetupBitIsNoNumberOfWords(t *testing.T) {
	for _, n := range aztecSizes {
		words, _ := n.words()
		if flag := n.setupFlag(); flag > 0 && words > flag {
			t.Errorf("%+v: %d words and the bit %d", n, words, flag)
		}
		messages, _ := n.messages()
		seen := map[uint64]bool{}
		for _, m := range messages {
			if seen[m] {
				t.Fatalf("%+v: the message %b comes twice", n, m)
			}
			seen[m] = true
		}
	}
}

func TestAztecMarksAreWhereTheyAreDrawn(t *testing.T) {
	m, err := symbol.Draw(mail.Aztec, "PER/855841/B")
	if err != nil {
		t.Fatal(err)
	}
	_, marks := aztecSize{len(m), false}.modePlaces()
	for _, k := range marks {
		if m[len(m)/2+k.j][len(m)/2+k.i] != k.dark {
			t.Errorf("the mark at %d, %d is drawn otherwise than dark %v", k.i, k.j, k.dark)
		}
	}
}

// Reed-Solomon corrects two of the mode message's seven words; the likeliest message
// is mostly found with a bit spoilt in each of three, often with one in each of five,
// and another one never.
func TestSpoiltModeMessageIsRead(t *testing.T) {
	const seed = 3
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	m, err := symbol.Draw(mail.Aztec, "PER/855841/B")
	if err != nil {
		t.Fatal(err)
	}
	n := aztecSize{len(m), false}
	l, clean := toned(m, 0)
	want, ok := n.mode(l, clean, 125)
	if !ok {
		t.Fatal("no mode message")
	}
	places, _ := n.modePlaces()
	for _, spoilt := range []int{3, 5} {
		read := 0
		for range 200 {
			tones := slices.Clone(clean)
			for _, w := range rng.Perm(7)[:spoilt] {
				p := places[4*w+rng.IntN(4)]
				at := (len(m)/2+p[1])*l.cols + len(m)/2 + p[0]
				tones[at] = 250 - tones[at]
			}
			switch got, ok := n.mode(l, tones, 125); {
			case ok && got != want:
				t.Fatalf("%d words spoilt: %+v, not %+v", spoilt, got, want)
			case ok:
				read++
			}
		}
		t.Logf("%d words spoilt: %d of 200 read", spoilt, read)
		if spoilt == 3 && read < 190 || read < 100 {
			t.Errorf("%d words spoilt: %d of 200 read", spoilt, read)
		}
	}
	for range 200 { // noise names nothing
		tones := make([]float64, len(clean))
		for i := range tones {
			tones[i] = 255 * rng.Float64()
		}
		if got, ok := n.mode(l, tones, 125); ok {
			t.Fatalf("noise is read as %+v", got)
		}
	}
}
