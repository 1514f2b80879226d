package scan

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"postroom/mail"
)

// Render writes a searchable rendition of a PDF: its pages upright, their picture
// streams as they are, with the words that were read as invisible text, and the
// structure of a PDF/A-2b (ISO 19005-2) where the file allows of it. What was written
// is read back and compared with the file before it counts. Errors are Open's, and
// ErrSigned, ErrDiffers, ErrPages, ErrOutput; out then holds nothing of use.
func (f *File) Render(o Order, out Target) (done Rendered, err error) {
	defer caught(&err)
	f.forget()
	pdf, ok := f.pages.(*pdfFile)
	if !ok {
		return done, fmt.Errorf("%w: only a PDF is rendered", ErrUnreadable)
	}
	if err := pdf.second(); err != nil {
		return done, err
	}
	if o.Pages != f.Pages() {
		return done, fmt.Errorf("%w: %d, and readings of %d", ErrPages, f.Pages(), o.Pages)
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
			if did, err = r.page(n, want, form); err != nil {
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
func (r *rendition) page(n int, want OrderPage, form types.Dict) (did RenderedPage, err error) {
	read := want.Reading
	p := r.file.page(n)
	if p.MediaBox == nil || p.Rotate%90 != 0 {
		return did, fmt.Errorf("%w: it has no size, or is turned by %d degrees", ErrUnreadable, p.Rotate)
	}
	content, err := r.file.content(p.Dict)
	if err != nil {
		return did, err
	}
	if err := r.file.standsAlone(p.Dict, form); err != nil {
		return did, err
	}
	own, err := r.file.writes(p, content)
	if err != nil {
		return did, err
	}
	// A line that a fax or a scanner printed on the picture is not the page's text.
	enough := own > 0 && float64(own) >= leastOwn*float64(lettersOf(read))
	over := overlay{}
	if did.Text = NoWords; enough {
		did.Text = OwnWords
	}
	if !slices.Contains([]int{90, 180, 270}, read.Rotation) { // there is no other way to lie
		read.Rotation = 0
	}
	turn := read.Rotation // the words lie as they were read, whichever way the page is turned
	if want.Turn != nil && slices.Contains([]int{0, 90, 180, 270}, *want.Turn) {
		turn = *want.Turn
	}
	if !r.file.widgets(p.Dict) { // those pdfium draws by the file's form alone, and only upright
		over.turn, did.Rotation = turn, turn
	}
	if !enough && read.Width > 0 && read.Height > 0 {
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

// leastOwn is the least share of the letters that were read on a page that its own text
// must have, for the page to be left as it came.
const leastOwn = 0.5

func lettersOf(read mail.Reading) (n int) {
	for _, w := range read.Words {
		n += utf8.RuneCountInString(w.Text)
	}
	return n
}
