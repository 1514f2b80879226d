package durable

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"

	"golang.org/x/sys/unix"
)

// Space is what is left on a file system for whoever is not root.
type Space struct {
	Bytes int64
	Files int64 // inodes; math.MaxInt64 where there is no fixed number of them
}

// SpaceOf tells what is left where a folder is.
func SpaceOf(dir string) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return Space{}, fmt.Errorf("room of %s: %w", dir, err)
	}
	s := Space{Bytes: math.MaxInt64, Files: math.MaxInt64}
	if n := st.Bavail; st.Bsize > 0 && n < uint64(math.MaxInt64/st.Bsize) {
		s.Bytes = int64(n) * st.Bsize
	}
	if st.Files > 0 { // btrfs and some shares count none
		s.Files = int64(min(st.Ffree, math.MaxInt64))
	}
	return s, nil
}

// Full tells an error of a disk, or of a quota on it, that has no room left.
func Full(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// TryRoom writes so many bytes in a folder, and takes them away: a quota shows in no
// count of what is left.
func TryRoom(dir string, size int64) error {
	t, err := NewTemp(dir)
	if err != nil {
		return err
	}
	defer t.Drop()
	// What a file system might store as a hole, or in less, proves nothing.
	if _, err := io.CopyN(t, rand.Reader, size); err != nil {
		return t.cause(err)
	}
	return t.Sync()
}

// Disk is the file system of a folder.
type Disk string

// Space tells what is left.
func (d Disk) Space() (Space, error) { return SpaceOf(string(d)) }

// Try writes as much as a few changes take, and takes it away.
func (d Disk) Try() error { return TryRoom(string(d), 1<<20) }
