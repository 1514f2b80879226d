package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// ticket gives the text of a new ticket's code.
func (r *room) ticket(expected mail.Counts) string {
	r.t.Helper()
	all, err := r.IssueTickets(r.t.Context(), 1, expected, "Monday's post", "user 1")
	if err != nil {
		r.t.Fatal(err)
	}
	return all[0].Code
}

// batchNow gives a batch as it is now.
func (r *room) batchNow(id string) BatchLine {
	r.t.Helper()
	line, _, err := r.Batch(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return line
}

// differing lists the batches that a difference keeps open.
func (r *room) differing() (ids []string) {
	r.t.Helper()
	all, err := r.Differences(r.t.Context(), "", 10)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range all {
		if now := r.batchNow(d.Batch); d.Expected != *now.Expected || d.Counted != *now.Counted || d.File != now.File {
			r.t.Errorf("listed as %+v, it is %+v", d, now)
		}
		ids = append(ids, d.Batch)
	}
	return ids
}

// TestTicketCountsOnce: a ticket closes the batch that it is met by, and holds any other.
func TestTicketCountsOnce(t *testing.T) {
	r := newRoom(t)
	ticket := "code=" + r.ticket(mail.Counts{Documents: 2, Pages: 3})
	batch, docs := r.process("a.pdf", ticket, "code="+caseA, "blank", "separator", "code="+caseB)
	wantPlaces(t, docs, "2-3 filed "+caseA, "5-5 filed "+caseB)
	if batch.State != "closed" || batch.Differs != "" || batch.Expected == nil || *batch.Expected != *batch.Counted || *batch.Counted != (mail.Counts{Documents: 2, Pages: 3}) {
		t.Errorf("a batch as its ticket says: %+v", batch)
	}
	if p := batch.SeparatorPages; len(p) != 2 || p[0].Why != "batch-ticket" {
		t.Errorf("separators %+v", p)
	}
	forged := "code=" + mail.Ticket{ID: "A", Counts: mail.Counts{Documents: 1}}.Text([]byte("another key"))
	for name, c := range map[string]struct {
		pages []string
		says  string
		want  []string
	}{
		"replayed":  {[]string{ticket, "text=Our ref " + caseA}, "used already, for batch " + batch.Batch, []string{"1-2 exception doubtful-separator"}},
		"forged":    {[]string{forged, "text=Our ref " + caseB}, "did not sign", []string{"1-2 exception doubtful-separator"}},
		"misplaced": {[]string{"code=" + caseA, "code=" + r.ticket(mail.Counts{Pages: 1}), "code=" + caseB}, "not the batch's first page", []string{"1-1 exception doubtful-separator", "2-3 exception doubtful-separator"}},
	} {
		batch, docs := r.process(name+".pdf", c.pages...)
		wantPlaces(t, docs, c.want...)
		if !strings.Contains(docs[0].Detail, c.says) || batch.Expected != nil {
			t.Errorf("%s: %q, %+v", name, docs[0].Detail, batch)
		}
	}
	r.verifies()
}

// TestHeldTicketPageIsDecided: a person makes a ticket that does not count a separator,
// and the batch then has no ticket.
func TestHeldTicketPageIsDecided(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "code=POSTROOM-BATCH:1:A:7:7:X", "code="+caseA)
	if err := r.decide(docs[0].Document, Decision{Separator: 1}); err != nil {
		t.Fatal(err)
	}
	if now := r.batchNow(batch.Batch); now.State != "closed" || now.Filed != 1 || now.Expected != nil {
		t.Errorf("%+v", now)
	}
	r.verifies()
}

