package scan

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"strings"
	"testing"
)

const bitImage = "/Width 400/Height 200/ColorSpace/DeviceGray/BitsPerComponent 1"

// whiteFax is 200 white lines of 400 pixels in Group 4: one bit each.
var whiteFax = append(bytes.Repeat([]byte{0xff}, 25), 0x00, 0x10, 0x01)

// filledFax is so many white lines of 400 pixels in Group 3 of one dimension, each
// with fill before its end.
func filledFax(lines int) []byte {
	code := strings.Repeat("0", 30) + "1" + "01100100" + "101010" // fill, end of line, 384 white, 16 white
	all := strings.Repeat(code, lines)
	all += strings.Repeat("0", 8-len(all)%8)
	out := make([]byte, len(all)/8)
	for i, bit := range all {
		if bit == '1' {
			out[i/8] |= 128 >> (i % 8)
		}
	}
	return out
}

// blankJBIG2 is a page of 400 by 200 white pixels, coded as a fax picture.
func blankJBIG2() []byte {
	be := binary.BigEndian
	page := be.AppendUint32(be.AppendUint32(nil, 400), 200)
	page = append(page, make([]byte, 11)...)
	region := be.AppendUint32(be.AppendUint32(nil, 400), 200)
	region = append(region, make([]byte, 9)...)
	region = append(append(region, 1), whiteFax...)
	all := append([]byte{0, 0, 0, 0, 48, 0, 1, 0, 0, 0, byte(len(page))}, page...)
	return append(append(all, 0, 0, 0, 1, 38, 0, 1, 0, 0, 0, byte(len(region))), region...)
}

var whitePage = func() *image.Gray {
	g := image.NewGray(image.Rect(0, 0, 400, 200))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	return g
}()

// blankJPX is a page of 400 by 200 white pixels in JPEG 2000.
const blankJPX = "ff4fff510029000000000190000000c8000000000000000000000190000000c800000000000000000001070101ff52000c00000001000004040001ff5c00044040ff640025000143726561746564206279204f70656e4a5045472076657273696f6e20322e352e34ff90000a00000000013e0001ff93f9fed09fda13fed09fda13ff5a13fb427fda11fb427f684fed09fda13fb427f684fed08ff684fed09ff684fed09ff684fed09ff6847ed07fda0ffb41ff341ff683fed07fda0c14005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fece714005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fece714005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fbe838014005cafff7fece714005cafff7b3314005cafff7b3314005cafff7b3314005cafff7b3314005cafff7b3314005cafff7b3314005caff73fffd9"

const rubbish = "rubbish rubbish rubbish rubbish rubbish rubbish"

// stamped is a content that pdfium must paint, and that no picture covers.
const stamped = "q 200 0 0 100 0 0 cm /Im0 Do Q 0 0 50 50 re f"

// TestDamagedPicturesAreFailures: a page is never shown white, or by half, because
// its picture can't be decoded.
func TestDamagedPicturesAreFailures(t *testing.T) {
	g := gradient(400, 200)
	flate, jpeg, blank := flated(g.Pix), jpegBytes(t, g), blankJBIG2()
	wrong := bytes.Clone(flate)
	wrong[len(wrong)-1] ^= 1
	jpx := []byte("\xff\x4f\xff\x51" + rubbish + "\xff\xd9")
	for name, p := range map[string]pdfPage{
		"jbig2":                {image: bitImage + "/Filter/JBIG2Decode", data: []byte(rubbish)},
		"jbig2 cut off":        {image: bitImage + "/Filter/JBIG2Decode", data: blank[:len(blank)-9]},
		"jpx":                  {image: greyImage + "/Filter/JPXDecode", data: []byte(rubbish)},
		"jpx within its marks": {image: greyImage + "/Filter/JPXDecode", data: jpx},
		"jpeg":                 {image: greyImage + "/Filter/DCTDecode", data: []byte(rubbish)},
		"half a jpeg":          {image: greyImage + "/Filter/DCTDecode", data: jpeg[:len(jpeg)/2]},
		"fax":                  {image: bitImage + "/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 400>>", data: []byte(rubbish)},
		"half a fax":           {image: bitImage + "/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 400>>", data: whiteFax[:12]},
		"half a filled fax":    {image: bitImage + "/Filter/CCITTFaxDecode/DecodeParms<</K 0/Columns 400>>", data: filledFax(100)},
		"half a mixed fax":     {image: bitImage + "/Filter/CCITTFaxDecode/DecodeParms<</K 4/Columns 400>>", data: filledFax(100)},
		"flate":                {image: greyImage + "/Filter/FlateDecode", data: []byte(rubbish)},
		"a third of flate":     {image: greyImage + "/Filter/FlateDecode", data: flate[:len(flate)/3]},
		"wrong sum of flate":   {image: greyImage + "/Filter/FlateDecode", data: wrong},
		"half of the samples":  {image: greyImage, data: g.Pix[:len(g.Pix)/2]},
	} {
		for _, content := range []string{"", stamped} {
			if name == "jpx within its marks" && content != "" {
				continue // only decoding it tells, and what else is on the page is shown
			}
			p.content = content
			if pic, err := mustOpen(t, pdf([]pdfPage{p}, false, "")).Picture(1); !errors.Is(err, ErrUnreadable) {
				t.Errorf("%s, content %q: decoded via %s: %v", name, content, pic.Via, err)
			}
		}
	}
}

