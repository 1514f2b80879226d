package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"postroom/pipeline"
)

// FolderState is how a watched folder is.
type FolderState struct {
	Name    string
	Trouble string        // why nothing can be taken from it now; "" = nothing is wrong
	Waiting int           // files that lie there and are not taken yet
	Oldest  time.Duration // how long the oldest of them has lain there
	Still   bool          // it stands still: see /healthz
	Unready []Unready     // some files that are not taken for a reason of their own
	MaxAge  time.Duration // after which a file that is not whole is taken as it is
}

// Unready is a file that can't be taken yet.
type Unready struct {
	Name string        // its path in the folder
	Lack string        // writing, empty, partial, failed
	Why  string        // in English, what is missing or went wrong; "" = the lack says all
	Age  time.Duration // how long it has lain there
}

// intakePage is the intake at a glance.
type intakePage struct {
	Folders  []folderView
	Queue    pipeline.Queue
	Pace     float64 // pages a second
	DiskFull bool
	Register string
	Oldest   time.Time               // when the oldest batch that is not closed came; zero = all are closed
	Differs  int                     // batches that only their ticket keeps open, as far as they are shown
	Troubled []pipeline.BatchSummary // some batches with tasks that can't be done now
	Batches  []batchView
	Sources  []string
	Filter   intakeFilter
	Next     string
}

// folderView is a folder with what is wrong with its scanner.
type folderView struct {
	FolderState
	Warnings []string
}

// intakeFilter chooses batches. The name of a file may be a person's: it stands in no address.
type intakeFilter struct{ State, Source, Day, Name string }

// nameKey is the session's key for the file name that was looked for last.
const nameKey = "batch-name"

// mostTroubled is how many batches in trouble are told of at a glance; the list has them all.
const mostTroubled = 10

// batchView is a batch with its bars.
type batchView struct {
	pipeline.BatchSummary
	Bars    []bar
	Earlier *pipeline.BatchSummary // the batch that had the same bytes; nil = none had
}

// bar is how far a batch is in a stage.
type bar struct {
	Key      string
	Done, Of int
}

func (d *desk) intake(v *visit) error {
	q := v.URL.Query()
	p := intakePage{Filter: intakeFilter{q.Get("state"), q.Get("source"), q.Get("day"), d.Sessions.Get(v.Context(), nameKey)},
		Register: d.Mailroom.Register(), DiskFull: d.Mailroom.DiskFull(), Pace: d.Mailroom.Pace()}
	if err := d.glance(v, &p); err != nil {
		return err
	}
	f, ok := p.Filter.parsed()
	if !ok {
		return errBadForm
	}
	batches, next, err := d.Mailroom.BatchesDown(v.Context(), pipeline.Cursor(q.Get("before")), perPage, f)
	if err != nil {
		return err
	}
	for _, b := range batches {
		view, err := d.batchView(v, b)
		if err != nil {
			return err
		}
		p.Batches = append(p.Batches, view)
	}
	if next != "" {
		q.Set("before", string(next))
		p.Next = "/intake?" + q.Encode()
	}
	return v.show(http.StatusOK, "intake", p)
}

// parsed tells whether the day is one.
func (f intakeFilter) parsed() (pipeline.BatchFilter, bool) {
	b := pipeline.BatchFilter{State: f.State, Source: f.Source, Query: f.Name}
	if f.State == "trouble" {
		b.State, b.Trouble = "open", true
	}
	if f.Day == "" {
		return b, true
	}
	day, err := time.ParseInLocation(time.DateOnly, f.Day, time.Local)
	b.From, b.To = day, day.AddDate(0, 0, 1)
	return b, err == nil
}

// glance fills in what is above the list of batches.
func (d *desk) glance(v *visit, p *intakePage) (err error) {
	ctx := v.Context()
	scanners, err := d.Mailroom.Scanners(ctx)
	if err != nil {
		return err
	}
	p.Sources = d.sources()
	var folders []FolderState
	if d.Folders != nil {
		folders = d.Folders()
	}
	for _, folder := range folders {
		f := folderView{FolderState: folder}
		if i := slices.IndexFunc(scanners, func(s pipeline.Scanner) bool { return s.Name == folder.Name }); i >= 0 {
			f.Warnings = v.warnings(scanners[i])
		}
		p.Folders = append(p.Folders, f)
	}
	if p.Queue, err = d.Mailroom.Waiting(ctx); err != nil {
		return err
	}
	oldest, err := d.Mailroom.OldestOpen(ctx)
	if err != nil && !errors.Is(err, pipeline.ErrNoSuch) {
		return err
	}
	p.Oldest = oldest.Received
	differs, err := d.Mailroom.Differences(ctx, "", perPage)
	if err != nil {
		return err
	}
	p.Differs = len(differs)
	if p.Queue.Stores+p.Queue.Stuck > 0 {
		p.Troubled, _, err = d.Mailroom.BatchesDown(ctx, "", mostTroubled, pipeline.BatchFilter{State: "open", Trouble: true})
	}
	return err
}

func (d *desk) batchView(v *visit, b pipeline.BatchSummary) (batchView, error) {
	view := batchView{BatchSummary: b, Bars: bars(b)}
	if b.First == "" {
		return view, nil
	}
	first, err := d.Mailroom.Summary(v.Context(), b.First)
	view.Earlier = &first
	return view, err
}

// bars tells how far a batch is. One that is an exception as a whole, such as a duplicate, is
// never read: a bar of it would stand still.
func bars(b pipeline.BatchSummary) []bar {
	if b.Read == 0 && b.Pending == 0 {
		return nil
	}
	return []bar{{"intake.read", b.Read, b.Pages}, {"intake.cut", b.Cut, b.Cases}, {"intake.delivered", b.Delivered, b.Cases}, {"intake.rendered", b.Rendered, b.Cases}}
}

// chooseBatches chooses the batches that the list shows.
func (d *desk) chooseBatches(v *visit) error {
	name := strings.TrimSpace(v.field("name"))
	if len(name) > 200 {
		return errBadForm
	}
	if err := d.Sessions.Put(v.Context(), nameKey, name); err != nil {
		return err
	}
	q := url.Values{}
	for _, key := range []string{"state", "source", "day"} {
		if value := v.field(key); value != "" {
			q.Set(key, value)
		}
	}
	v.redirect("/intake?" + q.Encode())
	return nil
}

// differencesPage lists batches that only their ticket keeps open.
type differencesPage struct {
	All  []pipeline.Difference
	Next string
}

// differences lists the batches that nothing but their ticket keeps open.
func (d *desk) differences(v *visit) error {
	all, err := d.Mailroom.Differences(v.Context(), v.FormValue("after"), perPage)
	if err != nil {
		return err
	}
	p := differencesPage{All: all}
	if len(all) == perPage {
		p.Next = "/differences?after=" + url.QueryEscape(all[len(all)-1].Batch)
	}
	return v.show(http.StatusOK, "differences", p)
}

// rescansPage lists papers that are asked for again.
type rescansPage struct {
	All  []pipeline.RescanLine
	Next string
}

// rescans lists the papers that are to be scanned again.
func (d *desk) rescans(v *visit) error {
	if _, err := d.looked(v, "rescans listed", pipeline.SubjectExceptions, !v.byItself()); err != nil {
		return err
	}
	all, next, err := d.Mailroom.Rescans(v.Context(), v.FormValue("after"), perPage)
	if err != nil {
		return err
	}
	p := rescansPage{All: all}
	if next != "" {
		p.Next = "/rescans?after=" + url.QueryEscape(next)
	}
	return v.show(http.StatusOK, "rescans", p)
}
