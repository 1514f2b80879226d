package main

import (
	"errors"
	"os"
	"path/filepath"
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
