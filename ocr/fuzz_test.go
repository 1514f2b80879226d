package ocr

import (
	"image"
	"math"
	"testing"

	"postroom/mail"
)

// FuzzPicture judges pictures of odd sizes and resolutions: what is said of them is
// a number, and a place leads back to the picture that it came from.
func FuzzPicture(f *testing.F) {
	f.Add([]byte{255, 0, 255, 255, 0}, uint16(200), uint16(120), 200.0, 100.0, 1.5)
	f.Add([]byte{0}, uint16(1), uint16(1), 0.0, math.Inf(1), -4.0)
	f.Add([]byte{7, 250}, uint16(1), uint16(900), 72.0, math.NaN(), 0.0)
	f.Add([]byte{255, 255, 255, 0, 0, 255, 255, 255, 255}, uint16(700), uint16(9), 1e-300, 1e300, 7.0)
	f.Fuzz(func(t *testing.T, pattern []byte, wide, high uint16, dpiX, dpiY, degrees float64) {
		w, h := int(wide)%800+1, int(high)%800+1
		if len(pattern) == 0 || w*h > 1e5 {
			return
		}
		g := image.NewGray(image.Rect(0, 0, w, h))
		for i := range g.Pix {
			g.Pix[i] = pattern[i%len(pattern)]
		}
		s := Square(g, dpiX, dpiY)
		if b := s.Picture.Rect; b.Dx() > flattest*w || b.Dy() > flattest*h {
			t.Fatalf("%d by %d pixels of %g by %g dpi become %v", w, h, dpiX, dpiY, b)
		}
		look := Look(s.Picture, s.DPI)
		if !(look.Ink >= 0 && look.Ink <= 1) || look.Unmarked && !look.Blank {
			t.Errorf("%+v", look)
		}
		laid, err := Lay(s)
		if err != nil {
			return
		}
		for _, turned := range []int{0, 90, 180, 270} {
			q, back := quarter(laid.picture, turned)
			x0, y0, x1, y1 := back.Quad(mail.Box{X1: q.Rect.Dx(), Y1: q.Rect.Dy()}.Quad()).Bounds()
			if want := laid.picture.Rect; x0 != 0 || y0 != 0 || x1 != float64(want.Dx()) || y1 != float64(want.Dy()) {
				t.Errorf("turned by %d, the picture lies at %g,%g %g,%g of %v", turned, x0, y0, x1, y1, want)
			}
		}
		if math.Abs(degrees) < 10 {
			if out, _ := turn(g, degrees); out.Rect != g.Rect {
				t.Errorf("turned by %g degrees, %v is %v", degrees, g.Rect, out.Rect)
			}
		}
	})
}
