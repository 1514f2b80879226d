package scan

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"postroom/mail"
)

// FuzzDirectories: what a TIFF makes in memory is bounded by its size, and its walk ends.
func FuzzDirectories(f *testing.F) {
	f.Add(tiffBytes(greyTIFF(4, 4, 6, make([]byte, 16)), flagged(8, 8)))
	f.Add(tiffBytes(faxTIFF(3, 1, filledFax(8))))
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x4a\x00\x04\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		began := time.Now()
		dirs, err := directories(bytes.NewReader(b), int64(len(b)))
		kept := 0
		for _, d := range dirs {
			for _, field := range d.fields {
				kept += len(field.value)
			}
			if d.end < d.offset+6 {
				t.Errorf("a directory at %d ends at %d", d.offset, d.end)
			}
		}
		if len(dirs) > len(b) || kept > 2*len(b)+1<<17 {
			t.Errorf("%d bytes become %d directories with %d bytes of values, %v", len(b), len(dirs), kept, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%d bytes took %v", len(b), took)
		}
	})
}

// FuzzFaxLines counts as the plain reading of the bits does.
func FuzzFaxLines(f *testing.F) {
	f.Add(filledFax(3), false)
	f.Add([]byte{0, 0x10, 0, 0x1c, 0, 0x10, 0x01}, true)
	f.Fuzz(func(t *testing.T, raw []byte, tagged bool) {
		if len(raw) > 1<<12 {
			return
		}
		var bits strings.Builder
		for _, b := range raw {
			for i := 7; i >= 0; i-- {
				bits.WriteByte('0' + b>>i&1)
			}
		}
		code := `0{11,}1`
		if tagged {
			code += `.?`
		}
		want := 0
		for _, line := range regexp.MustCompile(code).Split(bits.String(), -1) {
			if strings.Contains(line, "1") {
				want++
			}
		}
		if got := faxLines(raw, tagged); got != want {
			t.Errorf("%x: %d lines, want %d", raw, got, want)
		}
	})
}

// FuzzRaster reads the headers of pictures: places lie within the file.
func FuzzRaster(f *testing.F) {
	f.Add(jpegBytes(f, gradient(16, 16)))
	f.Add(pngBytes(f, 3, 4))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x20Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := readPNG(b); err == nil && (h.end > len(b) || len(h.data) > len(b)) {
			t.Errorf("a PNG of %d bytes ends at %d with %d bytes of data", len(b), h.end, len(h.data))
		}
		if _, err := readJPEG(b); err == nil && len(b) < 10 {
			t.Errorf("%x has a frame", b)
		}
		if end := jpegLength(b); end > len(b) && len(b) > 1 || end < 0 {
			t.Errorf("a JPEG of %d bytes ends at %d", len(b), end)
		}
		if kind, at := another(b); kind != mail.KindUnknown && !begins(kind, b[at:]) {
			t.Errorf("%v at %d", kind, at)
		}
	})
}

// FuzzJBIG2: a stream that is whole can be walked, and one with symbols never passes for one without.
func FuzzJBIG2(f *testing.F) {
	f.Add(blankJBIG2())
	f.Add([]byte{0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		coded, complete := symbolCoded(b), jbig2Whole(b)
		for rest := b; len(rest) >= segmentHead; {
			kind, next, ok := segment(rest)
			if !ok {
				if complete {
					t.Errorf("%x is whole, and has a header that can't be followed", b)
				}
				return
			}
			if next < segmentHead && next < int64(len(rest)) {
				t.Fatalf("%x: the segment after one of kind %d is at %d", rest, kind, next)
			}
			if (kind == 0 || kind == 4 || kind == 6 || kind == 7) && !coded {
				t.Errorf("%x has a segment of kind %d", b, kind)
			}
			rest = rest[min(next, int64(len(rest))):]
		}
	})
}

