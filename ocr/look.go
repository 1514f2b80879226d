package ocr

import (
	"errors"
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"

	"postroom/mail"
)

// Place is a part of a page, and how the page lies as its text was read.
type Place struct {
	Box      mail.Box `json:"box"` // pixels of the page
	Rotation int      `json:"rotation"`
	Skew     float64  `json:"skew"`
}

// around is how far beyond a place a second look reaches, inches.
const around = 0.12

// looks are the ways in which a place is looked at again: at another scale than the
// page was, and as black and white. Tesseract misreads the same letter otherwise in each.
var looks = []struct {
	scale float64
	black bool
}{{1, false}, {1.5, false}, {0.7, false}, {1, true}}

// Look reads a place again, in several ways: the words of each that gave some. Boxes
// are pixels of the page.
func (e *Engine) Look(s Squared, at Place) (all [][]mail.Word, err error) {
	dpi := s.DPI
	if dpi < 50 || dpi > 2400 {
		dpi = 300
	}
	m := around * dpi
	r := image.Rect(int(float64(at.Box.X0)/s.View.a-m), int(float64(at.Box.Y0)/s.View.e-m),
		int(float64(at.Box.X1)/s.View.a+m), int(float64(at.Box.Y1)/s.View.e+m)).Intersect(image.Rect(0, 0, s.Picture.Rect.Dx(), s.Picture.Rect.Dy()))
	if r.Dx() < tiniest || r.Dy() < tiniest || r.Dx() > largest/2 || r.Dy() > largest/2 {
		return nil, fmt.Errorf("a place of %d by %d pixels can't be looked at", r.Dx(), r.Dy())
	}
	picture := &image.Gray{Pix: s.Picture.Pix, Stride: s.Picture.Stride, Rect: image.Rect(0, 0, s.Picture.Rect.Dx(), s.Picture.Rect.Dy())}
	crop := image.NewGray(image.Rect(0, 0, r.Dx(), r.Dy()))
	draw.Draw(crop, crop.Rect, picture, r.Min, draw.Src)
	view := s.View.after(Mapping{a: 1, c: float64(r.Min.X), e: 1, f: float64(r.Min.Y)})
	g, turned := quarter(crop, at.Rotation)
	view = view.after(turned)
	if math.Abs(at.Skew) > straighten/2 {
		g, turned = turn(g, -at.Skew)
		view = view.after(turned)
	}
	if err := e.segment(oneBlock); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.segment(automatic)) }()
	for _, l := range looks {
		seen, by := scaled(g, l.scale)
		if l.black {
			seen = blackened(seen)
		}
		boxes, err := recognize(e.client, seen, dpi*l.scale)
		if err != nil {
			return nil, err
		}
		some := words(boxes, seen.Rect)
		for i, w := range some {
			some[i].Box = clip(view.after(by).box(w.Box), s.page)
		}
		if len(some) > 0 {
			all = append(all, some)
		}
	}
	return all, nil
}

// segment says how pages are parted. As a variable it holds before the engine has read
// anything, too; SetPageSegMode would be lost when it starts.
func (e *Engine) segment(mode string) error {
	if err := e.client.SetVariable("tessedit_pageseg_mode", mode); err != nil {
		return fmt.Errorf("tesseract: %w", err)
	}
	return nil
}

// scaled makes a picture larger or smaller.
func scaled(g *image.Gray, by float64) (*image.Gray, Mapping) {
	if by == 1 {
		return g, identity
	}
	out := image.NewGray(image.Rect(0, 0, int(float64(g.Rect.Dx())*by), int(float64(g.Rect.Dy())*by)))
	draw.BiLinear.Scale(out, out.Rect, g, g.Rect, draw.Src, nil)
	return out, Mapping{a: float64(g.Rect.Dx()) / float64(out.Rect.Dx()), e: float64(g.Rect.Dy()) / float64(out.Rect.Dy())}
}

// blackened is a picture in black and white, parted by Otsu's threshold.
func blackened(g *image.Gray) *image.Gray {
	limit := between(histogram(g))
	out := image.NewGray(g.Rect)
	for i, v := range g.Pix {
		if int(v) >= limit {
			out.Pix[i] = 255
		}
	}
	return out
}
