package web

import (
	"testing"
	"time"
)

func TestLeases(t *testing.T) {
	now := time.Unix(1e9, 0)
	l := newLeases(func() time.Time { return now })
	if has, mine := l.take("d", "ann", "Ann"); !mine || has.since != now {
		t.Fatalf("the first who comes: %+v, %v", has, mine)
	}
	began := now
	now = now.Add(time.Minute)
	if has, mine := l.take("d", "bob", "Bob"); mine || has.name != "Ann" || has.since != began {
		t.Errorf("the second: %+v, %v", has, mine)
	}
	if l.holder("d", "bob") != "Ann" || l.holder("d", "ann") != "" || l.holder("e", "bob") != "" {
		t.Error("who has it is not told rightly")
	}
	l.write("d", "bob", "stranger's")
	l.write("d", "ann", "TX-1")
	now = now.Add(term - time.Second)
	if l.write("d", "ann", "TX-12"); l.holder("d", "bob") == "" {
		t.Error("writing does not lengthen the lease")
	}
	now = now.Add(term)
	if has, mine := l.take("d", "bob", "Bob"); !mine || has.since != now {
		t.Errorf("after its term it is still %s's", has.name)
	}
	if l.draft("d", "ann") != "TX-12" || l.draft("d", "bob") != "" {
		t.Errorf("what was typed: Ann's %q, Bob's %q", l.draft("d", "ann"), l.draft("d", "bob"))
	}
	if from := l.seize("d", "ann", "Ann"); from != "Bob" || l.holder("d", "ann") != "" || l.holder("d", "bob") != "Ann" {
		t.Errorf("taken over from %q", from)
	}
	if l.only("d", "bob"); l.holder("d", "bob") != "Ann" {
		t.Error("another's lease was ended")
	}
	if l.only("e", "ann"); l.holder("d", "bob") != "" || l.draft("d", "ann") != "TX-12" {
		t.Error("gone on, it is held or its draft is gone")
	}
	now = now.Add(draftTerm + time.Hour)
	if l.take("e", "ann", "Ann"); len(l.held) != 1 || len(l.drafts) != 0 {
		t.Errorf("%d leases and %d drafts are remembered", len(l.held), len(l.drafts))
	}
	l.write("e", "ann", "TX-2")
	if l.end("e"); len(l.held) != 0 || len(l.drafts) != 0 {
		t.Error("a decided document is still held")
	}
}
