package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// isolate takes from this process, for good, what decoding does not need: files
// but language data and compiled code, the network, other programs. It gives
// the level reached; with Require a level that falls short is an error.
func isolate(c Config) (level string, err error) {
	reached := []string{"resource limits"}
	var missed []error
	if err := limitResources(c); err != nil {
		return "", fmt.Errorf("limit the helper's resources: %w", err)
	}
	if abi := landlockABI(); abi < 1 {
		missed = append(missed, errors.New("this kernel has no landlock"))
	} else if err := restrictFiles(c); err != nil {
		missed = append(missed, fmt.Errorf("landlock: %w", err))
	} else {
		reached = append(reached, fmt.Sprintf("landlock (ABI %d)", abi))
	}
	if err := restrictCalls(); err != nil {
		missed = append(missed, fmt.Errorf("seccomp: %w", err))
	} else {
		reached = append(reached, "seccomp")
	}
	if short := errors.Join(missed...); short != nil {
		if c.Require {
			return "", fmt.Errorf("sandbox: require, but %w", short)
		}
		reached = append(reached, "without: "+strings.ReplaceAll(short.Error(), "\n", ", "))
	}
	return strings.Join(reached, ", "), nil
}

// limitResources lowers what a decoder gone wild could take. Memory is watched
// by the parent: pdfium's WebAssembly reserves more address space than it uses.
func limitResources(c Config) error {
	for _, l := range []struct {
		what  int
		value uint64
	}{{unix.RLIMIT_CORE, 0}, {unix.RLIMIT_NOFILE, 128}, {unix.RLIMIT_FSIZE, uint64(2 * c.Bytes)}} {
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			return err
		}
	}
	return nil
}

// landlockABI asks the kernel for its landlock version; under 1 there is none (landlock_create_ruleset(2)).
func landlockABI() int {
	const askVersion = 1
	abi, _, failed := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, askVersion)
	if failed != 0 {
		return 0
	}
	return int(abi)
}

// restrictFiles leaves only reading of language data and compiled code. Open
// descriptors, such as the files that the parent passes, are not touched.
func restrictFiles(c Config) error {
	rules := []landlock.Rule{landlock.RWFiles("/dev/null").IgnoreIfMissing()}
	for _, dir := range []string{c.Tessdata, c.Cache, "/usr/lib/locale", "/proc/self"} {
		if _, err := os.Stat(dir); dir != "" && err == nil {
			rules = append(rules, landlock.RODirs(dir))
		}
	}
	return landlock.V5.BestEffort().Restrict(rules...)
}

// restrictCalls forbids what a decoder has no use for. It is a list of what is
// denied: Go's and tesseract's own needs change with their versions.
func restrictCalls() error {
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Flag:       seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls: []seccomp.SyscallGroup{{
				Action: seccomp.ActionErrno,
				Names: []string{
					"socket", "connect", "bind", "listen", "accept", "accept4", "socketpair",
					"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
					"mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "keyctl", "add_key", "request_key",
					"bpf", "perf_event_open", "userfaultfd", "init_module", "finit_module", "delete_module",
					"kexec_load", "reboot", "swapon", "swapoff", "settimeofday", "clock_settime", "io_uring_setup",
				},
			}},
		},
	})
}
