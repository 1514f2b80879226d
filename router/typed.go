package router

import (
	"errors"
	"fmt"
	"strings"

	"postroom/mail"
	"postroom/router/reference"
	"postroom/router/register"
)

// Check proves a reference that a person typed, by the same rules as one that
// was read. One that is a case of two schemes must be written "scheme:reference".
// On error the reason says which exception it would have been.
func (r *Rules) Check(text string, cases *register.Register) (ref mail.Reference, store string, reason mail.Reason, err error) {
	schemes, text := r.addressed(text)
	reason = mail.InvalidReference
	for _, given := range []string{text, strings.ToUpper(text)} {
		var open []mail.Reference
		for _, s := range schemes {
			proven, why := mail.ParseReference(s, given)
			if why != nil {
				if reason == mail.InvalidReference && (err == nil || errors.Is(why, reference.ErrCheck)) {
					err = fmt.Errorf("no scheme proves the reference: %w", why)
				}
				continue
			}
			c, ok := cases.Lookup(s.Name(), proven.String())
			switch {
			case ok && !c.Closed:
				open, store = append(open, c.Reference), c.Store
			case ok:
				ref, reason, err = c.Reference, mail.ClosedCase, fmt.Errorf("the case %s is closed", c.Reference)
			case reason == mail.InvalidReference:
				ref, reason, err = proven, mail.UnknownCase, fmt.Errorf("no case %s is in the register", proven)
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
		return mail.Reference{}, "", mail.Conflict, fmt.Errorf("%s is a case of %d schemes: write %s", given, len(open), strings.Join(names, " or "))
	}
	if err == nil {
		err = errors.New("there is no reference scheme")
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
