package symbol

import (
	"errors"
	"image/color"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/pdf417"
)

// pdf417Level is the error correction of 64 codewords' worth of text, by ISO/IEC
// 15438, annex E.
const pdf417Level = 2

// pdf417Row is the least height of a row, modules.
const pdf417Row = 3

// stacked encodes as PDF417, by a library: its 2787 patterns follow no rule that
// could be written down shorter.
func stacked(text string) (Modules, error) {
	if text == "" {
		return nil, errors.New("nothing to encode")
	}
	code, err := pdf417.EncodeWithColor(text, pdf417Level, barcode.ColorScheme8)
	if err != nil {
		return nil, err
	}
	b := code.Bounds()
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
