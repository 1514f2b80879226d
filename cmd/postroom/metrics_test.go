package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"postroom/pipeline/intake"
)

// TestMetricsAreServed: what a real server did is on its page, and on that alone.
func TestMetricsAreServed(t *testing.T) {
	s, truths := newServer(t, 17, 1, 3)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("listen: '%s'", s.listen)
	text = bytes.Replace(text, []byte(listen), []byte(listen+", metrics: '"+at+"'"), 1)
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	if err := os.Rename(s.path(truths[0].File), s.path("inbox/"+truths[0].File)); err != nil {
		t.Fatal(err)
	}
	page := func(address string) (int, string) {
		r, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return 0, err.Error()
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return 0, err.Error()
		}
		return r.StatusCode, string(text)
	}
	want := []string{`postroom_files_received_total{source="scanner-1"} 1`, fmt.Sprintf(`postroom_pages_received_total{source="scanner-1"} %d`, len(truths[0].Pages)),
		`postroom_task_attempts_total{outcome="done",stage="assemble"} 1`, `postroom_intake_files_waiting{source="scanner-1"} 0`, `postroom_data_disk_full 0`}
	s.until("the batch is counted", func() bool {
		_, text := page(at)
		for _, line := range want {
			if !strings.Contains(text, line+"\n") {
				return false
			}
		}
		return true
	})
	if status, _ := page(s.listen); status != http.StatusNotFound {
		t.Errorf("the desk's own address answers %d", status)
	}
	var health struct {
		Status string
		Intake map[string]folderState
	}
	r, err := http.Get("http://" + s.listen + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&health); err != nil || health.Status != "ok" || len(health.Intake) != 1 || health.Intake["scanner-1"].Waiting != 0 {
		t.Errorf("/healthz %+v, %v", health, err)
	}
	if code := s.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("SIGTERM: exit code %d:\n%s", code, s.stderr)
	}
	s.verifies()
}

func TestFolderThatStandsStill(t *testing.T) {
	h := &health{intake: map[string]sightings{}}
	f := intake.Folder{Name: "scanner-1", MaxAge: 10 * time.Minute, Rescan: 5 * time.Second}
	if folders, still := h.intakeState(); still || len(folders) != 0 {
		t.Errorf("before the first listing: %v %t", folders, still)
	}
	h.waits(f, intake.Waiting{Files: 2, Oldest: 90 * time.Second})
	if folders, still := h.intakeState(); still || folders["scanner-1"].Waiting != 2 || folders["scanner-1"].Oldest < 90 {
		t.Errorf("%v %t", folders, still)
	}
	h.waits(f, intake.Waiting{Files: 2, Oldest: time.Hour, Aged: 1, Still: true})
	if folders, still := h.intakeState(); !still || !folders["scanner-1"].Still || folders["scanner-1"].Aged != 1 {
		t.Errorf("%v %t", folders, still)
	}
	h.waits(f, intake.Waiting{})
	h.intake["scanner-1"] = sightings{folder: f, at: time.Now().Add(-11 * time.Minute)} // a share that hangs
	if folders, still := h.intakeState(); !still || folders["scanner-1"].Oldest != 0 {
		t.Errorf("nothing was heard of it: %v %t", folders, still)
	}
}
