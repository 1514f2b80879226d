package scan

import (
	"fmt"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// uses lists the names that content streams take from their resources: those that
// they name themselves, and those of the forms, patterns, glyphs and masks so named
// that have no resources of their own and borrow these.
func (f *pdfFile) uses(resources types.Dict, contents ...[]byte) (map[string]bool, error) {
	used, asked := map[string]bool{}, map[string]bool{}
	for len(contents) > 0 {
		for _, content := range contents {
			for name := range named(content) {
				used[name] = true
			}
		}
		contents = nil
		for _, kind := range []string{"XObject", "Pattern", "Font", "ExtGState"} {
			entries, err := f.ctx.DereferenceDict(resources[kind])
			if err != nil {
				return nil, fmt.Errorf("%w: resources: %v", ErrUnreadable, err)
			}
			for name := range used {
				o, known := entries[name]
				if !known || asked[kind+name] {
					continue
				}
				asked[kind+name] = true
				more, err := f.borrowers(o)
				if err != nil {
					return nil, err
				}
				contents = append(contents, more...)
			}
		}
	}
	return used, nil
}

// borrowers gives the content streams of a resource that have no resources of
// their own.
func (f *pdfFile) borrowers(o types.Object) (contents [][]byte, err error) {
	target, err := f.ctx.Dereference(o)
	if err != nil {
		return nil, fmt.Errorf("%w: resource: %v", ErrUnreadable, err)
	}
	switch t := target.(type) {
	case types.StreamDict:
		if t.Dict["Resources"] != nil || f.name(t.Dict["Subtype"]) != "Form" && t.Dict["PatternType"] == nil {
			return nil, nil
		}
		b, _, err := f.decoded(o)
		return [][]byte{b}, err
	case types.Dict:
		if mask, err := f.ctx.DereferenceDict(t["SMask"]); err == nil && mask["G"] != nil {
			return f.borrowers(mask["G"])
		}
		if t["Resources"] == nil {
			return f.glyphs(t)
		}
	}
	return nil, nil
}

// glyphs gives the contents that draw a Type 3 font's letters.
func (f *pdfFile) glyphs(font types.Dict) (contents [][]byte, err error) {
	all, err := f.ctx.DereferenceDict(font["CharProcs"])
	if err != nil {
		return nil, fmt.Errorf("%w: glyphs: %v", ErrUnreadable, err)
	}
	for _, k := range keys(all) {
		b, _, err := f.decoded(all[k])
		if err != nil {
			return nil, err
		}
		contents = append(contents, b)
	}
	return contents, nil
}

// appearances lists the forms that a page's annotations show.
func (f *pdfFile) appearances(page types.Dict) (all []types.Object) {
	annots, _ := f.ctx.DereferenceArray(page["Annots"]) // what is none shows none
	for _, a := range annots {
		annot, _ := f.ctx.DereferenceDict(a)
		ap, _ := f.ctx.DereferenceDict(annot["AP"])
		normal, _ := f.ctx.Dereference(ap["N"])
		if states, ok := normal.(types.Dict); ok {
			for _, k := range keys(states) {
				all = append(all, states[k])
			}
		} else if normal != nil {
			all = append(all, ap["N"])
		}
	}
	return all
}
