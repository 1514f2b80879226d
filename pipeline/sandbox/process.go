package sandbox

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// helper is one process and the socket to it.
type helper struct {
	cfg   Config
	cmd   *exec.Cmd
	conn  *net.UnixConn
	pages int
}

func start(cfg Config) (*helper, error) {
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
	cmd.Env = []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C.UTF-8", "GOMAXPROCS=2"}
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		conn.Close()
		return nil, err
	}
	h := &helper{cfg: cfg, cmd: cmd, conn: conn}
	if err := send(conn, cfg); err != nil {
		h.end()
		return nil, err
	}
	return h, nil
}

func (h *helper) ask(ctx context.Context, q request, files []*os.File, got func(answer)) error {
	watch := h.watch(ctx)
	defer watch.stop()
	if err := send(h.conn, q, files...); err != nil {
		return watch.verdict(err)
	}
	for {
		var a answer
		if _, err := receive(h.conn, &a); err != nil {
			return watch.verdict(err)
		}
		if a.Reading != nil {
			h.pages++
			watch.nextPage()
		}
		got(a)
		if a.Failure != "" {
			return errors.New(a.Failure)
		}
		if a.Done {
			return nil
		}
	}
}

// end kills the process, which holds nothing that could be lost, and reaps it.
func (h *helper) end() {
	h.conn.Close()
	_ = h.cmd.Process.Kill() // it may have ended already
	_ = h.cmd.Wait()         // its exit status says nothing that the socket did not
}
