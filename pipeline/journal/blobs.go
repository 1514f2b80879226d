package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"postroom/durable"
)

// Dir keeps blobs as files of a folder: ab/abcdef... by their SHA-256, read-only.
type Dir struct{ root string }

// OpenDir opens the folder, made when it is not there, and sweeps what a crash left in it.
func OpenDir(root string) (*Dir, error) {
	if err := durable.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	if err := durable.Sweep(root); err != nil {
		return nil, fmt.Errorf("sweep blobs: %w", err)
	}
	return &Dir{root}, nil
}

func (d *Dir) path(sum string) string { return filepath.Join(d.root, sum[:2], sum) }

// Put stores what r gives, hashing while it copies; the same bytes again cost no second file.
func (d *Dir) Put(ctx context.Context, r io.Reader) (Ref, error) {
	t, err := durable.NewTemp(d.root)
	if err != nil {
		return Ref{}, fmt.Errorf("store blob: %w", err)
	}
	defer t.Drop()
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(t, hash), cancellable{ctx, r})
	if err != nil {
		return Ref{}, fmt.Errorf("store blob: %w", err)
	}
	ref := Ref{hex.EncodeToString(hash.Sum(nil)), size}
	if err := d.name(ctx, t, ref); err != nil {
		return Ref{}, fmt.Errorf("store blob: %w", err)
	}
	return ref, nil
}

// name gives a written file its name. One that has it already is read back first:
// what a crash or a failing disk left there may not be these bytes.
func (d *Dir) name(ctx context.Context, t *durable.Temp, ref Ref) error {
	path := d.path(ref.SHA256)
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := t.Commit(path, 0o440); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if d.Verify(ctx, ref) == nil {
		// The name may be there without being durable, when the run that made it died.
		return durable.SyncDir(filepath.Dir(path))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return t.Replace(path, 0o440)
}

// cancellable ends a long copy when its context ends.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancellable) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// Open opens a blob for reading.
func (d *Dir) Open(_ context.Context, ref Ref) (*os.File, error) {
	if !ref.valid() {
		return nil, fmt.Errorf("blob %q: that is no digest", ref.SHA256)
	}
	return os.Open(d.path(ref.SHA256))
}

// Verify reads a blob back.
func (d *Dir) Verify(ctx context.Context, ref Ref) error {
	f, err := d.Open(ctx, ref)
	if err != nil {
		return fmt.Errorf("blob %.12s: %w", ref.SHA256, err)
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, cancellable{ctx, f})
	if err != nil {
		return fmt.Errorf("blob %.12s: %w", ref.SHA256, err)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != ref.SHA256 || size != ref.Size {
		return fmt.Errorf("blob %.12s holds other bytes: %d of them, with digest %.12s", ref.SHA256, size, sum)
	}
	return nil
}

// List visits the digests of all blobs.
func (d *Dir) List(ctx context.Context, visit func(sha256 string) error) error {
	return filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != d.root:
			return nil // an unfinished file that has its name by now, or is dropped
		case err != nil:
			return fmt.Errorf("list blobs: %w", err)
		case ctx.Err() != nil:
			return ctx.Err()
		case !e.Type().IsRegular() || !(Ref{SHA256: e.Name()}).valid():
			return nil
		}
		return visit(e.Name())
	})
}

// Scratch gives a file without a name in the blobs' file system, so that Put
// finds room wherever Scratch did.
func (d *Dir) Scratch() (*os.File, error) {
	t, err := durable.NewTemp(d.root)
	if err != nil {
		return nil, fmt.Errorf("scratch file: %w", err)
	}
	return t.Unnamed()
}

// valid tells whether the digest is one, so that it can name a file.
func (r Ref) valid() bool {
	b, err := hex.DecodeString(r.SHA256)
	return err == nil && len(b) == sha256.Size
}
