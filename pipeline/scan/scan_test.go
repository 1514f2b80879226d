package scan

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"postroom/mail"
)

// engine gives one engine for all tests: pdfium takes seconds to compile.
var engine = sync.OnceValue(func() *Engine {
	cache, err := os.UserCacheDir()
	if err != nil {
		return New(Config{})
	}
	return New(Config{Cache: filepath.Join(cache, "postroom", "pdfium")})
})

func open(t testing.TB, b []byte) (*File, error) {
	t.Helper()
	f, err := engine().Open(bytes.NewReader(b), int64(len(b)))
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

func mustOpen(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := open(t, b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// gradient is a picture that no turn or mirror leaves the same.
func gradient(w, h int) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			g.Pix[y*w+x] = byte(40 + 150*x/w + 60*y/h)
		}
	}
	for y := range h / 8 { // a black corner, top left
		for x := range w / 4 {
			g.Pix[y*w+x] = 0
		}
	}
	return g
}

func jpegBytes(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func flated(b []byte) []byte {
	var z bytes.Buffer
	c := zlib.NewWriter(&z)
	c.Write(b)
	c.Close()
	return z.Bytes()
}

// pdfPage is a page of a hand-made PDF.
type pdfPage struct {
	image   string // the image dictionary's entries
	data    []byte
	content string // "" = the picture over the whole page
	extra   string // entries of the page
}

// pdf writes pages of 200 by 100 points; shared gives them one resource dictionary.
func pdf(pages []pdfPage, shared bool, trailer string) []byte {
	var b bytes.Buffer
	var at []int
	obj := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(at)}, args...)...)
	}
	b.WriteString("%PDF-1.5\n")
	kids, names := "", ""
	for i := range pages {
		kids += fmt.Sprintf("%d 0 R ", 4+3*i)
		names += fmt.Sprintf("/Im%d %d 0 R", i, 6+3*i)
	}
	obj("<</Type/Catalog/Pages 2 0 R>>")
	obj("<</Type/Pages/Count %d/Kids[%s]>>", len(pages), kids)
	obj("<</XObject<<%s>>>>", names)
	for i, p := range pages {
		res := fmt.Sprintf("<</XObject<</Im%d %d 0 R>>>>", i, 6+3*i)
		if shared {
			res = "3 0 R"
		}
		content := p.content
		if content == "" {
			content = fmt.Sprintf("q 200 0 0 100 0 0 cm /Im%d Do Q", i)
		}
		obj("<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Resources %s/Contents %d 0 R%s>>", res, 5+3*i, p.extra)
		obj("<</Length %d>>\nstream\n%s\nendstream", len(content), content)
		obj("<</Type/XObject/Subtype/Image%s/Length %d>>\nstream\n%s\nendstream", p.image, len(p.data), p.data)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, trailer, start)
	return b.Bytes()
}

const greyImage = "/Width 400/Height 200/ColorSpace/DeviceGray/BitsPerComponent 8"

func greyPage(t testing.TB, seed byte) pdfPage {
	g := gradient(400, 200)
	for i := range g.Pix {
		g.Pix[i] ^= seed
	}
	return pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix)}
}

// difference is the mean difference of two pictures, greys.
func difference(a, b *image.Gray) float64 {
	if a.Rect != b.Rect {
		return 255
	}
	sum := 0
	for i := range a.Pix {
		sum += abs(int(a.Pix[i]) - int(b.Pix[i]))
	}
	return float64(sum) / float64(len(a.Pix))
}