// TestDamageWithinAFormIsAFailure: a stamp's picture may lie within forms.
func TestDamageWithinAFormIsAFailure(t *testing.T) {
	form := stream("/Type/XObject/Subtype/Form/BBox[0 0 200 100]", "q 200 0 0 100 0 0 cm /Im0 Do Q")
	image := stream("/Type/XObject/Subtype/Image"+greyImage+"/Filter/JPXDecode", rubbish)
	resources := "<</XObject<</Fm0 5 0 R/Im0 6 0 R>>>>"
	for name, b := range map[string][]byte{
		"painted":       objects(catalog, kids(1, 1), page(resources, "4 0 R", ""), stream("", "/Fm0 Do 0 0 9 9 re f"), form, image),
		"an annotation": objects(catalog, kids(1, 1), page(resources, "4 0 R", "/Annots[<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]/AP<</N 5 0 R>>>>]"), stream("", "0 0 9 9 re f"), form, image),
		"the content":   objects(catalog, kids(1, 1), page(resources, "4 0 R", ""), stream("/Filter/FlateDecode", rubbish)),
	} {
		if _, err := mustOpen(t, b).Picture(1); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHonestPicturesPdfiumDecodes(t *testing.T) {
	blankJPX, err := hex.DecodeString(blankJPX)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]pdfPage{
		"a blank jbig2":         {image: bitImage + "/Filter/JBIG2Decode", data: blankJBIG2()},
		"a blank jpx":           {image: greyImage + "/Filter/JPXDecode", data: blankJPX},
		"a blank fax":           {image: bitImage + "/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 400>>", data: whiteFax},
		"a filled fax":          {image: bitImage + "/Filter/CCITTFaxDecode/DecodeParms<</K 0/Columns 400>>", data: filledFax(200)},
		"an empty page":         {image: bitImage, content: "q Q"},
		"samples behind hex":    {image: "/Width 2/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/ASCIIHexDecode", data: []byte("FFFF>")},
		"a jpeg without an end": {image: greyImage + "/Filter/DCTDecode", data: bytes.TrimSuffix(jpegBytes(t, whitePage), jpegEnd)},
	} {
		pic, err := mustOpen(t, pdf([]pdfPage{p}, false, "")).Picture(1)
		if err != nil || !white(pic.Gray) {
			t.Errorf("%s: not white, or %v", name, err)
		}
	}
}

func faxTIFF(compression, options int, data []byte) tiffPage {
	return tiffPage{[][3]int{{256, 4, 400}, {257, 4, 200}, {258, 3, 1}, {259, 3, compression}, {262, 3, 0}, {273, 4, -1}, {277, 3, 1}, {278, 4, 200}, {279, 4, -2}, {292, 4, options}}, data}
}

func TestDamagedFaxFilesAreFailures(t *testing.T) {
	for name, p := range map[string]tiffPage{
		"rubbish":           faxTIFF(fax4, 0, []byte(rubbish)),
		"an end at once":    faxTIFF(fax4, 0, []byte{0x00, 0x10, 0x01}),
		"half":              faxTIFF(fax4, 0, whiteFax[:12]),
		"half, filled":      faxTIFF(fax3, 4, filledFax(100)),
		"half, mixed":       faxTIFF(fax3, 1, filledFax(100)),
		"rubbish, Group 3":  faxTIFF(fax3, 0, []byte(rubbish)),
		"half, uncoded":     {greyTIFF(400, 200, 1, nil).fields, gradient(400, 100).Pix},
		"rubbish, deflated": faxTIFF(8, 0, []byte(rubbish)),
	} {
		if pic, err := mustOpen(t, tiffBytes(p)).Picture(1); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: decoded via %s: %v", name, pic.Via, err)
		}
	}
	for name, p := range map[string]tiffPage{"white": faxTIFF(fax4, 0, whiteFax), "white, filled": faxTIFF(fax3, 4, filledFax(200))} {
		if pic, err := mustOpen(t, tiffBytes(p)).Picture(1); err != nil || !white(pic.Gray) {
			t.Errorf("%s: not white, or %v", name, err)
		}
	}
}
