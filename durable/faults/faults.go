// Package faults stands between a process and its kernel, for tests of what a
// crash, a full disk or a power cut does.
//
// In comes a command whose process calls Join; out goes each of its calls that
// change files of a folder, one after another and counted over all its threads:
// the test lets it through, has it fail, pretends that it was done, or kills the
// process before it. Disk is a file system whose power can be cut. The package
// knows nothing of what the process does.
//
// The kernel asks (seccomp_unotify(2)); strace would count for each thread and
// kind of call, so that no number would name the same moment twice.
package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrUnavailable is a machine on which this can't be done.
var ErrUnavailable = errors.New("not possible here")

// Call is a call that would change a file or folder.
type Call struct {
	N      int    // from 1
	Name   string // as in the kernel's table
	Path   string // of two, as of a rename, the second
	Folder bool   // Path is a folder
}

func (c Call) String() string { return fmt.Sprintf("call %d, %s %s", c.N, c.Name, c.Path) }

// Syncs tells whether the call only makes durable what others did.
func (c Call) Syncs() bool {
	return c.Name == "fsync" || c.Name == "fdatasync" || c.Name == "sync_file_range"
}

// Answer is what becomes of a call. The zero Answer lets it through.
type Answer struct {
	kill, pretend bool
	errno         unix.Errno
}

// Kill ends the process at once, before the call.
func Kill() Answer { return Answer{kill: true} }

// Fail has the call do nothing and give the error.
func Fail(errno unix.Errno) Answer { return Answer{errno: errno} }

// Pretend has the call do nothing and give 0, as success.
func Pretend() Answer { return Answer{pretend: true} }

// Run starts the command, whose process must Join, and asks judge about each
// call on what lies in root, until the process has ended. The error is that of
// the command, or ErrUnavailable.
func Run(cmd *exec.Cmd, root string, judge func(Call) Answer) error {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	listener, err := begin(cmd)
	if err != nil {
		return err
	}
	defer unix.Close(listener)
	// Older kernels let go of the listener only when the dead process is waited for.
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s := supervisor{listener: listener, pid: cmd.Process.Pid, root: root, calls: calls(), judge: judge}
	defer s.close()
	if err := s.answerAll(); err != nil {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
		return err
	}
	return <-ended
}

// begin starts the command and takes over the listener that Join sends.
func begin(cmd *exec.Cmd) (listener int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "faults")
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return -1, err
	}
	listener, err = received(pair[0])
	if err != nil {
		_ = cmd.Process.Kill() // it may have ended
		return -1, errors.Join(err, cmd.Wait())
	}
	return listener, nil
}

func received(socket int) (listener int, err error) {
	text, rights := make([]byte, 1024), make([]byte, unix.CmsgSpace(4))
	n, m, _, _, err := unix.Recvmsg(socket, text, rights, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, err
	}
	if m == 0 {
		if n == 0 {
			return -1, errors.New("the process ended before it joined")
		}
		return -1, fmt.Errorf("%w: %s", ErrUnavailable, text[:n])
	}
	messages, err := unix.ParseSocketControlMessage(rights[:m])
	if err != nil {
		return -1, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, err
	}
	return fds[0], nil
}

// supervisor answers for one process.
type supervisor struct {
	listener int
	pid      int
	root     string
	calls    map[int32]call
	judge    func(Call) Answer
	memory   *os.File // the process's
	count    int
	killed   bool
}

// notification and response are struct seccomp_notif and seccomp_notif_resp (linux/seccomp.h).
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type response struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

func (s *supervisor) close() {
	if s.memory != nil {
		s.memory.Close()
	}
}

// answerAll answers until nobody is left who could ask.
func (s *supervisor) answerAll() error {
	for {
		ready := []unix.PollFd{{Fd: int32(s.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, -1); err != nil {
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return err
		}
		if ready[0].Revents&unix.POLLIN == 0 {
			return nil
		}
		var n notification
		err := ioctl(s.listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n))
		switch {
		case errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINTR):
			continue // whoever asked is dead
		case err != nil:
			return err
		case s.killed:
			continue // it dies without an answer
		}
		if err := s.answer(n); err != nil {
			return err
		}
	}
}

func (s *supervisor) answer(n notification) error {
	r := response{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	if c, counts := s.concerned(n); counts {
		s.count++
		c.N = s.count
		switch a := s.judge(c); {
		case a.kill:
			s.killed = true
			return unix.Kill(s.pid, unix.SIGKILL)
		case a.pretend:
			r.flags = 0
		case a.errno != 0:
			r.flags, r.errno = 0, -int32(a.errno)
		}
	}
	err := ioctl(s.listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r))
	if errors.Is(err, unix.ENOENT) {
		return nil // it died meanwhile
	}
	return err
}

// concerned tells whether the call is about a file or folder in root.
func (s *supervisor) concerned(n notification) (c Call, counts bool) {
	kind := s.calls[n.nr]
	if c.Name = kind.name; kind.flags == inStruct && s.word(n.args[2])&opening == 0 {
		return c, false
	}
	for _, p := range kind.places {
		if path := s.path(n, p); path == s.root || strings.HasPrefix(path, s.root+"/") {
			c.Path, counts = path, true
		}
	}
	if counts && c.Syncs() {
		info, err := os.Stat(c.Path)
		c.Folder = err == nil && info.IsDir()
	}
	return c, counts
}

// path gives the path that a call names, "" when it names none.
func (s *supervisor) path(n notification, p place) string {
	dir := "cwd"
	if p.fd >= 0 && int32(n.args[p.fd]) != unix.AT_FDCWD {
		dir = fmt.Sprintf("fd/%d", int32(n.args[p.fd]))
	}
	name := ""
	if p.path >= 0 {
		if name = s.text(n.args[p.path]); filepath.IsAbs(name) {
			return filepath.Clean(name)
		}
	}
	at, err := os.Readlink(fmt.Sprintf("/proc/%d/%s", s.pid, dir))
	if err != nil || !filepath.IsAbs(at) { // a pipe, a socket, an eventfd
		return ""
	}
	return filepath.Join(at, name)
}

// text reads a string of the process, which may end just before memory that is not there.
func (s *supervisor) text(at uint64) string {
	const page = 4096
	var all []byte
	for len(all) < unix.PathMax {
		b := make([]byte, page-at%page)
		if !s.read(b, at) {
			return ""
		}
		if before, _, ends := bytes.Cut(b, []byte{0}); ends {
			return string(append(all, before...))
		}
		all, at = append(all, b...), at+uint64(len(b))
	}
	return ""
}

func (s *supervisor) word(at uint64) uint64 {
	var b [8]byte
	if !s.read(b[:], at) {
		return 0
	}
	return *(*uint64)(unsafe.Pointer(&b))
}

func (s *supervisor) read(b []byte, at uint64) bool {
	if s.memory == nil {
		f, err := os.Open(fmt.Sprintf("/proc/%d/mem", s.pid))
		if err != nil {
			return false
		}
		s.memory = f
	}
	_, err := io.ReadFull(io.NewSectionReader(s.memory, int64(at), int64(len(b))), b)
	return err == nil
}

func ioctl(fd int, request uintptr, at unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(at)); errno != 0 {
		return errno
	}
	return nil
}
