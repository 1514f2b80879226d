package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
	"postroom/router/casestore"
)

// TestReturnWithdrawsAtOnce: before anyone decides where the letter belongs.
func TestReturnWithdrawsAtOnce(t *testing.T) {
	r := newRoom(t)
	batch, docs := r.process("a.pdf", "code="+caseA, "separator", "text=nothing")
	filed, held := docs[0], docs[1]
	ctx := t.Context()
	wantRefused(t, "what waits", r.Return(ctx, held.Document, Return{Why: "x", By: "Anna"}), refusedNotFiled)
	wantRefused(t, "a former version", r.Return(ctx, filed.Document, Return{Why: "x", By: "Anna", Version: 1}), refusedChanged)
	wantRefused(t, "no reason", r.Return(ctx, filed.Document, Return{Why: " ", By: "Anna"}), refusedWhy)
	wantRefused(t, "no name", r.Return(ctx, filed.Document, Return{Why: "x"}), refusedName)
	was := filed.Path
	for round := range 2 {
		if err := r.Return(ctx, filed.Document, Return{Why: "not mine", By: "Anna"}); err != nil {
			t.Fatal(err)
		}
		if d, err := r.Document(ctx, filed.Document); err != nil || d.Status != "exception" || d.Path != "" {
			t.Errorf("%+v, %v", d, err)
		}
		_, docs = r.rest(batch.Batch)
		wantPlaces(t, docs, "1-1 exception recall", "3-3 exception no-reference")
		note, err := os.ReadFile(filepath.Join(was, "withdrawn.json"))
		if err != nil || !strings.Contains(string(note), "not mine") || !strings.Contains(string(note), "Anna") {
			t.Errorf("%s, %v", note, err)
		}
		wantRefused(t, "a return is not taken back", r.Undo(ctx, filed.Document, Undo{By: "Anna"}), refusedNothing)
		r.verifies()
		if err := r.decide(filed.Document, Decision{Reference: caseA}); err != nil {
			t.Fatal(err)
		}
		d, err := r.Document(ctx, filed.Document)
		if err != nil || d.Status != "filed" || d.Path == was || d.Decisions[2*round].Return != "not mine" {
			t.Errorf("%+v, %v", d, err)
		}
		was = d.Path
		r.verifies()
	}
}

