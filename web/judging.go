package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
)

// judgedPage is a letter of a sample beside what the machine made of it.
type judgedPage struct {
	Sample   pipeline.Sample
	Estimate pipeline.Estimate
	Item     pipeline.Sampled
	Line     pipeline.DocumentLine
	Filed    mail.Placement // by the machine, when the sample was drawn: what is judged
	Case     pipeline.Case  // what the register says of it now
	Strip    []leaf
	Current  *leafView // nil = no page can be shown
	Page     int
	Before   int
	After    int
	Problem  string
	Why      string // that was typed and refused
}

// showJudged shows a letter of a sample, to be judged. That it is in the sample is the reason
// to read it; that he did is an entry each time, as of any other letter.
func (d *desk) showJudged(v *visit, status int, problem string) error {
	ctx := v.Context()
	h, _, err := d.reach(v, access.Auditor)
	if err != nil {
		return err
	}
	p := judgedPage{Problem: problem, Why: v.again("why")}
	if p.Sample, err = d.Mailroom.Sample(ctx, v.PathValue("sample")); err != nil {
		return err
	}
	p.Estimate = p.Sample.Estimate()
	if p.Item, err = d.Mailroom.Drawn(ctx, p.Sample.ID, h.Document); err != nil {
		return err
	}
	if h.State != mail.Superseded { // else its pages stand in other letters, which the sample opens nobody
		if err := d.openBehind(v, h.Document, "sample "+p.Sample.ID); err != nil {
			return err
		}
	}
	if _, err := d.looked(v, "document viewed", h.Document, status == http.StatusOK && v.FormValue("page") == ""); err != nil {
		return err
	}
	if p.Line, err = d.Mailroom.Document(ctx, h.Document); err != nil {
		return err
	}
	if p.Filed, err = d.Mailroom.FiledThen(ctx, h.Document, p.Sample.Through); err != nil {
		return err
	}
	p.Case = d.Mailroom.Look(p.Filed.Reference.String())
	pages := p.Line.Pages
	at := min(max(0, formInt(v, "page")-1), max(0, len(pages)-1))
	for i, n := range pages {
		p.Strip = append(p.Strip, leaf{i + 1, n, slices.Contains(p.Line.Blanks, n), i == at})
	}
	s, err := d.sightOf(v, h, access.Auditor)
	if err != nil {
		return err
	}
	if len(pages) == 0 || s != whole {
		return v.show(status, "judge", p)
	}
	page, err := d.pageView(v, h.Batch, pages[at], "/story/"+h.Document+"/picture/")
	if err != nil {
		return err
	}
	page.Boxes = nil
	page.mark(p.Filed.Evidence)
	p.Current, p.Page, p.Before = &leafView{page, at + 1}, at+1, at
	if at+1 < len(pages) {
		p.After = at + 2
	}
	return v.show(status, "judge", p)
}

// nextOfSample leads to a letter that is not judged yet, or back to the sample.
func (d *desk) nextOfSample(v *visit) error {
	sample := v.PathValue("sample")
	next, err := d.Mailroom.Unjudged(v.Context(), sample, formInt(v, "after"))
	if errors.Is(err, pipeline.ErrNoSuch) {
		if _, err := d.Mailroom.Sample(v.Context(), sample); err != nil {
			return err
		}
		return v.done("/samples/"+sample, "samples.all_judged")
	}
	if err != nil {
		return err
	}
	v.redirect("/samples/" + sample + "/" + next.Document)
	return nil
}

// wrongPage lists what auditors found in a wrong case, for operators to take it back.
type wrongPage struct {
	Found   []wrongLine
	Next    string
	Recall  bool // the visitor may
	Problem string
}

// wrongLine is a letter that was found wrong, with where its paper is.
type wrongLine struct {
	pipeline.Wrong
	Line pipeline.DocumentLine
}

func (d *desk) wrong(v *visit) error { return d.showWrong(v, http.StatusOK, "") }

func (d *desk) showWrong(v *visit, status int, problem string) error {
	if err := d.Mailroom.LogView(v.Context(), v.user.Actor(), "wrong ones listed", pipeline.SubjectSamples); err != nil {
		return err
	}
	found, err := d.Mailroom.FoundWrong(v.Context(), v.FormValue("after"), perPage)
	if err != nil {
		return err
	}
	p := wrongPage{Recall: v.user.Has(operators.roles...), Problem: problem}
	for _, w := range found {
		line, err := d.Mailroom.Document(v.Context(), w.Document)
		if err != nil {
			return err
		}
		p.Found = append(p.Found, wrongLine{w, line})
	}
	if len(found) == perPage {
		p.Next = found[perPage-1].Key
	}
	return v.show(status, "wrong", p)
}

// recallWrong takes a letter out of the case in which an auditor found it wrong; it then
// waits at the station. One that was moved since, or before, may stand where it belongs.
func (d *desk) recallWrong(v *visit) error {
	h, _, err := d.reach(v, access.Operator)
	if err != nil {
		return err
	}
	found, err := d.Mailroom.WrongAt(v.Context(), v.field("found"))
	if err != nil {
		return err
	}
	if found.Document != h.Document {
		return errNotFound
	}
	if found.Touched {
		err = &pipeline.Refused{Code: "something-came-after"}
	} else {
		err = d.Mailroom.Return(v.Context(), h.Document, pipeline.Return{Why: v.field("why"), Version: found.Verdict.Version, By: v.user.Actor()})
	}
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return d.showWrong(v, http.StatusUnprocessableEntity, d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	return v.done(stationPath(h.Document), "wrong.recalled")
}

// afterJudging leads to the next letter of the sample that nobody has judged.
func afterJudging(sample string, place int) string {
	return "/samples/" + sample + "/next?after=" + strconv.Itoa(place)
}
