package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/mail"
)

// TestFaultsAreOnePagesFindings: whatever a helper does over a page, the other
// pages are read and the parent goes on.
func TestFaultsAreOnePagesFindings(t *testing.T) {
	for fault, says := range map[string]string{
		"dies":      "died",
		"hangs":     "page_wall",
		"spins":     "page_cpu",
		"hogs":      "memory",
		"babbles":   "died",
		"lies":      "page 77 out of turn",
		"stutters":  "answered nothing",
		"dies-once": "",
		"none":      "",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			var cfg Config // only the limit that is to be met: a slow machine meets others first
			switch fault {
			case "hangs":
				cfg.PageWall = 500 * time.Millisecond
			case "spins":
				cfg.PageCPU = 300 * time.Millisecond
			case "hogs":
				cfg.Memory = 150 << 20
			case "dies-once":
				cfg.Cache = filepath.Join(t.TempDir(), "mark")
			}
			p := pool(t, fault, cfg)
			got, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), "k", []int{1, 2, 3, 4}, NoText)
			if err != nil || len(got) != 4 {
				t.Fatalf("%d readings, %v", len(got), err)
			}
			for i, r := range got {
				failed := i == 1 && says != ""
				if r.Page != i+1 || (r.Failure != "") != failed || failed && !strings.Contains(r.Failure, says) {
					t.Errorf("page %d: %+v, want %q", i+1, r, says)
				}
			}
			// The slot is as good as new.
			if again, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), "k", []int{1}, NoText); err != nil || again[0].Failure != "" {
				t.Errorf("afterwards: %+v, %v", again, err)
			}
		})
	}
}

// TestWrongAnswersAreErrors: a helper that says that it can't do what it was asked, or stops
// early, is a failure of the machine, to be tried again, and no finding about the page.
// One that says what it was not asked is a finding: the page may have taken it over.
func TestWrongAnswersAreErrors(t *testing.T) {
	for fault, says := range map[string]string{"silent": "without page 2", "fails": "its disk is gone"} {
		got, err := pool(t, fault, Config{}).Read(t.Context(), scanned(t, "batch-000.pdf"), "k", []int{2}, NoText)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %+v, %v; want %q", fault, got, err, says)
		}
	}
}

func TestGivenUp(t *testing.T) {
	p := pool(t, "hangs", Config{})
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if _, err := p.Read(ctx, scanned(t, "batch-000.pdf"), "k", []int{2}, NoText); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a request that was given up: %v", err)
	}
	if got, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), "k", []int{1}, NoText); err != nil || got[0].Failure != "" {
		t.Errorf("the next one: %+v, %v", got, err)
	}
}

func TestRecycledAndWithoutEnvironment(t *testing.T) {
	t.Setenv("SECRET_OF_THE_PARENT", "1")
	p := pool(t, "none", Config{Recycle: 2})
	var pids []string
	for range 3 {
		if _, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), "k", []int{1}, NoText); err != nil {
			t.Fatal(err)
		}
		said, err := p.Level(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pid, env, _ := strings.Cut(said, " ")
		pids = append(pids, pid)
		if strings.Contains(env, "SECRET") || !strings.Contains(env, "OMP_THREAD_LIMIT=1") || !strings.Contains(env, "GOMEMLIMIT=805306368") {
			t.Errorf("a helper's environment: %s", env)
		}
	}
	if pids[0] == pids[2] || pids[0] != pids[1] && pids[1] != pids[2] {
		t.Errorf("processes %v for three requests of one page, two pages each", pids)
	}
}

func TestNoDescriptorsLeak(t *testing.T) {
	f := scanned(t, "batch-000.pdf")
	p := pool(t, "dies", Config{})
	if _, err := p.Read(t.Context(), f, "k", []int{1, 2}, NoText); err != nil {
		t.Fatal(err)
	}
	before := descriptors(t)
	for range 10 {
		if _, err := p.Read(t.Context(), f, "k", []int{1, 2}, NoText); err != nil {
			t.Fatal(err)
		}
	}
	if after := descriptors(t); after > before+2 {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// TestRealHelper reads, counts and cuts in the real process, under its isolation.
func TestRealHelper(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	cache = filepath.Join(cache, "postroom")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Skip(err)
	}
	p := pool(t, "real", Config{Cache: cache})
	level, err := p.Level(t.Context())
	if err != nil || !strings.Contains(level, "resource limits") {
		t.Fatalf("isolation %q, %v", level, err)
	}
	t.Log(level)
	f := scanned(t, "batch-003.pdf")
	c, err := p.Open(t.Context(), f, "digest")
	if err != nil || c.Refused != nil || c.Kind != mail.PDF || c.Pages != 4 {
		t.Fatalf("%+v, %v", c, err)
	}
	if missing, err := p.Whole(t.Context(), f); missing != "" || err != nil {
		t.Errorf("not whole: %q, %v", missing, err)
	}
	got, err := p.Read(t.Context(), f, "digest", []int{3, 1}, NoText)
	if err != nil || len(got) != 2 || got[0].Page != 3 || got[1].Page != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if !slices.ContainsFunc(got[1].Symbols, func(s mail.Symbol) bool { return s.Text == "PATCHT" }) {
		t.Errorf("the separator sheet's code is not read: %+v", got[1])
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "cut.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if cut, err := p.Cut(t.Context(), f, "digest", 2, 3, out); err != nil || cut.Refused != nil {
		t.Fatalf("%+v, %v", cut, err)
	}
	if c, err := p.Open(t.Context(), out, "other"); err != nil || c.Pages != 2 {
		t.Errorf("the cut: %+v, %v", c, err)
	}
	rubbish := filepath.Join(t.TempDir(), "rubbish.pdf")
	if err := os.WriteFile(rubbish, []byte("this is no scan"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.Open(rubbish)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if c, err := p.Open(t.Context(), r, "rubbish"); err != nil || c.Refused == nil || c.Refused.Reason != mail.UnreadableFile {
		t.Errorf("rubbish: %+v, %v", c, err)
	}
}