func TestUndo(t *testing.T) {
	ctx := t.Context()
	clerk := Undo{By: "A. Clerk"}
	t.Run("discard", func(t *testing.T) {
		r := newRoom(t)
		batch, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB)
		id := docs[0].Document
		wantRefused(t, "nothing was decided", r.Undo(ctx, id, clerk), refusedNothing)
		if err := errors.Join(r.decide(id, Decision{Discard: "advertising"}), r.Undo(ctx, id, clerk)); err != nil {
			t.Fatal(err)
		}
		again := r.documentsOf(batch.Batch)
		wantPlaces(t, again, "1-1 exception conflict")
		if again[0].Detail != docs[0].Detail || len(again[0].Candidates) != 2 {
			t.Errorf("%+v", again[0])
		}
		if line, _, err := r.Batch(ctx, batch.Batch); err != nil || line.State != "open" || line.Discarded != 0 {
			t.Errorf("%+v, %v", line, err)
		}
		wantRefused(t, "twice", r.Undo(ctx, id, clerk), refusedNothing)
		r.verifies()
	})
	t.Run("filed", func(t *testing.T) {
		r := newRoom(t)
		_, docs := r.process("a.pdf", "text=x")
		id := docs[0].Document
		if err := errors.Join(r.decide(id, Decision{Reference: caseA}), r.Undo(ctx, id, clerk)); err != nil {
			t.Fatal(err)
		}
		_, docs = r.rest(docs[0].Batch)
		wantPlaces(t, docs, "1-1 exception no-reference")
		if notes, _ := filepath.Glob(filepath.Join(r.dir, "tax", "*", "*", "withdrawn.json")); len(notes) != 1 {
			t.Errorf("withdrawn: %v", notes)
		}
		r.verifies()
		if err := r.decide(id, Decision{Reference: caseB}); err != nil {
			t.Fatal(err)
		}
		r.verifies()
	})
	t.Run("on its way, not begun", func(t *testing.T) {
		r := newRoom(t)
		_, docs := r.process("a.pdf", "text=x")
		id := docs[0].Document
		// Nobody works the queue between.
		if err := r.Decide(ctx, id, Decision{Reference: caseA, By: "A. Clerk"}); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, "it is sent back when it is filed", r.Return(ctx, id, Return{Why: "x", By: "Anna"}), refusedOnItsWay)
		if err := r.Undo(ctx, id, clerk); err != nil {
			t.Fatal(err)
		}
		_, docs = r.rest(docs[0].Batch)
		wantPlaces(t, docs, "1-1 exception no-reference")
		if stands, _ := filepath.Glob(filepath.Join(r.dir, "tax", "*", "*")); len(stands) > 0 {
			t.Errorf("it was delivered: %v", stands)
		}
		r.verifies()
	})
	t.Run("on its way, begun", func(t *testing.T) {
		r := newRoom(t)
		_, docs := r.process("a.pdf", "text=x")
		id, tax, down := docs[0].Document, r.stores["tax"], true
		r.stores["tax"] = moody{Store: tax, late: func() error { // it has stored, and nobody learns of it
			if down {
				return errors.New("the connection broke")
			}
			return nil
		}}
		if err := errors.Join(r.decide(id, Decision{Reference: caseA}), r.Undo(ctx, id, clerk)); err != nil {
			t.Fatal(err)
		}
		if d, err := r.Document(ctx, id); err != nil || d.Status != "placed" || !strings.Contains(d.Detail, "taken back by A. Clerk") {
			t.Errorf("%+v, %v", d, err)
		}
		wantRefused(t, "twice", r.Undo(ctx, id, clerk), refusedNothing)
		down = false
		r.reopen()
		_, docs = r.rest(docs[0].Batch)
		wantPlaces(t, docs, "1-1 exception no-reference")
		if notes, _ := filepath.Glob(filepath.Join(r.dir, "tax", "*", "*", "withdrawn.json")); len(notes) != 1 {
			t.Errorf("withdrawn: %v", notes)
		}
		r.verifies()
	})
	t.Run("after something else", func(t *testing.T) {
		r := newRoom(t)
		_, docs := r.process("a.pdf", "text=x")
		id, tax := docs[0].Document, r.stores["tax"]
		r.stores["tax"] = moody{Store: tax, fail: func() error { return casestore.ErrRefused }}
		if err := r.decide(id, Decision{Reference: caseA}); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, "the store has refused it", r.Undo(ctx, id, clerk), refusedAfter)
	})
	t.Run("a recall", func(t *testing.T) {
		r := after(t)
		_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB)
		id, was := docs[0].Document, docs[0].Path
		if err := errors.Join(r.decide(id, Decision{Reference: caseA}), r.Undo(ctx, id, clerk)); err != nil { // said to be unfounded
			t.Fatal(err)
		}
		again := r.documentsOf(docs[0].Batch)
		wantPlaces(t, again, "1-1 exception recall")
		if again[0].Path != was || again[0].Detail != docs[0].Detail {
			t.Errorf("%+v", again[0])
		}
		r.verifies()
		if err := errors.Join(r.decide(id, Decision{Discard: "x"}), r.Undo(ctx, id, clerk)); err != nil {
			t.Fatal(err)
		}
		if again = r.documentsOf(docs[0].Batch); again[0].Path != "" || !strings.Contains(again[0].Detail, "withdrawn") {
			t.Errorf("%+v", again[0])
		}
		r.verifies()
		if err := r.decide(id, Decision{Reference: caseA}); err != nil {
			t.Fatal(err)
		}
		if filed := r.documentsOf(docs[0].Batch); filepath.Base(filed[0].Path) != id+"-2" {
			t.Errorf("%+v", filed[0])
		}
		r.verifies()
	})
}

