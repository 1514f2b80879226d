package metrics

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"postroom/durable"
	"postroom/mail"
	"postroom/pipeline"
)

func full() Config {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	tally := pipeline.Tally{Files: 7, Pages: 70, Documents: 20, Machine: 12, Person: 3, Held: 6, Open: 2, Decided: 4, Discarded: 1, Divided: 1, Recalled: 1}
	tally.Scan = pipeline.ScanTally{Pages: 70, Separators: 9, Confidence: 8500, Doubts: 2, Streaked: 5, Skewed: 60, Skew: 1230}
	tally.Filed.Sum, tally.Filed.Within[0], tally.Filed.Within[14] = 40*24*time.Hour, 11, 1
	t := pipeline.Totals{Behind: 5, Waiting: []pipeline.WaitingFor{{Reason: "conflict", Count: 2, Oldest: now.Add(-time.Hour)}}}
	t.Tally = tally
	t.Sources = map[string]pipeline.Tally{"scanner-1": tally, "process": tally, "former-1": tally, "former-2": tally}
	t.Schemes = map[string]pipeline.Tally{"tax": tally, "TX-2021-000001-33": tally}
	t.Reasons = map[string]pipeline.Tally{"conflict": tally}
	return Config{
		Version: "1.2.3", Sources: []string{"scanner-1"}, Schemes: []string{"tax"}, Stores: []string{"tax", "permits"},
		Totals: func(context.Context) (pipeline.Totals, error) { return t, nil },
		Scanners: func(context.Context) ([]pipeline.Scanner, error) {
			return []pipeline.Scanner{{Name: "scanner-1", Warnings: []pipeline.Warning{{Code: pipeline.WarnStreak}, {Code: pipeline.WarnStreak}}}, {Name: "former-1", Warnings: []pipeline.Warning{{Code: pipeline.WarnSkew}}}}, nil
		},
		Troubles: func(context.Context) (map[string]int, error) { return map[string]int{"": 3, "tax": 4, "gone": 5}, nil },
		Tasks:    func() map[string]int { return map[string]int{"read": 9, "of a later version": 1} },
		Folders: func() map[string]Folder {
			return map[string]Folder{"scanner-1": {Files: 3, Oldest: time.Minute, Aged: 1, Still: true}}
		},
		Started:  func() int64 { return 8 },
		Lost:     func() int64 { return 2 },
		Space:    func() (durable.Space, error) { return durable.Space{Bytes: 1 << 30, Files: math.MaxInt64}, nil },
		DiskFull: func() bool { return true },
		Now:      func() time.Time { return now },
	}
}

func get(t *testing.T, m *Metrics) (status int, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Code, w.Body.String()
}

