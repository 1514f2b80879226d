package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"

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
// The number of processes is not limited here: the limit counts all of a user's,
// the server's threads too, and means nothing to root; seccomp forbids new ones.
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
// descriptors, such as the files that the parent passes, are not touched. A kernel
// that can (ABI 6) lets it signal no process outside and reach no abstract socket.
func restrictFiles(c Config) error {
	rules := []landlock.Rule{landlock.RWFiles("/dev/null").IgnoreIfMissing()}
	for _, dir := range []string{c.Tessdata, c.Cache, "/usr/lib/locale", "/proc/self"} {
		if _, err := os.Stat(dir); dir != "" && err == nil {
			rules = append(rules, landlock.RODirs(dir))
		}
	}
	return landlock.V6.BestEffort().Restrict(rules...)
}
