package scan

import (
	"bytes"
	"errors"
	"testing"
)

// TestCutHoldsWhatThePageShows: by whichever way a page comes to its picture.
func TestCutHoldsWhatThePageShows(t *testing.T) {
	mine, other := greyPage(t, 0), greyPage(t, 9)
	image := func(p pdfPage) string { return stream("/Type/XObject/Subtype/Image"+p.image, string(p.data)) }
	const paint = "q 200 0 0 100 0 0 cm /Im0 Do Q"
	form := stream("/Type/XObject/Subtype/Form/BBox[0 0 200 100]", paint)
	for name, c := range map[string]struct{ contents, extra, content, more, last string }{
		"an inline picture":      {"5 0 R", "", "q 10 0 0 10 0 0 cm BI /W 2 /H 2 /BPC 8 /CS /G ID (\x80<< EI Q " + paint, "null", "null"},
		"an EI within a picture": {"5 0 R", "", "q 10 0 0 10 0 0 cm BI /W 2 /H 4 /BPC 8 /CS /G ID \x80 EI \x80(( EI Q " + paint, "null", "null"},
		"a name in hexadecimal":  {"5 0 R", "", "q 200 0 0 100 0 0 cm /Im#30 Do Q", "null", "null"},
		"content in two parts":   {"[5 0 R 9 0 R]", "", "q 200 0 0 100 0 0 cm /Im0", stream("", "Do Q"), "null"},
		"a form":                 {"5 0 R", "", "/Fm0 Do", form, "null"},
		"a form in a form":       {"5 0 R", "", "/Fm1 Do", form, stream("/Type/XObject/Subtype/Form/BBox[0 0 200 100]", "/Fm0 Do")},
		"a form in its own":      {"5 0 R", "", "/Fm1 Do", form, stream("/Type/XObject/Subtype/Form/BBox[0 0 200 100]/Resources 8 0 R", "/Fm0 Do")},
		"an annotation":          {"5 0 R", "/Annots[<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 200 100]/AP<</N 9 0 R>>>>]", "q Q", form, "null"},
		"a mask":                 {"5 0 R", "", "/GS0 gs 0 0 200 100 re f", stream("/Type/XObject/Subtype/Form/BBox[0 0 200 100]/Group<</S/Transparency/CS/DeviceGray>>", paint), "null"},
	} {
		b := objects(catalog, kids(2, 2), page(" 8 0 R", c.contents, c.extra), page("<<>>", "[]", ""),
			stream("", c.content), image(mine), image(other),
			"<</XObject<</Im0 6 0 R/Im1 7 0 R/Fm0 9 0 R/Fm1 10 0 R>>/ExtGState<</GS0<</SMask<</S/Luminosity/G 9 0 R>>>>>>>>", c.more, c.last)
		t.Run(name, func(t *testing.T) {
			f := mustOpen(t, b)
			if p, err := f.Picture(1); err != nil || white(p.Gray) {
				t.Fatalf("the page shows nothing: %v", err)
			}
			cut := sameInCut(t, f, 1)
			if !bytes.Contains(cut, mine.data) || bytes.Contains(cut, other.data) {
				t.Error("the cut lacks the page's picture, or holds another page's")
			}
			sameInCut(t, f, 2)
		})
	}
}

// TestCutIsComparedWithItsPages stands for the ways that are not known.
func TestCutIsComparedWithItsPages(t *testing.T) {
	f := mustOpen(t, objects(catalog, kids(2, 2), page("<<>>", "5 0 R", ""), page("<<>>", "6 0 R", ""),
		painted("1"), stream("", "0 g 100 50 9 9 re f")))
	source := f.pages.(*pdfFile)
	if err := source.sameInCut(cut(t, f, 2, 2), 2, []int{2}, unpaced); err != nil {
		t.Error(err)
	}
	if err := source.sameInCut(cut(t, f, 1, 1), 2, []int{2}, unpaced); !errors.Is(err, ErrUnreadable) {
		t.Errorf("a cut without the page's ink: %v", err)
	}
}

func BenchmarkCutComposed(b *testing.B) {
	g := gradient(2480, 3508)
	p := pdfPage{image: "/Width 2480/Height 3508/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", data: jpegBytes(b, g), content: stamped}
	f := mustOpen(b, pdf([]pdfPage{p, p}, false, ""))
	for b.Loop() {
		if _, err := f.Cut(1, 1, &bytes.Buffer{}); err != nil {
			b.Fatal(err)
		}
	}
}
