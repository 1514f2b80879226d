package intake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// watcher is a folder under a clock of its own: each look is one listing.
type watcher struct {
	t       *testing.T
	dir     string
	now     time.Time
	l       *listing
	taken   []string
	refused []string
	trouble []string
	reject  map[string]error
	waits   Waiting
	told    int
}

func newWatcher(t *testing.T) *watcher {
	w := &watcher{t: t, dir: t.TempDir(), now: time.Unix(1e9, 0), reject: map[string]error{}}
	cfg := Config{
		Now: func() time.Time { return w.now },
		Whole: func(_ context.Context, path string) error {
			if b, err := os.ReadFile(path); err != nil || !strings.HasSuffix(string(b), "END") {
				return errors.New("not whole")
			}
			return nil
		},
		Accept: func(_ context.Context, a Arrival) error {
			if err := w.reject[filepath.Base(a.Path)]; err != nil {
				return err
			}
			name := w.name(a.Path)
			if a.Incomplete {
				name += " incomplete"
			}
			w.taken = append(w.taken, name)
			return nil
		},
		Waits:  func(_ Folder, waits Waiting) { w.waits, w.told = waits, w.told+1 },
		Refuse: func(_ context.Context, path, why string) { w.refused = append(w.refused, w.name(path)+": "+why) },
		Trouble: func(path string, err error) {
			if err != nil {
				w.trouble = append(w.trouble, w.name(path))
			} else {
				w.trouble = append(w.trouble, w.name(path)+" is well")
			}
		},
	}
	w.l = &listing{cfg: cfg, folder: Folder{Path: w.dir}.withDefaults(), seen: map[string]*sighting{}, refused: map[string]bool{}}
	return w
}

func (w *watcher) name(path string) string {
	rel, err := filepath.Rel(w.dir, path)
	if err != nil {
		w.t.Fatal(err)
	}
	return rel
}

func (w *watcher) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		w.t.Fatal(err)
	}
}

// after lets time pass, and lists.
func (w *watcher) after(d time.Duration) {
	w.now = w.now.Add(d)
	w.l.list(w.t.Context())
}

func (w *watcher) wants(what string, want ...string) {
	w.t.Helper()
	slices.Sort(w.taken)
	if !slices.Equal(w.taken, want) {
		w.t.Errorf("%s: taken %q, want %q", what, w.taken, want)
	}
	w.taken = nil
}

func TestQuietAndWhole(t *testing.T) {
	w := newWatcher(t)
	w.write("a.pdf", "begin")
	w.after(0)
	w.after(3 * time.Second) // quiet, not whole: a writer that pauses
	w.wants("not whole")
	w.write("a.pdf", "begin and END")
	w.after(time.Second)
	w.after(time.Second)
	w.wants("whole, not quiet for two seconds yet")
	w.after(time.Second)
	w.wants("whole and quiet", "a.pdf")
	w.after(time.Hour)
	w.wants("taken once")
}

func TestNames(t *testing.T) {
	w := newWatcher(t)
	long := strings.Repeat("n", 200) + ".pdf"
	odd := []string{"sub/deep/b.pdf", "umläut ✓ \".pdf", "new\nline.pdf", "bad\xff\xfeutf8.pdf", long, "-rf", "UPPER.PDF"}
	for _, n := range append(odd, ".hidden", "~lock", "x.tmp", "x.PART", ".git/c.pdf") {
		w.write(n, "END")
	}
	w.after(0)
	w.after(3 * time.Second)
	slices.Sort(odd)
	w.wants("odd names", odd...)
}

func TestRenamedInAndSameNameTwice(t *testing.T) {
	w := newWatcher(t)
	w.write("a.tmp", "END")
	w.after(0)
	if err := os.Rename(filepath.Join(w.dir, "a.tmp"), filepath.Join(w.dir, "a.pdf")); err != nil {
		t.Fatal(err)
	}
	w.after(0)
	w.after(3 * time.Second)
	w.wants("renamed in", "a.pdf")
	if err := os.Remove(filepath.Join(w.dir, "a.pdf")); err != nil {
		t.Fatal(err)
	}
	w.write("a.pdf", "another END")
	w.after(0)
	w.after(3 * time.Second)
	w.wants("the same name again", "a.pdf")
}

