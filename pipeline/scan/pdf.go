package scan

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// pdfFile is a PDF as both parsers see it: pdfcpu gives its objects, pdfium its
// pictures where they can't be taken out directly.
type pdfFile struct {
	engine *Engine
	ctx    *model.Context
	tree   *tree
	doc    *document // see second
	raw    io.ReaderAt
	size   int64

	completed map[int]error // by a picture's object number: whether its data are all there
}

func (e *Engine) openPDF(r io.ReaderAt, size int64) (pages, error) {
	api.DisableConfigDir() // else a folder is written under $HOME
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationRelaxed
	conf.Offline = true
	conf.Optimize = false
	conf.Limits.MaxDecodeBytes = e.cfg.Stream
	conf.Limits.MaxImagePixels = e.cfg.Pixels
	ctx, err := api.ReadContext(io.NewSectionReader(r, 0, size), conf)
	if err != nil {
		if text := strings.ToLower(err.Error()); strings.Contains(text, "password") || strings.Contains(text, "encrypt") {
			return nil, fmt.Errorf("%w: %v", ErrEncrypted, err)
		}
		return nil, fmt.Errorf("%w as a PDF: %v", ErrUnreadable, err)
	}
	if ctx.Encrypt != nil {
		return nil, fmt.Errorf("%w: the file asks readers to keep to its restrictions", ErrEncrypted)
	}
	if err := ctx.EnsurePageCount(); err != nil {
		return nil, fmt.Errorf("%w: its pages can't be counted: %v", ErrUnreadable, err)
	}
	tree, err := pageTree(ctx)
	if err != nil {
		return nil, err
	}
	if err := refuseSymbolCoding(ctx); err != nil {
		return nil, err
	}
	f := &pdfFile{engine: e, ctx: ctx, tree: tree, raw: r, size: size, completed: map[int]error{}}
	if !e.cfg.Counted {
		err = f.second()
	}
	if err == nil {
		err = surplusInPDF(r, size, f.count())
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// second has pdfium open the file, too, and count its pages.
func (f *pdfFile) second() error {
	if f.doc != nil {
		return nil
	}
	pdfium, err := f.engine.render()
	if err != nil {
		return err
	}
	doc, err := pdfium.open(io.NewSectionReader(f.raw, 0, f.size), f.size)
	if err != nil {
		return fmt.Errorf("%w by the second parser: %v", ErrUnreadable, err)
	}
	second, err := doc.count()
	if n := f.count(); err == nil && (n != f.ctx.PageCount || n != second) {
		err = fmt.Errorf("%w: its page tree holds %d, its count is %d, pdfium finds %d", ErrPageCount, n, f.ctx.PageCount, second)
	}
	if err != nil {
		doc.close()
		return err
	}
	f.doc = doc
	return nil
}

func (f *pdfFile) count() int { return len(f.tree.leaves) }

func (f *pdfFile) close() error {
	if f.doc != nil {
		f.doc.close()
	}
	return nil
}

func (f *pdfFile) page(n int) leaf { return f.tree.leaves[n-1] }

func (f *pdfFile) decode(n int, colour bool) (decoded, error) {
	dpi, page := float64(usualDPI), f.page(n)
	content, err := f.content(page.Dict)
	if err != nil {
		return decoded{}, err
	}
	if img, ok := f.only(page, content); ok {
		d, err := f.direct(img, colour)
		if err == nil || errors.Is(err, ErrLimit) || errors.Is(err, ErrUnreadable) {
			return d, err
		}
		dpi = img.dpiX
	}
	pictures, err := f.sound(page, content)
	if err != nil {
		return decoded{}, err
	}
	if err := f.second(); err != nil {
		return decoded{}, err
	}
	d, err := f.doc.decode(n, min(mostDPI, max(leastDPI, dpi)), f.engine.cfg.Pixels, colour)
	if err != nil || !pictures || !white(greyOf(d.img)) {
		return d, err
	}
	if shown, err := f.doc.covers(n); err != nil || !shown {
		return decoded{}, fmt.Errorf("%w: none of the page's pictures can be decoded: %v", ErrUnreadable, err)
	}
	return d, nil
}

// content gives what a page paints; a page may have nothing to paint.
func (f *pdfFile) content(page types.Dict) ([]byte, error) {
	o, err := f.ctx.Dereference(page["Contents"])
	if err != nil {
		return nil, fmt.Errorf("%w: content: %v", ErrUnreadable, err)
	}
	parts, ok := o.(types.Array)
	if !ok {
		parts = types.Array{page["Contents"]}
	}
	var all []byte
	for _, part := range parts {
		b, _, err := f.decoded(part)
		if err != nil {
			return nil, err
		}
		all = append(append(all, b...), '\n') // parts may end within a line, but not within a token
	}
	return all, nil
}

// stream gives a stream whose data lie between its marks; nil = there is none. A
// /Length that is too long takes in the objects that follow, one that is too short
// leaves out data that pdfium finds by itself.
func (f *pdfFile) stream(o types.Object) (*types.StreamDict, error) {
	if o == nil {
		return nil, nil
	}
	sd, _, err := f.ctx.DereferenceStreamDict(o)
	if err != nil {
		return nil, fmt.Errorf("%w: stream: %v", ErrUnreadable, err)
	}
	if sd == nil {
		return nil, nil
	}
	after := make([]byte, len("\r\n")+len(endstream))
	n, err := f.raw.ReadAt(after, sd.StreamOffset+int64(len(sd.Raw)))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: stream: %v", ErrUnreadable, err)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(after[:n], "\r\n \t"), endstream) || bytes.Contains(sd.Raw, endstream) {
		return nil, fmt.Errorf("%w: a stream has another length than it says", ErrUnreadable)
	}
	return sd, nil
}

var endstream = []byte("endstream")

// decoded gives a stream and what its filters hide; nil for an object that is not there.
func (f *pdfFile) decoded(o types.Object) ([]byte, *types.StreamDict, error) {
	sd, err := f.stream(o)
	if err != nil || sd == nil {
		return nil, nil, err
	}
	b, err := f.unwrapped(sd, len(sd.FilterPipeline))
	return b, sd, err
}

// only gives a page's picture when that is all there is to see on the page.
func (f *pdfFile) only(p leaf, content []byte) (img pageImage, ok bool) {
	if p.MediaBox == nil || p.Rotate%90 != 0 || p.Dict["Annots"] != nil || p.Dict["UserUnit"] != nil || len(content) > 1<<20 {
		return img, false
	}
	name, m, ok := onlyImage(content)
	if !ok {
		return img, false
	}
	sd := f.xobject(p.Resources, name)
	if sd == nil {
		return img, false
	}
	w, h := f.integer(sd.Dict["Width"]), f.integer(sd.Dict["Height"])
	box := p.MediaBox
	if p.CropBox != nil {
		box = p.CropBox
	}
	upright := m[0] > 0 && m[3] > 0 && math.Abs(m[1]) < 1e-3*m[0] && math.Abs(m[2]) < 1e-3*m[3]
	if !upright || w <= 0 || h <= 0 {
		return img, false
	}
	const slack = 2 // points: scanners round
	covers := math.Abs(m[4]-box.LL.X) < slack && math.Abs(m[5]-box.LL.Y) < slack &&
		math.Abs(m[4]+m[0]-box.UR.X) < slack && math.Abs(m[5]+m[3]-box.UR.Y) < slack
	img = pageImage{sd, w, h, float64(w) / m[0] * 72, float64(h) / m[3] * 72, p.Rotate, types.NewRectangle(m[4], m[5], m[4]+m[0], m[5]+m[3])}
	return img, covers
}

// pageImage is a picture that covers its page.
type pageImage struct {
	*types.StreamDict
	w, h       int
	dpiX, dpiY float64
	rotate     int
	place      *types.Rectangle // on its page
}

// xobject gives the picture that resources have under a name.
func (f *pdfFile) xobject(resources types.Dict, name string) *types.StreamDict {
	x, err := f.ctx.DereferenceDict(resources["XObject"])
	if err != nil || x == nil {
		return nil
	}
	sd, err := f.stream(x[name])
	if err != nil || sd == nil || f.name(sd.Dict["Subtype"]) != "Image" {
		return nil
	}
	return sd
}

// direct decodes a page's picture without pdfium.
func (f *pdfFile) direct(img pageImage, colour bool) (decoded, error) {
	if err := f.engine.checkPixels(img.w, img.h); err != nil {
		return decoded{}, err
	}
	for _, key := range []string{"SMask", "Mask", "ImageMask"} {
		if o := img.Dict[key]; o != nil && o.PDFString() != "false" {
			return decoded{}, errors.New("the picture has a mask")
		}
	}
	filter, parms, err := f.filter(img.Dict)
	if err != nil {
		return decoded{}, err
	}
	l, err := f.layout(img.Dict)
	if err != nil {
		return decoded{}, err
	}
	var shown image.Image
	switch filter {
	case "DCTDecode":
		shown, err = f.jpeg(img, parms, l)
	case "CCITTFaxDecode":
		shown, err = f.ccitt(img, parms, l)
	case "FlateDecode":
		shown, err = f.engine.flate(img.Raw, img.w, img.h, l, f.predictor(parms), colour)
	default:
		err = fmt.Errorf("filter %q is not decoded directly", filter)
	}
	if err != nil {
		return decoded{}, err
	}
	via := map[string]string{"DCTDecode": "jpeg", "CCITTFaxDecode": "ccitt", "FlateDecode": "flate"}[filter]
	return decoded{shown, turned(img.rotate), img.dpiX, img.dpiY, via}, nil
}

// filter gives a stream's only filter and its parameters.
func (f *pdfFile) filter(d types.Dict) (string, types.Dict, error) {
	o, err := f.ctx.Dereference(d["Filter"])
	if err != nil {
		return "", nil, err
	}
	parms, err := f.ctx.Dereference(d["DecodeParms"])
	if err != nil {
		return "", nil, err
	}
	if a, ok := o.(types.Array); ok {
		if len(a) != 1 {
			return "", nil, fmt.Errorf("%d filters", len(a))
		}
		o = a[0]
		if pa, ok := parms.(types.Array); ok && len(pa) == 1 {
			parms = pa[0]
		}
	}
	p, err := f.ctx.DereferenceDict(parms)
	return f.name(o), p, err
}

func (f *pdfFile) name(o types.Object) string {
	o, err := f.ctx.Dereference(o)
	if n, ok := o.(types.Name); ok && err == nil {
		return string(n)
	}
	return ""
}

// integer gives a whole number; -1 = there is none.
func (f *pdfFile) integer(o types.Object) int {
	o, err := f.ctx.Dereference(o)
	if n, ok := o.(types.Integer); ok && err == nil {
		return int(n)
	}
	return -1
}

func (f *pdfFile) integerOr(d types.Dict, key string, absent int) int {
	if d == nil || d[key] == nil {
		return absent
	}
	return f.integer(d[key])
}

func (f *pdfFile) yes(d types.Dict, key string) bool {
	if d == nil {
		return false
	}
	o, err := f.ctx.Dereference(d[key])
	b, ok := o.(types.Boolean)
	return err == nil && ok && bool(b)
}

// layout says how a picture's samples lie.
type layout struct {
	bits     int
	channels int
	inverted bool
}

func (f *pdfFile) layout(d types.Dict) (layout, error) {
	l := layout{bits: f.integerOr(d, "BitsPerComponent", 1)}
	cs, err := f.ctx.Dereference(d["ColorSpace"])
	if err != nil {
		return l, err
	}
	switch cs := cs.(type) {
	case types.Name:
		l.channels = map[string]int{"DeviceGray": 1, "CalGray": 1, "G": 1, "DeviceRGB": 3, "RGB": 3}[string(cs)]
	case types.Array:
		if len(cs) == 2 && f.name(cs[0]) == "ICCBased" {
			if sd, _, err := f.ctx.DereferenceStreamDict(cs[1]); err == nil && sd != nil {
				l.channels = f.integer(sd.Dict["N"])
			}
		} else if len(cs) == 2 && f.name(cs[0]) == "CalGray" {
			l.channels = 1
		} else if len(cs) == 2 && f.name(cs[0]) == "CalRGB" {
			l.channels = 3
		}
	}
	decode, err := f.ctx.DereferenceArray(d["Decode"])
	if err != nil || l.channels != 1 && l.channels != 3 || l.channels == 3 && decode != nil {
		return l, errors.New("a colour space that is not decoded directly")
	}
	if len(decode) == 2 {
		least, err1 := f.ctx.DereferenceNumber(decode[0])
		most, err2 := f.ctx.DereferenceNumber(decode[1])
		l.inverted = least == 1 && most == 0
		if err1 != nil || err2 != nil || !l.inverted && (least != 0 || most != 1) {
			return l, errors.New("samples that are mapped are not decoded directly")
		}
	}
	return l, nil
}
