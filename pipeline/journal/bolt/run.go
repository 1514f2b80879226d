package bolt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"postroom/durable"
	"postroom/pipeline/journal"
)

// Run works the queue; see journal.Store.
func (s *Store) Run(ctx context.Context, handlers map[string]journal.Handler, limits journal.Limits) error {
	q, err := s.begin()
	if err != nil {
		return err
	}
	defer s.stop()

	hand, drop := context.WithCancel(context.WithoutCancel(ctx))
	defer drop()
	var working sync.WaitGroup
	idle := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		grace := time.NewTimer(s.cfg.Grace)
		defer grace.Stop()
		select {
		case <-grace.C:
			drop()
		case <-idle:
		}
	})()
	defer func() {
		working.Wait()
		close(idle)
	}()

	work := &hands{busy: map[string]int{}}
	room := func(kind string) bool {
		return handlers[kind] != nil && work.of(kind) < max(1, limits[kind])
	}
	for ctx.Err() == nil {
		if wait := s.cfg.Pause(); wait > 0 {
			pause(ctx, nil, wait)
			continue
		}
		i, ok, wait := q.take(s.cfg.Now(), room, work.now())
		if ok {
			work.count(i, 1)
			working.Go(func() {
				s.work(hand, q, i, handlers[i.Kind])
				work.count(i, -1)
				q.nudge()
			})
			continue
		}
		pause(ctx, q.wake, wait)
	}
	return ctx.Err()
}

// inHand counts the tasks that are worked: all, those of the foreground, suspects among these.
type inHand struct{ all, foreground, suspects int }

// hands counts the tasks that are worked, by kind too.
type hands struct {
	mu   sync.Mutex
	busy map[string]int
	sum  inHand
}

func (h *hands) count(i item, d int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy[i.Kind] += d
	h.sum.all += d
	if !i.background() {
		h.sum.foreground += d
	}
	if i.suspect() && !i.background() { // what nobody waits for must not keep mail waiting
		h.sum.suspects += d
	}
}

func (h *hands) now() inHand {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sum
}

func (h *hands) of(kind string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy[kind]
}

// pause waits for news, for a time when there is one, or for the end.
func pause(ctx context.Context, news <-chan struct{}, wait time.Duration) {
	var due <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-news:
	case <-due:
	case <-ctx.Done():
	}
}

// begin loads the queue, in step with the commits that add to it.
func (s *Store) begin() (*queue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue != nil {
		panic("bug: the queue is worked twice")
	}
	// Commits wait for s.mu before they tell of their tasks, so that a task may
	// come twice, as loaded and as told, but is never missed.
	items, err := s.load()
	if err != nil {
		return nil, err
	}
	s.queue = newQueue(items)
	return s.queue, nil
}

func (s *Store) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = nil
}

// running tells whether the queue is worked. If not, begin will load it.
func (s *Store) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue != nil
}

// Tasks counts the tasks that are not done, by kind, without a look at the file; nil while
// nobody runs them.
func (s *Store) Tasks() map[string]int {
	s.mu.Lock()
	q := s.queue
	s.mu.Unlock()
	if q == nil {
		return nil
	}
	return q.count()
}

// Hasten has what was put off of a batch tried at once; see journal.Store.
func (s *Store) Hasten(batch string) int {
	s.mu.Lock()
	q := s.queue
	s.mu.Unlock()
	if q == nil {
		return 0
	}
	return q.hasten(batch)
}

// work does one task: attempt counted, handler, then all in one transaction.
func (s *Store) work(ctx context.Context, q *queue, i item, h journal.Handler) {
	defer func() {
		q.done(i)
		if !i.NotBefore.IsZero() {
			q.add(i)
		}
	}()
	i.NotBefore = time.Time{}
	before := i.Unended
	gone, err := s.attempt(ctx, &i)
	if gone {
		return
	}
	if err == nil {
		err = journal.Try(func() error {
			commit, err := h(ctx, i.Task)
			if err != nil {
				return err
			}
			return s.commit(i, commit)
		})
		if err != nil {
			s.ended(i, before)
		}
	}
	if err == nil {
		return
	}
	i.Unended = before
	if ctx.Err() != nil {
		return // given up at the end of Run; the row stays
	}
	if s.cfg.OnError != nil {
		s.cfg.OnError(i.Task, err)
	}
	i.NotBefore = s.cfg.Now().Add(s.wait(i, err))
}

// ended takes an attempt back that came to an end. That it can't be written (the disk is
// full) makes it count only if the process dies before the next attempt: until then
// what is in memory holds.
func (s *Store) ended(i item, unended int) {
	_ = s.Tx(context.Background(), func(jt journal.Tx) error {
		row, err := journal.Load[journal.Task](jt, journal.TableQueue, sequence(i.seq))
		if err != nil {
			return err
		}
		row.Unended = unended
		return journal.Save(jt, journal.TableQueue, sequence(i.seq), row)
	})
}

func (s *Store) wait(i item, err error) time.Duration {
	var later *journal.Later
	if errors.As(err, &later) && later.After > 0 {
		return later.After
	}
	if durable.Full(err) {
		return s.cfg.BackOff // it was not the task's doing, however often it was tried
	}
	wait := s.cfg.BackOff
	for n := 1; n < i.Attempts && wait < maxBackOff; n++ {
		wait *= 2
	}
	return min(wait, maxBackOff)
}

// attempt counts the attempt, so that a task that kills the process is known.
func (s *Store) attempt(ctx context.Context, i *item) (gone bool, err error) {
	unended := i.Unended + 1
	err = s.Tx(ctx, func(jt journal.Tx) error {
		t := jt.(*tx)
		row, err := journal.Load[journal.Task](t, journal.TableQueue, sequence(i.seq))
		if errors.Is(err, journal.ErrNotFound) {
			gone = true
			return nil
		}
		if err != nil {
			return err
		}
		row.Attempts++
		row.Unended = unended
		i.Attempts, i.Unended = row.Attempts, unended
		return journal.Save(t, journal.TableQueue, sequence(i.seq), row)
	})
	return gone, err
}

// commit writes a task's result with its receipt. What is decided is written
// even when the end of Run was asked for meanwhile.
func (s *Store) commit(i item, commit func(journal.Tx) error) error {
	return s.Tx(context.Background(), func(jt journal.Tx) error {
		t := jt.(*tx)
		done := t.Insert(journal.TableReceipt, i.Key, []byte(s.cfg.Now().UTC().Format(time.RFC3339Nano)))
		if done != nil && !errors.Is(done, journal.ErrExists) {
			return done
		}
		if done == nil && commit != nil {
			if err := commit(t); err != nil {
				return fmt.Errorf("task %s: %w", i.Key, err)
			}
		}
		return t.finish(i)
	})
}
