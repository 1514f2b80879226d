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
	state string    // of the file: see Mailroom.Register
}

// The states of the register's file.
const (
	registerOK      = "ok"
	registerEmpty   = "empty"   // it has a header and no case
	registerRefused = "refused" // it can't be right: the last good one is in force
	registerGone    = "gone"    // it can't be opened: the last good one is in force
)

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
	fresh, err := c.parse()
	if err != nil {
		return nil, err
	}
	c.stamp = stamp
	c.take(fresh)
	return c, nil
}

// take puts a register in force.
func (c *caseRegister) take(fresh *register.Register) {
	c.good, c.state = fresh, registerOK
	if fresh.Len() == 0 {
		c.state = registerEmpty
		c.log.Warn("the case register has a header and no case: nothing can be filed", "register", c.path)
	}
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
		c.stamp, c.state = fileStamp{}, registerGone
		return c.good
	}
	c.stamp = stamp
	fresh, err := c.parse()
	if err != nil {
		c.log.Error("the new case register can't be used; the last good one stays in force", "error", err)
		c.state = registerRefused
		return c.good
	}
	c.take(fresh)
	c.log.Info("case register read anew", "cases", fresh.Len())
	return c.good
}

// Register looks whether the case register's file has changed, and tells its state:
// ok, empty, refused or gone (the last good one is in force in both cases).
func (m *Mailroom) Register() string {
	m.cases.current()
	m.cases.mu.Lock()
	defer m.cases.mu.Unlock()
	return m.cases.state
}
