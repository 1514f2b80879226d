package sandbox

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
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

// Picture decodes a page and writes what lies in the crop to out, which it empties
// before: a byte a pixel, row by row, of Picture.Within(crop). No helper encodes it, so
// that whoever looks at the picture is given none of a helper's bytes to parse.
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
		return Picture{Refused: death(mail.UnreadablePage, why, err)}, empty(out)
	}
	return pic, err
}

// Within gives the part of a crop that is on the page.
func (p Picture) Within(crop mail.Box) image.Rectangle {
	return image.Rect(crop.X0, crop.Y0, crop.X1, crop.Y1).Intersect(image.Rect(0, 0, p.Width, p.Height))
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
	is := Picture{Width: size.Dx(), Height: size.Dy()}
	hash := sha256.New()
	fmt.Fprintf(hash, "P5\n%d %d\n255\n", is.Width, is.Height)
	for y := range is.Height {
		hash.Write(row(pic.Gray, y, 0, is.Width))
	}
	is.SHA256 = hex.EncodeToString(hash.Sum(nil))
	crop := is.Within(*q.Crop)
	out := bufio.NewWriter(files[1])
	for y := crop.Min.Y; y < crop.Max.Y; y++ {
		if _, err := out.Write(row(pic.Gray, y, crop.Min.X, crop.Max.X)); err != nil {
			return Picture{}, err
		}
	}
	return is, out.Flush()
}

// row gives pixels of a picture whose corner may be anywhere.
func row(g *image.Gray, y, from, to int) []byte {
	at := g.PixOffset(g.Rect.Min.X, g.Rect.Min.Y+y)
	return g.Pix[at+from : at+to]
}
