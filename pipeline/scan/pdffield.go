package scan

import (
	"fmt"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// standsAlone refuses a page that would lose a field's value without the file's form.
func (f *pdfFile) standsAlone(page, form types.Dict) error {
	if f.livesByForm(page, form) {
		return fmt.Errorf("%w: a field has no picture of its value, and would lose it without the file's form", ErrUnreadable)
	}
	return nil
}

// livesByForm tells whether a page has a field whose value readers draw by what the
// file's form says: a cut has no form, and would show the field empty.
func (f *pdfFile) livesByForm(page, form types.Dict) bool {
	annots, _ := f.ctx.DereferenceArray(page["Annots"]) // what is none has no field
	for _, o := range annots {
		field, _ := f.ctx.DereferenceDict(o)
		if f.name(field["Subtype"]) != "Widget" || !f.filled(field) {
			continue
		}
		ap, _ := f.ctx.DereferenceDict(field["AP"])
		if ap["N"] == nil || f.yes(form, "NeedAppearances") {
			return true
		}
	}
	return false
}

// filled tells whether a field has a value, its own or that of a field above it.
func (f *pdfFile) filled(field types.Dict) bool {
	for range deepest {
		value, _ := f.ctx.Dereference(field["V"])
		if value != nil {
			text := value.PDFString()
			return text != "()" && text != "<>"
		}
		if field, _ = f.ctx.DereferenceDict(field["Parent"]); field == nil {
			return false
		}
	}
	return true // a circle, or nearly
}
