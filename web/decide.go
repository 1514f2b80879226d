package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"postroom/pipeline"
	"postroom/web/access"
)

// trial is a form that was sent and not accepted. It is shown again as it was typed.
type trial struct {
	status int    // of the answer; 0 = nothing was sent
	wrong  string // what is not so, in the visitor's language
	field  string // the id of the field that it is about; "" = of none

	reference, why, pages string
}

// tried gives the form of this request, and which of its fields is at fault.
func tried(v *visit, status int, field, wrong string) trial {
	return trial{status, wrong, field, v.field("reference"), v.again("why"), v.field("pages")}
}

// decided is carriedOut of what ends the work at the document: nobody has it any more, and what
// was typed for it is forgotten.
func (d *desk) decided(v *visit, field string, decide func(pipeline.DocumentLine) error) (done bool, err error) {
	if done, err = d.carriedOut(v, field, decide); done {
		d.leases.end(v.PathValue("document"))
	}
	return done, err
}

// carriedOut does what was said of the document of the path. A refusal shows the
// document again, with what was typed and why it is not so; done tells that it was none.
func (d *desk) carriedOut(v *visit, field string, decide func(pipeline.DocumentLine) error) (done bool, err error) {
	line, err := d.waiting(v)
	if errors.Is(err, errDecided) { // by somebody else, or by this person's second press
		return false, v.done("/station", "station.meanwhile")
	}
	if err != nil {
		return false, err
	}
	if !mayDecide(v.user, line) {
		return false, errForbidden
	}
	if has, mine := d.leases.take(line.Document, v.user.ID, v.user.Name); !mine {
		return false, d.openStation(v, line, tried(v, http.StatusConflict, "", v.t("station.held_by", "Name", has.name)))
	}
	err = decide(line)
	var refused *pipeline.Refused
	var wrong *wrongField
	switch {
	case errors.As(err, &wrong):
		return false, d.openStation(v, line, tried(v, http.StatusUnprocessableEntity, wrong.field, wrong.text(v)))
	case errors.As(err, &refused):
		return false, d.openStation(v, line, tried(v, http.StatusUnprocessableEntity, field, d.refusal(v, refused)))
	case err != nil:
		return false, err
	}
	return true, nil
}

// wrongField is what is wrong with a field before the mailroom is asked.
type wrongField struct {
	field, key string
	args       []any
}

func (w *wrongField) Error() string { return w.key }

func (w *wrongField) text(v *visit) string { return v.t(w.key, w.args...) }

