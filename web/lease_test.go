package web

import (
	"testing"
	"time"
)

func TestLeases(t *testing.T) {
	now := time.Unix(1e9, 0)
	l := newLeases(func() time.Time { return now })
	if by, mine := l.take("d", "ann", "Ann"); !mine || by != "" {
		t.Fatalf("the first who comes: %q, %v", by, mine)
	}
	if by, mine := l.take("d", "bob", "Bob"); mine || by != "Ann" {
		t.Errorf("the second: %q, %v", by, mine)
	}
	if !l.others("d", "bob") || l.others("d", "ann") || l.others("e", "bob") {
		t.Error("who has it is not told rightly")
	}
	l.write("d", "bob", "stranger's")
	l.write("d", "ann", "TX-1")
	now = now.Add(term - time.Second)
	if l.write("d", "ann", "TX-12"); !l.others("d", "bob") {
		t.Error("writing does not lengthen the lease")
	}
	now = now.Add(term)
	if by, mine := l.take("d", "bob", "Bob"); !mine {
		t.Errorf("after its term it is still %s's", by)
	}
	if l.draft("d") != "TX-12" {
		t.Errorf("what was typed is gone: %q", l.draft("d"))
	}
	if from := l.seize("d", "ann", "Ann"); from != "Bob" || l.others("d", "ann") {
		t.Errorf("taken over from %q", from)
	}
	l.free("d", "bob")
	if !l.others("d", "bob") {
		t.Error("another's lease was freed")
	}
	if l.free("d", "ann"); l.others("d", "bob") || l.draft("d") != "TX-12" {
		t.Error("laid aside, it is held or its draft is gone")
	}
	now = now.Add(25 * time.Hour)
	if l.take("e", "ann", "Ann"); len(l.held) != 1 {
		t.Errorf("%d leases are remembered", len(l.held))
	}
	if l.end("e"); len(l.held) != 0 {
		t.Error("a decided document is still held")
	}
}
