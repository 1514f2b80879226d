package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"

	"postroom/mail"
)

// Picture tells what a page's picture is.
type Picture struct {
	Width  int `json:"width"` // pixels, as in a Reading
	Height int `json:"height"`
	// SHA256 is of the grey picture as a portable graymap: "P5\nWIDTH HEIGHT\n255\n" and
	// a byte a pixel, row by row.
	SHA256  string   `json:"sha256"`
	Refused *Refusal `json:"refused,omitempty"` // why there is none; the rest is then empty
}

// Picture decodes a page and writes what lies in the crop, as PNG, to out, which it
// empties before; nothing of a zero crop, nor of one that is not on the page.
func (p *Pool) Picture(ctx context.Context, f *os.File, key string, page int, crop mail.Box, out *os.File) (Picture, error) {
	var pic Picture
	err := twice(func() error {
		if err := empty(out); err != nil {
			return err
		}
		return p.ask(ctx, request{Op: "picture", Key: key, Pages: []int{page}, Crop: &crop}, []*os.File{f, out}, func(a answer) {
			if a.Picture != nil {
				pic = *a.Picture
			}
		})
	})
	if died, why := deathOf(err); died {
		return Picture{Refused: &Refusal{mail.UnreadablePage, why}}, empty(out)
	}
	return pic, err
}

// check holds what a helper says of a picture against what one can be.
func (p Picture) check(c Config) error {
	if p.Refused != nil {
		return nil
	}
	w, h := int64(p.Width), int64(p.Height)
	sum, err := hex.DecodeString(p.SHA256)
	if w < 1 || h < 1 || w > c.Pixels || h > c.Pixels || w*h > c.Pixels || err != nil || len(sum) != sha256.Size {
		return fmt.Errorf("it answered a picture of %d by %d pixels, digest %.70q", w, h, p.SHA256)
	}
	return nil
}

// picture decodes a page. What is wrong with the file is a finding; an error is the output's.
func (h *bench) picture(q request, files []*os.File) (Picture, error) {
	if len(files) < 2 || len(q.Pages) != 1 || q.Crop == nil {
		return Picture{}, errors.New("no output, page or crop came with the request")
	}
	f, refused := h.file(q.Key, files[:1])
	if refused != nil {
		return Picture{Refused: refused}, nil
	}
	pic, err := f.Picture(q.Pages[0])
	if err != nil {
		return Picture{Refused: refusal(err)}, nil
	}
	size := pic.Gray.Bounds()
	hash := sha256.New()
	fmt.Fprintf(hash, "P5\n%d %d\n255\n", size.Dx(), size.Dy())
	for y := size.Min.Y; y < size.Max.Y; y++ {
		at := pic.Gray.PixOffset(size.Min.X, y)
		hash.Write(pic.Gray.Pix[at : at+size.Dx()])
	}
	crop := image.Rect(q.Crop.X0, q.Crop.Y0, q.Crop.X1, q.Crop.Y1).Add(size.Min).Intersect(size)
	if !crop.Empty() {
		if err := png.Encode(files[1], pic.Gray.SubImage(crop)); err != nil {
			return Picture{}, err
		}
	}
	return Picture{Width: size.Dx(), Height: size.Dy(), SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}
