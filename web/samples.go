package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"postroom/pipeline"
	"postroom/web/access"
)

// samplesPage lists the samples, and asks for another one.
type samplesPage struct {
	Samples []sampleLine
	Stores  []string
	Typed   sampleForm
	Problem string
}

type sampleLine struct {
	pipeline.Sample
	pipeline.Estimate
}

// sampleForm is an order as it was typed.
type sampleForm struct{ From, To, Count, Unit, Store, Stratified string }

// shareUnit has the count of an order be a percentage of the letters.
const shareUnit = "share"

// size is how many letters a form asks for. What is no size is refused with what would do.
func (f sampleForm) size(o *pipeline.SampleOrder) {
	if f.Unit == shareUnit {
		percent, err := strconv.ParseFloat(strings.Replace(f.Count, ",", ".", 1), 64)
		if o.Share = percent / 100; err != nil || percent == 0 {
			o.Share = -1
		}
		return
	}
	count, err := strconv.Atoi(f.Count)
	if o.Count = count; err != nil || count == 0 {
		o.Count = -1
	}
}

func (d *desk) samples(v *visit) error {
	now := d.Now().Local()
	return d.showSamples(v, http.StatusOK, sampleForm{From: now.AddDate(0, 0, -29).Format(time.DateOnly), To: now.Format(time.DateOnly), Count: "50"}, "")
}

func (d *desk) showSamples(v *visit, status int, typed sampleForm, problem string) error {
	all, err := d.Mailroom.Samples(v.Context())
	if err != nil {
		return err
	}
	p := samplesPage{Stores: d.Stores, Typed: typed, Problem: problem}
	for _, s := range all {
		p.Samples = append(p.Samples, sampleLine{s, s.Estimate()})
	}
	return v.show(status, "samples", p)
}

func (d *desk) drawSample(v *visit) error {
	typed := sampleForm{v.field("from"), v.field("to"), v.field("count"), v.field("unit"), v.field("store"), v.field("stratified")}
	from, err1 := time.ParseInLocation(time.DateOnly, typed.From, time.Local)
	to, err2 := time.ParseInLocation(time.DateOnly, typed.To, time.Local)
	if err1 != nil || err2 != nil {
		return d.showSamples(v, http.StatusUnprocessableEntity, typed, v.t("log.bad_day"))
	}
	order := pipeline.SampleOrder{From: from, To: to, Store: typed.Store, Stratified: typed.Stratified != ""}
	typed.size(&order)
	s, err := d.Mailroom.DrawSample(v.Context(), v.user.Actor(), order)
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return d.showSamples(v, http.StatusUnprocessableEntity, typed, d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	v.redirect("/samples/" + url.PathEscape(s.ID))
	return nil
}

// samplePage is a sample with its letters.
type samplePage struct {
	Sample   pipeline.Sample
	Estimate pipeline.Estimate
	Items    []pipeline.Sampled
	More     string
	Problem  string
}

func (d *desk) sample(v *visit) error { return d.showSample(v, http.StatusOK, "") }

func (d *desk) showSample(v *visit, status int, problem string) error {
	s, err := d.Mailroom.Sample(v.Context(), v.PathValue("sample"))
	if err != nil {
		return err
	}
	after := max(0, formInt(v, "after"))
	items, err := d.Mailroom.Sampled(v.Context(), s.ID, after, perPage)
	if err != nil {
		return err
	}
	p := samplePage{Sample: s, Estimate: s.Estimate(), Items: items, Problem: problem}
	if len(items) == perPage {
		p.More = "/samples/" + url.PathEscape(s.ID) + "?after=" + strconv.Itoa(after+perPage)
	}
	return v.show(status, "sample", p)
}

func (d *desk) judgePage(v *visit) error { return d.showJudged(v, http.StatusOK, "") }

func (d *desk) judge(v *visit) error {
	h, _, err := d.reach(v, access.Auditor)
	if err != nil {
		return err
	}
	verdict := v.field("verdict")
	if verdict != "right" && verdict != "wrong" {
		return errBadForm
	}
	sample := v.PathValue("sample")
	err = d.Mailroom.Judge(v.Context(), v.user.Actor(), sample, h.Document, verdict == "right", v.field("why"))
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return d.showJudged(v, http.StatusUnprocessableEntity, d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	v.redirect(afterJudging(sample, formInt(v, "place")))
	return nil
}
