package scan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/png"
	"io"
)

// jpegFile is a JPEG: one page.
type jpegFile struct {
	engine *Engine
	raw    []byte
	head   jpegHead
}

// jpegHead is what a JPEG says of itself before its picture.
type jpegHead struct {
	w, h, channels int
	dpiX, dpiY     float64
	orientation    int
	adobe          bool // CMYK is stored inverted
}

func (e *Engine) openJPEG(r io.ReaderAt, size int64) (pages, error) {
	raw, err := whole(r, size)
	if err != nil {
		return nil, err
	}
	head, err := readJPEG(raw)
	if err != nil {
		return nil, err
	}
	end := jpegLength(raw)
	if err := followed(raw[end:], int64(end), 1); err != nil {
		return nil, err
	}
	return &jpegFile{e, raw, head}, nil
}

func whole(r io.ReaderAt, size int64) ([]byte, error) {
	raw := make([]byte, size)
	if _, err := r.ReadAt(raw, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	return raw, nil
}

// readJPEG walks a JPEG's markers to its frame (ITU-T T.81, annex B).
func readJPEG(b []byte) (h jpegHead, err error) {
	h.orientation = 1
	for at := 2; at+4 <= len(b); {
		if b[at] != 0xff {
			break
		}
		marker, length := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if marker == 0xff || marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 {
			at++
			if marker != 0xff {
				at++
			}
			continue
		}
		if length < 2 || at+2+length > len(b) {
			break
		}
		body := b[at+4 : at+2+length]
		switch {
		case marker == 0xe0 && len(body) >= 12 && string(body[:5]) == "JFIF\x00":
			x, y := float64(binary.BigEndian.Uint16(body[8:])), float64(binary.BigEndian.Uint16(body[10:]))
			switch body[7] {
			case 1:
				h.dpiX, h.dpiY = x, y
			case 2:
				h.dpiX, h.dpiY = x*2.54, y*2.54
			}
		case marker == 0xe1 && len(body) > 14 && string(body[:6]) == "Exif\x00\x00":
			h.exif(body[6:])
		case marker == 0xee && len(body) >= 12 && string(body[:5]) == "Adobe":
			h.adobe = true
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc && len(body) >= 6:
			h.h, h.w, h.channels = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:])), int(body[5])
			return h, nil
		}
		at += 2 + length
	}
	return h, fmt.Errorf("%w: the JPEG has no frame", ErrUnreadable)
}

// exif reads orientation and resolution: EXIF is a TIFF without pictures.
func (h *jpegHead) exif(b []byte) {
	var order binary.ByteOrder = binary.LittleEndian
	if len(b) < 8 {
		return
	}
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	room := roomFor(int64(len(b)))
	d, _, err := readDirectory(bytes.NewReader(b), int64(len(b)), order, int64(order.Uint32(b[4:])), &room)
	if err != nil {
		return
	}
	h.orientation = d.number(tagOrientation, 1)
	if x, y := d.dpi(); h.dpiX <= 1 && x > 1 && y > 1 {
		h.dpiX, h.dpiY = x, y
	}
}

func (f *jpegFile) count() int { return 1 }

func (f *jpegFile) close() error { return nil }

func (f *jpegFile) decode(int, bool) (decoded, error) {
	img, err := f.engine.jpeg(f.raw, f.head.w, f.head.h)
	if err != nil && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrUnreadable) {
		err = fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	if err != nil {
		return decoded{}, err
	}
	return decoded{img, f.head.orientation, f.head.dpiX, f.head.dpiY, "jpeg"}, nil
}

func (f *jpegFile) cut(_, _ int, out io.Writer, _ func()) ([]string, error) {
	h := f.head
	if err := f.engine.checkPixels(h.w, h.h); err != nil {
		return nil, err
	}
	space, ok := map[int]string{1: "DeviceGray", 3: "DeviceRGB", 4: "DeviceCMYK"}[h.channels]
	if !ok {
		return nil, fmt.Errorf("%w: a JPEG of %d colours", ErrUnreadable, h.channels)
	}
	decode := ""
	if h.channels == 4 && h.adobe {
		decode = "/Decode[1 0 1 0 1 0 1 0]"
	}
	x, y := orGuess(h.dpiX, h.dpiY, h.w, h.h)
	w := &writer{}
	w.imagePage([]strip{{rows: h.h, raw: f.raw, dict: fmt.Sprintf(
		"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/%s/Filter/DCTDecode%s", h.w, h.h, space, decode)}},
		h.w, h.h, x, y, h.orientation)
	return nil, w.write(out)
}

// pngFile is a PNG: one page.
type pngFile struct {
	engine *Engine
	raw    []byte
	head   pngHead
}

