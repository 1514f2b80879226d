package scan

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// cut copies the pages with exactly the objects that they use. A page's resource
// dictionary is copied only as far as the page's own content names it: scanners
// share one dictionary among all pages, and a copy of that would carry the
// pictures of strangers' letters into a case.
func (f *pdfFile) cut(from, to int, out io.Writer, step func()) ([]string, error) {
	form, err := f.severable()
	if err != nil {
		return nil, err
	}
	c := &copier{file: f, numbers: map[int]int{}}
	var composed []int
	for n := from; n <= to; n++ {
		p := f.page(n)
		content, err := f.content(p.Dict)
		if err == nil {
			err = f.standsAlone(p.Dict, form)
		}
		if err == nil {
			err = c.page(p, content, overlay{})
		}
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", n, err)
		}
		if _, plain := f.only(p, content); !plain {
			composed = append(composed, n)
		}
		step()
	}
	if len(composed) == 0 {
		return nil, c.write(out)
	}
	var b bytes.Buffer
	if err := c.write(&b); err != nil {
		return nil, err
	}
	if err := f.sameInCut(b.Bytes(), from, composed, step); err != nil {
		return nil, err
	}
	_, err = b.WriteTo(out)
	return nil, err
}

// severable refuses a file whose pages are not all that there is to it, and gives its
// form.
func (f *pdfFile) severable() (form types.Dict, err error) {
	root, err := f.ctx.Catalog()
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	if root["OCProperties"] != nil {
		return nil, fmt.Errorf("%w: its layers can be shown and hidden, and a copy would not look as it does", ErrApart)
	}
	if attached, err := f.attached(root); err != nil {
		return nil, err
	} else if attached {
		return nil, fmt.Errorf("%w: files are attached to it as a whole, which a copy would lose", ErrApart)
	}
	if form, err = f.ctx.DereferenceDict(root["AcroForm"]); err != nil {
		return nil, fmt.Errorf("%w: form: %v", ErrUnreadable, err)
	}
	return form, nil
}

// Resolution at which a cut is compared with its source.
const comparedDPI = 50

// sameInCut has pdfium look at the pages that are more than one picture, here and
// in their cut: there are more ways to borrow a resource than are known here.
func (f *pdfFile) sameInCut(cut []byte, from int, composed []int, step func()) error {
	if err := f.second(); err != nil {
		return err
	}
	doc, err := f.doc.r.open(bytes.NewReader(cut), int64(len(cut)))
	if err != nil {
		return fmt.Errorf("%w: the cut can't be opened: %v", ErrUnreadable, err)
	}
	defer doc.close()
	for _, n := range composed {
		want, err := f.doc.picture(n, comparedDPI, f.engine.cfg.Pixels)
		if err != nil {
			return err
		}
		got, err := doc.picture(n-from+1, comparedDPI, f.engine.cfg.Pixels)
		if err != nil {
			return err
		}
		if !bytes.Equal(got.Gray.Pix, want.Gray.Pix) {
			return fmt.Errorf("%w: page %d would look otherwise in its cut", ErrUnreadable, n)
		}
		step()
	}
	return nil
}

// copier copies objects into a writer, each once.
type copier struct {
	writer
	file    *pdfFile
	numbers map[int]int // of the source -> of the copy
	depth   int
}

// Objects are not nested deeper in any honest file.
const deepest = 64

// left are entries of annotations and streams that lead out of the page, or tell
// of more than it shows. In other dictionaries the same keys may be free names: of
// letters, of an annotation's states, of colours.
var left = []string{"Parent", "P", "StructParent", "StructParents", "Dest", "A", "AA", "PA", "Popup", "IRT", "B", "Metadata", "PieceInfo",
	"OPI", "Thumb", "OC", "Alternates", "Tabs", "PresSteps", "LastModified"}

