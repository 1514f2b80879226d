package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"postroom/pipeline"
)

// small puts the server's data folder on a disk of its own, of 64 MB.
func (s *server) small() {
	s.t.Helper()
	data := s.path("data")
	if err := os.Mkdir(data, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", data, "tmpfs", 0, "size=64m"); err != nil {
		s.t.Skipf("a small disk can't be mounted here (root is needed): %v", err)
	}
	s.t.Cleanup(func() {
		s.end(syscall.SIGKILL)
		if err := unix.Unmount(data, unix.MNT_DETACH); err != nil {
			s.t.Error(err)
		}
	})
	f, err := os.OpenFile(s.config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = f.WriteString("\nlimits: {reserve: 16MB}\n")
	if err = errors.Join(err, f.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// fill writes to the data folder's disk until nothing more goes.
func (s *server) fill(name string) {
	s.t.Helper()
	f, err := os.Create(s.path("data/" + name))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, unix.ENOSPC) {
			size /= 2
		} else if err != nil {
			s.t.Fatal(err)
		}
	}
}

// health asks /healthz.
func (s *server) health() string {
	r, err := http.Get("http://" + s.listen + "/healthz")
	if err != nil {
		return err.Error()
	}
	defer r.Body.Close()
	var state struct {
		Status string
		Full   bool `json:"disk_full"`
	}
	if err := json.NewDecoder(r.Body).Decode(&state); err != nil {
		return err.Error()
	}
	return fmt.Sprint(r.StatusCode, " ", state.Status, " ", state.Full)
}

func (s *server) rename(file string) {
	s.t.Helper()
	if err := os.Rename(s.path(file), s.path("inbox/"+file)); err != nil {
		s.t.Fatal(err)
	}
}

// TestDiskThatFills: the server stays up, says so, leaves what comes where it is, and does
// all of it by itself when there is room.
func TestDiskThatFills(t *testing.T) {
	s, truths := newServer(t, 14, 3, 2)
	s.small()
	s.start()
	s.rename(truths[0].File)
	s.until("work on the first file has begun", func() bool { b := s.batches(); return len(b) == 1 && b[0].Pages > 0 })
	s.fill("ballast")
	s.rename(truths[1].File)
	s.until("it says that its disk is full", func() bool { return s.health() == "503 the data disk is full true" })
	var said bytes.Buffer
	c := s.command("process", "--config", s.config, s.path(truths[2].File))
	c.Stderr = &said
	if err := c.Run(); c.ProcessState.ExitCode() != exitFailure || !strings.Contains(said.String(), pipeline.ErrDiskFull.Error()) {
		t.Errorf("process on a full disk: %v: %s", err, said.String())
	}
	for _, path := range []string{"inbox/" + truths[1].File, truths[2].File} {
		if _, err := os.Stat(s.path(path)); err != nil {
			t.Error(err)
		}
	}
	if got := s.batches(); len(got) != 1 {
		t.Errorf("taken on a full disk: %+v", got)
	}
	if err := os.Remove(s.path("data/ballast")); err != nil {
		t.Fatal(err)
	}
	s.until("all is done", func() bool {
		b := s.batches()
		return len(b) == 2 && b[1].Pages > 0 && b[0].Pending+b[1].Pending == 0
	})
	s.until("it says that all is well", func() bool { return s.health() == "200 ok false" })
	for i, b := range s.batches() {
		if b.Pages != len(truths[i].Pages) || b.Filed == 0 || b.Trouble != "" {
			t.Errorf("%+v", b)
		}
	}
	if code := s.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	s.verifies()
	log := s.stderr.String()
	for text, want := range map[string]int{`msg="the data disk is full`: 1, `msg="the data disk has room again`: 1, "a task failed": 0, "intake is in trouble": 0} {
		if n := strings.Count(log, text); n != want {
			t.Errorf("the log has %q %d times, want %d:\n%s", text, n, want, log)
		}
	}
}

// TestProcessOnAFullDisk: without a server, too, the source stays and the exit code tells.
func TestProcessOnAFullDisk(t *testing.T) {
	s, truths := newServer(t, 15, 1, 1)
	s.small()
	process := func() (code int, said string) {
		c := s.command("process", "--config", s.config, s.path(truths[0].File))
		var b strings.Builder
		c.Stdout, c.Stderr = io.Discard, &b
		_ = c.Run() // its exit code tells
		return c.ProcessState.ExitCode(), b.String()
	}
	s.fill("ballast")
	if err := os.Truncate(s.path("data/ballast"), 52<<20); err != nil { // a start fits in, a file's copy does not
		t.Fatal(err)
	}
	code, said := process()
	if code != exitFailure || !strings.Contains(said, pipeline.ErrDiskFull.Error()) {
		t.Errorf("exit code %d: %s", code, said)
	}
	if err := os.Remove(s.path("data/ballast")); err != nil {
		t.Fatal(err)
	}
	if code, said := process(); code != exitDone && code != exitExceptions {
		t.Errorf("with room: exit code %d: %s", code, said)
	}
	if left, err := filepath.Glob(s.path(truths[0].File)); err != nil || len(left) != 1 {
		t.Errorf("the source: %v, %v", left, err)
	}
	s.verifies()
}
