package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
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
	sum   string    // SHA-256 of the file that is in force
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
	fresh, sum, err := c.parse()
	if err != nil {
		return nil, err
	}
	c.stamp = stamp
	c.take(fresh, sum)
	return c, nil
}

// take puts a register in force.
func (c *caseRegister) take(fresh *register.Register, sum string) {
	c.good, c.sum, c.state = fresh, sum, registerOK
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

func (c *caseRegister) parse() (r *register.Register, sum string, err error) {
	f, err := os.Open(c.path)
	if err != nil {
		return nil, "", fmt.Errorf("case register: %w", err)
	}
	defer f.Close()
	hash := sha256.New()
	if r, err = register.Parse(io.TeeReader(f, hash), c.schemes); err != nil {
		return nil, "", fmt.Errorf("case register %s: %w", c.path, err)
	}
	return r, hex.EncodeToString(hash.Sum(nil)), nil
}

// digest identifies the register in force, and tells how many cases it has.
func (c *caseRegister) digest() (sum string, cases int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum, c.good.Len()
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
	fresh, sum, err := c.parse()
	if err != nil {
		c.log.Error("the new case register can't be used; the last good one stays in force", "error", err)
		c.state = registerRefused
		return c.good
	}
	c.take(fresh, sum)
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
