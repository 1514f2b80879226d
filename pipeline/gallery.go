package pipeline

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"postroom/pipeline/journal"
)

// What pictures may take: the helpers that make them are besides those that read mail.
const (
	viewing = ViewerSlots // pictures that are made at once
	mostRun = 8           // pictures of one file in a row while others wait: a helper has it open
	worth   = 4           // pictures of one file that wait are worth a second helper that opens it
)

// ViewerSlots is how many helpers a Viewer is asked for at once.
const ViewerSlots = 3

// haste is how much a picture is waited for.
type haste int

const (
	ahead  haste = iota // nobody asks for it yet
	soon                // a thumbnail, which stands beside what is looked at
	atOnce              // somebody looks for it, and sees nothing until it is there
)

// most is how many pictures may be made at once of those that have so little haste: a page
// that somebody looks for finds a helper free, and does not wait for a strip of thumbnails.
func (h haste) most() int {
	return map[haste]int{ahead: 1, soon: viewing - 1, atOnce: viewing}[h]
}

// gallery has each picture made once, however many ask for it, and those that are waited
// for most before the others.
type gallery struct {
	troubled atomic.Bool // pictures can't be kept

	mu      sync.Mutex
	wanted  map[string]*wanted // by key: waiting, or in hand
	waiting []*wanted          // in the order that they came
	working int                // workers
	atWork  [atOnce + 1]int    // of them, those at pictures of each haste
	inHand  map[string]int     // by file: those at a picture of it
	unseen  map[string]unseen  // page -> why it can't be shown
	turned  map[journal.Ref][]int
}

// wanted is a picture that somebody asked for.
type wanted struct {
	key, file string
	make      func(context.Context) (PagePicture, error)
	haste     haste
	askers    int
	done      chan struct{} // closed when the rest is there
	picture   PagePicture
	err       error
}

type unseen struct {
	why   *Unseen
	until time.Time
}

func newGallery() *gallery {
	return &gallery{wanted: map[string]*wanted{}, unseen: map[string]unseen{}, turned: map[journal.Ref][]int{}, inHand: map[string]int{}}
}

// get has a picture made, and waits for it. It is made to its end once it was begun: a
// helper that is stopped costs more.
func (g *gallery) get(ctx context.Context, key, file string, h haste, make func(context.Context) (PagePicture, error)) (PagePicture, error) {
	g.mu.Lock()
	w := g.wanted[key]
	if w == nil {
		w = &wanted{key: key, file: file, make: make, done: newSignal()}
		g.wanted[key] = w
		g.waiting = append(g.waiting, w)
	}
	w.askers++
	w.haste = max(w.haste, h)
	g.begin(ctx)
	g.mu.Unlock()
	select {
	case <-w.done:
		return w.picture, w.err
	case <-ctx.Done():
		g.leave(w)
		return PagePicture{}, ctx.Err()
	}
}

// join waits for a picture that is being made, or is to be, if there is one.
func (g *gallery) join(ctx context.Context, key string, h haste) bool {
	g.mu.Lock()
	w := g.wanted[key]
	if w != nil {
		w.askers++
		w.haste = max(w.haste, h)
		g.begin(ctx)
	}
	g.mu.Unlock()
	if w == nil {
		return false
	}
	select {
	case <-w.done:
	case <-ctx.Done():
		g.leave(w)
	}
	return true
}

// begin has one worker more when there may be. It is called under the lock.
func (g *gallery) begin(ctx context.Context) {
	if g.working < viewing {
		g.working++
		go g.work(context.WithoutCancel(ctx))
	}
}

func newSignal() chan struct{} { return make(chan struct{}) }

// leave drops what nobody asks for any more, unless it was begun.
func (g *gallery) leave(w *wanted) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.askers--
	if i := slices.Index(g.waiting, w); w.askers == 0 && i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		delete(g.wanted, w.key)
	}
}

// work makes pictures until there is none that this worker may make.
func (g *gallery) work(ctx context.Context) {
	file, run := "", 0
	for {
		g.mu.Lock()
		w := g.next(file, run)
		if w == nil {
			g.working--
			g.mu.Unlock()
			return
		}
		as := w.haste // one that asks meanwhile may have more
		g.atWork[as]++
		g.inHand[w.file]++
		g.mu.Unlock()
		if run++; w.file != file {
			file, run = w.file, 1
		}
		w.err = journal.Try(func() (err error) {
			w.picture, err = w.make(ctx)
			return err
		})
		g.mu.Lock()
		g.atWork[as]--
		if g.inHand[w.file]--; g.inHand[w.file] == 0 {
			delete(g.inHand, w.file)
		}
		delete(g.wanted, w.key)
		g.mu.Unlock()
		close(w.done)
	}
}

// next takes what is to be made: what is waited for most, of the file in hand for a
// while, then in the order of asking. A file that another worker has in hand is left to him,
// unless somebody looks for its page or many of its pictures wait: to have a second helper
// open it costs as much as a picture. It is called under the lock.
func (g *gallery) next(file string, run int) *wanted {
	for h := atOnce; h >= ahead; h-- {
		busy := 0
		for less := ahead; less <= h; less++ {
			busy += g.atWork[less]
		}
		if busy >= h.most() {
			continue
		}
		for _, fits := range []func(*wanted) bool{
			func(w *wanted) bool { return w.haste == h && w.file == file && run < mostRun },
			func(w *wanted) bool { return w.haste == h && (h == atOnce || g.inHand[w.file] == 0) },
			func(w *wanted) bool { return w.haste == h && g.waitFor(w.file) >= worth },
		} {
			if i := slices.IndexFunc(g.waiting, fits); i >= 0 {
				w := g.waiting[i]
				g.waiting = slices.Delete(g.waiting, i, i+1)
				return w
			}
		}
	}
	return nil
}

// waitFor counts the pictures of a file that wait.
func (g *gallery) waitFor(file string) (n int) {
	for _, w := range g.waiting {
		if w.file == file {
			n++
		}
	}
	return n
}

// A page that helpers die over is not tried again at once: each try may take a helper's
// whole time, and a person may reload.
const (
	unseenFor  = 10 * time.Minute
	mostUnseen = 10_000
)

func (g *gallery) refuse(page string, why *Unseen, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.unseen) >= mostUnseen {
		clear(g.unseen)
	}
	g.unseen[page] = unseen{why, now.Add(unseenFor)}
}

// refused tells why a page could not be shown a while ago; nil = it is worth a try.
func (g *gallery) refused(page string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	u, known := g.unseen[page]
	if !known || !now.Before(u.until) {
		return nil
	}
	return u.why
}

// mostTurns bounds what is remembered of portions of pages: some 0.2 kB each.
const mostTurns = 10_000

func (g *gallery) turns(portion journal.Ref) ([]int, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all, known := g.turned[portion]
	return all, known
}

func (g *gallery) keepTurns(portion journal.Ref, turns []int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.turned) >= mostTurns {
		clear(g.turned)
	}
	g.turned[portion] = turns
}
