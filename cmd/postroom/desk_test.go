package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Whatever is asked but for /healthz comes to the desk, and nothing answers before it.
func TestAllButHealthIsTheDesks(t *testing.T) {
	says := func(who string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, who) })
	}
	h := beside(says("health"), says("desk"))
	for request, want := range map[string]string{
		"GET /healthz": "health", "HEAD /healthz": "health", "POST /healthz": "desk", "GET /healthz/": "desk", "GET /": "desk",
		"GET //evil.example/..": "desk", "GET /a/../healthz": "desk", "GET //healthz": "desk", "CONNECT /": "desk", "TRACE /x": "desk",
	} {
		var method, path string
		if _, err := fmt.Sscan(request, &method, &path); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(method, "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Body.String() != want {
			t.Errorf("%s is answered by %s", request, w.Body)
		}
	}
}
