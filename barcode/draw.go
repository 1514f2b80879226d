package barcode

import (
	"fmt"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	"postroom/mail"
)

// Modules is a code to be printed: true is a dark module. A linear code is one
// row. The quiet zone is not part of it.
type Modules [][]bool

// Draw encodes a text. What the symbology can't carry is an error.
func Draw(s mail.Symbology, text string) (Modules, error) {
	type writer interface {
		Encode(contents string, format gozxing.BarcodeFormat, width, height int, hints map[gozxing.EncodeHintType]interface{}) (*gozxing.BitMatrix, error)
	}
	writers := map[mail.Symbology]struct {
		writer
		format gozxing.BarcodeFormat
	}{
		mail.Code128:    {oned.NewCode128Writer(), gozxing.BarcodeFormat_CODE_128},
		mail.Code39:     {oned.NewCode39Writer(), gozxing.BarcodeFormat_CODE_39},
		mail.Code93:     {oned.NewCode93Writer(), gozxing.BarcodeFormat_CODE_93},
		mail.ITF:        {oned.NewITFWriter(), gozxing.BarcodeFormat_ITF},
		mail.Codabar:    {oned.NewCodaBarWriter(), gozxing.BarcodeFormat_CODABAR},
		mail.EAN13:      {oned.NewEAN13Writer(), gozxing.BarcodeFormat_EAN_13},
		mail.EAN8:       {oned.NewEAN8Writer(), gozxing.BarcodeFormat_EAN_8},
		mail.QR:         {qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE},
		mail.DataMatrix: {datamatrix.NewDataMatrixWriter(), gozxing.BarcodeFormat_DATA_MATRIX},
	}
	w, ok := writers[s]
	if !ok {
		return nil, fmt.Errorf("%s can't be drawn", s)
	}
	bits, err := w.Encode(text, w.format, 0, 0, map[gozxing.EncodeHintType]interface{}{gozxing.EncodeHintType_MARGIN: 0})
	if err != nil {
		return nil, fmt.Errorf("draw %s %q: %w", s, text, err)
	}
	rows := bits.GetHeight()
	if s != mail.QR && s != mail.DataMatrix {
		rows = 1
	}
	m := make(Modules, rows)
	for y := range m {
		m[y] = make([]bool, bits.GetWidth())
		for x := range m[y] {
			m[y][x] = bits.Get(x, y)
		}
	}
	return m.trimmed(), nil
}

// trimmed takes white columns off both ends: writers differ in the margins they leave.
func (m Modules) trimmed() Modules {
	dark := func(x int) bool {
		for _, row := range m {
			if row[x] {
				return true
			}
		}
		return false
	}
	from, to := 0, len(m[0])
	for from < to && !dark(from) {
		from++
	}
	for to > from && !dark(to-1) {
		to--
	}
	for y := range m {
		m[y] = m[y][from:to]
	}
	return m
}

// PatchBars gives a patch code's bars and spaces, widths in narrow bars from the
// leading edge of the sheet: bar, space, bar... Wide is 2.5 narrow.
func PatchBars(s mail.Symbology) ([]float64, error) {
	wide, ok := map[mail.Symbology]string{mail.Patch1: "1100", mail.Patch2: "1001", mail.Patch3: "1010",
		mail.Patch4: "0110", mail.PatchT: "0101", mail.Patch6: "0011"}[s]
	if !ok {
		return nil, fmt.Errorf("%s is no patch code", s)
	}
	var runs []float64
	for i, c := range wide {
		if i > 0 {
			runs = append(runs, 1)
		}
		if c == '1' {
			runs = append(runs, 2.5)
		} else {
			runs = append(runs, 1)
		}
	}
	return runs, nil
}
