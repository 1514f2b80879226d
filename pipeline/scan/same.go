package scan

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
)

// sameAs compares the pages of a rendition with those of the file, by number: its
// picture streams byte by byte, and what pdfium makes of both. kept are the file's
// pages in the order of the rendition's, done what was done with each of the file's.
func (f *pdfFile) sameAs(rendition *pdfFile, kept []int, done []RenderedPage, step func()) error {
	if rendition.count() != len(kept) {
		return fmt.Errorf("%w: it has %d pages instead of %d", ErrDiffers, rendition.count(), len(kept))
	}
	for i, n := range kept {
		if err := f.samePictures(rendition, n, i+1); err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
		if err := f.sameLook(rendition, n, i+1, done[n-1].Rotation); err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
		step()
	}
	return nil
}

func (f *pdfFile) samePictures(rendition *pdfFile, n, m int) error {
	var digests [2][]string
	for i, side := range []struct {
		file *pdfFile
		page int
	}{{f, n}, {rendition, m}} {
		p := side.file.page(side.page)
		content, err := side.file.content(p.Dict)
		if err == nil {
			digests[i], err = side.file.pictures(p, content)
		}
		if err != nil {
			return err
		}
	}
	if !slices.Equal(digests[0], digests[1]) {
		return fmt.Errorf("%w: its picture streams are others", ErrDiffers)
	}
	return nil
}

// sameLook has pdfium draw page n and, turned back, page m of the rendition.
func (f *pdfFile) sameLook(rendition *pdfFile, n, m, turn int) error {
	pixels := f.engine.cfg.Pixels
	var want, got []byte
	if turn == 0 {
		a, err := f.doc.picture(n, comparedDPI, pixels)
		if err != nil {
			return err
		}
		b, err := rendition.doc.picture(m, comparedDPI, pixels)
		if err != nil {
			return err
		}
		if a.Gray.Rect != b.Gray.Rect {
			return fmt.Errorf("%w: it has another size", ErrDiffers)
		}
		want, got = a.Gray.Pix, b.Gray.Pix
	} else {
		w, h, _, err := f.doc.pixels(n, comparedDPI, pixels)
		if err != nil {
			return err
		}
		if want, err = f.doc.drawn(n, w, h, 0); err != nil {
			return err
		}
		if got, err = rendition.doc.drawn(m, w, h, 360-turn); err != nil {
			return err
		}
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("%w: pdfium draws it otherwise", ErrDiffers)
	}
	return nil
}

// drawn draws page n (from 1) on w by h pixels of white paper, turned by so many
// degrees clockwise: blue, green, red and a byte without meaning each.
func (d *document) drawn(n, w, h, turn int) ([]byte, error) {
	i := d.r.instance
	b, err := i.FPDFBitmap_Create(&requests.FPDFBitmap_Create{Width: w, Height: h})
	if err != nil {
		return nil, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	defer i.FPDFBitmap_Destroy(&requests.FPDFBitmap_Destroy{Bitmap: b.Bitmap})
	if _, err := i.FPDFBitmap_FillRect(&requests.FPDFBitmap_FillRect{Bitmap: b.Bitmap, Width: w, Height: h, Color: 0xffffffff}); err != nil {
		return nil, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	if _, err := i.FPDF_RenderPageBitmap(&requests.FPDF_RenderPageBitmap{Bitmap: b.Bitmap, SizeX: w, SizeY: h,
		Page:   requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: n - 1}},
		Rotate: enums.FPDF_PAGE_ROTATION(turn / 90 % 4), Flags: enums.FPDF_RENDER_FLAG_ANNOT}); err != nil {
		return nil, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	buffer, err := i.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: b.Bitmap})
	if err != nil {
		return nil, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	return bytes.Clone(buffer.Buffer), nil
}
