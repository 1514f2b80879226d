package scan

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"postroom/mail"
)

// TestAverage compares the means of a small picture's parts with what adding up pixel
// by pixel gives, at sizes that divide nothing.
func TestAverage(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		w, h := 1+r.IntN(20), 1+r.IntN(20)
		wide, high := 1+r.IntN(2), 1+r.IntN(2)
		p := plane{make([]byte, w*h), w, h, w, 1, wide, high}
		for i := range p.pix {
			p.pix[i] = byte(r.IntN(256))
		}
		full := image.Rect(0, 0, w*wide-r.IntN(wide), h*high-r.IntN(high))
		x, y := r.IntN(full.Dx()), r.IntN(full.Dy())
		part := image.Rect(x, y, x+1+r.IntN(full.Dx()-x), y+1+r.IntN(full.Dy()-y))
		tw, th := 1+r.IntN(24), 1+r.IntN(24)
		got := p.average(part, tw, th)
		for i, v := range got {
			if want := slowMean(p, part, tw, th, i%tw, i/tw); v != want {
				t.Fatalf("%d by %d, part %v, to %d by %d: pixel %d is %d, not %d", w, h, part, tw, th, i, v, want)
			}
		}
	}
}

// slowMean adds up a target pixel in steps that divide both rasters.
func slowMean(p plane, part image.Rectangle, w, h, x, y int) byte {
	sum := 0
	for j := range part.Dy() {
		for i := range part.Dx() {
			sx, sy := (part.Min.X*w+x*part.Dx()+i)/w, (part.Min.Y*h+y*part.Dy()+j)/h
			sum += int(p.pix[sy/p.high*p.stride+sx/p.wide])
		}
	}
	n := part.Dx() * part.Dy()
	return byte((sum + n/2) / n)
}

