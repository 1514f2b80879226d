package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// denied are system calls that a decoder has no use for. It is a list of what is
// denied, not of what is allowed: Go's and tesseract's own needs change with their versions.
var denied = []string{
	"socket", "connect", "bind", "listen", "accept", "accept4", "socketpair",
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
	"kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal", "pidfd_getfd",
	"setsid", "setpgid", "setpriority", "sched_setscheduler", "sched_setparam", "sched_setattr", "ioprio_set",
	"mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "keyctl", "add_key", "request_key",
	"bpf", "perf_event_open", "userfaultfd", "init_module", "finit_module", "delete_module", "open_by_handle_at",
	"kexec_load", "reboot", "swapon", "swapoff", "settimeofday", "clock_settime", "io_uring_setup",

	// Landlock forbids the opening of files, not these, which take a path or the descriptor
	// of a file that the parent passed: the user who runs postroom owns the journal and the stores.
	// It lets stat(2) pass too, which Go and tesseract need: names and sizes can be found out.
	"chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat",
	"setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
	"utime", "utimes", "futimesat", "utimensat", "inotify_add_watch", "fanotify_init",
}

// What the filter answers (seccomp(2)).
const (
	allow    = unix.SECCOMP_RET_ALLOW
	kill     = unix.SECCOMP_RET_KILL_PROCESS
	refuse   = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	isAbsent = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// restrictCalls puts all threads of this process under the filter, for good.
func restrictCalls() error {
	native, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	filter := callFilter(native, os.Getpid())
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread() // both calls are one thread's
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	thread, _, failed := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if failed != 0 {
		return failed
	}
	if thread != 0 {
		return fmt.Errorf("thread %d has another filter", thread)
	}
	return nil
}

// callFilter is the program that the kernel runs over each call. A call by another
// architecture's numbers (i386, x32) would pass under a wrong name: it ends the process.
func callFilter(native *arch.Info, pid int) filter {
	var f filter
	f.load(4) // seccomp_data.arch
	f.unless(unix.BPF_JEQ, uint32(native.ID), kill)
	f.load(0) // seccomp_data.nr
	if native == arch.X86_64 {
		const x32 = 0x40000000
		f.when(unix.BPF_JGE, x32, kill)
	}
	for _, name := range denied {
		if nr, known := native.SyscallNames[name]; known { // arm64 has no fork
			f.when(unix.BPF_JEQ, uint32(nr), refuse)
		}
	}
	f.when(unix.BPF_JEQ, unix.SYS_FILE_SETATTR, refuse) // younger than the table of names
	// glibc and Go start threads with clone when there is no clone3, whose flags lie out of sight.
	f.when(unix.BPF_JEQ, uint32(native.SyscallNames["clone3"]), isAbsent)
	self := uint32(pid)
	for _, c := range []condition{
		{"clone", 0, unix.BPF_JSET, []uint32{unix.CLONE_THREAD}, allow, refuse},
		{"tgkill", 0, unix.BPF_JEQ, []uint32{self}, allow, refuse}, // Go interrupts its own threads
		{"prlimit64", 0, unix.BPF_JEQ, []uint32{0, self}, allow, refuse},
		// A descriptor can be made to signal any process of the same user.
		{"fcntl", 1, unix.BPF_JEQ, []uint32{unix.F_SETOWN, unix.F_SETOWN_EX, unix.F_SETSIG}, refuse, allow},
		{"ioctl", 1, unix.BPF_JEQ, []uint32{fioSetOwn, unix.SIOCSPGRP, unix.FS_IOC_SETFLAGS, fsSetAttributes}, refuse, allow},
	} {
		f.add(native.SyscallNames[c.call], c)
	}
	return append(f, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: allow})
}

// fioSetOwn is FIOSETOWN, which does by ioctl what F_SETOWN does (asm-generic/sockios.h).
const fioSetOwn = 0x8901

// fsSetAttributes is FS_IOC_FSSETXATTR, which like FS_IOC_SETFLAGS makes a file
// immutable, or takes that from it (linux/fs.h).
const fsSetAttributes = 0x401c5820

// condition decides on a call by the low half of one argument; what it tests for
// are all ints to the kernel, or flags in that half.
type condition struct {
	call           string
	argument       uint32
	test           uint16
	values         []uint32
	met, otherwise uint32
}

// filter is a classic BPF program.
type filter []unix.SockFilter

func (f *filter) load(at uint32) {
	*f = append(*f, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at})
}

// when ends with a verdict if what was loaded passes the test, unless if it does not.
func (f *filter) when(test uint16, value, verdict uint32)   { f.end(test, value, verdict, 0, 1) }
func (f *filter) unless(test uint16, value, verdict uint32) { f.end(test, value, verdict, 1, 0) }

func (f *filter) end(test uint16, value, verdict uint32, met, unmet uint8) {
	*f = append(*f,
		unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jt: met, Jf: unmet, K: value},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: verdict})
}

// add puts a condition under its call's number; other calls step over it.
func (f *filter) add(nr int, c condition) {
	const arguments = 16 // seccomp_data.args, 8 bytes each, low half first
	var body filter
	body.load(arguments + 8*c.argument)
	for _, v := range c.values {
		body.when(c.test, v, c.met)
	}
	body = append(body, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: c.otherwise})
	*f = append(*f, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: uint8(len(body)), K: uint32(nr)})
	*f = append(*f, body...)
}
