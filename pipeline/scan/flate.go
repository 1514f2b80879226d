package scan

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
)

// effort is zlib's level. Its usual one, 6, makes a page of grainy colours 6 %
// smaller in four times the time.
const effort = 4

// flateStrips codes a picture's pixels as they are: grey, RGB or CMYK, of 8 or 16
// bits. What is transparent is laid on white.
func flateStrips(img image.Image) ([]strip, error) {
	var z bytes.Buffer
	c, err := zlib.NewWriterLevel(&z, effort)
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	space, bits := coding(img)
	row := make([]byte, 0, 6*b.Dx())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row = appendRow(row[:0], img, y)
		if _, err := c.Write(row); err != nil {
			return nil, err
		}
	}
	if err := c.Close(); err != nil {
		return nil, err
	}
	return []strip{{rows: b.Dy(), raw: z.Bytes(), dict: fmt.Sprintf(
		"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace/%s/Filter/FlateDecode", b.Dx(), b.Dy(), bits, space)}}, nil
}

// coding names a picture's colours as they are written, and the bits of each.
func coding(img image.Image) (space string, bits int) {
	switch img.(type) {
	case *image.Gray:
		return "DeviceGray", 8
	case *image.Gray16:
		return "DeviceGray", 16
	case *image.CMYK:
		return "DeviceCMYK", 8
	case *image.RGBA64, *image.NRGBA64:
		return "DeviceRGB", 16
	}
	return "DeviceRGB", 8
}

// appendRow adds the samples of a picture's row. The common kinds are taken from
// their own memory, without a call for each pixel.
func appendRow(row []byte, img image.Image, y int) []byte {
	b := img.Bounds()
	w := b.Dx()
	switch src := img.(type) {
	case *image.Gray:
		return append(row, src.Pix[src.PixOffset(b.Min.X, y):][:w]...)
	case *image.Gray16:
		return append(row, src.Pix[src.PixOffset(b.Min.X, y):][:2*w]...)
	case *image.CMYK:
		return append(row, src.Pix[src.PixOffset(b.Min.X, y):][:4*w]...)
	case *image.RGBA:
		if pix := src.Pix[src.PixOffset(b.Min.X, y):][:4*w]; opaque(pix) {
			return appendColours(row, pix)
		}
	case *image.NRGBA:
		if pix := src.Pix[src.PixOffset(b.Min.X, y):][:4*w]; opaque(pix) {
			return appendColours(row, pix)
		}
	case *image.YCbCr:
		for x := b.Min.X; x < b.Max.X; x++ {
			at := src.COffset(x, y)
			r, g, b := color.YCbCrToRGB(src.Y[src.YOffset(x, y)], src.Cb[at], src.Cr[at])
			row = append(row, r, g, b)
		}
		return row
	}
	_, bits := coding(img)
	for x := b.Min.X; x < b.Max.X; x++ {
		for _, v := range onWhite(img, x, y) {
			if row = append(row, byte(v>>8)); bits == 16 {
				row = append(row, byte(v))
			}
		}
	}
	return row
}

// opaque tells whether no pixel of red, green, blue and alpha lets anything through.
func opaque(pix []byte) bool {
	for i := 3; i < len(pix); i += 4 {
		if pix[i] != 255 {
			return false
		}
	}
	return true
}

// appendColours adds pixels of red, green, blue and alpha without the alpha.
func appendColours(row, pix []byte) []byte {
	for ; len(pix) >= 4; pix = pix[4:] {
		row = append(row, pix[0], pix[1], pix[2])
	}
	return row
}

// onWhite gives a pixel's red, green and blue of 16 bits.
func onWhite(img image.Image, x, y int) [3]uint32 {
	r, g, b, a := rgbaAt(img, x, y)
	white := 0xffff - a
	return [3]uint32{r + white, g + white, b + white}
}

// rgbaAt asks the pictures that can be asked so without making a value of each pixel.
func rgbaAt(img image.Image, x, y int) (r, g, b, a uint32) {
	if fast, ok := img.(image.RGBA64Image); ok {
		return fast.RGBA64At(x, y).RGBA()
	}
	return img.At(x, y).RGBA()
}
