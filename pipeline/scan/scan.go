// Package scan opens scanner files: PDF, TIFF, JPEG and PNG, told by content.
//
// In come a file's bytes; out go pictures of its pages, spans of its pages as PDFs
// of their own, and, with what was read on the pages, searchable renditions. The
// package is the wall around pdfcpu, pdfium and the TIFF libraries; it knows
// pictures, not post. Its input is hostile: sizes are checked before anything is
// decoded, every walk is bounded, and it runs in a helper process.
package scan

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"

	"postroom/durable"
	"postroom/mail"
)

// Config bounds what a file may take; zero fields have the default named beside them.
type Config struct {
	Pixels int64 // of one page: 60e6
	Pages  int   // of a file: 10000
	Bytes  int64 // of a file: 500e6
	// Counted tells that the files were opened before, and their pages counted by both
	// parsers: pdfium opens a PDF only when a page must be drawn.
	Counted bool
	Stream  int64  // of one decoded stream: 128 MiB
	Step    func() // called as each page of a cut is done or compared, because the time of a page is limited; nil = nobody waits
	Cache   string // folder of pdfium's compiled code; "" = it is compiled at each start, 5 s
}

// Why a file or page can't be worked on.
var (
	ErrUnreadable   = errors.New("it can't be read")
	ErrEncrypted    = errors.New("it is encrypted")
	ErrSymbolCoding = errors.New("it holds JBIG2 pictures with symbol coding, which may have replaced characters unseen")
	ErrLimit        = errors.New("it is over a limit")
	ErrApart        = errors.New("its pages can't be copied without it")
	ErrPageCount    = errors.New("two parsers count its pages differently")
)

// Fault is one of these with what it says, for other languages.
type Fault struct {
	Says *mail.Saying
	error
}

func (f *Fault) Unwrap() error { return f.error }

// Engine opens files. It is for one goroutine, and one file at a time.
type Engine struct {
	cfg    Config
	pdfium *renderer
}

// New makes an engine; pdfium starts when a PDF first needs it.
func New(c Config) *Engine {
	if c.Pixels == 0 {
		c.Pixels = 60e6
	}
	if c.Pages == 0 {
		c.Pages = 10000
	}
	if c.Bytes == 0 {
		c.Bytes = 500e6
	}
	if c.Stream == 0 {
		c.Stream = 128 << 20
	}
	if c.Step == nil {
		c.Step = unpaced
	}
	return &Engine{cfg: c}
}

func unpaced() {}

// Close ends pdfium.
func (e *Engine) Close() error {
	if e.pdfium == nil {
		return nil
	}
	return e.pdfium.close()
}

// Prepare starts pdfium before a PDF needs it: that takes 0.1 s, for which nobody waits then.
func (e *Engine) Prepare() error {
	_, err := e.render()
	return err
}

// render gives pdfium, started when it was not.
func (e *Engine) render() (*renderer, error) {
	if e.pdfium == nil {
		r, err := startPdfium(e.cfg.Cache)
		if err != nil {
			return nil, err
		}
		e.pdfium = r
	}
	return e.pdfium, nil
}

// Picture is a page as it was scanned, after /Rotate or an orientation tag.
type Picture struct {
	Gray       *image.Gray
	DPIX, DPIY float64 // pixels an inch; where a file does not say, the width is taken for that of an A4 page
	Via        string  // how it was decoded: "ccitt", "jpeg", "flate", "tiff", "png", "pdfium"
}

// pages is one format's way to its pages.
type pages interface {
	count() int
	decode(n int, colour bool) (decoded, error) // without colour it may be grey
	cut(from, to int, w io.Writer, step func()) (recoded []string, err error)
	close() error
}

// File is an open scanner file.
type File struct {
	kind  mail.Kind
	pages pages
	raw   io.ReaderAt
	size  int64
	step  func()

	viewed struct { // the page that was looked at last
		page int // 0 = none
		decoded
	}
}

