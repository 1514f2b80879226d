// Package symbol draws barcodes and patch codes.
//
// In comes a text and a symbology, out come modules: which squares or bars are
// dark. The encoders are written from the standards and share nothing with the
// reading side, so that what is drawn here proves a reader. The package knows no
// pictures, no resolution and no post.
package symbol

import (
	"fmt"
	"strings"

	"postroom/mail"
)

// Modules is a code to be printed: true is a dark module. A linear code is one
// row. The quiet zone is not part of it.
type Modules [][]bool

// Draw encodes a text. What the symbology can't carry is an error.
func Draw(s mail.Symbology, text string) (Modules, error) {
	encoders := map[mail.Symbology]func(string) (Modules, error){
		mail.Code128:    code128,
		mail.Code39:     code39,
		mail.ITF:        itf,
		mail.Codabar:    codabar,
		mail.EAN13:      ean13,
		mail.QR:         qr,
		mail.DataMatrix: dataMatrix,
		mail.Aztec:      aztec,
		mail.PDF417:     stacked,
	}
	encode, ok := encoders[s]
	if !ok {
		return nil, fmt.Errorf("%s can't be drawn", s)
	}
	m, err := encode(text)
	if err != nil {
		return nil, fmt.Errorf("draw %s %q: %w", s, text, err)
	}
	return m, nil
}

// Patch gives a patch code's bars and spaces in turn, from a bar: 2 is narrow,
// 5 is wide, in hundredths of 4 inches (0.08 and 0.20 inch).
func Patch(s mail.Symbology) ([]int, error) {
	bars := map[mail.Symbology]string{mail.Patch1: "WWNN", mail.Patch2: "WNNW", mail.Patch3: "WNWN",
		mail.Patch4: "NWWN", mail.PatchT: "NWNW", mail.Patch6: "NNWW"}[s]
	if bars == "" {
		return nil, fmt.Errorf("%s is no patch code", s)
	}
	var runs []int
	for i, b := range bars {
		if i > 0 {
			runs = append(runs, 2)
		}
		if b == 'W' {
			runs = append(runs, 5)
		} else {
			runs = append(runs, 2)
		}
	}
	return runs, nil
}

// square makes an all-light square.
func square(n int) Modules {
	m := make(Modules, n)
	for i := range m {
		m[i] = make([]bool, n)
	}
	return m
}

// bars appends element widths in turn, from a bar.
func bars(row []bool, widths string) []bool {
	for i, w := range widths {
		for range w - '0' {
			row = append(row, i%2 == 0)
		}
	}
	return row
}

// position finds every character of a text in an alphabet.
func position(text, alphabet string) ([]int, error) {
	var at []int
	for _, r := range text {
		i := strings.IndexRune(alphabet, r)
		if i < 0 {
			return nil, fmt.Errorf("no code for %q", r)
		}
		at = append(at, i)
	}
	return at, nil
}
