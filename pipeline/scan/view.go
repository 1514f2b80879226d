package scan

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"postroom/mail"
)

// Viewing says how a page is to be shown.
type Viewing struct {
	Turn  int      `json:"turn"`  // clockwise, degrees: 0, 90, 180, 270
	Width int      `json:"width"` // most pixels across, once it is turned; twice as many down
	Crop  mail.Box `json:"crop"`  // a part of the page, pixels as in a Reading; zero = all of it
}

// View is a page's picture for people: upright, of square pixels, in colour where it
// has any.
type View struct {
	Width, Height int
	Colours       int    // 1: grey; 3: red, green, blue
	Pix           []byte // Colours bytes a pixel, row by row
}

// View shows page n, counted from 1. The page stays decoded until another verb is used:
// who looks at it looks at more than one size of it.
func (f *File) View(n int, o Viewing) (v View, err error) {
	defer caught(&err)
	if n < 1 || n > f.Pages() {
		return v, fmt.Errorf("%w: it has no page %d", ErrUnreadable, n)
	}
	if f.viewed.page != n {
		f.forget()
		if f.viewed.decoded, err = f.pages.decode(n, true); err != nil {
			return v, err
		}
		f.viewed.page = n
	}
	return f.viewed.view(o)
}

// Drawn tells whether pdfium drew the page that View showed last.
func (f *File) Drawn() bool { return f.viewed.via == viaPdfium }

func (d decoded) view(o Viewing) (View, error) {
	raw := d.img.Bounds().Size()
	w, h, x, y := raw.X, raw.Y, d.dpiX, d.dpiY
	if swapped(d.orientation) {
		w, h, x, y = h, w, y, x
	}
	x, y = orGuess(x, y, w, h)
	part := image.Rect(0, 0, w, h)
	if o.Crop != (mail.Box{}) {
		part = image.Rect(o.Crop.X0, o.Crop.Y0, o.Crop.X1, o.Crop.Y1).Intersect(part)
	}
	if part.Empty() || o.Width < 1 {
		return View{}, fmt.Errorf("%w: there is nothing of the page in %v", ErrUnreadable, o.Crop)
	}
	w, h = Fit(o.Width)(Upright(part.Dx(), part.Dy(), x, y, o.Turn))
	sw, sh := w, h
	if swapped(turned(o.Turn)) != swapped(d.orientation) {
		sw, sh = h, w
	}
	v := shrink(d.img, stored(part, d.orientation, raw), sw, sh)
	return v.turned(d.orientation, turned(o.Turn)), nil
}

// Upright is the size of a page's picture once it is turned, in square pixels: as many
// as it has where it has more to the inch.
func Upright(w, h int, dpiX, dpiY float64, turn int) (int, int) {
	const alike = 1.02 // scanners round their dpi
	if finer := max(dpiX, dpiY); dpiX > 0 && dpiY > 0 && finer > alike*min(dpiX, dpiY) {
		w, h = int(math.Round(float64(w)*finer/dpiX)), int(math.Round(float64(h)*finer/dpiY))
	}
	if swapped(turned(turn)) {
		w, h = h, w
	}
	return w, h
}

// Fit makes a size smaller, where it is over width pixels across or twice as many down.
func Fit(width int) func(w, h int) (int, int) {
	return func(w, h int) (int, int) {
		scale := min(1, float64(width)/float64(w), float64(2*width)/float64(h))
		return max(1, int(math.Round(scale*float64(w)))), max(1, int(math.Round(scale*float64(h))))
	}
}

// stored gives the place of a part of the page in its file's own picture.
func stored(part image.Rectangle, orientation int, raw image.Point) image.Rectangle {
	x0, y0 := origin(orientation, raw.X, raw.Y, part.Min.X, part.Min.Y)
	x1, y1 := origin(orientation, raw.X, raw.Y, part.Max.X-1, part.Max.Y-1)
	return image.Rect(min(x0, x1), min(y0, y1), max(x0, x1)+1, max(y0, y1)+1)
}

// shrink gives a part of a picture in w by h pixels.
func shrink(img image.Image, part image.Rectangle, w, h int) View {
	channels, chroma := planes(img)
	means := make([][]byte, len(channels))
	for c, p := range channels {
		means[c] = p.average(part, w, h)
	}
	if len(means) == 1 {
		return View{w, h, 1, means[0]}
	}
	pix := make([]byte, 3*w*h)
	for i := range w * h {
		r, g, b := means[0][i], means[1][i], means[2][i]
		if chroma {
			r, g, b = color.YCbCrToRGB(r, g, b)
		}
		pix[3*i], pix[3*i+1], pix[3*i+2] = r, g, b
	}
	v := View{w, h, 3, pix}
	if !v.coloured() {
		return v.grey()
	}
	return v
}

// coloured tells whether there is a colour to be seen. A pen's short stroke on a small
// picture has few pixels, and to keep them all costs little.
func (v View) coloured() bool {
	const visible, few = 16, 4 // difference between channels; pixels
	n := 0
	for i := 0; i+2 < len(v.Pix); i += 3 {
		r, g, b := v.Pix[i], v.Pix[i+1], v.Pix[i+2]
		if max(r, g, b)-min(r, g, b) > visible {
			if n++; n > few {
				return true
			}
		}
	}
	return false
}

func (v View) grey() View {
	out := make([]byte, v.Width*v.Height)
	for i := range out {
		out[i] = luma(v.Pix[3*i], v.Pix[3*i+1], v.Pix[3*i+2])
	}
	return View{v.Width, v.Height, 1, out}
}

// turned applies two orientations, one after the other.
func (v View) turned(first, then int) View {
	if first < 2 && then < 2 {
		return v
	}
	mw, mh := v.Width, v.Height
	if swapped(first) {
		mw, mh = mh, mw
	}
	out := View{mw, mh, v.Colours, make([]byte, len(v.Pix))}
	if swapped(then) {
		out.Width, out.Height = mh, mw
	}
	at := func(x, y int) int {
		x, y = origin(then, mw, mh, x, y)
		x, y = origin(first, v.Width, v.Height, x, y)
		return v.Colours * (y*v.Width + x)
	}
	begin := at(0, 0)
	right, down := at(1, 0)-begin, at(0, 1)-begin
	to := out.Pix
	for y := range out.Height {
		for from, x := begin+y*down, 0; x < out.Width; x++ {
			copy(to[:v.Colours], v.Pix[from:from+v.Colours])
			to, from = to[v.Colours:], from+right
		}
	}
	return out
}
