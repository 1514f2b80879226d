package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestVerbs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := Create(path, strings.NewReader("one")); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, strings.NewReader("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second Create: %v", err)
	}
	if existed, err := Ensure(path, strings.NewReader("one")); err != nil || !existed {
		t.Errorf("Ensure of the same: %v, %v", existed, err)
	}
	for _, other := range []string{"onf", "on", "one more", ""} {
		if _, err := Ensure(path, strings.NewReader(other)); !errors.Is(err, ErrDiffers) {
			t.Errorf("Ensure of %q over %q: %v", other, "one", err)
		}
	}
	if got := read(t, path); got != "one" {
		t.Errorf("it holds %q", got)
	}
	if err := Overwrite(path, strings.NewReader("three")); err != nil || read(t, path) != "three" {
		t.Errorf("Overwrite: %v, %q", err, read(t, path))
	}
	if existed, err := Ensure(filepath.Join(dir, "b"), strings.NewReader("b")); err != nil || existed {
		t.Errorf("Ensure of a new file: %v, %v", existed, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestLongFilesAreCompared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	long := strings.Repeat("0123456789", 20000)
	if _, err := Ensure(path, strings.NewReader(long)); err != nil {
		t.Fatal(err)
	}
	if existed, err := Ensure(path, iotest.OneByteReader(strings.NewReader(long))); err != nil || !existed {
		t.Errorf("the same long file: %v, %v", existed, err)
	}
	for _, other := range []string{long[:len(long)-1], long + "x", long[:100000] + "x" + long[100001:], long[:1<<16]} {
		if _, err := Ensure(path, strings.NewReader(other)); !errors.Is(err, ErrDiffers) {
			t.Errorf("another long file of %d bytes: %v", len(other), err)
		}
	}
}

func TestBrokenSourceLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("the scanner's disk broke")
	for name, write := range map[string]func(string) error{
		"create":    func(p string) error { return Create(p, iotest.ErrReader(broken)) },
		"overwrite": func(p string) error { return Overwrite(p, iotest.ErrReader(broken)) },
		"ensure":    func(p string) error { _, err := Ensure(p, iotest.ErrReader(broken)); return err },
	} {
		if err := write(filepath.Join(dir, name)); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, _ := filepath.Glob(filepath.Join(dir, "*")); len(all) > 0 {
		t.Errorf("left over: %v", all)
	}
}

func TestMoveNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, p := range []string{a, b} {
		if err := Create(p, strings.NewReader(p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Move(a, b); !errors.Is(err, fs.ErrExist) || read(t, b) != b {
		t.Errorf("Move onto a file: %v, %q", err, read(t, b))
	}
	if err := Move(a, filepath.Join(dir, "c")); err != nil || read(t, filepath.Join(dir, "c")) != a {
		t.Error(err)
	}
	if _, err := os.Stat(a); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what was moved is still there")
	}
}

// TestMoveIsRepeated: a crash between the new name and the end of the old one
// leaves both, and the same Move again finishes.
func TestMoveIsRepeated(t *testing.T) {
	for what, crash := range map[string]func(from, to string) error{
		"linked": os.Link,
		"copied": func(_, to string) error { return Create(to, strings.NewReader("letter")) },
	} {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
		if err := errors.Join(Create(from, strings.NewReader("letter")), crash(from, to)); err != nil {
			t.Fatal(err)
		}
		if err := Move(from, to); err != nil || read(t, to) != "letter" {
			t.Errorf("%s: %v, %q", what, err, read(t, to))
		}
		if _, err := os.Lstat(from); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the source stays: %v", what, err)
		}
	}
}

// TestMoveKeepsTheOnlyCopy: what does not hold the bytes by itself is no move.
func TestMoveKeepsTheOnlyCopy(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	if err := errors.Join(Create(from, strings.NewReader("letter")), os.Symlink(from, filepath.Join(dir, "link")),
		os.Mkdir(filepath.Join(dir, "folder"), 0o700), Create(filepath.Join(dir, "lettes"), strings.NewReader("lettes"))); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"from", "link", "folder", "lettes"} {
		if err := Move(from, filepath.Join(dir, to)); !errors.Is(err, fs.ErrExist) || read(t, from) != "letter" {
			t.Errorf("to %s: %v", to, err)
		}
	}
}

