// Command stress puts a real postroom server under strain and checks what came of it.
//
// In come made-up mail, a folder of odd and broken files, or a time over which the
// server is killed again and again; out comes a table, and an exit code of 1 when
// anything was lost, filed wrongly or took too long. It asks the server by its own
// commands, looks into its stores, and plays people in its browsers; it decodes nothing,
// and knows the journal only to fill it with copies of what the server wrote.
//
//	stress hostile -corpus FOLDER   odd and broken files, and good mail behind them
//	stress soak                     thousands of pages, and a SIGKILL every few seconds
//	stress desk                     50 people at once in front of 100,000 documents
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"postroom/durable"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := map[string]func(context.Context, []string) error{"hostile": hostile, "soak": soak, "desk": desk}
	if len(os.Args) < 2 || run[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: stress hostile|soak|desk [flags]   (stress soak -help)")
		os.Exit(2)
	}
	if err := run[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "stress:", err)
		stop()
		os.Exit(1)
	}
}

// trial is what all runs have in common.
type trial struct {
	binary, dir string
	seed        uint64
	pages       int
}

func (c *trial) flags(name string, pages int) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ExitOnError)
	f.StringVar(&c.binary, "postroom", filepath.Join("bin", "postroom"), "the program that is tried")
	f.StringVar(&c.dir, "dir", filepath.Join("bin", "stress-"+name), "a folder to work in, which must not be there; it is left for a look")
	f.Uint64Var(&c.seed, "seed", 1, "of the mail and of all that is drawn by lot")
	f.IntVar(&c.pages, "pages", pages, "about so many pages of made-up mail")
	return f
}

// fresh makes the folder to work in.
func (c *trial) fresh() error {
	if _, err := os.Stat(c.binary); err != nil {
		return fmt.Errorf("%w: build it with: make build", err)
	}
	var err error
	if c.binary, err = filepath.Abs(c.binary); err == nil {
		c.dir, err = filepath.Abs(c.dir)
	}
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.dir); err == nil {
		return fmt.Errorf("%s is there from an earlier run: remove it, or name another by -dir", c.dir)
	}
	return durable.MkdirAll(c.dir, 0o750)
}

// configured writes the configuration of a server over the made-up mail in a folder,
// that picks up fast and files as confirm says.
func configured(binary, dir, confirm string) (*server, error) {
	text, err := os.ReadFile(filepath.Join(dir, "postroom.yaml"))
	if err != nil {
		return nil, err
	}
	_, rest, found := strings.Cut(string(text), "languages:")
	if !found {
		return nil, fmt.Errorf("the made-up configuration has no languages:\n%s", text)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free now
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	head := fmt.Sprintf("data: ./data\nweb: {listen: '%s'}\nrouting: {confirm: %s}\nintake: [{folder: ./inbox, name: scanner-1, quiet: 1s, rescan: 1s, max_age: 2m}]\nlanguages:", address, confirm)
	s := &server{binary: binary, dir: dir, config: filepath.Join(dir, "serve.yaml"), listen: address}
	return s, durable.Overwrite(s.config, strings.NewReader(head+rest))
}

// machine says what a figure was measured on.
func machine() string { return fmt.Sprintf("%d cores, %s", runtime.NumCPU(), runtime.Version()) }

// every calls what is to be done again and again until it says that it is over, or the
// context ends.
func every(ctx context.Context, pause time.Duration, over func() (bool, error)) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if done, err := over(); done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
