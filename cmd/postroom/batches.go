package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

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
		batchesTurnCommand(),
		ordering(&cobra.Command{Use: "show BATCH", Short: "Show a batch and where each of its pages is", Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions}, &order{Op: "batch"}),
		batchesCloseCommand())
	return c
}

func batchesCloseCommand() *cobra.Command {
	closing := &pipeline.Closing{}
	o := &order{Op: "close", Closing: closing}
	c := ordering(&cobra.Command{
		Use:   "close BATCH --because WHY --by NAME",
		Short: "Close a batch that differs from its ticket",
		Long: `close accepts that a batch has other counts than its ticket says, with a reason that
is kept and logged with both. Documents that wait are decided first.`,
		Example: "  postroom batches close 01a2… --because 'one letter was withdrawn' --by 'A. Clerk' --config postroom.yaml",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, o)
	carryOut := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := closing.Complete(); err != nil {
			return usage("%w (see: %s --help)", err, c.CommandPath())
		}
		return carryOut(c, args)
	}
	c.Flags().StringVar(&closing.Why, "because", "", "why the counts differ, or may")
	c.Flags().StringVar(&closing.By, "by", "", "`name` of who closes it")
	return c
}

func (o order) closeBatch(ctx context.Context, p *premises, out io.Writer) error {
	if o.Closing == nil {
		return errors.New("an order to close a batch came without a reason")
	}
	id, err := o.foundBatch(ctx, p)
	if err != nil {
		return err
	}
	closing := *o.Closing
	closing.UID = o.UID
	if err := p.mailroom.CloseBatch(ctx, id, closing); errors.As(err, new(*pipeline.Refused)) {
		return fmt.Errorf("nothing was changed: %w", err)
	} else if err != nil {
		return err
	}
	b, _, err := p.mailroom.Batch(ctx, id)
	if err != nil {
		return err
	}
	return o.print(out, b, nil)
}

// reconciliation tells people what a batch's ticket says, what was counted, and who
// accepted a difference; nothing of a batch without a ticket.
func reconciliation(b pipeline.BatchLine) string {
	if b.Expected == nil || b.Counted == nil {
		return ""
	}
	var all []string
	for _, c := range []struct {
		what         string
		expected, is int
	}{{"document", b.Expected.Documents, b.Counted.Documents}, {"page", b.Expected.Pages, b.Counted.Pages}} {
		if c.expected > 0 {
			all = append(all, fmt.Sprintf("%s expected, %d counted", count(c.expected, c.what), c.is))
		}
	}
	text := fmt.Sprintf("  %-12s %s\n", "ticket", strings.Join(all, "; "))
	if c := b.Closing; c != nil {
		text += fmt.Sprintf("  %-12s %s%s\n", "accepted", printable(c.Why), by(c.By, c.At))
	}
	return text
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

// foundBatch finds a batch by its id, or by a beginning of it that only one has.
func (o order) foundBatch(ctx context.Context, p *premises) (string, error) {
	id, err := p.mailroom.FindBatch(ctx, o.ID)
	if errors.Is(err, pipeline.ErrNoSuch) {
		return "", fmt.Errorf("no batch %q (see: postroom batches list)", o.ID)
	}
	return id, err
}

func (o order) batch(ctx context.Context, p *premises, out io.Writer) error {
	id, err := o.foundBatch(ctx, p)
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
		for _, s := range b.DiscardedPages {
			if _, err := fmt.Fprintf(out, "  page %-7d discarded %s%s\n", s.Page, printable(s.Why), by(s.DecidedBy, s.Decided)); err != nil {
				return err
			}
		}
	}
	return o.print(out, b, docs)
}
