package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"postroom/pipeline"
	"postroom/router"
)

// logPage is a page of the routing log.
type logPage struct {
	Filter   logFilter
	Chosen   bool
	Actions  []string
	Rules    []string
	Bands    []band
	Entries  []pipeline.Entry
	Next     int64 // before which older ones are; 0 = nowhere
	Size     int64
	Verified verifiedPage
	Problem  string
	Field    string
}

// logFilter is a filter as it was typed: days are local ones, YYYY-MM-DD. It is kept in the
// session: names and case numbers are not for an address.
type logFilter struct {
	Action string `json:"action,omitempty"`
	Actor  string `json:"actor,omitempty"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	About  string `json:"about,omitempty"` // a document or a batch
	Case   string `json:"case,omitempty"`
	Rule   string `json:"rule,omitempty"`
	Band   string `json:"band,omitempty"`
}

// band is a range of the confidence that a placement rests on.
type band struct {
	Name         string
	Least, Below float64
}

func bands() []band { return []band{{"low", 0, 0.6}, {"middle", 0.6, 0.9}, {"high", 0.9, 1.01}} }

func rules() []string {
	return []string{router.RuleBarcode, router.RuleText, router.RuleWeakName, router.RuleWeakPostcode}
}

// actions are what the log tells of, and can be filtered by: all that any package logs.
var actions = []string{ // never written to
	"batch received", "batch counted", "pages read", "batch assembled", "batch ticket issued", "batch ticket read", "person closed batch",
	"batch closed", "batch tried again", "batch opened again", "source released", "document placed", "document held", "document filed", "document confirmed",
	"rendition added", "rendition refused", "document withdrawn", "person decided", "decision taken back", "document parked", "reference keyed",
	"keying taken back", "pages regrouped", "document unmade", "page turned", "document viewed", "document found", "letters searched", "document downloaded",
	"document exported", "story told", "document opened for an audit", "note written", "note removed", "sample drawn", "document judged", "log viewed",
	"log listed", "log exported", "log entry viewed", "log verified", "configuration in force", "register in force", "user added", "user changed",
	"password set", "group saved", "group removed", "session ended", "sessions ended", "signed in", "signed out", "document taken over", "batch viewed",
	"exceptions listed", "rescans listed", "audit key made", "users listed", "groups listed", "sign-in failed", "sign-in throttled", "sample exported",
	"wrong ones listed",
}

const logFilterKey = "log"

func (v *visit) logFilter() (f logFilter) {
	_ = json.Unmarshal([]byte(v.desk.Sessions.Get(v.Context(), logFilterKey)), &f) // none yet
	return f
}

func (d *desk) log(v *visit) error { return d.showLog(v, v.logFilter(), "", "") }

// chooseLog keeps a filter.
func (d *desk) chooseLog(v *visit) error {
	f := logFilter{v.field("action"), v.field("actor"), v.field("from"), v.field("to"), v.field("about"), v.field("case"), v.field("rule"), v.field("band")}
	if v.field("all") != "" {
		f = logFilter{}
	}
	if _, ok := f.parsed(); !ok {
		return d.showLog(v, f, v.t("log.bad_day"), "from")
	}
	if f.About != "" {
		id, err := d.Mailroom.FindDocument(v.Context(), f.About)
		if errors.Is(err, pipeline.ErrNoSuch) {
			id, err = d.Mailroom.FindBatch(v.Context(), f.About)
		}
		var several *pipeline.Several
		if errors.Is(err, pipeline.ErrNoSuch) || errors.As(err, &several) {
			return d.showLog(v, f, v.t("log.no_such"), "about")
		}
		if err != nil {
			return err
		}
		f.About = id
	}
	f.Actor = v.actor(f.Actor)
	if f.Case != "" {
		if c := d.Mailroom.Look(f.Case); c.Reference != "" {
			f.Case = c.Reference // as the log writes it
		}
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if len(text) > 900 {
		return errBadForm
	}
	if err := d.Sessions.Put(v.Context(), logFilterKey, string(text)); err != nil {
		return err
	}
	v.redirect("/log")
	return nil
}

func (d *desk) showLog(v *visit, typed logFilter, problem, field string) error {
	ctx := v.Context()
	p := logPage{Filter: typed, Chosen: typed != logFilter{}, Actions: actions, Rules: rules(), Bands: bands(), Problem: problem, Field: field}
	if problem != "" {
		return v.show(http.StatusUnprocessableEntity, "log", p)
	}
	f, _ := typed.parsed()
	if err := d.Mailroom.LogView(ctx, v.user.Actor(), "log viewed", pipeline.SubjectLog); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(v.FormValue("before"), 10, 64) // none = the newest
	var err error
	if p.Entries, p.Next, err = d.entries(v, before, f); err != nil {
		return err
	}
	if p.Verified, err = d.verified(v); err != nil {
		return err
	}
	return v.show(http.StatusOK, "log", p)
}

// perPage is how many lines a list shows at once.
const perPage = 50

// entries looks on for a while where few are chosen of many, so that nobody turns over
// empty pages.
func (d *desk) entries(v *visit, before int64, f pipeline.EntryFilter) (all []pipeline.Entry, next int64, err error) {
	for range 10 {
		some, next, err := d.Mailroom.Entries(v.Context(), before, perPage-len(all), f)
		if all = append(all, some...); err != nil || next == 0 || len(all) == perPage {
			return all, next, err
		}
		before = next
	}
	return all, before, nil
}

// parsed tells whether the days are days.
func (f logFilter) parsed() (pipeline.EntryFilter, bool) {
	e := pipeline.EntryFilter{Action: f.Action, Actor: f.Actor, About: f.About, Case: f.Case, Rule: f.Rule}
	if i := slices.IndexFunc(bands(), func(b band) bool { return b.Name == f.Band }); i >= 0 {
		e.Least, e.Below = bands()[i].Least, bands()[i].Below
	}
	var err1, err2 error
	if f.From != "" {
		e.From, err1 = time.ParseInLocation(time.DateOnly, f.From, time.Local)
	}
	if f.To != "" {
		e.To, err2 = time.ParseInLocation(time.DateOnly, f.To, time.Local)
	}
	if err1 != nil || err2 != nil {
		return e, false
	}
	if !e.To.IsZero() {
		e.To = e.To.AddDate(0, 0, 1) // the day itself counts
	}
	return e, true
}

// entryPage is one entry of the log with all that it says.
type entryPage struct {
	Entry  pipeline.Entry
	Detail string
}

// logEntry shows what an entry says: names, references and texts are in it, so that somebody
// read them is an entry, too.
func (d *desk) logEntry(v *visit) error {
	n, err := strconv.ParseInt(v.PathValue("entry"), 10, 64)
	if err != nil || n < 0 {
		return errNotFound
	}
	e, err := d.Mailroom.Entry(v.Context(), n)
	if err != nil {
		return err
	}
	if err := d.Mailroom.LogReason(v.Context(), v.user.Actor(), "log entry viewed", pipeline.SubjectLog, "entry "+strconv.FormatInt(n, 10)); err != nil {
		return err
	}
	p := entryPage{Entry: e}
	var pretty bytes.Buffer
	if len(e.Detail) > 0 && json.Indent(&pretty, pipeline.Escaped(e.Detail), "", "  ") == nil {
		p.Detail = pretty.String()
	}
	return v.show(http.StatusOK, "entry", p)
}

// verifiedPage is how far the log can be trusted: its last checkpoint, and how the last
// verification ended.
type verifiedPage struct {
	Checkpoint string
	Size       int64
	Last       *pipeline.Verification // nil = there was none
	Running    *pipeline.Progress     // nil = none is in hand
}

func (d *desk) verified(v *visit) (p verifiedPage, err error) {
	if p.Checkpoint, p.Size, err = d.Mailroom.Checkpoint(v.Context()); err != nil {
		return p, err
	}
	if now, is := d.Mailroom.Verifying(); is {
		p.Running = &now
	}
	last, err := d.Mailroom.LastVerification(v.Context())
	if errors.Is(err, pipeline.ErrNoSuch) {
		return p, nil
	}
	p.Last = &last
	return p, err
}

func (d *desk) verification(v *visit) error {
	p, err := d.verified(v)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "verification", p)
}

// verify begins a verification, which goes on when the page is left; the page of it tells
// how far it is and how it ended.
func (d *desk) verify(v *visit) error {
	if _, is := d.Mailroom.Verifying(); is {
		return v.done("/log/verification", "refused.verifying")
	}
	by := v.user.Actor()
	d.Lasting.Go(func() {
		if err := caught(func() error {
			_, err := d.Mailroom.VerifyBy(d.Stopping, by, d.Directory.Verify, func(string) {})
			return err
		}); err != nil && d.Stopping.Err() == nil {
			d.Log.Error("a verification did not come to its end", "error", err)
		}
	})
	return v.done("/log/verification", "log.verify_begun")
}
