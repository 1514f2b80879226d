package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"postroom/pipeline/journal"
)

func verifyCommand() *cobra.Command {
	return ordering(&cobra.Command{
		Use:   "verify",
		Short: "Check that no page is lost and everything is as it was filed",
		Long: `verify checks that every page of every batch has exactly one place, that every
stored file still has its digest, that every receipt's document is in its store,
that users and groups have the rights that the log says, and that the log's entries are those that were signed. It exits with 0 only if all hold,
with 7 otherwise. Stored files that no row refers to are counted as left over:
a crash leaves one now and then, and a decision replaces some. How it ended is kept, as
an entry of the log, too, and shown to auditors. One verification runs at a time.`,
		Args: cobra.NoArgs,
	}, &order{Op: "verify"})
}

// unverified gives a journal that is gone or can't be read the exit code of what verify finds.
func unverified(err error) error {
	if errors.Is(err, journal.ErrDamaged) || errors.Is(err, errLost) {
		return exit{exitVerification, err}
	}
	return err
}

func (o order) verify(ctx context.Context, p *premises, out io.Writer) error {
	say := faults{out: out, json: o.JSON}
	looked, err := p.mailroom.VerifyBy(ctx, o.who(), p.people.Verify, say.fault)
	if err != nil {
		return unverified(err)
	}
	if o.JSON {
		err = printJSON(out, map[string]any{"type": "verification", "faults": say.n, "batches": looked.Batches, "pages": looked.Pages,
			"documents": looked.Documents, "blobs": looked.Blobs, "receipts": looked.Receipts, "events": looked.Events, "users": looked.Users, "left_over": looked.LeftOver})
	} else {
		_, err = fmt.Fprintf(out, "%d faults in %d batches, %d pages, %d documents, %d stored files, %d receipts, %d events; left over: %d stored files\n",
			say.n, looked.Batches, looked.Pages, looked.Documents, looked.Blobs, looked.Receipts, looked.Events, looked.LeftOver)
	}
	if err != nil {
		return err
	}
	return say.verdict()
}

// faults prints what a verification finds, a line each, and counts them.
type faults struct {
	out  io.Writer
	json bool
	n    int
}

func (f *faults) fault(what string) {
	f.n++
	if f.json {
		_ = printJSON(f.out, map[string]string{"type": "fault", "fault": what})
		return
	}
	fmt.Fprintln(f.out, "FAULT", printable(what))
}

func (f *faults) verdict() error {
	if f.n == 0 {
		return nil
	}
	return exit{exitVerification, fmt.Errorf("verification found %s", count(f.n, "fault"))}
}