func TestDifferenceHoldsTheBatchOpen(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "code="+r.ticket(mail.Counts{Documents: 3, Pages: 2}), "code="+caseA, "separator", "text=no number")
	wantPlaces(t, docs, "2-2 filed "+caseA, "4-4 exception no-reference")
	if batch.Differs != "" || len(r.differing()) != 0 {
		t.Errorf("it is said to differ while a document waits: %+v", batch)
	}
	closing := Closing{Why: "one letter was withdrawn", By: "A. Clerk", UID: "7"}
	refused := func(id string, c Closing, says string) {
		t.Helper()
		if err := r.CloseBatch(t.Context(), id, c); !errors.As(err, new(*Refused)) || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", c, err, says)
		}
	}
	refused(batch.Batch, closing, "decide those first")
	if err := r.decide(docs[1].Document, Decision{Discard: "advertising"}); err != nil {
		t.Fatal(err)
	}
	now := r.batchNow(batch.Batch)
	if now.State != "open" || now.Differs != "documents: 3 expected, 2 counted" || len(r.differing()) != 1 {
		t.Errorf("%+v", now)
	}
	r.verifies()
	refused(batch.Batch, Closing{Why: "  ", By: "A. Clerk"}, "--because")
	refused(batch.Batch, Closing{Why: "a\nb", By: "A. Clerk"}, "--because")
	refused(batch.Batch, Closing{Why: "x", By: ""}, "--by")
	refused(batch.Batch, Closing{Why: "x", By: "Machine"}, "not the name of a person")
	if err := r.CloseBatch(t.Context(), "none", closing); !errors.Is(err, ErrNoSuch) {
		t.Errorf("an unknown batch: %v", err)
	}
	seen := closing // of a page that was shown before somebody changed the batch
	seen.Counted = mail.Counts{Documents: 4, Pages: 2}
	refused(batch.Batch, seen, "2 documents and 2 pages by now")
	if now := r.batchNow(batch.Batch); now.Closing != nil || now.State != "open" {
		t.Errorf("a difference that nobody has seen is accepted: %+v", now)
	}
	closing.Counted = mail.Counts{Documents: 2, Pages: 2}
	if err := r.CloseBatch(t.Context(), batch.Batch, closing); err != nil {
		t.Fatal(err)
	}
	now = r.batchNow(batch.Batch)
	if c := now.Closing; now.State != "closed" || now.Differs != "" || len(r.differing()) != 0 || c == nil || c.Why != closing.Why || c.By != "A. Clerk" || c.UID != "7" ||
		c.Expected != (mail.Counts{Documents: 3, Pages: 2}) || c.Counted != (mail.Counts{Documents: 2, Pages: 2}) {
		t.Errorf("closed: %+v, %+v", now, now.Closing)
	}
	refused(batch.Batch, closing, "closed already")
	r.verifies()
}

// TestAcceptedDifferenceIsThatOne: a batch that opens again closes by itself with the
// counts that a person accepted, and waits with others.
func TestAcceptedDifferenceIsThatOne(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "code="+r.ticket(mail.Counts{Documents: 3}), "code="+caseA+";text=the first", "code="+caseA+";text=and more")
	if err := r.CloseBatch(t.Context(), batch.Batch, Closing{Why: "miscounted", By: "A. Clerk"}); err != nil {
		t.Fatal(err)
	}
	again := func(d Decision, state string) {
		t.Helper()
		if err := r.recall(docs[0].Document); err != nil {
			t.Fatal(err)
		}
		if now := r.batchNow(batch.Batch); now.State != "open" || now.Differs != "" {
			t.Errorf("recalled: %+v", now)
		}
		if err := r.decide(docs[0].Document, d); err != nil {
			t.Fatal(err)
		}
		if now := r.batchNow(batch.Batch); now.State != state || (now.Differs == "") != (state == "closed") {
			t.Errorf("%s: %+v", d.Words(), now)
		}
		r.verifies()
	}
	again(Decision{Reference: caseA}, "closed")
	again(Decision{SplitBefore: 3}, "open") // two documents now, and one was accepted
}

// TestTamperedTicketIsFound: what a hand changes in the rows of a ticket is told by verify.
func TestTamperedTicketIsFound(t *testing.T) {
	for name, change := range map[string]func(tx journal.Tx, b batchRow) error{
		"another count": func(tx journal.Tx, b batchRow) error {
			b.Ticket.Documents = 1
			return journal.Save(tx, tableBatch, b.ID, b)
		},
		"no ticket": func(tx journal.Tx, b batchRow) error {
			b.Ticket = nil
			return journal.Save(tx, tableBatch, b.ID, b)
		},
		"another reason": func(tx journal.Tx, b batchRow) error {
			b.Closing.Why = "as it should be"
			return journal.Save(tx, tableBatch, b.ID, b)
		},
		"usable again": func(tx journal.Tx, b batchRow) error { return tx.Delete(tableTicket, b.Ticket.ID) },
		"listed":       func(tx journal.Tx, b batchRow) error { return journal.Save(tx, tableDiffers, b.ID, differsRow{}) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t)
			batch, _ := r.process("a.pdf", "code="+r.ticket(mail.Counts{Documents: 2}), "code="+caseA)
			if err := r.CloseBatch(t.Context(), batch.Batch, Closing{Why: "miscounted", By: "A. Clerk"}); err != nil {
				t.Fatal(err)
			}
			r.verifies()
			if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error {
				b, err := load[batchRow](tx, tableBatch, batch.Batch)
				return errors.Join(err, change(tx, b))
			}); err != nil {
				t.Fatal(err)
			}
			var faults []string
			if _, err := r.Verify(t.Context(), func(f string) { faults = append(faults, f) }); err != nil || len(faults) == 0 {
				t.Errorf("faults %v, %v", faults, err)
			}
		})
	}
}

