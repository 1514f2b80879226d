package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"postroom/mail"
	"postroom/pipeline/cache"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
)

// fakeViewer counts what it shows: each page in a red of its own.
type fakeViewer struct {
	mu        sync.Mutex
	views     []string
	now, most int
	begun     chan struct{} // if any: told of each view
	hold      chan struct{} // if any: each view waits until it is closed
	refused   *sandbox.Refusal
	err       error
}

func (v *fakeViewer) View(_ context.Context, f *os.File, key string, page int, o scan.Viewing) (sandbox.View, error) {
	v.mu.Lock()
	v.views = append(v.views, fmt.Sprintf("%d turned %d to %d", page, o.Turn, o.Width))
	v.now++
	v.most = max(v.most, v.now)
	v.mu.Unlock()
	if v.begun != nil {
		v.begun <- struct{}{}
	}
	if v.hold != nil {
		<-v.hold
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now--
	if v.refused != nil || v.err != nil {
		return sandbox.View{Refused: v.refused}, v.err
	}
	return sandbox.View{Width: 20, Height: 30, Colours: 3, Pix: bytes.Repeat([]byte{byte(10 * page), 0, 0}, 600)}, nil
}

// shown is a room whose pages can be seen.
func shown(t *testing.T) (*room, *fakeViewer) {
	t.Helper()
	r, v := newRoom(t), &fakeViewer{}
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	r.viewer, r.pictures = v, cache.New(filepath.Join(r.dir, "pictures"), 1e6)
	r.open(nil)
	return r, v
}

func TestPictureOfAPage(t *testing.T) {
	r, v := shown(t)
	batch, _ := r.process("a.pdf", "turn=90;text=one two", "text=more")
	for range 2 {
		p, err := r.Picture(t.Context(), batch.Batch, 1, Screen)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(p.Bytes))
		if err != nil || p.Type != "image/jpeg" || img.Bounds() != image.Rect(0, 0, p.Width, p.Height) || p.Width != 20 || p.Height != 30 || len(p.Tag) != 32 {
			t.Errorf("%+v, %v", p, err)
		}
	}
	other, err := r.Picture(t.Context(), batch.Batch, 2, Thumb)
	if err != nil {
		t.Fatal(err)
	}
	if first, err := r.Picture(t.Context(), batch.Batch, 1, Thumb); err != nil || first.Tag == other.Tag {
		t.Errorf("two pages have the name %s, %v", first.Tag, err)
	}
	if got := strings.Join(v.views, ", "); got != "1 turned 90 to 1240, 2 turned 0 to 220" {
		t.Errorf("views: %s", got)
	}
	for _, page := range []int{-1, 0, 3} {
		if _, err := r.Picture(t.Context(), batch.Batch, page, Thumb); !errors.Is(err, ErrNoSuch) {
			t.Errorf("page %d: %v", page, err)
		}
	}
	if _, err := r.Picture(t.Context(), "none", 1, Thumb); !errors.Is(err, ErrNoSuch) {
		t.Errorf("a batch that is not there: %v", err)
	}
	r.verifies()
}

func TestCropOfAPage(t *testing.T) {
	r, _ := shown(t)
	batch, _ := r.process("a.pdf", "text=one")
	place := mail.Box{X0: 100, Y0: 100, X1: 400, Y1: 160}.Quad()
	p, err := r.Crop(t.Context(), batch.Batch, 1, place, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(p.Bytes)); err != nil || p.Type != "image/png" {
		t.Errorf("%s, %v", p.Type, err)
	}
	var unseen *Unseen
	if _, err := r.Crop(t.Context(), batch.Batch, 1, mail.Quad{}, 0.1); !errors.As(err, &unseen) {
		t.Errorf("nothing of a page: %v", err)
	}
}

// TestUnseenPages tell why, and are not tried again and again. The machine's troubles are no page's.
func TestUnseenPages(t *testing.T) {
	r, v := shown(t)
	batch, _ := r.process("a.pdf", "text=one", "text=two")
	v.err = errors.New("no helper starts")
	var unseen *Unseen
	if _, err := r.Picture(t.Context(), batch.Batch, 1, Thumb); err == nil || errors.As(err, &unseen) {
		t.Errorf("%v", err)
	}
	v.err, v.refused = nil, &sandbox.Refusal{Reason: mail.UnreadablePage, Detail: "it is torn"}
	for _, size := range []PictureSize{Thumb, Screen, Full, Thumb} {
		if _, err := r.Picture(t.Context(), batch.Batch, 1, size); !errors.As(err, &unseen) || unseen.Reason != mail.UnreadablePage || unseen.Why != "it is torn" {
			t.Errorf("%v", err)
		}
	}
	if len(v.views) != 2 {
		t.Errorf("views: %v", v.views)
	}
	if err := r.Prepare(t.Context(), batch.Batch, []int{1, 2}, Thumb, Screen); err != nil || len(v.views) != 3 {
		t.Errorf("%v, views: %v", err, v.views)
	}
	whole, _ := r.process("b.pdf", "rubbish")
	if _, err := r.Picture(t.Context(), whole.Batch, 1, Thumb); !errors.As(err, &unseen) || unseen.Reason != mail.UnreadableFile {
		t.Errorf("%v", err)
	}
}

