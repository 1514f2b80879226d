package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postroom/durable/faults"
	"postroom/mail"
	"postroom/pipeline/intake"
	"postroom/pipeline/journal"
	"postroom/pipeline/journal/audit"
	"postroom/pipeline/journal/bolt"
	"postroom/pipeline/sandbox"
	"postroom/router"
	"postroom/router/casestore"
	"postroom/router/casestore/folder"
	"postroom/router/reference"
)

// A sweep starts this test binary again as a mailroom.
const (
	sweptRoom     = "POSTROOM_SWEPT_ROOM"     // names the folder of its data and store
	sweptShare    = "POSTROOM_SWEPT_SHARE"    // names that of the scanners' folders
	sweptJoins    = "POSTROOM_SWEPT_JOINS"    // is set when its calls are judged
	sweptPatience = "POSTROOM_SWEPT_PATIENCE" // is the time after which it gives up

	sweptRescan = 500 * time.Microsecond // between two looks at anything that waits
)

// Its exit codes.
const (
	exitDone  = 0 // all mail is where it belongs
	exitStart = 3 // it could not start, and said why
	exitStuck = 4 // it ran, and did not finish
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "be-helper" {
		if err := sandbox.Helper(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	at := site{os.Getenv(sweptRoom), os.Getenv(sweptShare)}
	if at.room == "" {
		os.Exit(m.Run())
	}
	if os.Getenv(sweptJoins) != "" {
		if err := faults.Join(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitStart)
		}
	}
	patience, err := time.ParseDuration(os.Getenv(sweptPatience))
	if err != nil {
		panic(err)
	}
	os.Exit(sweptMailroom(at, patience))
}

// sweptClock stands still, so that each run writes the same times, until mail rests.
type sweptClock struct{ ahead atomic.Int64 }

func (c *sweptClock) now() time.Time {
	return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(c.ahead.Load()))
}

// premises is a mailroom as a process has it: over a folder, with nothing of a test.
type premises struct {
	*Mailroom
	journal journal.Store
	log     *audit.Log
	clock   *sweptClock
	site
}

func openSwept(at site) (*premises, error) {
	p := &premises{clock: &sweptClock{}, site: at}
	store, err := bolt.Open(filepath.Join(at.room, "data", "journal.db"), bolt.Config{BackOff: time.Millisecond, Seal: func(tx journal.Tx) error { return p.log.Seal(tx) },
		Pause: func() time.Duration { return p.Pause() }, OnError: func(_ journal.Task, err error) { p.WantsRoom(err) }})
	if err != nil {
		return nil, err
	}
	p.journal = store
	if p.log, err = audit.Open(context.Background(), filepath.Join(at.room, "data", "audit"), store); err == nil {
		err = p.furnish()
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return p, nil
}

func (p *premises) furnish() error {
	blobs, err := journal.OpenDir(filepath.Join(p.room, "data", "blobs"))
	if err != nil {
		return err
	}
	scheme, err := reference.New(reference.Config{Name: "tax", Pattern: `TX-\d{4}-\d{6}-\d{2}`, Check: "iso7064-mod97-10", Store: "tax"})
	if err != nil {
		return err
	}
	p.Mailroom, err = New(Config{
		Rules: router.New(router.Config{Separators: []router.Control{{Patch: mail.PatchT}}, OnReference: true, MaxPages: 50,
			Schemes: []*reference.Scheme{scheme}}),
		Schemes: []*reference.Scheme{scheme}, Register: filepath.Join(p.room, "cases.csv"),
		Stores:    map[string]casestore.Store{"tax": folder.New(filepath.Join(p.room, "tax"), "tax")},
		Languages: []string{"fra", "nld"}, Digest: "digest", Version: "test", Audit: p.log, Now: p.clock.now, StoreRetry: 2 * time.Millisecond, DiskRetry: 2 * time.Millisecond,
	}, p.journal, blobs, &fakeHelpers{})
	return err
}

// sweptMailroom serves until all mail of the folder is where it belongs.
func sweptMailroom(at site, patience time.Duration) int {
	p, err := openSwept(at)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		return exitStart
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	ran := make(chan error, 1)
	go func() {
		err := p.Run(ctx)
		fail(err)
		ran <- err
	}()
	err = p.day(ctx)
	stop()
	if ended := <-ran; err != nil && !errors.Is(ended, context.Canceled) && !errors.Is(ended, context.DeadlineExceeded) {
		fmt.Fprintln(os.Stderr, "run:", ended)
		return exitStart // Run gives no other error than that of its start
	}
	if err = errors.Join(err, p.journal.Close()); err != nil {
		fmt.Fprintln(os.Stderr, "day:", err)
		return exitStuck
	}
	return exitDone
}

// day is what comes in and what persons do: one folder's mail arrives, then the
// other's; a clerk decides; the sources settle and go.
func (p *premises) day(ctx context.Context) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	for n, f := range p.folders() {
		go func() { _ = intake.Watch(watching, p.watch(f)) }() // it has no error
		if err := p.until(ctx, func() (bool, error) { return p.received(ctx, n+2) }); err != nil {
			return fmt.Errorf("intake of %s: %w", f.Name, err)
		}
	}
	if err := p.until(ctx, func() (bool, error) { return p.decided(ctx) }); err != nil {
		return fmt.Errorf("decision: %w", err)
	}
	if err := p.until(ctx, func() (bool, error) { return p.resting(ctx) }); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if err := p.until(ctx, func() (bool, error) { return p.released(ctx) }); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return p.until(ctx, func() (bool, error) { return p.resting(ctx) })
}

