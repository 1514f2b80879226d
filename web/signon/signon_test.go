package signon

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/pipeline/journal/bolt"
	"postroom/web/access"
	"postroom/web/signon/signontest"
)

const back = "http://127.0.0.1:8080/signon/back"

// site is the desk's side, with a clock.
type site struct {
	*Provider
	t   *testing.T
	idp *signontest.Provider
	now time.Time
}

func newSite(t *testing.T, change func(*Config)) *site {
	t.Helper()
	s := &site{t: t, idp: signontest.New(t)}
	s.now = s.idp.Now
	cfg := Config{Issuer: s.idp.URL, ClientID: "postroom", ClientSecret: "secret", RedirectURL: back, Now: func() time.Time { return s.now }}
	if change != nil {
		change(&cfg)
	}
	var err error
	if s.Provider, err = New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	return s
}

// begin gives where the browser is sent, and its cookie.
func (s *site) begin() (location string, cookie *http.Cookie) {
	s.t.Helper()
	w := httptest.NewRecorder()
	if err := s.Begin(w, httptest.NewRequest("GET", "/signon", nil)); err != nil {
		s.t.Fatal(err)
	}
	res := w.Result()
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		s.t.Fatalf("%d, %v", res.StatusCode, res.Cookies())
	}
	return res.Header.Get("Location"), res.Cookies()[0]
}

