package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// Derive writes a file that can be made again, in the place of whatever has its name. It
// spares the syncs: after a power cut the file may be gone, or be there with other bytes,
// and whoever reads it must be able to tell.
func Derive(path string, r io.Reader) error {
	t, err := write(path, r)
	if err != nil {
		return err
	}
	defer t.Drop()
	if err := t.Chmod(0o600); err != nil {
		return t.cause(err)
	}
	return os.Rename(t.Name(), path)
}

// Discard removes a derived file; one that is gone already is no error.
func Discard(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Touch notes on a derived file when it was last used.
func Touch(path string, at time.Time) error { return os.Chtimes(path, at, at) }
