package scan

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
	"golang.org/x/image/ccitt"
)

// jpeg decodes a JPEG. What the decoder does not know, but another may, is no
// ErrUnreadable.
func (e *Engine) jpeg(raw []byte, w, h int) (image.Image, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, jpegError(err)
	}
	if err := e.checkPixels(c.Width, c.Height); err != nil {
		return nil, err
	}
	if w > 0 && (c.Width != w || c.Height != h) {
		return nil, errors.New("the JPEG has another size than its page says")
	}
	if !ended(raw) { // the picture may be whole nevertheless: the decoder tells
		raw = append(raw[:len(raw):len(raw)], jpegEnd...)
	}
	img, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, jpegError(err)
	}
	return img, nil
}

var jpegEnd = []byte("\xff\xd9")

// ended tells whether a JPEG has its end marker; some scanners add a few bytes.
func ended(raw []byte) bool {
	return bytes.Contains(raw[max(0, len(raw)-1024):], jpegEnd)
}

func jpegError(err error) error {
	if unknown := jpeg.UnsupportedError(""); errors.As(err, &unknown) {
		return fmt.Errorf("JPEG: %w", err)
	}
	return fmt.Errorf("%w: JPEG: %v", ErrUnreadable, err)
}

// jpeg decodes a JPEG whose colours are what its colour space says: grey, or RGB
// coded as the JPEG itself tells.
func (f *pdfFile) jpeg(img pageImage, parms types.Dict, l layout) (image.Image, error) {
	head, err := readJPEG(img.Raw)
	if err != nil {
		return nil, err
	}
	if head.channels != l.channels || l.inverted || parms["ColorTransform"] != nil {
		return nil, errors.New("the JPEG's colours are mapped")
	}
	return f.engine.jpeg(img.Raw, img.w, img.h)
}

// ccitt decodes a fax picture. Black is 0 in DeviceGray, as the decoder writes it.
func (f *pdfFile) ccitt(img pageImage, parms types.Dict, l layout) (*image.Gray, error) {
	k := f.integerOr(parms, "K", 0)
	if k > 0 {
		return nil, errors.New("two-dimensional Group 3 is not decoded directly")
	}
	if columns := f.integerOr(parms, "Columns", 1728); columns != img.w {
		return nil, errors.New("the fax picture has another width than its page says")
	}
	format := ccitt.Group4
	if k == 0 {
		format = ccitt.Group3
	}
	g, err := faxGray(img.Raw, img.w, img.h, format, ccitt.MSB,
		f.yes(parms, "BlackIs1") != l.inverted, f.yes(parms, "EncodedByteAlign"))
	if err != nil && k == 0 && faxLines(img.Raw, false) >= img.h {
		return nil, errors.New("Group 3 with filled lines is not decoded directly")
	}
	return g, err
}

// predictor is how a Flate stream's rows are foretold (PDF 32000-1, 7.4.4.4).
type predictor struct{ kind, colors, bits, columns int }

func (f *pdfFile) predictor(parms types.Dict) predictor {
	return predictor{f.integerOr(parms, "Predictor", 1), f.integerOr(parms, "Colors", 1),
		f.integerOr(parms, "BitsPerComponent", 8), f.integerOr(parms, "Columns", 1)}
}

// flate decodes a picture of 1 or 8 bits, grey or RGB; RGB becomes grey where no colour is wanted.
func (e *Engine) flate(raw []byte, w, h int, l layout, p predictor, colour bool) (image.Image, error) {
	if l.bits != 1 && l.bits != 8 || l.bits == 1 && l.channels != 1 {
		return nil, errors.New("a sample size that is not decoded directly")
	}
	stride := (w*l.channels*l.bits + 7) / 8
	row := stride
	switch {
	case p.kind >= 10:
		if p.columns != w || p.colors != l.channels || p.bits != l.bits {
			return nil, errors.New("the predictor has another layout than the picture")
		}
		row++
	case p.kind != 1:
		return nil, errors.New("a predictor that is not decoded directly")
	}
	if int64(row)*int64(h) > e.cfg.Stream {
		return nil, fmt.Errorf("%w: a picture of %d bytes", ErrLimit, int64(row)*int64(h))
	}
	z, err := zlib.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: Flate: %v", ErrUnreadable, err)
	}
	data := make([]byte, row*h)
	if _, err := io.ReadFull(z, data); err != nil {
		return nil, fmt.Errorf("%w: Flate: %v", ErrUnreadable, err)
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(z, 1<<16)); errors.Is(err, zlib.ErrChecksum) {
		return nil, fmt.Errorf("%w: Flate: %v", ErrUnreadable, err)
	}
	if p.kind >= 10 {
		if data, err = unfilter(data, stride, h, max(1, l.channels*l.bits/8)); err != nil {
			return nil, err
		}
	}
	if colour && l.channels == 3 {
		return colours(data, w, h), nil
	}
	return samples(data, stride, w, h, l), nil
}

