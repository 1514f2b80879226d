package scan

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// renderer is pdfium in WebAssembly: it sees no files and no network.
type renderer struct {
	pool     pdfium.Pool
	instance pdfium.Pdfium
	cache    wazero.CompilationCache
}

// Memory of the WebAssembly guest, in pages of 64 KiB: 768 MiB.
const guestPages = 12288

func startPdfium(cache string) (*renderer, error) {
	r := &renderer{}
	runtime := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(guestPages)
	if cache != "" {
		c, err := wazero.NewCompilationCacheWithDir(cache)
		if err != nil {
			return nil, fmt.Errorf("cache of pdfium's code: %w", err)
		}
		r.cache, runtime = c, runtime.WithCompilationCache(c)
	}
	var err error
	if r.pool, err = webassembly.Init(webassembly.Config{MinIdle: 1, MaxIdle: 1, MaxTotal: 1,
		FSConfig:      wazero.NewFSConfig(), // the default would mount the whole disk
		RuntimeConfig: runtime, Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		return nil, fmt.Errorf("start pdfium: %w", err)
	}
	if r.instance, err = r.pool.GetInstance(time.Minute); err != nil {
		return nil, fmt.Errorf("start pdfium: %w", err)
	}
	return r, nil
}

func (r *renderer) close() error {
	err := r.pool.Close()
	if r.cache != nil {
		_ = r.cache.Close(context.Background()) // it is only read, or written whole
	}
	return err
}

// viaPdfium is how Picture.Via names it.
const viaPdfium = "pdfium"

// document is a PDF that pdfium has open.
type document struct {
	r    *renderer
	ref  references.FPDF_DOCUMENT
	from io.ReadSeeker
	size int64
}

func (r *renderer) open(f io.ReadSeeker, size int64) (*document, error) {
	d, err := r.instance.OpenDocument(&requests.OpenDocument{FileReader: f, FileReaderSize: size})
	if err != nil {
		return nil, err
	}
	return &document{r, d.Document, f, size}, nil
}

// refresh opens the document anew: pdfium keeps every object that it came by.
func (d *document) refresh() error {
	d.close()
	again, err := d.r.open(d.from, d.size)
	if err != nil {
		return fmt.Errorf("%w by the second parser: %v", ErrUnreadable, err)
	}
	d.ref = again.ref
	return nil
}

func (d *document) close() {
	_, _ = d.r.instance.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: d.ref}) // there is nothing to do about it
}

func (d *document) count() (int, error) {
	c, err := d.r.instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: d.ref})
	if err != nil {
		return 0, err
	}
	return c.PageCount, nil
}

// Rendering resolutions, dpi.
const (
	leastDPI = 150
	usualDPI = 300
	mostDPI  = 400
)

// pixels gives the size of page n (from 1) at the dpi, less where that would be over
// the limit of pixels.
func (d *document) pixels(n int, dpi float64, most int64) (w, h int, at float64, err error) {
	size, err := d.r.instance.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: d.ref, Index: n - 1})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("%w: page size: %v", ErrUnreadable, err)
	}
	if size.Width > 0 && size.Height > 0 && !math.IsInf(size.Width*size.Height, 0) {
		at = min(dpi, math.Sqrt(float64(most)/(size.Width*size.Height))*72)
		w, h = int(math.Round(size.Width*at/72)), int(math.Round(size.Height*at/72))
		if int64(w)*int64(h) > most { // both were rounded up
			w, h = int(size.Width*at/72), int(size.Height*at/72)
		}
	}
	if w < 1 || h < 1 {
		return 0, 0, 0, fmt.Errorf("%w: the page has %g by %g points", ErrUnreadable, size.Width, size.Height)
	}
	return w, h, at, nil
}

// picture is what decode gives, in grey.
func (d *document) picture(n int, dpi float64, pixels int64) (Picture, error) {
	page, err := d.decode(n, dpi, pixels, false)
	if err != nil {
		return Picture{}, err
	}
	return page.grey(), nil
}

// decode renders page n (from 1) at the dpi, less where that would be over the
// pixel limit.
func (d *document) decode(n int, dpi float64, pixels int64, colour bool) (decoded, error) {
	w, h, dpi, err := d.pixels(n, dpi, pixels)
	if err != nil {
		return decoded{}, err
	}
	out, err := d.r.instance.RenderPageInPixels(&requests.RenderPageInPixels{
		Page:  requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: n - 1}},
		Width: w, Height: h, RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT, RenderForm: true})
	if err != nil {
		return decoded{}, fmt.Errorf("%w: render: %v", ErrUnreadable, err)
	}
	defer out.Cleanup()
	rgba, ok := out.Result.RenderedImage.(*image.RGBA)
	if !ok || rgba.Rect.Empty() {
		return decoded{}, fmt.Errorf("%w: nothing was rendered", ErrUnreadable)
	}
	switch {
	case out.Result.HasTransparency:
		rgba = overWhite(rgba)
	case colour: // its pixels are the renderer's, and gone with Cleanup
		own := *rgba
		own.Pix = bytes.Clone(rgba.Pix)
		rgba = &own
	}
	if !colour {
		return decoded{greyOf(rgba), 1, dpi, dpi, viaPdfium}, nil
	}
	return decoded{rgba, 1, dpi, dpi, viaPdfium}, nil
}

// covers tells whether page n paints anything on black paper: a blank picture is
// white on it, one that can't be decoded is not there.
func (d *document) covers(n int) (bool, error) {
	const w, h = 64, 64
	i := d.r.instance
	b, err := i.FPDFBitmap_Create(&requests.FPDFBitmap_Create{Width: w, Height: h})
	if err != nil {
		return false, err
	}
	defer i.FPDFBitmap_Destroy(&requests.FPDFBitmap_Destroy{Bitmap: b.Bitmap})
	if _, err := i.FPDFBitmap_FillRect(&requests.FPDFBitmap_FillRect{Bitmap: b.Bitmap, Width: w, Height: h, Color: 0xff000000}); err != nil {
		return false, err
	}
	if _, err := i.FPDF_RenderPageBitmap(&requests.FPDF_RenderPageBitmap{Bitmap: b.Bitmap, SizeX: w, SizeY: h,
		Page: requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: n - 1}}, Flags: enums.FPDF_RENDER_FLAG_ANNOT}); err != nil {
		return false, err
	}
	buffer, err := i.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: b.Bitmap})
	if err != nil {
		return false, err
	}
	for at := 0; at+3 < len(buffer.Buffer); at += 4 { // blue, green, red and a byte without meaning
		if p := buffer.Buffer[at:]; p[0]|p[1]|p[2] != 0 {
			return true, nil
		}
	}
	return false, nil
}