// refusal is a refused decision in the visitor's language.
func (d *desk) refusal(v *visit, r *pipeline.Refused) string {
	if r.Code == "reference-refused" {
		l := d.look(v.field("reference"))
		if l.Key == "lookup.partial" {
			l.Key = "lookup.form"
		}
		return v.t("station.refused", "Why", v.t(l.Key))
	}
	if text := v.unseen(r.Code); text != "" {
		return text
	}
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

// file files the document in the case that was typed, or chosen among the candidates.
func (d *desk) file(v *visit) error {
	id, version := "", 0
	done, err := d.decided(v, "reference", func(line pipeline.DocumentLine) error {
		id, version = line.Document, seen(v, line)
		return d.Mailroom.Decide(v.Context(), id, pipeline.Decision{Reference: v.field("reference"), Version: version,
			By: v.user.Actor(), User: v.user.ID, Supervisor: v.user.Has(access.Supervisor)})
	})
	if err != nil || !done {
		return err
	}
	now, err := d.Mailroom.Document(v.Context(), id)
	if err != nil {
		return err
	}
	switch {
	case now.Keyed != nil: // keyed once, it waits for another person
		err = errors.Join(d.did(v, step{Kind: stepDecided, Document: id, Version: version}), v.done("/station", "station.keyed"))
	case now.Lane == pipeline.LaneSupervisor: // keyed twice, and not alike
		err = v.done("/station", "station.differ")
	default:
		found := d.Mailroom.Look(v.field("reference"))
		err = errors.Join(d.did(v, step{Kind: stepDecided, Document: id, Version: version}),
			v.done("/station", "station.filed", "Reference", printable(found.Reference), "Name", clipped(printable(found.Name))))
	}
	return err
}

// seen is the version of a document that the visitor has looked at, as the form says.
func seen(v *visit, line pipeline.DocumentLine) int {
	return cmp.Or(formInt(v, "version"), line.Version)
}

// clipped bounds a name, for a session keeps short texts.
func clipped(name string) string {
	if all := []rune(name); len(all) > 100 {
		return string(all[:100]) + "…"
	}
	return name
}

func (d *desk) discard(v *visit) error {
	done, err := d.decided(v, "why-discard", func(line pipeline.DocumentLine) error {
		if v.field("why") == "" {
			return &wrongField{field: "why-discard", key: "station.say_why"}
		}
		err := d.Mailroom.Decide(v.Context(), line.Document, pipeline.Decision{Discard: v.field("why"), Version: seen(v, line),
			By: v.user.Actor(), User: v.user.ID, Supervisor: v.user.Has(access.Supervisor)})
		if err == nil {
			err = d.did(v, step{Kind: stepDecided, Document: line.Document, Version: seen(v, line)})
		}
		return err
	})
	if err != nil || !done {
		return err
	}
	return v.done("/station", "station.discarded")
}

// park lays the document into another lane and opens the next one.
func (d *desk) park(lane string) func(*visit) error {
	return func(v *visit) error {
		field := "why-" + lane
		done, err := d.decided(v, field, func(line pipeline.DocumentLine) error {
			pages, ok := pageList(v.field("pages"), line.Pages)
			switch {
			case lane != pipeline.LaneOpen && v.field("why") == "":
				return &wrongField{field: field, key: "station.say_why"}
			case !ok:
				return &wrongField{field: "pages-" + lane, key: "station.pages_wrong"}
			}
			err := d.Mailroom.Park(v.Context(), line.Document, pipeline.Park{Lane: lane, Why: v.field("why"), Pages: pages, Version: seen(v, line),
				By: v.user.Actor(), User: v.user.ID, Supervisor: v.user.Has(access.Supervisor)})
			if err == nil {
				err = d.did(v, step{Kind: stepParked, Document: line.Document, Version: seen(v, line), Now: seen(v, line) + 1, Lane: line.Lane, Why: line.LaneWhy, Pages: line.LanePages})
			}
			return err
		})
		if err != nil || !done {
			return err
		}
		return v.done("/station", "station.parked_"+lane)
	}
}

// longestPages bounds what is read as page numbers; the field takes 100 characters.
const longestPages = 300

// pageList reads page numbers as people write them: 2-4, 7. All of them must be among
// those that there are.
func pageList(text string, among []int) (pages []int, ok bool) {
	if len(text) > longestPages { // a form has room for a long letter's pages thousands of times
		return nil, false
	}
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		from, to, span := strings.Cut(strings.ReplaceAll(part, "–", "-"), "-")
		if !span {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if errors.Join(err1, err2) != nil || first > last || !slices.Contains(among, first) || !slices.Contains(among, last) {
			return nil, false
		}
		for n := first; n <= last; n++ {
			pages = append(pages, n)
		}
	}
	return pages, true
}

// skip lays the document down and opens the next one.
func (d *desk) skip(v *visit) error {
	line, err := d.waiting(v)
	if errors.Is(err, errDecided) {
		return v.done("/station", "station.meanwhile")
	}
	if err != nil {
		return err
	}
	d.leases.only("", v.user.ID)
	early, err := d.skipPart(v, line)
	if err == nil && !early {
		err = d.Sessions.Put(v.Context(), skippedKey, string(line.Place()))
	}
	if err == nil {
		v.redirect("/station")
	}
	return err
}

// take takes the document over from whoever works at it, which is logged.
func (d *desk) take(v *visit) error {
	line, err := d.waiting(v)
	if err != nil {
		return err
	}
	if !mayDecide(v.user, line) {
		return errForbidden
	}
	if from := d.leases.seize(line.Document, v.user.ID, v.user.Name); from != "" {
		if err := d.Mailroom.LogReason(v.Context(), v.user.Actor(), "document taken over", line.Document, "from "+from); err != nil {
			return err
		}
	}
	return v.done(stationPath(line.Document), "station.taken")
}

// hand gives the document into the visitor's hand; mine is false, with who has it if anybody
// does, when it is in another's, or is not the visitor's to decide.
func (d *desk) hand(v *visit, line pipeline.DocumentLine) (has lease, mine bool) {
	if !mayDecide(v.user, line) {
		return d.leases.another(line.Document, v.user.ID), false
	}
	return d.leases.take(line.Document, v.user.ID, v.user.Name)
}

// hold lengthens the lease while the page is worked at.
func (d *desk) hold(v *visit) error {
	line, err := d.waiting(v)
	if err != nil {
		return err
	}
	if _, mine := d.hand(v, line); !mine {
		return errDecided
	}
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}
