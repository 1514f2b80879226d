package scan

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf16"

	"postroom/mail"
)

// FuzzContent: tokens stand in the stream one behind the other with nothing but
// space and remarks between, and what is said of a page's content holds together.
func FuzzContent(f *testing.F) {
	for _, s := range []string{
		"q 2 0 0 1 0 0 cm /Im0 Do Q q BT 3 Tr (ocr) Tj ET Q", "(a (string) with \\) in it) 0 0 f", "<</A<41>/B(>>)>> BDC <4> Tj",
		"BI /W 1/H 1/BPC 8/CS/G ID EI EI Q", "ID\nEI", "/#49m0 Do % remark\r(\\", "<< (\\", "<<<", ">>>", "[(a)-1<00>]TJ", "1 0 0 1 1e999 nan cm",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		s, at := scanner{b: content}, 0
		for {
			token := s.next()
			between := content[at:s.i]
			if token != nil {
				between = content[at : s.i-len(token)]
			}
			for _, line := range bytes.FieldsFunc(between, func(r rune) bool { return r == '\n' || r == '\r' }) {
				if line = bytes.Trim(line, " \t\f\x00"); len(line) > 0 && line[0] != '%' {
					t.Errorf("%q lies between tokens", line)
				}
			}
			if token == nil {
				break
			}
			if len(token) == 0 || s.i <= at || s.i > len(content) {
				t.Fatalf("token %q at %d after %d", token, s.i, at)
			}
			_ = operandFault(token)
			at = s.i
		}
		if name, _, ok := onlyImage(content); ok && !named(content)[name] {
			t.Errorf("it paints only %q, and does not name it", name)
		}
		if n := lettersIn(content); n < 0 || n > len(content) {
			t.Errorf("%d letters in %d bytes", n, len(content))
		}
		_ = (&archive{}).content(content, true)
	})
}

// FuzzLayer: whatever was read, the layer is text that is not seen, of finite
// numbers, and its letters can be told from their codes.
func FuzzLayer(f *testing.F) {
	f.Add("(Tj) ET Q", 10, 20, 200, 40, 300.0, 1.5, uint8(0), 0)
	f.Add("\u202e\x00\xff é\U0001F600\ud7ff\uffff", -5, 0, 1<<40, 9, math.NaN(), math.Inf(1), uint8(1), -1)
	f.Add("a", math.MaxInt, math.MinInt, math.MaxInt, math.MaxInt, 1e-300, 29.9, uint8(3), math.MaxInt)
	f.Fuzz(func(t *testing.T, text string, x0, y0, x1, y1 int, dpi, skew float64, turn uint8, line int) {
		var letters alphabet
		r := mail.Reading{Width: 1000, Height: 1400, DPI: dpi, DPIY: dpi / 2, Rotation: int(turn%4) * 90, Skew: skew, Words: []mail.Word{
			{Text: text, Box: mail.Box{X0: x0, Y0: y0, X1: x1, Y1: y1}, Line: line}, {Text: "next", Box: mail.Box{X0: 9, Y0: 9, X1: 99, Y1: 29}, Line: line}}}
		content, laid := layOut(r, matrix{0.24, 0, 0, -0.24, 0, 336}, &letters)
		if laid == 0 && len(content) > 0 || laid > 2 {
			t.Errorf("%d words: %s", laid, content)
		}
		for s := (scanner{b: content}); ; {
			token := s.next()
			if token == nil {
				break
			}
			if c := token[0]; c != '<' && c != '/' && c != '-' && (c < '0' || c > '9') && !strings.Contains(" q BT Tr Tf Tm Tz Tj ET Q ", " "+string(token)+" ") {
				t.Errorf("%q in\n%s", token, content)
			}
		}
		if laid > 0 && !bytes.HasPrefix(content, []byte("q BT 3 Tr\n")) {
			t.Errorf("it can be seen: %s", content)
		}
		spelled(t, &letters, text)
	})
}

// spelled checks that a word's codes lead back to its letters.
func spelled(t *testing.T, letters *alphabet, text string) {
	t.Helper()
	back := map[uint16]string{}
	for r, c := range letters.beyond {
		back[c] = string(r)
	}
	for _, c := range letters.codes(text) {
		letter, far := back[c]
		if !far {
			letter = string(utf16.Decode([]uint16{c}))
		}
		if !strings.Contains(text, letter) {
			t.Errorf("code %04x of %q stands for %q", c, text, letter)
		}
	}
	if cmap := letters.toUnicode(); bytes.Count(cmap, []byte("begincmap")) != 1 || bytes.IndexFunc(cmap, func(r rune) bool { return r > '~' }) >= 0 {
		t.Errorf("%s", cmap)
	}
}
