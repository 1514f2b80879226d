package web

import (
	"bufio"
	"context"
	"net/http"
	"testing"
	"time"

	"postroom/web/access"
)

// A page hears of every change: of those before it listens, and of one that follows
// another at once.
func TestLiveMissesNothing(t *testing.T) {
	h := newHouse(t)
	b := h.as(access.Operator)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	answer, err := b.client.Do(b.request(http.MethodGet, "/live", nil).WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	hear := func(what string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "event: changed" {
				return
			}
		}
		t.Fatalf("nothing is heard of %s: %v", what, lines.Err())
	}
	change := func(name string) {
		t.Helper()
		if _, err := h.directory.SaveGroup(t.Context(), "test", access.Group{Name: name, Stores: []string{"tax"}}); err != nil {
			t.Fatal(err)
		}
	}
	hear("what came before")
	change("One")
	hear("a change")
	change("Two") // while the line pauses
	hear("the change right after it")
}
