package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postroom/mail"
	"postroom/pipeline/scan"
	"postroom/samples"
)

// TestRealView: a page is shown in the size that was asked for, and what is no page is refused.
func TestRealView(t *testing.T) {
	p := pool(t, "real", Config{Spare: true})
	for _, name := range []string{"batch-000.pdf", "batch-001.tif", "batch-005.tif", "batch-006.jpg", "batch-007.png"} {
		f := scanned(t, name)
		got, err := p.Read(t.Context(), f, name, []int{1}, NoText)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []scan.Viewing{{Width: 220}, {Width: 1240, Turn: 90}, {Width: 2480, Turn: 180}, {Width: 900, Turn: 270, Crop: mail.Box{X0: 10, Y0: 20, X1: 110, Y1: 70}}} {
			v, err := p.View(t.Context(), f, name, 1, o)
			w, h := got[0].Width, got[0].Height
			if o.Crop != (mail.Box{}) {
				w, h = 100, 50
			}
			w, h = scan.Fit(o.Width)(scan.Upright(w, h, got[0].DPI, got[0].DPIY, o.Turn))
			if err != nil || v.Refused != nil || v.Width != w || v.Height != h || len(v.Pix) != w*h*v.Colours {
				t.Errorf("%s as %+v: %d by %d in %d colours, %d bytes, %+v, %v; want %d by %d", name, o, v.Width, v.Height, v.Colours, len(v.Pix), v.Refused, err, w, h)
			}
			if o.Crop == (mail.Box{}) && slices.Max(v.Pix)-slices.Min(v.Pix) < 100 {
				t.Errorf("%s as %+v: nothing is to be seen", name, o)
			}
		}
		if v, err := p.View(t.Context(), f, name, 99, scan.Viewing{Width: 220}); err != nil || v.Refused == nil || v.Pix != nil {
			t.Errorf("%s, a page that is not there: %+v, %v", name, v.Refused, err)
		}
	}
}

// TestHostileViews: a file that is none, and helpers that die, hang, lie and answer
// something else, give a reason and no picture.
func TestHostileViews(t *testing.T) {
	rubbish := filepath.Join(t.TempDir(), "rubbish.pdf")
	if err := os.WriteFile(rubbish, []byte("%PDF-1.7\nrubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(rubbish)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, kind := range []string{"real", "dies-of-all", "dies", "hangs", "lies", "babbles", "stutters", "none", "views-large", "views-nothing", "views-recall"} {
		p := pool(t, kind, Config{PageWall: 300e6})
		if kind == "real" {
			p = pool(t, kind, Config{})
		}
		v, err := p.View(t.Context(), f, "key", 2, scan.Viewing{Width: 220})
		if err != nil || v.Refused == nil || v.Pix != nil {
			t.Errorf("%s: %+v, %v", kind, v, err)
		}
	}
}

// doubleView answers what no view can be.
func doubleView(fault string) answer {
	switch fault {
	case "views-large":
		return answer{View: &View{Width: 221, Height: 10, Colours: 1}, Done: true}
	case "views-recall":
		return answer{View: &View{Refused: &Refusal{Reason: mail.Recall, Detail: "why"}}, Done: true}
	}
	return answer{Done: true}
}

// TestSealedMemory: what a helper may write is as much as a picture takes.
func TestSealedMemory(t *testing.T) {
	f, err := sealed(100)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 101), 0); err == nil {
		t.Error("more was written than there is room for")
	}
	if err := f.Truncate(1 << 30); !errors.Is(err, unix.EPERM) {
		t.Errorf("it grew: %v", err)
	}
}

// TestSpareHasSeenNoFile: the spare is taken once, for one file.
func TestSpareHasSeenNoFile(t *testing.T) {
	p := pool(t, "none", Config{Slots: 2, Spare: true})
	seen := map[int]string{}
	for i := range 6 {
		key := fmt.Sprint("file ", i)
		pid := working(t, p, key)
		if was := seen[pid]; was != "" {
			t.Errorf("%s and %s came to one process", was, key)
		}
		seen[pid] = key
		p.spares.Wait()
		if p.spare == nil || p.spare.bound {
			t.Fatal("no spare is kept, or it has a file")
		}
	}
}

// TestIdleHelpersEnd: a letter does not stay in a process's memory when nobody looks at it any more.
func TestIdleHelpersEnd(t *testing.T) {
	p := pool(t, "none", Config{Idle: time.Hour})
	first := working(t, p, "k")
	h := p.idle[0]
	p.expire(h)
	if p.last(t) != first {
		t.Fatal("it ended before its time")
	}
	h.since = h.since.Add(-time.Hour)
	p.expire(h)
	p.expire(h)
	if p.last(t) != 0 || h.cmd.ProcessState == nil {
		t.Error("it is still there")
	}
	if again := working(t, p, "k"); again == first {
		t.Error("it was asked again")
	}
}

// BenchmarkView shows pages of files that no helper has open (cold), with and without a
// spare helper, and of one that has (again). With b.N in sequence the spare has no time
// of its own: "spare" waits until it is there.
func BenchmarkView(b *testing.B) {
	compiled := b.TempDir()
	for _, encoding := range []string{"tif-g4", "pdf-g4", "pdf-grey", "pdf-rgb200", "tif-jpeg", "pdf-flate", "jpg"} {
		dir := b.TempDir()
		made, err := samples.Write(dir, samples.Config{Seed: 3, Batches: 1, Pages: 12, Encodings: []string{encoding}})
		if err != nil {
			b.Fatal(err)
		}
		f, err := os.Open(filepath.Join(dir, made[0].File))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		n := 0
		for size, width := range map[string]int{"thumb": 220, "screen": 1240, "full": 2480} {
			for _, way := range []string{"cold", "spare", "again"} {
				b.Run(encoding+"/"+size+"/"+way, func(b *testing.B) {
					p := pool(b, "real", Config{Spare: way == "spare", Slots: 2, Cache: compiled})
					show := func(key string, page int) {
						v, err := p.View(b.Context(), f, key, page, scan.Viewing{Width: width})
						if err != nil || v.Refused != nil {
							b.Fatal(v.Refused, err)
						}
					}
					show("first", 1)
					for b.Loop() {
						n++
						switch way {
						case "again":
							show("first", 1+n%len(made[0].Pages))
						case "spare":
							b.StopTimer()
							p.spares.Wait()
							b.StartTimer()
							fallthrough
						default:
							show(fmt.Sprint(n), 1)
						}
					}
				})
			}
		}
	}
}

// TestHelperStandsBack in all of its threads, and one that is not to does not.
func TestHelperStandsBack(t *testing.T) {
	for _, nice := range []int{0, 5} {
		p := pool(t, "none", Config{Nice: nice})
		pid := working(t, p, "k")
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil || len(threads) == 0 {
			t.Fatal(threads, err)
		}
		own, err := unix.Getpriority(unix.PRIO_PROCESS, 0) // 20 less the nice value
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range threads {
			id, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			is, err := unix.Getpriority(unix.PRIO_PROCESS, id)
			if want := max(nice, 20-own); err != nil || 20-is != want {
				t.Errorf("thread %d is at %d, want %d (%v)", id, 20-is, want, err)
			}
		}
	}
}