// TestTicketIsRacedFor: of two batches that are assembled at once, one has the ticket.
func TestTicketIsRacedFor(t *testing.T) {
	r := newRoom(t)
	ticket := "code=" + r.ticket(mail.Counts{Documents: 1})
	var ids []string
	if err := r.work(func(ctx context.Context) error {
		for _, name := range []string{"a", "b", "c", "d"} {
			id, err := r.Accept(ctx, r.write(name+".pdf", ticket+"\ncode="+caseA+";text="+name+"\n"), Origin{Source: "process"})
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		for _, id := range ids {
			if err := r.Await(ctx, id, false); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	with := 0
	for _, id := range ids {
		if b := r.batchNow(id); b.Expected != nil && b.State == "closed" {
			with++
		} else if b.Exceptions != 1 {
			t.Errorf("%+v", b)
		}
	}
	if with != 1 {
		t.Errorf("%d batches have the ticket", with)
	}
	r.verifies()
}

func TestIssueTicketRefuses(t *testing.T) {
	r := newRoom(t)
	for name, c := range map[string]struct {
		expected mail.Counts
		name     string
	}{
		"nothing":       {mail.Counts{}, ""},
		"fewer than 0":  {mail.Counts{Documents: -1, Pages: 1}, ""},
		"too many":      {mail.Counts{Pages: 1000000}, ""},
		"control signs": {mail.Counts{Pages: 1}, "a\x1b[2J"},
		"many letters":  {mail.Counts{Pages: 1}, strings.Repeat("x", 41)},
		"many words":    {mail.Counts{Pages: 1}, "a b c d e f"},
		"a reference":   {mail.Counts{Pages: 1}, caseA},
	} {
		if all, err := r.IssueTickets(t.Context(), 2, c.expected, c.name, "user 1"); !errors.As(err, new(*Refused)) || len(all) > 0 {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
	r.verifies()
}

// TestTicketsAreIssuedTogether: none is in the log that nobody got to print.
func TestTicketsAreIssuedTogether(t *testing.T) {
	r := newRoom(t)
	for i, want := range []int{0, 3} {
		commits := int64(i + 1) // it dies at that one
		if err := r.journal.Close(); err != nil {
			t.Fatal(err)
		}
		left := &atomic.Int64{}
		r.open(func(s journal.Store) journal.Store { return crashing{s, left, false, func() {}} })
		left.Store(commits)
		if all, err := r.IssueTickets(t.Context(), 3, mail.Counts{Pages: 7}, "", "user 1"); len(all) != want || (err == nil) != (want > 0) {
			t.Errorf("dead at commit %d: %v, %v", commits, all, err)
		}
		r.reopen()
		if all, _, err := r.Entries(t.Context(), 0, 10, EntryFilter{Action: "batch ticket issued"}); len(all) != want || err != nil {
			t.Errorf("dead at commit %d: the log has %v, %v", commits, all, err)
		}
	}
	r.verifies()
}

// BenchmarkDifferences measures, beside 100,000 documents in 1,000 batches that all
// differ from their tickets, a page of the list of these, and the closing of one.
func BenchmarkDifferences(b *testing.B) {
	r := newRoom(b)
	var ids []string
	for n := range 1000 {
		id := fmt.Sprintf("01900000-0000-7000-8000-%012d", n)
		ids = append(ids, id)
		if err := r.journal.Tx(b.Context(), func(tx journal.Tx) error { return syntheticBatch(tx, id, 100) }); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if lines, err := r.Differences(b.Context(), ids[499], 50); err != nil || len(lines) != 50 {
				b.Fatalf("%d lines, %v", len(lines), err)
			}
		}
	})
	b.Run("close", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			id := ids[n%len(ids)]
			if n >= len(ids) {
				b.StopTimer()
				if err := r.journal.Tx(b.Context(), func(tx journal.Tx) error { return differingRow(tx, id, 100) }); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			if err := r.CloseBatch(b.Context(), id, Closing{Why: "miscounted", By: "A. Clerk"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// differingRow writes the rows of a batch of so many pages whose ticket expects a document more.
func differingRow(tx journal.Tx, id string, n int) error {
	row := batchRow{Batch: mail.Batch{ID: id, Pages: n}, Listed: true, Ticket: &mail.Ticket{ID: id, Counts: mail.Counts{Documents: n + 1}}}
	return errors.Join(journal.Save(tx, tableBatch, id, row), tx.Put(tableTicket, id, []byte(id)),
		journal.Save(tx, tableDiffers, id, differsRow{Counted: mail.Counts{Documents: n, Pages: n}}))
}

// syntheticBatch writes such a batch with its documents, of a discarded page each.
func syntheticBatch(tx journal.Tx, id string, n int) error {
	err := differingRow(tx, id, n)
	for page := 1; page <= n; page++ {
		d := docRow{Document: mail.Document{ID: mail.DocumentID(id, page, page, ""), Batch: id, From: page, To: page, State: mail.Discarded}}
		err = errors.Join(err, journal.Save(tx, tableDoc, d.ID, d), tx.Put(tableSpan, spanKey(d.Document), nil),
			dispose(tx, id, page, mail.Disposition{Place: mail.PlaceDiscarded, Document: d.ID}))
	}
	return err
}
