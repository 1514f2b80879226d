package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// helper is one process and the socket to it.
type helper struct {
	cfg   Config
	cmd   *exec.Cmd
	conn  *net.UnixConn
	pages int
	file  string    // the key of the file that it has worked on; "" = it stays unknown
	bound bool      // it has had a file
	since time.Time // when it was put back last
	spent bool      // was killed, or is too large to be asked again
}

// readyWithin is how long a helper may take to start and to give up what it must not have.
const readyWithin = 30 * time.Second

// start gives a helper that is ready. It has seen no file until then, so its death
// or failure is the machine's (a library is missing, the kernel has no landlock),
// and never errDied.
func start(ctx context.Context, cfg Config) (*helper, error) {
	h, err := launch(cfg)
	if err != nil {
		return nil, fmt.Errorf("start a helper process: %w", err)
	}
	if err := h.ready(ctx); err != nil {
		h.end()
		return nil, fmt.Errorf("start a helper process: %w", err)
	}
	h.standBack()
	return h, nil
}

// standBack lets the kernel prefer others. It counts by thread; those to come are as the
// one that starts them. That it can't be done costs nobody but those who wait.
func (h *helper) standBack() {
	const none = 20 // the kernel tells 20 less the nice value, so that no answer is an error
	if own, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err != nil || none-own >= h.cfg.Nice {
		return // all of postroom stands back as far
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", h.cmd.Process.Pid)) // the pattern is well-formed
	for _, t := range threads {
		if id, err := strconv.Atoi(filepath.Base(t)); err == nil {
			_ = unix.Setpriority(unix.PRIO_PROCESS, id, h.cfg.Nice)
		}
	}
}

// ready gives the helper its configuration and waits until it has settled.
func (h *helper) ready(ctx context.Context) error {
	if err := h.conn.SetDeadline(time.Now().Add(readyWithin)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = h.conn.SetDeadline(time.Unix(1, 0)) })
	var a answer
	err := send(h.conn, h.cfg)
	if err == nil {
		err = receive(h.conn, &a)
	}
	switch {
	case !stop():
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("it is not ready: %w", err)
	case a.Failure != "":
		return errors.New(a.Failure)
	}
	return h.conn.SetDeadline(time.Time{})
}

func launch(cfg Config) (*helper, error) {
	if len(cfg.Command) == 0 {
		return nil, errors.New("bug: no command for helpers")
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "helper"), os.NewFile(uintptr(pair[1]), "parent")
	defer theirs.Close()
	conn, err := parent(ours)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(cfg.Command[0], cfg.Command[1:]...)
	cmd.ExtraFiles = []*os.File{theirs}
	// One thread a page: tesseract's own threads cost more than they give, and
	// nothing of the parent's environment (credentials) is passed on.
	// Go's own share of the memory is collected before the watch would see it.
	cmd.Env = []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C.UTF-8", "GOMAXPROCS=2", fmt.Sprintf("GOMEMLIMIT=%d", cfg.Memory/4*3)}
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		conn.Close()
		return nil, err
	}
	return &helper{cfg: cfg, cmd: cmd, conn: conn}, nil
}

// ask puts a request under watch. A helper may be killed while its last frame
// comes in: the answer is good then, the helper is not.
func (h *helper) ask(ctx context.Context, q request, files []*os.File, got func(answer)) error {
	watch := h.watch(ctx)
	err := h.talk(watch, q, files, got)
	h.spent = watch.stop() || h.large()
	return err
}

// large tells whether a helper holds so much memory that the next page might be
// blamed for what the last ones left.
func (h *helper) large() bool {
	_, memory, err := usage(h.cmd.Process.Pid)
	return err == nil && memory > h.cfg.Memory/2
}

func (h *helper) talk(watch *watch, q request, files []*os.File, got func(answer)) error {
	if err := send(h.conn, q, files...); err != nil {
		return watch.verdict(err)
	}
	for so := (said{}); ; {
		var a answer
		if err := receive(h.conn, &a); err != nil {
			return watch.verdict(err)
		}
		if err := a.check(q, so, h.cfg); err != nil {
			return watch.verdict(err)
		}
		if a.Reading != nil {
			so.readings++
			h.pages++
			watch.nextPage()
		}
		if a.Step > 0 {
			so.steps++
			watch.nextPage()
		}
		if a.Wants > 0 {
			so.wants++
			page, err := q.Order.Page(a.Wants)
			if err != nil {
				return err
			}
			watch.nextPage() // how long that took is not the helper's affair
			if err := send(h.conn, page); err != nil {
				return watch.verdict(err)
			}
			continue
		}
		got(a)
		if a.Failure != "" {
			return a.failure()
		}
		if a.Done {
			return nil
		}
	}
}

// end kills the process, which holds nothing that could be lost, and reaps it.
func (h *helper) end() {
	h.conn.Close()
	h.kill()
	_ = h.cmd.Wait() // its exit status says nothing that the socket did not
}

// kill ends the process with all that it may have started where nothing forbids it
// to. It leads a group of its own, and keeps its number until it is reaped.
func (h *helper) kill() {
	_ = unix.Kill(-h.cmd.Process.Pid, unix.SIGKILL) // it may have ended already
}
