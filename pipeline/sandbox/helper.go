package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"postroom/barcode"
	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/scan"
)

// Helper is the life of a helper process: it answers requests on file descriptor
// 3 until the parent closes it. The first frame is the configuration, and the
// first answer says that the helper is ready, or why it can't work.
func Helper() error {
	conn, err := parent(os.NewFile(3, "parent"))
	if err != nil {
		return fmt.Errorf("this command is started by postroom itself: %w", err)
	}
	defer conn.Close()
	var cfg Config
	if err := receive(conn, &cfg); err != nil {
		return fmt.Errorf("read the helper's configuration: %w", err)
	}
	h, err := settle(cfg.withDefaults())
	if err != nil {
		return errors.Join(err, send(conn, answer{Failure: err.Error(), Done: true}))
	}
	if err := send(conn, answer{Done: true}); err != nil {
		return fmt.Errorf("say that the helper is ready: %w", err)
	}
	for {
		var q request
		files, err := receiveFiles(conn, &q)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		err = h.answer(conn, q, files)
		for _, f := range files {
			if f != h.open.from {
				f.Close()
			}
		}
		if err != nil {
			return fmt.Errorf("answer %s: %w", q.Op, err)
		}
	}
}

func parent(f *os.File) (*net.UnixConn, error) {
	if f == nil {
		return nil, errors.New("no socket")
	}
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.New("file descriptor 3 is no unix socket")
	}
	return u, nil
}

// bench is a helper's work place: the engines, and the file that it has open.
type bench struct {
	cfg    Config
	level  string // of isolation
	engine *scan.Engine
	codes  *barcode.Reader
	words  *ocr.Engine
	step   func() // says that a step of the request in hand is done
	open   struct {
		key  string
		file *scan.File
		from *os.File
		page *shown // the last
	}
}

// settle isolates the process and sets up its bench.
func settle(cfg Config) (*bench, error) {
	h := &bench{cfg: cfg, step: func() {}}
	if !cfg.Warm {
		level, err := isolate(cfg)
		if err != nil {
			return nil, err
		}
		h.level = level
	}
	h.engine = scan.New(scan.Config{Bytes: cfg.Bytes, Pages: cfg.Pages, Pixels: cfg.Pixels, Cache: cfg.Cache, Step: func() { h.step() }})
	h.codes = barcode.New(barcode.Config{})
	return h, nil
}

func (h *bench) answer(conn *net.UnixConn, q request, files []*os.File) error {
	last := answer{Done: true}
	h.pace(conn, q)
	if q.Op != "read" {
		h.open.page = nil // its memory is wanted
	}
	switch q.Op {
	case "warm":
		if err := scan.Warm(h.cfg.Cache); err != nil {
			last.Failure = err.Error()
		}
	case "level":
		last.Level = h.level + "; tesseract " + ocr.Version()
	case "whole":
		size, err := sizeOf(files)
		if err != nil {
			return err
		}
		if err := scan.Whole(files[0], size); err != nil {
			last.Whole = err.Error()
		}
	case "open":
		c := Contents{}
		if f, refused := h.file(q.Key, files); refused != nil {
			c.Refused = refused
			if size, err := sizeOf(files); err == nil {
				c.Kind = scan.KindOf(files[0], size)
			}
		} else {
			c.Kind, c.Pages = f.Kind(), f.Pages()
		}
		last.Contents = &c
	case "read":
		for _, n := range q.Pages {
			r, err := h.read(q, files, n)
			if err != nil {
				last.Failure = err.Error()
				break
			}
			if err := send(conn, answer{Reading: &r}); err != nil {
				return err
			}
		}
	case "cut":
		done, err := h.cut(q, files)
		if err != nil {
			last = failed(err)
			break
		}
		last.Cutting = done
	case "render":
		done, err := h.render(conn, q, files)
		if err != nil {
			last = failed(err)
			break
		}
		last.Rendered = &done
	case "picture":
		pic, err := h.picture(q, files)
		if err != nil {
			last = failed(err)
			break
		}
		last.Picture = &pic
	default:
		last.Failure = "unknown request " + q.Op
	}
	return send(conn, last)
}

// pace has the steps of a request told to the parent, which gives each the time of
// a page. That it can't be told shows again when the answer is sent.
func (h *bench) pace(conn *net.UnixConn, q request) {
	done := 0
	h.step = func() {
		if done < q.steps() {
			done++
			_ = send(conn, answer{Step: done})
		}
	}
}

func sizeOf(files []*os.File) (int64, error) {
	if len(files) == 0 {
		return 0, errors.New("no file came with the request")
	}
	info, err := files[0].Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// file gives the scanner file of the request; a file asked for again is still open.
func (h *bench) file(key string, files []*os.File) (*scan.File, *Refusal) {
	if h.open.file != nil && key != "" && key == h.open.key {
		return h.open.file, nil
	}
	h.shut()
	size, err := sizeOf(files)
	if err != nil {
		return nil, &Refusal{mail.UnreadableFile, err.Error()}
	}
	f, err := h.engine.Open(files[0], size)
	if err != nil {
		return nil, refusal(err)
	}
	h.open.key, h.open.file, h.open.from = key, f, files[0]
	h.step()
	return f, nil
}

func (h *bench) shut() {
	if h.open.file != nil {
		h.open.file.Close()
		h.open.from.Close()
	}
	h.open.key, h.open.file, h.open.from, h.open.page = "", nil, nil, nil
}

// refusal names scan's error by its exception reason.
func refusal(err error) *Refusal {
	reason := mail.UnreadableFile
	switch {
	case errors.Is(err, scan.ErrEncrypted):
		reason = mail.Encrypted
	case errors.Is(err, scan.ErrSymbolCoding):
		reason = mail.SymbolCoding
	case errors.Is(err, scan.ErrLimit):
		reason = mail.LimitExceeded
	}
	return &Refusal{reason, told(err.Error())}
}

// told shortens what a library says at length: people read the beginning.
func told(why string) string {
	const most = 1000
	if len(why) > most {
		why = strings.ToValidUTF8(why[:most], "") + "…"
	}
	return why
}

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
		Ink: look.Ink, Blank: look.Blank, Unmarked: look.Unmarked,
	}}
	return h.open.page, nil
}

// read reads a page. What can't be read is a finding; an error is the installation's.
func (h *bench) read(q request, files []*os.File, n int) (mail.Reading, error) {
	fail := func(why string) (mail.Reading, error) { return mail.Reading{Page: n, Failure: told(why)}, nil }
	f, refused := h.file(q.Key, files)
	if refused != nil {
		return fail(refused.Detail)
	}
	page, err := h.show(f, n)
	if err != nil {
		return fail(err.Error())
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
		return fail("its text can't be read: " + err.Error())
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
		if s.Symbology.Patch() || slices.Contains(h.cfg.Controls, s.Text) {
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
func (h *bench) cut(q request, files []*os.File) (*Cutting, error) {
	if len(files) < 2 {
		return nil, errors.New("no output came with the request")
	}
	f, refused := h.file(q.Key, files[:1])
	if refused != nil {
		return &Cutting{Refused: refused}, nil
	}
	recoded, err := f.Cut(q.From, q.To, files[1])
	if errors.Is(err, scan.ErrOutput) {
		return nil, err
	}
	if err != nil {
		return &Cutting{Refused: refusal(err)}, nil
	}
	return &Cutting{Recoded: recoded}, nil
}
