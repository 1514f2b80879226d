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

// look is a way in which a place is looked at again: at another scale than the page was,
// as black and white, as a single line in one language. Tesseract misreads the same letter
// otherwise in each: a J that reaches below the line is a bracket in all languages at
// once, and a J to some of them alone.
type look struct {
	scale    float64
	black    bool
	language string // "" = all
}

// Ways is in how many ways an engine of so many languages looks at a place again.
func Ways(languages int) int { return len(looks(make([]string, languages))) }

// looks are the ways for an engine of these languages.
func looks(languages []string) []look {
	all := []look{{scale: 1}, {scale: 1.5}, {scale: 0.7}, {scale: 1, black: true}}
	for _, l := range languages {
		all = append(all, look{scale: 1, language: l}, look{scale: 0.5, language: l})
	}
	return all
}

// Again reads a place again, in several ways: the words of each that gave some, of Ways. Boxes
// are pixels of the page.
func (e *Engine) Again(s Squared, at Place) (all [][]mail.Word, err error) {
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
	for _, l := range looks(e.languages) {
		some, err := e.look(g, dpi, l)
		if err != nil {
			return nil, err
		}
		for i, w := range some {
			some[i].Box = clip(view.box(w.Box), s.page)
		}
		if len(some) > 0 {
			all = append(all, some)
		}
	}
	return all, nil
}

// look reads a picture in one way.
func (e *Engine) look(g *image.Gray, dpi float64, l look) (some []mail.Word, err error) {
	client, mode := e.client, oneBlock
	if l.language != "" {
		mode = oneLine
		if client, err = e.in(l.language); err != nil {
			return nil, err
		}
	}
	seen, by := scaled(g, l.scale)
	if l.black {
		seen = blackened(seen)
	}
	if min(seen.Rect.Dx(), seen.Rect.Dy()) < tiniest {
		return nil, nil
	}
	// As a variable it holds before the engine has read anything, too; SetPageSegMode
	// would be lost when it starts.
	const segmentation = "tessedit_pageseg_mode"
	if err := client.SetVariable(segmentation, mode); err != nil {
		return nil, fmt.Errorf("tesseract: %w", err)
	}
	defer func() { err = errors.Join(err, client.SetVariable(segmentation, automatic)) }()
	boxes, err := recognize(client, seen, dpi*l.scale)
	if err != nil {
		return nil, err
	}
	some = words(boxes, seen.Rect)
	for i, w := range some {
		some[i].Box = by.box(w.Box)
	}
	return some, nil
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
	limit := threshold(histogram(g))
	out := image.NewGray(g.Rect)
	for i, v := range g.Pix {
		if int(v) >= limit {
			out.Pix[i] = 255
		}
	}
	return out
}
