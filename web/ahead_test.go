package web

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// TestWishes: they are made one at a time in their order, one of each name; of too many the
// oldest is left out, one that panics is no other's fault, and nothing is begun at the end.
func TestWishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var lasting sync.WaitGroup
		a := &ahead{stopping: ctx, lasting: &lasting}
		let, made := make(chan struct{}), []string(nil)
		wish := func(name string) {
			a.wish(name, func(context.Context) {
				<-let
				if made = append(made, name); name == "bad" {
					panic("a page")
				}
			})
			synctest.Wait()
		}
		for _, name := range []string{"first", "bad", "bad", "last"} {
			wish(name)
		}
		for range 3 {
			let <- struct{}{}
			synctest.Wait()
		}
		if got := strings.Join(made, " "); got != "first bad last" || a.working {
			t.Errorf("made %s; at work: %v", got, a.working)
		}
		made = nil
		for i := range mostWishes + 2 { // the first is in hand, the second one wish too many
			wish(fmt.Sprint(i))
		}
		if len(a.wishes) != mostWishes || a.wishes[0].name != "2" {
			t.Errorf("%d wait, the first is %s", len(a.wishes), a.wishes[0].name)
		}
		stop()
		waited := false
		go func() { lasting.Wait(); waited = true }()
		if synctest.Wait(); waited {
			t.Error("what is in hand is not waited for")
		}
		let <- struct{}{}
		if synctest.Wait(); !waited {
			t.Error("it is waited for after its end")
		}
		if len(made) != 1 || a.working {
			t.Errorf("made %v after the end; at work: %v", made, a.working)
		}
	})
}
