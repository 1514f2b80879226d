package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"postroom/pipeline"
	"postroom/samples"
)

// fewestFiled is the ratchet's floor: letters of the committed mail that the
// machine files. It may only rise.
const fewestFiled = 5

// TestCommittedMail runs the committed batches through the real mailroom: none
// may go wrong, and no fewer than before may be filed.
func TestCommittedMail(t *testing.T) {
	dir := t.TempDir()
	files, err := fs.Glob(samples.FS, "mail/*")
	if err != nil {
		t.Fatal(err)
	}
	var scans []string
	for _, f := range files {
		text, err := samples.FS.ReadFile(f)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(f)), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if ok, _ := filepath.Match("batch-*", filepath.Base(f)); ok {
			scans = append(scans, filepath.Join(dir, filepath.Base(f)))
		}
	}
	var truths []samples.Truth
	text, err := samples.FS.ReadFile("mail/truth.json")
	if err = errors.Join(err, json.Unmarshal(text, &truths)); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, append([]string{"process", "--json", "--config", filepath.Join(dir, "postroom.yaml")}, scans...)...)
	c.Env = append(os.Environ(), "POSTROOM_BE=postroom")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if code := c.ProcessState.ExitCode(); code != exitExceptions {
		t.Fatalf("exit code %d, %v", code, err)
	}
	var s score
	for _, line := range documentLines(t, out) {
		at := slices.IndexFunc(truths, func(b samples.Truth) bool { return b.File == filepath.Base(line.File) })
		s.add(line, truths[at])
	}
	if s.wrong > 0 || s.right < fewestFiled {
		t.Errorf("%+v; none may be wrong, at least %d right\n%s", s, fewestFiled, out)
	}
	t.Logf("%+v", s)
}

// documentLines reads what `process --json` prints.
func documentLines(t *testing.T, out []byte) (all []pipeline.DocumentLine) {
	t.Helper()
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var line json.RawMessage
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(line, []byte(`{"type":"document"`)) {
			continue
		}
		var l pipeline.DocumentLine
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
}
