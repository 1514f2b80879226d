package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
)

// queueKey is the session's choice among what waits, and skippedKey its place in that,
// behind what was skipped.
const (
	queueKey   = "queue"
	skippedKey = "skipped"
)

// queue gives what the person works through. Who has chosen nothing has all that is open;
// a supervisor what was handed up, while there is any.
func (d *desk) queue(v *visit, counts []pipeline.Waiters) pipeline.Filter {
	f := pipeline.Filter{Lanes: []string{pipeline.LaneOpen}, Keyer: v.user.Actor(), User: v.user.ID, Supervisor: v.user.Has(access.Supervisor)}
	if q, err := url.ParseQuery(d.Sessions.Get(v.Context(), queueKey)); err == nil && len(q) > 0 {
		f.Lanes, f.Reason, f.Source = []string{q.Get("lane")}, q.Get("reason"), q.Get("source")
		return f
	}
	for _, c := range counts {
		if c.Lane == pipeline.LaneSupervisor && v.user.Has(access.Supervisor) {
			f.Lanes = []string{pipeline.LaneSupervisor}
		}
	}
	return f
}

// setQueue keeps what the person wants to work through, and begins with it.
func (d *desk) setQueue(v *visit) error {
	if !slices.Contains(pipeline.Lanes(), v.field("lane")) {
		return errBadForm
	}
	q := url.Values{"lane": {v.field("lane")}, "reason": {v.field("reason")}, "source": {v.field("source")}}
	err := errors.Join(d.Sessions.Put(v.Context(), queueKey, q.Encode()), d.Sessions.Put(v.Context(), skippedKey, ""), d.keepParts(v, nil))
	if err != nil {
		return err
	}
	v.redirect("/station")
	return nil
}

// station opens the next document that waits and that nobody else works at.
func (d *desk) station(v *visit) error {
	counts, err := d.Mailroom.CountWaits(v.Context())
	if err != nil {
		return err
	}
	f := d.queue(v, counts)
	line, err := d.nextPart(v)
	if errors.Is(err, pipeline.ErrNoSuch) {
		line, err = d.next(v, f)
	}
	if errors.Is(err, pipeline.ErrNoSuch) {
		p := choices(counts, f)
		p.CanUndo = len(d.steps(v)) > 0
		return v.show(http.StatusOK, "station-empty", p)
	}
	if err != nil {
		return err
	}
	return d.openStation(v, line, trial{})
}

// next takes the next document of the queue. Behind the last one it begins again with
// those that were skipped.
func (d *desk) next(v *visit, f pipeline.Filter) (pipeline.DocumentLine, error) {
	ctx := v.Context()
	after := pipeline.Cursor(d.Sessions.Get(ctx, skippedKey))
	skip := func(id string) bool { return d.leases.holder(id, v.user.ID) != "" }
	for {
		line, _, err := d.Mailroom.Next(ctx, after, skip, f)
		if errors.Is(err, pipeline.ErrNoSuch) && after != "" {
			after = ""
			if err := d.Sessions.Put(ctx, skippedKey, ""); err != nil {
				return line, err
			}
			continue
		}
		if err != nil {
			return line, err
		}
		if has, mine := d.hand(v, line); mine || has.name == "" {
			return line, nil
		} // somebody was quicker: now it is skipped
	}
}

// queueChoices are what can be chosen among all that waits, with how much each is.
type queueChoices struct {
	Lanes, Reasons, Sources []choice
	Lane, Reason, Source    string // that are chosen
	Count                   int    // of what is chosen
	CanUndo                 bool
}

type choice struct {
	Value, Key string
	Count      int
	Chosen     bool
}

func choices(counts []pipeline.Waiters, f pipeline.Filter) queueChoices {
	p := queueChoices{Lane: f.Lanes[0], Reason: f.Reason, Source: f.Source}
	lanes, reasons, sources := map[string]int{}, map[string]int{}, map[string]int{}
	var names []string
	for _, c := range counts {
		lanes[c.Lane] += c.Documents
		if c.Lane != p.Lane {
			continue
		}
		reasons[c.Reason] += c.Documents
		if _, known := sources[c.Source]; !known {
			names = append(names, c.Source)
		}
		sources[c.Source] += c.Documents
		if (p.Reason == "" || p.Reason == c.Reason) && (p.Source == "" || p.Source == c.Source) {
			p.Count += c.Documents
		}
	}
	for _, of := range pipeline.Lanes() {
		p.Lanes = append(p.Lanes, choice{of, "lane." + of, lanes[of], of == p.Lane})
	}
	for _, r := range mail.Reasons() {
		if reasons[r] > 0 || r == p.Reason {
			p.Reasons = append(p.Reasons, choice{r, "reason." + r, reasons[r], r == p.Reason})
		}
	}
	if _, known := sources[p.Source]; !known && p.Source != "" {
		names = append(names, p.Source)
	}
	for _, s := range names {
		p.Sources = append(p.Sources, choice{s, "", sources[s], s == p.Source})
	}
	return p
}

// stationList lists what waits.
func (d *desk) stationList(v *visit) error {
	q := v.URL.Query()
	f := pipeline.Filter{Lanes: []string{q.Get("lane")}, Reason: q.Get("reason"), Source: q.Get("source")}
	if _, err := d.looked(v, "exceptions listed", pipeline.SubjectExceptions, !v.byItself()); err != nil {
		return err
	}
	counts, err := d.Mailroom.CountWaits(v.Context())
	if err != nil {
		return err
	}
	if !q.Has("lane") {
		f.Lanes = d.queue(v, counts).Lanes
	}
	lines, next, err := d.Mailroom.Waits(v.Context(), pipeline.Cursor(q.Get("after")), perPage, f)
	if err != nil {
		return err
	}
	p := stationList{queueChoices: choices(counts, f)}
	for _, line := range lines {
		if masked(v.user, line) {
			line.Detail = "" // it may name what the second person is to key unseen
		}
		first := ""
		if line.Says != nil {
			first = line.Says.Args["batch"]
		}
		line.Says = d.nameBatch(v, line.Says)
		p.Lines = append(p.Lines, waitingLine{line, d.leases.holder(line.Document, v.user.ID), first})
	}
	if next != "" {
		q.Set("after", string(next))
		p.Next = "/station/list?" + q.Encode()
	}
	return v.show(http.StatusOK, "station-list", p)
}

type stationList struct {
	queueChoices
	Lines []waitingLine
	Next  string
}

// waitingLine is a document of the list, with who else works at it.
type waitingLine struct {
	pipeline.DocumentLine
	HeldBy string
	First  string // the batch that came before and is the reason; "" = there is none
}
