package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/blevesearch/bleve/v2"
	index "github.com/blevesearch/bleve_index_api"

	"postroom/mail"
)

// Feed is what an index follows: the mailroom, or a made-up one.
type Feed interface {
	// Follow tells which documents the next n entries of the log after a cursor touch, and
	// the cursor after them; mail.ErrRewound.
	Follow(ctx context.Context, cursor string, n int) (touched []mail.Touch, next string, err error)
	// Letters visits documents as they stand now.
	Letters(ctx context.Context, ids []string, visit func(mail.Letter) error) error
	// Changed is closed when there may be more to follow.
	Changed() <-chan struct{}
}

const (
	portion  = 1000    // entries of the log that are followed at once
	together = 250     // letters that are written at once: some 250 ms of work
	atMost   = 200_000 // or so many words
	breath   = 200 * time.Millisecond
	again    = 10 * time.Second // after an error
)

// Run keeps the index at the journal's end until the context ends. It works at most half
// of the time while there is much to do, so that letters are filed first.
func (x *Index) Run(ctx context.Context, f Feed) error {
	told := ""
	for {
		changed := f.Changed()
		begun := time.Now()
		more, err := x.step(ctx, f)
		wait := max(breath, min(time.Since(begun), 2*time.Second))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if err.Error() != told {
				x.log.Error("the search index can't follow the journal", "error", err)
			}
			told, wait = err.Error(), again
		case !more:
			told = ""
			if !x.whole.Swap(true) {
				n, _ := x.Letters()
				x.log.Info("the search index has followed the journal to its end", "letters", n)
			}
			select {
			case <-changed:
			case <-x.remade:
			case <-ctx.Done():
				return nil
			}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// Follow brings the index to the journal's end.
func (x *Index) Follow(ctx context.Context, f Feed) error {
	for {
		more, err := x.step(ctx, f)
		if err != nil {
			return err
		}
		if !more {
			x.whole.Store(true)
			return nil
		}
	}
}

// step follows a portion of the log; more tells whether there was any. What it wrote before
// an error, or a crash, it writes again: nothing changes by that.
func (x *Index) step(ctx context.Context, f Feed) (more bool, err error) {
	x.working.Lock()
	defer x.working.Unlock()
	if err := x.open(); err != nil {
		return false, err
	}
	if x.damage.Load() {
		x.log.Warn("the search index is made anew", "why", "it is damaged")
		if err := x.remake(); err != nil {
			return false, err
		}
	}
	var cursor []byte
	if err := x.use(func(ix bleve.Index) (err error) { cursor, err = ix.GetInternal(keyCursor); return err }); err != nil {
		return false, err
	}
	touched, next, err := f.Follow(ctx, string(cursor), portion)
	if errors.Is(err, mail.ErrRewound) {
		x.log.Warn("the search index is made anew", "why", err)
		return true, x.remake()
	}
	if err != nil || next == string(cursor) {
		return false, err
	}
	err = x.use(func(ix bleve.Index) error {
		w := writer{ix: ix, batch: ix.NewBatch(), log: x.log}
		if err := w.take(ctx, f, touched); err != nil {
			return err
		}
		w.batch.SetInternal(keyCursor, []byte(next))
		return w.flush()
	})
	if errors.As(err, new(*unwritten)) {
		x.setAside()
	}
	return true, err
}

// unwritten is a write to the index that failed.
type unwritten struct{ error }

func (u *unwritten) Unwrap() error { return u.error }

// writer writes what a portion of the log has changed.
type writer struct {
	ix    bleve.Index
	batch *bleve.Batch
	words int
	log   *slog.Logger
}

// take removes what is not filed any more, then adds what is.
func (w *writer) take(ctx context.Context, f Feed, touched []mail.Touch) error {
	var stale []string
	for _, t := range touched {
		is, err := known(w.ix, t.Document)
		switch {
		case err != nil:
			return err
		case is != nil && !t.Filed:
			w.batch.Delete(t.Document)
		case t.Filed && (is == nil || is.Entries < t.Entry && (is.Version != t.Version || t.Text)):
			stale = append(stale, t.Document)
		}
	}
	if err := w.flush(); err != nil { // what is gone does not wait for what is to be added
		return err
	}
	return f.Letters(ctx, stale, func(l mail.Letter) error {
		if l.State != mail.Filed {
			w.batch.Delete(l.ID)
			return nil
		}
		if l.Missing != "" {
			w.log.Warn("a letter can't be found by its words", "document", l.ID, "why", l.Missing)
		}
		if err := w.batch.IndexAdvanced(indexed(l)); err != nil {
			return err
		}
		for _, page := range l.Text {
			w.words += len(page.Words)
		}
		if w.batch.Size() < together && w.words < atMost {
			return nil
		}
		return errors.Join(w.flush(), ctx.Err())
	})
}

func (w *writer) flush() error {
	if w.batch.Size() == 0 {
		return nil
	}
	err := w.ix.Batch(w.batch)
	w.batch, w.words = w.ix.NewBatch(), 0
	if err != nil {
		return &unwritten{fmt.Errorf("write the search index: %w", err)}
	}
	return nil
}

// known gives what the index keeps of a letter, nil when it has none.
func known(ix bleve.Index, id string) (*kept, error) {
	d, err := ix.Document(id)
	if err != nil || d == nil {
		return nil, err
	}
	var k *kept
	d.VisitFields(func(f index.Field) {
		if f.Name() == fieldKept {
			k = new(kept)
			err = json.Unmarshal(f.Value(), k)
		}
	})
	return k, err
}
