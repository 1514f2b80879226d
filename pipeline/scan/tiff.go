package scan

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"math/bits"

	"golang.org/x/image/ccitt"
)

// TIFF tags (TIFF 6.0) that matter here.
const (
	tagNewSubfile   = 254
	tagWidth        = 256
	tagHeight       = 257
	tagBits         = 258
	tagCompression  = 259
	tagPhotometric  = 262
	tagFillOrder    = 266
	tagStripOffsets = 273
	tagOrientation  = 274
	tagSamples      = 277
	tagRowsPerStrip = 278
	tagStripBytes   = 279
	tagXResolution  = 282
	tagYResolution  = 283
	tagPlanes       = 284
	tagT4Options    = 292
	tagUnit         = 296
	tagTileWidth    = 322
	tagTileLength   = 323
	tagTileOffsets  = 324
	tagTileBytes    = 325
	tagSubfiles     = 330
	tagJPEGTables   = 347
	tagJPEGOffset   = 513
	tagJPEGBytes    = 514
)

// TIFF compressions.
const (
	faxRuns  = 2
	fax3     = 3
	fax4     = 4
	jpegOld  = 6
	jpegInIt = 7
)

type tiffFile struct {
	engine *Engine
	r      io.ReaderAt
	size   int64
	dirs   []directory
}

func (e *Engine) openTIFF(r io.ReaderAt, size int64) (pages, error) {
	dirs, err := directories(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	f := &tiffFile{engine: e, r: r, size: size}
	for _, d := range dirs {
		if n := len(f.dirs); n == 0 || !d.thumbnailOf(f.dirs[n-1]) {
			f.dirs = append(f.dirs, d)
		}
	}
	return f, f.followed(dirs)
}

// followed refuses a TIFF with another file behind all that its directories take.
func (f *tiffFile) followed(dirs []directory) error {
	end, room := int64(0), roomFor(f.size)
	for _, d := range dirs {
		end = max(end, d.taken())
		for _, at := range d.numbers(tagSubfiles) { // smaller pictures of the page
			if sub, _, err := readDirectory(f.r, f.size, d.order, int64(at), &room); err == nil {
				end = max(end, sub.taken())
			}
		}
	}
	if end >= f.size {
		return nil
	}
	rest, err := whole(io.NewSectionReader(f.r, end, f.size-end), f.size-end)
	if err != nil {
		return err
	}
	return followed(rest, end, f.count())
}

// taken is where what a directory takes ends, its picture too.
func (d directory) taken() int64 {
	end := d.end
	for _, tags := range [][2]uint16{{tagStripOffsets, tagStripBytes}, {tagTileOffsets, tagTileBytes}, {tagJPEGOffset, tagJPEGBytes}} {
		offsets, lengths := d.numbers(tags[0]), d.numbers(tags[1])
		if len(lengths) < len(offsets) {
			return math.MaxInt64 // it does not say
		}
		for i, off := range offsets {
			end = max(end, int64(off)+int64(lengths[i]))
		}
	}
	return end
}

// thumbnailOf tells whether a directory is a smaller picture of the page before
// it. Its word alone does not count: a page is not lost by a flag.
func (d directory) thumbnailOf(page directory) bool {
	w, h := d.number(tagWidth, 0), d.number(tagHeight, 0)
	pw, ph := page.number(tagWidth, 0), page.number(tagHeight, 0)
	const slack = 0.05 // sizes are rounded, small ones much
	return d.number(tagNewSubfile, 0)&1 == 1 && w > 0 && h > 0 && 2*w < pw && 2*h < ph &&
		math.Abs(float64(w)*float64(ph)/(float64(h)*float64(pw))-1) < slack
}

func (f *tiffFile) count() int { return len(f.dirs) }

func (f *tiffFile) close() error { return nil }

// dpi gives a page's resolution; 0 = it does not say.
func (d directory) dpi() (x, y float64) {
	x, y = d.ratio(tagXResolution), d.ratio(tagYResolution)
	switch d.number(tagUnit, 2) {
	case 2:
		return x, y
	case 3:
		return x * 2.54, y * 2.54
	}
	return 0, 0
}

func (f *tiffFile) decode(n int, _ bool) (decoded, error) {
	d := f.dirs[n-1]
	w, h := d.number(tagWidth, 0), d.number(tagHeight, 0)
	if err := f.engine.checkPixels(w, h); err != nil {
		return decoded{}, err
	}
	img, via, err := f.stored(d, w, h)
	if errors.Is(err, errNotDirect) {
		return f.wrapped(n)
	}
	if err != nil {
		return decoded{}, err
	}
	x, y := d.dpi()
	return decoded{img, d.number(tagOrientation, 1), x, y, via}, nil
}

var errNotDirect = errors.New("Group 3 of two dimensions or with filled lines is not decoded directly")

// stored gives a page's pixels as they are stored.
func (f *tiffFile) stored(d directory, w, h int) (img image.Image, via string, err error) {
	c := d.number(tagCompression, 1)
	if strips, err := f.strips(d, h); err == nil && (c == fax3 || c == fax4) {
		img, err = f.fax(d, strips, w, h)
		return img, "ccitt", err
	}
	img, err = f.image(d, w, h)
	return img, "tiff", err
}

// wrapped has pdfium render the page as it would be cut.
func (f *tiffFile) wrapped(n int) (decoded, error) {
	var b bytes.Buffer
	if _, err := f.cut(n, n, &b, unpaced); err != nil {
		return decoded{}, err
	}
	pdfium, err := f.engine.render()
	if err != nil {
		return decoded{}, err
	}
	doc, err := pdfium.open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		return decoded{}, fmt.Errorf("%w: fax picture: %v", ErrUnreadable, err)
	}
	defer doc.close()
	d := f.dirs[n-1]
	x, y := d.dpi()
	x, y = orGuess(x, y, d.number(tagWidth, 0), d.number(tagHeight, 0))
	return doc.decode(1, min(max(x, y, leastDPI), mostDPI), f.engine.cfg.Pixels, false)
}

