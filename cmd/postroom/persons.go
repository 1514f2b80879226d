package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"postroom/pipeline"
)

// What persons do with documents besides deciding where they go.

func exceptionsParkCommand() *cobra.Command {
	p := &pipeline.Park{}
	c := checked(ordering(&cobra.Command{
		Use:   "park DOCUMENT --lane supervisor|rescan|later --why WHY [--pages PAGES] --by NAME",
		Short: "Have a document wait in a lane of its own",
		Long: `park hands a document that waits to a supervisor, asks for its paper to be scanned
again (all of it, or --pages), or puts it aside. It stays an exception; the lane
ends with the decision.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, &order{Op: "park", Park: p}), func() error {
		if p.Lane == pipeline.LaneOpen {
			p.Lane = "none" // or it would be taken out of its lane
		}
		return p.Complete()
	})
	c.Flags().StringVar(&p.Lane, "lane", "", "supervisor, rescan or later")
	c.Flags().StringVar(&p.Why, "why", "", "the reason")
	c.Flags().Var((*pageList)(&p.Pages), "pages", "with --lane rescan: these `pages` of the batch, as in 2,5-7")
	c.Flags().BoolVar(&p.Supervisor, "supervisor", false, "a supervisor asks, for what was handed up too")
	c.Flags().StringVar(&p.By, "by", "", "`name` of who asks")
	return c
}

func exceptionsUnparkCommand() *cobra.Command {
	p := &pipeline.Park{}
	c := checked(ordering(&cobra.Command{
		Use: "unpark DOCUMENT --by NAME", Short: "Take a document out of its lane",
		Long: `unpark has a document wait among the open ones again. What was handed to a
supervisor, by a person or because two have keyed different references, a
supervisor puts back (--supervisor); so does park lay it into another lane.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, &order{Op: "park", Park: p}), func() error { return p.Complete() })
	c.Flags().BoolVar(&p.Supervisor, "supervisor", false, "a supervisor asks, for what was handed up too")
	c.Flags().StringVar(&p.By, "by", "", "`name` of who asks")
	return c
}

func exceptionsReturnCommand() *cobra.Command {
	p := &pipeline.Return{}
	c := checked(ordering(&cobra.Command{
		Use:   "return DOCUMENT --why WHY --by NAME",
		Short: "Send a filed document back: it waits again, its copy is withdrawn",
		Long: `return takes a filed document out of its case. Its copy there is withdrawn at
once, and it waits as a recall until it is decided.

Exit codes: 1 refused, and nothing was changed, 4 it waits for a person again,
6 its store could not be reached: the copy is withdrawn as soon as it can be.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, &order{Op: "return", Return: p}), func() error { return p.Complete() })
	c.Flags().StringVar(&p.Why, "why", "", "the reason")
	c.Flags().StringVar(&p.By, "by", "", "`name` of who sends it back")
	return c
}

func exceptionsUndoCommand() *cobra.Command {
	u := &pipeline.Undo{}
	c := checked(ordering(&cobra.Command{
		Use:   "undo DOCUMENT --by NAME",
		Short: "Take back the last decision that you have made on a document",
		Long: `undo takes a decision back, if the same person made it and nothing came after it:
the document waits again as before, for the same reason and in the same lane. Of a
filed one the copy is withdrawn. Of what was divided or merged any part may be named.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, &order{Op: "undo", Undo: u}), func() error { return u.Complete() })
	c.Flags().StringVar(&u.By, "by", "", "`name` of who had decided")
	return c
}

func exceptionsRescansCommand() *cobra.Command {
	return ordering(&cobra.Command{
		Use: "rescans", Short: "List the pages whose paper is asked for again, by file", Args: cobra.NoArgs,
	}, &order{Op: "rescans"})
}

func exceptionsRegroupCommand() *cobra.Command {
	g := &pipeline.Regroup{}
	var letters spanList
	var discard pageList
	var blank pageList
	why := ""
	c := checked(ordering(&cobra.Command{
		Use:   "regroup DOCUMENT... --letters SPANS [--separators PAGES] [--discard PAGES --why WHY] [--take-in PAGES] [--blank PAGES] --by NAME",
		Short: "Say anew which pages of documents that wait are which letters",
		Long: `regroup makes other letters of documents that wait and lie next to each other:
each of their pages is in one letter, a separator, or discarded. --take-in names
pages between that are in no document and become one's, or stay separators.`,
		Example: "  postroom exceptions regroup 3f0c… 9ab2… --letters 2-4,5-6 --take-in 4 --by 'A. Clerk' --config postroom.yaml",
		Args:    cobra.MinimumNArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, &order{Op: "regroup", Regroup: g}), func() error {
		g.Spans, g.Discarded = letters.blanked(blank), nil
		for _, page := range discard {
			g.Discarded = append(g.Discarded, pipeline.DiscardedPage{Page: page, Why: why})
		}
		g.Documents = []pipeline.DocumentVersion{{}} // they are looked up later
		return g.Complete()
	})
	c.Flags().Var(&letters, "letters", "the letters' `pages`, as in 2-4,5-6")
	c.Flags().Var((*pageList)(&g.Separators), "separators", "these `pages` are separators")
	c.Flags().Var(&discard, "discard", "these `pages` are dropped")
	c.Flags().StringVar(&why, "why", "", "why they are dropped")
	c.Flags().Var((*pageList)(&g.TakeIn), "take-in", "these `pages`, which are in no document, are given a place, too")
	c.Flags().Var(&blank, "blank", "these `pages` are the blank ones of all letters; when it is not given, those that look so")
	c.Flags().BoolVar(&g.Supervisor, "supervisor", false, "a supervisor decides, on what was handed up too")
	c.Flags().StringVar(&g.By, "by", "", "`name` of who decides")
	return c
}

func batchesTurnCommand() *cobra.Command {
	t := &pipeline.Turn{}
	c := checked(ordering(&cobra.Command{
		Use:   "turn BATCH --page PAGE --degrees 0|90|180|270 --by NAME",
		Short: "Say which way a page is up",
		Long: `turn keeps a person's word on the clockwise turn that makes a page, as it was
scanned, upright. Pictures and the rendition that its document will get follow it;
a rendition that is filed already stays as it is.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
	}, &order{Op: "turn", Turn: t}), func() error { return t.Complete() })
	c.Flags().Var((*pageFlag)(&t.Page), "page", "the `page` of the batch, from 1")
	c.Flags().IntVar(&t.Degrees, "degrees", 0, "`degrees`, clockwise: 0, 90, 180 or 270")
	c.Flags().StringVar(&t.By, "by", "", "`name` of who says so")
	return c
}

// checked has a command line refused, before anything is opened, that lacks something.
func checked(c *cobra.Command, complete func() error) *cobra.Command {
	carryOut := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := complete(); err != nil {
			return usage("%w (see: %s --help)", err, c.CommandPath())
		}
		return carryOut(c, args)
	}
	return c
}

// pageFlag is a page as people count.
type pageFlag int

func (p *pageFlag) Type() string   { return "page" }
func (p *pageFlag) String() string { return strconv.Itoa(int(*p)) }
func (p *pageFlag) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("a page is a whole number, from 1")
	}
	*p = pageFlag(n)
	return nil
}

// spanList is a list of pages and spans of pages, as in 2,5-7.
type spanList []pipeline.PageSpan

func (l *spanList) Type() string { return "pages" }
func (l *spanList) String() string {
	var all []string
	for _, s := range *l {
		all = append(all, fmt.Sprintf("%d-%d", s.From, s.To))
	}
	return strings.Join(all, ",")
}

func (l *spanList) Set(text string) error {
	for _, part := range strings.Split(text, ",") {
		from, to, span := strings.Cut(part, "-")
		if !span {
			to = from
		}
		var a, b pageFlag
		if a.Set(from) != nil || b.Set(to) != nil || a > b || b > 1e6 {
			return errors.New("pages are whole numbers from 1, and spans of them, as in 2,5-7")
		}
		*l = append(*l, pipeline.PageSpan{From: int(a), To: int(b)})
	}
	return nil
}

// blanked gives the spans with their blank pages; without any, those that look blank stay it.
func (l spanList) blanked(blank []int) []pipeline.PageSpan {
	spans := slices.Clone(l)
	for i := range spans {
		if blank == nil {
			continue
		}
		spans[i].Blanks = []int{}
		for _, n := range blank {
			if spans[i].From <= n && n <= spans[i].To {
				spans[i].Blanks = append(spans[i].Blanks, n)
			}
		}
	}
	return spans
}

// pageList is the pages of such a list.
type pageList []int

func (l *pageList) Type() string { return "pages" }
func (l *pageList) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*l)), " ", ","), "[]")
}
func (l *pageList) Set(text string) error {
	var spans spanList
	if err := spans.Set(text); err != nil {
		return err
	}
	for _, s := range spans {
		for n := s.From; n <= s.To; n++ {
			*l = append(*l, n)
		}
	}
	return nil
}

// persons carries out what a person does to a document besides deciding where it goes, and
// tells how it ended.
func (o order) persons(ctx context.Context, p *premises, out io.Writer) error {
	d, err := p.document(ctx, o.ID)
	if err != nil {
		return err
	}
	pages := d.Pages
	switch {
	case o.Op == "park" && o.Park != nil:
		wish := *o.Park
		wish.UID, wish.Version = o.UID, d.Version
		err = p.mailroom.Park(ctx, d.Document, wish)
	case o.Op == "return" && o.Return != nil:
		wish := *o.Return
		wish.UID, wish.Version = o.UID, d.Version
		err = p.mailroom.Return(ctx, d.Document, wish)
	case o.Op == "undo" && o.Undo != nil:
		err = p.mailroom.Undo(ctx, d.Document, pipeline.Undo{By: o.Undo.By, UID: o.UID})
	case o.Op == "regroup" && o.Regroup != nil:
		pages, err = o.regroup(ctx, p)
	default:
		err = fmt.Errorf("an order to %s came without what is to be done", o.Op)
	}
	if err != nil {
		return unchanged(err)
	}
	return o.touched(ctx, p, out, d.Batch, d.Document, pages)
}

// regroup carries a regrouping out and gives the pages that it was about.
func (o order) regroup(ctx context.Context, p *premises) (pages []int, err error) {
	g := *o.Regroup
	g.UID, g.Documents, pages = o.UID, nil, slices.Clone(g.TakeIn)
	for _, id := range append([]string{o.ID}, o.Documents...) {
		d, err := p.document(ctx, id)
		if err != nil {
			return nil, err
		}
		g.Documents = append(g.Documents, pipeline.DocumentVersion{Document: d.Document, Version: d.Version})
		pages = append(pages, d.Pages...)
	}
	slices.Sort(pages)
	_, err = p.mailroom.Regroup(ctx, g)
	return pages, err
}

// unchanged tells of a refusal that nothing was changed.
func unchanged(err error) error {
	if errors.As(err, new(*pipeline.Refused)) {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	return err
}

// touched prints the documents of a batch that some pages are in now, and tells how it ended.
func (o order) touched(ctx context.Context, p *premises, out io.Writer, id, document string, pages []int) error {
	wait := p.outcome
	if !o.works() {
		wait = func(ctx context.Context, id string, _ bool) (pipeline.BatchLine, []pipeline.DocumentLine, error) {
			return p.mailroom.Batch(ctx, id)
		}
	}
	batch, docs, err := wait(ctx, id, false)
	if err != nil {
		return err
	}
	var some []pipeline.DocumentLine
	for _, now := range docs {
		if now.Document == document || len(now.Pages) > 0 && len(pages) > 0 &&
			pages[0] <= now.Pages[len(now.Pages)-1] && now.Pages[0] <= pages[len(pages)-1] {
			some = append(some, now)
		}
	}
	if err := o.print(out, batch, some); err != nil {
		return err
	}
	if o.Op == "park" {
		return nil // that it waits is what was asked for
	}
	return decided(batch, some)
}

func (o order) rescans(ctx context.Context, p *premises, out io.Writer) error {
	if err := p.mailroom.LogView(ctx, o.who(), "rescans listed", pipeline.SubjectExceptions); err != nil {
		return err
	}
	for after := ""; ; {
		lines, next, err := p.mailroom.Rescans(ctx, after, 100)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := o.printRescan(out, l); err != nil {
				return err
			}
		}
		if after = next; after == "" {
			return nil
		}
	}
}

func (o order) printRescan(out io.Writer, l pipeline.RescanLine) error {
	if o.JSON {
		return printJSON(out, l)
	}
	pages := strings.Trim(fmt.Sprint(l.Pages), "[]")
	if pages == "" {
		pages = "all of it"
	}
	_, err := fmt.Fprintf(out, "%s, received %s: page %s: %s (%s, %s; document %s)\n",
		printable(l.File), moment(l.Received), pages, printable(l.Why), printable(l.By), moment(l.Since), l.Document)
	return err
}

func (o order) turn(ctx context.Context, p *premises, messages io.Writer) error {
	if o.Turn == nil {
		return errors.New("an order to turn came without a page")
	}
	id, err := p.mailroom.FindBatch(ctx, o.ID)
	if errors.Is(err, pipeline.ErrNoSuch) {
		return fmt.Errorf("no batch %q (see: postroom batches list)", o.ID)
	}
	if err != nil {
		return err
	}
	wish := *o.Turn
	wish.UID = o.UID
	late, err := p.mailroom.Turn(ctx, id, wish)
	if err != nil {
		return unchanged(err)
	}
	if late {
		fmt.Fprintf(messages, "postroom: the document of page %d has its searchable.pdf already, which stays as it is\n", wish.Page)
	}
	return nil
}
