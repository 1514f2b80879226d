package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
)

// mostUnended is how many attempts at a task may begin and never end, because the
// process died in their middle, before what it works on is taken for the cause.
const mostUnended = 3

// mostTogether is the same for what can be divided. It is less, so that a portion does not
// run alone, as what died twice does, while all other cores wait for it.
const mostTogether = 2

func divisible(t journal.Task) bool { return t.Unended > mostTogether }

// hopeless tells a task whose attempts never end. One more might kill the server again,
// and with it the work on all other mail.
func hopeless(t journal.Task) bool { return t.Unended > mostUnended }

// What is said of it, after "it" or in a sentence of its own.
const (
	neverEnded    = "three attempts at it never ended: the program died in the middle of each"
	neverRendered = "Three attempts to make it never ended: the program died in the middle of each."
)

// divide makes a read task of each page of a portion over which the process died: the
// page that did it, if it was one, is told from the others, which have as many attempts anew.
func (m *Mailroom) divide(b batchRow, pages []int) func(journal.Tx) error {
	return func(tx journal.Tx) error {
		var alone []journal.Task
		for _, n := range pages {
			alone = append(alone, task(taskRead, priorityRead, pageKey(b.ID, n)+"/alone", payload{Batch: b.ID, From: n, To: n}))
		}
		if _, err := tx.Add(tableChunks, b.ID, int64(len(alone))-1); err != nil {
			return err
		}
		m.cfg.Log.Warn("the program died twice over a portion of a batch; its pages are read one by one",
			"batch", b.ID, "from", pages[0], "to", pages[len(pages)-1])
		return tx.Enqueue(alone...)
	}
}

// givenUp logs a page, file or document over which the process died again and again.
func (m *Mailroom) givenUp(t journal.Task) {
	p := carried(t)
	m.cfg.Log.Error("the program died three times over this; it is given up and told to a person",
		"task", t.Kind, "batch", p.Batch, "page", p.From, "document", p.Document)
}

// unreadable is a page that no attempt at reading came back from, kept like any reading.
func (m *Mailroom) unreadable(ctx context.Context, page int) ([]mail.Reading, journal.Ref, error) {
	readings := []mail.Reading{{Page: page, Failure: neverEnded, Says: mail.Say("fault-unended")}}
	ref, err := m.keep(ctx, readings)
	return readings, ref, err
}

func unreadPages(readings []mail.Reading) (pages []int) {
	for _, r := range readings {
		if lacksText(r) {
			pages = append(pages, r.Page)
		}
	}
	return pages
}

// textAlone reads the text of a document over which the process died a page a task, so
// that each death costs a page at most. The last one has the document decided.
func (m *Mailroom) textAlone(ctx context.Context, t journal.Task, b batchRow, d docRow, unread []int) (func(journal.Tx) error, error) {
	page := carried(t).From
	var readings []mail.Reading
	var ref journal.Ref
	var err error
	switch read := page > 0 && slices.Contains(unread, page); {
	case read && hopeless(t):
		m.givenUp(t)
		readings, ref, err = m.unreadable(ctx, page)
	case read:
		readings, ref, err = m.readPages(ctx, b, []int{page}, sandbox.AllText)
	}
	if err != nil {
		return nil, err
	}
	next := task(taskText, t.Priority, version(d)+"/decide", payload{Batch: b.ID, Document: d.ID})
	if i := slices.IndexFunc(unread, func(n int) bool { return n > page }); i >= 0 {
		next = task(taskText, t.Priority, fmt.Sprintf("%s/%d", version(d), unread[i]), payload{Batch: b.ID, Document: d.ID, From: unread[i]})
	}
	return func(tx journal.Tx) error {
		return errors.Join(m.savePages(tx, b.ID, readings, ref), tx.Enqueue(next))
	}, nil
}
