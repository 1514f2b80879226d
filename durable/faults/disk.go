package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Disk is an ext4 file system in a file, whose power can be cut.
type Disk struct {
	Path   string // where it is mounted
	device string
}

// diskSize is sparse: only what is written takes room.
const diskSize = 64 << 20

// NewDisk makes and mounts one in the folder. ErrUnavailable without root, loop
// devices or mkfs.ext4.
func NewDisk(dir string) (*Disk, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: a disk whose power can be cut needs root", ErrUnavailable)
	}
	image := filepath.Join(dir, "disk.img")
	f, err := os.Create(image)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Truncate(diskSize), f.Close()); err != nil {
		return nil, err
	}
	if _, err := run("mkfs.ext4", "-q", "-F", image); err != nil {
		return nil, err
	}
	device, err := run("losetup", "--find", "--show", image)
	if err != nil {
		return nil, err
	}
	d := &Disk{filepath.Join(dir, "disk"), device}
	if err := os.Mkdir(d.Path, 0o700); err != nil {
		return nil, errors.Join(err, d.detach())
	}
	if err := d.mount(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: mount %s: %w", ErrUnavailable, device, err), d.detach())
	}
	return d, nil
}

func run(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w: %s", ErrUnavailable, name, err, text)
	}
	return text, nil
}

func (d *Disk) mount() error { return unix.Mount(d.device, d.Path, "ext4", unix.MS_NOATIME, "") }

func (d *Disk) detach() error {
	_, err := run("losetup", "--detach", d.device)
	return err
}

// Sync makes durable what is there, as the state before a test.
func (d *Disk) Sync() error {
	f, err := os.Open(d.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}

const (
	shutdown   = 0x8004587d // EXT4_IOC_SHUTDOWN
	noLogFlush = 2          // what is not in the log yet is lost
)

// Cut takes the power away and gives it again: what was not synced is gone. No
// process may have files open there.
func (d *Disk) Cut() error {
	f, err := os.Open(d.Path)
	if err != nil {
		return err
	}
	how := uint32(noLogFlush)
	err = ioctl(int(f.Fd()), shutdown, unsafe.Pointer(&how))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cut the power: %w", err)
	}
	if err := d.unmount(); err != nil {
		return err
	}
	return d.mount()
}

// unmount waits out who still holds something open there: a process that was just
// started has what this one had open, for a moment beyond its start.
func (d *Disk) unmount() error {
	again, patience := time.NewTicker(time.Millisecond), time.After(10*time.Second)
	defer again.Stop()
	for {
		err := unix.Unmount(d.Path, 0)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
			if errors.Is(err, unix.EBUSY) {
				continue
			}
		case <-patience:
		}
		return fmt.Errorf("unmount %s: %w", d.Path, err)
	}
}

// Close unmounts the disk; its folder is the caller's to remove.
func (d *Disk) Close() error {
	return errors.Join(d.unmount(), d.detach())
}
