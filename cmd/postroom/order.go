package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"postroom/pipeline"
	"postroom/pipeline/journal"
)

// order is a command that reads or decides work. It runs in whichever process
// holds the journal: this one, or a server that is asked over its socket.
type order struct {
	Op        string             `json:"op"` // process, exceptions, exception, decide, batches, batch, verify
	Config    string             `json:"config"`
	JSON      bool               `json:"json,omitempty"`
	RouteOnly bool               `json:"route_only,omitempty"`
	Files     []string           `json:"files,omitempty"`
	ID        string             `json:"id,omitempty"`
	Decision  *pipeline.Decision `json:"decision,omitempty"`
}

// works tells whether the order needs the queue to be worked.
func (o order) works() bool { return o.Op == "process" || o.Op == "decide" }

// run carries the order out. out takes data, messages what a person should
// know besides; the error may be an exit.
func (o order) run(ctx context.Context, p *premises, out, messages io.Writer) error {
	switch o.Op {
	case "decide":
		if o.Decision == nil {
			return errors.New("an order to decide came without a decision")
		}
		return o.decide(ctx, p, out)
	case "process":
		return o.process(ctx, p, out, messages)
	case "exceptions":
		return o.exceptions(ctx, p, out)
	case "exception":
		return o.exception(ctx, p, out)
	case "batches":
		return o.batches(ctx, p, out)
	case "batch":
		return o.batch(ctx, p, out)
	case "verify":
		return o.verify(ctx, p, out)
	}
	return fmt.Errorf("the server does not know the order %q: it is of another version", o.Op)
}

// patience is how long a command waits for a journal that another short command holds.
const patience = 10 * time.Second

// dispatch runs the order here when the journal is free, else in the process that holds it.
func dispatch(ctx context.Context, cfg Config, o order) error {
	o.Config = cfg.Digest()
	giveUp := time.Now().Add(patience)
	for {
		p, err := openPremises(cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
		if err == nil {
			return here(ctx, p, o)
		}
		if !errors.Is(err, journal.ErrHeld) {
			return err
		}
		conn, err := dial(cfg.Data)
		if err == nil {
			return ask(ctx, conn, o, os.Stdout, os.Stderr)
		}
		if time.Now().After(giveUp) {
			return exit{exitHeld, fmt.Errorf("the data folder %s is held by a process that does not answer: "+
				"find it with `fuser %s/journal.db`, end it, and try again", cfg.Data, cfg.Data)}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// here runs the order in this process, and answers others meanwhile.
func here(ctx context.Context, p *premises, o order) (err error) {
	defer func() { err = errors.Join(err, p.close()) }()
	if !o.works() {
		return o.run(ctx, p, os.Stdout, os.Stderr)
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	listener, err := listen(p)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- p.mailroom.Run(work) }()
	err = o.run(ctx, p, os.Stdout, os.Stderr)
	listener.drain(ctx) // others have given their orders to this process
	stop()
	if failed := <-ended; failed != nil && !errors.Is(failed, context.Canceled) {
		err = errors.Join(err, failed)
	}
	return err
}

// printJSON writes one object a line.
func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
