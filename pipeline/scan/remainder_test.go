package scan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/png"
	"slices"
	"strings"
	"testing"
)

func pngBytes(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, gradient(w, h)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chunk is a part of a PNG.
func chunk(kind string, body []byte) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), kind+string(body)...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// within puts parts into a picture's file.
func within(b []byte, at int, more ...[]byte) []byte {
	return slices.Concat(b[:at], slices.Concat(more...), b[at:])
}

// jpegSegment is a part of a JPEG before its picture.
func jpegSegment(marker byte, body []byte) []byte {
	return append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

// update appends a change to a PDF, and a section that leads back to the one before.
func update(b []byte, header string) []byte {
	var before int
	fmt.Sscan(string(b[bytes.LastIndex(b, []byte("startxref"))+len("startxref"):]), &before)
	out := slices.Concat(b, []byte(header))
	at := len(out)
	out = fmt.Appendf(out, "90 0 obj\n(a change)\nendobj\n")
	start := len(out)
	return fmt.Appendf(out, "xref\n90 1\n%010d 00000 n \ntrailer\n<</Size 91/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", at, before, start)
}

func TestASecondFileIsNotLost(t *testing.T) {
	onePDF, otherPDF := pdf([]pdfPage{greyPage(t, 0)}, false, ""), pdf([]pdfPage{greyPage(t, 9), greyPage(t, 3)}, false, "")
	jpg, otherJPEG, picture := jpegBytes(t, gradient(400, 200)), jpegBytes(t, gradient(120, 80)), pngBytes(t, 40, 20)
	tif := tiffBytes(greyTIFF(40, 20, 1, gradient(40, 20).Pix), greyTIFF(40, 20, 1, gradient(40, 20).Pix))
	zeros := make([]byte, 3000)
	moving := within(picture, 33, chunk("acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}))
	moving = within(moving, len(moving)-12, chunk("fdAT", []byte{0, 0, 0, 1, 1, 2, 3}))
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"two PDFs":                {slices.Concat(onePDF, otherPDF), fmt.Sprintf("another PDF begins at byte %d", len(onePDF))},
		"two PDFs without a gap":  {slices.Concat(bytes.TrimSpace(onePDF), otherPDF), "another PDF"},
		"twice the same PDF":      {slices.Concat(onePDF, onePDF), "another PDF"},
		"three PDFs":              {slices.Concat(onePDF, otherPDF, onePDF), "another PDF"},
		"PDFs with changes":       {slices.Concat(update(onePDF, ""), update(onePDF, "")), "another PDF"},
		"a JPEG behind a PDF":     {slices.Concat(onePDF, otherJPEG), "1 page: another JPEG"},
		"two JPEGs":               {slices.Concat(jpg, otherJPEG), fmt.Sprintf("1 page: another JPEG begins at byte %d", len(jpg))},
		"JPEGs with a gap":        {slices.Concat(jpg, zeros[:20], otherJPEG), "another JPEG"},
		"JPEGs, the first cut":    {slices.Concat(jpg[:len(jpg)-2], otherJPEG), "another JPEG"},
		"a PDF behind a JPEG":     {slices.Concat(jpg, onePDF), "another PDF"},
		"a TIFF behind a JPEG":    {slices.Concat(jpg, tif), "another TIFF"},
		"an animated PNG":         {moving, "1 page: it is animated"},
		"two PNGs":                {slices.Concat(picture, picture), fmt.Sprintf("another PNG begins at byte %d", len(picture))},
		"a JPEG behind a PNG":     {slices.Concat(picture, jpg), "another JPEG"},
		"a PDF behind a PNG":      {slices.Concat(picture, onePDF), "another PDF"},
		"two TIFFs":               {slices.Concat(tif, tif), fmt.Sprintf("2 pages: another TIFF begins at byte %d", len(tif))},
		"a PDF behind a TIFF":     {slices.Concat(tif, zeros[:3], onePDF), "another PDF"},
		"a JPEG behind a TIFF":    {slices.Concat(tif, jpg), "another JPEG"},
		"a PNG behind a TIFF":     {slices.Concat(tif, picture), "another PNG"},
		"JPEGs, much fill behind": {slices.Concat(jpg, otherJPEG, zeros), "another JPEG"},
	} {
		if _, err := open(t, c.b); !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), "there is more in the file than its ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err := Whole(bytes.NewReader(c.b), int64(len(c.b))); err != nil {
			t.Errorf("%s: waiting mends nothing, but: %v", name, err)
		}
	}
}

