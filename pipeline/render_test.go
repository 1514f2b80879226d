package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postroom/mail"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
	"postroom/router/casestore"
)

// renditionOf reads what stands beside a filed document; pdf "" = there is none.
func renditionOf(t testing.TB, d DocumentLine) (sheet RenditionSheet, pdf string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.Path, "searchable.json"))
	if err == nil {
		err = json.Unmarshal(text, &sheet)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(d.Path, "searchable.pdf"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return sheet, string(b)
}

func TestFiledIsRendered(t *testing.T) {
	r := newRoom(t)
	_, docs := r.process("a.pdf", "separator", "code="+caseA+";text=Ceci est une lettre au sujet de votre dossier et de nos droits", "blank", "text=elle continue")
	wantPlaces(t, docs, "2-4 filed "+caseA)
	sheet, pdf := renditionOf(t, docs[0])
	if sheet.Document != docs[0].Document || !sheet.PDFA || sheet.Why != "" || sheet.Rendition == nil || int(sheet.Rendition.Size) != len(pdf) || !strings.HasPrefix(sheet.Title, caseA+", 20") {
		t.Errorf("%+v", sheet)
	}
	if len(sheet.Pages) != 3 || sheet.Pages[0].Page != 2 || sheet.Pages[0].Words != 13 || sheet.Pages[1].Dropped || sheet.Pages[2].Text != scan.LaidWords {
		t.Errorf("%+v", sheet.Pages)
	}
	if sheet.Language != "fr" || strings.Join(sheet.Languages, " ") != "fr nl" {
		t.Errorf("language %q of %q", sheet.Language, sheet.Languages)
	}
	if strings.Count(pdf, "\n") != 3 || !strings.Contains(pdf, "page 2 of 13 words") {
		t.Errorf("%q", pdf)
	}
	r.verifies()
	for _, name := range []string{"searchable.pdf", "searchable.json"} {
		path := filepath.Join(docs[0].Path, name)
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		r.write(strings.TrimPrefix(path, r.dir+"/"), "forged")
		faults := 0
		if _, err := r.Verify(t.Context(), func(string) { faults++ }); err != nil || faults != 1 {
			t.Errorf("a forged %s: %d faults, %v", name, faults, err)
		}
		r.write(strings.TrimPrefix(path, r.dir+"/"), string(was))
	}
}

func TestBlanksAreDroppedFromRenditionsOnly(t *testing.T) {
	r := newRoom(t)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	r.dropBlanks = true
	r.open(nil)
	_, docs := r.process("a.pdf", "code="+caseA, "blank", "text=more")
	wantPlaces(t, docs, "1-3 filed "+caseA)
	sheet, pdf := renditionOf(t, docs[0])
	if len(sheet.Pages) != 3 || !sheet.Pages[1].Dropped || strings.Count(pdf, "\n") != 2 {
		t.Errorf("%+v, %q", sheet.Pages, pdf)
	}
	if original, err := os.ReadFile(filepath.Join(docs[0].Path, "original.pdf")); err != nil || strings.Count(string(original), "\n") != 3 {
		t.Errorf("%q, %v", original, err)
	}
	r.verifies()
}

// TestWhatCannotBeRenderedSaysWhy: a signed file stays as it is.
func TestWhatCannotBeRenderedSaysWhy(t *testing.T) {
	r := newRoom(t)
	r.helpers.render = func() *sandbox.Refusal { return &sandbox.Refusal{Reason: mail.UnreadableFile, Detail: "It is signed."} }
	batch, docs := r.process("a.pdf", "code="+caseA)
	wantPlaces(t, docs, "1-1 filed "+caseA)
	if sheet, pdf := renditionOf(t, docs[0]); sheet.Why != "It is signed." || sheet.Rendition != nil || sheet.PDFA || pdf != "" {
		t.Errorf("%+v, %q", sheet, pdf)
	}
	if batch.State != "closed" || batch.Pending != 0 {
		t.Errorf("%+v", batch)
	}
	r.verifies()
}

// wantRenditionIn wants a document's rendition to be of a case, and everything to be sound.
func (r *room) wantRenditionIn(id, reference string) {
	r.t.Helper()
	line, err := r.Document(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	if sheet, _ := renditionOf(r.t, line); !strings.HasPrefix(sheet.Title, reference) {
		r.t.Errorf("%+v", sheet)
	}
	r.verifies()
}

// TestRenderedWithTextThatIsReadLater: what a barcode files at once has its text in the
// rendition all the same, and a recalled letter has none before a person has decided.
func TestRenderedWithTextThatIsReadLater(t *testing.T) {
	r := after(t)
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseA, "separator", "code="+caseA+";text=Our ref "+caseB)
	wantPlaces(t, docs, "1-1 filed "+caseA, "3-3 exception recall")
	if sheet, _ := renditionOf(t, docs[0]); len(sheet.Pages) != 1 || sheet.Pages[0].Words != 3 {
		t.Errorf("%+v", sheet)
	}
	if _, err := os.Stat(filepath.Join(docs[1].Path, "searchable.json")); !os.IsNotExist(err) {
		t.Errorf("a recalled letter is rendered: %v", err)
	}
	id := docs[1].Document
	if err := r.decide(id, Decision{Reference: caseA}); err != nil { // where it stands
		t.Fatal(err)
	}
	r.wantRenditionIn(id, caseA)
}

// TestRenditionNamesItsOwnCase: a letter that a person moves has another rendition there.
func TestRenditionNamesItsOwnCase(t *testing.T) {
	r := after(t)
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB)
	if err := r.decide(docs[0].Document, Decision{Reference: caseB}); err != nil {
		t.Fatal(err)
	}
	line, err := r.Document(t.Context(), docs[0].Document)
	if err != nil {
		t.Fatal(err)
	}
	wantPlaces(t, []DocumentLine{line}, "1-1 filed "+caseB)
	if sheet, pdf := renditionOf(t, line); !strings.HasPrefix(sheet.Title, caseB) || !strings.HasPrefix(pdf, caseB) {
		t.Errorf("%+v, %q", sheet, pdf)
	}
	r.verifies()
}

