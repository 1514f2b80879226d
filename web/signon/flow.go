package signon

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// flow is what one sign-in is known by when it comes back.
type flow struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Began    time.Time `json:"began"`
}

func (p *Provider) cookie() string {
	if p.cfg.Secure {
		return "__Host-postroom-signon"
	}
	return "postroom-signon"
}

// Begin sends the browser to the provider: ErrUnavailable, and nothing was written.
func (p *Provider) Begin(w http.ResponseWriter, r *http.Request) error {
	found, err := p.discover(r.Context())
	if err != nil {
		return err
	}
	f := flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Began: p.cfg.Now().UTC()}
	http.SetCookie(w, &http.Cookie{Name: p.cookie(), Value: p.sealed(f), Path: "/", MaxAge: int(flowTime.Seconds()),
		Secure: p.cfg.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}) // Strict would not come back from the provider
	options := []oauth2.AuthCodeOption{oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if len(p.cfg.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(p.cfg.ACR, " ")))
	}
	if p.cfg.MaxAge > 0 {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(p.cfg.MaxAge.Seconds()))))
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, p.oauth(found).AuthCodeURL(f.State, options...), http.StatusSeeOther)
	return nil
}

func (p *Provider) sealed(f flow) string {
	text, err := json.Marshal(f)
	if err != nil {
		panic("bug: a flow is no JSON: " + err.Error())
	}
	nonce := make([]byte, p.seal.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return base64.RawURLEncoding.EncodeToString(p.seal.Seal(nonce, nonce, text, nil))
}

func (p *Provider) opened(value string) (f flow, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(value)
	if n := p.seal.NonceSize(); err == nil && len(b) > n {
		if b, err = p.seal.Open(nil, b[:n], b[n:], nil); err == nil {
			return f, json.Unmarshal(b, &f) == nil
		}
	}
	return f, false
}

// refused is ErrRefused with what is wrong, for the log. What a stranger wrote is quoted and cut.
func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// Finish takes the browser that the provider sent back, and gives whom it vouches for:
// ErrRefused, ErrUnavailable. It proves somebody once for each Begin, and only in the browser that began.
func (p *Provider) Finish(r *http.Request) (Identity, error) {
	f, err := p.returned(r)
	if err != nil {
		return Identity{}, err
	}
	q := r.URL.Query()
	if e := q.Get("error"); e != "" {
		return Identity{}, refused("the provider says %.100q", e)
	}
	if iss := q.Get("iss"); iss != "" && iss != p.cfg.Issuer { // RFC 9207: another provider's answer
		return Identity{}, refused("the answer is of another issuer, %.100q", iss)
	}
	if q.Get("code") == "" {
		return Identity{}, refused("there is no code")
	}
	found, err := p.discover(r.Context())
	if err != nil {
		return Identity{}, err
	}
	ctx := oidc.ClientContext(r.Context(), p.client)
	token, err := p.oauth(found).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(f.Verifier))
	if errors.As(err, new(*url.Error)) {
		return Identity{}, fmt.Errorf("%w: %.300q", ErrUnavailable, err.Error())
	}
	if err != nil {
		return Identity{}, refused("no token for the code: %.300q", err.Error())
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: p.cfg.Now}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, refused("the token: %.300q", err.Error())
	}
	who, err := p.identity(id, f)
	if err == nil {
		err = p.spend(f)
	}
	if err != nil {
		return Identity{}, err
	}
	return who, nil
}

// returned gives the flow that a request is the end of.
func (p *Provider) returned(r *http.Request) (f flow, err error) {
	c, err := r.Cookie(p.cookie())
	if err != nil {
		return f, refused("this browser has not begun it, or too long ago")
	}
	f, ok := p.opened(c.Value)
	now := p.cfg.Now()
	switch age := now.Sub(f.Began); {
	case !ok:
		return f, refused("the cookie is forged, or of before a restart")
	case subtle.ConstantTimeCompare([]byte(f.State), []byte(r.URL.Query().Get("state"))) != 1:
		return f, refused("the state is another one's")
	case age < 0 || age >= flowTime:
		return f, refused("it took longer than %v", flowTime)
	}
	return f, nil
}

// spend marks a flow as used. It is done once somebody is proven, so that strangers, who can
// begin as often as they like, can't fill what is remembered; a code that proves somebody is
// the provider's to give once.
func (p *Provider) spend(f flow) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, again := p.used[f.State]; again {
		return refused("it comes a second time")
	}
	if now := p.cfg.Now(); len(p.used) >= mostUsed {
		for state, until := range p.used {
			if !now.Before(until) {
				delete(p.used, state)
			}
		}
		if len(p.used) >= mostUsed {
			return fmt.Errorf("%w: too many sign-ins at once", ErrUnavailable)
		}
	}
	p.used[f.State] = f.Began.Add(flowTime)
	return nil
}

// identity checks what the library does not, and reads the claims.
func (p *Provider) identity(id *oidc.IDToken, f flow) (Identity, error) {
	var c claims
	if err := id.Claims(&c); err != nil {
		return Identity{}, refused("the claims: %.300q", err.Error())
	}
	party := c.text("azp")
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1:
		return Identity{}, refused("the nonce is another one's")
	case party != "" && party != p.cfg.ClientID || party == "" && len(id.Audience) > 1:
		return Identity{}, refused("the token was made for another client")
	case id.Subject == "" || len(id.Subject) > 255 || !line(id.Subject):
		return Identity{}, refused("the subject is none")
	case len(p.cfg.ACR) > 0 && !slices.Contains(p.cfg.ACR, c.text("acr")):
		return Identity{}, refused("he was authenticated at the level %.100q", c.text("acr"))
	}
	for _, method := range p.cfg.AMR {
		if !slices.Contains(c.list("amr"), method) {
			return Identity{}, refused("he was authenticated without %q", method)
		}
	}
	if at, is := c.time("auth_time"); p.cfg.MaxAge > 0 && (!is || p.cfg.Now().Sub(at) > p.cfg.MaxAge+time.Minute) { // a minute for clocks
		return Identity{}, refused("he was authenticated too long ago, or it is not told when")
	}
	return p.told(id.Subject, c), nil
}
