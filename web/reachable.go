package web

import (
	"errors"
	"net/http"

	"postroom/pipeline"
	"postroom/web/access"
	"postroom/web/session"
)

// sessionsPage lists who is signed in where.
type sessionsPage struct {
	Sessions []sessionLine
	Next     string
}

type sessionLine struct {
	session.Info
	Of access.User // zero = the account is gone
}

func (d *desk) allSessions(v *visit) error {
	all, next, err := d.Sessions.All(v.Context(), v.FormValue("after"), 2*perPage)
	if err != nil {
		return err
	}
	p := sessionsPage{Next: next}
	for _, s := range all {
		u, err := d.Directory.User(v.Context(), s.User)
		if err != nil && !errors.Is(err, access.ErrNone) {
			return err
		}
		p.Sessions = append(p.Sessions, sessionLine{s, u})
	}
	return v.show(http.StatusOK, "sessions", p)
}

func (d *desk) endOneSession(v *visit) error {
	err := d.Sessions.End(v.Context(), v.field("session"))
	if err != nil && !errors.Is(err, session.ErrNone) { // it has ended by itself: as was wanted
		return err
	}
	return v.done("/sessions", "users.session_ended")
}

// whoPage tells who may see a case, and why.
type whoPage struct {
	Typed   string
	Case    pipeline.Case
	Seers   []access.Seer
	Problem string
}

// whoKey is the session's key for the case that was asked about: its number is not for an address.
const whoKey = "who"

func (d *desk) whoSees(v *visit) error {
	p := whoPage{Typed: d.Sessions.Get(v.Context(), whoKey)}
	if p.Typed == "" {
		return v.show(http.StatusOK, "who", p)
	}
	p.Case = d.Mailroom.Look(p.Typed)
	if p.Case.Reference == "" || p.Case.Store == "" {
		p.Problem = v.t("users.no_such_case")
		return v.show(http.StatusUnprocessableEntity, "who", p)
	}
	// Letters may lie in a case that is closed by now: that it is takes nobody's right.
	var err error
	if p.Seers, err = d.Directory.WhoSees(v.Context(), p.Case.Store, p.Case.Scheme, p.Case.Reference); err != nil {
		return err
	}
	return v.show(http.StatusOK, "who", p)
}

func (d *desk) askWhoSees(v *visit) error {
	text := v.field("case")
	if text == "" || len(text) > 200 {
		return errBadForm
	}
	if err := d.Sessions.Put(v.Context(), whoKey, text); err != nil {
		return err
	}
	v.redirect("/reach")
	return nil
}
