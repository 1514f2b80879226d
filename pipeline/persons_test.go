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
	var numbers [99]int // a range of numbers would be drawn with a bias to the small ones
	for n := range numbers {
		numbers[n] = n
	}
	rapid.Check(t, func(t *rapid.T) {
		batches++
		r.cfg.After, r.cfg.DoubleKey = rapid.Bool().Draw(t, "after"), nil
		if rapid.IntRange(0, 2).Draw(t, "double key") == 0 {
			r.cfg.DoubleKey = []string{"tax"}
		}
		p := &persons{room: r, TB: t, names: []string{"Anna", "Bert"}, done: done, pause: func() {},
			upTo: func(n int, what string) int { return rapid.SampledFrom(numbers[:n]).Draw(t, what) }}
		line, _ := p.process("batch.pdf", p.pages(batches)...)
		p.batch = line.Batch
		for range rapid.IntRange(1, 14).Draw(t, "steps") {
			if err := p.step(r.t.Context()); err != nil {
				t.Fatal(err)
			}
			if p.maybe("rest") {
				p.rest()
			}
		}
		p.rest()
		p.sound()
	})
	r.verifies()
	wantAllDone(t, done)
}

// whatPersonsDo has several times what is refused for many reasons.
var whatPersonsDo = []string{"reference", "reference", "discard", "split", "split", "separator", "merge", "merge", "merge", "merge", "merge", "regroup", "regroup", "return", "park", "undo", "undo", "turn"}

func wantAllDone(t *testing.T, done map[string]int) {
	t.Helper()
	t.Logf("carried out: %v", done)
	for _, op := range slices.Compact(slices.Clone(whatPersonsDo)) {
		if done[op] == 0 {
			t.Errorf("%s was never carried out", op)
		}
	}
}

// persons do what they like with a batch.
type persons struct {
	*room
	rapid.TB
	upTo  func(n int, what string) int // chooses one of n, from 0
	pause func()                       // between two things that a person does
	names []string
	batch string
	done  map[string]int
}

func (p *persons) maybe(what string) bool { return p.upTo(2, what) == 1 }

func oneOf[T any](p *persons, what string, all ...T) T { return all[p.upTo(len(all), what)] }

// pages makes up the n-th batch.
func (p *persons) pages(n int) (pages []string) {
	for range 2 + p.upTo(7, "pages") {
		pages = append(pages, oneOf(p, "page", "separator", "blank", "code="+caseA, "text=no number", "text=Our ref "+caseB, "code="+caseA+";text=Our ref "+caseB, "patch;text=more than a separator has to say of itself", "dead"))
	}
	return append(pages, fmt.Sprintf("text=batch %d", n)) // or it would be a duplicate
}

func (p *persons) rest() {
	if _, docs := p.room.rest(p.batch); len(docs) > 20 {
		p.Fatal("more documents than pages")
	}
}

// step does something with a document; that it is refused is no error.
func (p *persons) step(ctx context.Context) error {
	var docs []docRow
	if err := p.journal.View(ctx, func(r journal.Reader) (err error) {
		docs, err = documents(r, p.batch)
		return err
	}); err != nil || len(docs) == 0 {
		return err
	}
	held := slices.DeleteFunc(slices.Clone(docs), func(d docRow) bool { return d.State != mail.Held })
	op := oneOf(p, "op", whatPersonsDo...)
	if back := op == "undo" || op == "return"; len(held) > 0 && !back && p.upTo(4, "held") > 0 {
		docs = held
	}
	d := oneOf(p, "document", docs...)
	err := p.do(ctx, op, d, held)
	switch {
	case errors.As(err, new(*Refused)):
		return nil
	case err != nil:
		return fmt.Errorf("%s of %s: %w", op, d.ID, err)
	}
	p.done[op]++
	return nil
}

