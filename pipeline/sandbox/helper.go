package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
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
	h.engine = scan.New(scan.Config{Bytes: cfg.Bytes, Pages: cfg.Pages, Pixels: cfg.Pixels, Cache: cfg.Cache, Counted: cfg.Counted, Step: func() { h.step() }})
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
	case "view":
		v, err := h.view(q, files)
		if err != nil {
			last = failed(err)
			break
		}
		last.View = &v
	case "prepare":
		if err := h.engine.Prepare(); err != nil {
			last.Failure = err.Error()
		}
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
		return nil, &Refusal{mail.UnreadableFile, err.Error(), says(err)}
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
	return &Refusal{reason, told(err.Error()), says(err)}
}

// says tells scan's error for other languages; what a library said of it stays as it is.
func says(err error) *mail.Saying {
	var fault *scan.Fault
	code := "fault-unreadable"
	switch {
	case errors.As(err, &fault):
		return fault.Says
	case errors.Is(err, scan.ErrEncrypted):
		return mail.Say("fault-encrypted")
	case errors.Is(err, scan.ErrSymbolCoding):
		return mail.Say("fault-symbol-coding")
	case errors.Is(err, scan.ErrPageCount):
		return mail.Say("fault-page-count")
	case errors.Is(err, scan.ErrLimit):
		code = "fault-limit"
	case errors.Is(err, scan.ErrApart):
		code = "fault-apart"
	}
	return mail.Say(code, "fault", told(err.Error()))
}

// told shortens what a library says at length: people read the beginning.
func told(why string) string {
	const most = 1000
	if len(why) > most {
		why = strings.ToValidUTF8(why[:most], "") + "…"
	}
	return why
}

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
