package scan

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
)

// flateStrips codes a picture's pixels as they are: grey, RGB or CMYK, of 8 or 16
// bits. What is transparent is laid on white.
func flateStrips(img image.Image) ([]strip, error) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	var z bytes.Buffer
	c := zlib.NewWriter(&z)
	space, bits, row := "DeviceRGB", 8, make([]byte, 0, 6*w)
	for y := range h {
		row = row[:0]
		switch src := img.(type) {
		case *image.Gray:
			space = "DeviceGray"
			at := src.PixOffset(b.Min.X, b.Min.Y+y)
			row = append(row, src.Pix[at:at+w]...)
		case *image.Gray16:
			space, bits = "DeviceGray", 16
			at := src.PixOffset(b.Min.X, b.Min.Y+y)
			row = append(row, src.Pix[at:at+2*w]...)
		case *image.CMYK:
			space = "DeviceCMYK"
			at := src.PixOffset(b.Min.X, b.Min.Y+y)
			row = append(row, src.Pix[at:at+4*w]...)
		case *image.RGBA64, *image.NRGBA64:
			bits = 16
			for x := range w {
				for _, v := range onWhite(img, b.Min.X+x, b.Min.Y+y) {
					row = append(row, byte(v>>8), byte(v))
				}
			}
		default:
			for x := range w {
				for _, v := range onWhite(img, b.Min.X+x, b.Min.Y+y) {
					row = append(row, byte(v>>8))
				}
			}
		}
		if _, err := c.Write(row); err != nil {
			return nil, err
		}
	}
	if err := c.Close(); err != nil {
		return nil, err
	}
	return []strip{{rows: h, raw: z.Bytes(), dict: fmt.Sprintf(
		"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace/%s/Filter/FlateDecode", w, h, bits, space)}}, nil
}

// onWhite gives a pixel's red, green and blue of 16 bits.
func onWhite(img image.Image, x, y int) [3]uint32 {
	r, g, b, a := img.At(x, y).RGBA()
	white := 0xffff - a
	return [3]uint32{r + white, g + white, b + white}
}
