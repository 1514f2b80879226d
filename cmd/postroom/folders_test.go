package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnusableIntake: what can't be removed from its folder would come in for ever.
func TestUnusableIntake(t *testing.T) {
	dir := t.TempDir()
	inbox, file := filepath.Join(dir, "inbox"), filepath.Join(dir, "file")
	if err := errors.Join(os.Mkdir(inbox, 0o700), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		folder Intake
		bad    bool
	}{
		"a folder":             {Intake{Folder: inbox, Done: "delete"}, false},
		"a share to come":      {Intake{Folder: inbox + "/none", Done: "delete"}, false},
		"no folder":            {Intake{Folder: file, Done: "delete"}, true},
		"nothing can be done":  {Intake{Folder: inbox, Done: file}, true},
		"its done is not made": {Intake{Folder: inbox, Done: inbox + "-done"}, false},
	} {
		if err := usable([]Intake{c.folder}); (err != nil) != c.bad {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.Chmod(inbox, 0o500); err != nil {
		t.Fatal(err)
	}
	if unix.Access(inbox, unix.W_OK) == nil {
		t.Skip("this user may write everywhere")
	}
	if err := usable([]Intake{{Folder: inbox, Done: "delete"}}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a folder that can't be written to: %v", err)
	}
}

// TestStoresAreMadeOnce: one that was used before is nobody's to take, and one that a crash
// left half made is made all the same.
func TestStoresAreMadeOnce(t *testing.T) {
	dir := t.TempDir()
	s := StoreFolder{Name: "tax", Folder: filepath.Join(dir, "tax")}
	cfg := Config{Data: filepath.Join(dir, "data"), Stores: []StoreFolder{s}}
	made := func(cfg Config) error { _, err := openStores(cfg); return err }
	if err := errors.Join(made(cfg), made(cfg)); err != nil {
		t.Fatal(err)
	}
	away := cfg
	away.Data = filepath.Join(dir, "another")
	if err := made(away); err == nil || !strings.Contains(err.Error(), "was used before") {
		t.Errorf("a store that another data folder knows: %v", err)
	}
	// As after a crash between the store's marker and the note that it is known.
	known := knownStore(cfg, s)
	if err := errors.Join(os.Remove(known), os.WriteFile(filepath.Join(filepath.Dir(known), "begun:tax"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(made(cfg), os.Remove(known)); err != nil {
		t.Errorf("a store that is half made: %v", err)
	}
	if err := made(cfg); err == nil {
		t.Error("a store that is known no more was taken")
	}
	// Of one that can't be looked at nothing is begun.
	blocked := Config{Data: away.Data, Stores: []StoreFolder{{Name: "tax", Folder: filepath.Join(dir, "file", "tax")}}}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := made(blocked); err == nil {
		t.Error("a store below a file was made")
	}
	if left, err := os.ReadDir(filepath.Join(away.Data, "stores")); err == nil && len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}
