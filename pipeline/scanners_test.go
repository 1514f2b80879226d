package pipeline

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"postroom/mail"
)

func (r *room) scanners() []Scanner {
	r.t.Helper()
	if err := r.Tally(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	all, err := r.Scanners(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

func TestScannersCount(t *testing.T) {
	r, c := newTimedRoom(t)
	r.process("a.pdf", "code="+caseA+";text=a letter;skew=-0.4;streak=0.5", "unsure=0.7", "text=no number;skew=0.2;doubt=", "dead", "blank;streak=0.5")
	want := ScanTally{Pages: 4, Separators: 1, Confidence: 700, Doubts: 1, Streaked: 2, Skewed: 2, Skew: 60}
	all := r.scanners()
	if len(all) != 1 || all[0].Name != "process" || len(all[0].Weeks) != 1 || all[0].Weeks[0].ScanTally != want || all[0].Warnings != nil {
		t.Fatalf("%+v, want %+v", all, want)
	}
	if got := r.figures(c.at, c.at).Total.Scan; got != want {
		t.Errorf("of the day %+v", got)
	}
	w := all[0].Weeks[0]
	if sure, ok := w.Sure(); !ok || sure != 0.7 {
		t.Error(sure)
	}
	if share, ok := w.Doubted(); !ok || share != 0.5 {
		t.Error(share)
	}
	if askew, ok := w.Askew(); !ok || askew != 0.3 {
		t.Error(askew)
	}
	r.verifies()
	if err := r.Recount(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := r.scanners(); !reflect.DeepEqual(now, all) {
		t.Errorf("%+v\nwere\n%+v", now, all)
	}
}

// TestScannersOfTextReadLater: each page counts once, and its skew with its text.
func TestScannersOfTextReadLater(t *testing.T) {
	r := newRoom(t)
	r.after = true
	r.reopen()
	r.process("a.pdf", "code="+caseA+";text=a letter;skew=1.5", "separator", "text=no number;skew=0.5")
	want := ScanTally{Pages: 3, Separators: 1, Confidence: 1000, Skewed: 2, Skew: 200}
	if all := r.scanners(); len(all) != 1 || all[0].Weeks[0].ScanTally != want {
		t.Errorf("%+v, want %+v", all, want)
	}
}

func TestStreakIsToldOf(t *testing.T) {
	r := newRoom(t)
	page := "code=" + caseA + ";streak=0.1524" // 32 mm of 1654 pixels at 200 dpi
	for i, name := range []string{"a.pdf", "b.pdf"} {
		r.process(name, strings.Fields(strings.Repeat(page+" ", 3+i))...)
	}
	if all := r.scanners(); all[0].Warnings != nil {
		t.Fatalf("after 7 pages: %+v", all[0].Warnings)
	}
	r.process("c.pdf", "code="+caseA, page+";streak=0.7")
	want := []Warning{{Code: WarnStreak, Place: 32, Seen: 8, Of: 9}}
	if all := r.scanners(); !reflect.DeepEqual(all[0].Warnings, want) {
		t.Errorf("%+v, want %+v", all[0].Warnings, want)
	}
	r.verifies()
	r.process("d.pdf", "blank", "code="+caseA, "separator")
	if all := r.scanners(); all[0].Warnings != nil {
		t.Errorf("the glass is clean again: %+v", all[0].Warnings)
	}
}

func TestLinesOfBothSides(t *testing.T) {
	var l scanLines
	at := time.Unix(0, 0)
	for range 9 {
		l.see(0, at, nil)
		l.see(1, at, []lineOnOne{{Place: 320, Dark: true}, {Place: 900}})
	}
	want := []Warning{{Code: WarnStreak, Side: "back", Place: 32, Seen: 9, Of: 9}, {Code: WarnStreak, Side: "back", Place: 90, Light: true, Seen: 9, Of: 9}}
	if got := l.warnings(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for i := range 40 { // strewn lines are none
		l.see(0, at, []lineOnOne{{Place: int64(100 + 50*i), Dark: true}})
	}
	if got := l.warnings(); len(got) != 2 || len(l[0]) > lineGone {
		t.Errorf("%+v, followed %+v", got, l[0])
	}
}

func TestFallen(t *testing.T) {
	good := ScanTally{Separators: 200, Confidence: 190000, Doubts: 2, Skewed: 1000, Skew: 20000}
	for name, c := range map[string]struct {
		now  ScanTally
		want []string
	}{
		"as ever":        {ScanTally{Separators: 50, Confidence: 47500, Doubts: 1, Skewed: 250, Skew: 5000}, nil},
		"doubts":         {ScanTally{Separators: 45, Confidence: 42750, Doubts: 5}, []string{WarnDoubts}},
		"few doubts":     {ScanTally{Separators: 10, Confidence: 9500, Doubts: 5}, nil},
		"none read":      {ScanTally{Doubts: 40}, []string{WarnDoubts}},
		"less sure":      {ScanTally{Separators: 50, Confidence: 42000}, []string{WarnConfidence}},
		"a little less":  {ScanTally{Separators: 50, Confidence: 43000}, nil},
		"askew":          {ScanTally{Skewed: 200, Skew: 12000}, []string{WarnSkew}},
		"askew, of few":  {ScanTally{Skewed: 199, Skew: 12000}, nil},
		"hardly askew":   {ScanTally{Skewed: 300, Skew: 14000}, nil},
		"all of it":      {ScanTally{Separators: 50, Confidence: 40000, Doubts: 9, Skewed: 300, Skew: 30000}, []string{WarnDoubts, WarnConfidence, WarnSkew}},
		"nothing at all": {},
	} {
		var got []string
		for _, w := range fallen(c.now, good) {
			got = append(got, w.Code)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if got := fallen(c.now, ScanTally{}); got != nil {
			t.Errorf("%s, with nothing before: %+v", name, got)
		}
	}
}

// TestPagesOfOldEntries: an entry of a version that told nothing of the scanner counts nothing.
func TestPagesOfOldEntries(t *testing.T) {
	r := newRoom(t)
	r.process("a.pdf", "code="+caseA)
	e := r.event(actionRead, "batch", "", map[string]any{"pages": []int{1}, "readings": ""})
	c, err := newTallying(&memory{rows: map[string]map[string][]byte{}}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.event(1, e); err != nil || len(c.days) != 0 {
		t.Errorf("%v, %v", c.days, err)
	}
	if s := (&scanned{}).none(); s != nil {
		t.Error("nothing is something")
	}
	var s scanned
	s.look(mail.Reading{Page: 3, Width: 100, Streaks: []mail.Streak{{Place: 0.5}}}, true)
	if len(s.Streaks) != 0 || len(s.Pages) != 1 {
		t.Errorf("a page without a resolution has millimetres: %+v", s)
	}
}
