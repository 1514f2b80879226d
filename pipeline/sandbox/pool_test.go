package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// working tells by which process a double read a page of a file.
func working(t *testing.T, p *Pool, key string) int {
	t.Helper()
	if got, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), key, []int{1}, NoText); err != nil || got[0].Failure != "" {
		t.Fatalf("%+v, %v", got, err)
	}
	return p.last(t)
}

// last is the process that was put back last; 0 = none is idle.
func (p *Pool) last(t *testing.T) int {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return 0
	}
	return p.idle[len(p.idle)-1].cmd.Process.Pid
}

// TestOneFileAHelper: a helper that has seen a file sees no other, because the file
// may have taken it over. It goes on with its own, whatever comes between.
func TestOneFileAHelper(t *testing.T) {
	p := pool(t, "none", Config{Slots: 2})
	a := working(t, p, "a")
	b := working(t, p, "b")
	if a == b {
		t.Error("one process read two files")
	}
	if again := working(t, p, "a"); again != a {
		t.Errorf("processes %d and %d for one file", a, again)
	}
	if c := working(t, p, "c"); c == a || c == b {
		t.Error("a third file came to a process that had one")
	}
	if again := working(t, p, "a"); again != a {
		t.Error("the process that was idle longest did not give way")
	}
	if len(p.idle) != 2 {
		t.Errorf("%d processes for two slots", len(p.idle))
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := p.Cut(t.Context(), scanned(t, "batch-000.pdf"), "a", 1, 1, out); err != nil || p.last(t) != a {
		t.Errorf("cut by process %d, not %d; %v", p.last(t), a, err)
	}
}

// TestUnknownFilesHelperEnds: what has no key may be any file.
func TestUnknownFilesHelperEnds(t *testing.T) {
	p := pool(t, "none", Config{})
	first := pidOf(t, p)
	if after := working(t, p, ""); after != 0 {
		t.Errorf("process %d was kept for another file", after)
	}
	if next := pidOf(t, p); next == first {
		t.Error("the process that had an unknown file was asked again")
	}
	if read := working(t, p, "k"); read != pidOf(t, p) {
		t.Error("a process that had seen no file yet was not asked")
	}
}

// TestSlotsAreKept: many files at once take no more processes than there are slots.
func TestSlotsAreKept(t *testing.T) {
	p := pool(t, "none", Config{Slots: 3})
	f := scanned(t, "batch-000.pdf")
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			if got, err := p.Read(t.Context(), f, fmt.Sprint("file ", i%5), []int{1}, NoText); err != nil || got[0].Failure != "" {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if len(p.idle) > 3 || len(p.turns) != 0 {
		t.Errorf("%d processes are idle, %d at work", len(p.idle), len(p.turns))
	}
}

// TestHelpersAreCounted: those that were started, and those that were lost over a page.
func TestHelpersAreCounted(t *testing.T) {
	p := pool(t, "none", Config{})
	working(t, p, "a")
	working(t, p, "a")
	working(t, p, "b")
	if p.Started() != 2 || p.Lost() != 0 {
		t.Errorf("%d started, %d lost", p.Started(), p.Lost())
	}
	p = pool(t, "dies", Config{})
	if _, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), "a", []int{1, 2, 3}, NoText); err != nil || p.Lost() == 0 || p.Started() != p.Lost()+1 {
		t.Errorf("%d started, %d lost, %v", p.Started(), p.Lost(), err)
	}
}