func TestLanes(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "text=x", "text=y", "separator", "text=z")
	id := docs[0].Document
	for what, c := range map[string]struct {
		p    Park
		code Refusal
	}{
		"no lane":         {Park{Lane: "cellar", Why: "x", By: "Anna"}, refusedLane},
		"no reason":       {Park{Lane: LaneLater, By: "Anna"}, refusedWhy},
		"no person":       {Park{Lane: LaneLater, Why: "x", By: "machine"}, refusedMachine},
		"another's page":  {Park{Lane: LaneRescan, Why: "x", By: "Anna", Pages: []int{4}}, refusedOutside},
		"is there":        {Park{By: "Anna"}, refusedParked},
		"another version": {Park{Lane: LaneLater, Why: "x", By: "Anna", Version: 7}, refusedChanged},
	} {
		wantRefused(t, what, r.Park(ctx, id, c.p), c.code)
	}
	if err := r.Park(ctx, id, Park{Lane: LaneRescan, Why: "faint", Pages: []int{2, 2}, By: "Anna", Version: docs[0].Version}); err != nil {
		t.Fatal(err)
	}
	if err := r.Park(ctx, docs[1].Document, Park{Lane: LaneRescan, Why: "torn", By: "Bert"}); err != nil {
		t.Fatal(err)
	}
	d, err := r.Document(ctx, id)
	if err != nil || d.Lane != "rescan" || d.LaneWhy != "faint" || d.LaneBy != "Anna" || d.LaneSince.IsZero() || d.Version == docs[0].Version || d.Reason != "no-reference" {
		t.Errorf("%+v, %v", d, err)
	}
	var asked []RescanLine
	list := func() []RescanLine {
		asked = nil
		for after, more := "", true; more; more = after != "" {
			some, next, err := r.Rescans(ctx, after, 1)
			if err != nil || len(some) > 1 {
				t.Fatal(some, err)
			}
			asked, after = append(asked, some...), next
		}
		return asked
	}
	if l := list(); len(l) != 2 || !slices.Equal(l[0].Pages, []int{2}) || !slices.Equal(l[1].Pages, []int{4}) || l[0].Batch != batch.Batch || filepath.Base(l[0].File) != "a.pdf" {
		t.Errorf("%+v", l)
	}
	wantRefused(t, "what was seen is no more", r.Decide(ctx, id, Decision{Discard: "x", By: "Bert", Version: docs[0].Version}), refusedChanged)
	r.verifies()
	if err := errors.Join(r.Park(ctx, id, Park{By: "Bert"}), r.decide(docs[1].Document, Decision{Reference: caseA})); err != nil {
		t.Fatal(err)
	}
	if l := list(); len(l) != 0 {
		t.Errorf("still asked for: %+v", l)
	}
	if d, err := r.Document(ctx, id); err != nil || d.Lane != "" || !d.LaneSince.IsZero() {
		t.Errorf("%+v, %v", d, err)
	}
	r.verifies()
}

// TestTurnedPages: what a person says of a page's way up is told, and the rendition follows it.
func TestTurnedPages(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "text=x", "separator", "code="+caseA)
	for what, c := range map[string]struct {
		p    Turn
		code Refusal
	}{
		"no page":  {Turn{Page: 4, Degrees: 90, By: "Anna"}, refusedNoPage},
		"page 0":   {Turn{Degrees: 90, By: "Anna"}, refusedPage},
		"askew":    {Turn{Page: 1, Degrees: 45, By: "Anna"}, refusedDegrees},
		"nameless": {Turn{Page: 1, Degrees: 90, By: "\n"}, refusedName},
	} {
		_, err := r.Turn(ctx, batch.Batch, c.p)
		wantRefused(t, what, err, c.code)
	}
	if late, err := r.Turn(ctx, batch.Batch, Turn{Page: 1, Degrees: 270, By: "Anna"}); err != nil || late {
		t.Errorf("%v, %v", late, err)
	}
	if late, err := r.Turn(ctx, batch.Batch, Turn{Page: 3, Degrees: 90, By: "Anna"}); err != nil || !late {
		t.Errorf("a filed one has its rendition: %v, %v", late, err)
	}
	if turn, said, err := r.Upright(ctx, batch.Batch, 1); turn != 270 || !said || err != nil {
		t.Errorf("%d, %v, %v", turn, said, err)
	}
	if turn, said, err := r.Upright(ctx, batch.Batch, 2); turn != 0 || said || err != nil {
		t.Errorf("%d, %v, %v", turn, said, err)
	}
	if err := r.decide(docs[0].Document, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`"rotation": 270`, `"rotation": 0`} {
		d, err := r.Document(ctx, docs[i].Document)
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := os.ReadFile(filepath.Join(d.Path, "searchable.json"))
		if err != nil || !strings.Contains(string(sheet), want) {
			t.Errorf("%s, %v", sheet, err)
		}
	}
	r.verifies()
}

