package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"postroom/pipeline"
	"postroom/samples"
)

// A server is a postroom process of its own over a folder of made-up mail.
type server struct {
	t      *testing.T
	dir    string
	config string
	listen string
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	ended  chan struct{} // closed when the process is gone
}

func newServer(t *testing.T, seed uint64, batches, pages int) (*server, []samples.Truth) {
	t.Helper()
	dir := t.TempDir()
	truths, err := samples.Write(dir, samples.Config{Seed: seed, Batches: batches, Pages: pages, Levels: []string{"clean"}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, config: filepath.Join(dir, "serve.yaml"), listen: l.Addr().String()}
	l.Close()
	text, err := os.ReadFile(filepath.Join(dir, "postroom.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := bytes.Cut(text, []byte("languages:"))
	if !found {
		t.Fatalf("the made-up configuration has no languages:\n%s", text)
	}
	head := fmt.Sprintf("data: ./data\nweb: {listen: '%s'}\nintake: [{folder: ./inbox, name: scanner-1, quiet: 200ms, rescan: 100ms}]\nlanguages:", s.listen)
	text = append([]byte(head), rest...)
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(s.path("inbox"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.end(syscall.SIGKILL) })
	return s, truths
}

func (s *server) path(name string) string { return filepath.Join(s.dir, name) }

// command runs postroom as its own process: the test binary under that name.
func (s *server) command(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), "POSTROOM_BE=postroom")
	return c
}

func (s *server) start() {
	s.t.Helper()
	s.stderr = &bytes.Buffer{}
	s.cmd = s.command("serve", "--config", s.config)
	s.cmd.Stderr = s.stderr
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait() // its exit code is asked by end
		close(ended)
	}(s.cmd, s.ended)
	s.until("it serves", func() bool {
		r, err := http.Get("http://" + s.listen + "/healthz")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

// end ends the server with a signal and gives its exit code.
func (s *server) end(signal syscall.Signal) int {
	if s.cmd == nil {
		return -1
	}
	_ = s.cmd.Process.Signal(signal) // it may be gone
	<-s.ended
	code := s.cmd.ProcessState.ExitCode()
	s.cmd = nil
	return code
}

// until waits for something another process does; there is no event to wait for.
func (s *server) until(what string, is func() bool) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-s.ended:
			s.t.Fatalf("waiting until %s, the server ended with code %d:\n%s", what, s.cmd.ProcessState.ExitCode(), s.stderr)
		case <-ctx.Done():
			s.end(syscall.SIGKILL)
			s.t.Fatalf("waited in vain until %s; the server says:\n%s", what, s.stderr)
		}
	}
}

// batches asks the ledger.
func (s *server) batches() (all []pipeline.BatchLine) {
	s.t.Helper()
	out, err := s.command("batches", "list", "--json", "--config", s.config).Output()
	if err != nil {
		s.t.Fatalf("batches list: %v", err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var b pipeline.BatchLine
		if err := d.Decode(&b); err == io.EOF {
			return all
		} else if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, b)
	}
}

// filed lists what stands in the stores, as references with their number of pages.
func (s *server) filed() (all []string) {
	s.t.Helper()
	sheets, err := filepath.Glob(s.path("cases/*/*/*/document.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range sheets {
		var sheet pipeline.Sheet
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &sheet)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, fmt.Sprint(sheet.Reference, sheet.Pages, filepath.Base(sheet.File)))
	}
	slices.Sort(all)
	return all
}

func (s *server) verifies() {
	s.t.Helper()
	if out, err := s.command("verify", "--config", s.config).CombinedOutput(); err != nil {
		s.t.Fatalf("verify: %v\n%s", err, out)
	}
}

func TestFileCopiedSlowlyIsFiledOnceAndWhole(t *testing.T) {
	s, truths := newServer(t, 11, 1, 6)
	s.start()
	text, err := os.ReadFile(s.path(truths[0].File))
	if err != nil {
		t.Fatal(err)
	}
	slow, err := os.Create(s.path("inbox/" + truths[0].File))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(text); i += len(text)/4 + 1 {
		if _, err := slow.Write(text[i:min(len(text), i+len(text)/4+1)]); err != nil {
			t.Fatal(err)
		}
		if i == 0 { // a pause over the folder's quiet time, in the middle of the file
			began := time.Now()
			s.until("the quiet time has passed twice", func() bool { return time.Since(began) > 500*time.Millisecond })
			if got := s.batches(); len(got) != 0 {
				t.Fatalf("taken before it was whole: %+v", got)
			}
		}
	}
	if err := slow.Close(); err != nil {
		t.Fatal(err)
	}
	s.until("the batch is worked", func() bool { b := s.batches(); return len(b) == 1 && b[0].Pages > 0 && b[0].Pending == 0 })
	if b := s.batches(); b[0].Pages != len(truths[0].Pages) {
		t.Errorf("%d pages, want %d", b[0].Pages, len(truths[0].Pages))
	}
	s.verifies()
	if code := s.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("SIGTERM: exit code %d:\n%s", code, s.stderr)
	}
	s.verifies()
}

