package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSpace(t *testing.T) {
	dir := t.TempDir()
	s, err := Disk(dir).Space()
	if err != nil || s.Bytes <= 0 || s.Files <= 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := Disk(dir).Try(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if _, err := Disk(dir + "/gone").Space(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a folder that is not there: %v", err)
	}
	if err := Disk(dir + "/gone").Try(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

func TestFull(t *testing.T) {
	for _, full := range []error{unix.ENOSPC, unix.EDQUOT, &fs.PathError{Op: "write", Path: "x", Err: unix.ENOSPC}} {
		if !Full(fmt.Errorf("store blob: %w", full)) {
			t.Errorf("%v is none", full)
		}
	}
	for _, other := range []error{nil, unix.EIO, unix.EFBIG, fs.ErrExist} {
		if Full(other) {
			t.Errorf("%v is one", other)
		}
	}
}
