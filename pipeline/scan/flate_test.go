package scan

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"io"
	"math/rand/v2"
	"testing"
)

// TestRecodedPixels holds each kind of picture, and a part of it, against what is
// asked for pixel by pixel.
func TestRecodedPixels(t *testing.T) {
	const seed = 5
	t.Log("seed", seed)
	rng, r := rand.New(rand.NewPCG(seed, 0)), image.Rect(0, 0, 23, 17)
	fill := func(pix []byte) {
		for i := range pix {
			pix[i] = byte(rng.UintN(256))
		}
	}
	solid, clear, flat := image.NewRGBA(r), image.NewNRGBA(r), image.NewNRGBA(r)
	half, paletted, colour64 := image.NewRGBA(r), image.NewPaletted(r, palette.WebSafe), image.NewNRGBA64(r)
	ycc, grey := image.NewYCbCr(r, image.YCbCrSubsampleRatio420), image.NewGray(r)
	for _, pix := range [][]byte{solid.Pix, clear.Pix, flat.Pix, half.Pix, colour64.Pix, ycc.Y, ycc.Cb, ycc.Cr, grey.Pix} {
		fill(pix)
	}
	for i := range paletted.Pix {
		paletted.Pix[i] = byte(rng.UintN(216))
	}
	for i := 3; i < len(solid.Pix); i += 4 {
		solid.Pix[i], flat.Pix[i] = 255, 255
		for c := range 3 { // alpha is multiplied in: no colour is more than it
			half.Pix[i-1-c] = min(half.Pix[i-1-c], half.Pix[i])
		}
	}
	for _, img := range []interface {
		image.Image
		SubImage(image.Rectangle) image.Image
	}{solid, clear, flat, half, paletted, colour64, ycc, grey} {
		for _, part := range []image.Image{img, img.SubImage(image.Rect(3, 2, 20, 15))} {
			t.Run(fmt.Sprintf("%T of %v", img, part.Bounds()), func(t *testing.T) { sameRecoded(t, part) })
		}
	}
}

func sameRecoded(t *testing.T, img image.Image) {
	strips, err := flateStrips(img)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(strips[0].raw))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	space, bits := coding(img)
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if space == "DeviceGray" {
				want = append(want, color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
				continue
			}
			r, g, b, a := img.At(x, y).RGBA()
			for _, v := range []uint32{r, g, b} {
				if want = append(want, byte((v+0xffff-a)>>8)); bits == 16 {
					want = append(want, byte(v+0xffff-a))
				}
			}
		}
	}
	if !bytes.Equal(got, want) {
		t.Error("other samples than the picture's")
	}
}

// TestRecodingAsksNoPixel: a colour page has nine million pixels, and a value made
// of each would take longer than to code it.
func TestRecodingAsksNoPixel(t *testing.T) {
	r := image.Rect(0, 0, 100, 100)
	for _, img := range []image.Image{image.NewRGBA(r), image.NewNRGBA(r), image.NewYCbCr(r, image.YCbCrSubsampleRatio420), image.NewNRGBA64(r)} {
		if n := testing.AllocsPerRun(1, func() {
			if _, err := flateStrips(img); err != nil {
				t.Error(err)
			}
		}); n > 1000 {
			t.Errorf("%T: %g values made for 10,000 pixels", img, n)
		}
	}
}

// TestStepsOfACut: whoever limits the time of a page is told of each.
func TestStepsOfACut(t *testing.T) {
	leaf := greyTIFF(400, 200, 1, gradient(400, 200).Pix)
	composed := objects(catalog, kids(2, 2), page("<<>>", "5 0 R", ""), page("<<>>", "5 0 R", ""), painted("1"))
	for name, c := range map[string]struct {
		file     []byte
		from, to int
		want     int
	}{
		"TIFF":                  {tiffBytes(leaf, leaf, leaf, leaf), 2, 4, 3},
		"PDF of pictures":       {pdf([]pdfPage{greyPage(t, 1), greyPage(t, 2), greyPage(t, 3)}, false, ""), 2, 3, 2},
		"PDF of drawings":       {composed, 2, 2, 2}, // copied, and compared
		"the whole PDF, copied": {composed, 1, 2, 0},
	} {
		steps := 0
		f := mustOpen(t, c.file)
		f.step = func() { steps++ }
		cut(t, f, c.from, c.to)
		if steps != c.want {
			t.Errorf("%s: %d steps, want %d", name, steps, c.want)
		}
	}
}
