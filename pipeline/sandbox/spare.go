package sandbox

import "context"

// started gives a helper that has seen no file: the spare, or a new one.
func (p *Pool) started(ctx context.Context) (*helper, error) {
	p.mu.Lock()
	h := p.spare
	p.spare = nil
	p.mu.Unlock()
	if h != nil {
		return h, nil
	}
	return p.fresh(ctx)
}

// fresh starts a helper.
func (p *Pool) fresh(ctx context.Context) (*helper, error) {
	h, err := start(ctx, p.cfg)
	if err == nil {
		p.begun.Add(1)
	}
	return h, err
}

// expect has the next spare made for pages that pdfium draws, or for others: to start it
// costs as much as two helpers.
func (p *Pool) expect(drawn bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drawn = drawn
}

// keepSpare has a spare started when there is none. That it can't be says nothing: the
// next request starts its own helper, and tells.
func (p *Pool) keepSpare() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.cfg.Spare || p.closed || p.spare != nil || p.starting {
		return
	}
	p.starting = true
	drawn := p.drawn
	p.spares.Go(func() {
		h, err := p.fresh(context.Background())
		if err == nil && drawn {
			if err = h.ask(context.Background(), request{Op: "prepare"}, nil, func(answer) {}); err != nil {
				h.end()
			}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.starting = false; err == nil {
			p.spare = h
		}
	})
}