// Open opens a file. Errors are ErrUnreadable, ErrEncrypted, ErrSymbolCoding,
// ErrLimit and ErrPageCount.
func (e *Engine) Open(r io.ReaderAt, size int64) (f *File, err error) {
	defer caught(&err)
	if size > e.cfg.Bytes {
		return nil, &Fault{mail.Say("fault-bytes", "bytes", size, "most", e.cfg.Bytes),
			fmt.Errorf("%w: it has %d bytes, at most %d are allowed (limits.file)", ErrLimit, size, e.cfg.Bytes)}
	}
	f = &File{kind: KindOf(r, size), raw: r, size: size, step: e.cfg.Step}
	switch f.kind {
	case mail.PDF:
		f.pages, err = e.openPDF(r, size)
	case mail.TIFF:
		f.pages, err = e.openTIFF(r, size)
	case mail.JPEG:
		f.pages, err = e.openJPEG(r, size)
	case mail.PNG:
		f.pages, err = e.openPNG(r, size)
	default:
		return nil, &Fault{mail.Say("fault-kind"), fmt.Errorf("%w: its content is neither PDF nor TIFF, JPEG or PNG", ErrUnreadable)}
	}
	if err != nil {
		return nil, err
	}
	if n := f.pages.count(); n > e.cfg.Pages {
		over := fmt.Errorf("%w: it has %d pages, at most %d are allowed (limits.pages)", ErrLimit, n, e.cfg.Pages)
		return nil, errors.Join(&Fault{mail.Say("fault-pages", "pages", n, "most", e.cfg.Pages), over}, f.pages.close())
	}
	return f, nil
}

// caught turns a decoder's panic into an unreadable file. A bug of ours stays one.
func caught(err *error) {
	if p := recover(); p != nil {
		if s, ok := p.(string); ok && len(s) > 5 && s[:5] == "bug: " {
			panic(p)
		}
		*err = fmt.Errorf("%w: the decoder broke: %v", ErrUnreadable, p)
	}
}

// Kind is the file's format.
func (f *File) Kind() mail.Kind { return f.kind }

// Pages is the number of pages.
func (f *File) Pages() int { return f.pages.count() }

// Close closes what the engine holds of the file.
func (f *File) Close() error { return f.pages.close() }

// forget gives the memory back of the page that was looked at last.
func (f *File) forget() { f.viewed.page, f.viewed.decoded = 0, decoded{} }

// Picture decodes page n, counted from 1.
func (f *File) Picture(n int) (p Picture, err error) {
	defer caught(&err)
	f.forget()
	if n < 1 || n > f.Pages() {
		return p, fmt.Errorf("%w: it has no page %d", ErrUnreadable, n)
	}
	d, err := f.pages.decode(n, false)
	if err != nil {
		return p, err
	}
	return d.grey(), nil
}

// Cut writes the pages from..to as a PDF of their own: picture streams as they
// are, and nothing of any other page. All pages of a PDF are the file itself.
// recoded names what PDF can't carry bit for bit and was coded anew, pixel-equal.
// ErrOutput is w's.
func (f *File) Cut(from, to int, w io.Writer) (recoded []string, err error) {
	defer caught(&err)
	f.forget()
	if from < 1 || to < from || to > f.Pages() {
		return nil, fmt.Errorf("%w: it has no pages %d-%d", ErrUnreadable, from, to)
	}
	out := &output{w: w}
	if f.kind == mail.PDF && from == 1 && to == f.Pages() {
		_, err = io.Copy(out, io.NewSectionReader(f.raw, 0, f.size))
	} else {
		recoded, err = f.pages.cut(from, to, out, f.step)
	}
	if out.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOutput, out.err)
	}
	return recoded, err
}

// output keeps the error of writing, which says nothing about the file that is read.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(b []byte) (n int, err error) {
	if n, err = o.w.Write(b); err != nil {
		o.err = err
	}
	return n, err
}

// KindOf tells a format by its content.
func KindOf(r io.ReaderAt, size int64) mail.Kind {
	head := make([]byte, min(size, 1024))
	if n, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		head = head[:n]
	}
	switch {
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")):
		return mail.TIFF
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return mail.JPEG
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return mail.PNG
	case bytes.Contains(head, []byte("%PDF-")): // readers allow rubbish before it
		return mail.PDF
	}
	return mail.KindUnknown
}

// checkPixels refuses a picture by its header, before it is decoded.
func (e *Engine) checkPixels(w, h int) error {
	if w <= 0 || h <= 0 {
		return fmt.Errorf("%w: a picture of %d by %d pixels", ErrUnreadable, w, h)
	}
	if int64(w) > e.cfg.Pixels || int64(h) > e.cfg.Pixels || int64(w)*int64(h) > e.cfg.Pixels {
		return &Fault{mail.Say("fault-pixels", "width", w, "height", h, "most", e.cfg.Pixels),
			fmt.Errorf("%w: a picture of %d by %d pixels, at most %d pixels are allowed (limits.pixels)", ErrLimit, w, h, e.cfg.Pixels)}
	}
	return nil
}

// Warm fills the cache with pdfium's compiled code.
func Warm(cache string) error {
	if err := durable.MkdirAll(cache, 0o700); err != nil {
		return err
	}
	r, err := startPdfium(cache)
	if err != nil {
		return err
	}
	return r.close()
}
