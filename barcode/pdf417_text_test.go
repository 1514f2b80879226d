package barcode

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// described puts the length descriptor before data codewords.
func described(data ...int) []int { return append([]int{len(data) + 1}, data...) }

// contentText is the text of a symbol that is no part of another's.
func contentText(words []int) (string, error) {
	t, err := readContent(words)
	if err == nil && t.part {
		err = errors.New("it is a part")
	}
	return t.text, err
}

// paired makes codewords of the values of text compaction.
func paired(values ...int) (words []int) {
	for pair := range slices.Chunk(values, 2) {
		words = append(words, 30*pair[0]+append(pair, 29)[1])
	}
	return words
}

func TestPDF417TextByTheStandard(t *testing.T) {
	sixes := []int{163, 238, 432, 766, 244} // "alcool"
	for _, c := range []struct {
		text  string
		words []int
	}{
		{"", []int{1}},
		{"PDF417", []int{5, 453, 178, 121, 239}},
		{"PDF417", []int{5, 453, 178, 121, 239, 900, 900}}, // padding beyond the descriptor
		{"PDF417", described(453, 178, 121, 239, 900, 900, 900)},
		{"000213298174000", described(902, 1, 624, 434, 632, 282, 200)},
		{"01234", described(902, 112, 434)},
		{"01234AB", described(902, 112, 434, 900, 1)},
		{"\x01\x02\x03\x04\x05\x06", described(924, 1, 620, 89, 74, 846)},
		{"alcool", described(slices.Concat([]int{924}, sixes)...)},
		{"alcoolique", described(slices.Concat([]int{901}, sixes, []int{105, 113, 117, 101})...)},
		{"alcoolalcoo", described(slices.Concat([]int{901}, sixes, []int{97, 108, 99, 111, 111})...)},
		{"alcoolPDF417", described(slices.Concat([]int{924}, sixes, []int{900, 453, 178, 121, 239})...)},
		{"PDF417", described(921, 453, 178, 121, 239)},
		{"Super !", described(567, 615, 137, 809, 329)},
	} {
		if got, err := contentText(c.words); got != c.text || err != nil {
			t.Errorf("%v: %q, %v, not %q", c.words, got, err, c.text)
		}
	}
}

func TestPDF417TextSubmodes(t *testing.T) {
	const ll, ml, al, pl, ps = 27, 28, 28, 25, 29
	const as, back = 27, 29 // in lower; from punctuation to alpha
	for _, c := range []struct {
		text  string
		words []int
	}{
		{"AZ az 09", paired(0, 25, 26, ll, 0, 25, 26, ml, 0, 9)},
		{"A!B", paired(0, ps, 10, 1)},
		{"aBc", paired(ll, 0, as, 1, 2)},
		{"a}c", paired(ll, 0, ps, 27, 2)},
		{"1;2a", paired(ml, 1, ps, 0, 2, ll, 0)},
		{"1A", paired(ml, 1, al, 0)},
		{"1;'\nA", paired(ml, 1, pl, 0, 28, 15, back, 0)},
		{"&\r\t,:#-.$/+%*=^ ", paired(ml, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26)},
		{";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'", paired(slices.Concat([]int{ml, pl}, upTo(29))...)},
		{"AB", slices.Concat(paired(0, ps), paired(back, 1))},                         // padding in pairs
		{"A\x01B", slices.Concat(paired(0, ps), []int{913, 1}, paired(1))},            // padding before a byte
		{"ab\xc2\xa9c", slices.Concat(paired(ll, 0, 1), []int{913, 0xa9, 2*30 + 29})}, // back in the sub-mode
		{"ABC", slices.Concat(paired(ll, ml), []int{900}, paired(0, 1, 2))},           // a latch begins in capitals
	} {
		if got, err := contentText(described(c.words...)); got != c.text || err != nil {
			t.Errorf("%v: %q, %v, not %q", c.words, got, err, c.text)
		}
	}
}

