package scan

import (
	"bytes"
	"errors"
	"testing"
)

func TestFieldsAreSeenAndCut(t *testing.T) {
	ink := stream("/Type/XObject/Subtype/Form/BBox[0 0 100 100]", "0 0 100 100 re f")
	empty := stream("/Type/XObject/Subtype/Form/BBox[0 0 100 100]", "")
	for name, field := range map[string]string{
		"text":   "/FT/Tx/T(a)/V(x)/AP<</N 5 0 R>>",
		"button": "/FT/Btn/T(a)/V/Yes/AS/Yes/AP<</N<</Yes 5 0 R/Off 6 0 R>>>>",
	} {
		for _, form := range []string{"", "/AcroForm<</Fields[7 0 R]>>"} {
			f := mustOpen(t, objects("<</Type/Catalog/Pages 2 0 R"+form+">>", kids(2, 2), page("<<>>", "[]", "/Annots[7 0 R]"), page("<<>>", "[]", ""),
				ink, empty, "<</Type/Annot/Subtype/Widget/F 4/Rect[0 0 100 100]"+field+">>"))
			shows(t, name+form, f)
		}
	}
}

// TestFieldsWithoutPictureAreNotCut: what they show comes from the form, which is the file's.
func TestFieldsWithoutPictureAreNotCut(t *testing.T) {
	const widget = "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[0 0 200 100]/DA(/Helv 40 Tf 0 g)"
	for name, c := range map[string]struct {
		form, field string
		refused     bool
	}{
		"a value":             {"", widget + "/V(MMM)>>", true},
		"a value from above":  {"", widget + "/Parent 6 0 R>>", true},
		"a picture to renew":  {"/NeedAppearances true", widget + "/V(MMM)/AP<</N 7 0 R>>>>", true},
		"a picture":           {"", widget + "/V(MMM)/AP<</N 7 0 R>>>>", false},
		"no value":            {"/NeedAppearances true", widget + "/V()>>", false},
		"no value from above": {"/NeedAppearances true", widget + ">>", false},
	} {
		source := objects("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/DA(/Helv 40 Tf 0 g)"+c.form+">>>>", kids(2, 2),
			page("<<>>", "[]", "/Annots[5 0 R]"), page("<<>>", "[]", ""), c.field, "<</T(b)/V(MMM)>>",
			stream("/Type/XObject/Subtype/Form/BBox[0 0 200 100]", "0 0 100 100 re f"))
		f := mustOpen(t, source)
		var b bytes.Buffer
		if _, err := f.Cut(1, 1, &b); errors.Is(err, ErrUnreadable) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
		sameInCut(t, f, 2)
		b.Reset()
		if _, err := f.Cut(1, 2, &b); err != nil || !bytes.Equal(b.Bytes(), source) {
			t.Errorf("%s: the whole is not the received file: %v", name, err)
		}
	}
}