// TestWrittenToWhileItIsLookedThrough: a page added while Whole waits for a helper
// begins the quiet time anew, and nobody is told of a trouble.
func TestWrittenToWhileItIsLookedThrough(t *testing.T) {
	w := newWatcher(t)
	whole, more := w.l.cfg.Whole, true
	w.l.cfg.Whole = func(ctx context.Context, path string) error {
		err := whole(ctx, path)
		if more {
			w.write("a.tif", "END and one page more END")
		}
		return err
	}
	w.write("a.tif", "END")
	w.after(0)
	w.after(3 * time.Second)
	more = false
	w.wants("it grew while it was looked through")
	w.after(time.Second)
	w.wants("it is not quiet again yet")
	w.after(2 * time.Second)
	w.wants("quiet and whole", "a.tif")
	if len(w.trouble) > 0 {
		t.Errorf("told of %q", w.trouble)
	}
}

func TestIncompleteAtMaxAge(t *testing.T) {
	w := newWatcher(t)
	w.write("a.pdf", "begin")
	w.write("empty.pdf", "")
	w.after(0)
	for range 9 {
		w.after(time.Minute)
	}
	w.wants("younger than max_age")
	w.after(time.Minute)
	w.wants("at max_age", "a.pdf incomplete", "empty.pdf incomplete")
}

func TestClockThatJumpsBack(t *testing.T) {
	w := newWatcher(t)
	w.write("a.pdf", "END")
	past := time.Unix(1e9+1e6, 0) // the scanner's clock is days ahead of ours
	if err := os.Chtimes(filepath.Join(w.dir, "a.pdf"), past, past); err != nil {
		t.Fatal(err)
	}
	w.after(0)
	w.after(3 * time.Second)
	w.wants("a file from the future", "a.pdf")
}

