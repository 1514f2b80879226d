package scan

import "github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

// signed tells whether a signature covers bytes of the file (ISO 32000-1, 12.8.1).
func (f *pdfFile) signed() bool {
	for _, entry := range f.ctx.Table {
		if entry == nil || entry.Free {
			continue
		}
		if signature(entry.Object, 0) {
			return true
		}
	}
	root, err := f.ctx.Catalog()
	if err != nil {
		return false
	}
	form, _ := f.ctx.DereferenceDict(root["AcroForm"]) // what is none has no flags
	return root["Perms"] != nil || f.integerOr(form, "SigFlags", 0)&1 != 0
}

// signature tells whether an object is, or directly holds, what says which bytes of the
// file a signature covers.
func signature(o types.Object, depth int) bool {
	if depth > deepest {
		return true
	}
	switch o := o.(type) {
	case types.Dict:
		for k, v := range o {
			if k == "ByteRange" || signature(v, depth+1) {
				return true
			}
		}
	case types.Array:
		for _, v := range o {
			if signature(v, depth+1) {
				return true
			}
		}
	}
	return false
}

// widgets tells whether a page has fields of a form.
func (f *pdfFile) widgets(page types.Dict) bool {
	annots, _ := f.ctx.DereferenceArray(page["Annots"]) // what is none has no field
	for _, o := range annots {
		if a, _ := f.ctx.DereferenceDict(o); f.name(a["Subtype"]) == "Widget" {
			return true
		}
	}
	return false
}
