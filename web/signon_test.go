package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/web/access"
	"postroom/web/signon"
	"postroom/web/signon/signontest"
)

// byProvider is a house whose people may come from an identity provider.
func byProvider(t *testing.T) (*house, *signontest.Provider) {
	t.Helper()
	idp := signontest.New(t)
	provider, err := signon.New(t.Context(), signon.Config{Issuer: idp.URL, ClientID: "postroom", ClientSecret: "secret", RedirectURL: "http://127.0.0.1/signon/back",
		RoleClaim: "roles", Roles: map[string]access.Role{"clerk": access.Operator, "audit": access.Auditor}, Create: true, Now: func() time.Time { return idp.Now }})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	h.open(func(c *Config) { c.Provider = provider })
	return h, idp
}

// signOn goes to the provider, from a page that its query names, and back, and gives the way back.
func (b *browser) signOn(idp *signontest.Provider, query string) (back string, got *http.Response) {
	b.t.Helper()
	sent := b.get("/signon" + query)
	if sent.StatusCode != http.StatusSeeOther {
		b.t.Fatal(sent.Status)
	}
	u, err := url.Parse(idp.Consent(sent.Header.Get("Location")))
	b.must(err)
	return u.RequestURI(), b.get(u.RequestURI())
}

func TestSignOnAtTheDesk(t *testing.T) {
	h, idp := byProvider(t)
	idp.Extra = map[string]any{"roles": []string{"clerk", "root"}, "name": strange, "preferred_username": "administrator"}
	b := h.browser()
	back, got := b.signOn(idp, "")
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/" {
		t.Fatal(got.Status, b.body)
	}
	if b.get("/intake").StatusCode != 200 || b.get("/users").StatusCode != 403 || b.get("/log").StatusCode != 403 {
		t.Error("the claims give other rights than the configuration says")
	}
	if b.get("/account"); strings.Contains(b.body, "onerror") {
		t.Error("a name with markup is taken over")
	}
	// The back button, and a thief who has read the address, come with what was used.
	thief := h.browser()
	for who, again := range map[string]*browser{"the back button": b, "a thief": thief} {
		if got := again.get(back); got.StatusCode != http.StatusForbidden || strings.Contains(again.body, "code=") {
			t.Errorf("%s: %s", who, got.Status)
		}
	}
	if b.get("/intake").StatusCode != 200 || thief.get("/intake").StatusCode != 303 {
		t.Error("a replay signs out whom it failed for, or signs a thief in")
	}
	// Other roles there end what he has here at the next sign-in, in every browser.
	idp.Extra = map[string]any{"roles": "audit"}
	other := h.browser()
	if _, got := other.signOn(idp, ""); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	if b.get("/intake").StatusCode != 303 || other.get("/log").StatusCode != 200 || other.get("/intake").StatusCode != 403 {
		t.Error("the roles of before are still in force")
	}
	// Somebody with a password, in the same browser, afterwards: he alone is signed in.
	if got := other.signIn("operator"); got.StatusCode != http.StatusSeeOther {
		t.Fatal(got.Status)
	}
	if other.get("/log").StatusCode != 403 || other.get("/intake").StatusCode != 200 {
		t.Error("a sign-in with a password does not replace the provider's")
	}
	other.get("/account")
	other.sees("The operator")
}

func TestSignOnThatIsRefused(t *testing.T) {
	h, idp := byProvider(t)
	b := h.browser()
	idp.Extra = map[string]any{"sub": nil}
	if _, got := b.signOn(idp, ""); got.StatusCode != http.StatusForbidden || b.get("/account").StatusCode != 303 {
		t.Error("a token without a subject:", got.Status)
	}
	idp.Extra = map[string]any{"roles": "none of these", "sub": "2"}
	if _, got := b.signOn(idp, ""); got.StatusCode != http.StatusSeeOther || b.get("/intake").StatusCode != 403 || b.get("/letters").StatusCode != 403 {
		t.Error("somebody without a role:", got.Status)
	}
	hostile := h.browser()
	if got := hostile.get("/signon/back?error=" + url.QueryEscape("<script>\nlevel=ERROR msg=forged")); got.StatusCode != http.StatusForbidden ||
		strings.Contains(hostile.body, "<script>\n") || strings.Contains(h.log.String(), "\nlevel=ERROR msg=forged") {
		t.Error("what an address says comes into the page or the log:", got.Status, h.log)
	}
	idp.Close()
	if got := hostile.get("/signon/back?state=x&code=y"); got.StatusCode != http.StatusForbidden {
		t.Error(got.Status)
	}
	away, there := byProvider(t)
	there.Close()
	late := away.browser()
	if got := late.get("/signon"); got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(late.body, `name="password"`) {
		t.Error("the provider is away, and nobody can sign in with a password:", got.Status)
	}
}

// TestPasswordOfAProvidersUser: nobody gets a second way in beside the provider's.
func TestPasswordOfAProvidersUser(t *testing.T) {
	h := newHouse(t)
	u, _, err := h.directory.Add(t.Context(), "test", access.User{Login: "sso", Name: "Of the provider", Roles: []access.Role{access.Auditor}, Issuer: "https://id.example", Subject: "1"}, "")
	h.must(err)
	if got := h.as("administrator").post("/users/"+u.ID+"/password", url.Values{"password": {password}}); got.StatusCode != http.StatusBadRequest {
		t.Error(got.Status)
	}
	if got := h.browser().signIn("sso"); got.StatusCode != http.StatusUnprocessableEntity {
		t.Error("a user of the provider signs in with a password:", got.Status)
	}
}

// Who signs in at the identity provider finds back as well, once.
func TestSignOnLeadsBack(t *testing.T) {
	h, idp := byProvider(t)
	idp.Extra = map[string]any{"roles": "clerk"}
	for from, want := range map[string]string{"?back=%2Fbatches%2Fx%3Fpage%3D2": "/batches/x?page=2", "?back=%2F%2Fevil.example": "/"} {
		b := h.browser()
		for _, try := range []struct{ from, want string }{{from, want}, {"", "/"}} {
			if _, got := b.signOn(idp, try.from); got.Header.Get("Location") != try.want {
				t.Errorf("%s: %s, to %q", try.from, got.Status, got.Header.Get("Location"))
			}
		}
	}
}