func TestMkdirAllAndSweep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x", "y")
	for range 2 {
		if err := MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := Create(filepath.Join(dir, "keep"), strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(filepath.Join(dir, "keep", "z"), 0o700); err == nil {
		t.Error("a folder was made below a file")
	}
	temp, err := NewTemp(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := temp.Close(); err != nil { // as a crash leaves it
		t.Fatal(err)
	}
	if err := Sweep(filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "keep" {
		t.Errorf("after the sweep: %v, %v", entries, err)
	}
}

func TestSweepFolderStaysInIt(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{temporary + "1", "keep", "below/" + temporary + "2"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := SweepFolder(dir); err != nil {
		t.Fatal(err)
	}
	here, _ := filepath.Glob(filepath.Join(dir, "*"))
	hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
	below, _ := filepath.Glob(filepath.Join(dir, "below", ".*"))
	if len(here) != 2 || len(hidden) != 0 || len(below) != 1 {
		t.Errorf("left: %v %v %v", here, hidden, below)
	}
}

func TestRewriteChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := Create(path, strings.NewReader("letter")); err != nil {
		t.Fatal(err)
	}
	if err := Rewrite(path, 3); err != nil || read(t, path) != "letter" {
		t.Errorf("%v, %q", err, read(t, path))
	}
	if err := Rewrite(path, 7); !errors.Is(err, io.EOF) || read(t, path) != "letter" {
		t.Errorf("more than there is: %v, %q", err, read(t, path))
	}
}

// TestMkdirAllSyncsWhatItFinds: the run that made a folder may have died before it
// was durable. Once is enough, and a failed sync is none.
func TestMkdirAllSyncsWhatItFinds(t *testing.T) {
	root := t.TempDir()
	var synced []string
	var failure error
	f := &folders{durable: map[string]bool{}, sync: func(dir string) error {
		rel, err := filepath.Rel(root, dir)
		synced = append(synced, rel)
		return errors.Join(err, failure)
	}}
	if err := os.MkdirAll(filepath.Join(root, "a", "b"), 0o700); err != nil { // as a run that was killed left it
		t.Fatal(err)
	}
	failure = errors.New("the disk broke")
	if err := f.mkdir(filepath.Join(root, "a", "b"), 0o700); !errors.Is(err, failure) {
		t.Errorf("a sync that failed: %v", err)
	}
	failure = fs.ErrPermission
	if err := f.mkdir(filepath.Join(root, "a"), 0o700); err != nil {
		t.Errorf("below a folder that is someone else's: %v", err)
	}
	failure = nil
	for _, dir := range []string{"a/b", "a/b", "a/b/c/d", "a/b/c/d", "a/b/c/e"} {
		if err := f.mkdir(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	want := "a . a a/b a/b/c a/b/c a/b a/b/c"
	if got := strings.Join(synced, " "); got != want {
		t.Errorf("synced %s, want %s", got, want)
	}
}

func TestUnnamed(t *testing.T) {
	dir := t.TempDir()
	temp, err := NewTemp(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := temp.Unnamed()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if all, _ := filepath.Glob(filepath.Join(dir, ".*")); len(all) > 0 {
		t.Errorf("it has a name: %v", all)
	}
	if _, err := f.WriteString("x"); err != nil {
		t.Error(err)
	}
}

// TestErrorNamesTheFileOnce: people know nothing of the temporary name.
func TestErrorNamesTheFileOnce(t *testing.T) {
	temp, err := NewTemp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(temp.Name()), "letter.pdf")
	temp.File.Close()
	err = temp.Commit(path, 0o600)
	if err == nil || strings.Contains(err.Error(), temporary) || !strings.HasPrefix(err.Error(), "write "+path+": ") {
		t.Errorf("it fails with %v", err)
	}
	foreign := &fs.PathError{Op: "read", Path: "source", Err: fs.ErrInvalid}
	if got := temp.cause(foreign); got != error(foreign) {
		t.Errorf("an error of the source became %v", got)
	}
}
