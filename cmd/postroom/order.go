package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"time"

	"postroom/pipeline"
	"postroom/pipeline/journal"
)

// order is a command that reads or decides work. It runs in whichever process
// holds the journal: this one, or a server that is asked over its socket.
type order struct {
	Op        string             `json:"op"` // see run
	Config    string             `json:"config"`
	JSON      bool               `json:"json,omitempty"`
	RouteOnly bool               `json:"route_only,omitempty"`
	Files     [][]byte           `json:"files,omitempty"` // bytes: a name need not be UTF-8
	ID        string             `json:"id,omitempty"`
	UID       string             `json:"uid,omitempty"` // of who asks; over the socket the kernel says it
	Decision  *pipeline.Decision `json:"decision,omitempty"`
	Closing   *pipeline.Closing  `json:"closing,omitempty"`
	Ticket    *ticketOrder       `json:"ticket,omitempty"`
	Regroup   *pipeline.Regroup  `json:"regroup,omitempty"`
	Return    *pipeline.Return   `json:"return,omitempty"`
	Undo      *pipeline.Undo     `json:"undo,omitempty"`
	Park      *pipeline.Park     `json:"park,omitempty"`
	Turn      *pipeline.Turn     `json:"turn,omitempty"`
	Documents []string           `json:"documents,omitempty"`
	Details   bool               `json:"details,omitempty"`
	Crops     bool               `json:"crops,omitempty"`
	Account   *account           `json:"account,omitempty"`
	From      string             `json:"from,omitempty"` // a day, as To
	To        string             `json:"to,omitempty"`
	Recount   bool               `json:"recount,omitempty"`

	out io.Writer // of the data; nil = stdout
}

// who names the asker in the log.
func (o order) who() string { return "user " + o.UID }

// works tells whether the order needs the queue to be worked.
func (o order) works() bool {
	return slices.Contains([]string{"process", "decide", "regroup", "return", "undo"}, o.Op)
}

// founds tells whether the order may be the first that a data folder sees: an office makes
// its accounts and prints its tickets before its first letter comes.
func (o order) founds() bool {
	return o.Account != nil && (o.Op == opUserAdd || o.Op == opGroupAdd) || o.Op == "ticket"
}

// run carries the order out. out takes data, messages what a person should
// know besides; the error may be an exit.
func (o order) run(ctx context.Context, p *premises, out, messages io.Writer) error {
	if o.Account != nil {
		return o.account(ctx, p, out, messages)
	}
	switch o.Op {
	case "decide":
		if o.Decision == nil {
			return errors.New("an order to decide came without a decision")
		}
		return o.decide(ctx, p, out, messages)
	case "regroup", "return", "undo", "park":
		return o.persons(ctx, p, out)
	case "turn":
		return o.turn(ctx, p, messages)
	case "rescans":
		return o.rescans(ctx, p, out)
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
	case "close":
		return o.closeBatch(ctx, p, out)
	case "ticket":
		return o.ticket(ctx, p, out)
	case "verify":
		return o.verify(ctx, p, out)
	case "story":
		return o.story(ctx, p, out)
	case "export":
		return o.export(ctx, p, out)
	case "checkpoint":
		return o.checkpoint(ctx, p, out)
	case "rebuild":
		return o.rebuild(ctx, p, out)
	case "figures":
		return o.figures(ctx, p, out)
	}
	return fmt.Errorf("the server does not know the order %q: it is of another version", o.Op)
}

// patience is how long a command waits for a journal that another short command holds.
const patience = 10 * time.Second

// dispatch runs the order here when the journal is free, else in the process that holds it.
func dispatch(ctx context.Context, cfg Config, o order) error {
	o.Config, o.UID = cfg.Digest(), strconv.Itoa(os.Getuid())
	if !o.works() && !o.founds() {
		if begun, err := started(cfg); err != nil || !begun {
			return o.without(cfg, err)
		}
	}
	if o.out == nil {
		o.out = os.Stdout
	}
	giveUp := time.Now().Add(patience)
	for {
		p, err := openPremises(cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
		if err == nil {
			return here(ctx, p, o)
		}
		if o.Op == "verify" {
			err = unverified(err)
		}
		if !errors.Is(err, journal.ErrHeld) {
			return err
		}
		conn, err := dial(cfg.Data)
		if err == nil {
			if err := ask(ctx, conn, o, o.out, os.Stderr); !errors.Is(err, errBusy) {
				return err
			}
			giveUp = time.Now().Add(patience) // it answers: it will be done some time
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

// without answers an order to look where there is no journal. Looking must not make
// an empty data folder where the name is mistyped.
func (o order) without(cfg Config, err error) error {
	switch {
	case err != nil && o.Op == "verify":
		return unverified(err)
	case err != nil:
		return err
	case slices.Contains([]string{"verify", "story", "export", "checkpoint"}, o.Op) || o.Account != nil && o.Op != opUsers && o.Op != opGroups: // an auditor must not take nothing for an answer
		return fmt.Errorf("there is no journal in %s yet: nothing was ever taken under this configuration", cfg.Data)
	}
	fmt.Fprintf(os.Stderr, "postroom: there is no journal in %s yet: nothing was ever taken under this configuration\n", cfg.Data)
	return nil
}

// here runs the order in this process, and answers others meanwhile.
func here(ctx context.Context, p *premises, o order) error {
	listener, err := listen(p, o.works())
	if err != nil {
		return errors.Join(err, p.close())
	}
	if o.works() {
		return errors.Join(hereWorking(ctx, p, o, listener), p.close())
	}
	// Whoever reads the answer slowly must not hold the journal meanwhile.
	var out bytes.Buffer
	err = o.run(ctx, p, &out, os.Stderr)
	listener.drain(ctx)
	err = errors.Join(err, p.close())
	if _, failed := out.WriteTo(o.out); failed != nil {
		err = errors.Join(err, failed)
	}
	return err
}

// hereWorking runs an order that needs the queue to be worked.
func hereWorking(ctx context.Context, p *premises, o order, listener *counter) error {
	if err := p.ready(ctx); err != nil {
		listener.close()
		return err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	waited, giveUp := context.WithCancel(ctx) // what nobody works at is not waited for
	go func() {
		err := p.mailroom.Run(work)
		giveUp()
		ended <- err
	}()
	err := o.run(waited, p, o.out, os.Stderr)
	listener.drain(waited) // others have given their orders to this process
	stop()
	failed := <-ended
	switch {
	case failed == nil || errors.Is(failed, context.Canceled):
		return err
	case errors.Is(err, context.Canceled) && ctx.Err() == nil:
		return failed // which cut the order short
	}
	return errors.Join(err, failed)
}

// printJSON writes one object a line, which a terminal can show.
func printJSON(out io.Writer, v any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := out.Write(pipeline.Escaped(text.Bytes()))
	return err
}
