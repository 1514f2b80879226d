package web

import (
	"testing"

	"postroom/web/access"
)

// A page hears of every change: of those before it listens, and of one that follows
// another at once.
func TestLiveMissesNothing(t *testing.T) {
	h := newHouse(t)
	b := h.as("operator")
	hears := b.listens()
	hear := func(what string) {
		t.Helper()
		if !hears("event: changed") {
			t.Fatal("nothing is heard of", what)
		}
	}
	change := func(name string) {
		t.Helper()
		_, err := h.directory.SaveGroup(t.Context(), "test", access.Group{Name: name, Stores: []string{"tax"}})
		h.must(err)
	}
	hear("what came before")
	change("One")
	hear("a change")
	change("Two") // while the line pauses
	hear("the change right after it")
}
