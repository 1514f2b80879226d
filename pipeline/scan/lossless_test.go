package scan

import (
	"bytes"
	"compress/zlib"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"testing"
)

// TestSixteenBitsAreKept: a picture coded anew keeps every bit of it.
func TestSixteenBitsAreKept(t *testing.T) {
	grey := image.NewGray16(image.Rect(0, 0, 16, 20))
	colours := image.NewNRGBA64(grey.Rect)
	var greyRaw, colourRaw []byte
	for i := range 16 * 20 {
		v := uint16(i*200 + 7)
		grey.SetGray16(i%16, i/16, color.Gray16{Y: v})
		colours.SetNRGBA64(i%16, i/16, color.NRGBA64{R: v, G: v + 1, B: ^v, A: 0xffff})
		greyRaw = append(greyRaw, byte(v>>8), byte(v))
		for _, c := range []uint16{v, v + 1, ^v} {
			colourRaw = append(colourRaw, byte(c>>8), byte(c))
		}
	}
	for name, c := range map[string]struct {
		img  image.Image
		want []byte
	}{"grey": {grey, greyRaw}, "colours": {colours, colourRaw}} {
		strips, err := flateStrips(c.img)
		if err != nil {
			t.Fatal(err)
		}
		z, err := zlib.NewReader(bytes.NewReader(strips[0].raw))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: other samples than the picture's: %v", name, err)
		}
	}
	little := make([]byte, len(greyRaw)) // as a TIFF of Intel's order has them
	for i := 0; i < len(little); i += 2 {
		little[i], little[i+1] = greyRaw[i+1], greyRaw[i]
	}
	f := mustOpen(t, tiffBytes(sampled(little, map[int]int{258: 16})))
	leaf := mustOpen(t, cut(t, f, 1, 1))
	p, err := leaf.Picture(1)
	if err != nil || abs(int(p.Gray.Pix[len(p.Gray.Pix)-1])-int(greyRaw[len(greyRaw)-2])) > 2 {
		t.Errorf("the cut of a TIFF of 16 bits: %v", err)
	}
}

func TestSecondHeaderOfAPNGIsRefused(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, gradient(400, 200)); err != nil {
		t.Fatal(err)
	}
	header := bytes.Clone(b.Bytes()[8:33])
	header[11], header[15] = 1, 1 // 257 by 1, read after the picture
	end := b.Len() - 12
	two := append(append(bytes.Clone(b.Bytes()[:end]), header...), b.Bytes()[end:]...)
	if _, err := open(t, two); !errors.Is(err, ErrUnreadable) {
		t.Errorf("two headers: %v", err)
	}
}

func TestSymbolCodingBehindAnotherFilter(t *testing.T) {
	p := pdfPage{image: bitImage + "/Filter[/FlateDecode/JBIG2Decode]", data: flated(blankJBIG2())}
	if _, err := open(t, pdf([]pdfPage{p}, false, "")); !errors.Is(err, ErrSymbolCoding) {
		t.Error(err)
	}
}
