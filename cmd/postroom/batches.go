package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"postroom/pipeline"
)

func batchesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "batches", Short: "List and show the batches that came in", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		ordering(&cobra.Command{Use: "list", Short: "List all batches, the oldest first", Args: cobra.NoArgs}, &order{Op: "batches"}),
		ordering(&cobra.Command{Use: "show BATCH", Short: "Show a batch and where each of its pages is", Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions}, &order{Op: "batch"}))
	return c
}

func (o order) batches(ctx context.Context, p *premises, out io.Writer) error {
	return p.mailroom.Batches(ctx, func(b pipeline.BatchLine) error {
		if o.JSON {
			return printJSON(out, b)
		}
		_, err := fmt.Fprintf(out, "%s  %-6s %5d pages %4d documents %4d filed %4d exceptions %4d pending  %s\n",
			b.Batch, b.State, b.Pages, b.Documents, b.Filed, b.Exceptions, b.Pending, printable(b.File))
		return err
	})
}

func (o order) batch(ctx context.Context, p *premises, out io.Writer) error {
	id, err := p.mailroom.FindBatch(ctx, o.ID)
	if errors.Is(err, pipeline.ErrNoSuch) {
		return fmt.Errorf("no batch %q (see: postroom batches list)", o.ID)
	}
	if err != nil {
		return err
	}
	if err := p.mailroom.LogView(ctx, o.who(), "batch viewed", id); err != nil {
		return err
	}
	b, docs, err := p.mailroom.Batch(ctx, id)
	if err != nil {
		return err
	}
	if !o.JSON {
		for _, s := range b.SeparatorPages {
			if _, err := fmt.Fprintf(out, "  page %-7d separator %s%s\n", s.Page, printable(s.Why), by(s.DecidedBy, s.Decided)); err != nil {
				return err
			}
		}
	}
	return o.print(out, b, docs)
}
