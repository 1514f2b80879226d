package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postroom/durable"
	"postroom/durable/faults"
)

// sweep interrupts a mailroom at each of its calls that change files.
type sweep struct {
	name   string
	at     func(n int) func(faults.Call) faults.Answer // the judge of the run that is interrupted at call n
	leaves bool                                        // unfinished files that a failing disk did not let it remove may stay until a sweep
	power  bool                                        // the power is cut when it is dead
	late   bool                                        // the power is cut when all is done, where it can be; the scanners' folders have a disk of their own
	share  bool                                        // the scanners' folders are elsewhere, where it is not cut
	fails  bool                                        // a control: many points must
	some   bool                                        // or some
}

// points gives the first call that is tried and the step to the next: all, or some
// few. A control shows what it shows with some.
func (s sweep) points(full bool, calls int, chance *rand.Rand) (first, step int) {
	if full && !s.fails {
		return 1, 1
	}
	tried := 6
	switch {
	case full:
		tried = 32
	case s.fails: // each takes as long as patience lasts
		tried = 3
	}
	step = calls/tried + 1
	return 1 + chance.IntN(step), step
}

// patience is what a run may take that takes 0.2 s on a machine with nothing else to
// do. Of a control's many do not end.
func (s sweep) patience() time.Duration {
	if s.fails {
		return 4 * time.Second
	}
	return time.Minute
}

// waits is after how many failed calls a mailroom was seen to wait.
const waits = 25

func sweeps() []sweep {
	kill := func(pretend func(faults.Call) bool) func(int) func(faults.Call) faults.Answer {
		return func(n int) func(faults.Call) faults.Answer {
			return func(c faults.Call) faults.Answer {
				switch {
				case c.N >= n:
					return faults.Kill()
				case pretend(c):
					return faults.Pretend()
				}
				return faults.Answer{}
			}
		}
	}
	fail := func(errno unix.Errno, times int, after faults.Answer) func(int) func(faults.Call) faults.Answer {
		return func(n int) func(faults.Call) faults.Answer {
			return func(c faults.Call) faults.Answer {
				switch {
				case c.N < n:
					return faults.Answer{}
				case c.N < n+times:
					return faults.Fail(errno)
				}
				return after
			}
		}
	}
	never := func(faults.Call) bool { return false }
	goOn := faults.Answer{}
	return []sweep{
		{name: "SIGKILL", at: kill(never)},
		{name: "SIGKILL, power cut when all is done", at: kill(never), late: true},
		{name: "ENOSPC once", at: fail(unix.ENOSPC, 1, goOn), leaves: true},
		{name: "EIO once, power cut when all is done", at: fail(unix.EIO, 1, goOn), late: true, leaves: true},
		{name: "ENOSPC until it waits", at: fail(unix.ENOSPC, waits, goOn), leaves: true},
		{name: "EIO until it waits", at: fail(unix.EIO, waits, goOn), leaves: true},
		{name: "ENOSPC until a restart", at: fail(unix.ENOSPC, waits, faults.Kill()), leaves: true},
		{name: "EIO until a restart", at: fail(unix.EIO, waits, faults.Kill()), leaves: true},
		{name: "power cut", at: kill(never), power: true},
		{name: "power cut, scanners' folders elsewhere", at: kill(never), power: true, share: true},
		{name: "control: power cut, no folder is synced", power: true, share: true, fails: true, some: true,
			at: kill(func(c faults.Call) bool { return c.Syncs() && c.Folder })},
		{name: "control: power cut, nothing is synced", power: true, share: true, fails: true,
			at: kill(faults.Call.Syncs)},
	}
}

// place is where points are tried: a folder, and disks when their power is to be cut.
type place struct {
	dir   string
	disks []*faults.Disk // of all but the scanners' folders, of these
}

// site gives point n its folders, all in the place's own.
func (p place) site(n int, share bool) site {
	name := strconv.Itoa(n)
	s := site{filepath.Join(p.dir, name), filepath.Join(p.dir, name)}
	if len(p.disks) > 0 {
		s.room = filepath.Join(p.disks[0].Path, name)
		if !share {
			s.share = filepath.Join(p.disks[len(p.disks)-1].Path, name)
		}
	}
	return s
}

