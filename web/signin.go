package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"postroom/web/access"
	"postroom/web/session"
	"postroom/web/signon"
)

// signInForm is the page for signing in.
type signInForm struct {
	Login   string
	Problem string // what was wrong
	None    bool   // there is no account yet
	SSO     bool
	Back    string // where to go then; "" = to the start
	Ended   bool   // a session had ended before
	Lost    bool   // and what was sent then was not done
}

func (d *desk) signInPage(v *visit) error {
	if v.user.ID != "" {
		v.redirect(within(v.FormValue("back")))
		return nil
	}
	return d.askSignIn(v, http.StatusOK, signInForm{Ended: v.FormValue("back") != "", Lost: v.FormValue("lost") != ""})
}

func (d *desk) askSignIn(v *visit, status int, f signInForm) error {
	any, err := d.Directory.Any(v.Context())
	if err != nil {
		return err
	}
	f.None, f.SSO = !any, d.Provider != nil
	if back := within(v.FormValue("back")); back != "/" {
		f.Back = back
	}
	return v.show(status, "signin", f)
}

func (d *desk) signIn(v *visit) error {
	ctx, login := v.Context(), v.field("login")
	user, err := d.Directory.Authenticate(access.From(ctx, v.remote()), login, v.PostFormValue("password"))
	var throttled *access.Throttled
	switch {
	case errors.As(err, &throttled):
		wait := int(throttled.Wait/time.Second) + 1
		v.w.Header().Set("Retry-After", strconv.Itoa(wait))
		return d.askSignIn(v, http.StatusTooManyRequests, signInForm{Login: login, Problem: v.t("signin.throttled", "Count", wait)})
	case errors.Is(err, access.ErrDenied):
		return d.askSignIn(v, http.StatusUnprocessableEntity, signInForm{Login: login, Problem: v.t("signin.refused")})
	case err != nil:
		return err
	}
	return d.admitUser(v, user, within(v.PostFormValue("back")))
}

// admitUser begins a session, under a token that nobody had before, and leads on.
func (d *desk) admitUser(v *visit, user access.User, to string) error {
	if err := d.Sessions.SignInAt(v.Context(), user.ID, user.Epoch); err != nil {
		return err
	}
	v.redirect(to)
	return nil
}

// signOn leads to the identity provider.
func (d *desk) signOn(v *visit) error {
	if d.Provider == nil {
		return errNotFound
	}
	v.keepBack(within(v.FormValue("back")))
	err := d.Provider.Begin(v.w, v.Request)
	if errors.Is(err, signon.ErrUnavailable) {
		return d.askSignIn(v, http.StatusServiceUnavailable, signInForm{Problem: v.t("signin.sso_away")})
	}
	return err
}

// signedOn takes what the provider says of who comes back from it.
func (d *desk) signedOn(v *visit) error {
	if d.Provider == nil {
		return errNotFound
	}
	identity, err := d.Provider.Finish(v.Request)
	var user access.User
	if err == nil {
		user, err = d.Provider.Admit(v.Context(), d.Directory, identity)
	}
	switch {
	case errors.Is(err, signon.ErrUnavailable):
		return d.askSignIn(v, http.StatusServiceUnavailable, signInForm{Problem: v.t("signin.sso_away")})
	case errors.Is(err, signon.ErrRefused), errors.Is(err, signon.ErrUnknown), errors.Is(err, access.ErrDenied):
		d.Log.Warn("a sign-in by the identity provider was refused", "error", err)
		return d.askSignIn(v, http.StatusForbidden, signInForm{Problem: v.t("signin.sso_refused")})
	case err != nil:
		return err
	}
	return d.admitUser(v, user, v.keptBack())
}

func (d *desk) signOut(v *visit) error {
	d.leases.only("", v.user.ID)
	if err := d.Sessions.SignOut(v.Context()); err != nil {
		return err
	}
	v.w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	v.redirect("/signin")
	return nil
}

