package scan

import (
	"encoding/hex"
	"errors"
	"image"
	"testing"
)

// cmykJPEG is 16 by 8 pixels in CMYK, black on the left and white on the right, as
// Adobe's programs write it: inverted.
const cmykJPEG = "ffd8ffee000e41646f626500640000000000ffdb0043000302020302020303030304030304050805050404050a070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ffc000140800080010044311004d11005911004b1100ffc40016000101010000000000000000000000000009000affc40014100100000000000000000000000000000000ffda000e0443004d0059004b00003f0054ca9953154926aa1fffd9"

// TestColoursOfJPEGs: what a JPEG's numbers mean is told by the colour space.
func TestColoursOfJPEGs(t *testing.T) {
	cmyk, err := hex.DecodeString(cmykJPEG)
	if err != nil {
		t.Fatal(err)
	}
	grey := jpegBytes(t, gradient(400, 200))
	rgb := image.NewRGBA(image.Rect(0, 0, 400, 200))
	for i := range rgb.Pix {
		rgb.Pix[i] = byte(i) | 128
	}
	size := "/Width 400/Height 200/BitsPerComponent 8/Filter/DCTDecode"
	for name, c := range map[string]struct {
		page pdfPage
		via  string
	}{
		"a separation":      {pdfPage{image: size + "/ColorSpace[/Separation/Black/DeviceGray<</FunctionType 2/Domain[0 1]/C0[1]/C1[0]/N 1>>]", data: grey}, "pdfium"},
		"a palette":         {pdfPage{image: size + "/ColorSpace[/Indexed/DeviceGray 1<ff00>]", data: grey}, "pdfium"},
		"half the range":    {pdfPage{image: size + "/ColorSpace/DeviceGray/Decode[0 .5]", data: grey}, "pdfium"},
		"no colour space":   {pdfPage{image: size, data: grey}, "pdfium"},
		"told to transform": {pdfPage{image: size + "/ColorSpace/DeviceRGB/DecodeParms<</ColorTransform 0>>", data: jpegBytes(t, rgb)}, "pdfium"},
		"RGB as grey":       {pdfPage{image: size + "/ColorSpace/DeviceGray", data: jpegBytes(t, rgb)}, "pdfium"},
		"grey":              {pdfPage{image: size + "/ColorSpace/CalGray/Decode[0.0 1.0]", data: grey}, "jpeg"},
		"RGB":               {pdfPage{image: size + "/ColorSpace/DeviceRGB", data: jpegBytes(t, rgb)}, "jpeg"},
	} {
		p, err := mustOpen(t, pdf([]pdfPage{c.page}, false, "")).Picture(1)
		if err != nil || p.Via != c.via {
			t.Errorf("%s: decoded via %s, want %s: %v", name, p.Via, c.via, err)
		}
	}
	p := pdfPage{image: size + "/ColorSpace/DeviceRGB", data: grey} // pdfium shows nothing of it
	if _, err := mustOpen(t, pdf([]pdfPage{p}, false, "")).Picture(1); !errors.Is(err, ErrUnreadable) {
		t.Errorf("grey that calls itself RGB: %v", err)
	}
	for decode, right := range map[string]byte{"": 0, "/Decode[1 0 1 0 1 0 1 0]": 255} { // the marker alone inverts nothing in a PDF
		p := pdfPage{image: "/Width 16/Height 8/BitsPerComponent 8/Filter/DCTDecode/ColorSpace/DeviceCMYK" + decode, data: cmyk}
		pic, err := mustOpen(t, pdf([]pdfPage{p}, false, "")).Picture(1)
		if err != nil {
			t.Fatal(err)
		}
		if got := pic.Gray.Pix[len(pic.Gray.Pix)-1]; pic.Via != "pdfium" || abs(int(got)-int(right)) > 20 {
			t.Errorf("CMYK %s: via %s, grey %d on the right, want about %d", decode, pic.Via, got, right)
		}
	}
}
