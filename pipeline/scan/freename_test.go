package scan

import (
	"bytes"
	"strings"
	"testing"
)

// TestCutKeepsFreeNames: letters, states and colours may have the names of keys
// that a cut leaves out of annotations and streams.
func TestCutKeepsFreeNames(t *testing.T) {
	for _, name := range []string{"X", "A", "B", "P", "OC", "Parent", "Metadata", "Resources"} {
		font := "<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[0.001 0 0 0.001 0 0]/FirstChar 65/LastChar 65/Widths[1000]/Encoding<</Differences[65/" +
			name + "]>>/Resources<<>>/CharProcs<</" + name + " 7 0 R>>>>"
		f := mustOpen(t, objects(catalog, kids(2, 2), page("<</Font<</F1 6 0 R>>>>", "5 0 R", ""), page("<<>>", "[]", ""),
			stream("", "BT /F1 100 Tf (A) Tj ET"), font, stream("", "1000 0 0 0 1000 1000 d1 0 0 1000 1000 re f")))
		shows(t, "a letter named "+name, f)

		stamp := "/Annots[<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 100 100]/AS/" + name + "/AP<</N<</" + name + " 5 0 R/Off 6 0 R>>>>>>]"
		f = mustOpen(t, objects(catalog, kids(2, 2), page("<<>>", "[]", stamp), page("<<>>", "[]", ""),
			stream("/Type/XObject/Subtype/Form/BBox[0 0 100 100]", "0 0 100 100 re f"), stream("/Type/XObject/Subtype/Form/BBox[0 0 100 100]", "")))
		shows(t, "a state named "+name, f)
	}
	ink := "[/DeviceN[/A]/DeviceRGB 6 0 R<</Colorants<</A[/Separation/A/DeviceRGB 6 0 R]>>>>]"
	f := mustOpen(t, objects(catalog, kids(2, 2), page("<</ColorSpace<</C0 "+ink+">>>>", "5 0 R", ""), page("<<>>", "[]", ""),
		stream("", "/C0 cs 1 scn 0 0 99 99 re f"), "<</FunctionType 2/Domain[0 1]/N 1/C0[1 1 1]/C1[0 0 0]>>"))
	if b := shows(t, "a colour named A", f); !bytes.Contains(b, []byte("/Colorants <</A [/Separation")) {
		t.Error("the colour named A is not in the cut")
	}
}

// shows checks that page 1 shows something, and the same in its cut.
func shows(t *testing.T, name string, f *File) (cut []byte) {
	t.Run(name, func(t *testing.T) {
		if p, err := f.Picture(1); err != nil || white(p.Gray) {
			t.Fatalf("nothing is shown: %v", err)
		}
		cut = sameInCut(t, f, 1)
	})
	return cut
}

// TestCutLeavesNoWayOut: answers to an annotation, and actions, lead elsewhere.
func TestCutLeavesNoWayOut(t *testing.T) {
	note := "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/P 4 0 R/A<</S/URI/URI(elsewhere)>>/IRT<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/A<</S/URI/URI(elsewhere)>>>>>>"
	f := mustOpen(t, objects(catalog, kids(2, 2), page("<<>>", "[]", "/Annots["+note+"]"), page("<<>>", "5 0 R", ""), painted(".123")))
	if b := string(cut(t, f, 1, 1)); strings.Contains(b, "elsewhere") || strings.Contains(b, ".123") {
		t.Error("an action, or another page, was carried into the cut")
	}
}
