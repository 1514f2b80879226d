package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"postroom/durable"
	"postroom/samples"
)

// record is how long what took.
type record struct {
	mu    sync.Mutex
	times map[string][]time.Duration // by kind
	wrong map[string][]string        // by kind, what answers said
	asked map[string]bool            // pictures that somebody has asked for
}

func newRecord() *record {
	return &record{times: map[string][]time.Duration{}, wrong: map[string][]string{}, asked: map[string]bool{}}
}

func (r *record) took(kind string, t time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times[kind] = append(r.times[kind], t)
}

func (r *record) failed(kind, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong[kind] = append(r.wrong[kind], why)
}

// desks are the beginnings of a picture's path; its document or batch, page and size follow.
var desks = regexp.MustCompile(`^/(station|letters|story|batches)/`)

// pictureKind tells what a picture is counted as.
func (r *record) pictureKind(path string, again bool) string {
	if strings.HasPrefix(path, "/static/") {
		return "style, script, sign"
	}
	kind := "crop of evidence"
	switch {
	case strings.HasSuffix(path, "/screen"):
		kind = "picture of a page"
	case strings.HasSuffix(path, "/thumb"):
		kind = "thumbnail"
	}
	name := desks.ReplaceAllString(path, "")
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.asked[name]
	r.asked[name] = true
	switch {
	case again:
		return kind + ", asked again by the same browser"
	case known:
		return kind + ", seen by somebody before"
	}
	return kind + ", seen by nobody before"
}

// usage is what a run has used.
type usage struct{ server, here float64 } // CPU seconds

func (o *office) measured() (u usage) {
	u.server, _ = processor(o.server.cmd.Process.Pid)
	var own syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &own) == nil {
		u.here = time.Duration(own.Utime.Nano() + own.Stime.Nano()).Seconds()
	}
	return u
}

// processor gives the CPU seconds of a process with those that it has started (proc(5)).
func processor(pid int) (seconds float64, err error) {
	const ticks = 100 // a second, on Linux
	for _, id := range append(childrenOf(pid), strconv.Itoa(pid)) {
		text, err := os.ReadFile(filepath.Join("/proc", id, "stat"))
		if err != nil {
			continue // it has ended, and its parent has its time
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		for _, i := range []int{11, 12, 13, 14} { // its own, and that of those it waited for
			n := 0
			if len(fields) > i {
				n, _ = strconv.Atoi(fields[i])
			}
			seconds += float64(n) / ticks
		}
	}
	return seconds, nil
}

// memoryOf gives a process's own memory, without files that it has mapped, as the journal
// (proc(5), RssAnon).
func memoryOf(pid int) (bytes int64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
	for line := range strings.Lines(string(text)) {
		if rest, is := strings.CutPrefix(line, "RssAnon:"); is {
			kilobytes, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64) // the kernel writes a number
			return kilobytes << 10
		}
	}
	return 0
}

// loadOf gives the machine's load, with that of what else runs there.
func loadOf() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// images are all pictures of pages, as people come by them.
const images = "page images, all of them"

// report prints what was measured.
func (o *office) report(before usage, load string) {
	r, after := o.record, o.measured()
	o.own = memoryOf(o.server.cmd.Process.Pid)
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Print("\n| request | count | median, ms | p95 | p99 | most | errors |\n|---|---|---|---|---|---|---|\n")
	kinds := maps.Clone(r.times)
	for kind := range r.wrong {
		kinds[kind] = r.times[kind]
	}
	all, of := 0, []time.Duration{}
	for kind, t := range kinds {
		if all += len(t); strings.HasPrefix(kind, "picture of a page, ") || strings.HasPrefix(kind, "thumbnail, ") {
			of = append(of, t...)
		}
	}
	kinds[images] = of
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t := slices.Sorted(slices.Values(kinds[kind]))
		at := func(share float64) float64 {
			if len(t) == 0 {
				return 0
			}
			return float64(t[min(len(t)-1, int(share*float64(len(t))))].Microseconds()) / 1000
		}
		fmt.Printf("| %s | %d | %.0f | %.0f | %.0f | %.0f | %d |\n", kind, len(t), at(0.5), at(0.95), at(0.99), at(1), len(r.wrong[kind]))
	}
	for kind, why := range r.wrong {
		fmt.Fprintf(os.Stderr, "%s: %s\n", kind, some(slices.Compact(slices.Sorted(slices.Values(why)))))
	}
	peak, helpers := o.server.seen()
	t := table()
	t.row("people, time", "50, %v, pauses divided by %v", o.duration, o.hurry)
	t.row("requests", "%d, %.1f a second", all, float64(all)/o.duration.Seconds())
	t.row("CPU of the server and its helpers", "%.1f s, %.0f %% of a core", after.server-before.server, 100*(after.server-before.server)/o.duration.Seconds())
	t.row("CPU of what plays the people", "%.1f s", after.here-before.here)
	t.row("server's memory", "%d MB of its own; %d MB at most with the pages of its files that the kernel keeps", o.own>>20, peak)
	t.row("helper processes", "%d were seen", helpers)
	t.row("journal", "%d MB", o.sizeOf("data", "journal.db")>>20)
	t.row("batches that came in meanwhile", "%d", o.delivered)
	t.row("machine's load before and after", "%s · %s", load, loadOf())
	t.row("lines of the log", "%d errors, %d warnings", o.server.said("ERROR"), o.server.said("WARN"))
}

func (o *office) sizeOf(path ...string) int64 {
	is, err := os.Stat(filepath.Join(append([]string{o.dir}, path...)...))
	if err != nil {
		return 0
	}
	return is.Size()
}

// drop makes a batch and puts it into the watched folder.
func (o *office) drop(name string) error {
	dir := filepath.Join(o.dir, "mail", name)
	seed := o.seed<<20 + uint64(time.Now().Unix()) // a file that came in an earlier run is no new mail
	truths, err := samples.Write(dir, samples.Config{Seed: seed, Pages: 25, Levels: []string{"clean"}, Encodings: []string{"pdf-g4-200"}})
	if err != nil {
		return err
	}
	from := truths[0].File
	return durable.Rename(filepath.Join(dir, from), filepath.Join(o.dir, "inbox", name+filepath.Ext(from)))
}
