package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"postroom/mail"
)

// studio makes pictures when it is let to, and notes which.
type studio struct {
	*gallery
	let       chan struct{} // one more is finished; closed = all are
	mu        sync.Mutex
	now, most int
	order     []string
}

func newStudio() *studio { return &studio{gallery: newGallery(), let: make(chan struct{})} }

// ask asks for a picture of a file, named "file/page".
func (s *studio) ask(ctx context.Context, name string, h haste) error {
	file, _, _ := strings.Cut(name, "/")
	p, err := s.get(ctx, name, file, h, func(context.Context) (PagePicture, error) {
		s.mu.Lock()
		s.now++
		s.most = max(s.most, s.now)
		s.order = append(s.order, name)
		s.mu.Unlock()
		<-s.let
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now--
		return PagePicture{Tag: name}, nil
	})
	if err == nil && p.Tag != name {
		err = fmt.Errorf("asked for %s, got %s", name, p.Tag)
	}
	return err
}

// begun lists what was begun so far.
func (s *studio) begun() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.order, " ")
}

// left counts what is neither made nor dropped, and the workers.
func (s *studio) left() int {
	synctest.Wait()
	s.gallery.mu.Lock()
	defer s.gallery.mu.Unlock()
	return len(s.wanted) + len(s.waiting) + s.working + s.atWork[ahead] + s.atWork[soon] + s.atWork[atOnce]
}

// TestPictureIsMadeOnce, however many ask at once.
func TestPictureIsMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio()
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				if err := s.ask(t.Context(), fmt.Sprint("f/", i%2), haste(i%3)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(s.let)
		all.Wait()
		if len(s.order) != 2 || s.most > viewing || s.left() != 0 {
			t.Errorf("made %v, %d at once; %d are left", s.order, s.most, s.left())
		}
	})
}

// TestWhoWaitsGoesFirst: what is made beforehand takes one worker, thumbnails leave one
// free, and what a person looks for goes before both, also what was asked for in less haste.
func TestWhoWaitsGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio()
		var all sync.WaitGroup
		ask := func(name string, h haste) {
			all.Go(func() {
				if err := s.ask(t.Context(), name, h); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		begun := func(want string) {
			t.Helper()
			if got := s.begun(); got != want {
				t.Errorf("begun: %s, not %s", got, want)
			}
		}
		for i := range 4 {
			ask(fmt.Sprint("later/", i), ahead)
		}
		begun("later/0")
		for i := range 3 {
			ask(fmt.Sprint("strip/", i), soon)
		}
		begun("later/0 strip/0")
		ask("page/1", atOnce)
		begun("later/0 strip/0 page/1")
		ask("page/2", atOnce)
		ask("later/3", atOnce)
		for range 2 {
			s.let <- struct{}{}
		}
		got := strings.Fields(s.begun())
		slices.Sort(got[3:]) // whose worker is free first, nobody knows
		if got := strings.Join(got, " "); got != "later/0 strip/0 page/1 later/3 page/2" {
			t.Errorf("begun: %s", got)
		}
		close(s.let)
		all.Wait()
		if len(s.order) != 9 || s.most > viewing || s.left() != 0 {
			t.Errorf("made %v, %d at once", s.order, s.most)
		}
	})
}

// TestPagesOfAFileComeTogether, but not for ever while others wait.
func TestPagesOfAFileComeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio()
		var all sync.WaitGroup
		for i := range 2 * mostRun {
			for _, file := range []string{"a", "b", "c"} {
				all.Go(func() {
					if err := s.ask(t.Context(), fmt.Sprint(file, "/", i), atOnce); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
			}
		}
		close(s.let)
		all.Wait()
		changes := 0
		last := map[bool]string{}
		for _, name := range s.order {
			if name[:1] != last[true] && name[:1] != last[false] {
				changes++
			}
			last[true], last[false] = last[false], name[:1]
		}
		if first := slices.Index(s.order, "c/0"); first > 3*mostRun || changes > 12 {
			t.Errorf("c came as picture %d, %d changes: %v", first, changes, s.order)
		}
	})
}

