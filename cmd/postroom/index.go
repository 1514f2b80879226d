package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"postroom/mail"
	"postroom/pipeline"
	"postroom/pipeline/search"
)

func indexCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "index", Short: "Look after the index that letters are searched by", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(ordering(&cobra.Command{
		Use:   "rebuild",
		Short: "Remove the search index and make it anew from the journal",
		Long: `rebuild removes the search index and makes it anew from the journal. Searches find
more and more of the letters meanwhile. It is never needed in the usual run of
things: an index that is damaged, or another version's, is made anew by itself.`,
		Args: cobra.NoArgs,
	}, &order{Op: "rebuild"}))
	return c
}

// searchIndex is where the index is, beside the journal that it is derived from.
func searchIndex(cfg Config) string { return filepath.Join(cfg.Data, "search") }

// indexFeed is the mailroom as the search index follows it. No letter is added while the
// data disk is nearly full.
type indexFeed struct{ *pipeline.Mailroom }

func (f indexFeed) Letters(ctx context.Context, ids []string, visit func(mail.Letter) error) error {
	if len(ids) > 0 && f.Pause() > 0 {
		return pipeline.ErrDiskFull
	}
	return f.Mailroom.Letters(ctx, ids, visit)
}

// rebuild makes the search index anew: the running server's, or the one that is there.
func (o order) rebuild(ctx context.Context, p *premises, out io.Writer) (err error) {
	index := p.index
	if index == nil {
		p.indexing.Lock()
		defer p.indexing.Unlock()
		index = search.New(searchIndex(p.cfg), p.log)
		defer func() { err = errors.Join(err, index.Close()) }()
	}
	if err := index.Remake(); err != nil {
		return err
	}
	if err := index.Follow(ctx, indexFeed{p.mailroom}); err != nil {
		return err
	}
	n, err := index.Letters()
	if err != nil {
		return err
	}
	if o.JSON {
		return printJSON(out, map[string]any{"type": "index", "letters": n})
	}
	_, err = fmt.Fprintf(out, "the search index has %d letters\n", n)
	return err
}