func (p *premises) watch(f intake.Folder) intake.Config {
	return intake.Config{Folders: []intake.Folder{f}, NoEvents: true, Accept: p.Arrive, Known: p.Knows,
		Whole: func(context.Context, string) error { return nil }}
}

// until looks again and again; an error is what the disk gives, and may pass.
func (p *premises) until(ctx context.Context, is func() (bool, error)) error {
	for {
		done, err := is()
		if done && err == nil {
			return nil
		}
		again := time.NewTimer(sweptRescan)
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err, p.describe())
		case <-again.C:
		}
	}
}

// describe tells what is not done.
func (p *premises) describe() error {
	var text strings.Builder
	err := p.Batches(context.Background(), func(b BatchLine) error {
		fmt.Fprintf(&text, "%+v\n", b)
		return nil
	})
	return errors.Join(err, errors.New(text.String()))
}

func (p *premises) received(ctx context.Context, want int) (bool, error) {
	n := 0
	err := p.Batches(ctx, func(BatchLine) error { n++; return nil })
	return n >= want, err
}

// decided has a clerk file the letter without a number, once it waits.
func (p *premises) decided(ctx context.Context) (bool, error) {
	clerk := "A. Clerk"
	done := false
	err := p.Batches(ctx, func(b BatchLine) error {
		_, docs, err := p.Batch(ctx, b.Batch)
		for _, d := range docs {
			switch {
			case d.DecidedBy == clerk:
				done = true
			case d.Reason == mail.NoReference.String():
				err = errors.Join(err, p.Decide(ctx, d.Document, Decision{Reference: caseA, By: clerk}))
			}
		}
		return err
	})
	return done, err
}

func (p *premises) resting(ctx context.Context) (bool, error) {
	q, err := p.Waiting(ctx)
	return q.Tasks == 0 && q.Stores+q.Stuck == 0, err
}

// released has the sources settle and removes them.
func (p *premises) released(ctx context.Context) (bool, error) {
	if err := p.Release(ctx); err != nil {
		return false, err
	}
	p.clock.ahead.Add(int64(2 * settle))
	left := false
	err := p.journal.View(ctx, func(r journal.Reader) error {
		left = false
		return each(r, tableSource, "", func(journal.Row) error { left = true; return nil })
	})
	return !left, err
}
