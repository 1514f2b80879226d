package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"postroom/pipeline/scan"
	"postroom/sheet"
	"postroom/web"
)

// desk makes what the browsers see: the desk, and /healthz beside it. lasting has what goes on
// after its answer.
func (p *premises) desk(ctx context.Context, h *health, lasting *sync.WaitGroup) (http.Handler, error) {
	provider, err := p.provider(ctx)
	if err != nil {
		return nil, err
	}
	var stores []string
	for _, s := range p.cfg.Stores {
		stores = append(stores, s.Name)
	}
	pages, err := web.New(web.Config{
		Mailroom: p.mailroom, Directory: p.people, Sessions: p.sessions(), Index: p.index, Provider: provider, Folders: h.folderStates,
		Stores: stores, Separators: p.cfg.printable(), Secure: p.cfg.Web.Secure(), BehindProxy: p.cfg.Web.BehindProxy,
		Version: version, Log: p.log, Stopping: ctx, Lasting: lasting,
	})
	if err != nil {
		return nil, err
	}
	return beside(h, pages), nil
}

// beside answers /healthz and leaves all else to the desk. It is no http.ServeMux, which
// answers some ways of writing a path by itself, without the desk's headers.
func beside(health, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			health.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// printable lists the control codes as they are printed.
func (c Config) printable() (all []sheet.Separator) {
	for _, s := range c.Separation.Separators {
		all = append(all, sheet.Separator{Patch: s.Patch, Text: s.Text, Keep: s.Keep})
	}
	return all
}

// folderStates tells how the watched folders are, in the order of the configuration.
func (h *health) folderStates() (all []web.FolderState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.premises.cfg.Intake {
		s := web.FolderState{Name: f.Name, Trouble: h.folders[f.Folder]}
		if seen, ok := h.intake[f.Name]; ok {
			now := seen.now()
			s.Waiting, s.Oldest, s.Still, s.MaxAge = now.Files, now.Oldest, now.Still, seen.folder.MaxAge
			for _, f := range seen.Some {
				why := strings.TrimPrefix(f.Why, scan.ErrPartial.Error()+": ")
				s.Unready = append(s.Unready, web.Unready{Name: f.Name, Lack: string(f.Lack), Why: why, Age: f.Age + time.Since(seen.at)})
			}
		}
		all = append(all, s)
	}
	return all
}
