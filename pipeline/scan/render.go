package scan

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"postroom/mail"
)

// Order says what a rendition is to be.
type Order struct {
	Title    string `json:"title,omitempty"`    // of the document, for people; "" = none
	Language string `json:"language,omitempty"` // of its text, BCP 47; what is no such tag is left out
	Producer string `json:"producer,omitempty"` // the program that makes it; "" = none
	Pages    int    `json:"pages"`              // of the file: a reading of another page than the file's lies on no words
	// Page gives what was read on page n, counted from 1; it is asked once for each, in order.
	Page func(n int) (OrderPage, error) `json:"-"`
}

// OrderPage is what is to be done with a page.
type OrderPage struct {
	Reading mail.Reading `json:"reading"`
	Drop    bool         `json:"drop,omitempty"` // leave the page out
}

// Text says where a rendition's page has its text from.
type Text string

// The sources of a page's text.
const (
	NoWords   Text = "none"  // there are no words on it
	LaidWords Text = "layer" // the words that were read, invisible over the picture
	OwnWords  Text = "own"   // the page came with text, which it keeps
)

// RenderedPage is what was done with a page.
type RenderedPage struct {
	Text     Text `json:"text,omitempty"` // "" = the page was dropped
	Rotation int  `json:"rotation"`       // degrees, clockwise, that it was turned by
	Words    int  `json:"words"`          // in the layer
}

// Rendered is what was done.
type Rendered struct {
	Pages []RenderedPage `json:"pages"`
	PDFA  bool           `json:"pdfa"`          // the file is a PDF/A-2b, as far as checkArchive looks, and says so
	Why   string         `json:"why,omitempty"` // it is not
}

// Target takes a rendition, which is read back from it.
type Target interface {
	io.Writer
	io.ReaderAt
	io.Seeker
	Truncate(size int64) error
}

// Why there is no rendition.
var (
	ErrSigned  = errors.New("it is signed, and what is written anew is signed by nobody")
	ErrDiffers = errors.New("the rendition would not show what the original shows")
	ErrOutput  = errors.New("the output can't be written") // the disk's fault, not the file's
)

// Render writes a searchable rendition of a PDF: its pages upright, their picture
// streams as they are, with the words that were read as invisible text, and the
// structure of a PDF/A-2b (ISO 19005-2) where the file allows of it. What was written
// is read back and compared with the file before it counts. Errors are Open's, and
// ErrSigned, ErrDiffers, ErrOutput; out then holds nothing of use.
func (f *File) Render(o Order, out Target) (done Rendered, err error) {
	defer caught(&err)
	pdf, ok := f.pages.(*pdfFile)
	if !ok {
		return done, fmt.Errorf("%w: only a PDF is rendered", ErrUnreadable)
	}
	if o.Pages != f.Pages() {
		return done, fmt.Errorf("%w: it has %d pages, and readings of %d", ErrUnreadable, f.Pages(), o.Pages)
	}
	r := &rendition{copier: copier{file: pdf, numbers: map[int]int{}}, order: o}
	if err := r.compose(f.step); err != nil {
		return done, err
	}
	return r.publish(out, f.step)
}

// rendition is one on its way.
type rendition struct {
	copier
	order    Order
	done     []RenderedPage
	kept     []int // pages of the source, from 1, that are in it
	font     int   // object number of the layers' font; 0 = there is no layer
	metadata int
	letters  alphabet // of the layers
}

// compose copies the pages, and adds what makes them searchable.
func (r *rendition) compose(step func()) error {
	if r.file.signed() {
		return ErrSigned
	}
	form, err := r.file.severable()
	if err != nil {
		return err
	}
	for n := 1; n <= r.file.count(); n++ {
		want, err := r.order.Page(n)
		if err != nil {
			return err
		}
		did := RenderedPage{}
		if !want.Drop {
			if did, err = r.page(n, want.Reading, form); err != nil {
				return fmt.Errorf("page %d: %w", n, err)
			}
			r.kept = append(r.kept, n)
		}
		r.done = append(r.done, did)
		step()
	}
	if len(r.kept) == 0 {
		return fmt.Errorf("%w: no page is left that is not blank", ErrUnreadable)
	}
	if r.font > 0 {
		if err := r.invisibleFont(r.font, &r.letters); err != nil {
			return err
		}
	}
	return r.describe()
}

