package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"postroom/mail"
	"postroom/pipeline"
)

func exceptionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "exceptions",
		Short: "List, show and decide what waits for a person",
		Long: `What the machine can't prove waits here. docs/exceptions.md has a heading for
each reason with what it means and what to do.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(exceptionsListCommand(), exceptionsShowCommand(), exceptionsDecideCommand(), exceptionsRegroupCommand(),
		exceptionsReturnCommand(), exceptionsUndoCommand(), exceptionsParkCommand(), exceptionsUnparkCommand(), exceptionsRescansCommand())
	return c
}

// ordering makes the flags and the run function that commands about the journal share.
func ordering(c *cobra.Command, o *order) *cobra.Command {
	config := c.Flags().String("config", "", "the configuration, postroom.yaml")
	c.Flags().BoolVar(&o.JSON, "json", false, "print one JSON object a line")
	c.RunE = func(c *cobra.Command, args []string) error {
		cfg, err := loadConfig(*config)
		if err != nil {
			return err
		}
		if len(args) > 0 {
			o.ID, o.Documents = args[0], append(o.Documents, args[1:]...)
		}
		return dispatch(c.Context(), cfg, *o)
	}
	return c
}

func exceptionsListCommand() *cobra.Command {
	return ordering(&cobra.Command{
		Use: "list", Short: "List the documents that wait, the oldest first", Args: cobra.NoArgs,
	}, &order{Op: "exceptions"})
}

func exceptionsShowCommand() *cobra.Command {
	return ordering(&cobra.Command{
		Use: "show DOCUMENT", Short: "Show one document: why it waits, what was read, which cases it may belong to", Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, &order{Op: "exception"})
}

func exceptionsDecideCommand() *cobra.Command {
	d := &pipeline.Decision{}
	o := &order{Op: "decide", Decision: d}
	c := ordering(&cobra.Command{
		Use:   "decide DOCUMENT (--reference R | --discard WHY | --split-before PAGE | --separator PAGE | --merge next|previous) --by NAME",
		Short: "Decide a document that waits",
		Long: `decide files the document in a case (the reference must pass the same checks as
one that the machine reads), discards its pages with a reason, divides it, or
makes it one letter with its neighbour: --split-before says that a letter begins
on that page, --separator that the page is a separator sheet, --merge that the
document goes on (with --take-in the separators between are pages of it, too).
Who decided, and when, is kept. Where references must be keyed twice
(references: double_key), the first --reference files nothing.

