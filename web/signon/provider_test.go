package signon

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

// provider is an OpenID Connect provider for tests, which does as it is told.
type provider struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey
	now time.Time

	mu     sync.Mutex
	down   bool
	asked  int                              // for discovery
	codes  map[string]url.Values            // code -> what the browser came with; once
	extra  map[string]any                   // claims besides the usual ones, or in their place; nil takes one away
	signed func(header, body []byte) string // in the place of an honest signature
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, now: time.Now().Truncate(time.Second), codes: map[string]url.Values{}, extra: map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the test's own client
}

func (p *provider) discovery(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked++; p.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}})
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	b64 := base64.RawURLEncoding.EncodeToString
	answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
		"n": b64(p.key.N.Bytes()), "e": b64(big.NewInt(int64(p.key.E)).Bytes())}}})
}

// consent does what a person does at the provider: it gives where the browser is sent back to.
func (p *provider) consent(location string) string {
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

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q, is := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !is || q.Get("code_challenge_method") != "S256" || base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"iss": p.URL, "aud": q.Get("client_id"), "sub": "subject-1", "nonce": q.Get("nonce"),
		"iat": p.now.Unix(), "exp": p.now.Add(5 * time.Minute).Unix(), "name": "Ann Bee", "preferred_username": "ann", "email": "root@example.test"}
	maps.Copy(claims, p.extra)
	for name, v := range claims {
		if v == nil {
			delete(claims, name)
		}
	}
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	sign := p.honest
	if p.signed != nil {
		sign = p.signed
	}
	answer(w, map[string]any{"access_token": "secret-access-token", "token_type": "Bearer", "expires_in": 300, "id_token": sign([]byte(`{"alg":"RS256","kid":"1"}`), body)})
}

func (p *provider) honest(header, body []byte) string { return signWith(p.t, p.key, header, body) }

func signWith(t *testing.T, key *rsa.PrivateKey, header, body []byte) string {
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64(header) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Error(err)
	}
	return text + "." + b64(signature)
}
