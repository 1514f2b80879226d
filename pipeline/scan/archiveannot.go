package scan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

var annotTypes = []string{"Text", "Link", "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline", "Squiggly",
	"StrikeOut", "Stamp", "Caret", "Ink", "Popup", "Widget", "PrinterMark", "TrapNet", "Watermark", "Redact"}

// annots looks at a page's annotations (6.3).
func (a *archive) annots(o types.Object) error {
	all, err := a.file.ctx.DereferenceArray(o)
	if err != nil {
		return err
	}
	for _, o := range all {
		d, err := a.file.ctx.DereferenceDict(o)
		if err == nil {
			err = a.annot(d)
		}
		if err == nil {
			err = a.object(o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) annot(d types.Dict) error {
	const invisible, hidden, print, noView, toggled = 1, 1 << 1, 1 << 2, 1 << 5, 1 << 8 // ISO 32000-1, table 165
	f, kind := a.file, a.file.name(d["Subtype"])
	if !slices.Contains(annotTypes, kind) {
		return fmt.Errorf("it has an annotation of the type %.40q (6.3.1)", kind)
	}
	if d["A"] != nil || d["AA"] != nil {
		return errors.New("an annotation has an action (6.5)")
	}
	if kind == "Popup" {
		return nil
	}
	if flags := f.integerOr(d, "F", 0); flags&print == 0 || flags&(invisible|hidden|noView|toggled) != 0 {
		return errors.New("an annotation is not printed, or can be hidden (6.3.2)")
	}
	if kind == "Link" {
		return nil
	}
	looks, err := f.ctx.DereferenceDict(d["AP"])
	if err != nil {
		return err
	}
	normal, err := f.ctx.Dereference(looks["N"])
	if err != nil {
		return err
	}
	_, states := normal.(types.Dict)
	if normal == nil || len(looks) != 1 || states != (kind == "Widget" && f.name(d["FT"]) == "Btn") {
		return fmt.Errorf("an annotation of the type %s has no appearance of its own, or several (6.3.3)", kind)
	}
	return nil
}
