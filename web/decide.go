package web

import (
	"errors"
	"net/http"
	"slices"

	"postroom/pipeline"
	"postroom/web/access"
)

// undoKey is the session's last decision, for taking it back.
const undoKey = "undo"

// decided carries out what was decided on the document of the path, and opens the
// next one. A refusal shows the document again, with what was typed and why it is not so.
func (d *desk) decided(v *visit, decide func(line pipeline.DocumentLine) error) error {
	line, err := d.waiting(v)
	if err != nil {
		return err
	}
	if !mayDecide(v.user, line) {
		return errForbidden
	}
	if holder, mine := d.leases.take(line.Document, v.user.ID, v.user.Name); !mine {
		return d.openStation(v, line, http.StatusConflict, v.field("reference"), v.t("station.held_by", "Name", holder))
	}
	err = decide(line)
	var refused *pipeline.Refused
	switch {
	case errors.As(err, &refused):
		return d.openStation(v, line, http.StatusUnprocessableEntity, v.field("reference"), d.refusal(v, refused))
	case err != nil:
		return err
	}
	d.leases.end(line.Document)
	return nil
}

// refusal is a refused decision in the visitor's language.
func (d *desk) refusal(v *visit, r *pipeline.Refused) string {
	args := make([]any, 0, 2*len(r.Args))
	for name, value := range r.Args {
		args = append(args, name, value)
	}
	if r.Says != nil {
		s := v.desk.words.in(v.lang)
		if text, err := s.saying(*r.Says, plain()); err == nil {
			return sentence(text)
		}
	}
	return v.t("refused."+string(r.Code), args...)
}

func (d *desk) file(v *visit) error {
	return d.andNext(v, "station.filed", func(line pipeline.DocumentLine) error {
		return d.Mailroom.Decide(v.Context(), line.Document, pipeline.Decision{Reference: v.field("reference"), Version: formInt(v, "version"),
			By: v.user.Actor(), Supervisor: v.user.Has(access.Supervisor)})
	})
}

func (d *desk) discard(v *visit) error {
	return d.andNext(v, "station.discarded", func(line pipeline.DocumentLine) error {
		return d.Mailroom.Decide(v.Context(), line.Document, pipeline.Decision{Discard: v.field("why"), Version: formInt(v, "version"), By: v.user.Actor()})
	})
}

// andNext decides and opens the next document.
func (d *desk) andNext(v *visit, key string, decide func(pipeline.DocumentLine) error) error {
	done := false
	err := d.decided(v, func(line pipeline.DocumentLine) error {
		err := decide(line)
		if err == nil {
			done = true
			err = d.Sessions.Put(v.Context(), undoKey, line.Document)
		}
		return err
	})
	if err != nil || !done {
		return err
	}
	return v.done("/station", key)
}

// park lays the document into another lane and opens the next one.
func (d *desk) park(lane string) func(*visit) error {
	return func(v *visit) error {
		done := false
		err := d.decided(v, func(line pipeline.DocumentLine) error {
			err := d.Mailroom.Park(v.Context(), line.Document, pipeline.Park{Lane: lane, Why: v.field("why"), By: v.user.Actor(), Version: formInt(v, "version")})
			done = err == nil
			return err
		})
		if err != nil || !done {
			return err
		}
		return v.done("/station", "station.parked")
	}
}

// pageAct does with the page that is shown what the button says.
func (d *desk) pageAct(v *visit) error {
	page, does := formInt(v, "page"), v.field("do")
	if !slices.Contains([]string{"split", "merge", "separator", "blank", "first", "last", "turn"}, does) {
		return errBadForm
	}
	next, done := "", false
	err := d.decided(v, func(line pipeline.DocumentLine) (err error) {
		next, err = d.regroup(v, line, page, does)
		done = err == nil
		return err
	})
	if err != nil || !done {
		return err
	}
	return v.done(next, "station.done_"+does)
}

// undo takes the last decision back that the person has made here.
func (d *desk) undo(v *visit) error {
	id := d.Sessions.Get(v.Context(), undoKey)
	if id == "" {
		return errNotFound
	}
	if err := d.Sessions.Put(v.Context(), undoKey, ""); err != nil {
		return err
	}
	err := d.Mailroom.Undo(v.Context(), id, pipeline.Undo{By: v.user.Actor()})
	var refused *pipeline.Refused
	if errors.As(err, &refused) {
		return v.tell("/station", d.refusal(v, refused))
	}
	if err != nil {
		return err
	}
	return v.done(stationPath(id), "station.undone")
}

// skip lays the document down and opens the next one.
func (d *desk) skip(v *visit) error {
	line, err := d.waiting(v)
	if err != nil {
		return err
	}
	d.leases.free(line.Document, v.user.ID)
	if err := d.Sessions.Put(v.Context(), skippedKey, string(line.Place())); err != nil {
		return err
	}
	v.redirect("/station")
	return nil
}

// take takes the document over from whoever works at it, which is logged.
func (d *desk) take(v *visit) error {
	line, err := d.waiting(v)
	if err != nil {
		return err
	}
	if from := d.leases.seize(line.Document, v.user.ID, v.user.Name); from != "" {
		if err := d.Mailroom.LogReason(v.Context(), v.user.Actor(), "document taken over", line.Document, "from "+from); err != nil {
			return err
		}
	}
	return v.done(stationPath(line.Document), "station.taken")
}

// hold lengthens the lease while the page is looked at.
func (d *desk) hold(v *visit) error {
	line, err := d.waiting(v)
	if err != nil {
		return err
	}
	if _, mine := d.leases.take(line.Document, v.user.ID, v.user.Name); !mine {
		return errDecided
	}
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}