func (s *site) finish(returned string, cookie *http.Cookie) (Identity, error) {
	r := httptest.NewRequest("GET", returned, nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return s.Finish(r)
}

// flow signs in from the beginning to the end.
func (s *site) flow() (Identity, error) {
	s.t.Helper()
	location, cookie := s.begin()
	return s.finish(s.idp.Consent(location), cookie)
}

func TestSignOn(t *testing.T) {
	s := newSite(t, func(c *Config) { c.ACR, c.MaxAge = []string{"mfa"}, time.Hour })
	location, cookie := s.begin()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for k, want := range map[string]string{"response_type": "code", "client_id": "postroom", "redirect_uri": back, "scope": "openid profile",
		"code_challenge_method": "S256", "acr_values": "mfa", "max_age": "3600"} {
		if q.Get(k) != want {
			t.Errorf("%s is %q, want %q", k, q.Get(k), want)
		}
	}
	if len(q.Get("state")) < 26 || len(q.Get("nonce")) < 26 || len(q.Get("code_challenge")) != 43 {
		t.Errorf("%v", q)
	}
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || strings.Contains(cookie.Value, q.Get("state")) {
		t.Errorf("%+v", cookie)
	}
	s.idp.Extra = map[string]any{"acr": "mfa", "auth_time": s.now.Unix()}
	id, err := s.finish(s.idp.Consent(location), cookie)
	if err != nil || fmt.Sprint(id) != fmt.Sprint(Identity{Issuer: s.idp.URL, Subject: "subject-1", Login: "ann", Name: "Ann Bee"}) {
		t.Errorf("%+v, %v", id, err)
	}
	if strings.Contains(fmt.Sprintf("%+v", id), "root@") {
		t.Error("the e-mail address is kept")
	}
	secure := newSite(t, func(c *Config) { c.Secure = true })
	if _, c := secure.begin(); c.Name != "__Host-postroom-signon" || !c.Secure || c.Path != "/" || c.Domain != "" {
		t.Errorf("%+v", c)
	}
}

// Whatever a provider, or somebody in its place, sends that does not prove who it is.
func TestTokensThatProveNothing(t *testing.T) {
	s := newSite(t, func(c *Config) { c.ACR, c.AMR, c.MaxAge = []string{"mfa"}, []string{"otp"}, time.Hour })
	usual := func(extra map[string]any) map[string]any {
		all := map[string]any{"acr": "mfa", "amr": []string{"pwd", "otp"}, "auth_time": s.now.Unix()}
		for k, v := range extra {
			all[k] = v
		}
		return all
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	s.idp.Extra = usual(nil)
	if _, err := s.flow(); err != nil {
		t.Fatalf("an honest token is refused: %v", err)
	}
	for name, c := range map[string]struct {
		extra  map[string]any
		signed func(header, body []byte) string
	}{
		"wrong nonce":           {extra: map[string]any{"nonce": "another"}},
		"no nonce":              {extra: map[string]any{"nonce": nil}},
		"wrong audience":        {extra: map[string]any{"aud": "other"}},
		"two audiences, no azp": {extra: map[string]any{"aud": []string{"postroom", "other"}}},
		"another's azp":         {extra: map[string]any{"azp": "other"}},
		"wrong issuer":          {extra: map[string]any{"iss": "https://elsewhere.test"}},
		"expired":               {extra: map[string]any{"exp": s.now.Add(-time.Second).Unix()}},
		"no expiry":             {extra: map[string]any{"exp": nil}},
		"not yet valid":         {extra: map[string]any{"nbf": s.now.Add(time.Hour).Unix()}},
		"no subject":            {extra: map[string]any{"sub": nil}},
		"subject with lines":    {extra: map[string]any{"sub": "a\nb"}},
		"subject with markup":   {extra: map[string]any{"sub": "<script>"}},
		"long subject":          {extra: map[string]any{"sub": strings.Repeat("s", 256)}},
		"wrong level":           {extra: map[string]any{"acr": "password"}},
		"no level":              {extra: map[string]any{"acr": nil}},
		"without otp":           {extra: map[string]any{"amr": []string{"pwd"}}},
		"no methods":            {extra: map[string]any{"amr": nil}},
		"proof long ago":        {extra: map[string]any{"auth_time": s.now.Add(-2 * time.Hour).Unix()}},
		"proof never told":      {extra: map[string]any{"auth_time": nil}},
		"another's key":         {signed: func(h, b []byte) string { return signontest.SignWith(t, stranger, h, b) }},
		"unsigned":              {signed: func(_, b []byte) string { return b64([]byte(`{"alg":"none"}`)) + "." + b64(b) + "." }},
		"signed with the public key": {signed: func(_, b []byte) string {
			text := b64([]byte(`{"alg":"HS256","kid":"1"}`)) + "." + b64(b)
			mac := hmac.New(sha256.New, s.idp.Key.N.Bytes())
			mac.Write([]byte(text))
			return text + "." + b64(mac.Sum(nil))
		}},
		"changed after signing": {signed: func(h, b []byte) string {
			parts := strings.Split(s.idp.Honest(h, b), ".")
			return parts[0] + "." + b64([]byte(strings.Replace(string(b), "subject-1", "subject-2", 1))) + "." + parts[2]
		}},
		"no token": {signed: func(_, _ []byte) string { return "" }},
		"huge":     {signed: func(_, _ []byte) string { return strings.Repeat("x", 2*mostAnswer) }},
	} {
		s.idp.Extra, s.idp.Signed = usual(c.extra), c.signed
		id, err := s.flow()
		if !errors.Is(err, ErrRefused) || id.Subject != "" {
			t.Errorf("%s: %+v, %v", name, id, err)
		} else if len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("%s: the error has %d bytes: %.600q", name, len(err.Error()), err)
		}
	}
}

// Whatever comes back with the browser that is not the end of what it began.
func TestReturnsThatProveNothing(t *testing.T) {
	s := newSite(t, nil)
	refused := func(what, returned string, cookie *http.Cookie) {
		t.Helper()
		if id, err := s.finish(returned, cookie); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %+v, %v", what, id, err)
		}
	}
	location, cookie := s.begin()
	returned := s.idp.Consent(location)
	if _, err := s.finish(returned, cookie); err != nil {
		t.Fatal(err)
	}
	refused("the same once more", returned, cookie)
	refused("the same with a new code", s.idp.Consent(location), cookie)

	location, cookie = s.begin()
	returned = s.idp.Consent(location)
	_, others := s.begin()
	refused("in another browser", returned, others)
	refused("in a browser that never began", returned, nil)
	refused("with a forged cookie", returned, &http.Cookie{Name: cookie.Name, Value: cookie.Value[:len(cookie.Value)-4] + "AAAA"})
	refused("with an empty cookie", returned, &http.Cookie{Name: cookie.Name, Value: ""})
	refused("with another state", strings.Replace(returned, "state=", "state=x", 1), cookie)
	refused("without a state", back+"?code=x", cookie)
	if _, err := s.finish(returned, cookie); err != nil {
		t.Errorf("what others tried spoilt it: %v", err)
	}

	location, cookie = s.begin()
	refused("with somebody else's code", s.idp.Consent(strings.Replace(location, "code_challenge=", "code_challenge=x", 1)), cookie)
	location, cookie = s.begin()
	refused("with a made-up code", strings.Split(s.idp.Consent(location), "&state")[0]+"x&state="+stateOf(t, location), cookie)
	location, cookie = s.begin()
	refused("given up", back+"?error=access_denied&state="+stateOf(t, location), cookie)
	location, cookie = s.begin()
	refused("of another issuer", s.idp.Consent(location)+"&iss=https%3A%2F%2Felsewhere.test", cookie)
	location, cookie = s.begin()
	refused("without a code", back+"?state="+stateOf(t, location), cookie)
	location, cookie = s.begin()
	s.now = s.now.Add(flowTime)
	refused("too late", s.idp.Consent(location), cookie)
	if len(s.used) != 2 {
		t.Errorf("%d states are remembered, of two that proved somebody", len(s.used))
	}
}

