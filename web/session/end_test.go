package session

import (
	"context"
	"errors"
	"testing"
	"time"

	"postroom/pipeline/journal"
)

// A request that is being answered when its session ends brings it back in no way.
func TestEndedMeanwhile(t *testing.T) {
	for name, end := range map[string]func(h *house, ctx context.Context) error{
		"end": func(h *house, ctx context.Context) error {
			all, err := h.Of(ctx, "ann")
			return errors.Join(err, h.End(ctx, all[0].ID))
		},
		"all": func(h *house, ctx context.Context) error { return h.EndAll(ctx, "ann") },
		"revoke": func(h *house, ctx context.Context) error {
			return h.journal.Tx(ctx, func(tx journal.Tx) error { return Revoke(tx, "ann") })
		},
		"sign-in of before": func(h *house, ctx context.Context) error { // the answer to a sign-in comes after the end
			return errors.Join(h.SignIn(ctx, "ann"), h.EndAll(context.WithoutCancel(t.Context()), "ann"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, Config{})
			b := &browser{house: h}
			b.signIn("ann")
			b.ask(func(ctx context.Context) {
				alive := func(want bool) {
					if is, err := h.Alive(ctx); is != want || err != nil {
						t.Errorf("alive: %v, %v", is, err)
					}
				}
				alive(true)
				if err := end(h, ctx); err != nil {
					t.Error(err)
				}
				alive(false)
				if err := h.Put(ctx, "k", "v"); err != nil {
					t.Error(err)
				}
			})
			if id := b.user(); id != "" {
				t.Errorf("the session is %q's again", id)
			}
			b.signIn("ann")
			if b.user() != "ann" {
				t.Error("ann can't sign in again")
			}
		})
	}
}

func TestSignInSweeps(t *testing.T) {
	h := newHouse(t, Config{})
	for range 3 * portion / 2 {
		(&browser{house: h}).signIn("ann")
	}
	h.now = h.now.Add(2 * time.Hour)
	(&browser{house: h}).signIn("ben")
	if err := h.journal.View(t.Context(), func(r journal.Reader) error {
		rows, err := r.Scan(tableSession, "", "", 2*portion)
		if len(rows) != 1 {
			t.Errorf("%d sessions are left", len(rows))
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// A request of one of 500 sessions: what the middleware costs.
func BenchmarkRequest(b *testing.B) {
	h := newHouse(b, Config{})
	var last *browser
	for range 500 {
		last = &browser{house: h}
		last.ask(func(ctx context.Context) {
			if err := h.SignIn(ctx, "ann"); err != nil {
				b.Fatal(err)
			}
		})
	}
	for b.Loop() {
		if last.user() != "ann" {
			b.Fatal("not signed in")
		}
	}
}