func TestPage(t *testing.T) {
	m := New(full())
	m.Observe(pipeline.Attempt{Stage: "read", Pages: 4, Took: 2 * time.Second})
	m.Observe(pipeline.Attempt{Stage: "read", Failed: true})
	m.Observe(pipeline.Attempt{Stage: "deliver", Failed: true, Later: true})
	m.Observe(pipeline.Attempt{Stage: "of a later version"})
	status, text := get(t, m)
	if status != http.StatusOK {
		t.Fatal(status, text)
	}
	for _, want := range []string{
		`postroom_files_received_total{source="scanner-1"} 7`,
		`postroom_files_received_total{source="other"} 14`,
		`postroom_documents_filed_total{by="machine",scheme="tax"} 12`,
		`postroom_documents_filed_total{by="person",scheme="other"} 3`,
		`postroom_exceptions_waiting{reason="conflict"} 2`,
		`postroom_exceptions_waiting{reason="encrypted"} 0`,
		`postroom_exceptions_oldest_age_seconds{reason="conflict"} 3600`,
		`postroom_filing_duration_seconds_bucket{source="scanner-1",le="10"} 11`,
		`postroom_filing_duration_seconds_bucket{source="scanner-1",le="+Inf"} 12`,
		`postroom_filing_duration_seconds_sum{source="scanner-1"} 3.456e+06`,
		`postroom_scanner_separators_total{source="scanner-1"} 9`,
		`postroom_scanner_separator_confidence_total{source="other"} 17`,
		`postroom_scanner_separator_doubts_total{source="process"} 2`,
		`postroom_scanner_streaked_pages_total{source="scanner-1"} 5`,
		`postroom_scanner_skew_degrees_total{source="scanner-1"} 12.3`,
		`postroom_scanner_warnings{source="scanner-1",warning="streak"} 2`,
		`postroom_scanner_warnings{source="scanner-1",warning="skew"} 0`,
		`postroom_scanner_warnings{source="other",warning="skew"} 1`,
		`postroom_figures_behind_entries 5`,
		`postroom_tasks_pending{stage="read"} 9`,
		`postroom_tasks_pending{stage="other"} 1`,
		`postroom_tasks_blocked{store="permits"} 0`,
		`postroom_tasks_blocked{store="other"} 5`,
		`postroom_tasks_stuck 3`,
		`postroom_intake_oldest_age_seconds{source="scanner-1"} 60`,
		`postroom_intake_still{source="scanner-1"} 1`,
		`postroom_helpers_lost_total 2`,
		`postroom_data_disk_full 1`,
		`postroom_build_info{version="1.2.3"} 1`,
		`postroom_page_duration_seconds_bucket{stage="read",le="1"} 4`,
		`postroom_page_duration_seconds_sum{stage="read"} 2`,
		`postroom_task_duration_seconds_count{stage="read"} 1`,
		`postroom_task_attempts_total{outcome="failed",stage="read"} 1`,
		`postroom_task_attempts_total{outcome="waiting",stage="deliver"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestPageIsWellFormed(t *testing.T) {
	problems, err := testutil.GatherAndLint(New(full()).registry)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestLabelsAreBounded: whatever was counted, labels say what was configured, or stands in
// a closed list.
func TestLabelsAreBounded(t *testing.T) {
	m := New(full())
	for _, stage := range pipeline.Stages() {
		m.Observe(pipeline.Attempt{Stage: stage, Pages: 1})
	}
	allowed := map[string][]string{
		"source": {"scanner-1", "process", other}, "scheme": {"tax", other}, "store": {"tax", "permits", other}, "by": {"machine", "person"},
		"reason": mail.Reasons(), "stage": append(pipeline.Stages(), other), "outcome": {"done", "failed", "waiting"}, "version": {"1.2.3"}, "le": nil, "warning": pipeline.WarningCodes(),
	}
	_, text := get(t, m)
	labels := regexp.MustCompile(`([a-z_]+)="([^"]*)"`)
	lines := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "postroom_") {
			continue
		}
		lines++
		for _, l := range labels.FindAllStringSubmatch(line, -1) {
			if values, ok := allowed[l[1]]; !ok || values != nil && !slices.Contains(values, l[2]) {
				t.Errorf("label %s in %s", l[0], line)
			}
		}
	}
	if lines < 300 {
		t.Errorf("%d lines only", lines)
	}
}

// TestFiguresThatAreMissingAreNoZeros: a counter that fell to 0 would be taken for a new start.
func TestFiguresThatAreMissingAreNoZeros(t *testing.T) {
	for what, spoil := range map[string]func(c *Config){
		"totals": func(c *Config) {
			c.Totals = func(context.Context) (pipeline.Totals, error) { return pipeline.Totals{}, errors.New("x") }
		},
		"scanners": func(c *Config) {
			c.Scanners = func(context.Context) ([]pipeline.Scanner, error) { return nil, errors.New("x") }
		},
		"troubles": func(c *Config) {
			c.Troubles = func(context.Context) (map[string]int, error) { return nil, errors.New("x") }
		},
		"space": func(c *Config) { c.Space = func() (durable.Space, error) { return durable.Space{}, errors.New("x") } },
	} {
		c := full()
		spoil(&c)
		if status, _ := get(t, New(c)); status != http.StatusInternalServerError {
			t.Errorf("%s: %d", what, status)
		}
	}
}