// TestRoutedDoesNotWaitForRenditions: the store that takes the letter refuses the rest.
func TestRoutedDoesNotWaitForRenditions(t *testing.T) {
	r := newRoom(t)
	hold := make(chan struct{})
	r.helpers.render = func() *sandbox.Refusal { <-hold; return nil }
	path := r.write("a.pdf", "code="+caseA+"\n")
	if err := r.work(func(ctx context.Context) error {
		id, err := r.Accept(ctx, path, Origin{Source: "process"})
		if err == nil {
			err = r.Await(ctx, id, true)
		}
		if err != nil {
			return err
		}
		line, docs, err := r.Batch(ctx, id)
		wantPlaces(t, docs, "1-1 filed "+caseA)
		if line.Pending == 0 {
			t.Error("the rendition was waited for")
		}
		close(hold)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestSpoken(t *testing.T) {
	packs := []string{"fra", "nld", "deu", "eng"}
	for text, want := range map[string]string{
		"": "",
		"Je conteste le montant retenu et vous prie de bien vouloir revoir le calcul de la taxe.":            "fr",
		"Ik ben het niet eens met het gevorderde bedrag en verzoek u de berekening opnieuw te maken.":        "nl",
		"Ich bin mit dem Betrag nicht einverstanden und bitte Sie, die Berechnung noch einmal zu prüfen.":    "de",
		"I do not agree with the amount that you ask for and kindly request that you look at it once again.": "en",
	} {
		r := mail.Reading{}
		for _, w := range strings.Fields(text) {
			r.Words = append(r.Words, mail.Word{Text: w})
		}
		if got := spoken([]mail.Reading{r}, packs); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := spoken([]mail.Reading{r}, []string{"Latin"}); got != "" {
			t.Errorf("without a language to choose: %q", got)
		}
	}
	for pack, want := range map[string]string{"fra": "fr", "deu_frak": "de", "Latin": "", "": "", "ltz": "lb"} {
		if got := tag(pack); got != want {
			t.Errorf("%q is %q, want %q", pack, got, want)
		}
	}
}

// cutOff is a store whose answer to a rendition that it took does not arrive.
type cutOff struct {
	casestore.Store
	took chan struct{}
}

func (s cutOff) Enrich(ctx context.Context, r mail.Receipt, add casestore.Rendition) (mail.Receipt, error) {
	r, err := s.Store.Enrich(ctx, r, add)
	if err == nil {
		select {
		case s.took <- struct{}{}:
		default:
		}
		err = errors.New("the share is not mounted")
	}
	return r, err
}

// TestUndoneWhileItsRenditionIsOnTheWay: a recalled letter that a person filed where it stands,
// and took that back, may have its rendition there already: no fault, and it is given again.
func TestUndoneWhileItsRenditionIsOnTheWay(t *testing.T) {
	r := after(t)
	_, docs := r.process("a.pdf", "code="+caseA+";text=Our ref "+caseB)
	wantPlaces(t, docs, "1-1 exception recall")
	id, tax, took := docs[0].Document, r.stores["tax"], make(chan struct{})
	r.stores["tax"] = cutOff{tax, took}
	if err := r.work(func(ctx context.Context) error {
		if err := r.Decide(ctx, id, Decision{Reference: caseA, By: "Anna"}); err != nil {
			return err
		}
		<-took
		return r.Undo(ctx, id, Undo{By: "Anna"})
	}); err != nil {
		t.Fatal(err)
	}
	r.stores["tax"] = tax
	r.reopen()
	_, docs = r.rest(docs[0].Batch)
	wantPlaces(t, docs, "1-1 exception recall")
	r.verifies()
	if err := r.decide(id, Decision{Reference: caseA}); err != nil {
		t.Fatal(err)
	}
	r.wantRenditionIn(id, caseA)
}
