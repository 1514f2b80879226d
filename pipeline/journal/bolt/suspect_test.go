package bolt

import (
	"testing"
	"time"

	"postroom/pipeline/journal"
)

// TestSuspectsComeLastAndNotNever: a task that was in hand at two deaths lets others go
// first, runs alone, and does not wait for ever.
func TestSuspectsComeLastAndNotNever(t *testing.T) {
	any := func(string) bool { return true }
	suspect := item{journal.Task{Key: "suspect", Kind: "a", Unended: 2}, 1}
	q := newQueue([]item{suspect})
	before := 0
	for seq := uint64(2); ; seq++ {
		q.add(item{journal.Task{Key: "other", Kind: "b"}, seq})
		i, ok, _ := q.take(time.Time{}, any, inHand{})
		if !ok {
			t.Fatal("nothing was begun")
		}
		if i.Key == "suspect" {
			break
		}
		if before++; before > 2*mostBefore {
			t.Fatal("it waits for ever")
		}
	}
	if before != mostBefore {
		t.Errorf("%d went before it", before)
	}
	// While it is in hand nothing else is begun, and it is not begun beside others.
	if i, ok, _ := q.take(time.Time{}, any, inHand{all: 1, foreground: 1, suspects: 1}); ok {
		t.Errorf("%s was begun beside it", i.Key)
	}
	q = newQueue([]item{suspect})
	if i, ok, _ := q.take(time.Time{}, any, inHand{all: 1, foreground: 1}); ok {
		t.Errorf("%s was begun beside another", i.Key)
	}
	// One that nobody waits for comes after all of the foreground.
	q = newQueue([]item{{journal.Task{Key: "suspect", Kind: "a", Unended: 2, Priority: journal.Background}, 1}})
	if i, ok, _ := q.take(time.Time{}, any, inHand{all: 1, foreground: 1}); ok {
		t.Errorf("%s was begun", i.Key)
	}
	if _, ok, _ := q.take(time.Time{}, any, inHand{}); !ok {
		t.Error("it is not begun when nothing else is to be done")
	}
}
