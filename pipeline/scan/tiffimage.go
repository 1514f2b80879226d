package scan

import (
	"fmt"
	"image"
	"io"

	"github.com/hhrutter/tiff"
)

// image decodes a page that is no fax. What the decoder would take for something
// else without a word is refused before.
func (f *tiffFile) image(d directory, w, h int) (image.Image, error) {
	if err := d.plain(); err != nil {
		return nil, err
	}
	if c := d.number(tagCompression, 1); c == jpegInIt || c == jpegOld {
		if err := f.checkJPEGs(d, w, h); err != nil {
			return nil, err
		}
	}
	img, err := tiff.DecodeAt(io.NewSectionReader(f.r, 0, f.size), d.offset)
	if err != nil {
		return nil, fmt.Errorf("%w: TIFF: %v", ErrUnreadable, err)
	}
	if b := img.Bounds(); b.Dx() != w || b.Dy() != h {
		return nil, fmt.Errorf("%w: TIFF: the picture has another size than its directory says", ErrUnreadable)
	}
	return img, nil
}

// plain tells whether a page's samples lie as its colours want it, most significant
// bit first and pixel by pixel.
func (d directory) plain() error {
	samples := d.number(tagSamples, max(1, len(d.numbers(tagBits))))
	switch photometric := d.number(tagPhotometric, 0); {
	case photometric == 2 && samples != 3 && samples != 4, photometric == 5 && samples != 4,
		photometric != 2 && photometric < 5 && samples != 1:
		return fmt.Errorf("%w: TIFF: %d samples a pixel do not fit colours of kind %d", ErrUnreadable, samples, photometric)
	case samples > 1 && d.number(tagPlanes, 1) != 1:
		return fmt.Errorf("%w: TIFF: its colours lie apart", ErrUnreadable)
	}
	switch d.number(tagCompression, 1) {
	case faxRuns, fax3, fax4, jpegOld, jpegInIt: // theirs is known, or has no meaning
	default:
		if d.number(tagFillOrder, 1) != 1 {
			return fmt.Errorf("%w: TIFF: its bits are reversed", ErrUnreadable)
		}
	}
	return nil
}

// checkJPEGs reads the headers of a page's JPEG strips or tiles: one that is larger
// than its place may be a bomb, one that is smaller leaves a part of the page black.
func (f *tiffFile) checkJPEGs(d directory, w, h int) error {
	bw, bh := w, min(d.number(tagRowsPerStrip, h), h)
	offsets, lengths := d.numbers(tagStripOffsets), d.numbers(tagStripBytes)
	if d.fields[tagTileWidth].count > 0 {
		bw, bh = d.number(tagTileWidth, 0), d.number(tagTileLength, 0)
		offsets, lengths = d.numbers(tagTileOffsets), d.numbers(tagTileBytes)
	}
	for i, off := range offsets {
		if i >= len(lengths) {
			return fmt.Errorf("%w: TIFF: a JPEG without a length", ErrUnreadable)
		}
		raw, err := f.piece(off, lengths[i])
		if err != nil {
			return err
		}
		head, err := readJPEG(raw)
		if err != nil {
			return err
		}
		if err := f.engine.checkPixels(head.w, head.h); err != nil {
			return err
		}
		rows := bh
		if d.fields[tagTileWidth].count == 0 {
			rows = min(bh, h-i*bh)
		}
		if head.w != bw || head.h < rows || head.h > bh {
			return fmt.Errorf("%w: TIFF: a JPEG of %d by %d pixels in a place of %d by %d", ErrUnreadable, head.w, head.h, bw, bh)
		}
	}
	return nil
}