// TestTornPictureIsMadeAnew: what a browser gets was encoded here, whatever stands in the folder.
func TestTornPictureIsMadeAnew(t *testing.T) {
	r, v := shown(t)
	batch, _ := r.process("a.pdf", "text=one")
	first, err := r.Picture(t.Context(), batch.Batch, 1, Thumb)
	if err != nil {
		t.Fatal(err)
	}
	torn := 0
	if err := filepath.WalkDir(filepath.Join(r.dir, "pictures"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		torn++
		return os.Truncate(path, 200)
	}); err != nil || torn != 1 {
		t.Fatalf("%d files, %v", torn, err)
	}
	again, err := r.Picture(t.Context(), batch.Batch, 1, Thumb)
	if err != nil || !bytes.Equal(first.Bytes, again.Bytes) || len(v.views) != 2 {
		t.Errorf("%d views, %v", len(v.views), err)
	}
	if err := os.RemoveAll(filepath.Join(r.dir, "pictures")); err != nil {
		t.Fatal(err)
	}
	if again, err = r.Picture(t.Context(), batch.Batch, 1, Thumb); err != nil || !bytes.Equal(first.Bytes, again.Bytes) {
		t.Errorf("after the folder was removed: %v", err)
	}
}

// TestMailIsReadWhilePeopleLook: fifty pictures wait for helpers that hang, and a letter
// is filed meanwhile.
func TestMailIsReadWhilePeopleLook(t *testing.T) {
	r, v := shown(t)
	pages := make([]string, 50)
	for i := range pages {
		pages[i] = fmt.Sprint("text=page ", i)
	}
	batch, _ := r.process("a.pdf", pages...)
	v.begun, v.hold = make(chan struct{}, 50), make(chan struct{})
	var all sync.WaitGroup
	for i := range pages {
		all.Go(func() {
			if _, err := r.Picture(t.Context(), batch.Batch, i+1, Screen); err != nil {
				t.Error(err)
			}
		})
	}
	for range viewing {
		<-v.begun
	}
	_, docs := r.process("b.pdf", "separator", "code="+caseA)
	wantPlaces(t, docs, "2-2 filed "+caseA)
	close(v.hold)
	all.Wait()
	if v.most > viewing || len(v.views) != 50 {
		t.Errorf("%d views, %d at once", len(v.views), v.most)
	}
}

// TestSightIsUpright: a place of the page and its word go the same way, and no text turns the screen.
func TestSightIsUpright(t *testing.T) {
	read := mail.Reading{Page: 1, Width: 1000, Height: 400, DPI: 200, DPIY: 100, HasText: true,
		Words:   []mail.Word{{Text: "a\u202eb\x1b[2J\u200bc\nd\xff", Box: mail.Box{X0: 100, Y0: 40, X1: 300, Y1: 60}, Confidence: 0.5}},
		Symbols: []mail.Symbol{{Symbology: mail.QR, Text: "x\u0007", Polygon: mail.Box{X0: 0, Y0: 0, X1: 10, Y1: 10}.Quad()}},
		Doubts:  []mail.Doubt{{Part: "\u2066p", Polygon: mail.Box{X0: 990, Y0: 390, X1: 1000, Y1: 400}.Quad()}}}
	for turn, want := range map[int]struct {
		w, h        int
		word        mail.Box
		first, last mail.Point // the symbol's and the doubt's own top left corner
	}{
		0:   {1000, 800, mail.Box{X0: 100, Y0: 80, X1: 300, Y1: 120}, mail.Point{X: 0, Y: 0}, mail.Point{X: 990, Y: 780}},
		90:  {800, 1000, mail.Box{X0: 680, Y0: 100, X1: 720, Y1: 300}, mail.Point{X: 800, Y: 0}, mail.Point{X: 20, Y: 990}},
		180: {1000, 800, mail.Box{X0: 700, Y0: 680, X1: 900, Y1: 720}, mail.Point{X: 1000, Y: 800}, mail.Point{X: 10, Y: 20}},
		270: {800, 1000, mail.Box{X0: 80, Y0: 700, X1: 120, Y1: 900}, mail.Point{X: 0, Y: 1000}, mail.Point{X: 780, Y: 10}},
	} {
		s := sightOf(read, turn)
		if s.Width != want.w || s.Height != want.h || s.Words[0].Box != want.word || s.Symbols[0].Polygon[0] != want.first || s.Doubts[0].Polygon[0] != want.last {
			t.Errorf("turned by %d: %+v", turn, s)
		}
		if got := s.Words[0].Text + s.Symbols[0].Text + s.Doubts[0].Part; got != "ab[2Jc d\uFFFDxp" {
			t.Errorf("shown as %q", got)
		}
	}
	if read.Words[0].Box.X0 != 100 || read.Symbols[0].Text != "x\u0007" {
		t.Error("the reading itself was changed")
	}
	if s := sightOf(mail.Reading{Page: 1, Failure: "why\x00"}, 0); s.Failure != "why" || s.Place(read.Symbols[0].Polygon) != (mail.Quad{}) {
		t.Errorf("%+v", s)
	}
}

// TestSightHasMentions: what reads as a reference is marked on the upright page.
func TestSightHasMentions(t *testing.T) {
	r, _ := shown(t)
	batch, _ := r.process("a.pdf", "turn=180;text=Our ref "+caseA)
	s, err := r.Sight(t.Context(), batch.Batch, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Mentions) != 1 || s.Mentions[0].Text != caseA || !s.Mentions[0].Literal || !s.Mentions[0].Valid || s.Turn != 180 || len(s.Words) != 3 {
		t.Fatalf("%+v", s)
	}
	x0, y0, x1, y1 := s.Mentions[0].Polygon.Bounds()
	if b := s.Words[2].Box; x0 != float64(b.X0) || y0 != float64(b.Y0) || x1 != float64(b.X1) || y1 != float64(b.Y1) {
		t.Errorf("marked at %v, the word is at %v", s.Mentions[0].Polygon, b)
	}
	if _, err := r.Sight(t.Context(), batch.Batch, 2); !errors.Is(err, ErrNoSuch) {
		t.Errorf("a page that is not there: %v", err)
	}
}
