package web

import (
	"encoding/json"
	"errors"
	"fmt"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/web/session"
)

// step is something that a person did at the station, with what takes it back.
type step struct {
	Kind     string `json:"k"` // decided, parked, turned
	Document string `json:"d"`
	Lane     string `json:"l,omitempty"` // parked: where it was, why and which pages
	Why      string `json:"w,omitempty"`
	Pages    []int  `json:"p,omitempty"`
	To       string `json:"o,omitempty"` // where it was laid
	Batch    string `json:"b,omitempty"` // turned: which page, and how it was turned
	Page     int    `json:"n,omitempty"`
	Degrees  int    `json:"t,omitempty"`
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

// undo takes the last step back that the person has made here.
func (d *desk) undo(v *visit) error {
	all := d.steps(v)
	if len(all) == 0 {
		return v.done("/station", "station.nothing_done")
	}
	last := all[len(all)-1]
	if err := d.note(v, all[:len(all)-1]); err != nil {
		return err
	}
	err := d.takeBack(v, last)
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return v.tell("/station", d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	h, err := d.Mailroom.Holding(v.Context(), last.Document)
	switch {
	case err != nil:
		return err
	case h.State != mail.Held: // its delivery had begun
		return v.done("/station", "station.undone_later")
	case last.Kind == stepTurned:
		return v.done(pagePath(last.Document, last.Page), "station.undone")
	}
	return v.done(stationPath(last.Document), "station.undone")
}

func (d *desk) takeBack(v *visit, s step) error {
	ctx, by := v.Context(), v.user.Actor()
	switch s.Kind {
	case stepParked:
		line, err := d.Mailroom.Document(ctx, s.Document)
		if err != nil {
			return err
		}
		if line.Lane != s.To || s.To != pipeline.LaneOpen && !line.LaidBy(by, v.user.ID) {
			return &pipeline.Refused{Code: "something-came-after"}
		}
		return d.Mailroom.Park(ctx, s.Document, pipeline.Park{Lane: s.Lane, Why: s.Why, Pages: s.Pages, By: by, User: v.user.ID})
	case stepTurned:
		_, err := d.Mailroom.Turn(ctx, s.Batch, pipeline.Turn{Page: s.Page, Degrees: s.Degrees, By: by})
		return err
	}
	return d.Mailroom.Undo(ctx, s.Document, pipeline.Undo{By: by, User: v.user.ID})
}
