package sandbox

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestIsolation runs in a process of its own, because what it takes away stays away.
func TestIsolation(t *testing.T) {
	const folder = "POSTROOM_ISOLATED_FROM"
	if os.Getenv(folder) == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command(self, "-test.run", "^TestIsolation$", "-test.v")
		c.Env = append(os.Environ(), folder+"="+t.TempDir())
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
		return
	}
	target := filepath.Join(os.Getenv(folder), "written")
	passed, err := os.Create(filepath.Join(os.Getenv(folder), "passed"))
	if err != nil {
		t.Fatal(err)
	}
	defer passed.Close()
	level, err := isolate(Config{Bytes: 1 << 20}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(level)
	if strings.Contains(level, "landlock (") {
		if _, err := os.ReadFile("/etc/passwd"); !errors.Is(err, os.ErrPermission) {
			t.Errorf("reading /etc/passwd: %v", err)
		}
		if err := os.WriteFile(target, []byte("x"), 0o600); !errors.Is(err, os.ErrPermission) {
			t.Errorf("writing a file: %v", err)
		}
	}
	if strings.Contains(level, "seccomp") && !strings.Contains(level, "without: seccomp") {
		if _, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
			t.Error("a socket was opened")
		}
		if err := exec.Command("/bin/true").Run(); err == nil {
			t.Error("another program was run")
		}
		for name, err := range attributeCalls(passed) {
			if !errors.Is(err, unix.EPERM) {
				t.Errorf("%s on a file and folder of the parent's: %v", name, err)
			}
		}
	}
}

// attributeCalls tries all that changes a file besides its content, or watches it,
// and gives what came of it. None of them opens a file.
func attributeCalls(f *os.File) map[string]error {
	path, fd, dir := f.Name(), int(f.Fd()), filepath.Dir(f.Name())
	const attribute, here = "user.postroom", unix.AT_FDCWD
	raw := func(call uintptr, arguments ...uintptr) error {
		all := append(arguments, make([]uintptr, 6-len(arguments))...)
		if _, _, failed := unix.Syscall6(call, all[0], all[1], all[2], all[3], all[4], all[5]); failed != 0 {
			return failed
		}
		return nil
	}
	any := uintptr(fd) // where the filter decides before the kernel looks at an argument
	watches, err := unix.InotifyInit1(0)
	if err == nil {
		_, err = unix.InotifyAddWatch(watches, dir, unix.IN_ALL_EVENTS)
	}
	return map[string]error{
		"chmod": unix.Chmod(path, 0o666), "chmod of a folder": unix.Chmod(dir, 0o755),
		"fchmod": unix.Fchmod(fd, 0o666), "fchmodat": unix.Fchmodat(here, path, 0o666, 0),
		"fchmodat2": unix.Fchmodat(here, path, 0o666, unix.AT_SYMLINK_NOFOLLOW),
		"chown":     unix.Chown(path, os.Getuid(), os.Getgid()), "lchown": unix.Lchown(path, os.Getuid(), os.Getgid()),
		"fchown": unix.Fchown(fd, os.Getuid(), os.Getgid()), "fchownat": unix.Fchownat(here, path, os.Getuid(), os.Getgid(), 0),
		"setxattr": unix.Setxattr(path, attribute, nil, 0), "lsetxattr": unix.Lsetxattr(path, attribute, nil, 0),
		"fsetxattr": unix.Fsetxattr(fd, attribute, nil, 0), "setxattrat": raw(unix.SYS_SETXATTRAT, any),
		"removexattr": unix.Removexattr(path, attribute), "lremovexattr": unix.Lremovexattr(path, attribute),
		"fremovexattr": unix.Fremovexattr(fd, attribute), "removexattrat": raw(unix.SYS_REMOVEXATTRAT, any),
		"utime": unix.Utime(path, &unix.Utimbuf{}), "utimes": unix.Utimes(path, make([]unix.Timeval, 2)),
		"futimesat": unix.Futimesat(here, path, make([]unix.Timeval, 2)), "utimensat": unix.UtimesNano(path, make([]unix.Timespec, 2)),
		"file_setattr":      raw(unix.SYS_FILE_SETATTR, any),
		"FS_IOC_SETFLAGS":   raw(unix.SYS_IOCTL, any, unix.FS_IOC_SETFLAGS),
		"FS_IOC_FSSETXATTR": raw(unix.SYS_IOCTL, any, fsSetAttributes),
		"inotify_add_watch": err, "fanotify_init": raw(unix.SYS_FANOTIFY_INIT),
	}
}
