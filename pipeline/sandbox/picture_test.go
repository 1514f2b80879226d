package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postroom/mail"
)

// TestRealPicture: the page's digest is the same each time, and the crop is the place.
func TestRealPicture(t *testing.T) {
	p := pool(t, "real", Config{})
	f := scanned(t, "batch-001.tif")
	out, err := os.Create(filepath.Join(t.TempDir(), "crop.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	whole, err := p.Picture(t.Context(), f, "digest", 1, mail.Box{}, out)
	if err != nil || whole.Refused != nil || whole.Width == 0 {
		t.Fatalf("%+v, %v", whole, err)
	}
	if info, err := out.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("no crop was asked for, and %d bytes came, %v", info.Size(), err)
	}
	got, err := p.Read(t.Context(), f, "digest", []int{1}, NoText)
	if err != nil || got[0].Width != whole.Width || got[0].Height != whole.Height {
		t.Errorf("read as %+v, seen as %+v, %v", got, whole, err)
	}
	again, err := p.Picture(t.Context(), f, "digest", 1, mail.Box{X0: 10, Y0: 20, X1: 110, Y1: 70}, out)
	if err != nil || again != whole {
		t.Errorf("again: %+v, %v; first %+v", again, err, whole)
	}
	if info, err := out.Stat(); err != nil || info.Size() != 100*50 {
		t.Errorf("the crop: %v, %v", info, err)
	}
	edge := mail.Box{X0: whole.Width - 10, Y0: -5, X1: whole.Width + 10, Y1: 5}
	if _, err := p.Picture(t.Context(), f, "digest", 1, edge, out); err != nil || whole.Within(edge).Dx() != 10 || whole.Within(edge).Dy() != 5 {
		t.Errorf("over the edge: %v, %v", whole.Within(edge), err)
	}
	if info, err := out.Stat(); err != nil || info.Size() != 10*5 {
		t.Errorf("the crop over the edge: %v, %v", info, err)
	}
	if none, err := p.Picture(t.Context(), f, "digest", 99, mail.Box{}, out); err != nil || none.Refused == nil {
		t.Errorf("a page that is not there: %+v, %v", none, err)
	}
}

// TestCheckPicture: what no picture can be is not believed.
func TestCheckPicture(t *testing.T) {
	sum := strings.Repeat("0f", 32)
	for name, c := range map[string]struct {
		said answer
		good bool
	}{
		"honest":      {answer{Done: true, Picture: &Picture{Width: 10, Height: 20, SHA256: sum}}, true},
		"refused":     {answer{Done: true, Picture: &Picture{Refused: &Refusal{Reason: mail.UnreadablePage, Detail: "why"}}}, true},
		"said so":     {answer{Done: true, Picture: &Picture{Refused: &Refusal{mail.UnreadablePage, "why", mail.Say("fault-kind")}}}, true},
		"said oddly":  {answer{Done: true, Picture: &Picture{Refused: &Refusal{mail.UnreadablePage, "why", mail.Say("file-empty")}}}, false},
		"recalled":    {answer{Done: true, Picture: &Picture{Refused: &Refusal{Reason: mail.Recall, Detail: "why"}}}, false},
		"none":        {answer{Done: true}, false},
		"failed":      {answer{Done: true, Failure: "its disk is gone"}, true},
		"too large":   {answer{Done: true, Picture: &Picture{Width: 1 << 20, Height: 1 << 20, SHA256: sum}}, false},
		"negative":    {answer{Done: true, Picture: &Picture{Width: -1, Height: -1, SHA256: sum}}, false},
		"no digest":   {answer{Done: true, Picture: &Picture{Width: 1, Height: 1, SHA256: "\x1b[2J"}}, false},
		"half of one": {answer{Done: true, Picture: &Picture{Width: 1, Height: 1, SHA256: sum[:32]}}, false},
	} {
		err := c.said.check(request{Op: "picture", Pages: []int{1}}, said{}, Config{}.withDefaults())
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
