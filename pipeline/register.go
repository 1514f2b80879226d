package pipeline

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"postroom/router/reference"
	"postroom/router/register"
)

// caseRegister keeps the register in force, and reads its file anew when that
// changed. A file that can't be used never replaces a register that could.
type caseRegister struct {
	path    string
	schemes []*reference.Scheme
	log     *slog.Logger

	mu    sync.Mutex
	good  *register.Register
	stamp fileStamp // of the file last tried, good or not: an error is told once
}

type fileStamp struct {
	size  int64
	mtime time.Time
}

func openRegister(path string, schemes []*reference.Scheme, log *slog.Logger) (*caseRegister, error) {
	c := &caseRegister{path: path, schemes: schemes, log: log}
	stamp, err := stampFile(path)
	if err != nil {
		return nil, fmt.Errorf("case register: %w", err)
	}
	if c.good, err = c.parse(); err != nil {
		return nil, err
	}
	c.stamp = stamp
	return c, nil
}

func stampFile(path string) (fileStamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{info.Size(), info.ModTime()}, nil
}

func (c *caseRegister) parse() (*register.Register, error) {
	f, err := os.Open(c.path)
	if err != nil {
		return nil, fmt.Errorf("case register: %w", err)
	}
	defer f.Close()
	r, err := register.Parse(f, c.schemes)
	if err != nil {
		return nil, fmt.Errorf("case register %s: %w", c.path, err)
	}
	return r, nil
}

// current gives the register in force. It costs one stat.
func (c *caseRegister) current() *register.Register {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp, err := stampFile(c.path)
	if err == nil && stamp == c.stamp {
		return c.good
	}
	if err != nil {
		if c.stamp != (fileStamp{}) {
			c.log.Error("the case register can't be read; the last good one stays in force", "error", err)
		}
		c.stamp = fileStamp{}
		return c.good
	}
	c.stamp = stamp
	fresh, err := c.parse()
	if err != nil {
		c.log.Error("the new case register can't be used; the last good one stays in force", "error", err)
		return c.good
	}
	c.good = fresh
	c.log.Info("case register read anew", "cases", fresh.Len())
	return c.good
}