// TestDirectEqualsPdfium decodes each kind of page picture both ways.
func TestDirectEqualsPdfium(t *testing.T) {
	g := gradient(400, 200)
	bits := make([]byte, 50*200)
	mono := image.NewGray(g.Rect)
	for y := range 200 {
		for x := range 400 {
			if g.Pix[y*400+x] > 110 {
				bits[y*50+x/8] |= 128 >> (x % 8)
				mono.Pix[y*400+x] = 255
			}
		}
	}
	rgb := image.NewRGBA(g.Rect)
	var rgbRaw []byte
	for y := range 200 {
		for x := range 400 {
			c := color.RGBA{g.Pix[y*400+x], byte(x), byte(y), 255}
			rgb.SetRGBA(x, y, c)
			rgbRaw = append(rgbRaw, c.R, c.G, c.B)
		}
	}
	filtered := []byte{}
	for y := range 200 {
		filtered = append(filtered, 2) // PNG "up"
		for x := range 400 {
			up := byte(0)
			if y > 0 {
				up = g.Pix[(y-1)*400+x]
			}
			filtered = append(filtered, g.Pix[y*400+x]-up)
		}
	}
	size := "/Width 400/Height 200"
	for name, c := range map[string]struct {
		page pdfPage
		via  string
		most float64
	}{
		"flate grey":      {pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix)}, "flate", 1.5},
		"flate predictor": {pdfPage{image: greyImage + "/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors 1/BitsPerComponent 8/Columns 400>>", data: flated(filtered)}, "flate", 1.5},
		"flate 1 bit":     {pdfPage{image: size + "/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/FlateDecode", data: flated(bits)}, "flate", 4},
		"flate inverted":  {pdfPage{image: size + "/ColorSpace/DeviceGray/BitsPerComponent 1/Decode[1 0]/Filter/FlateDecode", data: flated(bits)}, "flate", 4},
		"flate rgb":       {pdfPage{image: size + "/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter[/FlateDecode]", data: flated(rgbRaw)}, "flate", 1.5},
		"jpeg grey":       {pdfPage{image: greyImage + "/Filter/DCTDecode", data: jpegBytes(t, g)}, "jpeg", 1.5},
		"jpeg colour":     {pdfPage{image: size + "/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", data: jpegBytes(t, rgb)}, "jpeg", 2.5},
		"turned":          {pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix), extra: "/Rotate 90"}, "flate", 1.5},
		"turned back":     {pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix), extra: "/Rotate -90"}, "flate", 1.5},
		"upside down":     {pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix), extra: "/Rotate 180"}, "flate", 1.5},
		"mirrored":        {pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix), content: "q -200 0 0 100 200 0 cm /Im0 Do Q"}, "pdfium", 0},
		"with a stamp":    {pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix), content: "q 200 0 0 100 0 0 cm /Im0 Do Q 0 0 50 50 re f"}, "pdfium", 0},
		"half a page":     {pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix), content: "q 100 0 0 50 0 0 cm /Im0 Do Q"}, "pdfium", 0},
		"hidden text":     {pdfPage{image: greyImage + "/Filter/FlateDecode", data: flated(g.Pix), content: "q 200 0 0 100 0 0 cm /Im0 Do Q BT 3 Tr (x) Tj ET"}, "flate", 1.5},
	} {
		f := mustOpen(t, pdf([]pdfPage{c.page}, false, ""))
		p, err := f.Picture(1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Via != c.via {
			t.Errorf("%s went via %s, want %s", name, p.Via, c.via)
		}
		if c.via == "pdfium" {
			continue
		}
		if p.DPIX != 144 || p.DPIY != 144 {
			t.Errorf("%s: %g by %g dpi, want 144", name, p.DPIX, p.DPIY)
		}
		want, err := f.pages.(*pdfFile).doc.picture(1, 144, 60e6)
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(p.Gray, want.Gray); d > c.most {
			t.Errorf("%s: directly decoded it differs from pdfium's by %.1f greys in the mean (%v, %v)", name, d, p.Gray.Rect, want.Gray.Rect)
		}
	}
}

func TestTruncatedPictureIsNoHalfPage(t *testing.T) {
	for name, p := range map[string]pdfPage{
		"flate": {image: greyImage + "/Filter/FlateDecode", data: flated(gradient(400, 200).Pix)[:200]},
		"size":  {image: "/Width 400/Height 900/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode", data: flated(gradient(400, 200).Pix)},
	} {
		f := mustOpen(t, pdf([]pdfPage{p}, false, ""))
		if pic, err := f.Picture(1); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: a picture that ends early was decoded via %s: %v", name, pic.Via, err)
		}
	}
}

func TestCutTakesNothingOfOtherPages(t *testing.T) {
	var all []pdfPage
	for i := range 5 {
		all = append(all, greyPage(t, byte(17*i)))
	}
	source := pdf(all, true, "") // one resource dictionary names all five pictures
	f := mustOpen(t, source)
	first := map[int]string{}
	for _, n := range []int{3, 1, 5, 2, 4, 3} { // any order gives the same pages
		var b bytes.Buffer
		if recoded, err := f.Cut(n, n, &b); err != nil || len(recoded) > 0 {
			t.Fatalf("page %d: %v, %v", n, recoded, err)
		}
		for i := range all {
			if has := bytes.Contains(b.Bytes(), all[i].data); has != (i == n-1) {
				t.Errorf("the cut of page %d holds the picture of page %d: %v", n, i+1, has)
			}
		}
		if was, ok := first[n]; ok && was != b.String() {
			t.Errorf("page %d was cut otherwise the second time", n)
		}
		first[n] = b.String()
		sane(t, b.Bytes(), 1)
	}
	var b bytes.Buffer
	if _, err := f.Cut(2, 4, &b); err != nil {
		t.Fatal(err)
	}
	sane(t, b.Bytes(), 3)
	cut := mustOpen(t, b.Bytes())
	for n := 1; n <= 3; n++ {
		got, err1 := cut.Picture(n)
		want, err2 := f.Picture(n + 1)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if d := difference(got.Gray, want.Gray); d != 0 {
			t.Errorf("page %d looks otherwise after the cut, by %.1f greys", n+1, d)
		}
	}
	b.Reset()
	if _, err := f.Cut(1, 5, &b); err != nil || !bytes.Equal(b.Bytes(), source) {
		t.Errorf("all pages are not the received bytes: %v", err)
	}
	for _, bad := range [][2]int{{0, 1}, {2, 1}, {1, 6}} {
		if _, err := f.Cut(bad[0], bad[1], &b); err == nil {
			t.Errorf("pages %v were cut", bad)
		}
	}
}

