package main

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// verdict is what is to be said of a run with odd and broken files.
type verdict struct {
	alone, beside result
	bad           int            // files
	slow          []timed        // of those that ended, the slowest first
	reasons       map[string]int // documents of them by status and reason
	deaths        int            // of those, held because a helper died
	before, now   score          // the good mail alone, and behind them
	faults        []string
}

type timed struct {
	name string
	took time.Duration
}

func (v *verdict) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...))
}

// judge compares what came of the files with what must.
func judge(bad []string, alone, beside result) *verdict {
	v := &verdict{alone: alone, beside: beside, bad: len(bad), reasons: map[string]int{}}
	for _, path := range bad {
		v.file(filepath.Base(path))
	}
	slices.SortFunc(v.slow, func(x, y timed) int { return cmp.Compare(y.took, x.took) })
	for _, t := range beside.good {
		was, is := alone.outcomes[t.File], beside.outcomes[t.File]
		if len(was) != 1 || len(is) != 1 {
			v.fault("%s is %d batches, and %d without the bad files", t.File, len(is), len(was))
			continue
		}
		v.before.add(was[0].docs, t, false)
		v.now.add(is[0].docs, t, false)
		if x, y := decisions(was[0]), decisions(is[0]); x != y {
			v.fault("%s is decided otherwise behind the bad files:\n%s\nand without\n%s", t.File, y, x)
		}
	}
	if peak, _ := beside.server.seen(); peak >= mostMemory {
		v.fault("the server took %d MB", peak)
	}
	if v.now.wrong > 0 {
		v.fault("%d letters are in a stranger's case", v.now.wrong)
	}
	return v
}

// file looks at what became of an odd or broken file.
func (v *verdict) file(name string) {
	some := v.beside.outcomes[name]
	if len(some) != 1 || len(some[0].docs) == 0 {
		v.fault("%s is %d batches", name, len(some))
		return
	}
	v.faults = append(v.faults, misplaced(some[0])...)
	for _, d := range some[0].docs {
		v.reasons[strings.TrimSpace(d.Status+" "+d.Reason)]++
		if strings.Contains(d.Detail, "helper process died") {
			v.deaths++
		}
	}
	took := v.beside.times[name]
	if v.slow = append(v.slow, timed{name, took}); took > mostTime {
		v.fault("%s took %v", name, took.Round(time.Second))
	}
}

// decisions tells how a batch's documents were decided, a line each.
func decisions(o outcome) string {
	var all []string
	for _, d := range o.docs {
		all = append(all, fmt.Sprint(d.Pages, " ", d.Status, " ", d.Reference, d.Reason))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// report prints the table, and gives what must not be as an error.
func (v *verdict) report() error {
	t := table()
	t.row("odd and broken files", "%d, of which %d ended as documents or exceptions", v.bad, len(v.slow))
	for _, reason := range slices.Sorted(maps.Keys(v.reasons)) {
		t.row("documents of them: "+reason, "%d", v.reasons[reason])
	}
	if n := len(v.slow); n > 1 {
		t.row("seconds from receipt to the last task", "median %.1f, slowest %.1f (%s), %.1f (%s)", v.slow[n/2].took.Seconds(),
			v.slow[0].took.Seconds(), v.slow[0].name, v.slow[1].took.Seconds(), v.slow[1].name)
	}
	peak, helpers := v.beside.server.seen()
	t.row("server's peak memory", "%d MB", peak)
	t.row("server's deaths", "%d", v.beside.server.starts-1)
	t.row("documents held because a helper died", "%d (%d helper processes were seen)", v.deaths, helpers)
	t.row("good mail behind them", "%s", v.now)
	t.row("the same mail alone", "%s", v.before)
	t.row("`postroom verify`", "%s", v.beside.verified)
	t.row("lines of the log", "%d errors, %d warnings", v.beside.server.said("ERROR"), v.beside.server.said("WARN"))
	t.row("took", "%v, and %v without the bad files", v.beside.took.Round(time.Second), v.alone.took.Round(time.Second))
	if len(v.faults) > 0 {
		return fmt.Errorf("%d faults:\n%s", len(v.faults), strings.Join(v.faults, "\n"))
	}
	return nil
}

// rows prints a table for a document.
type rows struct{}

func table() rows {
	fmt.Print("\n| what | measured |\n|---|---|\n")
	return rows{}
}

func (rows) row(what, format string, args ...any) {
	fmt.Printf("| %s | %s |\n", what, fmt.Sprintf(format, args...))
}