// fax decodes a CCITT page strip by strip. Damage is an error; lines that Go's
// decoder refuses by design are pdfium's, which hides damage, when none is missing.
func (f *tiffFile) fax(d directory, strips []strip, w, h int) (*image.Gray, error) {
	group3 := d.number(tagCompression, 1) == fax3
	tagged := group3 && d.number(tagT4Options, 0)&1 == 1
	format := ccitt.Group4
	if group3 {
		format = ccitt.Group3
	}
	out := image.NewGray(image.Rect(0, 0, w, h))
	y := 0
	for _, s := range strips {
		if d.number(tagFillOrder, 1) == 2 {
			reverse(s.raw)
		}
		g, err := faxGray(s.raw, w, s.rows, format, ccitt.MSB, d.number(tagPhotometric, 0) == 1, false)
		switch {
		case group3 && (tagged || err != nil) && faxLines(s.raw, tagged) >= s.rows:
			return nil, errNotDirect
		case tagged:
			return nil, fmt.Errorf("%w: TIFF: a fax picture ends early", ErrUnreadable)
		case err != nil:
			return nil, err
		}
		copy(out.Pix[y*out.Stride:], g.Pix)
		y += s.rows
	}
	if y != h {
		return nil, fmt.Errorf("%w: TIFF: strips of %d rows for a picture of %d", ErrUnreadable, y, h)
	}
	return out, nil
}

// reverse turns the bits of each byte around: FillOrder 2.
func reverse(raw []byte) {
	for i, b := range raw {
		raw[i] = bits.Reverse8(b)
	}
}

// strips reads a page's strips with their rows.
func (f *tiffFile) strips(d directory, h int) ([]strip, error) {
	offsets, lengths := d.numbers(tagStripOffsets), d.numbers(tagStripBytes)
	if len(offsets) == 0 || len(offsets) != len(lengths) || d.fields[tagTileWidth].count > 0 {
		return nil, fmt.Errorf("%w: TIFF: no strips", ErrUnreadable)
	}
	rows := min(d.number(tagRowsPerStrip, h), h)
	if rows <= 0 || (h+rows-1)/rows != len(offsets) {
		return nil, fmt.Errorf("%w: TIFF: %d strips of %d rows for a picture of %d", ErrUnreadable, len(offsets), rows, h)
	}
	total := int64(0)
	for _, n := range lengths {
		total += int64(n)
	}
	if total > max(f.size, f.engine.cfg.Stream) { // they lie on each other
		return nil, fmt.Errorf("%w: TIFF: strips of %d bytes in a file of %d", ErrLimit, total, f.size)
	}
	var all []strip
	for i, off := range offsets {
		raw, err := f.piece(off, lengths[i])
		if err != nil {
			return nil, err
		}
		all = append(all, strip{raw: raw, rows: min(rows, h-i*rows)})
	}
	return all, nil
}

