package scan

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Limits of ISO 19005-2, 6.1.13.
const (
	longestString = 32767 // bytes
	longestName   = 127
)

// object looks at an object and all that it leads to.
func (a *archive) object(o types.Object) error {
	if n := numberOf(o); n > 0 {
		if a.seen[n] {
			return nil
		}
		a.seen[n] = true
		if n == a.font {
			return a.ownFont(o)
		}
	}
	if a.depth++; a.depth > deepest {
		return fmt.Errorf("objects are nested over %d deep", deepest)
	}
	defer func() { a.depth-- }()
	target, err := a.file.ctx.Dereference(o)
	if err != nil {
		return err
	}
	switch t := target.(type) {
	case types.StreamDict:
		return a.stream(o)
	case types.Dict:
		return a.dict(t)
	case types.Array:
		for _, v := range t {
			if err := a.object(v); err != nil {
				return err
			}
		}
	case types.Name:
		if len(t) > longestName {
			return fmt.Errorf("a name has %d bytes (6.1.13)", len(t))
		}
	case types.StringLiteral:
		if len(t) > longestString {
			return fmt.Errorf("a string has %d bytes (6.1.13)", len(t))
		}
	case types.HexLiteral:
		if len(t) > 2*longestString || len(t)%2 > 0 {
			return fmt.Errorf("a string has %d hexadecimal digits (6.1.6, 6.1.13)", len(t))
		}
	case types.Integer:
		if t > math.MaxInt32 || t < math.MinInt32 {
			return fmt.Errorf("a number is %d (6.1.13)", t)
		}
	case types.Float:
		if math.Abs(float64(t)) > math.MaxFloat32 {
			return fmt.Errorf("a number is %g (6.1.13)", t)
		}
	}
	return nil
}

// dict looks at a dictionary, a stream's too. What it is shows in its entries: a page
// may lead to it by more ways than are known here.
func (a *archive) dict(d types.Dict) error {
	switch kind := a.file.name(d["Type"]); kind {
	case "Font":
		return a.strangeFont(d)
	case "Action", "Filespec":
		return fmt.Errorf("it has a dictionary of the type %s (6.5, 6.8)", kind)
	}
	for _, k := range keys(d) {
		if err := a.entry(k, d[k]); err != nil {
			return err
		}
	}
	return nil
}

// entry looks at an entry of a dictionary.
func (a *archive) entry(key string, o types.Object) error {
	switch key {
	case "JS", "EF", "OPI", "Alternates", "XFA", "Ref":
		return fmt.Errorf("it has an entry /%s (6.2.8, 6.2.9, 6.4, 6.5, 6.8)", key)
	case "Resources":
		return a.resources(o)
	case "ColorSpace", "CS":
		if err := a.colour(o); err != nil {
			return err
		}
	}
	if len(key) > longestName {
		return fmt.Errorf("a name has %d bytes (6.1.13)", len(key))
	}
	return a.object(o)
}

// resources looks at what a content stream has at hand.
func (a *archive) resources(o types.Object) error {
	d, err := a.file.ctx.DereferenceDict(o)
	if err != nil {
		return err
	}
	for _, kind := range keys(d) {
		entries, err := a.file.ctx.Dereference(d[kind])
		if err != nil {
			return err
		}
		named, ok := entries.(types.Dict)
		if !ok {
			if err := a.object(d[kind]); err != nil {
				return err
			}
			continue
		}
		for _, k := range keys(named) {
			if err := a.resource(kind, named[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *archive) resource(kind string, o types.Object) error {
	var err error
	switch kind {
	case "ColorSpace":
		err = a.colour(o)
	case "ExtGState":
		err = a.state(o)
	case "Font":
		if n := numberOf(o); n == 0 || n != a.font {
			var d types.Dict
			if d, err = a.file.ctx.DereferenceDict(o); err == nil {
				err = a.strangeFont(d)
			}
		}
	}
	if err != nil {
		return err
	}
	return a.object(o)
}

var blendModes = []string{"Normal", "Compatible", "Multiply", "Screen", "Overlay", "Darken", "Lighten", "ColorDodge", "ColorBurn",
	"HardLight", "SoftLight", "Difference", "Exclusion", "Hue", "Saturation", "Color", "Luminosity"}

var intents = []string{"RelativeColorimetric", "AbsoluteColorimetric", "Perceptual", "Saturation"}

// state looks at a graphics state (6.2.5, 6.2.10).
func (a *archive) state(o types.Object) error {
	d, err := a.file.ctx.DereferenceDict(o)
	if err != nil {
		return err
	}
	switch {
	case d["TR"] != nil, d["HTP"] != nil, d["HT"] != nil, d["TR2"] != nil && a.file.name(d["TR2"]) != "Default":
		return errors.New("a graphics state has a transfer function or a halftone (6.2.5)")
	case d["BM"] != nil && !slices.Contains(blendModes, a.file.name(d["BM"])):
		return errors.New("a graphics state has a blend mode that is none of the standard's (6.2.10)")
	case d["RI"] != nil && !slices.Contains(intents, a.file.name(d["RI"])):
		return errors.New("a graphics state has a rendering intent that is none of the standard's (6.2.6)")
	case a.file.integerOr(d, "OPM", 0) != 0:
		return errors.New("a graphics state overprints (6.2.4.2)")
	}
	return nil
}

// ownFont looks at the layers' font (6.2.11).
func (a *archive) ownFont(o types.Object) error {
	f := a.file
	d, err := f.ctx.DereferenceDict(o)
	if err != nil {
		return err
	}
	below, err := f.ctx.DereferenceArray(d["DescendantFonts"])
	if err != nil || len(below) != 1 {
		return errors.New("the layer's font has no descendant (6.2.11.2)")
	}
	font, err := f.ctx.DereferenceDict(below[0])
	if err != nil {
		return err
	}
	about, err := f.ctx.DereferenceDict(font["FontDescriptor"])
	if err != nil {
		return err
	}
	for _, part := range []types.Object{d["ToUnicode"], font["CIDToGIDMap"], about["FontFile2"]} {
		if sd, err := f.stream(part); err != nil || sd == nil {
			return fmt.Errorf("the layer's font is not all there: %v (6.2.11.4)", err)
		}
		if err := a.object(part); err != nil {
			return err
		}
	}
	if f.name(d["Encoding"]) != "Identity-H" || f.name(font["Subtype"]) != "CIDFontType2" {
		return errors.New("the layer's font has another coding (6.2.11.3)")
	}
	return nil
}

// strangeFont says what is wrong with a font that came with a page. One that is
// embedded may be right; to tell, its program would have to be read.
func (a *archive) strangeFont(d types.Dict) error {
	f := a.file
	name := f.name(d["BaseFont"])
	if f.name(d["Subtype"]) == "Type3" {
		return errors.New("it has a font of drawings, whose letters are not looked at (6.2.11)")
	}
	if below, _ := f.ctx.DereferenceArray(d["DescendantFonts"]); len(below) > 0 { // what is none leads to no descriptor
		d, _ = f.ctx.DereferenceDict(below[0])
	}
	about, _ := f.ctx.DereferenceDict(d["FontDescriptor"])
	for _, k := range []string{"FontFile", "FontFile2", "FontFile3"} {
		if about[k] != nil {
			return fmt.Errorf("it has the font %.60q, whose letters are not measured against its program (6.2.11.5)", name)
		}
	}
	return fmt.Errorf("the font %.60q is not embedded (6.2.11.4.1)", name)
}
