package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// attempts are made in processes of their own, under isolation.
var attempts = map[string]func() error{
	"calls":   tryCalls,
	"threads": tryThreads,
	"i386":    tryI386,
	"x32":     tryX32,
}

// attempt runs one, and tells how it ended.
func attempt(t *testing.T, kind string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(self, "be-helper", kind).CombinedOutput()
	if strings.Contains(string(out), withoutSeccomp.Error()) {
		t.Skip(withoutSeccomp)
	}
	return string(out), err
}

var withoutSeccomp = errors.New("this kernel has no seccomp")

func isolated() error {
	level, err := isolate(Config{}.withDefaults())
	if err == nil && strings.Contains(level, "seccomp:") {
		return withoutSeccomp
	}
	return err
}

// TestDeniedCallsHaveNumbers: a name that the table does not know denies nothing.
func TestDeniedCallsHaveNumbers(t *testing.T) {
	for _, name := range denied {
		_, known := arch.X86_64.SyscallNames[name]
		if _, too := arch.AARCH64.SyscallNames[name]; !known && !too {
			t.Errorf("no system call has the name %s", name)
		}
	}
	for _, name := range []string{"fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "setxattr", "removexattr", "utimensat"} {
		if _, known := arch.AARCH64.SyscallNames[name]; !known || !slices.Contains(denied, name) {
			t.Errorf("%s is not denied on arm64", name)
		}
	}
}

// TestOtherProcessesAreOutOfReach: a helper can't signal, stop, watch or make one,
// nor have the kernel do so, and keeps what its own threads need.
func TestOtherProcessesAreOutOfReach(t *testing.T) {
	if out, err := attempt(t, "calls"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func tryCalls() error {
	if err := isolated(); err != nil {
		return err
	}
	var pipe [2]int
	if err := unix.Pipe(pipe[:]); err != nil {
		return err
	}
	var limit unix.Rlimit
	at := uintptr(unsafe.Pointer(&limit))
	other, self := uintptr(os.Getppid()), uintptr(os.Getpid())
	const signal, ok = 0, unix.Errno(0) // signal 0 asks whether another could be sent
	runtime.LockOSThread()
	thread := uintptr(unix.Gettid())
	var wrong []error
	for _, c := range []struct {
		name string
		want unix.Errno
		call [4]uintptr
	}{
		{"kill", unix.EPERM, [4]uintptr{unix.SYS_KILL, other, signal}},
		{"tkill", unix.EPERM, [4]uintptr{unix.SYS_TKILL, other, signal}},
		{"tgkill", unix.EPERM, [4]uintptr{unix.SYS_TGKILL, other, other, signal}},
		{"tgkill of itself", ok, [4]uintptr{unix.SYS_TGKILL, self, thread, signal}},
		{"pidfd_open", unix.EPERM, [4]uintptr{unix.SYS_PIDFD_OPEN, other}},
		{"prlimit64", unix.EPERM, [4]uintptr{unix.SYS_PRLIMIT64, other, unix.RLIMIT_NOFILE}},
		{"prlimit64 of itself", ok, [4]uintptr{unix.SYS_PRLIMIT64, self, unix.RLIMIT_NOFILE}},
		{"getrlimit", ok, [4]uintptr{unix.SYS_GETRLIMIT, unix.RLIMIT_NOFILE, at}},
		{"F_SETOWN", unix.EPERM, [4]uintptr{unix.SYS_FCNTL, uintptr(pipe[0]), unix.F_SETOWN, other}},
		{"F_SETSIG", unix.EPERM, [4]uintptr{unix.SYS_FCNTL, uintptr(pipe[0]), unix.F_SETSIG, uintptr(unix.SIGKILL)}},
		{"F_GETFL", ok, [4]uintptr{unix.SYS_FCNTL, uintptr(pipe[0]), unix.F_GETFL}},
		{"FIOSETOWN", unix.EPERM, [4]uintptr{unix.SYS_IOCTL, uintptr(pipe[0]), fioSetOwn, at}},
		{"setpgid", unix.EPERM, [4]uintptr{unix.SYS_SETPGID}},
		{"setsid", unix.EPERM, [4]uintptr{unix.SYS_SETSID}},
		{"clone3", unix.ENOSYS, [4]uintptr{unix.SYS_CLONE3}},
		{"clone", unix.EPERM, [4]uintptr{unix.SYS_CLONE, uintptr(unix.SIGCHLD)}},
	} {
		pid, _, got := unix.RawSyscall(c.call[0], c.call[1], c.call[2], c.call[3])
		if c.call[0] == unix.SYS_CLONE && got == 0 && pid == 0 { // the new process
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		if got != c.want {
			wrong = append(wrong, fmt.Errorf("%s: %v, want %v", c.name, got, c.want))
		}
	}
	return errors.Join(wrong...)
}

// TestThreadsWork: Go and glibc start threads and interrupt them under the filter.
func TestThreadsWork(t *testing.T) {
	if out, err := attempt(t, "threads"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func tryThreads() error {
	if err := isolated(); err != nil {
		return err
	}
	const threads = 12
	var all, done sync.WaitGroup
	all.Add(threads)
	for range threads {
		done.Go(func() {
			runtime.LockOSThread() // ends with its goroutine
			all.Done()
			all.Wait() // all are there at once
		})
	}
	done.Wait()
	go func() {
		for { // no call: only a signal interrupts it
		}
	}()
	runtime.Gosched()
	runtime.GC()
	return nil
}