// sane has another library validate a cut and count its pages.
func sane(t *testing.T, b []byte, pages int) {
	t.Helper()
	conf := model.NewDefaultConfiguration()
	conf.Offline = true
	if err := api.Validate(bytes.NewReader(b), conf); err != nil {
		t.Errorf("the cut is no sound PDF: %v", err)
	}
	if n, err := api.PageCount(bytes.NewReader(b), conf); err != nil || n != pages {
		t.Errorf("the cut has %d pages, want %d: %v", n, pages, err)
	}
}

func TestCutLeavesTheFilesOwnThings(t *testing.T) {
	secret := "/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://elsewhere.example)>>>>]"
	p := greyPage(t, 0)
	p.extra = secret
	f := mustOpen(t, pdf([]pdfPage{p, greyPage(t, 9)}, true, ""))
	var b bytes.Buffer
	if _, err := f.Cut(1, 1, &b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "elsewhere") {
		t.Error("an action was carried into the cut")
	}
}

func TestEncryptedIsRefused(t *testing.T) {
	plain := pdf([]pdfPage{greyPage(t, 0)}, false, "")
	for name, conf := range map[string]*model.Configuration{
		"user password":  model.NewAESConfiguration("secret", "owner", 256),
		"owner password": model.NewAESConfiguration("", "owner", 256),
	} {
		var b bytes.Buffer
		if err := api.Encrypt(bytes.NewReader(plain), &b, conf); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, b.Bytes()); !errors.Is(err, ErrEncrypted) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tiffPage is a page of a hand-made TIFF: fields in order of their tags.
type tiffPage struct {
	fields [][3]int // tag, kind, value; -1 for the strip's offset, -2 for its length
	data   []byte
}

func tiffBytes(pages ...tiffPage) []byte {
	b := []byte("II*\x00\x00\x00\x00\x00")
	le := binary.LittleEndian
	link := 4
	for _, p := range pages {
		strip := len(b)
		b = append(b, p.data...)
		if len(b)%2 == 1 {
			b = append(b, 0)
		}
		le.PutUint32(b[link:], uint32(len(b)))
		b = le.AppendUint16(b, uint16(len(p.fields)))
		for _, f := range p.fields {
			v := f[2]
			switch v {
			case -1:
				v = strip
			case -2:
				v = len(p.data)
			}
			b = le.AppendUint16(le.AppendUint16(b, uint16(f[0])), uint16(f[1]))
			b = le.AppendUint32(le.AppendUint32(b, 1), uint32(v))
		}
		link = len(b)
		b = le.AppendUint32(b, 0)
	}
	return b
}

func greyTIFF(w, h, orientation int, pix []byte) tiffPage {
	return tiffPage{[][3]int{{256, 4, w}, {257, 4, h}, {258, 3, 8}, {259, 3, 1}, {262, 3, 1}, {273, 4, -1}, {274, 3, orientation}, {277, 3, 1}, {278, 4, h}, {279, 4, -2}}, pix}
}

func TestOrientations(t *testing.T) {
	g := gradient(120, 80)
	for o := 1; o <= 8; o++ {
		f := mustOpen(t, tiffBytes(greyTIFF(120, 80, o, g.Pix)))
		p, err := f.Picture(1)
		if err != nil {
			t.Fatal(err)
		}
		if swapped(o) != (p.Gray.Rect.Dx() == 80) {
			t.Errorf("orientation %d gives %v", o, p.Gray.Rect)
		}
		var b bytes.Buffer
		recoded, err := f.Cut(1, 1, &b)
		if err != nil || len(recoded) != 1 {
			t.Fatalf("orientation %d: %v, %v", o, recoded, err)
		}
		cut := mustOpen(t, b.Bytes())
		shown, err := cut.pages.(*pdfFile).doc.picture(1, p.DPIX, 60e6)
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(shown.Gray, p.Gray); d > 6 {
			t.Errorf("orientation %d: the cut shows another picture, by %.1f greys (%v, %v)", o, d, shown.Gray.Rect, p.Gray.Rect)
		}
	}
}

func TestTIFFPagesAndThumbnails(t *testing.T) {
	page, thumb := greyTIFF(40, 20, 1, gradient(40, 20).Pix), greyTIFF(16, 8, 1, gradient(16, 8).Pix)
	thumb.fields = append([][3]int{{254, 4, 1}}, thumb.fields...)
	f := mustOpen(t, tiffBytes(page, thumb, page))
	if f.Kind() != mail.TIFF || f.Pages() != 2 {
		t.Errorf("%s with %d pages, want 2", f.Kind(), f.Pages())
	}
	loop := tiffBytes(page, page)
	last := len(loop) - 4
	copy(loop[last:], loop[4:8]) // the last directory points back to the first
	if _, err := open(t, loop); !errors.Is(err, ErrUnreadable) {
		t.Errorf("a circle of directories: %v", err)
	}
}

func TestBombsAreRefusedByTheirHeaders(t *testing.T) {
	for name, b := range map[string][]byte{
		"tiff": tiffBytes(greyTIFF(60000, 60000, 1, []byte{1, 2, 3})),
		"pdf":  pdf([]pdfPage{{image: "/Width 60000/Height 60000/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode", data: flated([]byte{1})}}, false, ""),
	} {
		f, err := open(t, b)
		if err == nil {
			_, err = f.Picture(1)
		}
		if !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	big := New(Config{Bytes: 10})
	if _, err := big.Open(bytes.NewReader(make([]byte, 11)), 11); !errors.Is(err, ErrLimit) {
		t.Errorf("a file over the limit: %v", err)
	}
	few := New(Config{Pages: 1})
	two := tiffBytes(greyTIFF(4, 4, 1, make([]byte, 16)), greyTIFF(4, 4, 1, make([]byte, 16)))
	if _, err := few.Open(bytes.NewReader(two), int64(len(two))); !errors.Is(err, ErrLimit) {
		t.Errorf("more pages than the limit: %v", err)
	}
}

func TestJPEGAndPNG(t *testing.T) {
	g := gradient(400, 200)
	raw := jpegBytes(t, g)
	app0 := []byte("\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00\xc8\x00\xc8\x00\x00") // 200 dpi
	raw = append(append([]byte{0xff, 0xd8}, app0...), raw[2:]...)
	f := mustOpen(t, raw)
	p, err := f.Picture(1)
	if err != nil || p.DPIX != 200 || f.Pages() != 1 || f.Kind() != mail.JPEG {
		t.Fatalf("%+v, %v", p.DPIX, err)
	}
	var b bytes.Buffer
	if recoded, err := f.Cut(1, 1, &b); err != nil || len(recoded) > 0 || !bytes.Contains(b.Bytes(), raw) {
		t.Errorf("a JPEG is not carried bit for bit: %v, %v", recoded, err)
	}
	sane(t, b.Bytes(), 1)

	var plain bytes.Buffer
	if err := png.Encode(&plain, g); err != nil {
		t.Fatal(err)
	}
	f = mustOpen(t, plain.Bytes())
	b.Reset()
	if recoded, err := f.Cut(1, 1, &b); err != nil || len(recoded) > 0 {
		t.Errorf("a plain PNG is recoded: %v, %v", recoded, err)
	}
	cut := mustOpen(t, b.Bytes())
	got, err := cut.Picture(1)
	if err != nil || difference(got.Gray, g) != 0 {
		t.Errorf("a PNG looks otherwise after the cut: %v", err)
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 20, 10)) // transparent: white paper shows
	var through bytes.Buffer
	if err := png.Encode(&through, clear); err != nil {
		t.Fatal(err)
	}
	f = mustOpen(t, through.Bytes())
	if p, err = f.Picture(1); err != nil || p.Gray.Pix[0] != 255 {
		t.Errorf("a transparent PNG is not white: %v", err)
	}
	b.Reset()
	if recoded, err := f.Cut(1, 1, &b); err != nil || len(recoded) != 1 {
		t.Errorf("a transparent PNG: %v, %v", recoded, err)
	}
}

func TestWhole(t *testing.T) {
	whole := map[string][]byte{
		"pdf":  pdf([]pdfPage{greyPage(t, 0)}, false, ""),
		"tiff": tiffBytes(greyTIFF(40, 20, 1, gradient(40, 20).Pix), greyTIFF(40, 20, 1, gradient(40, 20).Pix)),
		"jpeg": jpegBytes(t, gradient(40, 20)),
	}
	var b bytes.Buffer
	if err := png.Encode(&b, gradient(40, 20)); err != nil {
		t.Fatal(err)
	}
	whole["png"] = b.Bytes()
	for name, b := range whole {
		if err := Whole(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Errorf("%s is whole, but: %v", name, err)
		}
		for n := 64; n < len(b)-8; n += max(1, len(b)/50) {
			if err := Whole(bytes.NewReader(b[:n]), int64(n)); !errors.Is(err, ErrPartial) && !errors.Is(err, ErrUnreadable) {
				t.Errorf("%d of %d bytes of a %s count as whole", n, len(b), name)
			}
		}
	}
	if err := Whole(bytes.NewReader([]byte("rubbish")), 7); err != nil {
		t.Errorf("rubbish will not become wholer: %v", err)
	}
}

func TestSymbolCoding(t *testing.T) {
	segment := func(kind byte, length byte) []byte {
		return append([]byte{0, 0, 0, 1, kind, 0, 1, 0, 0, 0, length}, make([]byte, length)...)
	}
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{
		"generic":     {append(segment(48, 19), segment(38, 30)...), false},
		"dictionary":  {append(segment(48, 19), segment(0, 30)...), true},
		"text region": {append(segment(48, 19), segment(6, 30)...), true},
		"cut off":     {[]byte{0, 0, 0, 1, 48, 0xff, 1, 0, 0, 0, 19}, true},
	} {
		if got := symbolCoded(c.b); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	p := pdfPage{image: greyImage + "/Filter/JBIG2Decode", data: append(segment(48, 19), segment(0, 30)...)}
	if _, err := open(t, pdf([]pdfPage{p}, false, "")); !errors.Is(err, ErrSymbolCoding) {
		t.Errorf("a JBIG2 picture with a symbol dictionary: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(pdf([]pdfPage{greyPage(f, 0)}, true, ""))
	f.Add(tiffBytes(greyTIFF(4, 4, 6, make([]byte, 16))))
	f.Add(jpegBytes(f, gradient(16, 16)))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"))
	small := New(Config{Pixels: 1e5, Pages: 20, Stream: 1 << 20})
	f.Fuzz(func(t *testing.T, b []byte) {
		if KindOf(bytes.NewReader(b), int64(len(b))) == mail.PDF {
			t.Skip() // pdfcpu's and pdfium's own fuzzers look after it; here it would cost a process a try
		}
		_ = Whole(bytes.NewReader(b), int64(len(b)))
		file, err := small.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		defer file.Close()
		for n := 1; n <= min(3, file.Pages()); n++ {
			if p, err := file.Picture(n); err == nil && p.Gray.Rect.Empty() {
				t.Error("an empty picture without an error")
			}
			_, _ = file.Cut(n, n, &bytes.Buffer{})
		}
	})
}

func BenchmarkPicture(b *testing.B) {
	g := gradient(2480, 3508)
	size := "/Width 2480/Height 3508/BitsPerComponent 8"
	rgb := image.NewRGBA(g.Rect)
	for i, v := range g.Pix {
		copy(rgb.Pix[4*i:], []byte{v, v, v, 255})
	}
	for name, p := range map[string]pdfPage{
		"jpeg-grey":   {image: size + "/ColorSpace/DeviceGray/Filter/DCTDecode", data: jpegBytes(b, g)},
		"jpeg-colour": {image: size + "/ColorSpace/DeviceRGB/Filter/DCTDecode", data: jpegBytes(b, rgb)},
		"flate":       {image: size + "/ColorSpace/DeviceGray/Filter/FlateDecode", data: flated(g.Pix)},
		"pdfium":      {image: size + "/ColorSpace/DeviceGray/Filter/DCTDecode", data: jpegBytes(b, g), content: "q 200 0 0 100 0 0 cm /Im0 Do Q 0 0 5 5 re f"},
	} {
		f := mustOpen(b, pdf([]pdfPage{p}, false, ""))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Picture(1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCut(b *testing.B) {
	var all []pdfPage
	for i := range 50 {
		all = append(all, greyPage(b, byte(i)))
	}
	f := mustOpen(b, pdf(all, true, ""))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Cut(10, 13, &bytes.Buffer{}); err != nil {
			b.Fatal(err)
		}
	}
}
