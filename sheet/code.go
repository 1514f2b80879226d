package sheet

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/qr"

	"postroom/mail"
)

// The longest texts that are printed: a QR code beyond that has modules too small for 200 dpi.
const (
	mostText  = 250 // bytes, of a separator's QR code
	mostLabel = 60
)

// box is a dark rectangle, in the code's own units from its top left.
type box struct{ x, y, w, h float64 }

// modules gives the dark rectangles of a code, a row's neighbours as one, and its size.
func modules(b barcode.Barcode) (all []box, size image.Point) {
	size = b.Bounds().Size()
	dark := func(x, y int) bool { return b.At(x, y) == color.Black }
	for y := range size.Y {
		for x := 0; x < size.X; x++ {
			from := x
			for x < size.X && dark(x, y) {
				x++
			}
			if x > from {
				all = append(all, box{float64(from), float64(y), float64(x - from), 1})
			}
		}
	}
	return all, size
}

// linear draws a text as Code 128; nil = it has characters that Code 128 has not.
func linear(text string) barcode.Barcode {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil
	}
	b, err := code128.Encode(text)
	if err != nil {
		return nil // longer than the library has it
	}
	return b
}

// matrix draws a text as a QR code; level M mends up to 15 % of it.
func matrix(text string) barcode.Barcode {
	for _, mode := range []qr.Encoding{qr.AlphaNumeric, qr.Unicode} {
		if b, err := qr.Encode(text, qr.M, mode); err == nil {
			return b
		}
	}
	panic(fmt.Sprintf("bug: a text of %d bytes can't be drawn as a QR code", len(text)))
}

// narrow is the width of a patch code's narrow bar and of its spaces, millimetres: 0.08 inch.
const narrow = 0.08 * 25.4

// patchBars draws a patch code of a width: four bars along the leading edge, W 0.20 inch, N 0.08.
func patchBars(s mail.Symbology, wide float64) (all []box) {
	bars := map[mail.Symbology]string{mail.Patch1: "WWNN", mail.Patch2: "WNNW", mail.Patch3: "WNWN",
		mail.Patch4: "NWWN", mail.PatchT: "NWNW", mail.Patch6: "NNWW"}[s]
	if bars == "" {
		panic("bug: " + s.String() + " is no patch code")
	}
	y := 0.0
	for _, b := range bars {
		h := narrow
		if b == 'W' {
			h = 2.5 * narrow
		}
		all = append(all, box{0, y, wide, h})
		y += h + narrow
	}
	return all
}
