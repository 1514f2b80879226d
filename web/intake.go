package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"postroom/mail"
	"postroom/pipeline"
)

// FolderState is how a watched folder is.
type FolderState struct {
	Name    string
	Trouble string        // why nothing can be taken from it now; "" = nothing is wrong
	Waiting int           // files that lie there and are not taken yet
	Oldest  time.Duration // how long the oldest of them has lain there
	Still   bool          // it stands still: see /healthz
}

// intakePage is the intake at a glance.
type intakePage struct {
	Folders  []FolderState
	Stalled  bool // a folder stands still
	Queue    pipeline.Queue
	DiskFull bool
	Register string
	Oldest   time.Time // when the oldest batch that is not closed came; zero = all are closed
	Batches  []batchView
	Sources  []string
	Filter   intakeFilter
	Next     string
}

type intakeFilter struct{ State, Source, Day, Name string }

// batchView is a batch with its bars.
type batchView struct {
	pipeline.BatchSummary
	Bars []bar
}

// bar is how far a batch is in a stage.
type bar struct {
	Key      string
	Done, Of int
}

func (d *desk) intake(v *visit) error {
	ctx, q := v.Context(), v.URL.Query()
	p := intakePage{Filter: intakeFilter{q.Get("state"), q.Get("source"), q.Get("day"), q.Get("name")}, Register: d.Mailroom.Register(), DiskFull: d.Mailroom.DiskFull()}
	f := pipeline.BatchFilter{State: p.Filter.State, Source: p.Filter.Source, Query: p.Filter.Name}
	if p.Filter.Day != "" {
		day, err := time.ParseInLocation(time.DateOnly, p.Filter.Day, time.Local)
		if err != nil {
			return errBadForm
		}
		f.From, f.To = day, day.AddDate(0, 0, 1)
	}
	if d.Folders != nil {
		p.Folders = d.Folders()
	}
	for _, folder := range p.Folders {
		p.Sources = append(p.Sources, folder.Name)
		p.Stalled = p.Stalled || folder.Still
	}
	var err error
	if p.Queue, err = d.Mailroom.Waiting(ctx); err != nil {
		return err
	}
	oldest, err := d.Mailroom.OldestOpen(ctx)
	if err != nil && !errors.Is(err, pipeline.ErrNoSuch) {
		return err
	}
	p.Oldest = oldest.Received
	batches, next, err := d.Mailroom.BatchesDown(ctx, pipeline.Cursor(q.Get("before")), perPage, f)
	if err != nil {
		return err
	}
	for _, b := range batches {
		p.Batches = append(p.Batches, batchView{b, bars(b)})
	}
	if next != "" {
		q.Set("before", string(next))
		p.Next = "/intake?" + q.Encode()
	}
	return v.show(http.StatusOK, "intake", p)
}

func bars(b pipeline.BatchSummary) []bar {
	return []bar{{"intake.read", b.Read, b.Pages}, {"intake.cut", b.Cut, b.Cases}, {"intake.delivered", b.Delivered, b.Cases}, {"intake.rendered", b.Rendered, b.Cases}}
}

// batchPage is a batch with every page's place, and the sums that prove that none is lost.
type batchPage struct {
	Batch     batchView
	Pages     []pageCell
	Sums      pipeline.PageSums
	Documents []pipeline.DocumentLine
	Line      pipeline.BatchLine
	Problem   string
}

// pageCell is a page of the strip with the words of its place.
type pageCell struct {
	pipeline.PageLine
	Class, Key string
	Begins     bool // a document begins with it
}

func (d *desk) batch(v *visit) error { return d.showBatch(v, http.StatusOK, "") }

func (d *desk) showBatch(v *visit, status int, problem string) error {
	ctx, id := v.Context(), v.PathValue("batch")
	known, err := d.Mailroom.Knows(ctx, id)
	if err == nil && !known {
		err = errNotFound // what an address says is no entry of the log
	}
	if err != nil {
		return err
	}
	if _, err := d.looked(v, "batch viewed", id, !v.byItself()); err != nil {
		return err
	}
	line, docs, err := d.Mailroom.Batch(ctx, id)
	if err != nil {
		return err
	}
	summary, err := d.Mailroom.Summary(ctx, id)
	if err != nil {
		return err
	}
	pages, sums, err := d.Mailroom.Pages(ctx, id)
	if err != nil {
		return err
	}
	p := batchPage{Batch: batchView{summary, bars(summary)}, Sums: sums, Documents: docs, Line: line, Problem: problem}
	last := ""
	for _, page := range pages {
		c := pageCell{PageLine: page, Begins: page.Document != last && page.Document != ""}
		c.Class, c.Key = placeOf(page)
		p.Pages, last = append(p.Pages, c), page.Document
	}
	return v.show(status, "batch", p)
}

// placeOf names where a page ended, and how that is to be seen.
func placeOf(p pipeline.PageLine) (class, key string) {
	switch {
	case !p.Placed:
		return "busy", "place.none"
	case p.Place == mail.PlaceSeparator:
		return "separator", "place.separator"
	case p.Place == mail.PlaceDiscarded:
		return "bad", "place.discarded"
	case p.State == mail.Held:
		return "warn", "place.exception"
	case p.State == mail.Filed:
		return "good", "place.filed"
	}
	return "busy", "place.underway"
}

// batchPicture is a page of a batch. The strip's small ones, in which nothing can be read,
// are for every operator; for a page that is seen large, reach.go is asked.
func (d *desk) batchPicture(v *visit) error {
	page, err := strconv.Atoi(v.PathValue("page"))
	if err != nil {
		return errNotFound
	}
	batch := v.PathValue("batch")
	if v.PathValue("size") != "thumb" {
		if err := d.readablePage(v, batch, page); err != nil {
			return err
		}
	}
	return d.picture(v, batch, page)
}

// closeBatch closes a batch whose counts are other than its ticket says, with a reason.
func (d *desk) closeBatch(v *visit) error {
	id := v.PathValue("batch")
	err := d.Mailroom.CloseBatch(v.Context(), id, pipeline.Closing{Why: v.field("why"), By: v.user.Actor()})
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return d.showBatch(v, http.StatusUnprocessableEntity, d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	return v.done("/batches/"+url.PathEscape(id), "batch.closed")
}

// rescans lists the papers that are to be scanned again.
func (d *desk) rescans(v *visit) error {
	if _, err := d.looked(v, "rescans listed", "", !v.byItself()); err != nil {
		return err
	}
	var all []pipeline.RescanLine
	if err := d.Mailroom.Rescans(v.Context(), func(l pipeline.RescanLine) error { all = append(all, l); return nil }); err != nil {
		return fmt.Errorf("rescans: %w", err)
	}
	return v.show(http.StatusOK, "rescans", all)
}