// piece reads a strip or a tile.
func (f *tiffFile) piece(at, length uint32) ([]byte, error) {
	if int64(at)+int64(length) > f.size {
		return nil, fmt.Errorf("%w: TIFF: a strip lies behind the end of the file", ErrUnreadable)
	}
	raw := make([]byte, length)
	if _, err := f.r.ReadAt(raw, int64(at)); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: TIFF: %v", ErrUnreadable, err)
	}
	return raw, nil
}

func (f *tiffFile) cut(from, to int, out io.Writer, step func()) (recoded []string, err error) {
	w := &writer{}
	for n := from; n <= to; n++ {
		d := f.dirs[n-1]
		width, height := d.number(tagWidth, 0), d.number(tagHeight, 0)
		if err := f.engine.checkPixels(width, height); err != nil {
			return nil, err
		}
		strips, note, err := f.carried(d, width, height)
		if err != nil {
			strips, err = f.recoded(d, width, height)
			note = "picture coded anew without loss (Flate)"
		}
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", n, err)
		}
		if note != "" {
			recoded = append(recoded, fmt.Sprintf("page %d: %s", n, note))
		}
		x, y := d.dpi()
		x, y = orGuess(x, y, width, height)
		w.imagePage(strips, width, height, x, y, d.number(tagOrientation, 1))
		step()
	}
	return recoded, w.write(out)
}

var errNotCarried = errors.New("PDF can't carry the picture as it is")

// carried gives a page's strips as PDF pictures, bit for bit where note is "".
func (f *tiffFile) carried(d directory, w, h int) (strips []strip, note string, err error) {
	strips, err = f.strips(d, h)
	if err != nil {
		return nil, "", err
	}
	switch c := d.number(tagCompression, 1); {
	case c == fax4, c == fax3:
		return f.carriedFax(d, strips, w, c)
	case c == jpegInIt:
		return f.carriedJPEG(d, strips, w, h)
	}
	return nil, "", errNotCarried
}

func (f *tiffFile) carriedFax(d directory, strips []strip, w, compression int) ([]strip, string, error) {
	k := -1
	if compression == fax3 {
		k = 0
		if d.number(tagT4Options, 0)&1 == 1 {
			k = 1
		}
	}
	note := ""
	black := "false"
	if d.number(tagPhotometric, 0) == 1 { // black runs stand for 1, which this page shows white
		black = "true"
	}
	for i, s := range strips {
		if d.number(tagFillOrder, 1) == 2 {
			note = "bit order of the fax picture reversed"
			reverse(s.raw)
		}
		strips[i].dict = fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K %d/Columns %d/Rows %d/BlackIs1 %s>>",
			w, s.rows, k, w, s.rows, black)
	}
	return strips, note, nil
}

// carriedJPEG passes JPEG strips through; tables that the strips share are put
// into each, which changes no coefficient.
func (f *tiffFile) carriedJPEG(d directory, strips []strip, w, h int) ([]strip, string, error) {
	channels, photometric := d.number(tagSamples, 1), d.number(tagPhotometric, 0)
	space, ok := map[int]string{1: "DeviceGray", 3: "DeviceRGB"}[channels]
	if !ok || photometric != 1 && photometric != 2 && photometric != 6 || d.number(tagPlanes, 1) != 1 {
		return nil, "", errNotCarried
	}
	if err := f.checkJPEGs(d, w, h); err != nil {
		return nil, "", err
	}
	note, parms := "", ""
	if photometric == 2 {
		parms = "/DecodeParms<</ColorTransform 0>>"
	}
	tables := d.fields[tagJPEGTables].value
	for i, s := range strips {
		if len(tables) > 4 && len(s.raw) > 2 {
			note = "shared JPEG tables copied into the picture"
			strips[i].raw = append(append([]byte{0xff, 0xd8}, tables[2:len(tables)-2]...), s.raw[2:]...)
		}
		strips[i].dict = fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/%s/Filter/DCTDecode%s", w, s.rows, space, parms)
	}
	return strips, note, nil
}

// recoded decodes a page and codes it anew, pixel-equal.
func (f *tiffFile) recoded(d directory, w, h int) ([]strip, error) {
	img, err := f.image(d, w, h)
	if err != nil {
		return nil, err
	}
	return flateStrips(img)
}