// corners is a page of 60 by 40 pixels with another colour in each corner.
func corners() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for y := range 40 {
		for x := range 60 {
			c := color.RGBA{255, 255, 255, 255}
			switch {
			case x < 20 && y < 10:
				c = color.RGBA{255, 0, 0, 255}
			case x >= 40 && y < 10:
				c = color.RGBA{0, 255, 0, 255}
			case x >= 40 && y >= 30:
				c = color.RGBA{0, 0, 255, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// at names the colour of a view's pixel.
func (v View) at(x, y int) string {
	if v.Colours == 1 {
		return "grey"
	}
	p := v.Pix[3*(y*v.Width+x):]
	switch {
	case p[0] > 200 && p[1] > 200 && p[2] > 200:
		return "white"
	case p[0] > 200:
		return "red"
	case p[1] > 200:
		return "green"
	case p[2] > 200:
		return "blue"
	}
	return "dark"
}

// TestViewIsTurned: an orientation and a turn, one after the other, put every corner where it belongs.
func TestViewIsTurned(t *testing.T) {
	for _, orientation := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
		for _, turn := range []int{0, 90, 180, 270} {
			d := decoded{corners(), orientation, 300, 300, ""}
			v, err := d.view(Viewing{Turn: turn, Width: 30})
			if err != nil {
				t.Fatal(err)
			}
			// What greys do, which are read, decides how the page is seen.
			twice := orient(orient(greyOf(d.img), orientation), turned(turn))
			if v.Width*twice.Rect.Dy() != v.Height*twice.Rect.Dx() || v.Width > 30 {
				t.Fatalf("orientation %d, turn %d: %d by %d", orientation, turn, v.Width, v.Height)
			}
			lumas := map[byte]string{luma(255, 0, 0): "red", luma(0, 255, 0): "green", luma(0, 0, 255): "blue", 255: "white"}
			for _, x := range []int{1, v.Width - 2} {
				for _, y := range []int{1, v.Height - 2} {
					want := lumas[twice.Pix[y*twice.Rect.Dy()/v.Height*twice.Stride+x*twice.Rect.Dx()/v.Width]]
					if got := v.at(x, y); got != want {
						t.Errorf("orientation %d, turn %d: (%d,%d) is %s, not %s", orientation, turn, x, y, got, want)
					}
				}
			}
		}
	}
}

// TestCropIsOfThePage: a crop's place is the page's as it is read, however its file stores it.
func TestCropIsOfThePage(t *testing.T) {
	for _, orientation := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
		d := decoded{corners(), orientation, 300, 300, ""}
		page := orient(greyOf(d.img), orientation).Rect
		whole, err := d.view(Viewing{Width: 1000})
		if err != nil || whole.Width != page.Dx() || whole.Height != page.Dy() {
			t.Fatalf("%d by %d, %v", whole.Width, whole.Height, err)
		}
		crop := mail.Box{X0: 3, Y0: 5, X1: page.Dx() + 9, Y1: 29}
		part, err := d.view(Viewing{Width: 1000, Crop: crop})
		if err != nil || part.Width != page.Dx()-3 || part.Height != 24 {
			t.Fatalf("%d by %d, %v", part.Width, part.Height, err)
		}
		for y := range part.Height {
			for x := range part.Width {
				if got, want := part.at(x, y), whole.at(x+3, y+5); got != want && part.Colours == whole.Colours {
					t.Fatalf("orientation %d: (%d,%d) is %s, not %s", orientation, x, y, got, want)
				}
			}
		}
		if _, err := d.view(Viewing{Width: 1000, Crop: mail.Box{X0: 500, Y0: 1, X1: 600, Y1: 2}}); err == nil {
			t.Error("a crop beside the page was shown")
		}
	}
}

// TestColoursSurvive: a pen's stroke is still coloured on the smallest picture, whatever
// codes the page, and what is grey is sent as grey.
func TestColoursSurvive(t *testing.T) {
	page := image.NewRGBA(image.Rect(0, 0, 2480, 3508))
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	for x := 1500; x < 1900; x++ {
		for y := range 6 { // half a millimetre
			page.SetRGBA(x, 2900+y, color.RGBA{20, 40, 160, 255})
			page.SetRGBA(x-1000, 900+y, color.RGBA{0, 0, 0, 255})
		}
	}
	var coded bytes.Buffer
	if err := jpeg.Encode(&coded, page, &jpeg.Options{Quality: 75}); err != nil {
		t.Fatal(err)
	}
	asPDF := func(space, filter string, data []byte) []byte {
		return pdf([]pdfPage{{image: "/Width 2480/Height 3508/BitsPerComponent 8/ColorSpace/" + space + filter, data: data}}, false, "")
	}
	rgb := make([]byte, 0, 3*2480*3508)
	for i := 0; i < len(page.Pix); i += 4 {
		rgb = append(rgb, page.Pix[i:i+3]...)
	}
	for name, c := range map[string]struct {
		file    []byte
		colours int
	}{
		"JPEG":         {coded.Bytes(), 3},
		"JPEG in PDF":  {asPDF("DeviceRGB", "/Filter/DCTDecode", coded.Bytes()), 3},
		"Flate in PDF": {asPDF("DeviceRGB", "/Filter/FlateDecode", flated(rgb)), 3},
		"drawn":        {asPDF("DeviceRGB", "/Decode[0 1 0 1 0 1]/Filter/FlateDecode", flated(rgb)), 3},
		"grey JPEG":    {jpegBytes(t, greyOf(page)), 1},
	} {
		f := mustOpen(t, c.file)
		for _, width := range []int{220, 1240, 2480} {
			if name == "drawn" && width == 220 {
				continue // the page is flat, and the stroke too thin on it
			}
			v, err := f.View(1, Viewing{Width: width})
			if err != nil || v.Colours != c.colours || v.Width != width && name != "drawn" || len(v.Pix) != v.Colours*v.Width*v.Height {
				t.Errorf("%s, %d across: %d by %d in %d colours, %v", name, width, v.Width, v.Height, v.Colours, err)
			}
		}
	}
}

// TestUprightHasSquarePixels: a fax has twice as many pixels across as down.
func TestUprightHasSquarePixels(t *testing.T) {
	if w, h := Upright(1728, 1143, 204, 98, 0); w != 1728 || h != 2379 {
		t.Errorf("%d by %d", w, h)
	}
	if w, h := Upright(1728, 1143, 204, 98, 270); w != 2379 || h != 1728 {
		t.Errorf("turned: %d by %d", w, h)
	}
	if w, h := Fit(220)(100, 100); w != 100 || h != 100 {
		t.Errorf("a small page was made larger: %d by %d", w, h)
	}
	if w, h := Fit(220)(300, 9000); h != 440 || w != 15 {
		t.Errorf("a long page: %d by %d", w, h)
	}
}

func BenchmarkView(b *testing.B) {
	page := image.NewRGBA(image.Rect(0, 0, 2480, 3508))
	for i := range page.Pix {
		page.Pix[i] = byte(i * 7)
	}
	var coded bytes.Buffer
	if err := jpeg.Encode(&coded, page, nil); err != nil {
		b.Fatal(err)
	}
	colour, err := jpeg.Decode(&coded)
	if err != nil {
		b.Fatal(err)
	}
	for name, img := range map[string]image.Image{"grey": greyOf(page), "JPEG": colour, "RGBA": page} {
		for size, width := range map[string]int{"thumb": 220, "screen": 1240, "full": 2480} {
			b.Run(name+"/"+size, func(b *testing.B) {
				for b.Loop() {
					if _, err := (decoded{img, 1, 300, 300, ""}).view(Viewing{Width: width}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestCountedFileIsOpenedOnce: pdfium opens a file that was counted before only when it is needed.
func TestCountedFileIsOpenedOnce(t *testing.T) {
	grey := greyOf(corners())
	size := "/Width 60/Height 40/BitsPerComponent 8/Filter/FlateDecode/ColorSpace/"
	b := pdf([]pdfPage{{image: size + "DeviceGray", data: flated(grey.Pix)}, {image: size + "DeviceGray/Decode[0 .5]", data: flated(grey.Pix)}}, false, "")
	e := New(Config{Counted: true})
	defer e.Close()
	f, err := e.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i, drawn := range []bool{false, true} {
		if _, err := f.View(i+1, Viewing{Width: 60}); err != nil || f.Drawn() != drawn || (e.pdfium != nil) != drawn {
			t.Errorf("page %d: drawn %v, %v", i+1, f.Drawn(), err)
		}
	}
	var out bytes.Buffer
	again, err := e.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Cut(2, 2, &out); err != nil || out.Len() == 0 {
		t.Errorf("cut: %v", err)
	}
}
