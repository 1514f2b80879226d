package sandbox

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestOtherArchitecturesEndTheProcess: numbers of another architecture's calls
// would pass under a wrong name.
func TestOtherArchitecturesEndTheProcess(t *testing.T) {
	for _, kind := range []string{"i386", "x32"} {
		out, err := attempt(t, kind)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGSYS {
			t.Errorf("%s: %v\n%s", kind, err, out)
		}
	}
}

// tryI386 asks for the process's number by the interrupt of i386.
func tryI386() error {
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	copy(code, "\xb8\x14\x00\x00\x00"+"\xcd\x80"+"\xc3") // mov $20, %eax; int $0x80; ret
	if err := isolated(); err != nil {
		return err
	}
	at := &code[0]
	call := &at
	(*(*func())(unsafe.Pointer(&call)))()
	return nil
}

func tryX32() error {
	if err := isolated(); err != nil {
		return err
	}
	unix.RawSyscall(0x40000000|unix.SYS_GETPID, 0, 0, 0)
	return nil
}
