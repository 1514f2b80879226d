// Package web is the desk: what operators, caseworkers, auditors and
// administrators see of the mailroom in a browser.
//
// In come requests; out go pages, pictures and decisions for the pipeline. Every
// page is made on the server and works without a script; with one it is live.
// The package decides nothing about letters and stores nothing of its own: it asks
// the mailroom. Who may do what stands in two places alone: the table of routes
// (route.go) and reach.go, through which every letter and picture passes.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"postroom/pipeline"
	"postroom/pipeline/search"
	"postroom/sheet"
	"postroom/web/access"
	"postroom/web/session"
	"postroom/web/signon"
)

// Config is what the desk works with.
type Config struct {
	Mailroom    *pipeline.Mailroom
	Directory   *access.Directory
	Sessions    *session.Sessions
	Index       *search.Index
	Provider    *signon.Provider     // an identity provider; nil = there is none
	Folders     func() []FolderState // how the watched folders are; nil = there are none
	Stores      []string             // the configured stores' names
	Separators  []sheet.Separator    // the configured control codes, for printing
	Secure      bool                 // it is reached over TLS, its own or a proxy's
	BehindProxy bool                 // a proxy names the browser in X-Forwarded-For
	Version     string
	Log         *slog.Logger
	Now         func() time.Time
	Stopping    context.Context // ends what lasts: live pages, and what goes on after its answer
	Lasting     *sync.WaitGroup // has what goes on after its answer: whoever closes the mailroom waits for it; nil = nobody does
}

// desk answers requests.
type desk struct {
	Config
	words  words
	views  views
	static assets
	leases *leases

	refusals *refusals
	looks    *looks
	notices  *notices
	ahead    *ahead
}

// New makes the desk's handler. The error is a page or a translation that is broken.
func New(cfg Config) (http.Handler, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Stopping == nil {
		cfg.Stopping = context.Background()
	}
	if cfg.Lasting == nil {
		cfg.Lasting = &sync.WaitGroup{}
	}
	static, err := openAssets()
	if err != nil {
		return nil, fmt.Errorf("the desk's files: %w", err)
	}
	words, err := openWords()
	if err != nil {
		return nil, fmt.Errorf("the desk's translations: %w", err)
	}
	views, err := openViews(words, static)
	if err != nil {
		return nil, fmt.Errorf("the desk's pages: %w", err)
	}
	d := &desk{Config: cfg, words: words, views: views, static: static, leases: newLeases(cfg.Now), refusals: newRefusals(cfg.Log, cfg.Now), looks: newLooks(cfg.Now), notices: newNotices(cfg.Now), ahead: &ahead{stopping: cfg.Stopping, lasting: cfg.Lasting}}
	mux := http.NewServeMux()
	for _, r := range append(d.routes(), d.pagesOfForms()...) {
		mux.Handle(r.pattern, d.guarded(r))
	}
	mux.Handle("/", d.guarded(route{right: anyone, handle: func(*visit) error { return errNotFound }}))
	outer := http.NewServeMux() // static files know no sessions
	outer.Handle("GET /static/{version}/{name}", static)
	outer.Handle("/", cfg.Sessions.Middleware(mux))
	return d.protected(outer), nil
}
