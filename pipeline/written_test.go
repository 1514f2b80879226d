package pipeline

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/pipeline/sandbox"
)

// forgers are what a helper that a file took over may have written in place of so many pages.
var forgers = map[string]func(pages int) sandbox.Contents{
	"a page more": func(n int) sandbox.Contents { return sandbox.Contents{Kind: mail.PDF, Pages: n + 1} },
	"a page less": func(n int) sandbox.Contents { return sandbox.Contents{Kind: mail.PDF, Pages: n - 1} },
	"no PDF":      func(n int) sandbox.Contents { return sandbox.Contents{Kind: mail.TIFF, Pages: n} },
	"rubbish": func(int) sandbox.Contents {
		return sandbox.Contents{Refused: &sandbox.Refusal{Reason: mail.UnreadableFile, Detail: "the helper process died"}}
	},
}

// wrote has a forger answer for what a helper wrote when it is, or is not, a rendition.
func (r *room) wrote(rendition bool, forge func(int) sandbox.Contents) {
	r.helpers.wrote = func(pages []string) sandbox.Contents {
		if strings.HasPrefix(pages[0], "TX-") == rendition {
			return forge(len(pages))
		}
		return sandbox.Contents{Kind: mail.PDF, Pages: len(pages)}
	}
}

func TestForgedCutIsHeld(t *testing.T) {
	for what, forge := range forgers {
		r := newRoom(t)
		r.wrote(false, forge)
		_, docs := r.process("a.pdf", "code="+caseA, "text=and so on", "separator", "text=nothing")
		wantPlaces(t, docs, "1-2 exception unreadable-page", "4-4 exception no-reference")
		if !strings.Contains(docs[0].Detail, "not what was asked for") {
			t.Errorf("%s: %q", what, docs[0].Detail)
		}
		if filed, err := filepath.Glob(filepath.Join(r.dir, "tax", "*", "*")); err != nil || len(filed) > 0 {
			t.Errorf("%s: in the store: %v, %v", what, filed, err)
		}
		r.verifies()
	}
}

// TestForgedRenditionIsNone: the letter stays filed, without one.
func TestForgedRenditionIsNone(t *testing.T) {
	for what, forge := range forgers {
		r := newRoom(t)
		r.wrote(true, forge)
		_, docs := r.process("a.pdf", "code="+caseA, "text=and so on", "separator")
		wantPlaces(t, docs, "1-2 filed "+caseA)
		if sheet, pdf := renditionOf(t, docs[0]); sheet.Rendition != nil || sheet.PDFA || pdf != "" || !strings.Contains(sheet.Why, "not the rendition") {
			t.Errorf("%s: %+v, %q", what, sheet, pdf)
		}
		r.verifies()
	}
}

// TestReadersDoNotCut: a helper has one key in its life.
func TestReadersDoNotCut(t *testing.T) {
	r := newRoom(t)
	r.process("a.pdf", "code="+caseA, "separator", "code="+caseB)
	b, err := r.batch(t.Context(), r.newest().Batch)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.helpers.keys, []string{"cut/" + b.SHA256, "cut/" + b.SHA256}) {
		t.Errorf("cut under %q", r.helpers.keys)
	}
}

// TestWrongPagesAreRecalled: a letter that was filed with other pages than were read is more
// than a rendition that could not be made. A person who has compared them may let it stand.
func TestWrongPagesAreRecalled(t *testing.T) {
	r := newRoom(t)
	r.helpers.mistaken = true
	batch, docs := r.process("a.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 exception recall")
	if batch.State != "open" || !strings.Contains(docs[0].Detail, "does not show the pages that were read") {
		t.Errorf("%+v, %+v", batch, docs[0])
	}
	r.verifies()
	if err := r.decide(docs[0].Document, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	batch, docs = r.rest(docs[0].Batch)
	wantPlaces(t, docs, "1-1 filed "+caseA)
	if _, err := os.Stat(filepath.Join(docs[0].Path, "searchable.json")); err != nil || batch.State != "closed" {
		t.Errorf("%+v, %v", batch, err)
	}
	r.verifies()
}