func stateOf(t *testing.T, location string) string {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("state")
}

// The provider need not be up at the start, and is not asked again by everybody while it is down.
func TestDown(t *testing.T) {
	s := newSite(t, nil)
	s.idp.Down = true
	for range 5 {
		w := httptest.NewRecorder()
		if err := s.Begin(w, httptest.NewRequest("GET", "/", nil)); !errors.Is(err, ErrUnavailable) || len(w.Result().Cookies()) > 0 || w.Header().Get("Location") != "" {
			t.Errorf("%v, %v", err, w.Header())
		}
	}
	if s.idp.Asked != 1 {
		t.Errorf("it was asked %d times", s.idp.Asked)
	}
	s.idp.Down = false
	s.now = s.now.Add(retryAfter)
	if _, err := s.flow(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"http":      func(c *Config) { c.Issuer = "http://id.test" },
		"no issuer": func(c *Config) { c.Issuer = "" },
		"redirect":  func(c *Config) { c.RedirectURL = "/back" },
		"client":    func(c *Config) { c.ClientID = "" },
		"role":      func(c *Config) { c.Roles = map[string]access.Role{"x": "root"} },
	} {
		cfg := s.cfg
		change(&cfg)
		if _, err := New(t.Context(), cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	location, cookie := s.begin()
	returned := s.idp.Consent(location)
	s.idp.Close()
	if _, err := s.finish(returned, cookie); !errors.Is(err, ErrUnavailable) {
		t.Errorf("it went away meanwhile: %v", err)
	}
	// A provider that would have the secret sent in the clear.
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signontest.Answer(w, map[string]any{"issuer": "http://" + r.Host, "authorization_endpoint": "https://id.test/a", "token_endpoint": "http://id.test/t", "jwks_uri": "https://id.test/k"})
	}))
	defer plain.Close()
	cfg := s.cfg
	cfg.Issuer = plain.URL
	p, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Begin(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a token endpoint without TLS: %v", err)
	}
}

