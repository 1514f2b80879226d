package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
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
type sampleForm struct{ From, To, Count, Store string }

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
	typed := sampleForm{v.field("from"), v.field("to"), v.field("count"), v.field("store")}
	from, err1 := time.ParseInLocation(time.DateOnly, typed.From, time.Local)
	to, err2 := time.ParseInLocation(time.DateOnly, typed.To, time.Local)
	if err1 != nil || err2 != nil {
		return d.showSamples(v, http.StatusUnprocessableEntity, typed, v.t("log.bad_day"))
	}
	count, err := strconv.Atoi(typed.Count)
	if err != nil {
		count = -1 // which is refused with what would do
	}
	s, err := d.Mailroom.DrawSample(v.Context(), v.user.Actor(), pipeline.SampleOrder{Count: count, From: from, To: to, Store: typed.Store, Stratified: v.field("stratified") != ""})
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