// TestAFileIsOpenedOnce: thumbnails of a file that a worker has in hand are left to him while
// few wait; a page that somebody looks for is not.
func TestAFileIsOpenedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio()
		var all sync.WaitGroup
		ask := func(name string, h haste, begun string) {
			t.Helper()
			all.Go(func() {
				if err := s.ask(t.Context(), name, h); err != nil {
					t.Error(err)
				}
			})
			if got := s.begun(); got != begun {
				t.Errorf("%s is asked for: begun %s, not %s", name, got, begun)
			}
		}
		ask("a/1", soon, "a/1")
		for i := range worth - 1 {
			ask(fmt.Sprint("a/", i+2), soon, "a/1")
		}
		ask("a/9", atOnce, "a/1 a/9")
		s.let <- struct{}{}
		if got := strings.Fields(s.begun()); len(got) != 3 {
			t.Errorf("begun: %v", got)
		}
		close(s.let)
		all.Wait()
		s.order, s.let = nil, make(chan struct{})
		ask("a/1", soon, "a/1")
		for i := range worth - 1 {
			ask(fmt.Sprint("a/", i+2), soon, "a/1")
		}
		ask("a/8", soon, "a/1 a/2")
		ask("b/1", soon, "a/1 a/2")
		close(s.let)
		all.Wait()
		if s.left() != 0 || len(s.inHand) != 0 {
			t.Errorf("%d left, in hand %v", s.left(), s.inHand)
		}
	})
}

// TestNobodyAsksAnyMore: what was not begun is dropped with its last asker; what was
// dropped can be asked for again.
func TestNobodyAsksAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio()
		var all sync.WaitGroup
		ctx, leave := context.WithCancel(t.Context())
		for i := range viewing + 3 {
			all.Go(func() {
				if err := s.ask(ctx, fmt.Sprint("f/", i), atOnce); !errors.Is(err, context.Canceled) {
					t.Errorf("picture %d: %v", i, err)
				}
			})
			synctest.Wait()
		}
		var stays sync.WaitGroup
		stays.Go(func() {
			if err := s.ask(t.Context(), "f/5", atOnce); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		stays.Go(func() {
			if err := s.ask(t.Context(), "f/3", atOnce); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(s.let)
		stays.Wait()
		made := strings.Fields(s.begun())
		slices.Sort(made)
		if got := strings.Join(made, " "); got != "f/0 f/1 f/2 f/3 f/5" {
			t.Errorf("made: %s", got)
		}
		if n := s.left(); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

// TestPanicIsAnError: a bug in making one picture ends no server, and no worker.
func TestPanicIsAnError(t *testing.T) {
	g := newGallery()
	_, err := g.get(t.Context(), "k", "f", atOnce, func(context.Context) (PagePicture, error) { panic("no such pixel") })
	if err == nil || !strings.Contains(err.Error(), "no such pixel") {
		t.Errorf("%v", err)
	}
	if p, err := g.get(t.Context(), "k", "f", atOnce, func(context.Context) (PagePicture, error) { return PagePicture{Width: 7}, nil }); err != nil || p.Width != 7 {
		t.Errorf("afterwards: %+v, %v", p, err)
	}
}

// TestRefusedIsForgotten after a while, and the memory of it is bounded.
func TestRefusedIsForgotten(t *testing.T) {
	g, now := newGallery(), time.Unix(1e9, 0)
	why := &Unseen{mail.UnreadablePage, "why"}
	g.refuse("f/1", why, now)
	if got := g.refused("f/1", now.Add(unseenFor-1)); !errors.Is(got, error(why)) {
		t.Errorf("%v", got)
	}
	if got := g.refused("f/1", now.Add(unseenFor)); got != nil {
		t.Errorf("afterwards: %v", got)
	}
	for i := range 2*mostUnseen + 5 {
		g.refuse(fmt.Sprint(i), why, now)
	}
	if len(g.unseen) > mostUnseen {
		t.Errorf("%d are remembered", len(g.unseen))
	}
}

// TestWhoJoinsWaits: a picture that another is made of is waited for, by a person too, and
// one that nobody wants is not.
func TestWhoJoinsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudio()
		if s.join(t.Context(), "f/none", atOnce) {
			t.Error("it joined what nobody wants")
		}
		var all sync.WaitGroup
		for _, name := range []string{"f/1", "f/2"} { // one is in hand, the other one waits
			all.Go(func() { _ = s.ask(t.Context(), name, ahead) })
			synctest.Wait()
		}
		joined := make(chan bool, 1)
		go func() { joined <- s.join(t.Context(), "f/2", atOnce) }()
		synctest.Wait()
		if got := s.begun(); got != "f/1 f/2" {
			t.Errorf("begun: %s; a person waits for the other one", got)
		}
		select {
		case <-joined:
			t.Error("it did not wait")
		default:
		}
		close(s.let)
		if !<-joined {
			t.Error("it did not join")
		}
		all.Wait()
		if s.left() != 0 {
			t.Errorf("%d are left", s.left())
		}
	})
}
