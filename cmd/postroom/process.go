package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/pipeline/scan"
)

func processCommand() *cobra.Command {
	var config string
	o := order{Op: "process"}
	c := &cobra.Command{
		Use:   "process --config FILE [--json] SCAN...",
		Short: "File what is in the named scans, then end",
		Long: `process runs the named files (PDF, TIFF, JPEG, PNG; told by content) through the
whole mailroom and returns when every document of them is filed or an exception.
The files stay where they are. The same path with the same bytes again resumes
and prints the first outcome. Beside a running server, that server does the work.

Exit codes: 0 all filed, 4 some documents are exceptions or a batch differs from its
ticket, 5 a file was
unreadable, 6 a store could not be reached.`,
		Example: "  postroom process --config postroom.yaml --json scan-*.pdf > outcome.jsonl",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			cfg, err := loadConfig(config)
			if err != nil {
				return err
			}
			for _, f := range files {
				abs, err := filepath.Abs(f)
				if err != nil {
					return err
				}
				o.Files = append(o.Files, []byte(abs))
			}
			return dispatch(c.Context(), cfg, o)
		},
	}
	c.Flags().StringVar(&config, "config", "", "the configuration, postroom.yaml")
	c.Flags().BoolVar(&o.JSON, "json", false, "print one JSON object a line: documents, then their batch")
	c.Flags().BoolVar(&o.RouteOnly, "route-only", false, "do not wait for renditions, nor for the text that confirms what was filed (confirm: after)")
	return c
}

func (o order) process(ctx context.Context, p *premises, out, messages io.Writer) error {
	worst := exit{}
	var batches []taken
	for _, name := range o.Files {
		f := string(name)
		id, err := o.accept(ctx, p, f)
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		if err != nil {
			fmt.Fprintln(messages, told(err))
			code := exitUnreadable
			if !errors.As(err, new(*unopened)) {
				code = exitFailure // the data folder's disk, not the file
			}
			worst = worse(worst, code)
			continue
		}
		batches = append(batches, taken{file: f, batch: id})
	}
	for i, b := range batches {
		batch, docs, err := p.outcome(ctx, b.batch, o.RouteOnly)
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		if err != nil {
			return err
		}
		if err := p.mailroom.LogView(ctx, o.who(), "batch viewed", b.batch); err != nil && !errors.Is(err, pipeline.ErrDiskFull) {
			return err
		}
		batch.File = b.file
		if err := o.print(out, batch, docs); err != nil {
			return err
		}
		batches[i].held = held(docs)
		worst = worse(worst, outcome(batch, docs))
		o.tell(messages, b, batch)
	}
	if o.RouteOnly {
		late, err := o.recalled(ctx, p, batches, messages)
		if err != nil {
			return err
		}
		worst = worse(worst, late)
	}
	if worst.code == exitDone {
		return nil
	}
	return worst
}

// tell says what is left of a named file's batch.
func (o order) tell(messages io.Writer, t taken, b pipeline.BatchLine) {
	if o.RouteOnly && b.Pending > 0 && b.Trouble == "" {
		fmt.Fprintf(messages, "postroom: %s: %s left: renditions, and text that may still recall what is filed; the next serve or process does them\n",
			printable(t.file), count(b.Pending, "task"))
	}
	if b.Differs != "" {
		fmt.Fprintf(messages, "postroom: %s: the batch is not as its ticket says (%s) and stays open: look for what is missing or too much, "+
			"or accept it: postroom batches close %s --because WHY --by NAME\n", printable(t.file), b.Differs, t.batch)
	}
	if b.Trouble != "" {
		what := "some of it can't be done now and is tried again"
		if b.Unreachable() {
			what = "a store can't be reached or is full, its documents wait"
		}
		fmt.Fprintf(messages, "postroom: %s: %s: %s\n", printable(t.file), what, printable(b.Trouble))
	}
}

// outcome waits until the machine has done what it can for a batch, and gives that. A full
// data disk is the trouble of whatever is left.
func (p *premises) outcome(ctx context.Context, id string, routed bool) (pipeline.BatchLine, []pipeline.DocumentLine, error) {
	full := p.mailroom.Await(ctx, id, routed)
	if full != nil && !errors.Is(full, pipeline.ErrDiskFull) {
		return pipeline.BatchLine{}, nil, full
	}
	batch, docs, err := p.mailroom.Batch(ctx, id)
	if full != nil && batch.Trouble == "" {
		batch.Trouble = full.Error()
	}
	return batch, docs, err
}

// taken is a named file whose batch was taken in, and its documents that were held when
// it was printed.
type taken struct {
	file, batch string
	held        []string
}

func held(docs []pipeline.DocumentLine) (ids []string) {
	for _, d := range docs {
		if d.Status == mail.Held.String() {
			ids = append(ids, d.Document)
		}
	}
	return ids
}

