package web

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
)

// batchPage is a batch with every page's place, and the sums that prove that none is lost.
type batchPage struct {
	Batch     batchView
	Pages     []pageCell // that are shown: some of a long batch
	Parts     []stripPart
	Blanks    int // pages that look blank, wherever they are
	Sums      pipeline.PageSums
	Documents []pipeline.DocumentLine // those with a page that is shown
	Recalls   bool                    // the visitor may take a filed one back
	Recall    *pipeline.DocumentLine  // the one that he chose for it; nil = none
	Problem   string
	Field     string // that it is about
	Why       string // that was typed there and refused
}

// Duplicates gives how many of its pages had come before: all, or none.
func (p batchPage) Duplicates() int {
	if p.Batch.First != "" {
		return p.Sums.Pages
	}
	return 0
}

// pageCell is a page of the strip with the words of its place.
type pageCell struct {
	pipeline.PageLine
	Class, Key string
	Begins     bool // a document begins with it
}

// stripPart is a part of the strip: so many pages are looked at at once.
type stripPart struct {
	From, To int
	Current  bool
	Waits    bool // a page of it is in an exception
}

// perStrip is how many pages the strip shows at once.
const perStrip = 100

func (d *desk) batch(v *visit) error { return d.showBatch(v, http.StatusOK, "") }

func (d *desk) showBatch(v *visit, status int, problem string) error {
	ctx, id := v.Context(), v.PathValue("batch")
	if err := d.batchLooked(v, id, !v.byItself()); err != nil {
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
	view, err := d.batchView(v, summary)
	if err != nil {
		return err
	}
	p := batchPage{Batch: view, Sums: sums, Problem: problem, Field: "why", Why: v.again("why")}
	if v.PathValue("document") != "" { // which was to be taken back
		p.Field = ""
	}
	p.strip(pages, formInt(v, "from"))
	from, to := 0, 0
	if n := len(p.Pages); n > 0 {
		from, to = p.Pages[0].Page, p.Pages[n-1].Page
	}
	if p.Documents, err = d.Mailroom.DocumentsOn(ctx, id, from, to); err != nil {
		return err
	}
	p.Recalls = v.user.Has(supervisors.roles...)
	if at := slices.IndexFunc(p.Documents, func(l pipeline.DocumentLine) bool {
		return l.Document == v.FormValue("recall") && l.Status == mail.Filed.String()
	}); p.Recalls && at >= 0 {
		p.Recall, p.Field = &p.Documents[at], "why-recall"
	}
	return v.show(status, "batch", p)
}

// recallFiled takes a filed letter out of its case, because of what a supervisor sees in its
// batch: cut at a wrong page, say. It waits at the station, where it can be read, so that a
// reason is logged and it is no operator's to do.
func (d *desk) recallFiled(v *visit) error {
	h, _, err := d.reach(v, access.Operator)
	if err != nil {
		return err
	}
	err = d.Mailroom.Return(v.Context(), h.Document, pipeline.Return{Why: v.field("why"), Version: formInt(v, "version"), By: v.user.Actor()})
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		v.SetPathValue("batch", h.Batch)
		return d.showBatch(v, http.StatusUnprocessableEntity, d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	return v.done(stationPath(h.Document), "wrong.recalled")
}

// batchLooked is looked of a batch that there is: what an address says is no entry of the log.
func (d *desk) batchLooked(v *visit, batch string, opening bool) error {
	known, err := d.Mailroom.Knows(v.Context(), batch)
	if err == nil && !known {
		err = errNotFound
	}
	if err == nil {
		_, err = d.looked(v, "batch viewed", batch, opening)
	}
	return err
}

// nameBatch has a sentence name a batch by its file and time: an id says nothing to people.
func (d *desk) nameBatch(v *visit, says *mail.Saying) *mail.Saying {
	if says == nil || says.Args["batch"] == "" {
		return says
	}
	b, err := d.Mailroom.Summary(v.Context(), says.Args["batch"])
	if err != nil {
		return says // the id is better than no sentence
	}
	named := *says
	named.Args = maps.Clone(says.Args)
	named.Args["batch"] = b.Name + " (" + v.desk.words.in(v.lang).moment(b.Received) + ")"
	return &named
}

// strip takes the part of the pages that holds one, and names the parts.
func (p *batchPage) strip(pages []pipeline.PageLine, from int) {
	first := max(0, min(from-1, len(pages)-1)) / perStrip * perStrip
	last := ""
	for i, page := range pages {
		if page.Blank {
			p.Blanks++
		}
		if len(pages) > perStrip && i%perStrip == 0 {
			p.Parts = append(p.Parts, stripPart{From: i + 1, To: min(i+perStrip, len(pages)), Current: i == first})
		}
		c := pageCell{PageLine: page, Begins: page.Document != last && page.Document != ""}
		c.Class, c.Key = placeOf(page)
		if last = page.Document; c.Key == "place.exception" && len(p.Parts) > 0 {
			p.Parts[len(p.Parts)-1].Waits = true
		}
		if i >= first && i < first+perStrip {
			p.Pages = append(p.Pages, c)
		}
	}
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
		err = d.readablePage(v, batch, page)
	} else {
		err = d.batchLooked(v, batch, false)
	}
	if err != nil {
		return err
	}
	return d.picture(v, batch, page)
}

// closeBatch closes a batch whose counts are other than its ticket says, with a reason.
func (d *desk) closeBatch(v *visit) error {
	id := v.PathValue("batch")
	err := d.Mailroom.CloseBatch(v.Context(), id, pipeline.Closing{Why: v.field("why"), By: v.user.Actor(),
		Counted: mail.Counts{Documents: formInt(v, "documents"), Pages: formInt(v, "pages")}})
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return d.showBatch(v, http.StatusUnprocessableEntity, d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	return v.done("/batches/"+url.PathEscape(id), "batch.closed")
}

// retryBatch has what waits for its next try tried at once.
func (d *desk) retryBatch(v *visit) error {
	id := v.PathValue("batch")
	if _, err := d.Mailroom.Retry(v.Context(), id, v.user.Actor()); err != nil {
		return err
	}
	return v.done("/batches/"+url.PathEscape(id), "batch.retried")
}