// TestPageTurnedWhileItsRenditionIsMade: what was told to be in time is.
func TestPageTurnedWhileItsRenditionIsMade(t *testing.T) {
	r := newRoom(t)
	turned := 0
	r.helpers.render = func() *sandbox.Refusal {
		if turned++; turned > 1 {
			return nil
		}
		var batch string
		if err := r.Batches(t.Context(), func(b BatchLine) error { batch = b.Batch; return nil }); err != nil {
			t.Error(err)
		}
		if late, err := r.Turn(t.Context(), batch, Turn{Page: 1, Degrees: 90, By: "Anna"}); late || err != nil {
			t.Errorf("%v, %v", late, err)
		}
		return nil
	}
	_, docs := r.process("a.pdf", "code="+caseA)
	sheet, err := os.ReadFile(filepath.Join(docs[0].Path, "searchable.json"))
	if err != nil || !strings.Contains(string(sheet), `"rotation": 90`) || turned != 2 {
		t.Errorf("made %d times: %s, %v", turned, sheet, err)
	}
	r.verifies()
}

// TestKeyedTwice: where a scheme asks for it, two persons must key the same reference, and
// the second does not see the first one's.
func TestKeyedTwice(t *testing.T) {
	r := newRoom(t)
	r.doubleKey = []string{"tax"}
	r.reopen()
	ctx := t.Context()
	_, docs := r.process("a.pdf", "text=x", "separator", "text=y", "separator", "text=z", "separator", "code="+caseA)
	wantPlaces(t, docs, "1-1 exception no-reference", "3-3 exception no-reference", "5-5 exception no-reference", "7-7 filed "+caseA)
	id := docs[0].Document
	key := func(id, reference, by string) error { return r.Decide(ctx, id, Decision{Reference: reference, By: by}) }
	if err := key(id, caseA, "Anna"); err != nil {
		t.Fatal(err)
	}
	story, err := r.Story(ctx, id, Seen)
	if err != nil || story.Status != "exception" || story.Keyed == nil || story.Keyed.By != "Anna" || len(story.Decisions) != 0 {
		t.Errorf("%+v, %v", story, err)
	}
	if text := string(encode(story)); strings.Contains(text, caseA) {
		t.Errorf("the first keying is told: %s", text)
	}
	r.verifies()
	wantRefused(t, "the same person", key(id, caseA, " anna"), refusedSecond)
	wantRefused(t, "another's keying", r.Undo(ctx, id, Undo{By: "Bert"}), refusedNotYours)
	if err := errors.Join(r.Undo(ctx, id, Undo{By: "Anna"}), key(id, caseB, "Anna"), key(id, caseB, "Bert")); err != nil {
		t.Fatal(err)
	}
	r.rest(docs[0].Batch)
	d, err := r.Document(ctx, id)
	if err != nil || d.Status != "filed" || d.Reference != caseB || d.DecidedBy != "Bert" || d.KeyedBy != "Anna" || d.Decisions[0].KeyedBy != "Anna" {
		t.Errorf("%+v, %v", d, err)
	}
	if sheet, err := os.ReadFile(filepath.Join(d.Path, "document.json")); err != nil || !strings.Contains(string(sheet), `"keyed_by": "Anna"`) {
		t.Errorf("%s, %v", sheet, err)
	}
	// Two that differ go to a supervisor, with both.
	id = docs[1].Document
	if err := errors.Join(key(id, caseA, "Anna"), key(id, caseB, "Bert")); err != nil {
		t.Fatal(err)
	}
	d, err = r.Document(ctx, id)
	if err != nil || d.Status != "exception" || d.Lane != LaneSupervisor || len(d.Candidates) != 2 || d.Candidates[1].Reference != caseB || d.Keyed != nil {
		t.Errorf("%+v, %v", d, err)
	}
	wantRefused(t, "a third person", key(id, caseA, "Carla"), refusedSupervisor)
	wantRefused(t, "a discard", r.Decide(ctx, id, Decision{Discard: "x", By: "Carla"}), refusedSupervisor)
	r.verifies()
	for _, id := range []string{id, docs[2].Document} { // and a supervisor's word alone counts
		if err := r.Decide(ctx, id, Decision{Reference: caseA, By: "Dora", Supervisor: true}); err != nil {
			t.Fatal(err)
		}
		r.rest(docs[0].Batch)
		if d, err := r.Document(ctx, id); err != nil || d.Status != "filed" || d.DecidedBy != "Dora" || d.KeyedBy != "" {
			t.Errorf("%+v, %v", d, err)
		}
	}
	r.verifies()
}

