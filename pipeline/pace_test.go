package pipeline

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	r, c := newTimedRoom(t)
	if p := r.Pace(); p != 0 {
		t.Error(p)
	}
	r.process("a.pdf", "code="+caseA, "blank", "blank")
	c.at = c.at.Add(30 * time.Second)
	r.process("b.pdf", "blank", "blank", "blank")
	if p := r.Pace(); p != 0.1 {
		t.Errorf("6 pages in a minute are %v a second", p)
	}
	if c.at = c.at.Add(30 * time.Second); r.Pace() != 0.05 {
		t.Errorf("3 pages in the last minute are %v a second", r.Pace())
	}
	if c.at = c.at.Add(-time.Hour); r.Pace() != 0 {
		t.Errorf("the clock was put back: %v", r.Pace())
	}
}
