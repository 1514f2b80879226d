package sandbox

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
	}
}