// TestStaleTasksOfAFormerPlacement: what was put in the queue for a case that a person took
// the letter from files nothing there.
func TestStaleTasksOfAFormerPlacement(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	_, docs := r.process("a.pdf", "text=x")
	id := docs[0].Document
	for _, reference := range []string{caseA, caseB} {
		if err := r.Decide(ctx, id, Decision{Reference: reference, By: "Anna"}); err != nil {
			t.Fatal(err)
		}
		if reference == caseA {
			if err := r.Undo(ctx, id, Undo{By: "Anna"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.journal.View(ctx, func(reader journal.Reader) error {
		if n, err := journal.Pending(reader, docs[0].Batch); err != nil || n != 2 {
			t.Errorf("%d tasks wait, %v", n, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, docs = r.rest(docs[0].Batch)
	wantPlaces(t, docs, "1-1 filed "+caseB)
	if stands, _ := filepath.Glob(filepath.Join(r.dir, "tax", caseA, "*")); len(stands) > 0 {
		t.Errorf("it stands in %v, too", stands)
	}
	r.verifies()
}

// TestFormerPlacementDeliversNothing: what is left in the queue of a placement that was taken
// back has no hand in the next one, whose delivery would begin unseen by who takes that back.
func TestFormerPlacementDeliversNothing(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "text=x")
	id := docs[0].Document
	next := func(kind string) journal.Task { // a step of the document as it is now
		d, _, err := r.doc(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return task(kind, priorityCut, version(d), payload{Batch: d.Batch, Document: id})
	}
	step := func(task journal.Task, h journal.Handler) {
		t.Helper()
		commit, err := h(ctx, task)
		if err = errors.Join(err, r.journal.Tx(ctx, commit)); err != nil {
			t.Fatal(err)
		}
	}
	decide := func(reference string) error { return r.Decide(ctx, id, Decision{Reference: reference, By: "Anna"}) }
	undo := func() error { return r.Undo(ctx, id, Undo{By: "Anna"}) }
	if err := decide(caseA); err != nil {
		t.Fatal(err)
	}
	former := next(taskCut)
	if err := errors.Join(undo(), decide(caseB)); err != nil {
		t.Fatal(err)
	}
	step(former, r.cut)
	if deliver := next(taskDeliver); r.queued(deliver) {
		tax := r.stores["tax"]
		r.stores["tax"] = moody{Store: tax, late: undo} // in the middle of it
		step(deliver, r.deliver)
		r.stores["tax"] = tax
	} else if err := undo(); err != nil {
		t.Fatal(err)
	}
	_, docs = r.rest(batch.Batch)
	wantPlaces(t, docs, "1-1 exception no-reference")
	if stands, _ := filepath.Glob(filepath.Join(r.dir, "tax", "*", "*")); len(stands) > 0 {
		t.Errorf("it was delivered: %v", stands)
	}
	r.verifies()
}

// queued tells whether a task waits in the queue.
func (r *room) queued(task journal.Task) (is bool) {
	r.t.Helper()
	if err := r.journal.View(r.t.Context(), func(reader journal.Reader) error {
		_, err := reader.Get(journal.TableQueued, task.Key)
		if is = err == nil; errors.Is(err, journal.ErrNotFound) {
			err = nil
		}
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return is
}

// TestUndoneDivisionForgetsAFormerPlacement: a letter that is made again of its parts is placed
// as it is now, not as it was when it was divided: it may have been on its way elsewhere since.
func TestUndoneDivisionForgetsAFormerPlacement(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	batch, docs := r.process("a.pdf", "text=x", "text=y")
	id := docs[0].Document
	tax := r.stores["tax"]
	r.stores["tax"] = moody{Store: tax, fail: func() error { return casestore.ErrRefused }}
	if err := r.decide(id, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	r.stores["tax"] = tax
	if err := r.Decide(ctx, id, Decision{SplitBefore: 2, By: "Anna"}); err != nil {
		t.Fatal(err)
	}
	_, docs = r.rest(batch.Batch)
	wantPlaces(t, docs, "1-1 exception no-reference", "2-2 exception no-reference")
	if err := errors.Join(
		r.Decide(ctx, docs[0].Document, Decision{Merge: mergeNext, By: "Bert"}),
		r.Decide(ctx, id, Decision{Reference: caseB, By: "Bert"}),
		r.Undo(ctx, id, Undo{By: "Bert"}),
		r.Undo(ctx, id, Undo{By: "Bert"}),
		r.Undo(ctx, id, Undo{By: "Anna"})); err != nil {
		t.Fatal(err)
	}
	_, docs = r.rest(batch.Batch)
	wantPlaces(t, docs, "1-2 exception delivery-refused")
	r.verifies()
}
