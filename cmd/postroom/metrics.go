package main

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"postroom/durable"
	"postroom/pipeline"
	"postroom/pipeline/intake"
	"postroom/web/metrics"
)

// sightings is what waited in a folder when it was listed last.
type sightings struct {
	intake.Waiting
	folder intake.Folder
	at     time.Time
}

// waits notes what waits in a folder.
func (h *health) waits(f intake.Folder, w intake.Waiting) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.intake[f.Name] = sightings{w, f, time.Now()}
}

// folderState is a watched folder on /healthz.
type folderState struct {
	Waiting int  `json:"waiting"`
	Oldest  int  `json:"oldest_s"`
	Aged    int  `json:"aged"`
	Still   bool `json:"still"`
}

// now tells how a folder stands now. One that nothing was heard of for its max_age, as of
// a share that hangs, stands still, too.
func (s sightings) now() metrics.Folder {
	since := time.Since(s.at)
	f := metrics.Folder{Files: s.Files, Aged: s.Aged, Still: s.Still || since > s.folder.MaxAge+s.folder.Rescan}
	if s.Files > 0 {
		f.Oldest = s.Oldest + since
	}
	return f
}

func (h *health) measured() map[string]metrics.Folder {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]metrics.Folder{}
	for name, s := range h.intake {
		all[name] = s.now()
	}
	return all
}

// intakeState tells what waits in the watched folders, by their names, and whether one stands still.
func (h *health) intakeState() (folders map[string]folderState, still bool) {
	folders = map[string]folderState{}
	for name, f := range h.measured() {
		folders[name] = folderState{f.Files, int(f.Oldest / time.Second), f.Aged, f.Still}
		still = still || f.Still
	}
	return folders, still
}

// observe takes an attempt at a task to the metrics, if there are any.
func (p *premises) observe(a pipeline.Attempt) {
	if m := p.measured.Load(); m != nil {
		m.Observe(a)
	}
}

// listenMetrics listens where the metrics are asked for; nil = they are not configured.
func (p *premises) listenMetrics(h *health) (net.Listener, error) {
	if p.cfg.Web.Metrics == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", p.cfg.Web.Metrics)
	if err != nil {
		return nil, exit{exitConfig, fmt.Errorf("web.metrics: %w", err)}
	}
	c := metrics.Config{
		Version: version, Totals: p.mailroom.Totals, Scanners: p.mailroom.Scanners, Troubles: p.mailroom.Troubles, Tasks: p.journal.Tasks, Folders: h.measured,
		Started: p.helpers.Started, Lost: p.helpers.Lost, Space: durable.Disk(filepath.Join(p.cfg.Data, "blobs")).Space,
		DiskFull: p.mailroom.DiskFull, Now: time.Now,
	}
	for _, f := range p.cfg.Intake {
		c.Sources = append(c.Sources, f.Name)
	}
	for _, s := range p.cfg.References {
		c.Schemes = append(c.Schemes, s.Name)
	}
	for _, s := range p.cfg.Stores {
		c.Stores = append(c.Stores, s.Name)
	}
	p.measured.Store(metrics.New(c))
	p.log.Info("metrics are shown", "listen", l.Addr().String())
	return l, nil
}

// metricsOnly answers under /metrics and nowhere else.
func metricsOnly(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", h)
	return mux
}
