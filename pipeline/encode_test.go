package pipeline

import (
	"bytes"
	"image"
	"slices"
	"testing"

	"postroom/pipeline/sandbox"
)

// TestWhatABrowserGets: two tones are a small PNG, greys and colours a JPEG in which a
// pen and a highlighter keep their colours, and a crop has the pixels as they are.
func TestWhatABrowserGets(t *testing.T) {
	paint := func(colours int, tones ...byte) sandbox.View {
		v := sandbox.View{Width: 64, Height: 32, Colours: colours}
		for i := range 64 * 32 { // four fields side by side
			at := i % 64 / 16 * colours % len(tones)
			v.Pix = append(v.Pix, tones[at:at+colours]...)
		}
		return v
	}
	for name, c := range map[string]struct {
		view  sandbox.View
		exact bool
		want  string
		slack int
	}{
		"two tones": {paint(1, 0, 255), false, "image/png", 0},
		"greys":     {paint(1, 0, 90, 255, 200), false, "image/jpeg", 12},
		"colours":   {paint(3, 200, 20, 30, 20, 40, 160, 250, 240, 60, 255, 255, 255), false, "image/jpeg", 12},
		"a crop":    {paint(3, 200, 20, 30, 20, 40, 160, 250, 240, 60, 255, 255, 255), true, "image/png", 0},
		"grey crop": {paint(1, 0, 90, 255, 200), true, "image/png", 0},
	} {
		p, err := encodePicture(c.view, c.exact)
		if err != nil || p.Type != c.want || p.Width != 64 || p.Height != 32 {
			t.Fatalf("%s: %s of %d by %d, %v", name, p.Type, p.Width, p.Height, err)
		}
		img, _, err := image.Decode(bytes.NewReader(p.Bytes))
		if err != nil || img.Bounds().Size() != image.Pt(64, 32) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, x := range []int{8, 24, 40, 56} { // the middle of each field
			r, g, b, _ := img.At(x, 16).RGBA()
			want := c.view.Pix[(16*64+x)*c.view.Colours:]
			for i, got := range []uint32{r >> 8, g >> 8, b >> 8} {
				if d := int(got) - int(want[i%c.view.Colours]); d > c.slack || -d > c.slack {
					t.Errorf("%s: channel %d at %d is %d, not %d", name, i, x, got, want[i%c.view.Colours])
				}
			}
		}
	}
}

// TestSmallerIsTheMean: each pixel of the small picture is the mean of those that it stands
// for, whether they can be divided evenly or not, and a picture that is small enough is as it was.
func TestSmallerIsTheMean(t *testing.T) {
	v := sandbox.View{Width: 440, Height: 600, Colours: 3}
	for y := range v.Height {
		for x := range v.Width {
			v.Pix = append(v.Pix, byte(x%2*200), byte(y%2*100), 7)
		}
	}
	is := smaller(v, 220)
	if is.Width != 220 || is.Height != 300 || len(is.Pix) != 3*220*300 {
		t.Fatalf("%d by %d, %d bytes", is.Width, is.Height, len(is.Pix))
	}
	for i := 0; i < len(is.Pix); i += 3 {
		if got := [3]byte(is.Pix[i : i+3]); got != [3]byte{100, 50, 7} {
			t.Fatalf("pixel %d is %v", i/3, got)
		}
	}
	odd := smaller(sandbox.View{Width: 1239, Height: 1753, Colours: 1, Pix: bytes.Repeat([]byte{9}, 1239*1753)}, 220)
	if slices.Max(odd.Pix) != 9 || slices.Min(odd.Pix) != 9 || len(odd.Pix) != odd.Width*odd.Height {
		t.Errorf("%d by %d has other tones than its model", odd.Width, odd.Height)
	}
	few := sandbox.View{Width: 2, Height: 1, Colours: 1, Pix: []byte{1, 2}}
	if got := smaller(few, 220); !bytes.Equal(got.Pix, few.Pix) {
		t.Errorf("%v", got)
	}
}