// language is the person's choice, else what was chosen in this browser, else the browser's.
func (d *desk) language(v *visit) string {
	chosen := v.user.Language
	if c, err := v.Cookie(languageCookie); err == nil && chosen == "" {
		chosen = c.Value
	}
	if slices.Contains(Languages, chosen) {
		return chosen
	}
	tags, _, err := language.ParseAcceptLanguage(v.Header.Get("Accept-Language"))
	if err != nil {
		return Languages[0]
	}
	for _, tag := range tags {
		if base, _ := tag.Base(); slices.Contains(Languages, base.String()) {
			return base.String()
		}
	}
	return Languages[0]
}

// languageCookie keeps the language of a browser in which nobody is signed in.
const languageCookie = "postroom-language"

func (d *desk) setLanguage(v *visit) error {
	lang := v.field("language")
	if !slices.Contains(Languages, lang) {
		return errBadForm
	}
	if v.user.ID != "" {
		if err := d.Directory.SetLanguage(v.Context(), v.user.Actor(), v.user.ID, lang); err != nil {
			return err
		}
	}
	http.SetCookie(v.w, &http.Cookie{Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, Secure: d.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	v.redirect(within(v.field("back")))
	return nil
}

// accountPage is what a person sees of the own account.
type accountPage struct {
	Problem  fault
	Sessions []session.Info
	Local    bool // has a password here
}

func (d *desk) account(v *visit) error { return d.showAccount(v, http.StatusOK, fault{}) }

func (d *desk) showAccount(v *visit, status int, problem fault) error {
	all, err := d.Sessions.Of(v.Context(), v.user.ID)
	if err != nil {
		return err
	}
	return v.show(status, "account", accountPage{problem, all, v.user.Issuer == ""})
}

func (d *desk) changePassword(v *visit) error {
	ctx := v.Context()
	_, err := d.Directory.Authenticate(access.From(ctx, v.remote()), v.user.Login, v.PostFormValue("old"))
	var throttled *access.Throttled
	switch {
	case errors.As(err, &throttled):
		return d.showAccount(v, http.StatusTooManyRequests, newFault(v.t("signin.throttled_plain"), "old"))
	case errors.Is(err, access.ErrDenied):
		return d.showAccount(v, http.StatusUnprocessableEntity, newFault(v.t("account.old_wrong"), "old"))
	case err != nil:
		return err
	case v.PostFormValue("new") != v.PostFormValue("again"):
		return d.showAccount(v, http.StatusUnprocessableEntity, newFault(v.t("account.differ"), "again"))
	}
	err = d.Directory.SetPassword(ctx, v.user.Actor(), v.user.ID, v.PostFormValue("new"), false)
	var refused *access.Refused
	if errors.As(err, &refused) {
		return d.showAccount(v, http.StatusUnprocessableEntity, newFault(v.accountRefusal(refused), "new"))
	}
	if errors.Is(err, access.ErrChanged) { // the one that was typed is none any more
		return d.showAccount(v, http.StatusUnprocessableEntity, newFault(v.t("account.old_wrong"), "old"))
	}
	if err != nil {
		return err
	}
	// Every session of before is over; the person who holds the new password goes on.
	if err := d.Sessions.EndAll(ctx, v.user.ID); err != nil {
		return err
	}
	if err := d.Sessions.SignIn(ctx, v.user.ID); err != nil {
		return err
	}
	return v.done("/account", "account.changed")
}

func (d *desk) endSession(v *visit) error {
	ctx := v.Context()
	all, err := d.Sessions.Of(ctx, v.user.ID)
	if err != nil {
		return err
	}
	id := v.field("session")
	if !slices.ContainsFunc(all, func(s session.Info) bool { return s.ID == id }) {
		return errNotFound // another's, or over
	}
	if err := d.Sessions.End(ctx, id); err != nil {
		return err
	}
	return v.done("/account", "account.ended")
}