Exit codes: 0 decided, 1 refused, and nothing was changed, 4 decided, but the
document or a part of it waits for a person again, 6 its store could not be reached.`,
		Example: "  postroom exceptions decide 3f0c… --reference TX-2021-696366-27 --by 'A. Clerk' --config postroom.yaml",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, o)
	checked(c, func() error {
		if c.Flags().Changed("discard") && d.Discard == "" {
			d.Discard = " " // said, and no reason
		}
		return d.Complete()
	})
	c.Flags().StringVar(&d.Reference, "reference", "", "file it in this case")
	c.Flags().StringVar(&d.Discard, "discard", "", "discard its pages, for this reason")
	c.Flags().Var((*pageFlag)(&d.SplitBefore), "split-before", "a letter begins on this `page` of the batch")
	c.Flags().Var((*pageFlag)(&d.Separator), "separator", "this `page` of the batch is a separator sheet")
	c.Flags().StringVar(&d.Merge, "merge", "", "it is one letter with the `next` or previous document")
	c.Flags().BoolVar(&d.TakeIn, "take-in", false, "with --merge: the separators between are pages of the letter, too")
	c.Flags().BoolVar(&d.Supervisor, "supervisor", false, "a supervisor decides, on what was handed up too, and without a second keying")
	c.Flags().StringVar(&d.By, "by", "", "`name` of who decides")
	return c
}

func (o order) exceptions(ctx context.Context, p *premises, out io.Writer) error {
	if err := p.mailroom.LogView(ctx, o.who(), "exceptions listed", pipeline.SubjectExceptions); err != nil {
		return err
	}
	const portion = 500
	for after := pipeline.Cursor(""); ; {
		some, next, err := p.mailroom.Waits(ctx, after, portion, pipeline.Filter{})
		if err != nil {
			return err
		}
		for _, d := range some {
			if o.JSON {
				err = printJSON(out, d)
			} else {
				_, err = fmt.Fprintf(out, "%s  %-18s %s %s: %s%s\n", d.Document, d.Reason, printable(d.File), span(d.Pages), printable(d.Detail), laid(d))
			}
			if err != nil {
				return err
			}
		}
		if after = next; next == "" {
			return nil
		}
	}
}

// laid tells where a document waits when that is not among all that is open, and who has
// keyed it.
func laid(d pipeline.DocumentLine) (text string) {
	if d.Lane != "" {
		text = fmt.Sprintf(" [lane %s, by %s: %s]", d.Lane, printable(d.LaneBy), printable(d.LaneWhy))
	}
	if d.Keyed != nil {
		text += fmt.Sprintf(" [keyed once, by %s]", printable(d.Keyed.By))
	}
	if d.Keyings > 1 {
		text += " [keyed twice, differently]"
	}
	return text
}

func (o order) exception(ctx context.Context, p *premises, out io.Writer) error {
	d, err := p.document(ctx, o.ID)
	if err == nil {
		err = p.mailroom.LogView(ctx, o.who(), "document viewed", d.Document)
	}
	if err != nil {
		return err
	}
	if o.JSON {
		return printJSON(out, d)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "document  %s\nfile      %s, %s (batch %s)\nstatus    %s %s\n", d.Document, printable(d.File), span(d.Pages), d.Batch, d.Status, d.Reason)
	for _, l := range [][2]string{{"case", d.Reference}, {"path", d.Path}, {"detail", d.Detail}, {"rule", d.Rule}} {
		if l[1] != "" {
			fmt.Fprintf(&text, "%-9s %s\n", l[0], printable(l[1]))
		}
	}
	if d.DecidedBy != "" {
		fmt.Fprintf(&text, "decided   by %s on %s\n", printable(d.DecidedBy), moment(d.Decided))
	}
	if d.Lane != "" {
		fmt.Fprintf(&text, "lane      %s (%s, %s): %s\n", d.Lane, printable(d.LaneBy), moment(d.LaneSince), printable(d.LaneWhy))
	}
	if d.Keyed != nil {
		fmt.Fprintf(&text, "keyed     once, by %s on %s; another person must key it, too\n", printable(d.Keyed.By), moment(d.Keyed.At))
	}
	if d.Keyings > 1 {
		fmt.Fprintf(&text, "keyed     twice, differently; a supervisor decides\n")
	}
	for _, part := range d.Parts {
		fmt.Fprintf(&text, "part      %s\n", part)
	}
	for _, s := range d.Decisions {
		text.WriteString(said(s))
	}
	text.WriteString(evidence(d.Evidence))
	for _, c := range d.Candidates {
		fmt.Fprintf(&text, "candidate %s: %s\n", printable(c.Reference), printable(c.Why))
	}
	if d.Status == mail.Held.String() {
		fmt.Fprintf(&text, "\nremedy    docs/exceptions.md, %q\n", d.Reason)
	}
	_, err = io.WriteString(out, text.String())
	return err
}

// evidence tells what was read. What a person says was said by then.
func evidence(all []pipeline.EvidenceLine) (text string) {
	for _, e := range all {
		if e.Source != mail.FromPerson {
			text += fmt.Sprintf("read      page %d, %s: %s (confidence %.2f)\n", e.Page, e.Source, printable(e.Text), e.Confidence)
		}
	}
	return text
}

// said tells a person's decision, and what it was about.
func said(s pipeline.DecisionLine) string {
	text := ""
	if s.Reason != "" {
		text = fmt.Sprintf("held      %s, since %s: %s\n", s.Reason, moment(s.Held), printable(s.Detail))
	}
	user := ""
	if s.UID != "" {
		user = fmt.Sprintf(" (user %s)", s.UID)
	}
	text += evidence(s.Evidence) + fmt.Sprintf("said      %s, by %s%s on %s\n", printable(s.Words()), printable(s.By), user, moment(s.At))
	if s.Undone != nil {
		text += fmt.Sprintf("undone    by %s on %s\n", printable(s.Undone.By), moment(s.Undone.At))
	}
	return text
}

// document finds a document by its id, or by a beginning of it that only one has.
func (p *premises) document(ctx context.Context, id string) (pipeline.DocumentLine, error) {
	found, err := p.mailroom.FindDocument(ctx, id)
	if errors.Is(err, pipeline.ErrNoSuch) {
		return pipeline.DocumentLine{}, fmt.Errorf("no document %q (see: postroom exceptions list)", id)
	}
	if err != nil {
		return pipeline.DocumentLine{}, err
	}
	return p.mailroom.Document(ctx, found)
}

func (o order) decide(ctx context.Context, p *premises, out, messages io.Writer) error {
	d, err := p.document(ctx, o.ID)
	if err != nil {
		return err
	}
	decision := *o.Decision
	decision.UID = o.UID
	if decision.Version == 0 {
		decision.Version = d.Version
	}
	lost := contents(ctx, p, d.Batch, decision.Separator)
	if err := p.mailroom.Decide(ctx, d.Document, decision); err != nil {
		return unchanged(err)
	}
	if lost != "" {
		fmt.Fprintln(messages, lost)
	}
	return o.touched(ctx, p, out, d.Batch, d.Document, d.Pages)
}

// contents warns of a page that is to be a separator although something stands on it.
func contents(ctx context.Context, p *premises, batch string, page int) string {
	if page <= 0 {
		return ""
	}
	words, codes, err := p.mailroom.Carries(ctx, batch, page)
	if err != nil || words+codes == 0 {
		return "" // what is wrong with such a page, the decision tells
	}
	return fmt.Sprintf("postroom: warning: page %d carries %s and %s, and stands in no document now (see: postroom batches show %s)",
		page, count(words, "word"), count(codes, "code"), batch)
}

// decided tells how a decision ended, by the document that it was about and its
// parts: decided, they may wait for a person again.
func decided(batch pipeline.BatchLine, touched []pipeline.DocumentLine) error {
	if !batch.Unreachable() && !slices.ContainsFunc(touched, underway) {
		batch.Trouble = "" // it is another document's
	}
	batch.Differs = "" // it is no single document's
	switch code := outcome(batch, touched); code {
	case exitDone:
		return nil
	case exitStore:
		return exit{code, errors.New("decided, but its store can't be reached or is full: " + batch.Trouble)}
	case exitFailure:
		return exit{code, errors.New("decided, but it can't be done now and is tried again: " + batch.Trouble)}
	default:
		return exit{code: code} // the line that was printed says why it waits
	}
}

// underway tells a document that the machine has yet to work on.
func underway(d pipeline.DocumentLine) bool {
	return d.Status == mail.Placed.String() || d.Status == mail.Deciding.String()
}
