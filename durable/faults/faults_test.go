package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const workIn = "POSTROOM_FAULTS_WORK_IN"

func TestMain(m *testing.M) {
	dir := os.Getenv(workIn)
	if dir == "" {
		os.Exit(m.Run())
	}
	err := Join()
	if err == nil {
		err = work(dir)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// work makes calls of each sort.
func work(dir string) error {
	in := func(name string) string { return filepath.Join(dir, name) }
	f, err := os.Create(in("a"))
	if err != nil {
		return err
	}
	_, err1 := f.WriteString("1234")
	_, err2 := f.WriteAt([]byte("56"), 1)
	folder, err3 := os.Open(dir)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	err = errors.Join(f.Truncate(3), f.Chmod(0o640), f.Sync(), unix.Fdatasync(int(f.Fd())), f.Close(), folder.Sync(),
		os.Mkdir(in("d"), 0o700), os.Link(in("a"), in("d/b")), os.Rename(in("a"), in("c")), os.Symlink("c", in("s")), os.Chmod(in("c"), 0o600),
		unix.Unlinkat(int(folder.Fd()), "s", 0), os.Remove(in("d/b")), os.Remove(in("d")), folder.Close())
	fd, opened := unix.Openat2(unix.AT_FDCWD, in("e"), &unix.OpenHow{Flags: unix.O_CREAT | unix.O_RDWR, Mode: 0o600})
	return errors.Join(err, opened, unix.Close(fd))
}

// watched runs work under the eyes of judge.
func watched(t *testing.T, dir string, judge func(Call) Answer) (said string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), workIn+"="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = Run(cmd, dir, judge)
	if errors.Is(err, ErrUnavailable) {
		t.Skip(err)
	}
	return out.String(), err
}

func TestEachCallIsAskedOnce(t *testing.T) {
	var got []string
	dir := t.TempDir()
	said, err := watched(t, dir, func(c Call) Answer {
		if c.N != len(got)+1 || c.Folder != (c.Name == "fsync" && c.Path == dir) {
			t.Errorf("after %d: %+v", len(got), c)
		}
		got = append(got, strings.TrimSuffix(c.Name+" "+strings.TrimPrefix(c.Path, dir), " "))
		return Answer{}
	})
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	want := "openat /a,write /a,pwrite64 /a,ftruncate /a,fchmod /a,fsync /a,fdatasync /a,fsync,mkdirat /d,linkat /d/b,renameat /c,symlinkat /s," +
		"fchmodat /c,unlinkat /s,unlinkat /d/b,unlinkat /d,unlinkat /d,openat2 /e"
	if strings.Join(got, ",") != want {
		t.Errorf("asked about\n%s\nwant\n%s", strings.Join(got, ","), want)
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		at     string
		answer Answer
		said   string
		left   string // in the folder
	}{
		{"write", Fail(unix.ENOSPC), "no space left on device", "a"},
		{"fsync", Pretend(), "", "c e"},
		{"renameat", Pretend(), "chmod", "a e"},
		{"renameat", Kill(), "", "a d"},
		{"openat", Kill(), "", ""},
	} {
		dir, asked := t.TempDir(), 0
		said, err := watched(t, dir, func(is Call) Answer {
			if is.Name == c.at {
				asked++
				return c.answer
			}
			return Answer{}
		})
		if asked == 0 || !strings.Contains(said, c.said) || (err != nil) != (c.answer != Pretend() || c.said != "") {
			t.Errorf("%s %+v: %v, %q", c.at, c.answer, err, said)
		}
		var left []string
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if got := strings.Join(left, " "); !strings.HasPrefix(got, c.left) || c.left == "" && got != "" {
			t.Errorf("%s %+v leaves %q, want %q", c.at, c.answer, got, c.left)
		}
	}
}

func TestProcessThatDoesNotJoin(t *testing.T) {
	if err := Run(exec.CommandContext(t.Context(), "true"), t.TempDir(), func(Call) Answer { return Kill() }); err == nil || errors.Is(err, ErrUnavailable) {
		t.Errorf("it gives %v", err)
	}
}

// TestPowerIsCut: what was synced stays, the rest goes.
func TestPowerIsCut(t *testing.T) {
	disk, err := NewDisk(t.TempDir())
	if errors.Is(err, ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := disk.Close(); err != nil {
			t.Error(err)
		}
	})
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(disk.Path, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("kept")
	if err := disk.Sync(); err != nil {
		t.Fatal(err)
	}
	write("lost")
	if err := disk.Cut(); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(disk.Path, "kept"))
	if _, lost := os.Stat(filepath.Join(disk.Path, "lost")); err != nil || string(kept) != "kept" || !os.IsNotExist(lost) {
		t.Errorf("after the cut: %q, %v; %v", kept, err, lost)
	}
}
