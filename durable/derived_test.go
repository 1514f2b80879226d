package durable

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDerived: what can be made again is whole under its name, replaces what was there,
// and goes without complaint.
func TestDerived(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "picture")
	for _, text := range []string{"first", "second"} {
		if err := Derive(path, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	at := time.Unix(1e9, 0)
	if err := Touch(path, at); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(at) || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for range 2 {
		if err := Discard(path); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	if err := Discard(filepath.Join(dir, "no", "folder")); err != nil {
		t.Error(err)
	}
	if err := Derive(filepath.Join(dir, "no", "folder"), strings.NewReader("x")); err == nil {
		t.Error("a folder that is not there was written to")
	}
}
