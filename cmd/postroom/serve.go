package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"postroom/pipeline"
	"postroom/pipeline/intake"
	"postroom/pipeline/journal"
	"postroom/pipeline/search"
)

func serveCommand() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "Watch the folders and file what comes, until SIGTERM",
		Long: `serve watches the configured folders, works the queue, answers other postroom
commands over a socket in the data folder, and tells its health on /healthz.
SIGTERM ends it: what is in hand is finished, nothing is lost. A kill -9 loses
nothing either: the next start goes on where the journal stands.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadConfig(config)
			if err != nil {
				return err
			}
			return serve(c.Context(), cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)))
		},
	}
	c.Flags().StringVar(&config, "config", "", "the configuration, postroom.yaml")
	return c
}

// serve runs the lasting jobs - intake, queue, releasing sources, figures, the search index, answering -
// until the context ends or one of them fails.
func serve(ctx context.Context, cfg Config, log *slog.Logger) (err error) {
	if why := cfg.Web.exposed(); why != "" {
		return exit{exitConfig, errors.New(why)}
	}
	if err := usable(cfg.Intake); err != nil {
		return err
	}
	p, err := openPremises(cfg, log)
	if errors.Is(err, journal.ErrHeld) {
		return exit{exitHeld, fmt.Errorf("another postroom has the data folder %s: end it first", cfg.Data)}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.ready(ctx); err != nil {
		return err
	}
	p.index = search.New(searchIndex(cfg), log)
	orders, err := listen(p, true)
	if err != nil {
		return err
	}
	defer orders.close()
	health := &health{premises: p, folders: map[string]string{}, intake: map[string]sightings{}}
	web, err := listenWeb(ctx, cfg.Web, log)
	if err != nil {
		return err
	}
	log.Info("postroom serves", "version", version, "config", cfg.Digest()[:12], "listen", web.Addr().String(), "folders", len(cfg.Intake))

	measures, err := p.listenMetrics(health)
	if err != nil {
		return errors.Join(err, web.Close())
	}

	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var jobs sync.WaitGroup
	desk, err := p.desk(ctx, health, &jobs)
	if err != nil {
		return errors.Join(err, web.Close())
	}
	job := func(name string, run func(context.Context) error) {
		jobs.Go(func() {
			if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	job("queue", p.mailroom.Run)
	job("intake", func(ctx context.Context) error { return p.watch(ctx, health, log) })
	job("release", func(ctx context.Context) error { return p.release(ctx, log) })
	job("search", func(ctx context.Context) error { return p.index.Run(ctx, indexFeed{p.mailroom}) })
	job("figures", p.mailroom.KeepFigures)
	job("web", func(ctx context.Context) error { return answer(ctx, web, desk, log) })
	if measures != nil {
		job("metrics", func(ctx context.Context) error {
			return answer(ctx, measures, metricsOnly(p.measured.Load().Handler()), log)
		})
	}
	<-ctx.Done()
	log.Info("postroom ends: what is in hand is finished")
	jobs.Wait()
	p.vouch(context.WithoutCancel(ctx), log)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// usable refuses watched folders from which nothing could be removed: each file
// would stay, and be offered again for ever. One that is not there may be a share
// that comes later; the watch tells of it.
func usable(folders []Intake) error {
	for _, f := range folders {
		if err := writable(f.Folder); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("intake folder %s: %w (see: postroom doctor)", f.Folder, err)
		}
		if f.Done == "delete" {
			continue
		}
		if err := writable(f.Done); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("folder for what is done %s: %w (see: postroom doctor)", f.Done, err)
		}
	}
	return nil
}

func (p *premises) watch(ctx context.Context, h *health, log *slog.Logger) error {
	var folders []intake.Folder
	for _, f := range p.cfg.Intake {
		folders = append(folders, f.watched())
	}
	return intake.Watch(ctx, intake.Config{
		Folders: folders,
		Whole: func(ctx context.Context, path string) error {
			missing, err := p.missing(ctx, path)
			if err == nil && missing != "" {
				err = errors.New(missing)
			}
			return err
		},
		Accept: func(ctx context.Context, a intake.Arrival) error {
			err := p.mailroom.Arrive(ctx, a)
			if err == nil {
				h.arrived.Add(1)
			}
			return err
		},
		Known: p.mailroom.Knows,
		Waits: h.waits,
		Refuse: func(_ context.Context, path, why string) {
			log.Warn("refused in a watched folder; remove it", "path", path, "why", why)
		},
		Trouble: func(folder string, err error) {
			if errors.Is(err, pipeline.ErrDiskFull) {
				err = nil // told once, for all files
			}
			was := h.folder(folder, err)
			switch {
			case err != nil:
				log.Error("intake is in trouble", "folder", folder, "error", err)
			case was:
				log.Info("intake goes on", "folder", folder)
			}
		},
	})
}

// release removes the sources of journalled batches, again and again, and looks
// after the case register, which nobody asks for while no mail comes.
func (p *premises) release(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	told, vouched := "", time.Time{}
	for {
		if time.Since(vouched) >= vouchEvery {
			p.vouch(ctx, log)
			vouched = time.Now()
		}
		p.mailroom.Register() // logs what has changed
		err := errors.Join(p.mailroom.LogRegister(ctx), p.mailroom.Release(ctx))
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil, errors.Is(err, pipeline.ErrDiskFull):
			told = ""
		case err.Error() != told:
			told = err.Error()
			log.Error("a source can't be removed, or a new case register not be logged", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// vouchEvery is how often the log tells its checkpoint: whoever collects log lines
// elsewhere has what shows later that the log was written anew.
const vouchEvery = time.Hour

func (p *premises) vouch(ctx context.Context, log *slog.Logger) {
	signed, entries, err := p.mailroom.Checkpoint(ctx)
	if err == nil && entries > 0 {
		log.Info("audit checkpoint", "entries", entries, "note", signed)
	}
}

// health answers /healthz.
type health struct {
	premises *premises
	arrived  atomic.Int64

	mu      sync.Mutex
	folders map[string]string    // in trouble, and why
	intake  map[string]sightings // what waits in each folder, by its name
}

// folder notes a folder's trouble, or its end, and tells whether it had any.
func (h *health) folder(path string, err error) (was bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, was = h.folders[path]
	delete(h.folders, path)
	if err != nil {
		h.folders[path] = err.Error()
	}
	return was
}

func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	state := map[string]any{"status": "ok", "version": version, "arrived": h.arrived.Load()}
	status := http.StatusOK
	waiting, err := h.premises.mailroom.Waiting(r.Context())
	if err != nil {
		status, state["status"] = http.StatusServiceUnavailable, "the journal can't be read"
	}
	state["exceptions"], state["pending"], state["stores_unreachable"] = waiting.Exceptions, waiting.Tasks, waiting.Stores
	state["stuck"], state["register"] = waiting.Stuck, h.premises.mailroom.Register()
	folders, still := h.intakeState()
	if state["intake"] = folders; still {
		status, state["status"] = http.StatusServiceUnavailable, "a watched folder stands still"
	}
	h.mu.Lock()
	if len(h.folders) > 0 {
		status, state["status"] = http.StatusServiceUnavailable, "a watched folder can't be read"
		state["folders"] = len(h.folders)
	}
	h.mu.Unlock()
	if state["disk_full"] = h.premises.mailroom.DiskFull(); state["disk_full"] == true {
		status, state["status"] = http.StatusServiceUnavailable, "the data disk is full"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(state) // the client may be gone
}

// answer serves until the context ends. When it comes back no handler is at work any more:
// what they work with is closed then.
func answer(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	var inHand sync.RWMutex // each request reads it
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)} // what browsers and scanners of ports do wrong
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !inHand.TryRLock() { // too late
			panic(http.ErrAbortHandler)
		}
		defer inHand.RUnlock()
		h.ServeHTTP(w, r)
	})
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(patience) // whoever still reads then is cut off
	})
	err := server.Serve(l)
	if !stop() { // Serve comes back when Shutdown begins
		<-ended
	}
	_ = server.Close() // ends the context of each request that is still in hand
	inHand.Lock()      // for ever: the last one has ended, and none begins
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
