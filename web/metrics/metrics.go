// Package metrics shows the mailroom's figures to Prometheus.
//
// In come figures, asked for at each scrape, and attempts at tasks as they happen; out
// goes a page in Prometheus' own text. What labels say comes from the configuration or
// from closed lists: no reference, no person, no file's name, and never more of them
// than were configured. The package knows no HTTP server and counts nothing twice that
// the journal counts.
package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"postroom/durable"
	"postroom/pipeline"
)

// Config says what is asked at each scrape, and which names labels may have; whatever has
// another name is counted as "other". All functions are required.
type Config struct {
	Version                  string
	Sources, Schemes, Stores []string // sources without "process", which is always one

	Totals   func(context.Context) (pipeline.Totals, error)
	Scanners func(context.Context) ([]pipeline.Scanner, error)
	Troubles func(context.Context) (map[string]int, error) // see Mailroom.Troubles
	Tasks    func() map[string]int                         // not done, by stage
	Folders  func() map[string]Folder                      // by source
	Started  func() int64                                  // helper processes
	Lost     func() int64
	Space    func() (durable.Space, error) // of the data folder's disk
	DiskFull func() bool
	Now      func() time.Time
}

// Folder is a watched folder.
type Folder struct {
	Files  int           // that wait
	Oldest time.Duration // how long the oldest of them has
	Aged   int           // that have waited for the folder's max_age
	Still  bool          // it stands still
}

// Metrics is the page. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	tasks    *prometheus.HistogramVec
	pages    *prometheus.HistogramVec
	attempts *prometheus.CounterVec
	known    map[string]bool // stages
}

// New makes the page.
func New(c Config) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		tasks: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postroom_task_duration_seconds",
			Help:    "Work of attempts at tasks that succeeded, without the writing of the result, by stage.",
			Buckets: []float64{.01, .03, .1, .3, 1, 3, 10, 30, 60, 300}}, []string{"stage"}),
		pages: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postroom_page_duration_seconds",
			Help:    "The same for each page of a task, where its pages are told.",
			Buckets: []float64{.003, .01, .03, .1, .3, 1, 3, 10, 30, 60}}, []string{"stage"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postroom_task_attempts_total",
			Help: "Attempts at tasks since the start, by stage and outcome: done, failed, or waiting for something such as a store."}, []string{"stage", "outcome"}),
		known: map[string]bool{},
	}
	for _, stage := range pipeline.Stages() {
		m.known[stage] = true
		m.tasks.WithLabelValues(stage)
		for _, outcome := range []string{"done", "failed", "waiting"} {
			m.attempts.WithLabelValues(stage, outcome)
		}
	}
	m.registry.MustRegister(m.tasks, m.pages, m.attempts, newScrape(c),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Observe takes in an attempt at a task.
func (m *Metrics) Observe(a pipeline.Attempt) {
	if !m.known[a.Stage] {
		return
	}
	switch {
	case a.Later:
		m.attempts.WithLabelValues(a.Stage, "waiting").Inc()
		return
	case a.Failed:
		m.attempts.WithLabelValues(a.Stage, "failed").Inc()
		return
	}
	m.attempts.WithLabelValues(a.Stage, "done").Inc()
	m.tasks.WithLabelValues(a.Stage).Observe(a.Took.Seconds())
	for range a.Pages {
		m.pages.WithLabelValues(a.Stage).Observe(a.Took.Seconds() / float64(a.Pages))
	}
}

// Handler answers GET with the page. A figure that can't be had is an error 500, not a zero.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}
