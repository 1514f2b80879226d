package web

import (
	"encoding/json"
	"errors"
	"fmt"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/access"
	"postroom/web/session"
)

// step is something that a person did at the station, with what takes it back.
type step struct {
	Kind     string `json:"k"` // decided, parked, turned
	Document string `json:"d"`
	Version  int    `json:"v,omitempty"` // of it, that was decided on or laid into a lane
	Lane     string `json:"l,omitempty"` // parked: where it was, why and which pages
	Why      string `json:"w,omitempty"`
	Pages    []int  `json:"p,omitempty"`
	Now      int    `json:"c,omitempty"` // its version since
	Batch    string `json:"b,omitempty"` // turned: which page, and how it was turned
	Page     int    `json:"n,omitempty"`
	Degrees  int    `json:"t,omitempty"`
	Turned   int    `json:"r,omitempty"` // and how it is since
}

const (
	stepDecided = "decided"
	stepParked  = "parked"
	stepTurned  = "turned"
)

// undoKey is the session's list of steps, the last one last.
const undoKey = "undo"

func (d *desk) steps(v *visit) (all []step) {
	if json.Unmarshal([]byte(d.Sessions.Get(v.Context(), undoKey)), &all) != nil {
		return nil // there are none, or they are of another version
	}
	return all
}

// note remembers steps: as many of the last ones as a session keeps.
func (d *desk) note(v *visit, all []step) error {
	for ; len(all) > 0; all = all[1:] {
		text, err := json.Marshal(all)
		if err != nil {
			return fmt.Errorf("bug: %w", err)
		}
		if len(text) <= session.Small {
			return d.Sessions.Put(v.Context(), undoKey, string(text))
		}
	}
	return d.Sessions.Put(v.Context(), undoKey, "")
}

// did remembers what was done.
func (d *desk) did(v *visit, s step) error { return d.note(v, append(d.steps(v), s)) }

// shown is the page of the letter that the form stood beside, if it waits still; else the
// next one's.
func (d *desk) shown(v *visit) (path string, err error) {
	h, err := d.Mailroom.Holding(v.Context(), v.field("document"))
	switch {
	case errors.Is(err, pipeline.ErrNoSuch), err == nil && h.State != mail.Held:
		return "/station", nil
	case formInt(v, "page") > 0:
		return pagePath(h.Document, formInt(v, "page")), err
	}
	return stationPath(h.Document), err
}

// undo takes the last step back that the person has made here. Where there is none, or it
// can't be, the person stays at the letter that is shown.
func (d *desk) undo(v *visit) error {
	shown, err := d.shown(v)
	if err != nil {
		return err
	}
	all := d.steps(v)
	if len(all) == 0 {
		return v.done(shown, "station.nothing_done")
	}
	last := all[len(all)-1]
	err = d.takeBack(v, last)
	var refused *pipeline.Refused
	if err != nil && !errors.As(err, &refused) && !errors.Is(err, pipeline.ErrNoSuch) {
		return err // the step stays the last one: who tries again must not take back the one before
	}
	if failed := d.note(v, all[:len(all)-1]); failed != nil {
		return failed
	}
	if refused != nil {
		return v.tell(shown, v.t("station.not_undone", "Why", d.refusal(v, refused)))
	}
	if err != nil {
		return err
	}
	h, err := d.Mailroom.Holding(v.Context(), last.Document)
	if err != nil {
		return err
	}
	if err := d.note(v, goOn(all[:len(all)-1], last, h.Version)); err != nil {
		return err
	}
	switch {
	case h.State != mail.Held: // its delivery had begun
		return v.done("/station", "station.undone_later")
	case last.Kind == stepTurned:
		return v.done(pagePath(last.Document, last.Page), "station.undone")
	}
	return v.done(stationPath(last.Document), "station.undone")
}

// goOn gives the steps that are left. One that laid the document into a lane right before the
// step that was taken back finds it, in its new version, as it had left it.
func goOn(left []step, back step, now int) []step {
	for i, s := range left {
		if s.Kind == stepParked && s.Document == back.Document && s.Now == back.Version {
			left[i].Now = now
		}
	}
	return left
}

// takeBack takes a step back if nothing came after it: else it would be another's, or one
// made elsewhere.
func (d *desk) takeBack(v *visit, s step) error {
	ctx, by := v.Context(), v.user.Actor()
	switch s.Kind {
	case stepParked:
		line, err := d.Mailroom.Document(ctx, s.Document)
		if err != nil {
			return err
		}
		if line.Version != s.Now {
			return &pipeline.Refused{Code: "something-came-after"}
		}
		return d.Mailroom.Park(ctx, s.Document, pipeline.Park{Lane: s.Lane, Why: s.Why, Pages: s.Pages, Version: s.Now,
			By: by, User: v.user.ID, Supervisor: v.user.Has(access.Supervisor), Undo: true})
	case stepTurned:
		now, _, err := d.Mailroom.Upright(ctx, s.Batch, s.Page)
		if err != nil {
			return err
		}
		if now != s.Turned {
			return &pipeline.Refused{Code: "something-came-after"}
		}
		_, err = d.Mailroom.Turn(ctx, s.Batch, pipeline.Turn{Page: s.Page, Degrees: s.Degrees, By: by})
		return err
	}
	return d.Mailroom.Undo(ctx, s.Document, pipeline.Undo{By: by, User: v.user.ID, Version: s.Version})
}
