package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// TestWhateverPersonsDo: any sequence of all that persons can do with documents, with the
// machine at work between or not, leaves each page with one place and nothing for verify to find.
func TestWhateverPersonsDo(t *testing.T) {
	r := newRoom(t)
	done := map[string]int{}
	batches := 0
	rapid.Check(t, func(t *rapid.T) {
		batches++
		r.cfg.After, r.cfg.DoubleKey = rapid.Bool().Draw(t, "after"), nil
		if rapid.IntRange(0, 2).Draw(t, "double key") == 0 {
			r.cfg.DoubleKey = []string{"tax"}
		}
		p := &persons{room: r, T: t, done: done}
		p.receive(batches)
		for range rapid.IntRange(1, 14).Draw(t, "steps") {
			p.step()
		}
		p.rest()
		p.sound()
	})
	r.verifies()
	t.Logf("carried out: %v", done)
	for _, op := range []string{"reference", "discard", "split", "separator", "merge", "regroup", "return", "park", "undo", "turn"} {
		if done[op] == 0 {
			t.Errorf("%s was never carried out", op)
		}
	}
}

// persons do what they like with a batch.
type persons struct {
	*room
	*rapid.T
	batch string
	done  map[string]int
}

func (p *persons) receive(n int) {
	kinds := []string{"separator", "blank", "code=" + caseA, "text=no number", "text=Our ref " + caseB, "code=" + caseA + ";text=Our ref " + caseB, "patch;text=more than a separator has to say of itself", "dead"}
	pages := rapid.SliceOfN(rapid.SampledFrom(kinds), 2, 8).Draw(p.T, "pages")
	pages = append(pages, fmt.Sprintf("text=batch %d", n)) // or it would be a duplicate
	line, _ := p.process("batch.pdf", pages...)
	p.batch = line.Batch
}

func (p *persons) rest() {
	if _, docs := p.room.rest(p.batch); len(docs) > 20 {
		p.Fatal("more documents than pages")
	}
}

// step does something with a document, and may let the machine work before the next.
func (p *persons) step() {
	var docs []docRow
	if err := p.journal.View(p.room.t.Context(), func(r journal.Reader) (err error) {
		docs, err = documents(r, p.batch)
		return err
	}); err != nil {
		p.Fatal(err)
	}
	if len(docs) == 0 {
		return
	}
	held := slices.DeleteFunc(slices.Clone(docs), func(d docRow) bool { return d.State != mail.Held })
	if len(held) > 0 && rapid.IntRange(0, 3).Draw(p.T, "held") > 0 {
		docs = held
	}
	d := docs[rapid.IntRange(0, len(docs)-1).Draw(p.T, "document")]
	op := rapid.SampledFrom([]string{"reference", "reference", "discard", "split", "separator", "merge", "regroup", "regroup", "return", "park", "undo", "undo", "turn"}).Draw(p.T, "op")
	err := p.do(op, d, held)
	if refused := (*Refused)(nil); err != nil && !errors.As(err, &refused) {
		p.Fatalf("%s of %s: %v", op, d.ID, err)
	}
	if err == nil {
		p.done[op]++
	}
	if rapid.Bool().Draw(p.T, "rest") {
		p.rest()
	}
}