func TestKillInTheMiddleOfABatch(t *testing.T) {
	undisturbed, truths := newServer(t, 12, 1, 24)
	name := truths[0].File
	if err := undisturbed.command("process", "--config", undisturbed.config, undisturbed.path(name)).Run(); err != nil && undisturbed.filed() == nil {
		t.Fatal(err)
	}
	want := undisturbed.filed()
	s, _ := newServer(t, 12, 1, 24)
	s.start()
	if err := os.Rename(s.path(name), s.path("inbox/"+name)); err != nil {
		t.Fatal(err)
	}
	s.until("work on the batch has begun", func() bool { b := s.batches(); return len(b) == 1 && b[0].Pages > 0 })
	for range 3 {
		s.end(syscall.SIGKILL)
		s.start()
	}
	s.until("the batch is worked", func() bool {
		b := s.batches()
		return len(b) == 1 && b[0].Pages > 0 && b[0].Documents > 0 && b[0].Pending == 0
	})
	if got := s.filed(); !slices.Equal(got, want) {
		t.Errorf("filed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	s.verifies()
}

// watchesItsRegister spoils the case register and takes it away: the server goes on
// with the last good one, and says so.
func (s *server) watchesItsRegister() {
	s.t.Helper()
	state := func() string {
		var health struct{ Status, Register string }
		r, err := http.Get("http://" + s.listen + "/healthz")
		if err != nil {
			return err.Error()
		}
		defer r.Body.Close()
		if err := json.NewDecoder(r.Body).Decode(&health); err != nil {
			return err.Error()
		}
		return fmt.Sprint(r.StatusCode, " ", health.Status, " ", health.Register)
	}
	path := s.path("cases.csv")
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range []struct {
		want   string
		change func() error
	}{
		{"200 ok ok", func() error { return nil }},
		{"200 ok refused", func() error { return os.WriteFile(path, []byte("nonsense\n"), 0o600) }},
		{"200 ok gone", func() error { return os.Remove(path) }},
		{"200 ok empty", func() error { return os.WriteFile(path, []byte("reference,store\n"), 0o600) }},
		{"200 ok ok", func() error { return os.WriteFile(path, text, 0o600) }},
	} {
		if err := c.change(); err != nil {
			s.t.Fatal(err)
		}
		if got := state(); got != c.want {
			s.t.Errorf("/healthz says %q, want %q", got, c.want)
		}
	}
}

func TestCommandsBesideAServer(t *testing.T) {
	s, truths := newServer(t, 13, 1, 6)
	s.start()
	out, err := s.command("process", "--json", "--config", s.config, s.path(truths[0].File)).Output()
	if !bytes.Contains(out, []byte(`"type":"batch"`)) {
		t.Fatalf("process beside a server: %v\n%s", err, out)
	}
	letters := fmt.Sprintf("the search index has %d letters\n", len(s.filed()))
	if out, err := s.command("index", "rebuild", "--config", s.config).CombinedOutput(); err != nil || string(out) != letters {
		t.Errorf("index rebuild beside a server: %v, %q, want %q", err, out, letters)
	}
	second := s.command("serve", "--config", s.config)
	if err := second.Run(); second.ProcessState.ExitCode() != exitHeld {
		t.Errorf("a second server: %v, want exit code %d", err, exitHeld)
	}
	if out, err := s.command("sheets", "--kind", "ticket", "--pages", "9", "--copies", "2", "--config", s.config, "-o", "-").Output(); err != nil || !bytes.HasPrefix(out, []byte("%PDF-")) {
		t.Errorf("tickets beside a server: %v\n%.100s", err, out)
	}
	s.watchesItsRegister()
	idle, err := dial(s.path("data"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	other := s.path("other.yaml")
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, append(text, []byte("\nblanks: drop-from-rendition\n")...), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := s.command("batches", "list", "--config", other)
	if err := refused.Run(); refused.ProcessState.ExitCode() != exitConfig {
		t.Errorf("a client with another configuration: %v, want exit code %d", err, exitConfig)
	}
	began := time.Now()
	if code := s.end(syscall.SIGTERM); code != exitDone || time.Since(began) > 8*time.Second {
		t.Errorf("beside a client that says nothing the server ended after %v with code %d", time.Since(began), code)
	}
	if !strings.Contains(s.stderr.String(), "the case register can't be read") {
		t.Errorf("the log does not tell of a register that is gone:\n%s", s.stderr)
	}
}
