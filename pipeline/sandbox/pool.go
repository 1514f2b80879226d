package sandbox

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
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