// each does the same with all disks.
func (p place) each(do func(*faults.Disk) error) (err error) {
	for _, d := range p.disks {
		err = errors.Join(err, do(d))
	}
	return err
}

// point interrupts a run at call n and has another finish. at "" = the run ended
// before call n; wrong "" = all is as it should be.
func (s sweep) point(ctx context.Context, where place, n int, want string) (at, wrong string, err error) {
	site := where.site(n, s.share)
	defer func() { err = errors.Join(err, os.RemoveAll(site.room), os.RemoveAll(site.share)) }()
	if err := site.plant(); err != nil {
		return "", "", err
	}
	if err := where.each((*faults.Disk).Sync); err != nil {
		return "", "", err
	}
	at, finished, wrong, err := s.interrupted(ctx, where, site, n)
	if err != nil || wrong != "" {
		return at, wrong, err
	}
	if s.power && at != "" {
		if err := where.each((*faults.Disk).Cut); err != nil {
			return at, "", err
		}
		finished = false
	}
	if !finished {
		cmd, said := site.process(ctx, s.patience(), false)
		if err := cmd.Run(); err != nil {
			return at, fmt.Sprintf("the next run: %v: %s", err, said), nil
		}
	}
	if s.late {
		if err := where.each((*faults.Disk).Cut); err != nil {
			return at, "", err
		}
	}
	if s.leaves {
		if err := errors.Join(durable.Sweep(filepath.Join(site.room, "tax")), durable.Sweep(filepath.Join(site.room, "done"))); err != nil {
			return at, "", err
		}
	}
	got, err := site.outcome()
	if err != nil {
		return at, err.Error(), nil
	}
	return at, differing(got, want), nil
}

// interrupted runs a mailroom until it has finished or is dead, or could not start.
func (s sweep) interrupted(ctx context.Context, where place, site site, n int) (at string, finished bool, wrong string, err error) {
	cmd, said := site.process(ctx, s.patience(), true)
	judge, killed := s.at(n), false
	ended := faults.Run(cmd, where.dir, func(c faults.Call) faults.Answer {
		a := judge(c)
		if c.N == n {
			at = strings.NewReplacer(site.room, "ROOM", site.share, "SHARE").Replace(c.String())
		}
		killed = killed || a == faults.Kill()
		return a
	})
	if errors.Is(ended, faults.ErrUnavailable) {
		return at, false, "", ended
	}
	code := cmd.ProcessState.ExitCode()
	if code != exitDone && !killed && (code != exitStart || at == "") {
		wrong = fmt.Sprintf("it ended with %v: %s", ended, said)
	}
	return at, code == exitDone, wrong, nil
}

// tally counts what a sweep found.
type tally struct {
	mu                  sync.Mutex
	points, interrupted int
	next                int
	over                bool
	failures            []string
	broken              error
	undisturbed         int // so many runs end the sweep
}

// run tries each step-th call from the first on, until runs end undisturbed.
func (s sweep) run(ctx context.Context, places []place, first, step int, want string) *tally {
	t := &tally{next: first, undisturbed: 1}
	if step == 1 {
		t.undisturbed = 20
	}
	var workers sync.WaitGroup
	for _, where := range places {
		workers.Go(func() {
			for n, more := t.take(step); more; n, more = t.take(step) {
				at, wrong, err := s.point(ctx, where, n, want)
				t.note(at, wrong, err)
			}
		})
	}
	workers.Wait()
	return t
}

func (t *tally) take(step int) (n int, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n = t.next
	t.next += step
	return n, !t.over
}

func (t *tally) note(at, wrong string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.points++
	if at != "" {
		t.interrupted++
	}
	if wrong != "" {
		t.failures = append(t.failures, at+": "+wrong)
	}
	t.broken = errors.Join(t.broken, err)
	// Runs differ in their number of calls, as workers meet or do not.
	t.over = t.over || t.points-t.interrupted >= t.undisturbed || err != nil
}