func (c *copier) page(p leaf, content []byte, over overlay) error {
	number := c.reserve()
	var b strings.Builder
	b.WriteString("<</Type/Page/Parent 0 0 R")
	for _, box := range []struct {
		name string
		r    *types.Rectangle
	}{{"MediaBox", p.MediaBox}, {"CropBox", p.CropBox}} {
		if box.r != nil {
			fmt.Fprintf(&b, "/%s[%s %s %s %s]", box.name, real(box.r.LL.X), real(box.r.LL.Y), real(box.r.UR.X), real(box.r.UR.Y))
		}
	}
	if turn := (p.Rotate + over.turn) % 360; turn != 0 {
		fmt.Fprintf(&b, "/Rotate %d", turn)
	}
	contents := [][]byte{content}
	for _, form := range c.file.appearances(p.Dict) {
		borrowed, err := c.file.borrowers(form)
		if err != nil {
			return err
		}
		contents = append(contents, borrowed...)
	}
	fonts := ""
	if over.font > 0 {
		fonts = fmt.Sprintf("/%s %d 0 R", layerFont, over.font)
	}
	resources, err := c.resourcesAnd(fonts, p.Resources, contents...)
	if err != nil {
		return err
	}
	b.WriteString("/Resources" + resources)
	for _, key := range []string{"Contents", "UserUnit", "Group", "AF"} {
		var text string
		if key == "Contents" && over.text > 0 {
			text, err = c.contentsAfter(over.text, p.Dict[key])
		} else if p.Dict[key] == nil {
			continue
		} else {
			text, err = c.object(p.Dict[key])
		}
		if err != nil {
			return err
		}
		b.WriteString("/" + key + " " + text)
	}
	annots, err := c.annots(p.Dict)
	if err != nil {
		return err
	}
	b.WriteString(annots + ">>")
	c.set(number, []byte(b.String()))
	c.pages = append(c.pages, number)
	return nil
}

// annots copies a page's annotations.
func (c *copier) annots(page types.Dict) (string, error) {
	all, err := c.file.ctx.DereferenceArray(page["Annots"])
	if err != nil {
		return "", fmt.Errorf("%w: annotations: %v", ErrUnreadable, err)
	}
	if len(all) == 0 {
		return "", nil
	}
	var b strings.Builder
	b.WriteString("/Annots[")
	for _, o := range all {
		annot, err := c.file.ctx.DereferenceDict(o)
		if err != nil {
			return "", fmt.Errorf("%w: annotation: %v", ErrUnreadable, err)
		}
		if annot == nil {
			continue
		}
		text, err := c.dict(annot, left)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%d 0 R ", c.add([]byte(text)))
	}
	return strings.TrimSpace(b.String()) + "]", nil
}

// resources copies of a resource dictionary what the contents use.
func (c *copier) resources(o types.Object, contents ...[]byte) (string, error) {
	return c.resourcesAnd("", o, contents...)
}

// resourcesAnd adds fonts, as entries of a dictionary, to what the contents use.
func (c *copier) resourcesAnd(fonts string, o types.Object, contents ...[]byte) (string, error) {
	d, err := c.file.ctx.DereferenceDict(o)
	if err != nil {
		return "", fmt.Errorf("%w: resources: %v", ErrUnreadable, err)
	}
	used, err := c.file.uses(d, contents...)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("<<")
	for _, kind := range keys(d) {
		sub, err := c.file.ctx.Dereference(d[kind])
		if err != nil {
			return "", fmt.Errorf("%w: resources: %v", ErrUnreadable, err)
		}
		entries, ok := sub.(types.Dict)
		if !ok {
			text, err := c.object(sub)
			if err != nil {
				return "", err
			}
			b.WriteString("/" + types.EncodeName(kind) + " " + text)
			continue
		}
		b.WriteString("/" + types.EncodeName(kind) + "<<")
		for _, name := range keys(entries) {
			if !used[name] && !strings.HasPrefix(name, "Default") || kind == "Font" && name == layerFont && fonts != "" {
				continue
			}
			text, err := c.object(entries[name])
			if err != nil {
				return "", err
			}
			b.WriteString("/" + types.EncodeName(name) + " " + text)
		}
		if kind == "Font" {
			b.WriteString(fonts)
			fonts = ""
		}
		b.WriteString(">>")
	}
	if fonts != "" {
		b.WriteString("/Font<<" + fonts + ">>")
	}
	b.WriteString(">>")
	return b.String(), nil
}

