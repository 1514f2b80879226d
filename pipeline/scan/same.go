package scan

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"
)

// sameAs compares the pages of a rendition with those of the file, by number: its
// picture streams byte by byte, and what pdfium makes of both. kept are the file's
// pages in the order of the rendition's, done what was done with each of the file's.
func (f *pdfFile) sameAs(rendition *pdfFile, kept []int, done []RenderedPage, step func()) error {
	if rendition.count() != len(kept) {
		return fmt.Errorf("%w: it has %d pages instead of %d", ErrDiffers, rendition.count(), len(kept))
	}
	held := 0
	for i, n := range kept {
		size, err := f.samePictures(rendition, n, i+1)
		if held += size; err == nil && held > mostHeld {
			held, err = size, errors.Join(f.doc.refresh(), rendition.doc.refresh())
		}
		same := false
		if err == nil {
			same, err = f.samePose(rendition, n, i+1, done[n-1].Rotation)
		}
		if err == nil && !same {
			err = f.sameLook(rendition, n, i+1, done[n-1].Rotation)
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
		step()
	}
	return nil
}

// mostHeld is how many bytes of pictures pdfium may come by, in each of two documents,
// before it is made to forget them. What it has grown by it never gives back.
const mostHeld = 32 << 20

// samePictures compares the pictures of page n and page m of the rendition, and gives
// their size in bytes.
func (f *pdfFile) samePictures(rendition *pdfFile, n, m int) (size int, err error) {
	var digests [2][]string
	for i, side := range []struct {
		file *pdfFile
		page int
	}{{f, n}, {rendition, m}} {
		p := side.file.page(side.page)
		content, err := side.file.content(p.Dict)
		if err == nil {
			digests[i], size, err = side.file.pictures(p, content)
		}
		if err != nil {
			return 0, err
		}
	}
	if !slices.Equal(digests[0], digests[1]) {
		return 0, fmt.Errorf("%w: its picture streams are others", ErrDiffers)
	}
	return size, nil
}

// sameLook has pdfium draw page n and, turned back, page m of the rendition.
func (f *pdfFile) sameLook(rendition *pdfFile, n, m, turn int) error {
	pixels := f.engine.cfg.Pixels
	if turn == 0 { // with the fields of a form, which drawn leaves out
		want, err := f.doc.picture(n, comparedDPI, pixels)
		if err != nil {
			return err
		}
		got, err := rendition.doc.picture(m, comparedDPI, pixels)
		if err != nil {
			return err
		}
		if got.Gray.Rect != want.Gray.Rect || !bytes.Equal(got.Gray.Pix, want.Gray.Pix) {
			return fmt.Errorf("%w: pdfium draws it otherwise", ErrDiffers)
		}
		return nil
	}
	w, h, dpi, err := f.doc.pixels(n, comparedDPI, pixels)
	if err != nil {
		return err
	}
	want, err := f.doc.drawn(n, w, h, 0, dpi)
	if err != nil {
		return err
	}
	got, err := rendition.doc.drawn(m, w, h, 360-turn, dpi)
	if err != nil {
		return err
	}
	if !alike(want, got, 4*w) {
		return fmt.Errorf("%w: pdfium draws it otherwise", ErrDiffers)
	}
	return nil
}

// How much a page that was turned and turned back may differ in a square of 4 by 4
// pixels, 2 mm, in the mean: pdfium reckons with single precision, and an edge of a
// letter may be a little lighter. A picture a pixel aside differs by three times that.
const mostUnlike = 16 // of 255

// alike compares two pictures of rows of so many bytes, four for each pixel.
func alike(a, b []byte, stride int) bool {
	const side = 4
	if len(a) != len(b) || stride == 0 {
		return false
	}
	sums := make([]int, stride/(4*side)+1)
	for row := 0; row*stride < len(a); row++ {
		x, y := a[row*stride:][:stride], b[row*stride:][:stride]
		for i := range x {
			if i%4 != 3 { // which means nothing
				sums[i/(4*side)] += int(x[i]) - int(y[i])
			}
		}
		if row%side < side-1 && (row+1)*stride < len(a) {
			continue
		}
		if most := mostUnlike * 3 * side * side; slices.Max(sums) > most || slices.Min(sums) < -most {
			return false
		}
		clear(sums)
	}
	return true
}

// drawn draws page n (from 1), turned by so many degrees clockwise, on w by h pixels
// of white paper: blue, green, red and a byte without meaning each. The page's edges
// lie in the middle of pixels: where they lay between two, what pdfium reckons with a
// single precision would put a turned picture a pixel aside or not, by chance.
func (d *document) drawn(n, w, h, turn int, dpi float64) ([]byte, error) {
	i, page := d.r.instance, requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: n - 1}}
	size, err := i.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: d.ref, Index: n - 1})
	if err != nil {
		return nil, fmt.Errorf("%w: page size: %v", ErrUnreadable, err)
	}
	b, err := i.FPDFBitmap_Create(&requests.FPDFBitmap_Create{Width: w, Height: h})
	if err != nil {
		return nil, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	defer i.FPDFBitmap_Destroy(&requests.FPDFBitmap_Destroy{Bitmap: b.Bitmap})
	if _, err := i.FPDFBitmap_FillRect(&requests.FPDFBitmap_FillRect{Bitmap: b.Bitmap, Width: w, Height: h, Color: 0xffffffff}); err != nil {
		return nil, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	s, right, below := float32(dpi/72), float32(size.Width), float32(size.Height)
	m := structs.FPDF_FS_MATRIX{A: s, D: s}
	switch turn {
	case 90:
		m = structs.FPDF_FS_MATRIX{B: s, C: -s, E: below * s}
	case 180:
		m = structs.FPDF_FS_MATRIX{A: -s, D: -s, E: right * s, F: below * s}
	case 270:
		m = structs.FPDF_FS_MATRIX{B: -s, C: s, F: right * s}
	}
	m.E, m.F = m.E+0.5, m.F+0.5
	if _, err := i.FPDF_RenderPageBitmapWithMatrix(&requests.FPDF_RenderPageBitmapWithMatrix{Bitmap: b.Bitmap, Page: page, Matrix: m,
		Clipping: structs.FPDF_FS_RECTF{Right: float32(w), Bottom: float32(h)}, Flags: enums.FPDF_RENDER_FLAG_ANNOT}); err != nil {
		return nil, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	buffer, err := i.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: b.Bitmap})
	if err != nil {
		return nil, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	return bytes.Clone(buffer.Buffer), nil
}
