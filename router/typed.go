package router

import (
	"errors"
	"strings"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// Unproven is a typed reference in whose case nothing can be filed.
type Unproven struct{ Says *mail.Saying }

func (u *Unproven) Error() string { return u.Says.English() }

// Check proves a reference that a person typed, by the same rules as one that
// was read. One that is a case of two schemes must be written "scheme:reference".
// On error, which is *Unproven, the reason says which exception it would have been.
func (r *Rules) Check(text string, cases *register.Register) (ref mail.Reference, store string, reason mail.Reason, err error) {
	schemes, text := r.addressed(text)
	reason = mail.InvalidReference
	for _, given := range []string{text, strings.ToUpper(text)} {
		var open []mail.Reference
		for _, s := range schemes {
			proven, why := mail.ParseReference(s, given)
			if why != nil {
				if reason == mail.InvalidReference && (err == nil || errors.Is(why, reference.ErrCheck)) {
					code := "typed-odd"
					if errors.Is(why, reference.ErrCheck) {
						code = "typed-check"
					}
					err = &Unproven{mail.Say(code)}
				}
				continue
			}
			c, ok := cases.Lookup(s.Name(), proven.String())
			switch {
			case ok && !c.Closed:
				open, store = append(open, c.Reference), c.Store
			case ok:
				ref, reason, err = c.Reference, mail.ClosedCase, &Unproven{mail.Say("typed-closed", "reference", c.Reference)}
			case reason == mail.InvalidReference:
				ref, reason, err = proven, mail.UnknownCase, &Unproven{mail.Say("typed-unknown", "reference", proven)}
			}
		}
		switch len(open) {
		case 0:
			continue
		case 1:
			return open[0], store, 0, nil
		}
		var names []string
		for _, o := range open {
			names = append(names, named(o, open))
		}
		return mail.Reference{}, "", mail.Conflict, &Unproven{mail.Say("typed-ambiguous", "text", given, "count", len(open), "either", strings.Join(names, " / "))}
	}
	if err == nil {
		err = &Unproven{mail.Say("typed-nothing")}
	}
	return ref, "", reason, err
}

// addressed gives the schemes that a typed text may be a reference of, and the
// text without a scheme's name before it.
func (r *Rules) addressed(text string) ([]*reference.Scheme, string) {
	if name, rest, ok := strings.Cut(text, ":"); ok {
		for _, s := range r.cfg.Schemes {
			if s.Name() == strings.TrimSpace(name) {
				return []*reference.Scheme{s}, rest
			}
		}
	}
	return r.cfg.Schemes, text
}
