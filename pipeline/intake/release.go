package intake

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"postroom/durable"
)

// ErrChanged is a source that is not what was copied any more.
var ErrChanged = errors.New("the source changed after it was copied")

// claimedName begins the name of a claimed source; the batch's id follows.
const claimedName = ".postroom-"

// claimedFor gives the batch that a name says a source was taken as.
func claimedFor(name string) (batch string, ok bool) {
	batch, ok = strings.CutPrefix(name, claimedName)
	return batch, ok && uuid.Validate(batch) == nil
}

// ErrAway is a source's folder that is not there, or is another one: a share that is not
// mounted looks as if all had been taken from it.
var ErrAway = errors.New("its folder is not there, or not the one that it was in; is the share mounted?")

// Gone tells whether a source that is not found is gone for good; ErrAway when that
// can't be told.
func Gone(path string, s Stamp) error {
	var st unix.Stat_t
	dir := filepath.Dir(path)
	if err := unix.Stat(dir, &st); err != nil && !errors.Is(err, unix.ENOENT) {
		return &fs.PathError{Op: "stat", Path: dir, Err: err}
	} else if err != nil || uint64(st.Dev) != s.Dev {
		return fmt.Errorf("%s: %w", dir, ErrAway)
	}
	return nil
}

// Claim takes a copied source out of the scanner's way, still in its folder:
// renamed to .postroom-BATCH. Called again it gives the same. ErrChanged: the
// name has another file by now. fs.ErrNotExist: there is neither.
func Claim(path string, s Stamp, batch string) (claimed string, err error) {
	claimed = filepath.Join(filepath.Dir(path), claimedName+batch)
	if _, err := os.Lstat(claimed); err == nil {
		return claimed, nil
	}
	now, err := StampOf(path)
	if err != nil {
		if _, err := os.Lstat(claimed); err == nil {
			return claimed, nil // it was claimed while we looked
		}
		return "", err
	}
	if !now.Same(s) {
		return "", fmt.Errorf("%s: %w", path, ErrChanged)
	}
	return claimed, durable.Rename(path, claimed)
}

// Unchanged tells whether a claimed source is still what was copied: ErrChanged
// when it grew. fs.ErrNotExist: it is gone.
func Unchanged(claimed string, s Stamp) error {
	is, err := StampOf(claimed)
	if err != nil {
		return err
	}
	if !is.Unchanged(s) {
		return fmt.Errorf("%s: %w", claimed, ErrChanged)
	}
	return nil
}

// Finish removes a claimed source: deleted, or moved to the folder done under its
// own name, numbered when other bytes have that.
func Finish(claimed, done, name string) error {
	if done == "" {
		return durable.Remove(claimed)
	}
	return move(claimed, done, filepath.Base(name))
}

// move puts a source beside what was taken before; nothing there is overwritten.
func move(claimed, done, name string) error {
	if err := durable.MkdirAll(done, 0o750); err != nil {
		return err
	}
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 1; ; n++ {
		to := filepath.Join(done, name)
		if n > 1 {
			to = filepath.Join(done, fmt.Sprintf("%s-%d%s", stem, n, ext))
		}
		err := durable.Move(claimed, to)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}