func TestWhatIsNoFileIsRefusedOnce(t *testing.T) {
	w := newWatcher(t)
	w.write("real.pdf", "END")
	if err := errors.Join(os.Symlink("/etc/passwd", filepath.Join(w.dir, "link.pdf")), syscall.Mkfifo(filepath.Join(w.dir, "fifo"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w.after(3 * time.Second)
	}
	w.wants("regular files only", "real.pdf")
	if len(w.refused) != 2 || !strings.Contains(strings.Join(w.refused, " "), "link.pdf: it is a symbolic link") {
		t.Errorf("refused: %q", w.refused)
	}
	for _, n := range []string{"link.pdf", "fifo", "."} {
		if _, err := Open(filepath.Join(w.dir, n)); !errors.Is(err, ErrNoFile) {
			t.Errorf("Open %s: %v", n, err)
		}
	}
}

func TestTroubleIsToldOnce(t *testing.T) {
	w := newWatcher(t)
	w.write("a.pdf", "END")
	w.write("b.pdf", "END")
	w.reject["a.pdf"] = errors.New("the disk is full")
	w.after(0)
	for range 3 {
		w.after(3 * time.Second)
	}
	w.wants("others go on", "b.pdf")
	delete(w.reject, "a.pdf")
	w.after(3 * time.Second)
	w.wants("tried again", "a.pdf")
	if !slices.Equal(w.trouble, []string{"a.pdf", "a.pdf is well"}) {
		t.Errorf("told: %q", w.trouble)
	}
	w.trouble = nil
	gone := w.dir + "-gone"
	if err := os.Rename(w.dir, gone); err != nil {
		t.Fatal(err)
	}
	w.after(3 * time.Second)
	w.after(3 * time.Second)
	if err := os.Rename(gone, w.dir); err != nil {
		t.Fatal(err)
	}
	w.after(3 * time.Second)
	if !slices.Equal(w.trouble, []string{".", ". is well"}) {
		t.Errorf("told of a folder that went and came: %q", w.trouble)
	}
}

// A claimed source of a batch that the journal does not know is told of until it
// is gone, or has a name under which it is taken anew.
func TestStrandedSourcesAreTold(t *testing.T) {
	const ours, lost = "01a21354-ab57-7b97-bf4e-d09c618a055c", "01a21354-ab57-7b97-bf4e-d09c618a055d"
	w := newWatcher(t)
	w.l.cfg.Known = func(_ context.Context, batch string) (bool, error) { return batch == ours, nil }
	for _, name := range []string{".postroom-" + ours, ".postroom-" + lost, ".postroom-tmp-x", "." + lost} {
		w.write(name, "END")
	}
	for range 3 {
		w.after(time.Minute)
	}
	w.wants("claimed")
	if want := []string{".postroom-" + lost}; !slices.Equal(w.trouble, want) {
		t.Errorf("trouble %q, want %q", w.trouble, want)
	}
	if err := os.Rename(filepath.Join(w.dir, ".postroom-"+lost), filepath.Join(w.dir, "again.pdf")); err != nil {
		t.Fatal(err)
	}
	w.after(time.Second)
	w.after(3 * time.Second)
	w.wants("renamed", "again.pdf")
	if want := ".postroom-" + lost + " is well"; len(w.trouble) != 2 || w.trouble[1] != want {
		t.Errorf("trouble %q, want it to end with %q", w.trouble, want)
	}
}

func TestClaimAndFinish(t *testing.T) {
	dir, done := t.TempDir(), filepath.Join(t.TempDir(), "done")
	path := filepath.Join(dir, "a.pdf")
	put := func(text string) Stamp {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := StampOf(path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for n, want := range []string{"a.pdf", "a-2.pdf"} {
		s := put("letter " + want)
		batch := string(rune('1' + n))
		claimed, err := Claim(path, s, batch)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Claim(path, s, batch); err != nil || again != claimed {
			t.Errorf("a second Claim: %s, %v", again, err)
		}
		if err := errors.Join(Unchanged(claimed, s), Finish(claimed, done, path)); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(done, want)); err != nil {
			t.Error(err)
		}
	}
	s := put("letter a-2.pdf")
	claimed, err := Claim(path, s, "2b")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(filepath.Join(done, "a-2.pdf")), os.Link(claimed, filepath.Join(done, "a-2.pdf")),
		Finish(claimed, done, path)); err != nil {
		t.Errorf("after a crash that left both names: %v", err)
	}
	if all, err := os.ReadDir(done); err != nil || len(all) != 2 {
		t.Errorf("moved twice: %v, %v", all, err)
	}
	s = put("letter")
	claimed, err = Claim(path, s, "3")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(claimed, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(" goes on"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := Unchanged(claimed, s); !errors.Is(err, ErrChanged) {
		t.Errorf("a source that grew: %v", err)
	}
	if err := os.Remove(claimed); err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(path, s, "3"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a source that is gone: %v", err)
	}
	put("another file under the name")
	other := s
	other.Inode++
	if _, err := Claim(path, other, "4"); !errors.Is(err, ErrChanged) {
		t.Errorf("another file under the name: %v", err)
	}
}

// TestWatch runs the real loop: with events, and by polling alone.
func TestWatch(t *testing.T) {
	for _, polling := range []bool{false, true} {
		dir := t.TempDir()
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		taken := make(chan string, 10)
		ended := make(chan error, 1)
		go func() {
			ended <- Watch(ctx, Config{NoEvents: polling,
				Folders: []Folder{{Path: dir, Quiet: 20 * time.Millisecond, Rescan: 20 * time.Millisecond}},
				Whole:   func(context.Context, string) error { return nil },
				Accept:  func(_ context.Context, a Arrival) error { taken <- filepath.Base(a.Path); return nil }})
		}()
		if err := os.WriteFile(filepath.Join(dir, "a.pdf"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		select {
		case name := <-taken:
			if name != "a.pdf" {
				t.Errorf("taken: %s", name)
			}
		case <-ctx.Done():
			t.Error("nothing was taken")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