// undisturbed is the outcome that all others must equal, and how many calls it takes.
func undisturbed(t *testing.T) (want string, calls int) {
	t.Helper()
	where := place{dir: t.TempDir()}
	site := where.site(0, false)
	if err := site.plant(); err != nil {
		t.Fatal(err)
	}
	cmd, said := site.process(t.Context(), 2*time.Minute, true)
	err := faults.Run(cmd, where.dir, func(c faults.Call) faults.Answer { calls = c.N; return faults.Answer{} })
	if errors.Is(err, faults.ErrUnavailable) {
		t.Skip("calls can't be judged here: ", err)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if want, err = site.outcome(); err != nil {
		t.Fatal(err)
	}
	for _, must := range []string{"  2-3 filed " + caseA, "  5-5 filed " + caseB, "  2-2 filed " + caseA + ", blanks [], by A. Clerk", "  4-5 filed " + caseB + ", blanks [5]",
		"1-5 exception duplicate", "ROOM/done/a.pdf:", "ROOM/done/b.pdf:"} {
		if !strings.Contains(want, must) {
			t.Errorf("undisturbed, it lacks %q", must)
		}
	}
	if n := strings.Count(want, "searchable.json"); n != 4 || strings.Contains(want, "fault:") || strings.Contains(want, "ROOM/in-") {
		t.Errorf("undisturbed: %s", want)
	}
	return want, calls
}

// TestNothingIsLost is law 7 at its finest: whatever interrupts the mailroom at any
// call that changes a file, the end is that of an undisturbed run. It tries some
// points of each sweep; with POSTROOM_SWEEP=full (make crash) all.
func TestNothingIsLost(t *testing.T) {
	want, calls := undisturbed(t)
	if t.Failed() {
		return
	}
	full, seed := os.Getenv("POSTROOM_SWEEP") == "full", sweepSeed(t)
	chance := rand.New(rand.NewPCG(seed, 1))
	t.Logf("POSTROOM_SEED=%d, %d calls undisturbed", seed, calls)
	for _, s := range sweeps() {
		if s.some && !full {
			continue
		}
		first, step := s.points(full, calls, chance)
		t.Run(s.name, func(t *testing.T) {
			places := []place{}
			for range runtime.GOMAXPROCS(0) {
				places = append(places, s.place(t))
			}
			began := time.Now()
			r := s.run(t.Context(), places, first, step, want)
			t.Logf("%-45s points %4d, interrupted %4d, failures %3d, %.0f s", s.name, r.points, r.interrupted, len(r.failures), time.Since(began).Seconds())
			r.judge(t, s.fails)
		})
	}
}

// sweepSeed is new for each run, or that of POSTROOM_SEED.
func sweepSeed(t *testing.T) uint64 {
	t.Helper()
	given := os.Getenv("POSTROOM_SEED")
	if given == "" {
		return uint64(time.Now().UnixNano())
	}
	seed, err := strconv.ParseUint(given, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

func (s sweep) place(t *testing.T) place {
	t.Helper()
	where, disks := place{dir: t.TempDir()}, 0
	if s.power {
		disks = 1
	} else if s.late {
		disks = 2
	}
	for n := range disks {
		below := filepath.Join(where.dir, fmt.Sprintf("disk-%d", n))
		if err := os.Mkdir(below, 0o700); err != nil {
			t.Fatal(err)
		}
		disk, err := faults.NewDisk(below)
		switch {
		case errors.Is(err, faults.ErrUnavailable) && s.power:
			t.Skip("no power to cut: ", err)
		case errors.Is(err, faults.ErrUnavailable):
			t.Log("no power to cut: ", err)
			return where
		case err != nil:
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := disk.Close(); err != nil {
				t.Error(err)
			}
		})
		where.disks = append(where.disks, disk)
	}
	return where
}

func (t *tally) judge(test *testing.T, control bool) {
	if t.broken != nil {
		test.Fatal(t.broken)
	}
	if t.interrupted == 0 {
		test.Error("nothing was interrupted")
	}
	slices.Sort(t.failures)
	switch {
	case !control:
		for _, f := range t.failures {
			test.Error(f)
		}
	case len(t.failures) == 0:
		test.Error("no point failed, so that the sweeps prove nothing")
	}
}
