package scan

import (
	"bytes"
	"fmt"
	"image"

	"golang.org/x/image/ccitt"
)

// faxGray decodes CCITT data; a picture that ends early is an error, never half white.
func faxGray(raw []byte, w, h int, format ccitt.SubFormat, order ccitt.Order, invert, align bool) (*image.Gray, error) {
	g := image.NewGray(image.Rect(0, 0, w, h))
	if err := ccitt.DecodeIntoGray(g, bytes.NewReader(raw), order, format, &ccitt.Options{Invert: invert, Align: align}); err != nil {
		return nil, fmt.Errorf("%w: CCITT: %v", ErrUnreadable, err)
	}
	return g, nil
}

// faxLines counts the lines of Group 3 data, most significant bit first, by the
// codes between them: eleven 0 bits or more and a 1 (ITU-T T.4, 4.1). Every line
// has a 1 in it; codes without one between them are the end of the page. tagged
// data have a bit after each code that tells how the next line is coded.
func faxLines(raw []byte, tagged bool) int {
	lines, zeros, ones, tag := 0, 0, 0, false
	for _, b := range raw {
		for bit := 7; bit >= 0; bit-- {
			switch {
			case tag:
				tag = false
			case b>>bit&1 == 0:
				zeros++
			case zeros >= 11:
				if ones > 0 {
					lines++
				}
				zeros, ones, tag = 0, 0, tagged
			default:
				zeros, ones = 0, ones+1
			}
		}
	}
	if ones > 0 {
		lines++
	}
	return lines
}