func (p *persons) do(op string, d docRow, held []docRow) error {
	ctx := p.room.t.Context()
	by := rapid.SampledFrom([]string{"Anna", "Bert"}).Draw(p.T, "by")
	decision := Decision{By: by, Supervisor: rapid.IntRange(0, 2).Draw(p.T, "supervisor") == 0}
	page := rapid.IntRange(max(1, d.From), max(1, d.To)).Draw(p.T, "page")
	switch op {
	case "reference":
		decision.Reference = rapid.SampledFrom([]string{caseA, caseB}).Draw(p.T, "case")
	case "discard":
		decision.Discard = "advertising"
	case "split":
		decision.SplitBefore = page
	case "separator":
		decision.Separator = page
	case "merge":
		decision.Merge = rapid.SampledFrom([]string{mergeNext, mergePrevious}).Draw(p.T, "direction")
		decision.TakeIn = rapid.Bool().Draw(p.T, "take in")
	case "regroup":
		_, err := p.Regroup(ctx, p.grouping(held, by, decision.Supervisor))
		return err
	case "return":
		return p.Return(ctx, d.ID, Return{Why: "not mine", By: by})
	case "park":
		return p.Park(ctx, d.ID, Park{Lane: rapid.SampledFrom(Lanes()).Draw(p.T, "lane"), Why: "so", By: by})
	case "undo":
		return p.Undo(ctx, d.ID, Undo{By: by})
	case "turn":
		_, err := p.Turn(ctx, p.batch, Turn{Page: page, Degrees: 90 * rapid.IntRange(0, 3).Draw(p.T, "turn"), By: by})
		return err
	}
	return p.Decide(ctx, d.ID, decision)
}

// grouping divides the pages of some held documents anew, mostly as can be done.
func (p *persons) grouping(held []docRow, by string, supervisor bool) Regroup {
	g := Regroup{By: by, Supervisor: supervisor}
	if len(held) == 0 {
		return g
	}
	from := rapid.IntRange(0, len(held)-1).Draw(p.T, "first")
	some := held[from:rapid.IntRange(from+1, min(len(held), from+3)).Draw(p.T, "last")]
	last := 0
	for _, d := range some {
		g.Documents = append(g.Documents, DocumentVersion{d.ID, d.Version})
		if last > 0 && rapid.Bool().Draw(p.T, "between") {
			for page := last + 1; page < d.From; page++ {
				g.TakeIn = append(g.TakeIn, page)
			}
		}
		last = d.To
	}
	for _, page := range []int{some[0].From - 1, last + 1} { // as often as not it is another document's, and refused
		if page > 0 && rapid.IntRange(0, 3).Draw(p.T, "edge") == 0 {
			g.TakeIn = append(g.TakeIn, page)
		}
	}
	var pages []int
	for _, d := range some {
		pages = append(pages, d.Pages()...)
	}
	pages = append(pages, g.TakeIn...)
	slices.Sort(pages)
	for _, page := range pages {
		n := len(g.Spans)
		switch rapid.IntRange(0, 9).Draw(p.T, "place") {
		case 0:
			g.Separators = append(g.Separators, page)
		case 1:
			g.Discarded = append(g.Discarded, DiscardedPage{page, "torn"})
		case 2, 3:
			g.Spans = append(g.Spans, PageSpan{From: page, To: page})
		case 4:
			g.Spans = append(g.Spans, PageSpan{From: page, To: page, Blanks: []int{page}})
		default:
			if n > 0 && g.Spans[n-1].To == page-1 {
				g.Spans[n-1].To = page
			} else {
				g.Spans = append(g.Spans, PageSpan{From: page, To: page})
			}
		}
	}
	return g
}

// sound wants no fault in the batch, and one place for each page.
func (p *persons) sound() {
	v := &verification{m: p.Mailroom, blobs: map[journal.Ref]bool{}}
	if err := v.batch(context.Background(), p.batch); err != nil {
		p.Fatal(err)
	}
	for _, fault := range v.faults {
		p.Error("fault:", fault)
	}
	line, docs, err := p.Batch(context.Background(), p.batch)
	if err != nil {
		p.Fatal(err)
	}
	places := map[int]int{}
	for _, d := range docs {
		if d.Status == "deciding" || d.Status == "placed" {
			p.Errorf("document %s stands still: %s", d.Document, d.Status)
		}
		for _, n := range d.Pages {
			places[n]++
		}
	}
	for _, s := range append(line.SeparatorPages, line.DiscardedPages...) {
		places[s.Page]++
	}
	for n := 1; n <= line.Pages; n++ {
		if places[n] != 1 {
			p.Errorf("page %d has %d places", n, places[n])
		}
	}
}