// FuzzPDFMarks: headers and ends are the same in pieces and as a whole, parts
// begin with a header, and the walk goes forward and ends.
func FuzzPDFMarks(f *testing.F) {
	one := objects(catalog, kids(1, 1), page("<<>>", "4 0 R", ""), painted(".5"))
	f.Add(one)
	f.Add(append(bytes.Clone(one), one...))
	f.Add(update(one, "%PDF-1.5\n"))
	f.Add([]byte("%PDF-1 1 0 obj<</Length 5 0 R>>stream\n%PDF-endstream 5 0 obj 5 endobj %PDF- obj xref trailer/Prev 4 startxref 3 %%EOF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		headers, end, err := pdfMarks(bytes.NewReader(b), int64(len(b)))
		want := len(b)
		if i := bytes.LastIndex(b, endMark); i >= 0 {
			want = i + len(endMark)
		}
		if err != nil || headers != bytes.Count(b, headerMark) || end != int64(want) {
			t.Errorf("%d headers, the end at %d, want %d, %v", headers, end, want, err)
		}
		if headers > 0 {
			last := -1
			for _, at := range pdfParts(b) {
				if at <= last || !bytes.HasPrefix(b[at:], headerMark) {
					t.Errorf("a part at %d after one at %d", at, last)
				}
				last = at
			}
			if at, found := secondPDF(b); found && !bytes.HasPrefix(b[at:], headerMark) {
				t.Errorf("a second PDF at %d", at)
			}
		}
		_ = wholePDF(bytes.NewReader(b), int64(len(b)))
		begun := headers > 0 || bytes.Contains(b, []byte("\xff\xd8\xff")) || bytes.Contains(b, []byte("\x89PNG")) || bytes.Contains(b, []byte("II*")) || bytes.Contains(b, []byte("MM\x00*"))
		if err := surplusInPDF(bytes.NewReader(b), int64(len(b)), 1); err != nil && !begun {
			t.Errorf("refused for another file, and there is no beginning of one: %v", err)
		}
	})
}

// FuzzFlate: rows are as many as there should be, whatever filters them, and a
// picture that ends early is an error.
func FuzzFlate(f *testing.F) {
	f.Add([]byte{0, 1, 2, 1, 3, 4, 2, 5, 6, 3, 7, 8, 4, 9, 9}, uint8(2), uint8(5), true, true)
	f.Add(bytes.Repeat([]byte{0xaa}, 64), uint8(16), uint8(4), false, false)
	e := New(Config{Stream: 1 << 16})
	f.Fuzz(func(t *testing.T, data []byte, w, h uint8, predicted, grey bool) {
		l, p := layout{bits: 8, channels: 3}, predictor{kind: 1}
		if grey {
			l = layout{bits: 1 + 7*int(w&1), channels: 1}
		}
		if predicted {
			p = predictor{15, l.channels, l.bits, int(w)}
		}
		row := (int(w)*l.channels*l.bits + 7) / 8
		if predicted {
			row++
		}
		g, err := e.flate(flated(data), int(w), int(h), l, p, w%2 == 1)
		if err == nil && (g.Bounds().Dx() != int(w) || g.Bounds().Dy() != int(h)) {
			t.Errorf("%v for %d by %d", g.Bounds(), w, h)
		}
		if err == nil && len(data) < row*int(h) {
			t.Errorf("%d bytes make %d rows of %d", len(data), h, row)
		}
		if _, err := e.flate(data, int(w), int(h), l, p, false); err == nil && row*int(h) > 0 && len(data) < 2 {
			t.Errorf("%x is no Flate stream", data)
		}
	})
}

// FuzzBoxes: a box lies within the bytes it was looked for in.
func FuzzBoxes(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x20jp2h\x00\x00\x00\x16ihdr\x00\x00\x00\x01\x00\x00\x00\x01\x00\x01\x07\x07\x00\x00"))
	f.Add(binary.BigEndian.AppendUint64([]byte("\x00\x00\x00\x01jp2h"), 1<<63))
	f.Fuzz(func(t *testing.T, b []byte) {
		content, rest := box(b, "jp2h")
		if len(content)+len(rest) > len(b) {
			t.Errorf("%d and %d bytes of %d", len(content), len(rest), len(b))
		}
		_ = jpxFault(b)
		_ = jpxFault(append([]byte("\x00\x00\x00\x00jp2h"), b...))
	})
}

// FuzzXMP: what a rendition says of itself is well-formed, and says the title and nothing else.
func FuzzXMP(f *testing.F) {
	for _, title := range []string{"TX-2024-207485-78", "</rdf:li><x/>", "]]>&lt;&#0;\x00\n", "\u202eevil\u2066", "(\\)<feff", "\xff\xfe", "a\ufffe\U0001F600"} {
		f.Add(title, "fr-BE")
	}
	f.Fuzz(func(t *testing.T, title, language string) {
		d := Order{Title: title, Language: language, Producer: title}.described()
		var got struct {
			Parts []struct {
				Title    string `xml:"title>Alt>li"`
				Language string `xml:"language>Bag>li"`
				Producer string `xml:"Producer"`
				Rest     []struct {
					XMLName xml.Name
				} `xml:",any"`
			} `xml:"RDF>Description"`
		}
		if err := xml.Unmarshal(d.xmp(false), &got); err != nil {
			t.Fatalf("%q: %v\n%s", title, err, d.xmp(false))
		}
		if got.Parts[0].Title != d.title || got.Parts[0].Language != d.language || d.producer != "" && got.Parts[1].Producer != d.producer {
			t.Errorf("%q: %+v, want %+v", title, got, d)
		}
		if len(got.Parts) > 2 || len(got.Parts[0].Rest) != 1 || got.Parts[0].Rest[0].XMLName.Local != "format" {
			t.Errorf("%q: it says more than it should: %+v", title, got)
		}
		if utf8.RuneCountInString(d.title) > 500 || strings.ContainsAny(d.title, "\x00\n\r\x1b\u202e\u2066") {
			t.Errorf("%q gives the title %q", title, d.title)
		}
		if !regexp.MustCompile(`^<<(/Title<FEFF[0-9A-F]*>)?(/Producer<FEFF[0-9A-F]*>)?>>$`).Match(d.info()) {
			t.Errorf("%q: %s", title, d.info())
		}
	})
}

