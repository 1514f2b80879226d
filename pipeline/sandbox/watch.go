package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// errSlow is a page that took more than its time.
var errSlow = errors.New("took too long")

// watch kills a helper that takes too long, uses too much processor time or
// memory for a page, or whose request was given up.
type watch struct {
	helper *helper
	done   chan struct{}
	ended  sync.WaitGroup

	mu    sync.Mutex
	since time.Time     // start of the page in hand
	cpu   time.Duration // processor time at its start
	why   error
}

// The watchdog's own period: coarse, because limits are seconds.
const period = 100 * time.Millisecond

func (h *helper) watch(ctx context.Context) *watch {
	w := &watch{helper: h, done: make(chan struct{})}
	w.nextPage()
	w.ended.Go(func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-ctx.Done():
				w.kill(ctx.Err())
				return
			case <-tick.C:
				if err := w.over(); err != nil {
					w.kill(err)
					return
				}
			}
		}
	})
	return w
}

// stop ends the watch and tells whether it killed the helper.
func (w *watch) stop() (killed bool) {
	close(w.done)
	w.ended.Wait()
	return w.why != nil
}

func (w *watch) nextPage() {
	cpu, _, _ := usage(w.helper.cmd.Process.Pid)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since, w.cpu = time.Now(), cpu
}

// over tells which limit the page in hand has passed.
func (w *watch) over() error {
	cpu, memory, err := usage(w.helper.cmd.Process.Pid)
	if err != nil {
		return nil // the process is gone; the socket will tell
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.helper.cfg
	switch {
	case time.Since(w.since) > c.PageWall:
		return fmt.Errorf("%w: %w: over %v (limits.page_wall)", errDied, errSlow, c.PageWall)
	case cpu-w.cpu > c.PageCPU:
		return fmt.Errorf("%w: %w: over %v of processor time (limits.page_cpu)", errDied, errSlow, c.PageCPU)
	case memory > c.Memory:
		return fmt.Errorf("%w: it took over %d MB of memory", errDied, c.Memory>>20)
	}
	return nil
}

func (w *watch) kill(why error) {
	w.mu.Lock()
	w.why = why
	w.mu.Unlock()
	w.helper.kill()
}

// verdict says why the talk with the helper broke off.
func (w *watch) verdict(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.why != nil {
		return w.why
	}
	return fmt.Errorf("%w (%v)", errDied, err)
}

// usage reads a process's processor time and resident memory, in bytes, from /proc (proc(5)).
func usage(pid int) (cpu time.Duration, memory int64, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, err
	}
	// The command name may hold spaces and brackets: fields are counted behind its end.
	_, rest, ok := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 22 {
		return 0, 0, fmt.Errorf("unexpected /proc/%d/stat", pid)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	pages, err3 := strconv.ParseInt(fields[21], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	return time.Duration(user+system) * tick, pages * int64(os.Getpagesize()), errors.Join(err1, err2, err3)
}

// dieWithParent makes the kernel end a helper whose parent was killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
