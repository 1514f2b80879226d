package pipeline

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"postroom/mail"
	"postroom/ocr"
	"postroom/pipeline/sandbox"
	"postroom/pipeline/scan"
	"postroom/samples"
)

// realHelpers is a pool of this test binary; the caller closes it.
func realHelpers(t testing.TB, cfg sandbox.Config) *sandbox.Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Command, cfg.Slots = []string{self, "be-helper"}, ViewerSlots
	return sandbox.New(cfg)
}

// TestWordsLieOnTheirInk: pages that were scanned turned are shown upright, and each word
// that was read stands where its letters are to be seen.
func TestWordsLieOnTheirInk(t *testing.T) {
	data, err := ocr.Locate()
	if err != nil {
		t.Fatal(err)
	}
	p := realHelpers(t, sandbox.Config{Languages: []string{"eng"}, Tessdata: data})
	defer p.Close()
	for _, c := range []struct {
		name       string
		page, turn int
	}{{"batch-007.png", 1, 270}, {"batch-005.tif", 3, 180}, {"batch-006.jpg", 1, 0}} {
		text, err := samples.FS.ReadFile("mail/" + c.name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		readings, err := p.Read(t.Context(), f, c.name, []int{c.page}, sandbox.AllText)
		if err != nil || readings[0].Rotation != c.turn {
			t.Fatalf("%s: turned by %d, not %d; %v", c.name, readings[0].Rotation, c.turn, err)
		}
		s := sightOf(readings[0], readings[0].Rotation)
		v, err := p.View(t.Context(), f, c.name, c.page, scan.Viewing{Turn: s.Turn, Width: Screen.width()})
		if err != nil || v.Refused != nil || v.Colours != 1 {
			t.Fatalf("%s: %+v, %v", c.name, v.Refused, err)
		}
		onInk(t, c.name, s, v)
	}
}

// onInk wants the words on dark places, and written from left to right, downwards.
func onInk(t *testing.T, name string, s Sight, v sandbox.View) {
	t.Helper()
	scale := float64(v.Width) / float64(s.Width)
	in := func(n int) int { return int(scale * float64(n)) }
	sure, flat := 0, 0
	for i, w := range s.Words {
		if w.Confidence < 0.8 || len(w.Text) < 4 {
			continue
		}
		sure++
		if b := w.Box; b.X1-b.X0 > b.Y1-b.Y0 {
			flat++
		}
		darkest := byte(255)
		for y := in(w.Box.Y0); y < min(v.Height, in(w.Box.Y1)); y++ {
			darkest = min(darkest, slices.Min(v.Pix[y*v.Width+in(w.Box.X0):y*v.Width+in(w.Box.X1)]))
		}
		if darkest > 128 {
			t.Errorf("%s: nothing is to be seen of %q at %v", name, w.Text, w.Box)
		}
		if next := i + 1; next < len(s.Words) && s.Words[next].Line == w.Line && s.Words[next].Box.X1 < w.Box.X0 {
			t.Errorf("%s: %q stands before %q in its line", name, s.Words[next].Text, w.Text)
		}
	}
	if sure < 10 || flat != sure {
		t.Errorf("%s: of %d words %d are wider than high", name, sure, flat)
	}
	if first, last := s.Words[0].Box, s.Words[len(s.Words)-1].Box; first.Y0 > last.Y0 {
		t.Errorf("%s: it begins below its end", name)
	}
	if sparse(s, v, in) {
		t.Errorf("%s: it is as dark beside the words as on them", name)
	}
}

// sparse tells whether the words' places are no darker than the page as a whole.
func sparse(s Sight, v sandbox.View, in func(int) int) bool {
	sum := func(b mail.Box) (dark, all int) {
		for y := max(0, b.Y0); y < min(v.Height, b.Y1); y++ {
			for _, g := range v.Pix[y*v.Width+b.X0 : y*v.Width+min(v.Width, b.X1)] {
				dark, all = dark+255-int(g), all+1
			}
		}
		return dark, all
	}
	onWords, ofWords := 0, 0
	for _, w := range s.Words {
		dark, all := sum(mail.Box{X0: in(w.Box.X0), Y0: in(w.Box.Y0), X1: in(w.Box.X1), Y1: in(w.Box.Y1)})
		onWords, ofWords = onWords+dark, ofWords+all
	}
	onAll, ofAll := sum(mail.Box{X1: v.Width, Y1: v.Height})
	return ofWords == 0 || float64(onWords)/float64(ofWords) < 2*float64(onAll)/float64(ofAll)
}
