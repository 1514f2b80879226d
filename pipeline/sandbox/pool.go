package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"postroom/mail"
)

// Pool holds the helper processes and hands each request to a free one.
// It is safe for concurrent use; a request waits until a helper is free.
type Pool struct {
	cfg   Config
	slots chan *helper // a nil helper is a slot whose process is not started yet

	mu   sync.Mutex
	warm bool // pdfium's compiled code is in the cache
}

// New makes a pool; no process is started before the first request.
func New(cfg Config) *Pool {
	if cfg.Slots == 0 {
		cfg.Slots = runtime.NumCPU()
	}
	p := &Pool{cfg: cfg.withDefaults(), slots: make(chan *helper, cfg.Slots)}
	for range cfg.Slots {
		p.slots <- nil
	}
	return p
}

// Close ends all helpers; it waits for requests in hand.
func (p *Pool) Close() {
	for range cap(p.slots) {
		if h := <-p.slots; h != nil {
			h.end()
		}
	}
}

// Slots is the number of helpers that work at once.
func (p *Pool) Slots() int { return cap(p.slots) }

// Whole tells whether a file is structurally complete: "" or what is missing.
func (p *Pool) Whole(ctx context.Context, f *os.File) (missing string, err error) {
	err = p.ask(ctx, request{Op: "whole"}, []*os.File{f}, func(a answer) { missing = a.Whole })
	if errors.Is(err, errDied) {
		return "", nil // its death shows again when it is opened, with a reason
	}
	return missing, err
}

// Open counts a file's pages. A helper that dies over the file is a Refusal.
// key names the content (its digest), so that a helper can keep the file open.
func (p *Pool) Open(ctx context.Context, f *os.File, key string) (Contents, error) {
	var c Contents
	err := p.twice(ctx, request{Op: "open", Key: key}, []*os.File{f}, func(a answer) {
		if a.Contents != nil {
			c = *a.Contents
		}
	})
	if died, why := deathOf(err); died {
		return Contents{Refused: &Refusal{mail.UnreadableFile, why}}, nil
	}
	return c, err
}

// Read reads pages, in their order. A page over which helpers die is a Reading
// with a Failure; the pages after it are read all the same.
func (p *Pool) Read(ctx context.Context, f *os.File, key string, pages []int, text Text) ([]mail.Reading, error) {
	var readings []mail.Reading
	deaths := 0
	for len(readings) < len(pages) {
		left := pages[len(readings):]
		before := len(readings)
		err := p.ask(ctx, request{Op: "read", Key: key, Pages: left, Text: text}, []*os.File{f}, func(a answer) {
			if a.Reading != nil && len(readings) < len(pages) && a.Reading.Page == pages[len(readings)] {
				readings = append(readings, *a.Reading)
			}
		})
		if len(readings) > before {
			deaths = 0
		}
		died, why := deathOf(err)
		switch {
		case died:
			// The first death may have been bad luck (the machine out of memory);
			// a page that takes too long is not asked again.
			if deaths++; deaths > 1 || errors.Is(err, errSlow) {
				readings = append(readings, mail.Reading{Page: pages[len(readings)], Failure: why})
				deaths = 0
			}
		case err != nil:
			return readings, err
		case len(readings) == before:
			return readings, fmt.Errorf("the helper answered without page %d", left[0])
		}
	}
	return readings, nil
}

// Cut writes the pages from..to of f as a PDF of their own to out.
func (p *Pool) Cut(ctx context.Context, f *os.File, key string, from, to int, out *os.File) (Cutting, error) {
	var c Cutting
	err := p.ask(ctx, request{Op: "cut", Key: key, From: from, To: to}, []*os.File{f, out}, func(a answer) {
		if a.Cutting != nil {
			c = *a.Cutting
		}
	})
	if died, why := deathOf(err); died {
		return Cutting{Refused: &Refusal{mail.UnreadablePage, why}}, nil
	}
	return c, err
}

// twice asks again when the helper died for another reason than time: bad luck is not a finding.
func (p *Pool) twice(ctx context.Context, q request, files []*os.File, got func(answer)) error {
	err := p.ask(ctx, q, files, got)
	if errors.Is(err, errDied) && !errors.Is(err, errSlow) {
		err = p.ask(ctx, q, files, got)
	}
	return err
}

func deathOf(err error) (bool, string) {
	if errors.Is(err, errDied) {
		return true, err.Error()
	}
	return false, ""
}

// ask takes a helper, asks it, and puts it back or replaces it.
func (p *Pool) ask(ctx context.Context, q request, files []*os.File, got func(answer)) error {
	if err := p.warmUp(ctx); err != nil {
		return err
	}
	var h *helper
	select {
	case h = <-p.slots:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.slots <- h }()
	if h == nil {
		started, err := start(p.cfg)
		if err != nil {
			return fmt.Errorf("start a helper process: %w", err)
		}
		h = started
	}
	err := h.ask(ctx, q, files, got)
	if err != nil || h.pages >= p.cfg.Recycle {
		h.end()
		h = nil
	}
	return err
}

// warmUp has one helper compile pdfium into the cache, which the others then read.
func (p *Pool) warmUp(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.warm || p.cfg.Cache == "" {
		return nil
	}
	cfg := p.cfg
	cfg.Warm = true
	h, err := start(cfg)
	if err != nil {
		return fmt.Errorf("start a helper process: %w", err)
	}
	defer h.end()
	err = h.ask(ctx, request{Op: "warm"}, nil, func(answer) {})
	p.warm = err == nil
	return err
}

// Level names the isolation that helpers reach.
func (p *Pool) Level(ctx context.Context) (level string, err error) {
	err = p.ask(ctx, request{Op: "level"}, nil, func(a answer) { level = a.Level })
	return level, err
}

// helper is one process and the socket to it.
type helper struct {
	cfg   Config
	cmd   *exec.Cmd
	conn  *net.UnixConn
	pages int
}

func start(cfg Config) (*helper, error) {
	if len(cfg.Command) == 0 {
		return nil, errors.New("bug: no command for helpers")
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "helper"), os.NewFile(uintptr(pair[1]), "parent")
	defer theirs.Close()
	conn, err := parent(ours)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(cfg.Command[0], cfg.Command[1:]...)
	cmd.ExtraFiles = []*os.File{theirs}
	// One thread a page: tesseract's own threads cost more than they give, and
	// nothing of the parent's environment (credentials) is passed on.
	cmd.Env = []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C.UTF-8", "GOMAXPROCS=2"}
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		conn.Close()
		return nil, err
	}
	h := &helper{cfg: cfg, cmd: cmd, conn: conn}
	if err := send(conn, cfg); err != nil {
		h.end()
		return nil, err
	}
	return h, nil
}

func (h *helper) ask(ctx context.Context, q request, files []*os.File, got func(answer)) error {
	watch := h.watch(ctx)
	defer watch.stop()
	if err := send(h.conn, q, files...); err != nil {
		return watch.verdict(err)
	}
	for {
		var a answer
		if _, err := receive(h.conn, &a); err != nil {
			return watch.verdict(err)
		}
		if a.Reading != nil {
			h.pages++
			watch.nextPage()
		}
		got(a)
		if a.Failure != "" {
			return errors.New(a.Failure)
		}
		if a.Done {
			return nil
		}
	}
}

// end kills the process, which holds nothing that could be lost, and reaps it.
func (h *helper) end() {
	h.conn.Close()
	_ = h.cmd.Process.Kill() // it may have ended already
	_ = h.cmd.Wait()         // its exit status says nothing that the socket did not
}
