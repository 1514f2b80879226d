package bolt

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"postroom/durable"
	"postroom/pipeline/journal"
)

// item is a queued task with its place in the order of arrival.
type item struct {
	journal.Task
	seq uint64
}

// queue is the tasks that wait, in memory: those of a kind in their order, and
// those put off by their time.
type queue struct {
	mu       sync.Mutex
	ready    map[string]*order // by kind
	later    []item
	suspects order
	passed   int             // tasks that went before the first suspect
	known    map[uint64]bool // tasks that wait or are worked, by sequence
	wake     chan struct{}   // has room for one: something may have become ready
}

func newQueue(items []item) *queue {
	q := &queue{ready: map[string]*order{}, known: map[uint64]bool{}, wake: make(chan struct{}, 1)}
	q.add(items...)
	return q
}

// add takes tasks in; one that it has already is not taken twice.
func (q *queue) add(items ...item) {
	q.mu.Lock()
	for _, i := range items {
		if q.known[i.seq] {
			continue
		}
		q.known[i.seq] = true
		if !i.NotBefore.IsZero() {
			q.later = append(q.later, i)
			continue
		}
		q.push(i)
	}
	q.mu.Unlock()
	q.nudge()
}

// done forgets a task.
func (q *queue) done(i item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.known, i.seq)
}

func (q *queue) push(i item) {
	if i.suspect() {
		heap.Push(&q.suspects, i)
		return
	}
	if q.ready[i.Kind] == nil {
		q.ready[i.Kind] = &order{}
	}
	heap.Push(q.ready[i.Kind], i)
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take gives the first task whose kind has room, or how long until one that was
// put off is due (0 = none is).
func (q *queue) take(now time.Time, room func(kind string) bool, hand inHand) (i item, ok bool, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.later[:0]
	for _, i := range q.later {
		if d := i.NotBefore.Sub(now); d > 0 {
			left = append(left, i)
			if wait == 0 || d < wait {
				wait = d
			}
			continue
		}
		q.push(i)
	}
	q.later = left
	var best *order
	occupied := hand.foreground > 0
	for kind, o := range q.ready {
		occupied = occupied || o.Len() > 0 && !(*o)[0].background()
		if o.Len() > 0 && room(kind) && (best == nil || (*o)[0].before((*best)[0])) {
			best = o
		}
	}
	if best != nil && occupied && (*best)[0].background() {
		best = nil
	}
	if q.suspectIsDue(best, room, occupied) {
		if hand.all > 0 {
			return item{}, false, wait // it waits for those in hand, and the others for it
		}
		q.passed = 0
		return heap.Pop(&q.suspects).(item), true, 0
	}
	if best == nil || hand.suspects > 0 {
		return item{}, false, wait
	}
	if len(q.suspects) > 0 {
		q.passed++
	}
	return heap.Pop(best).(item), true, 0
}

// mostBefore is how many tasks go before a suspect: it must not be all that is done between
// two deaths, nor wait for ever.
const mostBefore = 100

// suspectIsDue tells whether the first suspect goes before the first of the others, nil = none.
func (q *queue) suspectIsDue(best *order, room func(kind string) bool, occupied bool) bool {
	if len(q.suspects) == 0 || !room(q.suspects[0].Kind) {
		return false
	}
	s := q.suspects[0]
	if s.background() {
		return !occupied && (best == nil || q.passed >= mostBefore)
	}
	return best == nil || (*best)[0].background() || q.passed >= mostBefore
}

func (i item) background() bool { return i.Priority >= journal.Background }

// suspect tells a task that was in hand each of the last times that the process died. It is
// begun alone, so that its next death speaks of it and of nothing beside it.
func (i item) suspect() bool { return i.Unended >= 2 }

func (i item) before(j item) bool {
	if i.Priority != j.Priority {
		return i.Priority < j.Priority
	}
	return i.seq < j.seq
}

// order is a heap of tasks (container/heap).
type order []item

func (o order) Len() int           { return len(o) }
func (o order) Less(a, b int) bool { return o[a].before(o[b]) }
func (o order) Swap(a, b int)      { o[a], o[b] = o[b], o[a] }
func (o *order) Push(x any)        { *o = append(*o, x.(item)) }
func (o *order) Pop() any {
	last := (*o)[len(*o)-1]
	*o = (*o)[:len(*o)-1]
	return last
}

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