// recalled tells of documents that are held now and were filed when they were printed:
// text of the first files is read while later ones are filed.
func (o order) recalled(ctx context.Context, p *premises, batches []taken, messages io.Writer) (code int, err error) {
	for _, b := range batches {
		batch, docs, err := p.mailroom.Batch(ctx, b.batch)
		if err != nil {
			return code, err
		}
		for _, id := range held(docs) {
			if !slices.Contains(b.held, id) {
				fmt.Fprintf(messages, "postroom: %s: document %s was filed and is held now, by text that was read meanwhile; postroom exceptions show %s\n", printable(b.file), id, id)
				code = worse(exit{code: code}, outcome(batch, docs)).code
			}
		}
	}
	return code, nil
}

func interrupted(ctx context.Context) error {
	return fmt.Errorf("interrupted: what is journalled is kept; the same command again goes on (%w)", ctx.Err())
}

// unopened is a named file that can't be opened.
type unopened struct{ error }

func (u *unopened) Unwrap() error { return u.error }

// accept takes a named file. One that is not whole becomes an exception, as a watched one would.
func (o order) accept(ctx context.Context, p *premises, path string) (string, error) {
	missing, err := p.missing(ctx, path)
	if err != nil {
		return "", err
	}
	if missing != "" {
		missing = strings.TrimPrefix(missing, scan.ErrPartial.Error()+": ")
		missing = "The file is not whole: " + strings.TrimSuffix(missing, ".") + "."
	}
	return p.mailroom.Accept(ctx, path, pipeline.Origin{Source: "process", Partial: missing, By: o.who()})
}

// missing tells what a file lacks to be structurally complete; "" = nothing.
func (p *premises) missing(ctx context.Context, path string) (string, error) {
	f, err := openScan(path)
	if err != nil {
		return "", &unopened{err}
	}
	defer f.Close()
	return p.helpers.Whole(ctx, f)
}

func worse(a exit, code int) exit {
	rank := []int{exitDone, exitExceptions, exitUnreadable, exitStore, exitFailure}
	for i := len(rank) - 1; i >= 0; i-- {
		if a.code == rank[i] || code == rank[i] {
			return exit{code: rank[i]}
		}
	}
	return a
}

// outcome is the exit code that a batch stands for.
func outcome(b pipeline.BatchLine, docs []pipeline.DocumentLine) int {
	code := exitDone
	for _, d := range docs {
		if d.Status != mail.Held.String() {
			continue
		}
		switch d.Reason {
		case mail.UnreadableFile.String(), mail.Encrypted.String(), mail.Incomplete.String():
			code = worse(exit{code: code}, exitUnreadable).code
		default:
			code = worse(exit{code: code}, exitExceptions).code
		}
	}
	if b.Differs != "" {
		code = worse(exit{code: code}, exitExceptions).code
	}
	switch {
	case b.Unreachable():
		return exitStore
	case b.Trouble != "":
		return exitFailure
	}
	return code
}

// print writes a batch's documents and then the batch.
func (o order) print(out io.Writer, b pipeline.BatchLine, docs []pipeline.DocumentLine) error {
	if o.JSON {
		for _, d := range docs {
			d.File = b.File
			if err := printJSON(out, d); err != nil {
				return err
			}
		}
		return printJSON(out, b)
	}
	var text strings.Builder
	for _, d := range docs {
		fmt.Fprintln(&text, sentence(d))
	}
	text.WriteString(reconciliation(b))
	fmt.Fprintf(&text, "%s: %s, %s; %d filed, %d waiting for a person; batch %s is %s\n\n", printable(filepath.Base(b.File)),
		count(b.Pages, "page"), count(b.Documents, "document"), b.Filed, b.Exceptions, b.Batch, b.State)
	_, err := io.WriteString(out, text.String())
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sentence tells a document in a line for a person.
func sentence(d pipeline.DocumentLine) string {
	pages := span(d.Pages)
	switch {
	case d.Status == mail.Held.String():
		return fmt.Sprintf("  %-12s HELD   %-20s %s (%s)", pages, d.Reason, printable(d.Detail), d.Document)
	case d.Status == mail.Filed.String():
		return fmt.Sprintf("  %-12s filed  %-20s %s%s: %s", pages, printable(d.Reference), d.Rule, by(d.DecidedBy, d.Decided), printable(d.Path))
	}
	return fmt.Sprintf("  %-12s %-6s %-20s %s%s", pages, d.Status, printable(d.Reference), printable(d.Detail), by(d.DecidedBy, d.Decided))
}

// by tells which person decided and when, in brackets; nothing when none has.
func by(who string, at time.Time) string {
	if who == "" || who == pipeline.Machine {
		return ""
	}
	return fmt.Sprintf(" (%s, %s)", printable(who), moment(at))
}

// moment writes a time for people.
func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

// printable writes what a stranger may have named so that it can't pass for
// another line or order the terminal about.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// span writes pages as a clerk would.
func span(pages []int) string {
	switch len(pages) {
	case 0:
		return "file"
	case 1:
		return fmt.Sprintf("page %d", pages[0])
	}
	return fmt.Sprintf("pages %d-%d", pages[0], pages[len(pages)-1])
}
