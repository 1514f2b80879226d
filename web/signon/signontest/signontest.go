// Package signontest is an OpenID Connect provider for tests.
//
// In come the requests that a site makes of a provider, and what the test wants it to
// say; out come codes and signed tokens. It knows nothing of the site.
package signontest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Provider does as it is told. Its fields are set while it is not asked anything.
type Provider struct {
	*httptest.Server
	Key    *rsa.PrivateKey
	Now    time.Time
	Down   bool
	Asked  int                              // for discovery
	Extra  map[string]any                   // claims besides the usual ones, or in their place; nil takes one away
	Signed func(header, body []byte) string // in the place of an honest signature

	t     *testing.T
	mu    sync.Mutex
	codes map[string]url.Values // code -> what the browser came with; once
}

// New starts a provider that ends with the test.
func New(t *testing.T) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, Key: key, Now: time.Now().Truncate(time.Second), codes: map[string]url.Values{}, Extra: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func Answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the test's own client
}

func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Asked++; p.Down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	Answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	b64 := base64.RawURLEncoding.EncodeToString
	Answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
		"n": b64(p.Key.N.Bytes()), "e": b64(big.NewInt(int64(p.Key.E)).Bytes())}}})
}

// Consent does what a person does at the provider: it gives where the browser is sent back to.
func (p *Provider) Consent(location string) string {
	p.t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		p.t.Fatal(err)
	}
	q := u.Query()
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = q
	p.mu.Unlock()
	return q.Get("redirect_uri") + "?" + url.Values{"state": {q.Get("state")}, "code": {code}}.Encode()
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q, is := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !is || q.Get("code_challenge_method") != "S256" || base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		Answer(w, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"iss": p.URL, "aud": q.Get("client_id"), "sub": "subject-1", "nonce": q.Get("nonce"),
		"iat": p.Now.Unix(), "exp": p.Now.Add(5 * time.Minute).Unix(), "name": "Ann Bee", "preferred_username": "ann", "email": "root@example.test"}
	maps.Copy(claims, p.Extra)
	for name, v := range claims {
		if v == nil {
			delete(claims, name)
		}
	}
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	sign := p.Honest
	if p.Signed != nil {
		sign = p.Signed
	}
	Answer(w, map[string]any{"access_token": "secret-access-token", "token_type": "Bearer", "expires_in": 300, "id_token": sign([]byte(`{"alg":"RS256","kid":"1"}`), body)})
}

// Honest signs a token as a provider does.
func (p *Provider) Honest(header, body []byte) string { return SignWith(p.t, p.Key, header, body) }

// SignWith signs a token with a key.
func SignWith(t *testing.T, key *rsa.PrivateKey, header, body []byte) string {
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64(header) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Error(err)
	}
	return text + "." + b64(signature)
}
