package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Pool holds the helper processes and hands each request to a free one.
// It is safe for concurrent use; a request waits until a helper is free.
//
// A helper works on one file in its life: should the file take it over, it has
// readings of no other file to forge.
type Pool struct {
	cfg   Config
	turns chan struct{} // a token for each slot that is at work

	mu     sync.Mutex
	idle   []*helper // the longest idle first
	warm   bool      // pdfium's compiled code is in the cache
	closed bool      // no spare is to be kept any more

	spare    *helper        // that no file was given to; see Config.Spare
	starting bool           // a spare is being started
	drawn    bool           // pdfium drew the page that was shown last
	spares   sync.WaitGroup // those being started

	begun, lost atomic.Int64 // see Started and Lost
}

// Started counts the helper processes that were started. One works on one file only, so
// that many are.
func (p *Pool) Started() int64 { return p.begun.Load() }

// Lost counts the helper processes that could not be started, died or were ended over a
// request, for time or memory too.
func (p *Pool) Lost() int64 { return p.lost.Load() }

// New makes a pool; no process is started before the first request.
func New(cfg Config) *Pool {
	if cfg.Slots == 0 {
		cfg.Slots = runtime.NumCPU()
	}
	return &Pool{cfg: cfg.withDefaults(), turns: make(chan struct{}, cfg.Slots)}
}

// Close ends all helpers; it waits for requests in hand.
func (p *Pool) Close() {
	for range cap(p.turns) {
		p.turns <- struct{}{}
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.spares.Wait()
	p.mu.Lock()
	left := append(p.idle, p.spare)
	p.idle, p.spare = nil, nil
	p.mu.Unlock()
	for _, h := range left {
		if h != nil {
			h.end()
		}
	}
}

// Slots is the number of helpers that work at once.
func (p *Pool) Slots() int { return cap(p.turns) }

// ask takes a helper, asks it, and keeps it for more of the same file or ends it.
func (p *Pool) ask(ctx context.Context, q request, files []*os.File, got func(answer)) error {
	if err := p.warmUp(ctx); err != nil {
		return err
	}
	select {
	case p.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	h, superfluous := p.choose(q.Key, len(files) > 0)
	defer func() { p.putBack(h) }()
	if superfluous != nil {
		superfluous.end()
	}
	if h == nil {
		started, err := p.started(ctx)
		if err != nil {
			p.failed(ctx)
			return err
		}
		h = started
	}
	p.keepSpare()
	if len(files) > 0 {
		h.file, h.bound = q.Key, true
	}
	err := h.ask(ctx, q, files, got)
	if err != nil {
		p.failed(ctx)
	}
	if err != nil || h.spent || h.pages >= p.cfg.Recycle || h.bound && h.file == "" {
		h.end()
		h = nil
	}
	return err
}

// failed counts a helper that was lost, but not because nobody waits for it any more.
func (p *Pool) failed(ctx context.Context) {
	if ctx.Err() == nil {
		p.lost.Add(1)
	}
}

// putBack ends a turn; nil = its helper has ended, too.
func (p *Pool) putBack(h *helper) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h != nil {
		p.idle = append(p.idle, h)
		if h.since = time.Now(); p.cfg.Idle > 0 {
			time.AfterFunc(p.cfg.Idle, func() { p.expire(h) })
		}
	}
	<-p.turns
}

// expire ends a helper that was not asked again.
func (p *Pool) expire(h *helper) {
	p.mu.Lock()
	i := slices.Index(p.idle, h)
	if i < 0 || time.Since(h.since) < p.cfg.Idle {
		p.mu.Unlock()
		return
	}
	p.idle = slices.Delete(p.idle, i, i+1)
	p.mu.Unlock()
	h.end()
}

// choose takes an idle helper that may have the file: one that has it already, else
// one that has had none. If there is none, a new one is to be started, and when all
// slots have a process, the one that was idle longest gives way to one that stays.
func (p *Pool) choose(key string, file bool) (h, superfluous *helper) {
	p.mu.Lock()
	defer p.mu.Unlock()
	take := func(i int) *helper {
		taken := p.idle[i]
		p.idle = slices.Delete(p.idle, i, i+1)
		return taken
	}
	for _, fits := range []func(*helper) bool{
		func(h *helper) bool { return !file || key != "" && h.bound && h.file == key },
		func(h *helper) bool { return !h.bound },
	} {
		if i := slices.IndexFunc(p.idle, fits); i >= 0 {
			return take(i), nil
		}
	}
	// One for a file without a key ends with its answer: others need not give way to it.
	lasting := !file || key != ""
	if lasting && len(p.idle) > 0 && len(p.idle)+len(p.turns) > cap(p.turns) {
		superfluous = take(0)
	}
	return nil, superfluous
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
