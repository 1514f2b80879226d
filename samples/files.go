package samples

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
)

// encode writes pages as a scanner would. The encoding's name tells the format
// and the resolution.
func encode(encoding string, sides []side, rng *rand.Rand) ([]byte, error) {
	dpi := 300
	if lowResolution(encoding) {
		dpi = 200
	}
	kind, coding, _ := strings.Cut(strings.TrimSuffix(encoding, "-200"), "-")
	switch kind {
	case "jpg":
		return jpegOf(sides[0].picture, dpi, sides[0].quality), nil
	case "png":
		var b bytes.Buffer
		err := png.Encode(&b, sides[0].picture)
		return b.Bytes(), err
	}
	var pages []picture
	for _, side := range sides {
		p, err := pictureOf(coding, side, dpi)
		if err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	switch kind {
	case "pdf":
		return pdfOf(pages, rng.IntN(2) == 0), nil
	case "tif":
		return tiffOf(pages, dpi), nil
	}
	return nil, fmt.Errorf("unknown encoding %q; known: %s, jpg, png", encoding, strings.Join(Encodings(), ", "))
}

// lowResolution tells the encodings at 200 dpi; the others are at 300.
func lowResolution(encoding string) bool {
	return strings.HasSuffix(encoding, "200") || encoding == "tif-jpeg" || encoding == "jpg" || encoding == "png"
}

// picture is an encoded page.
type picture struct {
	w, h   int
	dpi    int
	data   []byte
	filter string // PDF's name
	space  string
	bits   int
	parms  string
}

func pictureOf(coding string, side side, dpi int) (picture, error) {
	g := side.picture
	p := picture{w: g.Rect.Dx(), h: g.Rect.Dy(), dpi: dpi, space: "DeviceGray", bits: 8}
	switch coding {
	case "g4":
		p.filter, p.bits, p.data = "CCITTFaxDecode", 1, groupFour(g)
		p.parms = fmt.Sprintf("/DecodeParms<</K -1/Columns %d/Rows %d>>", p.w, p.h)
	case "grey", "jpeg":
		p.filter, p.data = "DCTDecode", jpegOf(g, dpi, side.quality)
	case "rgb200":
		p.filter, p.space, p.data = "DCTDecode", "DeviceRGB", jpegOf(tinted(g), dpi, side.quality)
	case "flate":
		var z bytes.Buffer
		c := zlib.NewWriter(&z)
		if _, err := c.Write(g.Pix); err != nil {
			return p, err
		}
		if err := c.Close(); err != nil {
			return p, err
		}
		p.filter, p.data = "FlateDecode", z.Bytes()
	default:
		return p, fmt.Errorf("unknown coding %q", coding)
	}
	return p, nil
}

// tinted gives a colour scan of a page: paper is never quite white.
func tinted(g *image.Gray) image.Image {
	out := image.NewRGBA(g.Rect)
	for i, v := range g.Pix {
		copy(out.Pix[4*i:], []byte{v, v - v/60, v - v/30, 255})
	}
	return out
}

// jpegOf writes a JPEG with its resolution in a JFIF header.
func jpegOf(img image.Image, dpi, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		panic("bug: a page can't be written as JPEG: " + err.Error())
	}
	app0 := []byte("\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00\x00\x00\x00\x00\x00")
	binary.BigEndian.PutUint16(app0[12:], uint16(dpi))
	binary.BigEndian.PutUint16(app0[14:], uint16(dpi))
	return append(append([]byte{0xff, 0xd8}, app0...), b.Bytes()[2:]...)
}

// pdfOf writes a PDF of pictures, one a page. With shared, all pages have one
// resource dictionary that names every picture, as many scanners write it.
func pdfOf(pages []picture, shared bool) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(offsets))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	n := len(pages)
	kids, names := "", ""
	for i := range pages {
		kids += fmt.Sprintf("%d 0 R ", 4+3*i)
		names += fmt.Sprintf("/Im%d %d 0 R", i, 6+3*i)
	}
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Count %d/Kids[%s]>>", n, strings.TrimSpace(kids))
	object("<</XObject<<%s>>>>", names)
	for i, p := range pages {
		w, h := float64(p.w)*72/float64(p.dpi), float64(p.h)*72/float64(p.dpi)
		resources := fmt.Sprintf("<</XObject<</Im%d %d 0 R>>>>", i, 6+3*i)
		if shared {
			resources = "3 0 R"
		}
		object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]/Resources %s/Contents %d 0 R>>", w, h, resources, 5+3*i)
		content := fmt.Sprintf("q %.2f 0 0 %.2f 0 0 cm /Im%d Do Q", w, h, i)
		object("<</Length %d>>\nstream\n%s\nendstream", len(content), content)
		object("<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/%s/BitsPerComponent %d/Filter/%s%s/Length %d>>\nstream\n%s\nendstream",
			p.w, p.h, p.space, p.bits, p.filter, p.parms, len(p.data), p.data)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return b.Bytes()
}

// tiffOf writes a multi-page TIFF, one strip a page.
func tiffOf(pages []picture, dpi int) []byte {
	b := []byte("II*\x00\x00\x00\x00\x00")
	le := binary.LittleEndian
	link := 4 // where the next directory's offset goes
	for _, p := range pages {
		strip := len(b)
		b = append(b, p.data...)
		if len(b)%2 == 1 {
			b = append(b, 0)
		}
		ratio := len(b)
		b = le.AppendUint32(le.AppendUint32(b, uint32(dpi)), 1)
		le.PutUint32(b[link:], uint32(len(b)))
		compression, photometric := 4, 0
		if p.filter == "DCTDecode" {
			compression, photometric = 7, 1
		}
		fields := [][3]int{{256, 4, p.w}, {257, 4, p.h}, {258, 3, p.bits}, {259, 3, compression}, {262, 3, photometric},
			{273, 4, strip}, {277, 3, 1}, {278, 4, p.h}, {279, 4, len(p.data)}, {282, 5, ratio}, {283, 5, ratio}, {296, 3, 2}}
		b = le.AppendUint16(b, uint16(len(fields)))
		for _, f := range fields {
			b = le.AppendUint16(le.AppendUint16(b, uint16(f[0])), uint16(f[1]))
			b = le.AppendUint32(le.AppendUint32(b, 1), uint32(f[2]))
		}
		link = len(b)
		b = le.AppendUint32(b, 0)
	}
	return b
}

// dark tells a black pixel.
func dark(v byte) bool { return v < 128 }
