package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"postroom/durable"
	"postroom/pipeline"
)

// server is a postroom process that serves a folder.
type server struct {
	binary, dir, config, listen string
	log                         log
	cmd                         *exec.Cmd
	gone                        chan struct{} // closed when the process is
	starts                      int
	watch                       watched
}

// log keeps what the server says.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// watched is what was seen of the process, and of those that it started.
type watched struct {
	mu      sync.Mutex
	peak    int             // resident, MB
	helpers map[string]bool // process ids
}

// start starts the server and waits until it answers.
func (s *server) start(ctx context.Context) error {
	cmd := exec.Command(s.binary, "serve", "--config", s.config)
	cmd.Stderr = &s.log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.gone = cmd, make(chan struct{})
	s.starts++
	go func(gone chan struct{}) {
		_ = cmd.Wait() // whoever ended it knows why; who did not is told by alive
		close(gone)
	}(s.gone)
	go s.look(cmd.Process.Pid, s.gone)
	patience, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	return every(patience, 50*time.Millisecond, func() (bool, error) {
		if err := s.alive(); err != nil {
			return false, err
		}
		answer, err := http.Get("http://" + s.listen + "/healthz")
		if err != nil {
			return false, nil
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK, nil
	})
}

// alive tells why the server is not there.
func (s *server) alive() error {
	select {
	case <-s.gone:
		return fmt.Errorf("the server ended by itself (%v); it said last:\n%s", s.cmd.ProcessState, last(s.log.String(), 2000))
	default:
		return nil
	}
}

func last(text string, n int) string { return text[max(0, len(text)-n):] }

// end ends the server by a signal and keeps what it said.
func (s *server) end(signal syscall.Signal) error {
	_ = s.cmd.Process.Signal(signal) // it may be gone
	<-s.gone
	return durable.Overwrite(filepath.Join(s.dir, "serve.log"), strings.NewReader(s.log.String()))
}

// said counts the lines of the log at a level.
func (s *server) said(level string) int { return strings.Count(s.log.String(), "level="+level) }

// look notes the server's peak memory and its helpers' processes.
func (s *server) look(pid int, gone chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		peak := peakOf(pid)
		children := childrenOf(pid)
		s.watch.mu.Lock()
		s.watch.peak = max(s.watch.peak, peak)
		if s.watch.helpers == nil {
			s.watch.helpers = map[string]bool{}
		}
		for _, id := range children {
			s.watch.helpers[id] = true
		}
		s.watch.mu.Unlock()
		select {
		case <-tick.C:
		case <-gone:
			return
		}
	}
}

// childrenOf lists the processes that a process has started; some kernels don't tell.
func childrenOf(pid int) (all []string) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is well-formed
	for _, path := range threads {
		text, _ := os.ReadFile(path) // a thread may have ended
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

// peakOf gives a process's greatest resident memory so far (proc(5), VmHWM), MB.
func peakOf(pid int) int {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if fields := strings.Fields(in.Text()); len(fields) > 1 && fields[0] == "VmHWM:" {
			kilobytes, _ := strconv.Atoi(fields[1]) // the kernel writes a number
			return kilobytes >> 10
		}
	}
	return 0
}

// seen gives the peak memory, MB, and how many helpers were seen.
func (s *server) seen() (peak, helpers int) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	return s.watch.peak, len(s.watch.helpers)
}

// command runs another postroom command and gives its stdout.
func (s *server) command(ctx context.Context, args ...string) ([]byte, error) {
	var messages bytes.Buffer
	c := exec.CommandContext(ctx, s.binary, append(args, "--config", s.config)...)
	c.Stderr = &messages
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("postroom %s: %w: %s", strings.Join(args, " "), err, last(messages.String(), 500))
	}
	return out, err
}

// batches asks for the ledger.
func (s *server) batches(ctx context.Context) (all []pipeline.BatchLine, err error) {
	out, err := s.command(ctx, "batches", "list", "--json")
	if err != nil {
		return nil, err
	}
	return lines[pipeline.BatchLine](out)
}

func lines[T any](out []byte) (all []T, err error) {
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var v T
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, v)
	}
}

// outcome is a batch with its documents.
type outcome struct {
	pipeline.BatchLine
	docs []pipeline.DocumentLine
}

// outcomes asks for each batch's documents, by the name of its file.
func (s *server) outcomes(ctx context.Context) (map[string][]outcome, error) {
	batches, err := s.batches(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string][]outcome{}
	for _, b := range batches {
		out, err := s.command(ctx, "batches", "show", b.Batch, "--json")
		if err != nil {
			return nil, err
		}
		o, err := outcomeOf(out)
		if err != nil {
			return nil, fmt.Errorf("batch %s: %w", b.Batch, err)
		}
		name := filepath.Base(b.File)
		all[name] = append(all[name], o)
	}
	return all, nil
}

// outcomeOf reads documents, a line each, and last their batch.
func outcomeOf(out []byte) (o outcome, err error) {
	all, err := lines[json.RawMessage](out)
	for i, text := range all {
		if err != nil {
			break
		}
		if i == len(all)-1 {
			return o, json.Unmarshal(text, &o.BatchLine)
		}
		var d pipeline.DocumentLine
		err = json.Unmarshal(text, &d)
		o.docs = append(o.docs, d)
	}
	return o, cmp.Or(err, io.ErrUnexpectedEOF)
}

// verified runs `postroom verify` and gives what it said last.
func (s *server) verified(ctx context.Context) (string, error) {
	out, err := s.command(ctx, "verify")
	all := strings.Split(strings.TrimSpace(string(out)), "\n")
	return all[len(all)-1], err
}