func (p *persons) do(ctx context.Context, op string, d docRow, held []docRow) error {
	by := oneOf(p, "by", p.names...)
	decision := Decision{By: by, Supervisor: p.upTo(3, "supervisor") == 0}
	page := max(1, d.From) + p.upTo(max(1, d.To-d.From+1), "page")
	switch op {
	case "reference":
		return p.waver(ctx, d.ID, decision)
	case "discard":
		decision.Discard = "advertising"
	case "split":
		decision.SplitBefore = page
	case "separator":
		decision.Separator = page
	case "merge":
		decision.Merge = oneOf(p, "direction", mergeNext, mergePrevious)
		decision.TakeIn = p.upTo(4, "take in") > 0
	case "regroup":
		_, err := p.Regroup(ctx, p.grouping(held, by, decision.Supervisor))
		return err
	case "return":
		return p.Return(ctx, d.ID, Return{Why: "not mine", By: by})
	case "park":
		return p.Park(ctx, d.ID, Park{Lane: oneOf(p, "lane", Lanes()...), Why: "so", By: by, Supervisor: decision.Supervisor, Undo: p.upTo(2, "step back") == 1})
	case "undo":
		return p.Undo(ctx, d.ID, Undo{By: by})
	case "turn":
		_, err := p.Turn(ctx, p.batch, Turn{Page: page, Degrees: 90 * p.upTo(4, "turn"), By: by})
		return err
	}
	return p.Decide(ctx, d.ID, decision)
}

// waver files in one case or the other, and may have second thoughts. That one of these comes
// too late is no error: what was done before stands.
func (p *persons) waver(ctx context.Context, id string, decision Decision) error {
	decision.Reference = oneOf(p, "case", caseA, caseB)
	if err := p.Decide(ctx, id, decision); err != nil {
		return err
	}
	for range p.upTo(6, "second thoughts") {
		p.pause()
		err := p.Undo(ctx, id, Undo{By: decision.By})
		if err == nil {
			p.done["undo"]++
			p.pause()
			decision.Reference = oneOf(p, "case", caseA, caseB)
			err = p.Decide(ctx, id, decision)
		}
		if errors.As(err, new(*Refused)) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// grouping divides the pages of some held documents anew, mostly as can be done.
func (p *persons) grouping(held []docRow, by string, supervisor bool) Regroup {
	g := Regroup{By: by, Supervisor: supervisor}
	if len(held) == 0 {
		return g
	}
	from := p.upTo(len(held), "first")
	some := held[from : from+1+p.upTo(min(len(held)-from, 3), "last")]
	last := 0
	for _, d := range some {
		g.Documents = append(g.Documents, DocumentVersion{d.ID, d.Version})
		if last > 0 && p.maybe("between") {
			for page := last + 1; page < d.From; page++ {
				g.TakeIn = append(g.TakeIn, page)
			}
		}
		last = d.To
	}
	for _, page := range []int{some[0].From - 1, last + 1} { // as often as not it is another document's, and refused
		if page > 0 && p.upTo(4, "edge") == 0 {
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
		switch p.upTo(10, "place") {
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

// sound wants no fault in the batch, one place for each page, and nothing half done.
func (p *persons) sound() {
	v := &verification{m: p.Mailroom, blobs: map[journal.Ref]bool{}}
	if err := v.batch(context.Background(), p.batch); err != nil {
		p.Fatal(err)
	}
	for _, fault := range v.faults {
		p.Error("fault:", fault)
	}
	if err := p.journal.View(context.Background(), func(r journal.Reader) error {
		rows, err := documents(r, p.batch)
		for _, d := range rows {
			if d.State == mail.Filed && (d.Placement == nil || d.Receipt == nil) {
				p.Errorf("document %s is filed without placement or receipt: %+v", d.ID, d)
			}
			if d.Undo != nil {
				p.Errorf("document %s is still to be taken back: %+v", d.ID, d)
			}
		}
		return err
	}); err != nil {
		p.Fatal(err)
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
