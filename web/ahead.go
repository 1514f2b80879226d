package web

import (
	"context"
	"slices"
	"sync"
	"time"

	"postroom/mail"
	"postroom/pipeline"
)

// ahead has pictures made before somebody asks for them: a page that nobody has looked at
// costs a helper of its own, and whoever decides all day should not wait for it. It works
// only while there are wishes, one picture at a time, and gives way to people who wait.
type ahead struct {
	stopping context.Context
	lasting  *sync.WaitGroup

	mu      sync.Mutex
	wishes  []wish // guarded by mu
	working bool   // guarded by mu
}

// wish is something to be made ready; of two with a name one is enough.
type wish struct {
	name string
	make func(context.Context)
}

// mostWishes bounds what waits to be made ready; the oldest was asked for by now.
const mostWishes = 50

func (a *ahead) wish(name string, make func(context.Context)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.ContainsFunc(a.wishes, func(w wish) bool { return w.name == name }) {
		return
	}
	if len(a.wishes) >= mostWishes {
		a.wishes = a.wishes[1:]
	}
	if a.wishes = append(a.wishes, wish{name, make}); !a.working {
		a.working = true
		a.lasting.Go(a.work)
	}
}

func (a *ahead) work() {
	for {
		a.mu.Lock()
		if a.working = len(a.wishes) > 0 && a.stopping.Err() == nil; !a.working {
			a.mu.Unlock()
			return
		}
		next := a.wishes[0]
		a.wishes = a.wishes[1:]
		a.mu.Unlock()
		_ = caught(func() error { next.make(a.stopping); return nil }) // whoever asks for it is told
	}
}

const (
	documentsAhead = 24 // that wait and that nobody has: one and a few for each who decides
	stripAhead     = 8  // pages of a document whose thumbnails are seen at once
)

// nextDocuments makes ready what the station opens next, whoever asks.
func (d *desk) nextDocuments(ctx context.Context) {
	skip := func(id string) bool { return d.leases.holder(id, "") != "" }
	var after pipeline.Cursor
	for range documentsAhead {
		line, at, err := d.Mailroom.Next(ctx, after, skip, pipeline.Filter{Lanes: []string{""}})
		if err != nil {
			return
		}
		if after = at; len(line.Pages) == 0 {
			continue
		}
		if d.prepare(ctx, line) != nil {
			return // whoever asks for it is told
		}
	}
}

// prepare makes the pictures that a waiting document is opened with. Those of one page come
// together: its helper has it decoded.
func (d *desk) prepare(ctx context.Context, line pipeline.DocumentLine) error {
	facts, err := d.Mailroom.Facts(ctx, line.Document)
	if err != nil {
		return err
	}
	page := line.Pages[opening(line)]
	if err := d.Mailroom.Prepare(ctx, line.Batch, []int{page}, pipeline.Screen); err != nil {
		return err
	}
	for _, e := range facts.Evidence {
		if e.Page == page && e.Polygon != (mail.Quad{}) {
			if err := d.Mailroom.PrepareCrop(ctx, line.Batch, e.Page, e.Polygon, factMargin); err != nil {
				return err
			}
		}
	}
	return d.Mailroom.Prepare(ctx, line.Batch, line.Pages[:min(stripAhead, len(line.Pages))], pipeline.Thumb)
}

// opening is the place of the page that a document is opened at: the first with evidence.
func opening(line pipeline.DocumentLine) int {
	for _, e := range line.Evidence {
		if i := slices.Index(line.Pages, e.Page); i >= 0 {
			return i
		}
	}
	return 0
}

// asksSoon begins the large picture of a page that a browser is about to be shown, so that it
// is made while the page is; the small one comes from the same look.
func (d *desk) asksSoon(batch string, page int) {
	const patience = 10 * time.Second
	d.Lasting.Go(func() {
		ctx, stop := context.WithTimeout(d.Stopping, patience)
		defer stop()
		_ = caught(func() error { _, err := d.Mailroom.Picture(ctx, batch, page, pipeline.Screen); return err }) // whoever asks for it is told
	})
}