func upTo(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

func TestPDF417TextCharacterSets(t *testing.T) {
	for _, c := range []struct {
		text  string
		words []int
	}{
		{"é", described(901, 0xc3, 0xa9)},
		{"Ã©", described(927, 3, 901, 0xc3, 0xa9)},
		{"Ã©", described(927, 1, 901, 0xc3, 0xa9)},
		{"é", described(927, 26, 901, 0xc3, 0xa9)},
		{"é", described(901, 0xe9)},
		{"éé", described(901, 927, 3, 0xe9, 927, 26, 0xc3, 0xa9)}, // the mode stays
		{"Aé", described(29, 927, 3, 913, 0xe9)},
		{"é", described(913, 0xc3, 913, 0xa9)},
		{"12", described(927, 7, 901, 0x31, 0x32)},
		{"щ", described(927, 7, 901, 0xe9)},
		{"点茗テ0", described(927, 20, 901, 246, 877, 166, 106, 797, 927, 3, 0x30)}, // six bytes, for more follow
		{"Aё", described(29, 926, 899, 898, 927, 22, 901, 0xb8)},                 // nothing is said to be of the other ECI
		{"PDF417", described(453, 178, 121, 239, 925, 1)},
	} {
		if got, err := contentText(c.words); got != c.text || err != nil {
			t.Errorf("%v: %q, %v, not %q", c.words, got, err, c.text)
		}
	}
}

// TestPDF417TextMacro: the control block is no text, and what stands before it a part.
func TestPDF417TextMacro(t *testing.T) {
	for _, tail := range [][]int{{928, 111, 100, 17, 53}, {928, 111, 100, 17, 53, 923, 1, 111, 104, 922}, {922}, {923, 900, 0}} {
		words := described(slices.Concat([]int{453, 178, 121, 239}, tail)...)
		if got, err := readContent(words); got != (pdf417Content{"PDF417", true}) || err != nil {
			t.Errorf("%v: %v, %v", words, got, err)
		}
	}
}

func TestPDF417TextRefuses(t *testing.T) {
	for name, words := range map[string][]int{
		"nothing":                      nil,
		"no length":                    {0, 453},
		"a length beyond the words":    {3, 453},
		"data beyond the length":       {2, 453, 178},
		"a word that is none":          described(929),
		"a negative word":              described(-1),
		"more than a symbol holds":     append([]int{929}, make([]int, 928)...),
		"a reserved codeword":          described(453, 905),
		"a linkage flag":               described(920, 453),
		"byte shift in numbers":        described(902, 112, 434, 913, 65),
		"byte shift without a byte":    described(453, 913),
		"byte shift to no byte":        described(453, 913, 256),
		"number without its 1":         described(902, 900-1),
		"number without digits":        described(902, 1),
		"bytes beyond 6":               described(924, 899, 899, 899, 899, 899),
		"bytes left over":              described(924, 163, 238, 432, 766, 244, 97),
		"a byte too large":             described(901, 97, 256),
		"shift, then a latch":          described(slices.Concat(paired(27, 0, 27, 28))...),
		"character set without number": described(453, 927),
		"character set by a latch":     described(453, 927, 900),
		"character set unknown":        described(927, 899, 453),
		"no letters of the set":        described(927, 20, 901, 0xff),
		"bytes cut by a set":           described(901, 97, 927, 3, 98, 99, 100, 101, 102),
		"half an ECI":                  described(453, 926, 1),
		"no UTF-8":                     described(927, 26, 901, 0xe9),
		"an ECI for something else":    described(926, 1, 2, 453),
		"an ECI of a user":             described(925, 1, 453),
	} {
		if got, err := contentText(words); err == nil || got != "" || !strings.HasPrefix(err.Error(), "PDF417: ") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// pdf417Texts are of every kind; what is not valid UTF-8 is read as Latin-1.
var pdf417Texts = []string{
	"A", "z", "7", "AB", "é", "TX-2026-418308-81", "+++873/4895/15954+++", "PER/855841/B",
	"0123456789", "9999999999999", strings.Repeat("1234567890", 30), strings.Repeat("0", 89),
	"Case No. 4711 - second reminder!", "UPPER lower MiXeD 12 aB1cD2 {x} [y] <z@w.example>",
	"~!@#$%^&*()_+`-={}|[]\\:\";'<>?,./", "tab\tline\nreturn\rend of text", "https://a.example/?q=1&r=%20#x",
	"Grüße aus Köln, 12 €", "Ελληνικά, русский, 日本語", "ein ü allein im Text", "🙂🙂",
	"ref 12345678901234567890 and 98765432109876543210987 too", "12345678901234abc", "abc12345678901234",
	"Caf\xe9 No 12 in Z\xfcrich", "\x01\x02\x03\x04\x05\x06", "a\x01b", strings.Repeat("lorem ipsum ", 60),
}

func fromLatin1(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func TestPDF417RoundTrip(t *testing.T) {
	for _, text := range pdf417Texts {
		for level := range 6 {
			words, check := pdf417Symbol(t, text, level), 2<<level
			if n, ok := correct929(words, check, nil); n != 0 || !ok {
				t.Errorf("%q at level %d: %d corrected, %v", text, level, n, ok)
			}
			if got, err := contentText(words[:len(words)-check]); got != fromLatin1(text) || err != nil {
				t.Errorf("%q at level %d: %q, %v", text, level, got, err)
			}
		}
	}
}

func TestPDF417RoundTripOfSpoiltSymbols(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 419))
		for _, text := range pdf417Texts {
			level := rng.IntN(6)
			check := 2 << level
			f := rng.IntN(capacity929(check) + 1)
			spoilt, erased := spoil(rng, pdf417Symbol(t, text, level), (capacity929(check)-f)/2, f)
			if _, ok := correct929(spoilt, check, erased); !ok {
				t.Errorf("seed %d: %q at level %d: %d unknown", seed, text, level, f)
			} else if got, err := contentText(spoilt[:len(spoilt)-check]); got != fromLatin1(text) || err != nil {
				t.Errorf("seed %d: %q at level %d: %q, %v", seed, text, level, got, err)
			}
		}
	}
}

func TestPDF417RoundTripOfRandomTexts(t *testing.T) {
	letters := []rune("AZKQazkq0123456789012345678901234567890123456789 -/.,:;!?&#'()äéß€→")
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 420))
		runes := make([]rune, 1+rng.IntN(80))
		many := 1 + rng.IntN(len(letters)-9)
		for i := range runes {
			runes[i] = letters[rng.IntN(many)+rng.IntN(10)]
		}
		text, level := string(runes), rng.IntN(5)
		words := pdf417Symbol(t, text, level)
		if got, err := contentText(words[:len(words)-2<<level]); got != text || err != nil {
			t.Errorf("seed %d: %q: %q, %v", seed, text, got, err)
		}
	}
}

func FuzzPDF417Text(f *testing.F) {
	for _, words := range [][]int{
		{5, 453, 178, 121, 239}, {7, 902, 1, 624, 434, 632, 282, 200}, {7, 924, 1, 620, 89, 74, 846},
		{9, 927, 26, 901, 195, 169, 913, 922, 928}, {4, 913, 65, 453}, {1},
	} {
		var data []byte
		for _, w := range words {
			data = append(data, byte(w>>8), byte(w))
		}
		f.Add(data, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, right bool) {
		words := fuzzWords(data)
		if right && len(words) > 0 {
			words[0] = len(words)
		}
		content, err := readContent(words) // of a part, too, the text is told
		text := content.text
		if err != nil && text != "" || !utf8.ValidString(text) || len(text) > 3*len(words) {
			t.Errorf("%v: %q, %v", words, text, err)
		}
	})
}
