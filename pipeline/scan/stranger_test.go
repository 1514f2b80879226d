package scan

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// TestFontsBringNoStranger: the letters of a Type 3 font may share the dictionary
// that names every page's picture.
func TestFontsBringNoStranger(t *testing.T) {
	one, two := greyPage(t, 0), greyPage(t, 9)
	image := func(p pdfPage) string { return stream("/Type/XObject/Subtype/Image"+p.image, string(p.data)) }
	content := func(name string) string {
		return stream("", "q 200 0 0 100 0 0 cm "+name+" Do Q BT /F1 9 Tf (X) Tj ET")
	}
	f := mustOpen(t, objects(catalog, kids(2, 2), page(" 9 0 R", "5 0 R", ""), page(" 9 0 R", "6 0 R", ""),
		content("/Im0"), content("/Im1"), image(one), image(two),
		"<</XObject<</Im0 7 0 R/Im1 8 0 R/Fm0 12 0 R>>/Font<</F1 10 0 R>>>>",
		"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[0.001 0 0 0.001 0 0]/FirstChar 88/LastChar 88/Widths[1000]/Encoding<</Differences[88/X]>>/Resources 9 0 R/CharProcs<</X 11 0 R>>>>",
		stream("", "1000 0 d0 /Fm0 Do"), stream("/Type/XObject/Subtype/Form/BBox[0 0 1000 1000]", "0 0 1000 1000 re f")))
	for n, p := range map[int][2]pdfPage{1: {one, two}, 2: {two, one}} {
		b := sameInCut(t, f, n)
		if !bytes.Contains(b, p[0].data) || bytes.Contains(b, p[1].data) {
			t.Errorf("the cut of page %d lacks its picture, or holds the other page's", n)
		}
	}
}

// TestWrongLengthsAreRefused: nothing is cut by a length that the file gainsays.
func TestWrongLengthsAreRefused(t *testing.T) {
	one, two := greyPage(t, 0), greyPage(t, 9)
	source := pdf([]pdfPage{one, two}, false, "")
	toTheNext := bytes.Index(source, two.data) + len(two.data) - bytes.Index(source, one.data)
	for name, length := range map[string]int{
		"a third": len(one.data) / 3, "one short": len(one.data) - 1, "ten too long": len(one.data) + 10,
		"to the next picture's end": toTheNext,
	} {
		is := []byte(fmt.Sprintf("/Length %d>>\nstream\n%s", len(one.data), one.data))
		b := bytes.Replace(source, is, fmt.Appendf(nil, "/Length %04d>>\nstream\n%s", length, one.data), 1)
		if len(b) != len(source) {
			t.Fatalf("%s: other numbers of digits", name)
		}
		f := mustOpen(t, b)
		var out bytes.Buffer
		if _, err := f.Cut(1, 1, &out); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: it was cut: %v", name, err)
		}
		if _, err := f.Picture(1); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: it was decoded: %v", name, err)
		}
		sameInCut(t, f, 2)
	}
	for _, end := range []string{"\r\n", "\r", "", " \n"} { // honest ends of a stream
		f := mustOpen(t, bytes.ReplaceAll(source, []byte("\nendstream"), []byte(end+"endstream")))
		sameInCut(t, f, 1)
	}
}
