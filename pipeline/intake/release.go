package intake

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postroom/durable"
)

// ErrChanged is a source that is not what was copied any more.
var ErrChanged = errors.New("the source changed after it was copied")

// settle is how long a claimed source must stay unchanged before it is removed:
// a scanner that holds the file open goes on writing to it under its new name.
const settle = time.Minute

// Claim takes a copied source out of the scanner's way, still in its folder:
// renamed to .postroom-BATCH. Called again it gives the same. ErrChanged: the
// name has another file by now. fs.ErrNotExist: there is neither.
func Claim(path string, s Stamp, batch string) (claimed string, err error) {
	claimed = filepath.Join(filepath.Dir(path), ".postroom-"+batch)
	if _, err := os.Lstat(claimed); err == nil {
		return claimed, nil
	}
	now, err := StampOf(path)
	if err != nil {
		return "", err
	}
	if now.Dev != s.Dev || now.Inode != s.Inode {
		return "", fmt.Errorf("%s: %w", path, ErrChanged)
	}
	return claimed, durable.Rename(path, claimed)
}

// Finish removes a claimed source once it has stayed as it was copied: deleted,
// or moved to the folder done under its own name, numbered when that is taken.
// finished tells whether it is gone; ErrChanged that it grew.
func Finish(claimed string, s Stamp, done, name string, now time.Time) (finished bool, err error) {
	info, err := os.Lstat(claimed)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	is, err := StampOf(claimed)
	if err != nil {
		return false, err
	}
	if is.Size != s.Size || is.MTime != s.MTime {
		return false, fmt.Errorf("%s: %w", claimed, ErrChanged)
	}
	// The rename set the change time, so that the wait survives our own restart.
	// A clock that jumped back must not make it wait for ever.
	if age := now.Sub(changeTime(info)); age >= 0 && age < settle {
		return false, nil
	}
	if done == "" {
		return true, durable.Remove(claimed)
	}
	return true, move(claimed, done, filepath.Base(name))
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
