package pipeline

import (
	"sync"
	"time"
)

// paceTime is how far back the pace looks.
const paceTime = time.Minute

// pace counts the pages that were read lately.
type pace struct {
	mu    sync.Mutex
	reads []pagesAt // ascending
}

type pagesAt struct {
	at    time.Time
	pages int
}

func (p *pace) add(now time.Time, pages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	p.reads = append(p.reads, pagesAt{now, pages})
}

// forget leaves out what is older than paceTime, and what a clock that was put back makes later than now.
func (p *pace) forget(now time.Time) {
	kept := p.reads[:0]
	for _, r := range p.reads {
		if age := now.Sub(r.at); age >= 0 && age < paceTime {
			kept = append(kept, r)
		}
	}
	p.reads = kept
}

func (p *pace) rate(now time.Time) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	n := 0
	for _, r := range p.reads {
		n += r.pages
	}
	return float64(n) / paceTime.Seconds()
}

// Pace gives how many pages a second were read in the last minute, by this process.
func (m *Mailroom) Pace() float64 { return m.pace.rate(m.cfg.Now()) }