// TestPicturesWithTrimmings: what makers put into a picture and behind it is no
// second picture.
func TestPicturesWithTrimmings(t *testing.T) {
	jpg, thumb, picture := jpegBytes(t, gradient(400, 200)), jpegBytes(t, gradient(40, 20)), pngBytes(t, 40, 20)
	tif := tiffBytes(greyTIFF(40, 20, 1, gradient(40, 20).Pix))
	exif := slices.Concat([]byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"), thumb)
	note := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x0f\x01\x02\x00\x03\x00\x00\x00abc\x00\x00\x00\x00\x00") // a maker's name
	jfxx := jpegSegment(0xe0, slices.Concat([]byte("JFXX\x00\x10"), thumb))
	for name, b := range map[string][]byte{
		"EXIF with a thumbnail": within(jpg, 2, jpegSegment(0xe1, exif)),
		"JFIF with a thumbnail": within(jpg, 2, jfxx),
		"ICC and Adobe":         within(jpg, 2, jpegSegment(0xe2, []byte("ICC_PROFILE\x00\x01\x01rubbish")), jpegSegment(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00"))),
		"fill before a segment": within(jpg, 2, []byte{0xff, 0xff}),
		"a JPEG, zeros":         slices.Concat(jpg, make([]byte, 900)),
		"a JPEG, newlines":      slices.Concat(jpg, []byte("\r\n\r\n")),
		"a JPEG, ones":          slices.Concat(jpg, bytes.Repeat([]byte{0xff}, 100)),
		"a JPEG, its end twice": slices.Concat(jpg, jpegEnd),
		"a JPEG, a note":        slices.Concat(jpg, note),
		"a PNG of one frame":    within(picture, 33, chunk("acTL", []byte{0, 0, 0, 1, 0, 0, 0, 0})),
		"a PNG, zeros":          slices.Concat(picture, make([]byte, 40)),
		"a TIFF, zeros":         slices.Concat(tif, make([]byte, 5000)),
		"a TIFF, a note":        slices.Concat(tif, note),
		"a TIFF, words":         slices.Concat(tif, []byte("scanned by II*\x00 and MM\x00*")),
	} {
		if _, err := mustOpen(t, b).Picture(1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPDFsWithChangesAndAttachments: one document, however often it was changed, and
// whatever is attached to it.
func TestPDFsWithChangesAndAttachments(t *testing.T) {
	plain := pdf([]pdfPage{greyPage(t, 0)}, false, "")
	attached := string(slices.Concat(plain, plain)) // uncompressed, and with a header behind an end mark
	with := func(streams ...string) []byte {
		return objects(append([]string{catalog, kids(1, 1), page("<<>>", "[]", "")}, streams...)...)
	}
	direct := with(stream("/Type/EmbeddedFile", attached))
	indirect := with(strings.Replace(stream("/Type/EmbeddedFile", attached), fmt.Sprintf("/Length %d", len(attached)), "/Length 5 0 R", 1), fmt.Sprint(len(attached)))
	changed := update(update(plain, ""), "")
	replaced := slices.Concat(plain[:bytes.LastIndex(plain, []byte("xref\n0"))],
		[]byte("91 0 obj\n"+stream("/Type/EmbeddedFile", attached)+"\nendobj\n")) // in no table
	start := len(replaced)
	replaced = append(replaced, plain[bytes.LastIndex(plain, []byte("xref\n0")):bytes.LastIndex(plain, []byte("startxref"))]...)
	replaced = fmt.Appendf(replaced, "startxref\n%d\n%%%%EOF\n", start)
	for name, b := range map[string][]byte{
		"changes":                  changed,
		"changes with headers":     update(update(plain, "%PDF-1.6\n"), "%PDF-1.7\n"),
		"rubbish before":           slices.Concat([]byte("rubbish\n"), plain),
		"two headers":              slices.Concat([]byte("%PDF-1.4\n"), plain),
		"zeros behind":             slices.Concat(plain, make([]byte, 900)),
		"newlines behind":          slices.Concat(plain, []byte("\r\n\r\n\r\n")),
		"rubbish behind":           slices.Concat(plain, []byte("\nrubbish rubbish")),
		"end marks behind":         slices.Concat(plain, []byte("\n%%EOF\n%%EOF\n")),
		"an attached PDF":          direct,
		"its length elsewhere":     indirect,
		"an attachment changed":    update(direct, ""),
		"an attachment given up":   replaced,
		"a name like a header":     with("<</Title(%PDF-1.4 and what follows)>>"),
		"attached, within changes": update(update(indirect, ""), ""),
	} {
		f, err := open(t, b)
		if err != nil || f.Pages() != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
