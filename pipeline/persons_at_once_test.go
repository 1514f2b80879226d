package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
	"postroom/router/casestore"
)

// TestPersonsAtOnce: whatever several persons do with the same letters at the same time, while
// the machine works, its stores are slow and sometimes refuse, and it may die, all comes to rest
// as after TestWhateverPersonsDo. POSTROOM_TRIALS says how many rounds are played.
func TestPersonsAtOnce(t *testing.T) {
	const usual = 8 // one of each kind: the seed's last bits choose it
	rounds, seed := trials(t, usual), sweepSeed(t)
	done, killed := map[string]int{}, 0
	t.Logf("POSTROOM_SEED=%d", seed)
	for n := range uint64(rounds) {
		synctest.Test(t, func(t *testing.T) { // nobody waits for its clock, and no slow machine changes who comes first
			defer func() {
				if t.Failed() {
					t.Logf("POSTROOM_SEED=%d POSTROOM_TRIALS=1 draws this round again, though threads may meet otherwise", seed+n)
				}
			}()
			if playRound(t, seed+n, done) {
				killed++
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds, %d of them killed in the middle", rounds, killed)
	if rounds < usual {
		return // somebody looks into one that has failed
	}
	wantAllDone(t, done)
	if killed == 0 {
		t.Error("no round was killed in the middle")
	}
}

// crowd is a room with several persons in it.
type crowd struct {
	*room
	mu      sync.Mutex
	rnd     *rand.Rand
	batches []string
	steps   atomic.Int64 // that are left to do
}

func (c *crowd) upTo(n int, _ string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rnd.IntN(n)
}

// pause is shorter than most of what the machine does, so that persons come in between.
func (c *crowd) pause() { time.Sleep(time.Duration(c.upTo(3000, "")) * time.Microsecond) }

func (c *crowd) slowly() *sandbox.Refusal {
	time.Sleep(time.Duration(c.upTo(12_000, "")) * time.Microsecond)
	return nil
}

// unsteady is a store that is slow and now and then can't be reached, before or after it did
// what it was asked to. It refuses only what it does not have: a store must take a repeat.
type unsteady struct {
	casestore.Store
	c   *crowd
	has sync.Map
}

func (s *unsteady) moment() error {
	if s.c.pause(); s.c.upTo(20, "") == 0 {
		return errors.New("the share is not mounted")
	}
	return nil
}

func (s *unsteady) Deliver(ctx context.Context, f casestore.Filing) (mail.Receipt, error) {
	if err := s.moment(); err != nil {
		return mail.Receipt{}, err
	}
	if _, has := s.has.Load(f.Reference + f.Document); !has && s.c.upTo(12, "") == 0 {
		return mail.Receipt{}, casestore.ErrRefused
	}
	s.has.Store(f.Reference+f.Document, true)
	r, err := s.Store.Deliver(ctx, f)
	return r, errors.Join(err, s.moment())
}

func (s *unsteady) Enrich(ctx context.Context, r mail.Receipt, add casestore.Rendition) (mail.Receipt, error) {
	if err := s.moment(); err != nil {
		return r, err
	}
	r, err := s.Store.Enrich(ctx, r, add)
	return r, errors.Join(err, s.moment())
}

func (s *unsteady) Withdraw(ctx context.Context, locator string, note []byte) error {
	if err := s.moment(); err != nil {
		return err
	}
	return errors.Join(s.Store.Withdraw(ctx, locator, note), s.moment())
}

// playRound has two batches come in and persons at work, and tells whether it was killed and
// started again in the middle.
func playRound(t *testing.T, seed uint64, done map[string]int) (killed bool) {
	r := newRoom(t)
	c := &crowd{room: r, rnd: rand.New(rand.NewPCG(seed, 2))}
	c.steps.Store(200)
	var ticks atomic.Int64
	r.now = func() time.Time { return time.Now().Add(time.Duration(ticks.Add(1))) } // the clock stands still while anybody works
	if r.after = seed&1 == 1; seed&2 == 2 {
		r.doubleKey = []string{"tax"}
	}
	calm := r.stores["tax"]
	r.stores["tax"] = &unsteady{Store: calm, c: c}
	r.helpers.cut = func(int, int) *sandbox.Refusal { return c.slowly() }
	r.helpers.render = c.slowly
	for n := range 2 {
		p := persons{upTo: c.upTo}
		c.batches = append(c.batches, r.accepted(fmt.Sprintf("%d.pdf", n), p.pages(n)...))
	}
	const never = 1 << 30
	left := &atomic.Int64{} // commits until it dies
	if left.Store(never); seed&4 == 4 {
		left.Store(int64(1 + c.upTo(120, "")))
	}
	for c.steps.Load() > 0 {
		power, cut := context.WithCancel(t.Context())
		if err := r.journal.Close(); err != nil {
			t.Fatal(err)
		}
		r.open(func(s journal.Store) journal.Store { return crashing{s, left, c.upTo(2, "") == 1, cut} })
		r.cfg.StoreRetry = 2 * time.Millisecond
		if err := c.shift(t, power, done); err != nil && power.Err() == nil {
			t.Fatal(err)
		}
		if power.Err() != nil {
			killed = true
			left.Store(never)
		}
		cut()
	}
	r.stores["tax"] = calm
	r.reopen()
	for _, batch := range c.batches {
		p := &persons{room: r, TB: t, batch: batch}
		p.rest()
		p.sound()
	}
	r.verifies()
	if err := r.journal.View(t.Context(), func(reader journal.Reader) error {
		return each(reader, tableTrouble, "", func(row journal.Row) error {
			t.Errorf("trouble %s is left: %s", row.Key, row.Value)
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return killed
}

// shift has persons work until nothing is left to do or the power goes. One of them sits at
// two desks.
func (c *crowd) shift(t *testing.T, power context.Context, done map[string]int) error {
	return c.work(func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(power, stop)()
		var all sync.WaitGroup
		for _, name := range []string{"Anna", "Bert", "Carla", "Anna"} {
			p := &persons{room: c.room, TB: t, upTo: c.upTo, pause: c.pause, names: []string{name}, done: map[string]int{}}
			all.Go(func() {
				for ; power.Err() == nil && c.steps.Add(-1) >= 0; c.pause() {
					p.batch = oneOf(p, "batch", c.batches...)
					if err := journal.Try(func() error { return p.step(ctx) }); err != nil && power.Err() == nil {
						t.Error(err)
						return
					}
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				for op, n := range p.done {
					done[op] += n
				}
			})
		}
		all.Wait()
		for _, batch := range c.batches {
			if err := c.Await(ctx, batch, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// trials is how many rounds are played: few in every run of the tests, as many as
// POSTROOM_TRIALS says in a sweep.
func trials(t *testing.T, usual int) int {
	t.Helper()
	n := os.Getenv("POSTROOM_TRIALS")
	if n == "" {
		return usual
	}
	v, err := strconv.Atoi(n)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
