package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"postroom/durable"
)

// office is a run in which people work at the desk of a full mailroom.
type office struct {
	trial
	documents, waiting int // that the mailroom has, about
	files              int // that are really read
	duration           time.Duration
	hurry              float64
	mail               bool
	only               bool

	config    string
	cases     []string
	server    *server
	record    *record
	delivered int
	own       int64 // bytes of the server's memory at the end
}

// desk fills a mailroom, and has people work in it for some minutes.
func desk(ctx context.Context, args []string) error {
	var o office
	f := o.flags("desk", 320)
	f.IntVar(&o.files, "files", 16, "in so many files, which are really read; all other documents are copies of theirs, with pictures of their own")
	f.IntVar(&o.documents, "documents", 100_000, "so many documents")
	f.IntVar(&o.waiting, "waiting", 10_000, "so many of them wait for a person")
	f.DurationVar(&o.duration, "duration", 4*time.Minute, "how long people work")
	f.Float64Var(&o.hurry, "hurry", 1, "people pause by so much less")
	f.BoolVar(&o.mail, "mail", false, "a batch of 25 pages comes in each minute")
	f.BoolVar(&o.only, "prepare", false, "make the folder alone")
	if err := f.Parse(args); err != nil {
		return err
	}
	if o.hurry < 0.1 || o.hurry > 10 || o.duration > time.Hour {
		return errors.New("-hurry is 0.1 to 10, -duration at most 1h")
	}
	if err := o.ready(ctx); err != nil || o.only {
		return err
	}
	fmt.Printf("seed %d, %s\n", o.seed, machine())
	if err := o.open(ctx); err != nil {
		return err
	}
	err := o.work(ctx)
	return errors.Join(err, o.server.end(syscall.SIGTERM))
}

// ready makes the folder, unless an earlier run has left it: to read the mail and to fill
// the mailroom takes much longer than to work in it.
func (o *office) ready(ctx context.Context) (err error) {
	if o.binary, err = filepath.Abs(o.binary); err == nil {
		o.dir, err = filepath.Abs(o.dir)
	}
	if err != nil {
		return err
	}
	o.config = filepath.Join(o.dir, "postroom.yaml")
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{{"read", o.read}, {"filled", o.fill}, {"indexed", o.index}} {
		mark := filepath.Join(o.dir, step.name)
		if _, err := os.Stat(mark); err == nil {
			continue
		} else if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		begun := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%w; what was done is in %s", err, o.dir)
		}
		fmt.Fprintf(os.Stderr, "%s in %v\n", step.name, time.Since(begun).Round(time.Second))
		if err := durable.Overwrite(mark, strings.NewReader("")); err != nil {
			return err
		}
	}
	return nil
}

// index makes the search index.
func (o *office) index(ctx context.Context) error {
	said, err := (&server{binary: o.binary, config: o.config}).command(ctx, "index", "rebuild")
	fmt.Fprint(os.Stderr, string(said))
	return err
}

// open starts the server and waits until its figures have what was filled in.
func (o *office) open(ctx context.Context) (err error) {
	if o.server, err = configuredAt(o.binary, o.dir); err != nil {
		return err
	}
	// The same people look at the same letters again: nobody has seen a picture before.
	if err := durable.RemoveAll(filepath.Join(o.dir, "data", "pictures")); err != nil {
		return err
	}
	if err := o.server.start(ctx); err != nil {
		return err
	}
	o.cases = o.references()
	waited := time.Now()
	calm, before := 0, -1.0
	patience, stop := context.WithTimeout(ctx, 20*time.Minute)
	defer stop()
	err = every(patience, 2*time.Second, func() (bool, error) { // what follows the log works until it is at its end
		spent, _ := processor(o.server.cmd.Process.Pid)
		if calm++; spent-before > 0.1 {
			calm = 0
		}
		before = spent
		return calm >= 3, o.server.alive()
	})
	fmt.Fprintf(os.Stderr, "the server is at rest after %v\n", time.Since(waited).Round(time.Second))
	return err
}