// pngHead is a PNG's header, with what PDF needs to carry its data as it is.
type pngHead struct {
	w, h              int
	bits, color, lace byte
	dpiX, dpiY        float64
	palette, data     []byte
	transparent       bool
	frames            bool // further pictures, that only some viewers show
	end               int  // where the file should end
}

func (e *Engine) openPNG(r io.ReaderAt, size int64) (pages, error) {
	raw, err := whole(r, size)
	if err != nil {
		return nil, err
	}
	head, err := readPNG(raw)
	if err != nil {
		return nil, err
	}
	if head.frames {
		return nil, surplus(1, "it is animated (APNG), and only its first picture is a page")
	}
	if err := followed(raw[head.end:], int64(head.end), 1); err != nil {
		return nil, err
	}
	return &pngFile{e, raw, head}, nil
}

// readPNG walks a PNG's chunks (PNG specification, chapter 5).
func readPNG(b []byte) (h pngHead, err error) {
	for at := 8; at+12 <= len(b); {
		length := int(binary.BigEndian.Uint32(b[at:]))
		if length < 0 || at+12+length > len(b) {
			break
		}
		body := b[at+8 : at+8+length]
		switch string(b[at+4 : at+8]) {
		case "IHDR":
			if length < 13 || h.w > 0 { // a second one would hide the first's size
				return h, fmt.Errorf("%w: the PNG's header is short or not its only one", ErrUnreadable)
			}
			h.w, h.h = int(binary.BigEndian.Uint32(body)), int(binary.BigEndian.Uint32(body[4:]))
			h.bits, h.color, h.lace = body[8], body[9], body[12]
		case "PLTE":
			h.palette = body
		case "tRNS":
			h.transparent = true
		case "pHYs":
			if length >= 9 && body[8] == 1 {
				h.dpiX, h.dpiY = float64(binary.BigEndian.Uint32(body))*0.0254, float64(binary.BigEndian.Uint32(body[4:]))*0.0254
			}
		case "IDAT":
			h.data = append(h.data, body...)
		case "fdAT":
			h.frames = true
		case "IEND":
			if h.end = at + 12 + length; h.w > 0 && h.h > 0 {
				return h, nil
			}
		}
		at += 12 + length
	}
	return h, fmt.Errorf("%w: the PNG is cut off", ErrUnreadable)
}

func (f *pngFile) count() int { return 1 }

func (f *pngFile) close() error { return nil }

func (f *pngFile) decode(int, bool) (decoded, error) {
	if err := f.engine.checkPixels(f.head.w, f.head.h); err != nil {
		return decoded{}, err
	}
	img, err := png.Decode(bytes.NewReader(f.raw))
	if err != nil {
		return decoded{}, fmt.Errorf("%w: PNG: %v", ErrUnreadable, err)
	}
	return decoded{img, 1, f.head.dpiX, f.head.dpiY, "png"}, nil
}

func (f *pngFile) cut(_, _ int, out io.Writer, _ func()) ([]string, error) {
	h := f.head
	if err := f.engine.checkPixels(h.w, h.h); err != nil {
		return nil, err
	}
	x, y := orGuess(h.dpiX, h.dpiY, h.w, h.h)
	w := &writer{}
	s, ok := h.carried()
	if ok {
		w.imagePage([]strip{s}, h.w, h.h, x, y, 1)
		return nil, w.write(out)
	}
	img, err := png.Decode(bytes.NewReader(f.raw))
	if err != nil {
		return nil, fmt.Errorf("%w: PNG: %v", ErrUnreadable, err)
	}
	strips, err := flateStrips(img)
	if err != nil {
		return nil, err
	}
	w.imagePage(strips, h.w, h.h, x, y, 1)
	return []string{"page 1: interlaced or transparent PNG coded anew, laid on white"}, w.write(out)
}

// carried gives the PNG's own data as a PDF picture: PDF knows PNG's row filters.
func (h pngHead) carried() (strip, bool) {
	colors, space := 1, "/DeviceGray"
	switch h.color {
	case 0:
	case 2:
		colors, space = 3, "/DeviceRGB"
	case 3:
		if len(h.palette) < 3 || len(h.palette)%3 != 0 {
			return strip{}, false
		}
		space = fmt.Sprintf("[/Indexed/DeviceRGB %d<%x>]", len(h.palette)/3-1, h.palette)
	default:
		return strip{}, false
	}
	if h.lace != 0 || h.transparent || len(h.data) == 0 {
		return strip{}, false
	}
	return strip{rows: h.h, raw: h.data, dict: fmt.Sprintf(
		"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace%s/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors %d/BitsPerComponent %d/Columns %d>>",
		h.w, h.h, h.bits, space, colors, h.bits, h.w)}, true
}
