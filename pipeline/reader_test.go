package pipeline

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"postroom/mail"
	"postroom/pipeline/journal"
)

// filedLetters has a file with two letters in two cases filed, and gives their ids, in the list's order.
func filedLetters(t *testing.T, r *room) []LetterLine {
	t.Helper()
	r.process("a.pdf", "code="+caseA+";text=one", "separator", "code="+caseB+";text=two")
	lines, next, err := r.LettersChosen(t.Context(), Sees{Stores: []string{"tax"}}, LetterFilter{}, "", 9)
	if err != nil || len(lines) != 2 || next != "" {
		t.Fatal(lines, next, err)
	}
	return lines
}

func TestLettersAreChosen(t *testing.T) {
	r := newRoom(t)
	lines := filedLetters(t, r)
	newest, oldest := lines[0], lines[1]
	if err := r.LogReading(t.Context(), "Anna", "anna", newest.Document); err != nil {
		t.Fatal(err)
	}
	tax := Sees{Stores: []string{"tax"}}
	both, none := []string{newest.Document, oldest.Document}, []string(nil)
	for what, c := range map[string]struct {
		f    LetterFilter
		want []string
	}{
		"all":            {LetterFilter{}, both},
		"unread":         {LetterFilter{User: "anna", Unread: true}, both[1:]},
		"read":           {LetterFilter{User: "anna", Read: true}, both[:1]},
		"another's":      {LetterFilter{User: "ben", Unread: true}, both},
		"a store":        {LetterFilter{Store: "tax"}, both},
		"no store":       {LetterFilter{Store: "social"}, none},
		"a source":       {LetterFilter{Source: newest.Source}, both},
		"another source": {LetterFilter{Source: "scanner-9"}, none},
		"since":          {LetterFilter{From: newest.Filed}, both[:1]},
		"before":         {LetterFilter{To: newest.Filed}, both[1:]},
		"later":          {LetterFilter{From: newest.Filed.Add(time.Second)}, none},
		"earlier":        {LetterFilter{To: oldest.Filed}, none},
	} {
		var got []string
		for _, l := range all(t, 1, func(at Cursor, n int) ([]LetterLine, Cursor, error) {
			return r.LettersChosen(t.Context(), tax, c.f, at, n)
		}) {
			got = append(got, l.Document)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", what, got, c.want)
		}
	}
	beside := func(f LetterFilter, sees Sees, id string, newer bool) string {
		got, err := r.LetterBeside(t.Context(), sees, f, id, newer)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := beside(LetterFilter{}, tax, newest.Document, false); got != oldest.Document {
		t.Errorf("behind the newest comes %q", got)
	}
	if got := beside(LetterFilter{}, tax, oldest.Document, true); got != newest.Document {
		t.Errorf("before the oldest comes %q", got)
	}
	if got := beside(LetterFilter{}, tax, newest.Document, true) + beside(LetterFilter{}, tax, oldest.Document, false); got != "" {
		t.Errorf("behind the ends comes %q", got)
	}
	if got := beside(LetterFilter{}, Sees{Stores: []string{"tax"}, Case: func(_, _, ref string) bool { return ref == newest.Reference }}, newest.Document, false); got != "" {
		t.Errorf("a letter outside the scope comes: %q", got)
	}
	if got := beside(LetterFilter{User: "anna", Unread: true}, tax, oldest.Document, true); got != "" {
		t.Errorf("one that was read comes: %q", got)
	}
}

func TestNotesStayInTheirCase(t *testing.T) {
	r := newRoom(t)
	l := filedLetters(t, r)[0]
	if err := r.Note(t.Context(), "anna", "Anna (anna)", l.Document, " called her back "); err != nil {
		t.Fatal(err)
	}
	notes, err := r.Notes(t.Context(), l.Document)
	if err != nil || len(notes) != 1 || notes[0].Text != "called her back" || notes[0].By != "Anna (anna)" {
		t.Fatalf("%+v, %v", notes, err)
	}
	if err := r.RemoveNote(t.Context(), "ben", "Ben (ben)", l.Document, notes[0].ID); !errors.Is(err, ErrNoSuch) {
		t.Errorf("another one removes it: %v", err)
	}
	for _, text := range []string{"", "two\nlines", string(make([]byte, 600))} {
		if err := r.Note(t.Context(), "anna", "Anna (anna)", l.Document, text); !errors.As(err, new(*Refused)) {
			t.Errorf("%q: %v", text, err)
		}
	}
	elsewhere := caseA
	if l.Reference == caseA {
		elsewhere = caseB
	}
	if err := r.Return(t.Context(), l.Document, Return{Why: "not mine", By: "Anna (anna)"}); err != nil {
		t.Fatal(err)
	}
	if err := r.Note(t.Context(), "anna", "Anna (anna)", l.Document, "too late"); !errors.As(err, new(*Refused)) {
		t.Errorf("a letter that is in no case takes a note: %v", err)
	}
	if err := r.decide(l.Document, Decision{Reference: elsewhere, By: "Olga (olga)"}); err != nil {
		t.Fatal(err)
	}
	if notes, err := r.Notes(t.Context(), l.Document); err != nil || len(notes) != 0 {
		t.Errorf("in another case: %v, %v", notes, err)
	}
	entries, _, err := r.Entries(t.Context(), 0, 9, EntryFilter{About: l.Document, Action: actionNoted})
	if err != nil || len(entries) != 1 {
		t.Errorf("the log has %v, %v", entries, err)
	}
	if _, err := r.Verify(t.Context(), func(fault string) { t.Error("fault:", fault) }); err != nil {
		t.Error(err)
	}
}

// A note that was written past the log, or changed in the journal, is found.
func TestNotesAreHeldAgainstTheLog(t *testing.T) {
	r := newRoom(t)
	l := filedLetters(t, r)[0]
	if err := r.Note(t.Context(), "anna", "Anna (anna)", l.Document, "called her back"); err != nil {
		t.Fatal(err)
	}
	notes, err := r.Notes(t.Context(), l.Document)
	if err != nil {
		t.Fatal(err)
	}
	faults := func() (n int) {
		if _, err := r.Verify(t.Context(), func(string) { n++ }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := faults(); n != 0 {
		t.Fatalf("%d faults before anything was touched", n)
	}
	if err := r.rewrite(tableNote, l.Document+"/"+notes[0].ID, "called her back", "never called"); err != nil {
		t.Fatal(err)
	}
	if n := faults(); n != 1 {
		t.Errorf("%d faults, not 1", n)
	}
}

func TestSavedViews(t *testing.T) {
	r := newRoom(t)
	for i := range mostViews {
		if err := r.SaveView(t.Context(), "anna", "view "+string(rune('a'+i)), "one"); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.SaveView(t.Context(), "anna", "one too many", ""); !errors.As(err, new(*Refused)) {
		t.Error(err)
	}
	if err := r.SaveView(t.Context(), "anna", "VIEW A", "two"); err != nil {
		t.Error("the same name can't be kept anew:", err)
	}
	views, err := r.Views(t.Context(), "anna")
	if err != nil || len(views) != mostViews || views[0].Choice != "two" {
		t.Fatal(views, err)
	}
	if _, err := r.SavedView(t.Context(), "anna/", views[0].ID); !errors.Is(err, ErrNoSuch) {
		t.Error("another user has it:", err)
	}
	if err := r.RemoveView(t.Context(), "anna", views[0].ID); err != nil {
		t.Fatal(err)
	}
	if views, err := r.Views(t.Context(), "anna"); err != nil || len(views) != mostViews-1 {
		t.Error(views, err)
	}
}

func TestReplayChangesNothing(t *testing.T) {
	r := newRoom(t)
	l := filedLetters(t, r)[0]
	before, _, err := r.Entries(t.Context(), 0, 1, EntryFilter{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Replay(t.Context(), l.Document)
	if err != nil || p.Reference != l.Reference || p.Store != "tax" || p.Rule == "" || p.Reason != "" {
		t.Errorf("%+v, %v", p, err)
	}
	r.write("cases.csv", "reference,store,status\n"+l.Reference+",tax,closed \n")
	p, err = r.Replay(t.Context(), l.Document)
	if err != nil || p.Reference != "" || p.Reason != mail.ClosedCase.String() {
		t.Errorf("its case is closed by now: %+v, %v", p, err)
	}
	after, _, err := r.Entries(t.Context(), 0, 1, EntryFilter{})
	if err != nil || before[0].N != after[0].N {
		t.Error("the log grew", err)
	}
	if h, err := r.Holding(t.Context(), l.Document); err != nil || h.State != mail.Filed || h.Reference != l.Reference {
		t.Error(h, err)
	}
}

func TestVerificationIsKept(t *testing.T) {
	r := newRoom(t)
	l := filedLetters(t, r)[0]
	if _, err := r.LastVerification(t.Context()); !errors.Is(err, ErrNoSuch) {
		t.Fatal(err)
	}
	ignore := func(string) {}
	v, err := r.VerifyBy(t.Context(), "Audrey (audrey)", func(ctx context.Context, fault func(string)) (int, error) {
		if p, is := r.Verifying(); !is || p.Done != 1 || p.Of != 1 || p.By != "Audrey (audrey)" {
			t.Errorf("while it runs: %+v, %t", p, is)
		}
		if _, err := r.VerifyBy(ctx, "Ben (ben)", nil, ignore); !errors.As(err, new(*Refused)) {
			t.Error("two at a time:", err)
		}
		fault("a user is not as the log says")
		return 7, nil
	}, ignore)
	if err != nil || v.Faults != 1 || v.Users != 7 || v.Batches != 1 || v.Documents != 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, is := r.Verifying(); is {
		t.Error("it still runs")
	}
	last, err := r.LastVerification(t.Context())
	if err != nil || last.By != v.By || last.Faults != 1 || len(last.Some) != 1 {
		t.Errorf("%+v, %v", last, err)
	}
	if err := r.journal.Tx(t.Context(), func(tx journal.Tx) error { return tx.Delete(tableDoc, l.Document) }); err != nil {
		t.Fatal(err)
	}
	if v, err = r.VerifyBy(t.Context(), "Audrey (audrey)", nil, ignore); err != nil || v.Faults == 0 {
		t.Errorf("a document is gone: %+v, %v", v, err)
	}
}

func TestEntriesAreChosen(t *testing.T) {
	r := newRoom(t)
	lines := filedLetters(t, r)
	for what, c := range map[string]struct {
		f    EntryFilter
		want int
	}{
		"placed by a rule":   {EntryFilter{Rule: lines[0].ruleOf(t, r)}, 2},
		"by no such rule":    {EntryFilter{Rule: "no-rule"}, 0},
		"sure":               {EntryFilter{Least: 0.9}, 2},
		"hardly":             {EntryFilter{Below: 0.5}, 0},
		"of one case":        {EntryFilter{Case: caseA, Action: actionPlaced}, 1},
		"of a part of a ref": {EntryFilter{Case: caseA[:8], Action: actionPlaced}, 0},
	} {
		got, _, err := r.Entries(t.Context(), 0, 99, c.f)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d entries, not %d, %v", what, len(got), c.want, err)
		}
	}
}

func (l LetterLine) ruleOf(t *testing.T, r *room) string {
	t.Helper()
	line, err := r.Document(t.Context(), l.Document)
	if err != nil {
		t.Fatal(err)
	}
	return line.Rule
}
