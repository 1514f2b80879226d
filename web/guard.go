package web

import (
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"postroom/pipeline"
	"postroom/web/access"
	"postroom/web/session"
)

// visit is one request, with who makes it.
type visit struct {
	*http.Request
	desk *desk
	w    http.ResponseWriter
	user access.User // zero = nobody signed in
	lang string      // en, fr, nl, de
}

// problem is an answer that is no success. Its words are keys of the translations;
// nothing of the system shows.
type problem struct {
	status int
	key    string
}

func (p *problem) Error() string { return p.key }

var (
	errNotFound  = &problem{http.StatusNotFound, "problem.not_found"}
	errForbidden = &problem{http.StatusForbidden, "problem.forbidden"}
	errBadForm   = &problem{http.StatusBadRequest, "problem.bad_form"}
	errBusy      = &problem{http.StatusServiceUnavailable, "problem.busy"}
)

// policy is the content security policy: everything is the desk's own, nothing is
// inline, nobody may frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"

// maxForm bounds what a browser may send.
const maxForm = 64 << 10

// protected is around everything: headers, and no request that another site made
// the browser send. (OWASP ASVS 5.0: 3.2.1, 3.4, 3.5.)
func (d *desk) protected(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(d.guarded(route{right: anyone, handle: func(*visit) error { return errForbidden }}))
	guarded := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		if d.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		guarded.ServeHTTP(w, r)
	})
}

// guarded lets a route be used by whom its right names, and turns what comes back
// into an answer.
func (d *desk) guarded(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Request: r, desk: d, w: w}
		err := d.admit(v, to.right)
		if err == nil {
			err = v.readForm()
		}
		if err == nil {
			err = caught(func() error { return to.handle(v) })
		}
		if err != nil {
			v.fail(err)
		}
	})
}

// admit finds out who asks, and whether the right is theirs. The person is read anew
// at each request: who is disabled is out at once.
func (d *desk) admit(v *visit, needs right) error {
	ctx := v.Context()
	if id := d.Sessions.UserID(ctx); id != "" {
		user, err := d.Directory.User(ctx, id)
		switch {
		case errors.Is(err, access.ErrNone), err == nil && user.Disabled:
			if err := d.Sessions.SignOut(ctx); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			v.user = user
		}
	}
	v.lang = d.language(v)
	switch {
	case needs.public:
		return nil
	case v.user.ID == "":
		return errSignIn
	case v.user.MustChange && !needs.late:
		return errNewPassword
	case len(needs.roles) > 0 && !v.user.Has(needs.roles...):
		return errForbidden
	}
	return nil
}

// readForm takes in what was sent, before anything is done: a handler that asked for a
// field of a form that is too large or broken would be told that it is empty.
func (v *visit) readForm() error {
	if v.Method != http.MethodPost {
		return nil
	}
	if is := v.Header.Get("Content-Type"); is != "" {
		if kind, _, err := mime.ParseMediaType(is); err != nil || kind != "application/x-www-form-urlencoded" {
			return errBadForm
		}
	}
	if err := v.ParseForm(); err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			return err
		}
		return errBadForm
	}
	for _, values := range v.PostForm {
		if slices.ContainsFunc(values, func(text string) bool { return !utf8.ValidString(text) || strings.ContainsRune(text, 0) }) {
			return errBadForm
		}
	}
	return nil
}

// errSignIn and errNewPassword lead elsewhere.
var (
	errSignIn      = &problem{http.StatusSeeOther, "/signin"}
	errNewPassword = &problem{http.StatusSeeOther, "/account"}
)

// caught turns a panic into an error, so that one page's bug is one page's answer.
func caught(handle func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			err = fmt.Errorf("bug: %v\n%s", p, debug.Stack())
		}
	}()
	return handle()
}

// fail answers with what went wrong, in words that tell nothing of the system.
func (v *visit) fail(err error) {
	var p *problem
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
	case errors.Is(err, pipeline.ErrNoSuch):
		p = errNotFound
	case errors.As(err, &tooLarge):
		p = &problem{http.StatusRequestEntityTooLarge, "problem.bad_form"}
	case errors.Is(err, session.ErrTooMuch): // as JSON keeps it a text may be six times as long
		p = errBadForm
	case errors.Is(err, pipeline.ErrDiskFull):
		p = &problem{http.StatusServiceUnavailable, "problem.disk_full"}
	case v.Context().Err() != nil:
		return // nobody waits for it
	default:
		v.desk.Log.Error("a page could not be made", "route", v.Pattern, "error", err)
		p = &problem{http.StatusInternalServerError, "problem.internal"}
	}
	if p.status == http.StatusForbidden {
		v.desk.refusals.tell(v, "")
	}
	switch p {
	case errSignIn:
		v.redirect(v.signInPath())
		return
	case errNewPassword:
		v.redirect(p.key)
		return
	}
	if err := v.show(p.status, "problem", problemPage{p.status, p.key}); err != nil {
		v.desk.Log.Error("the page that tells of a problem could not be made", "error", err)
		http.Error(v.w, http.StatusText(p.status), p.status)
	}
}

type problemPage struct {
	Status int
	Key    string
}

// redirect leads to another page of the desk; a request of a script is told so, for
// it can't follow by itself.
func (v *visit) redirect(path string) {
	if to, _, _ := strings.Cut(path, "?"); v.Header.Get("HX-Request") == "true" && (to == "/signin" || to == "/account") {
		v.w.Header().Set("HX-Redirect", path)
		v.w.WriteHeader(http.StatusOK)
		return
	}
	http.Redirect(v.w, v.Request, path, http.StatusSeeOther)
}

// field gives a form's field without the blanks around it.
func (v *visit) field(name string) string { return strings.TrimSpace(v.PostFormValue(name)) }

// remote is where the request comes from: the nearest proxy's word for it when there is
// one that the configuration trusts, else the connection's.
func (v *visit) remote() string {
	if v.desk.BehindProxy {
		// A proxy adds to the line or writes one of its own below: what comes before its
		// word anybody may have written.
		all := strings.Split(strings.Join(v.Header.Values("X-Forwarded-For"), ","), ",")
		if last, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
			return last.WithZone("").String()
		}
	}
	host, _, err := net.SplitHostPort(v.RemoteAddr)
	if err != nil {
		return v.RemoteAddr
	}
	return host
}
