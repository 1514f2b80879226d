package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postroom/pipeline/intake"
	"postroom/router/casestore/folder"
)

// site is where a mailroom's folders are: its own and, perhaps on another machine,
// the scanners'.
type site struct{ room, share string }

func (s site) folders() []intake.Folder {
	return []intake.Folder{
		{Path: filepath.Join(s.share, "in-1"), Name: "scanner-1", Quiet: 1, Rescan: sweptRescan, Done: filepath.Join(s.room, "done")},
		{Path: filepath.Join(s.share, "in-2"), Name: "scanner-2", Quiet: 1, Rescan: sweptRescan},
	}
}

// plant makes the site's folders and puts its mail there.
func (s site) plant() error {
	for _, dir := range s.all() {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	first := []string{"separator", "code=" + caseA, "text=and so on", "separator", "text=Our ref " + caseB}
	second := []string{"separator", "text=no number here", "separator", "code=" + caseB, "blank"}
	for path, text := range map[string]string{
		filepath.Join(s.room, "cases.csv"):            "reference,store,status\n" + caseA + ",tax,open\n" + caseB + ",tax,open\n",
		filepath.Join(s.room, "tax", folder.Marker):   "case store of postroom\n",
		filepath.Join(s.share, "in-1", "a.pdf"):       strings.Join(first, "\n") + "\n",
		filepath.Join(s.share, "in-1", "b.pdf"):       strings.Join(second, "\n") + "\n",
		filepath.Join(s.share, "in-2", "a again.pdf"): strings.Join(first, "\n") + "\n", // dropped twice
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// all gives the folders that the mailroom writes to.
func (s site) all() []string {
	return []string{filepath.Join(s.room, "data"), filepath.Join(s.room, "tax"), filepath.Join(s.share, "in-1"), filepath.Join(s.share, "in-2"), filepath.Join(s.room, "done")}
}

// process is a mailroom over the site, not yet started.
func (s site) process(ctx context.Context, patience time.Duration, joins bool) (*exec.Cmd, *bytes.Buffer) {
	cmd, said := exec.CommandContext(ctx, os.Args[0]), &bytes.Buffer{}
	cmd.Env = append(os.Environ(), sweptRoom+"="+s.room, sweptShare+"="+s.share, sweptPatience+"="+patience.String())
	if joins {
		cmd.Env = append(cmd.Env, sweptJoins+"=1")
	}
	cmd.Stdout, cmd.Stderr = said, said
	return cmd, said
}

// outcome tells all that is to be the same after any interruption: the documents,
// what stands in the folders, what verify finds. Ids are named by what they stand for.
func (s site) outcome() (string, error) {
	p, err := openSwept(s)
	if err != nil {
		return "", err
	}
	defer p.journal.Close()
	var told, ids []string // each batch and file in a text of its own: their order differs by their ids
	err = p.Batches(context.Background(), func(b BatchLine) error {
		_, docs, err := p.Batch(context.Background(), b.Batch)
		name := filepath.Base(b.File)
		ids = append(ids, b.Batch, "BATCH "+name)
		text := fmt.Sprintf("%s: %s, %d pages, %d separators, %d pending %s\n", name, b.State, b.Pages, b.Separators, b.Pending, b.Trouble)
		for n, place := range places(docs) {
			ids = append(ids, docs[n].Document, "DOCUMENT "+name+" "+strings.Fields(place)[0])
			text += fmt.Sprintf("  %s, blanks %v, by %s, %s, in %s\n", place, docs[n].Blanks, docs[n].DecidedBy, docs[n].Detail, docs[n].Path)
		}
		told = append(told, text)
		return err
	})
	_, err2 := p.Verify(context.Background(), func(fault string) { told = append(told, "fault: "+fault+"\n") })
	files, err3 := s.standing()
	if err := errors.Join(err, err2, err3); err != nil {
		return "", err
	}
	told = append(told, files...)
	names := strings.NewReplacer(append(ids, s.room, "ROOM", s.share, "ROOM")...)
	for i, text := range told {
		told[i] = names.Replace(text)
	}
	slices.Sort(told)
	return strings.Join(told, ""), nil
}

// standing lists the files, with their bytes, but for the journal, the blobs and the
// log's keys, which Verify reads.
func (s site) standing() (files []string, err error) {
	for _, dir := range s.all() {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.Name() == "blobs":
				return fs.SkipDir
			case e.IsDir() || e.Name() == "journal.db" || strings.HasPrefix(e.Name(), "audit."):
				return nil
			}
			text, err := os.ReadFile(path)
			files = append(files, fmt.Sprintf("%s:\n%s\n", path, text))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// differing shows where two outcomes part.
func differing(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return "it lacks: " + b[i]
		case i >= len(b):
			return "it has besides: " + a[i]
		case a[i] != b[i]:
			return fmt.Sprintf("%q instead of %q", a[i], b[i])
		}
	}
	return ""
}
