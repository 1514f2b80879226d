package symbol

import (
	"errors"
	"image"
	"image/color"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/pdf417"
)

// pdf417Level is the error correction of 64 codewords' worth of text, by ISO/IEC
// 15438, annex E.
const pdf417Level = 2

// pdf417Row is the least height of a row, modules.
const pdf417Row = 3

// mostLevel is the highest error correction level.
const mostLevel = 8

// stacked encodes as PDF417, by a library: its 2787 patterns follow no rule that
// could be written down shorter. The library names too few rows in the left
// indicators where they are not a multiple of three, so a level is taken at which they are.
func stacked(text string) (Modules, error) {
	if text == "" {
		return nil, errors.New("nothing to encode")
	}
	var b image.Rectangle
	var code image.Image
	for level := pdf417Level; b.Dy()%(2*3) != 0 || b.Empty(); level++ {
		if level > mostLevel {
			return nil, errors.New("no level gives rows in threes")
		}
		c, err := pdf417.EncodeWithColor(text, byte(level), barcode.ColorScheme8)
		if err != nil {
			return nil, err
		}
		code, b = c, c.Bounds()
	}
	var m Modules
	for y := b.Min.Y; y < b.Max.Y; y += 2 { // the library draws rows of two pixels
		row := make([]bool, b.Dx())
		for x := range row {
			row[x] = color.GrayModel.Convert(code.At(b.Min.X+x, y)).(color.Gray).Y < 128
		}
		for range pdf417Row {
			m = append(m, row)
		}
	}
	return m, nil
}
