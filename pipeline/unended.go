package pipeline

import (
	"context"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// mostUnended is how many attempts at a task may begin and never end, because the
// process died in their middle, before what it works on is taken for the cause.
const mostUnended = 3

// hopeless tells a task whose attempts never end. One more might kill the server again,
// and with it the work on all other mail.
func hopeless(t journal.Task) bool { return t.Unended > mostUnended }

// What is said of it, after "it" or in a sentence of its own.
const (
	neverEnded    = "three attempts at it never ended: the program died in the middle of each"
	neverOpened   = "Three attempts to open the file never ended: the program died in the middle of each."
	neverCut      = "Three attempts to cut its pages from the scanner's file never ended: the program died in the middle of each."
	neverRead     = "Three attempts to read its text never ended: the program died in the middle of each."
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
		m.cfg.Log.Warn("the program died three times over a portion of a batch; its pages are read one by one",
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
	readings := []mail.Reading{{Page: page, Failure: neverEnded}}
	ref, err := m.keep(ctx, readings)
	return readings, ref, err
}

// textless is how a document is decided whose text no attempt came back from. Its pages
// keep their codes, and count as read: whoever files it by hand is not to meet this again.
func textless(readings []mail.Reading) (hold mail.Exception, fresh []mail.Reading) {
	for _, r := range readings {
		if lacksText(r) {
			r.HasText, r.Illegible = true, true
			fresh = append(fresh, r)
		}
	}
	return mail.Exception{Reason: mail.UnreadablePage, Detail: neverRead}, fresh
}
