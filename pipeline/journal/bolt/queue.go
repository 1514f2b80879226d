package bolt

import (
	"container/heap"
	"maps"
	"sync"
	"time"

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
	kinds    map[string]int  // how many of them there are of each kind
	wake     chan struct{}   // has room for one: something may have become ready
}

func newQueue(items []item) *queue {
	q := &queue{ready: map[string]*order{}, known: map[uint64]bool{}, kinds: map[string]int{}, wake: make(chan struct{}, 1)}
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
		q.kinds[i.Kind]++
		if !i.NotBefore.IsZero() {
			q.later = append(q.later, i)
			continue
		}
		q.push(i)
	}
	q.mu.Unlock()
	q.nudge()
}

// hasten makes what was put off of a batch due.
func (q *queue) hasten(batch string) (n int) {
	q.mu.Lock()
	left := q.later[:0]
	for _, i := range q.later {
		if i.Batch != batch {
			left = append(left, i)
			continue
		}
		i.NotBefore = time.Time{}
		q.push(i)
		n++
	}
	q.later = left
	q.mu.Unlock()
	q.nudge()
	return n
}

// done forgets a task.
func (q *queue) done(i item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.known[i.seq] {
		delete(q.known, i.seq)
		q.kinds[i.Kind]--
	}
}

// count tells how many tasks of each kind are not done.
func (q *queue) count() map[string]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.kinds)
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