// colours turns rows of RGB samples into a picture.
func colours(data []byte, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		in, to := data[3*i:3*i+3:3*i+3], out.Pix[4*i:4*i+4:4*i+4]
		to[0], to[1], to[2], to[3] = in[0], in[1], in[2], 255
	}
	return out
}

// unfilter undoes PNG's row filters (PNG specification, chapter 9).
func unfilter(data []byte, stride, h, bpp int) ([]byte, error) {
	out := make([]byte, stride*h)
	var above []byte
	for y := range h {
		kind, in := data[y*(stride+1)], data[y*(stride+1)+1:(y+1)*(stride+1)]
		row := out[y*stride : (y+1)*stride]
		for x, v := range in {
			var left, up, corner byte
			if x >= bpp {
				left = row[x-bpp]
			}
			if above != nil {
				up = above[x]
				if x >= bpp {
					corner = above[x-bpp]
				}
			}
			switch kind {
			case 0:
			case 1:
				v += left
			case 2:
				v += up
			case 3:
				v += byte((int(left) + int(up)) / 2)
			case 4:
				v += paeth(left, up, corner)
			default:
				return nil, fmt.Errorf("%w: PNG filter %d", ErrUnreadable, kind)
			}
			row[x] = v
		}
		above = row
	}
	return out, nil
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// samples turns rows of 1-bit or 8-bit samples into grey.
func samples(data []byte, stride, w, h int, l layout) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		in, out := data[y*stride:], g.Pix[y*g.Stride:y*g.Stride+w]
		switch {
		case l.bits == 1:
			for x := range out {
				out[x] = -(in[x/8] >> (7 - x%8) & 1)
			}
		case l.channels == 3:
			for x := range out {
				out[x] = luma(in[3*x], in[3*x+1], in[3*x+2])
			}
		default:
			copy(out, in)
		}
		if l.inverted {
			for x := range out {
				out[x] = ^out[x]
			}
		}
	}
	return g
}

// refuseSymbolCoding looks at every JBIG2 picture of the file: one that draws
// from a dictionary of symbols may show a character that nobody scanned.
func refuseSymbolCoding(ctx *model.Context) error {
	for _, entry := range ctx.Table {
		if entry == nil || entry.Free {
			continue
		}
		sd, ok := entry.Object.(types.StreamDict)
		if !ok {
			continue
		}
		for _, f := range sd.FilterPipeline {
			if f.Name != "JBIG2Decode" {
				continue
			}
			// Behind another filter the segments are not to be seen.
			if len(sd.FilterPipeline) > 1 || f.DecodeParms["JBIG2Globals"] != nil || symbolCoded(sd.Raw) {
				return ErrSymbolCoding
			}
		}
	}
	return nil
}

// symbolCoded walks an embedded JBIG2 stream and tells whether a segment is a
// symbol dictionary (0) or a text region (4, 6, 7). A header that can't be
// followed counts as one.
func symbolCoded(b []byte) bool {
	for len(b) >= segmentHead {
		kind, next, ok := segment(b)
		if !ok || kind == 0 || kind == 4 || kind == 6 || kind == 7 {
			return true
		}
		b = b[min(next, int64(len(b))):]
	}
	return false
}

// jbig2Whole tells whether an embedded JBIG2 stream describes a page (48), paints
// a region on it, and has all of every segment.
func jbig2Whole(b []byte) bool {
	described, painted := false, false
	for len(b) >= segmentHead {
		kind, next, ok := segment(b)
		if !ok || next > int64(len(b)) {
			return false
		}
		described = described || kind == 48
		painted = painted || kind >= 16 && kind < 48
		b = b[next:]
	}
	return described && painted
}

// The shortest header of a JBIG2 segment.
const segmentHead = 11

// segment reads a segment's header (ITU-T T.88, 7.2): its kind, and where the next begins.
func segment(b []byte) (kind byte, next int64, ok bool) {
	kind = b[4] & 63
	number := int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	refs, at := int(b[5]>>5), 6
	if refs == 7 {
		refs = int(b[5]&31)<<24 | int(b[6])<<16 | int(b[7])<<8 | int(b[8])
		at = 9 + (refs+8)/8
	}
	width := 1
	if number > 65536 {
		width = 4
	} else if number > 256 {
		width = 2
	}
	page := 1
	if b[4]&64 != 0 {
		page = 4
	}
	at += refs*width + page
	if refs > 1<<16 || at+4 > len(b) {
		return kind, 0, false
	}
	length := int64(b[at])<<24 | int64(b[at+1])<<16 | int64(b[at+2])<<8 | int64(b[at+3])
	if length == 0xffffffff { // a generic region of unknown length ends the stream
		return kind, int64(len(b)), true
	}
	return kind, int64(at) + 4 + length, true
}
