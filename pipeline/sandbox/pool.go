package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
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
		started, err := start(ctx, p.cfg)
		if err != nil {
			return err
		}
		h = started
	}
	err := h.ask(ctx, q, files, got)
	if err != nil || h.spent || h.pages >= p.cfg.Recycle {
		h.end()
		h = nil
	}
	return err
}

// Compiling pdfium takes some 5 s and no file is in hand: a page's limits are not meant for it.
const (
	warmTime   = 5 * time.Minute
	warmMemory = 2 << 30
)

// warmUp has one helper compile pdfium into the cache, which the others then read.
// That it fails says nothing about any file.
func (p *Pool) warmUp(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.warm || p.cfg.Cache == "" {
		return nil
	}
	cfg := p.cfg
	cfg.Warm, cfg.PageCPU, cfg.PageWall, cfg.Memory = true, warmTime, warmTime, warmMemory
	h, err := start(ctx, cfg)
	if err != nil {
		return err
	}
	defer h.end()
	if err := h.ask(ctx, request{Op: "warm"}, nil, func(answer) {}); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("compile pdfium: %v", err))
	}
	p.warm = true
	return nil
}

// Level names the isolation that helpers reach.
func (p *Pool) Level(ctx context.Context) (level string, err error) {
	err = p.ask(ctx, request{Op: "level"}, nil, func(a answer) { level = a.Level })
	return level, err
}
