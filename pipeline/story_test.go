package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"postroom/mail"
	"postroom/pipeline/journal"
	"postroom/pipeline/sandbox"
)

// Picture of a fake scan: its digest names the page, its crop is of the page's number.
func (f *fakeHelpers) Picture(_ context.Context, _ *os.File, _ string, page int, crop mail.Box, out *os.File) (sandbox.Picture, error) {
	if page == f.unseen {
		return sandbox.Picture{Refused: &sandbox.Refusal{Reason: mail.UnreadablePage, Detail: "nothing to see"}}, nil
	}
	is := sandbox.Picture{Width: 1654, Height: 2338, SHA256: fmt.Sprintf("picture of %d", page)}
	at := is.Within(crop)
	_, err := out.Write(bytes.Repeat([]byte{byte(page)}, at.Dx()*at.Dy()))
	return is, err
}

func actions(s Story) (all []string) {
	for _, t := range s.Touches {
		all = append(all, t.Actor+": "+t.Action)
	}
	return all
}

// TestStoryOfADocument: from its arrival to whoever looked at it last, each proven.
func TestStoryOfADocument(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "separator", "code="+caseA, "text=and so on", "separator", "text=nothing")
	wantPlaces(t, docs, "2-3 filed "+caseA, "5-5 exception no-reference")
	if err := r.LogView(t.Context(), "user 7", "document viewed", docs[0].Document); err != nil {
		t.Fatal(err)
	}
	s, err := r.Story(t.Context(), docs[0].Document, Cropped)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"machine: batch received", "machine: batch counted", "machine: pages read", "machine: pages read", "machine: pages read", "machine: pages read",
		"machine: pages read", "machine: batch assembled", "machine: document placed", "machine: document filed", "machine: rendition added", "user 7: document viewed"}
	got := slices.DeleteFunc(actions(s), func(a string) bool { return a == "machine: pages read" })
	if !slices.Equal(got, slices.DeleteFunc(want, func(a string) bool { return a == "machine: pages read" })) {
		t.Errorf("touches %q", actions(s))
	}
	for _, touch := range s.Touches {
		if !touch.Proven || touch.Config != "digest" {
			t.Errorf("touch %+v", touch)
		}
	}
	if len(s.Seen) != 2 || s.Seen[0].Page != 2 || s.Seen[0].Picture != "picture of 2" || s.Seen[0].Readings == "" || len(s.Seen[0].Symbols) != 1 || s.Seen[1].Words != 3 {
		t.Errorf("seen %+v", s.Seen)
	}
	if len(s.Facts) != 1 || s.Facts[0].Text != caseA {
		t.Fatalf("facts %+v", s.Facts)
	}
	crop, err := png.Decode(bytes.NewReader(s.Facts[0].Crop))
	if err != nil || crop.Bounds() != image.Rect(0, 0, 390, 150) || crop.At(7, 7) != (color.Gray{Y: 2}) {
		t.Errorf("the crop: %v", err)
	}
	if s.Receipt == nil || s.Original == nil || s.Received.SHA256 == "" || s.Register == "" || s.Software != "test" || s.Checkpoint == "" {
		t.Errorf("story %+v", s)
	}
}

// TestStoryOfAPart: what was said of the whole is part of it, and a page that can't be seen is told.
func TestStoryOfAPart(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "text=Our ref "+caseA, "text=Our ref "+caseB)
	if err := r.decide(docs[0].Document, Decision{SplitBefore: 2}); err != nil {
		t.Fatal(err)
	}
	_, docs = r.rest(docs[0].Batch)
	r.helpers.unseen = 2
	wantPlaces(t, docs, "1-1 filed "+caseA, "2-2 filed "+caseB)
	s, err := r.Story(t.Context(), docs[1].Document, Cropped)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(actions(s), "A. Clerk: person decided") || s.Seen[0].Failure != "nothing to see" || s.Facts[0].Crop != nil {
		t.Errorf("touches %q, seen %+v, facts %+v", actions(s), s.Seen, s.Facts)
	}
}

// TestLogTellsWhatItWorksBy: configuration, software and register are entries when they change, and only then.
func TestLogTellsWhatItWorksBy(t *testing.T) {
	r := newRoom(t)
	inForce := func() (n int) {
		t.Helper()
		if err := r.work(func(context.Context) error { <-r.begun; return nil }); err != nil {
			t.Fatal(err)
		}
		for _, subject := range []string{SubjectConfiguration, SubjectRegister} {
			n += r.entries(subject)
		}
		return n
	}
	if n := inForce(); n != 2 {
		t.Errorf("%d entries of the first start", n)
	}
	r.reopen()
	if n := inForce(); n != 2 {
		t.Errorf("%d entries after a start with the same", n)
	}
	r.digest = "another"
	r.reopen()
	r.write("cases.csv", "reference,store\n"+caseA+",tax\n")
	if n := inForce(); n != 4 {
		t.Errorf("%d entries after a change of both", n)
	}
	r.verifies()
}