func keys(d types.Dict) []string {
	all := make([]string, 0, len(d))
	for k := range d {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// object writes an object, with the objects that it refers to copied beside it.
func (c *copier) object(o types.Object) (string, error) {
	if c.depth++; c.depth > deepest {
		return "", fmt.Errorf("%w: objects nested over %d deep", ErrLimit, deepest)
	}
	defer func() { c.depth-- }()
	switch o := o.(type) {
	case nil:
		return "null", nil
	case types.IndirectRef:
		return c.reference(o)
	case *types.IndirectRef:
		return c.reference(*o)
	case types.Dict:
		return c.dict(o, nil)
	case types.Array:
		var b strings.Builder
		b.WriteByte('[')
		for i, v := range o {
			text, err := c.object(v)
			if err != nil {
				return "", err
			}
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(text)
		}
		return b.String() + "]", nil
	case types.Float:
		return real(float64(o)), nil
	case types.Integer:
		return strconv.Itoa(int(o)), nil
	case types.StreamDict:
		return "", fmt.Errorf("%w: a stream that is no object of its own", ErrUnreadable)
	}
	return o.PDFString(), nil
}

// dict copies a dictionary without the keys named.
func (c *copier) dict(d types.Dict, without []string) (string, error) {
	if t := c.file.name(d["Type"]); t == "Page" || t == "Pages" || t == "Catalog" {
		return "null", nil // another page, reached by some side way
	}
	var b strings.Builder
	b.WriteString("<<")
	for _, k := range keys(d) {
		if slices.Contains(without, k) {
			continue
		}
		var text string
		var err error
		if k == "Resources" && c.isDict(d[k]) { // else it is a letter of that name
			text, err = c.fontResources(d)
		} else {
			text, err = c.object(d[k])
		}
		if err != nil {
			return "", err
		}
		b.WriteString("/" + types.EncodeName(k) + " " + text)
	}
	return b.String() + ">>", nil
}

func (c *copier) isDict(o types.Object) bool {
	target, err := c.file.ctx.Dereference(o)
	_, ok := target.(types.Dict)
	return ok && err == nil
}

// fontResources copies what a Type 3 font's letters use: its resource dictionary
// may be the one that all pages share.
func (c *copier) fontResources(font types.Dict) (string, error) {
	contents, err := c.file.glyphs(font)
	if err != nil {
		return "", err
	}
	return c.resources(font["Resources"], contents...)
}

func (c *copier) reference(ref types.IndirectRef) (string, error) {
	source := ref.ObjectNumber.Value()
	if c.file.tree.nodes[source] {
		return "null", nil // another page, reached by some side way
	}
	if n, ok := c.numbers[source]; ok {
		return strconv.Itoa(n) + " 0 R", nil
	}
	o, err := c.file.ctx.Dereference(ref)
	if err != nil {
		return "", fmt.Errorf("%w: object %d: %v", ErrUnreadable, source, err)
	}
	n := c.reserve()
	c.numbers[source] = n
	if _, ok := o.(types.StreamDict); ok {
		err = c.copyStream(n, ref)
	} else {
		var body string
		body, err = c.object(o)
		c.set(n, []byte(body))
	}
	return strconv.Itoa(n) + " 0 R", err
}

// copyStream copies a stream's bytes as they are. A form is a page within the
// page: its resources too are copied only as far as it names them.
func (c *copier) copyStream(n int, ref types.IndirectRef) error {
	sd, err := c.file.stream(ref)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, k := range keys(sd.Dict) {
		if k == "Length" || slices.Contains(left, k) {
			continue
		}
		var text string
		if k == "Resources" {
			var content []byte
			if content, err = c.file.unwrapped(sd, len(sd.FilterPipeline)); err == nil {
				text, err = c.resources(sd.Dict[k], content)
			}
		} else {
			text, err = c.object(sd.Dict[k])
		}
		if err != nil {
			return err
		}
		b.WriteString("/" + types.EncodeName(k) + " " + text)
	}
	c.setStream(n, b.String(), sd.Raw)
	return nil
}
