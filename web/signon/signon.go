// Package signon has an OpenID Connect provider say who somebody is.
//
// In come a browser that wants to sign in, and the same browser when the provider has
// sent it back; out comes an identity: issuer and subject, never an e-mail address,
// with the roles and groups that the configuration makes of its claims. Claims are a
// stranger's text until they are checked. Tokens stay here and are forgotten at once.
// The package knows no sessions and no pages.
//
// It is the code flow with PKCE (S256), state and nonce. What belongs together is in a
// sealed cookie of the browser that began, so that a flood of beginnings costs no memory.
package signon

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"postroom/web/access"
)

// Config is what is agreed with the provider, and what its claims mean here.
type Config struct {
	Issuer       string // its URL, exactly as in its tokens; https, or http on this machine
	ClientID     string
	ClientSecret string // "" = a public client
	RedirectURL  string // of the page that calls Finish

	RoleClaim  string                 // the claim with roles, a.b = b inside of a; "" = roles are given here
	Roles      map[string]access.Role // its values; others mean nothing
	GroupClaim string                 // likewise of groups
	Groups     map[string]string      // its values -> names of groups
	Create     bool                   // somebody new gets a user; else only those who are linked sign in

	ACR    []string      // one of these levels of authentication is asked for and needed; none = any
	AMR    []string      // each of these methods is needed, as in [mfa]
	MaxAge time.Duration // since he last gave proof of himself to the provider; 0 = any

	Secure bool             // the browser is reached over TLS
	Now    func() time.Time // time.Now
	Client *http.Client     // for tests; nil = one with a time limit
}

// Identity is what the provider vouches for, checked and cut to size.
type Identity struct {
	Issuer, Subject string
	Login           string        // what he is called there, at most 64 characters; may be taken here, or be none; "" = not told
	Name            string        // one line of text, at most 200 characters; "" = not told
	Roles           []access.Role // by the role claim
	Groups          []string      // names, by the group claim
}

var (
	// ErrUnavailable is a provider that can't be reached, or answers nonsense.
	ErrUnavailable = errors.New("the identity provider can't be reached")
	// ErrRefused is a sign-in that proves nothing: forged, replayed, too old, or given up.
	ErrRefused = errors.New("the sign-in can't be proven")
	// ErrUnknown is somebody whom the provider knows and who has no user here.
	ErrUnknown = errors.New("nobody here has that identity")
)

const (
	flowTime   = 10 * time.Minute // from Begin to Finish
	retryAfter = 5 * time.Second  // after the provider could not be reached
	netTime    = 10 * time.Second // of a request to it
	mostAnswer = 1 << 20          // bytes of an answer
	mostUsed   = 100_000          // flows that are remembered as used at once
)

// Provider is the identity provider. It is safe for concurrent use.
type Provider struct {
	cfg    Config
	client *http.Client
	seal   cipher.AEAD // of the cookie; a restart makes another, and those on their way begin anew

	mu       sync.Mutex
	found    *oidc.Provider
	failed   error
	failedAt time.Time
	used     map[string]time.Time // states that have proven somebody, until the flow's time is over
}

// New makes a provider. It is not asked anything yet, so that it need not be up; the
// error tells what is wrong with the configuration.
func New(_ context.Context, cfg Config) (*Provider, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	switch {
	case !guarded(cfg.Issuer):
		return nil, fmt.Errorf("issuer %q: an https URL is needed (http on this machine only)", cfg.Issuer)
	case !guarded(cfg.RedirectURL):
		return nil, fmt.Errorf("redirect URL %q: an https URL is needed (http on this machine only)", cfg.RedirectURL)
	case cfg.ClientID == "":
		return nil, errors.New("a client id is needed")
	}
	for value, role := range cfg.Roles {
		if !known(role) {
			return nil, fmt.Errorf("role %q of claim %q is none", role, value)
		}
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Provider{cfg: cfg, client: careful(cfg.Client), seal: seal, used: map[string]time.Time{}}, nil
}

func known(role access.Role) bool {
	for _, r := range access.Roles() {
		if r == role {
			return true
		}
	}
	return false
}

// guarded tells a URL whose traffic nobody on the way reads or changes.
func guarded(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	host := u.Hostname()
	here := host == "localhost" || net.ParseIP(host).IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && here
}

// careful makes a client that waits, reads and goes not too far.
func careful(c *http.Client) *http.Client {
	transport := http.DefaultTransport
	if c != nil && c.Transport != nil {
		transport = c.Transport
	}
	return &http.Client{Timeout: netTime, Transport: bounded{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// bounded cuts answers.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, mostAnswer), res.Body}
	}
	return res, err
}

// discover asks the provider where its ends are, once it is there: ErrUnavailable.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.failed != nil && p.cfg.Now().Sub(p.failedAt) < retryAfter {
		return nil, p.failed
	}
	// One who gives up must not fail it for those who wait behind him.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.cfg.Issuer)
	if err == nil {
		err = p.ends(found)
	}
	if err != nil {
		p.failed, p.failedAt = fmt.Errorf("%w: %.300q", ErrUnavailable, err.Error()), p.cfg.Now()
		return nil, p.failed
	}
	p.found, p.failed = found, nil
	return found, nil
}

// ends refuses a provider that would have secrets sent where others can read them.
func (p *Provider) ends(found *oidc.Provider) error {
	var said struct {
		Keys string `json:"jwks_uri"`
	}
	if err := found.Claims(&said); err != nil {
		return err
	}
	for _, at := range []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL, said.Keys} {
		if !guarded(at) {
			return fmt.Errorf("%q is no https URL", at)
		}
	}
	return nil
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: found.Endpoint(),
		RedirectURL: p.cfg.RedirectURL, Scopes: []string{oidc.ScopeOpenID, "profile"}}
}
