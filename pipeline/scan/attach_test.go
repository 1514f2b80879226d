package scan

import (
	"bytes"
	"testing"
)

// TestAttachmentsAreNotLost: those of the whole file are in no part of it, those of a
// page go with the page.
func TestAttachmentsAreNotLost(t *testing.T) {
	const file = "<</Type/Filespec/F(a.xml)/EF<</F 6 0 R>>>>"
	for name, c := range map[string]struct {
		root, page string
		refused    bool
		carried    bool
	}{
		"none":                {"", "", false, false},
		"a list":              {"/Names<</EmbeddedFiles<</Names[(a.xml) 5 0 R]>>>>", "", true, false},
		"a list of lists":     {"/Names<</EmbeddedFiles<</Kids[7 0 R]>>>>", "", true, false},
		"associated":          {"/AF[5 0 R]", "", true, false},
		"an empty list":       {"/Names<</EmbeddedFiles<</Names[]>>/Dests<<>>>>/AF[]", "", false, false},
		"a broken list":       {"/Names<</EmbeddedFiles<</Names 5 0 R>>>>", "", true, false},
		"associated, a page":  {"", "/AF[5 0 R]", false, true},
		"pinned to the page":  {"", "/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 5 0 R>>]", false, true},
		"names of other kind": {"/Names<</Dests<</Names[(a) [3 0 R/Fit]]>>>>", "", false, false},
	} {
		source := objects("<</Type/Catalog/Pages 2 0 R"+c.root+">>", kids(2, 2), page("<<>>", "[]", c.page), page("<<>>", "[]", ""),
			file, stream("/Type/EmbeddedFile", "<an invoice/>"), "<</Names[(a.xml) 5 0 R]/Limits[(a.xml)(a.xml)]>>")
		f := mustOpen(t, source)
		var b bytes.Buffer
		if _, err := f.Cut(1, 1, &b); (err != nil) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(b.Bytes(), []byte("<an invoice/>")) != c.carried {
			t.Errorf("%s: its page was cut with the attachment: %v", name, !c.carried)
		}
		b.Reset()
		if _, err := f.Cut(1, 2, &b); err != nil || !bytes.Equal(b.Bytes(), source) {
			t.Errorf("%s: the whole is not the received file: %v", name, err)
		}
		b.Reset()
		if _, err := f.Cut(2, 2, &b); err == nil && bytes.Contains(b.Bytes(), []byte("<an invoice/>")) {
			t.Errorf("%s: the attachment of page 1 was cut with page 2", name)
		}
	}
}
