package sandbox

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postroom/mail"
)

// TestEndlessAnswersEnd: a page that is answered again and again is not a page
// after another, each with time of its own.
func TestEndlessAnswersEnd(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	got, err := pool(t, "floods", Config{}).Read(ctx, scanned(t, "batch-000.pdf"), "k", []int{1, 2, 3}, NoText)
	if err != nil || len(got) != 3 || got[2].Page != 3 || got[1].Page != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAllReadIsRead: a helper that hangs when all pages were answered costs none of them.
func TestAllReadIsRead(t *testing.T) {
	p := pool(t, "hangs-afterwards", Config{PageWall: 300 * time.Millisecond})
	got, err := p.Read(t.Context(), scanned(t, "batch-000.pdf"), "k", []int{1, 2}, NoText)
	if err != nil || len(got) != 2 || got[0].Failure != "" || got[1].Failure != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPagesAreCountedWithinTheLimit(t *testing.T) {
	c, err := pool(t, "counts-wrong", Config{}).Open(t.Context(), scanned(t, "batch-000.pdf"), "k")
	if err != nil || c.Pages != 0 || c.Refused == nil || c.Refused.Reason != mail.UnreadableFile {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestCheck: what no page can be is not believed.
func TestCheck(t *testing.T) {
	honest := func() mail.Reading {
		return mail.Reading{Page: 3, Width: 100, Height: 200, DPI: 200, DPIY: 100, Rotation: 270, Skew: -2, Ink: 0.1,
			Words:   []mail.Word{{Box: mail.Box{X1: 100, Y1: 200}, Confidence: 1}},
			Symbols: []mail.Symbol{{Polygon: mail.Box{X0: -3, Y0: 5, X1: 103, Y1: 9}.Quad(), Module: 2, Confidence: 1}},
			Doubts:  []mail.Doubt{{Polygon: mail.Box{X1: 100, Y1: 200}.Quad()}}}
	}
	for name, c := range map[string]struct {
		lie  func(*mail.Reading)
		good bool
	}{
		"nothing":          {func(*mail.Reading) {}, true},
		"failure":          {func(r *mail.Reading) { *r = mail.Reading{Page: 3, Failure: "why"} }, true},
		"failure, said":    {func(r *mail.Reading) { *r = mail.Reading{Page: 3, Failure: "why", Says: mail.Say("fault-encrypted")} }, true},
		"said otherwise":   {func(r *mail.Reading) { *r = mail.Reading{Page: 3, Failure: "why", Says: mail.Say("no-reference")} }, false},
		"said, no failure": {func(r *mail.Reading) { r.Says = mail.Say("fault-encrypted") }, false},
		"no such saying": {func(r *mail.Reading) {
			*r = mail.Reading{Page: 3, Failure: "why", Says: &mail.Saying{Code: "fault-odd"}}
		}, false},
		"said without end": {func(r *mail.Reading) {
			*r = mail.Reading{Page: 3, Failure: "why", Says: mail.Say("fault-other", "fault", strings.Repeat("x", longest+1))}
		}, false},
		"failure and words": {func(r *mail.Reading) { r.Failure = "why" }, false},
		"page":              {func(r *mail.Reading) { r.Page = 4 }, false},
		"width":             {func(r *mail.Reading) { r.Width = -1 }, false},
		"pixels":            {func(r *mail.Reading) { r.Width, r.Height = 1<<32, 1<<32 }, false},
		"rotation":          {func(r *mail.Reading) { r.Rotation = 360 }, false},
		"odd rotation":      {func(r *mail.Reading) { r.Rotation = 45 }, false},
		"skew":              {func(r *mail.Reading) { r.Skew = 1e300 }, false},
		"ink":               {func(r *mail.Reading) { r.Ink = 2 }, false},
		"dpi":               {func(r *mail.Reading) { r.DPIY = -1 }, false},
		"box":               {func(r *mail.Reading) { r.Words[0].Box.X1 = 101 }, false},
		"empty box":         {func(r *mail.Reading) { r.Words[0].Box.Y0 = 200 }, false},
		"confidence":        {func(r *mail.Reading) { r.Words[0].Confidence = 1.1 }, false},
		"line":              {func(r *mail.Reading) { r.Words[0].Line = 1 }, false},
		"endless text":      {func(r *mail.Reading) { r.Symbols[0].Text = strings.Repeat("7", longest+1) }, false},
		"longest text":      {func(r *mail.Reading) { r.Symbols[0].Text = strings.Repeat("7", 7089) }, true},
		"endless word":      {func(r *mail.Reading) { r.Words[0].Text = strings.Repeat("w", longest+1) }, false},
		"endless failure":   {func(r *mail.Reading) { *r = mail.Reading{Page: 3, Failure: strings.Repeat("w", longest+1)} }, false},
		"polygon":           {func(r *mail.Reading) { r.Symbols[0].Polygon[2].X = math.MaxFloat64 }, false},
		"module":            {func(r *mail.Reading) { r.Symbols[0].Module = -1 }, false},
		"streaks":           {func(r *mail.Reading) { r.Streaks = []mail.Streak{{Place: 1, Width: 1}, {Width: 100}} }, true},
		"streak's place":    {func(r *mail.Reading) { r.Streaks = []mail.Streak{{Place: math.NaN(), Width: 1}} }, false},
		"streak's width":    {func(r *mail.Reading) { r.Streaks = []mail.Streak{{Place: 0.5, Width: 101}} }, false},
		"many streaks":      {func(r *mail.Reading) { r.Streaks = slices.Repeat([]mail.Streak{{Width: 1}}, 9) }, false},
		"doubt's polygon":   {func(r *mail.Reading) { r.Doubts[0].Polygon[0].Y = -1e9 }, false},
	} {
		r := honest()
		c.lie(&r)
		err := answer{Reading: &r}.check(request{Op: "read", Pages: []int{1, 3}}, said{readings: 1}, Config{}.withDefaults())
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		said        answer
		asked       request
		before      int
		mayContinue bool
	}{
		"first":             {answer{Step: 1}, request{Op: "read", Pages: []int{1}}, 0, true},
		"second of a read":  {answer{Step: 2}, request{Op: "read", Pages: []int{1}}, 1, false},
		"of an opening":     {answer{Step: 1}, request{Op: "open"}, 0, false},
		"last of a cut":     {answer{Step: 5}, request{Op: "cut", From: 3, To: 4}, 4, true},
		"too many of a cut": {answer{Step: 6}, request{Op: "cut", From: 3, To: 4}, 5, false},
		"left out":          {answer{Step: 3}, request{Op: "cut", From: 3, To: 4}, 1, false},
		"the same again":    {answer{Step: 1}, request{Op: "cut", From: 3, To: 4}, 1, false},
		"negative":          {answer{Step: -1}, request{Op: "cut", From: 3, To: 4}, 0, false},
		"with the end":      {answer{Step: 1, Done: true}, request{Op: "cut", From: 3, To: 4}, 0, false},
	} {
		if err := c.said.check(c.asked, said{steps: c.before}, Config{Pages: 9}); (err == nil) != c.mayContinue {
			t.Errorf("step %s: %v", name, err)
		}
	}
	for reason, good := range map[mail.Reason]bool{mail.Encrypted: true, mail.UnreadablePage: true, mail.Recall: false, mail.Duplicate: false, mail.UnknownCase: false} {
		for _, a := range []answer{{Contents: &Contents{Refused: &Refusal{Reason: reason}}}, {Cutting: &Cutting{Refused: &Refusal{Reason: reason}}}, {Rendered: &Rendered{Refused: &Refusal{Reason: reason}}}} {
			a.Done = true
			if err := a.check(request{}, said{}, Config{Pages: 9}); (err == nil) != good {
				t.Errorf("a refusal for the reason %v: %v", reason, err)
			}
		}
	}
	if err := (answer{Contents: &Contents{Pages: -1}, Done: true}).check(request{}, said{}, Config{Pages: 9}); err == nil {
		t.Error("a negative number of pages was believed")
	}
}

// TestFrames: what comes from a helper brings no descriptors and no flood.
func TestFrames(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, err := parent(os.NewFile(uintptr(pair[0]), "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := parent(os.NewFile(uintptr(pair[1]), "b"))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()

	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which closes files that were let go
	f, before := scanned(t, "batch-000.pdf"), descriptors(t)
	var got answer
	for range 8 {
		if err := send(a, answer{Whole: "x"}, f); err != nil {
			t.Fatal(err)
		}
		if err := receive(b, &got); err != nil || got.Whole != "x" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}

	read := func(size uint32, body string) error {
		return receive(strings.NewReader(string(binary.BigEndian.AppendUint32(nil, size))+body), &answer{})
	}
	zeros := `{"reading":{"words":[0` + strings.Repeat(",0", maxCommas) + `,0]}}`
	if err := read(uint32(len(zeros)), zeros); err == nil || !strings.Contains(err.Error(), "commas") {
		t.Errorf("half a million words: %v", err)
	}
	if err := read(maxFrame+1, ""); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a long frame: %v", err)
	}
}

func descriptors(t *testing.T) int {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(all)
}