// page copies a page, turned upright, with its layer.
func (r *rendition) page(n int, read mail.Reading, form types.Dict) (did RenderedPage, err error) {
	p := r.file.page(n)
	if p.MediaBox == nil || p.Rotate%90 != 0 {
		return did, fmt.Errorf("%w: it has no size, or is turned by %d degrees", ErrUnreadable, p.Rotate)
	}
	content, err := r.file.content(p.Dict)
	if err != nil {
		return did, err
	}
	if r.file.livesByForm(p.Dict, form) {
		return did, fmt.Errorf("%w: a field has no picture of its value, and would lose it without the file's form", ErrUnreadable)
	}
	own, err := r.file.writes(p, content)
	if err != nil {
		return did, err
	}
	over := overlay{}
	if did.Text = NoWords; own {
		did.Text = OwnWords
	}
	if !slices.Contains([]int{90, 180, 270}, read.Rotation) { // there is no other way to lie
		read.Rotation = 0
	}
	if !r.file.widgets(p.Dict) { // those pdfium draws by the file's form alone, and only upright
		over.turn, did.Rotation = read.Rotation, read.Rotation
	}
	if !own && read.Width > 0 && read.Height > 0 {
		var layer []byte
		if layer, did.Words = layOut(read, r.file.placed(p, content, read), &r.letters); did.Words > 0 {
			did.Text = LaidWords
			if r.font == 0 {
				r.font = r.reserve()
			}
			if over.text, err = r.flated("", layer); err != nil {
				return did, err
			}
			over.font = r.font
		}
	}
	return did, r.copier.page(p, content, over)
}

// placed leads from the pixels of a page's reading to the page's own units. The
// pixels are either those of the picture that the page is, or of what its box shows.
func (f *pdfFile) placed(p leaf, content []byte, read mail.Reading) matrix {
	box := visible(p)
	if img, ok := f.only(p, content); ok {
		w, h := img.w, img.h
		if p.Rotate%180 != 0 {
			w, h = h, w
		}
		if w == read.Width && h == read.Height {
			box = img.place
		}
	}
	x, y, w, h := box.LL.X, box.LL.Y, box.Width(), box.Height()
	var unit matrix // from a square whose y goes down
	switch turned(p.Rotate) {
	case 1:
		unit = matrix{w, 0, 0, -h, x, y + h}
	case 6:
		unit = matrix{0, h, w, 0, x, y}
	case 3:
		unit = matrix{-w, 0, 0, h, x + w, y}
	case 8:
		unit = matrix{0, -h, -w, 0, x + w, y + h}
	}
	return matrix{1 / float64(read.Width), 0, 0, 1 / float64(read.Height), 0, 0}.mul(unit)
}

// visible is the part of a page that is shown (ISO 32000-1, 14.11.2).
func visible(p leaf) *types.Rectangle {
	box := p.MediaBox
	if c := p.CropBox; c != nil {
		cut := types.NewRectangle(max(c.LL.X, box.LL.X), max(c.LL.Y, box.LL.Y), min(c.UR.X, box.UR.X), min(c.UR.Y, box.UR.Y))
		if cut.Width() > 0 && cut.Height() > 0 {
			return cut
		}
	}
	return box
}

// describe adds what the file says of itself, and its colours.
func (r *rendition) describe() error {
	d := r.order.described()
	profile, err := r.flated("/N 3", sRGB())
	if err != nil {
		return err
	}
	intent := r.add(fmt.Appendf(nil, "<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)/Info(sRGB IEC61966-2.1)/DestOutputProfile %d 0 R>>", profile))
	r.metadata = r.reserve()
	r.claim(true)
	r.info = r.add(d.info())
	language := ""
	if d.language != "" {
		language = "/Lang" + textString(d.language)
	}
	r.root = fmt.Sprintf("/Metadata %d 0 R/OutputIntents[%d 0 R]%s/ViewerPreferences<</DisplayDocTitle true>>", r.metadata, intent, language)
	return nil
}

// claim sets the metadata, which say that the file is a PDF/A or do not.
func (r *rendition) claim(archive bool) {
	text := r.order.described().xmp(archive)
	r.set(r.metadata, fmt.Appendf(nil, "<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream", len(text), text))
}

// publish writes the rendition and has it prove itself.
func (r *rendition) publish(out Target, step func()) (Rendered, error) {
	done := Rendered{Pages: r.done}
	written, err := r.written(out)
	if err != nil {
		return done, err
	}
	defer func() { written.close() }()
	fault := written.checkArchive(r.font, r.order.described(), step)
	if done.PDFA = fault == nil; !done.PDFA {
		done.Why = fault.Error()
		r.claim(false)
		written.close()
		if written, err = r.written(out); err != nil {
			return done, err
		}
	}
	r.objects = nil // they may be large, and are on the disk now
	return done, r.file.sameAs(written, r.kept, r.done, step)
}

// written writes the file anew and opens it.
func (r *rendition) written(out Target) (*pdfFile, error) {
	_, err := out.Seek(0, io.SeekStart)
	if err = errors.Join(err, out.Truncate(0)); err == nil {
		err = r.write(out)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOutput, err)
	}
	size, err := out.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOutput, err)
	}
	opened, err := r.file.engine.openPDF(out, size)
	if err != nil {
		return nil, fmt.Errorf("%w: it can't be opened: %v", ErrDiffers, err)
	}
	return opened.(*pdfFile), nil
}

// signed tells whether a signature covers bytes of the file (ISO 32000-1, 12.8.1).
func (f *pdfFile) signed() bool {
	for _, entry := range f.ctx.Table {
		if entry == nil || entry.Free {
			continue
		}
		if d, ok := entry.Object.(types.Dict); ok && d["ByteRange"] != nil {
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