// entries counts what the log says of a subject.
func (r *room) entries(subject string) int {
	r.t.Helper()
	n := 0
	if err := r.journal.View(r.t.Context(), func(j journal.Reader) error {
		touches, err := r.cfg.Audit.Story(j, subject)
		n = len(touches)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// TestStoryOfExchangedBytes: no pictures are shown of a file that is not the one received.
func TestStoryOfExchangedBytes(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA)
	b, err := r.batch(t.Context(), docs[0].Batch)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(r.dir, "blobs", b.SHA256[:2], b.SHA256)
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("code="+caseB+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s, err := r.Story(t.Context(), docs[0].Document, Cropped)
	if err != nil || len(s.Seen) != 0 || s.Facts[0].Crop != nil || len(s.Contradictions) != 1 || !strings.Contains(s.Contradictions[0], "holds other bytes") {
		t.Errorf("%+v, %v", s, err)
	}
}

// What a look is logged about is known to who verifies: a list, or what there is.
func TestLooksAreVerified(t *testing.T) {
	r := newRoom(t)
	for _, subject := range []string{SubjectExceptions, SubjectLetters, SubjectLog, SubjectSamples, "user:7"} {
		if err := r.LogView(t.Context(), "somebody", "looked", subject); err != nil {
			t.Error(subject, err)
		}
	}
	for _, subject := range []string{"", "letter", "7a", uuid.NewString()} {
		if err := r.LogView(t.Context(), "somebody", "looked", subject); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("a look at %q, which is not there: %v", subject, err)
		}
	}
	r.verifies()
}

// TestStoryOfAReturnedLetter: what a letter was filed by is told when it is in that case no
// more, the evidence stays with it, and the log of the case has who looked while it was there.
func TestStoryOfAReturnedLetter(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "code="+caseA)
	id := docs[0].Document
	look := func(by string) {
		t.Helper()
		if err := r.LogView(t.Context(), by, "document viewed", id); err != nil {
			t.Fatal(err)
		}
	}
	sendBack := func() {
		t.Helper()
		if err := r.Return(t.Context(), id, Return{Why: "not mine", By: "Carla"}); err != nil {
			t.Fatal(err)
		}
		r.rest(docs[0].Batch)
	}
	story := func() Story {
		t.Helper()
		s, err := r.Story(t.Context(), id, Cropped)
		if err != nil || len(s.Contradictions) > 0 {
			t.Fatal(err, s.Contradictions)
		}
		return s
	}
	if s := story(); len(s.Former) != 0 {
		t.Errorf("while it is there: %+v", s.Former)
	}
	look("Carla")
	sendBack()
	s := story()
	if len(s.Former) != 1 || s.Former[0].Reference != caseA || s.Former[0].DecidedBy != Machine || s.Former[0].Rule != docs[0].Rule ||
		len(s.Former[0].Evidence) != 1 || s.Former[0].Receipt == nil || s.Former[0].Register == "" {
		t.Errorf("sent back: %+v", s.Former)
	}
	if len(s.Facts) != 1 || s.Facts[0].Text != caseA || s.Facts[0].Crop == nil {
		t.Errorf("what was read: %+v", s.Facts)
	}
	if err := r.decide(id, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	look("Ben")
	sendBack()
	s = story()
	if len(s.Former) != 2 || s.Former[1].Reference != caseB || s.Former[1].DecidedBy != "A. Clerk" {
		t.Errorf("sent back twice: %+v", s.Former)
	}
	if len(s.Facts) != 1 || s.Facts[0].Text != caseA {
		t.Errorf("what was read, after a person had filed it: %+v", s.Facts)
	}
	for who, of := range map[string]string{"Carla": caseA, "Ben": caseB} {
		for _, about := range []string{"", id} {
			got, _, err := r.Entries(t.Context(), 0, 99, EntryFilter{Case: of, Action: "document viewed", About: about})
			if err != nil || len(got) != 1 || got[0].Actor != who {
				t.Errorf("who looked at the letter in %s: %+v, %v", of, got, err)
			}
		}
	}
	r.verifies()
}