// FuzzCut: what is cut is as many pages, and holds nothing of the others, however
// the page that is cut is written.
func FuzzCut(f *testing.F) {
	const secret = "(what another letter says) Tj"
	f.Add("<<>>", "0 g 0 0 9 9 re f", "", "")
	f.Add("<</XObject<</F 7 0 R>>>>", "/F Do BI /W 1/H 1/BPC 8/CS/G ID x EI", "/Rotate 90", "<</Type/XObject/Subtype/Form/BBox[0 0 1 1]>>")
	f.Add("<</Font<</F 7 0 R>>>>", "BT /F 9 Tf (x) Tj ET", "/Annots[7 0 R]/B[7 0 R]/PieceInfo<</P 7 0 R>>", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/Dest[7 0 R/Fit]/P 3 0 R>>")
	f.Add("null", "%", "/AA<</O<</S/GoTo/D[3 0 R/Fit]>>>>/StructParents 0/Thumb 7 0 R", "<</A 7 0 R/B[8 0 R]>>")
	e := engine() // of this process, with pdfium's compiled code of others before it
	f.Fuzz(func(t *testing.T, resources, content, extra, object string) {
		for _, part := range []string{resources, content, extra, object} {
			if len(part) > 2000 || strings.Contains(part, "obj") || strings.Contains(part, "xref") || strings.Contains(part, "stream") {
				return // what the file is made of stays as it is made here
			}
		}
		b := objects(catalog, kids(2, 2), page(resources, "5 0 R", extra), page("<<>>", "6 0 R", ""), stream("", content), stream("", secret), object)
		file, err := e.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		defer file.Close()
		if file.Pages() != 2 {
			return // the page's own entries made another tree of it
		}
		var out bytes.Buffer
		if _, err := file.Cut(1, 1, &out); err != nil {
			return
		}
		if named := regexp.MustCompile(`[46]\s`); bytes.Contains(out.Bytes(), []byte(secret)) && !named.MatchString(resources+" "+extra+" "+object+" ") {
			t.Errorf("the cut of page 1 holds page 2's content:\n%s", out.Bytes())
		}
		_, _ = file.Picture(1)
		hasPages(t, e, out.Bytes(), 1)
		rendition := &target{}
		word := mail.Word{Text: "word", Box: mail.Box{X0: 10, Y0: 10, X1: 90, Y1: 30}}
		o := Order{Title: content, Pages: 2, Page: each(mail.Reading{Width: 400, Height: 200, DPI: 144, DPIY: 144, Words: []mail.Word{word}})}
		if _, err := file.Render(o, rendition); err == nil {
			hasPages(t, e, rendition.b, 2)
		}
	})
}

// hasPages checks that what was written has so many pages.
func hasPages(t *testing.T, e *Engine, b []byte, want int) {
	t.Helper()
	f, err := e.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("what was written can't be opened: %v\n%s", err, b)
	}
	defer f.Close()
	if f.Pages() != want {
		t.Errorf("what was written has %d pages, want %d", f.Pages(), want)
	}
}

// target is a rendition in memory.
type target struct {
	b  []byte
	at int
}

func (o *target) Write(b []byte) (int, error) {
	o.b = append(o.b[:o.at], b...)
	o.at = len(o.b)
	return len(b), nil
}

func (o *target) ReadAt(b []byte, at int64) (int, error) { return bytes.NewReader(o.b).ReadAt(b, at) }

func (o *target) Seek(offset int64, whence int) (int64, error) {
	base := []int64{0, int64(o.at), int64(len(o.b))}[whence]
	o.at = int(base + offset)
	return int64(o.at), nil
}

func (o *target) Truncate(size int64) error {
	o.b = o.b[:size]
	return nil
}