func TestClaimsAreHostile(t *testing.T) {
	s := newSite(t, func(c *Config) {
		c.RoleClaim, c.Roles = "realm.roles", map[string]access.Role{"clerks": access.Operator, "heads": access.Supervisor}
		c.GroupClaim, c.Groups = "https://x.test/groups", map[string]string{"g1": "Tax"}
	})
	for name, c := range map[string]struct {
		claims map[string]any
		want   string
	}{
		"script":       {map[string]any{"name": "<script>alert(1)</script>", "preferred_username": `"><img src=x>`}, "|||"},
		"lines":        {map[string]any{"name": "Ann\r\nSet-Cookie: x", "preferred_username": "a\x00b"}, "|||"},
		"turned":       {map[string]any{"name": "Ann\u202egnp", "preferred_username": "ann"}, "ann|||"},
		"long":         {map[string]any{"name": strings.Repeat("n", 201), "preferred_username": strings.Repeat("n", 65)}, "|||"},
		"wrong types":  {map[string]any{"name": 7, "preferred_username": []string{"ann"}, "realm": "x", "https://x.test/groups": map[string]int{}}, "|||"},
		"roles":        {map[string]any{"realm": map[string]any{"roles": []any{"heads", 7, "clerks", "administrator", "clerks"}}, "https://x.test/groups": "g1"}, "ann|Ann Bee|[operator supervisor]|[Tax]"},
		"a flat claim": {map[string]any{"realm.roles": "clerks", "https://x.test/groups": []string{"Tax", "g2"}}, "ann|Ann Bee|[operator]|"},
		"many":         {map[string]any{"realm": map[string]any{"roles": append(slices.Repeat([]string{"x"}, mostValues), "clerks")}}, "ann|Ann Bee||"},
	} {
		s.idp.Extra = c.claims
		id, err := s.flow()
		got := fmt.Sprintf("%s|%s|%v|%v", id.Login, id.Name, id.Roles, id.Groups)
		if got = strings.ReplaceAll(got, "[]", ""); err != nil || got != c.want {
			t.Errorf("%s: %q, want %q, %v", name, got, c.want, err)
		}
	}
}

func TestAdmit(t *testing.T) {
	j, err := bolt.Open(filepath.Join(t.TempDir(), "journal.db"), bolt.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	d := access.Open(j, access.Config{})
	tax, err := d.SaveGroup(t.Context(), "root", access.Group{Name: "Tax", Stores: []string{"tax"}})
	if err != nil {
		t.Fatal(err)
	}
	local, _, err := d.Add(t.Context(), "root", access.User{Login: "ann", Name: "Ann of here", Roles: []access.Role{access.Administrator}}, "seven green boats at dawn")
	if err != nil {
		t.Fatal(err)
	}
	only := newSite(t, nil)
	all := newSite(t, func(c *Config) { c.Create, c.RoleClaim, c.GroupClaim = true, "r", "g" })
	who := Identity{Issuer: "https://id.test", Subject: "1", Login: "ann", Name: "Ann Bee", Roles: []access.Role{access.Caseworker}, Groups: []string{"tax", "none"}}
	if _, err := only.Admit(t.Context(), d, who); !errors.Is(err, ErrUnknown) {
		t.Errorf("somebody unknown: %v", err)
	}
	if users, _ := d.Users(t.Context()); len(users) != 1 {
		t.Fatalf("%+v", users)
	}
	u, err := all.Admit(t.Context(), d, who)
	if err != nil || u.ID == local.ID || !strings.HasPrefix(u.Login, "sso-") || u.Name != "Ann Bee" || !u.Has(access.Caseworker) || u.Has(access.Administrator) || !slices.Equal(u.Groups, []string{tax.ID}) {
		t.Fatalf("the login of somebody of here, or his rights, are taken over: %+v, %v", u, err)
	}
	if _, err := d.Authenticate(t.Context(), u.Login, ""); !errors.Is(err, access.ErrDenied) {
		t.Errorf("a user of the provider signs in without a password: %v", err)
	}
	who.Roles, who.Groups, who.Name = []access.Role{access.Auditor}, nil, "Another"
	again, err := all.Admit(t.Context(), d, who)
	if err != nil || again.ID != u.ID || !slices.Equal(again.Roles, who.Roles) || len(again.Groups) != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	if kept, err := only.Admit(t.Context(), d, Identity{Issuer: who.Issuer, Subject: "1"}); err != nil || !kept.Has(access.Auditor) {
		t.Errorf("without a role claim the roles are those given here: %+v, %v", kept, err)
	}
	again.Disabled = true
	if _, err := d.Change(t.Context(), "root", again); err != nil {
		t.Fatal(err)
	}
	if _, err := all.Admit(t.Context(), d, who); !errors.Is(err, access.ErrDenied) {
		t.Errorf("one who is disabled: %v", err)
	}
	for i, login := range []string{"", "with space", "<b>", "ben"} {
		u, err := all.Admit(t.Context(), d, Identity{Issuer: who.Issuer, Subject: fmt.Sprint("n", i), Login: login})
		if err != nil || u.Name == "" || (u.Login == "ben") != (login == "ben") {
			t.Errorf("%q: %+v, %v", login, u, err)
		}
	}
}
