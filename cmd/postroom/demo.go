package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/samples"
)

func demoCommand() *cobra.Command {
	d := demo{}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Make up mail, run it through the mailroom, and show what went where and why",
		Long: `demo writes made-up batches, a case register and a postroom.yaml into a folder,
files them with the real mailroom, and compares the outcome with the truth. It
needs no network and ends by itself; the folder stays for a closer look.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return d.run(c.Context(), c.OutOrStdout()) },
	}
	c.Flags().StringVar(&d.dir, "dir", "", "the `folder` to make (default: postroom-demo here)")
	c.Flags().Uint64Var(&d.seed, "seed", 1, "another number makes other mail")
	c.Flags().IntVar(&d.batches, "batches", 4, "how many batches")
	c.Flags().IntVar(&d.pages, "pages", 12, "about how many pages a batch")
	return c
}

type demo struct {
	dir            string
	seed           uint64
	batches, pages int
}

func (d demo) run(ctx context.Context, out io.Writer) error {
	switch {
	case d.batches < 1 || d.batches > 1000:
		return usage("--batches %d: a number from 1 to 1000 is needed", d.batches)
	case d.pages < 1 || d.pages > 1000:
		return usage("--pages %d: a number from 1 to 1000 is needed", d.pages)
	}
	dir, err := d.folder()
	if err != nil {
		return err
	}
	truths, err := samples.Write(dir, samples.Config{Seed: d.seed, Batches: d.batches, Pages: d.pages})
	if err != nil {
		return fmt.Errorf("make up mail in %s: %w", dir, err)
	}
	are := "are"
	if len(truths) == 1 {
		are = "is"
	}
	fmt.Fprintf(out, "%s of made-up mail %s in %s\n\n", count(len(truths), "batch file"), are, dir)
	config := filepath.Join(dir, "postroom.yaml")
	cfg, err := loadConfig(config)
	if err != nil {
		return err
	}
	p, err := openPremises(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	started := time.Now()
	var tally score
	work, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.mailroom.Run(work) }()
	ids := make([]string, len(truths))
	for i, t := range truths {
		if err == nil {
			ids[i], err = p.mailroom.Accept(ctx, filepath.Join(dir, t.File), pipeline.Origin{Source: "process"})
		}
	}
	for i, t := range truths {
		if err == nil {
			err = d.batch(ctx, p, ids[i], t, &tally, out)
		}
	}
	stop()
	if failed := <-ended; err == nil && !errors.Is(failed, context.Canceled) {
		err = failed
	}
	if err != nil {
		return err
	}
	d.closing(out, dir, config, tally, time.Since(started))
	if tally.wrong > 0 {
		return fmt.Errorf("%d letters are in a wrong case: this must never happen, please report it with --seed %d", tally.wrong, d.seed)
	}
	return nil
}

// folder makes the demo's folder; one that is there is left alone.
func (d demo) folder() (string, error) {
	if d.dir != "" {
		entries, err := os.ReadDir(d.dir)
		if err == nil && len(entries) > 0 {
			return "", usage("--dir %s: the folder is not empty; name another", d.dir)
		}
		return d.dir, nil
	}
	for n := 1; ; n++ {
		dir := "postroom-demo"
		if n > 1 {
			dir = fmt.Sprintf("postroom-demo-%d", n)
		}
		if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
			return dir, nil
		}
	}
}

// score counts letters by what became of them.
type score struct{ pages, right, held, mustHold, wrong int }

func (d demo) batch(ctx context.Context, p *premises, id string, t samples.Truth, tally *score, out io.Writer) error {
	if err := p.mailroom.Await(ctx, id, false); err != nil {
		return err
	}
	batch, docs, err := p.mailroom.Batch(ctx, id)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		tally.add(doc, t)
	}
	tally.pages += batch.Pages
	return order{}.print(out, batch, docs)
}

// add compares a document with the truth.
func (s *score) add(d pipeline.DocumentLine, t samples.Truth) {
	for _, letter := range t.Documents {
		if !slices.ContainsFunc(d.Pages, func(n int) bool { return slices.Contains(letter.Pages, n) }) {
			continue
		}
		switch {
		case d.Status == mail.Filed.String() && d.Reference == letter.Case && letter.Exception == "":
			s.right++
		case d.Status == mail.Filed.String():
			s.wrong++
		case letter.Exception != "":
			s.mustHold++
		default:
			s.held++
		}
	}
}

func (d demo) closing(out io.Writer, dir, config string, s score, took time.Duration) {
	fmt.Fprintf(out, `%d pages in %.1f s. Of the letters, %d are filed in their case, %d wait for a person because
nothing proves their case, %d wait that could have been filed, %d are in a wrong case.

Look further:
  ls -R %[7]s                    # the case stores
  %[8]s exceptions list --config %[9]s
  %[8]s verify --config %[9]s
and in a browser, each with a password of your own:
  %[8]s group add Everything --store tax --store social --store permits --config %[9]s
  %[8]s user add me --name 'My Name' --must-change=false --role operator --role caseworker --role auditor --group Everything --config %[9]s
  %[8]s serve --config %[9]s    # http://127.0.0.1:8080
`, s.pages, took.Seconds(), s.right, s.mustHold, s.held, s.wrong, filepath.Join(dir, "cases"), os.Args[0], config)
}
