package sandbox

import (
	"errors"
	"os"
	"slices"

	"postroom/barcode"
	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/scan"
)

// shown is a page as a helper has it before it: whoever asks for more of its text
// decodes it no second time.
type shown struct {
	square  ocr.Squared
	reading mail.Reading // without text
	sought  bool         // its codes are in the reading
	laid    *ocr.Laid
}

// show decodes a page and judges its surface.
func (h *bench) show(f *scan.File, n int) (*shown, error) {
	if h.open.page != nil && h.open.page.reading.Page == n {
		return h.open.page, nil
	}
	h.open.page = nil
	pic, err := f.Picture(n)
	if err != nil {
		return nil, err
	}
	size := pic.Gray.Bounds()
	square := ocr.Square(pic.Gray, pic.DPIX, pic.DPIY) // the shapes of codes, specks and letters are judged
	look := ocr.Look(square.Picture, square.DPI)
	h.open.page = &shown{square: square, reading: mail.Reading{
		Page: n, Width: size.Dx(), Height: size.Dy(), DPI: pic.DPIX, DPIY: pic.DPIY,
		Ink: look.Ink, Blank: look.Blank, Unmarked: look.Unmarked, Streaks: streaks(square, size.Dx()),
	}}
	return h.open.page, nil
}

// streaks are those of a page, their width in its own pixels.
func streaks(s ocr.Squared, width int) []mail.Streak {
	all := barcode.Streaks(s.Picture, s.DPI)
	for i, streak := range all {
		all[i].Width = max(1, streak.Width*width/s.Picture.Rect.Dx())
	}
	return all
}

// read reads a page. What can't be read is a finding; an error is the installation's.
func (h *bench) read(q request, files []*os.File, n int) (mail.Reading, error) {
	fail := func(why string, says *mail.Saying) (mail.Reading, error) {
		return mail.Reading{Page: n, Failure: told(why), Says: says}, nil
	}
	f, refused := h.file(q.Key, files)
	if refused != nil {
		return fail(refused.Detail, refused.Says)
	}
	page, err := h.show(f, n)
	if err != nil {
		return fail(err.Error(), says(err))
	}
	part := q.Text == HeadText || q.Text == again
	if !part && !page.sought {
		h.find(page)
	}
	r := page.reading
	if part {
		r.Symbols, r.Doubts = nil, nil
	}
	if q.Text == NoText || q.Text == TextControls && !h.control(r) {
		return r, nil
	}
	r.HasText = !part
	if r.Blank && q.Text != again {
		return r, nil
	}
	if err := h.text(); err != nil {
		return mail.Reading{}, err
	}
	if err := h.readText(&r, page, q); err != nil {
		return fail("its text can't be read: "+err.Error(), mail.Say("fault-text", "fault", told(err.Error())))
	}
	return r, nil
}

// readText reads a page's text or a part of it.
func (h *bench) readText(r *mail.Reading, page *shown, q request) error {
	if q.Text == again {
		return h.again(r, legible(page.square), q.Place)
	}
	if page.laid == nil {
		laid, err := ocr.Lay(legible(page.square))
		if err != nil {
			return err
		}
		page.laid = &laid
	}
	read := h.words.Read
	if q.Text == HeadText {
		read = h.words.ReadHead
	}
	text, err := read(*page.laid)
	r.Words, r.Rotation, r.Skew, r.Illegible = text.Words, text.Rotation, text.Skew, text.Illegible
	return err
}

// legible is a page as its text is read: a streak through letters spoils them, and
// parts lines where none ends.
func legible(s ocr.Squared) ocr.Squared {
	s.Picture = barcode.WithoutStreaks(s.Picture, s.DPI)
	return s
}

// again looks at a place in several ways.
func (h *bench) again(r *mail.Reading, square ocr.Squared, at *ocr.Place) error {
	if at == nil {
		return errors.New("no place came with the request")
	}
	looks, err := h.words.Again(square, *at)
	for n, words := range looks {
		for _, w := range words {
			w.Line = n
			r.Words = append(r.Words, w)
		}
	}
	return err
}

// find looks for codes; their places are the page's own.
func (h *bench) find(page *shown) {
	s, r := page.square, &page.reading
	found := h.codes.Read(s.Picture, s.DPI)
	for i, code := range found.Symbols {
		found.Symbols[i].Polygon = s.View.Quad(code.Polygon)
	}
	for i, d := range found.Doubts {
		found.Doubts[i].Polygon = s.View.Quad(d.Polygon)
	}
	r.Symbols, r.Doubts, page.sought = found.Symbols, found.Doubts, true
	if len(r.Symbols)+len(r.Doubts) > 0 {
		r.Blank, r.Unmarked = false, false // a code is a mark, however little ink it takes
	}
}

func (h *bench) control(r mail.Reading) bool {
	for _, s := range r.Symbols {
		if s.Symbology.Patch() || slices.Contains(h.cfg.Controls, s.Text) || mail.IsTicket(s.Text) {
			return true
		}
	}
	return slices.ContainsFunc(r.Doubts, func(d mail.Doubt) bool { return d.Looks == mail.LooksPatch })
}

// text starts tesseract when the first page asks for it.
func (h *bench) text() error {
	if h.words != nil {
		return nil
	}
	e, err := ocr.New(ocr.Config{Languages: h.cfg.Languages, Data: h.cfg.Tessdata})
	h.words = e
	return err
}

// cut makes a document's PDF. What is wrong with the file is a finding; an error is the
// output's.
