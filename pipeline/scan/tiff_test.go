package scan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"
)

// flagged gives a page the flag of a reduced picture.
func flagged(w, h int) tiffPage {
	p := greyTIFF(w, h, 1, gradient(w, h).Pix)
	p.fields = append([][3]int{{254, 4, 1}}, p.fields...)
	return p
}

func TestFlagAloneMakesNoThumbnail(t *testing.T) {
	page := greyTIFF(400, 200, 1, gradient(400, 200).Pix)
	for name, c := range map[string]struct {
		pages []tiffPage
		want  int
	}{
		"a thumbnail":             {[]tiffPage{page, flagged(81, 40)}, 1},
		"two thumbnails":          {[]tiffPage{page, flagged(160, 80), flagged(80, 40), page}, 2},
		"the first page":          {[]tiffPage{flagged(40, 20), page}, 2},
		"the same size":           {[]tiffPage{page, flagged(400, 200)}, 2},
		"larger":                  {[]tiffPage{page, flagged(800, 400)}, 2},
		"hardly smaller":          {[]tiffPage{page, flagged(360, 180)}, 2},
		"other proportions":       {[]tiffPage{page, flagged(100, 99)}, 2},
		"all pages of a scanner":  {[]tiffPage{flagged(400, 200), flagged(400, 200), flagged(400, 200)}, 3},
		"a small page, unflagged": {[]tiffPage{page, greyTIFF(40, 20, 1, gradient(40, 20).Pix)}, 2},
	} {
		if f := mustOpen(t, tiffBytes(c.pages...)); f.Pages() != c.want {
			t.Errorf("%s: %d pages, want %d", name, f.Pages(), c.want)
		}
	}
}

// sampled gives a TIFF page of 16 by 20 pixels with further fields, by their tags.
func sampled(data []byte, with map[int]int) tiffPage {
	p := tiffPage{data: data}
	fields := map[int][2]int{256: {4, 16}, 257: {4, 20}, 258: {3, 8}, 259: {3, 1}, 262: {3, 1}, 273: {4, -1}, 277: {3, 1}, 278: {4, 20}, 279: {4, -2}}
	for tag, v := range with {
		fields[tag] = [2]int{3, v}
	}
	for _, tag := range slices.Sorted(maps.Keys(fields)) {
		p.fields = append(p.fields, [3]int{tag, fields[tag][0], fields[tag][1]})
	}
	return p
}

func TestMisreadTIFFsAreRefused(t *testing.T) {
	small := jpegBytes(t, gradient(16, 10))
	for name, p := range map[string]tiffPage{
		"reversed bits":        sampled(bytes.Repeat([]byte{1, 0}, 20), map[int]int{258: 1, 262: 0, 266: 2}),
		"reversed, packed":     sampled(bytes.Repeat([]byte{1, 1, 0}, 20), map[int]int{258: 1, 259: 32773, 262: 0, 266: 2}),
		"two samples of grey":  sampled(bytes.Repeat([]byte{200, 255}, 320), map[int]int{277: 2}),
		"one sample of CMYK":   sampled(bytes.Repeat([]byte{200}, 1280), map[int]int{262: 5}),
		"a short JPEG":         sampled(small, map[int]int{259: 7}),
		"a JPEG of other size": sampled(jpegBytes(t, gradient(32, 20)), map[int]int{259: 7}),
	} {
		f := mustOpen(t, tiffBytes(p))
		if _, err := f.Picture(1); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: decoded: %v", name, err)
		}
		if _, err := f.Cut(1, 1, &bytes.Buffer{}); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: cut: %v", name, err)
		}
	}
	for name, p := range map[string]tiffPage{
		"grey": sampled(gradient(16, 20).Pix, nil),
		"jpeg": sampled(jpegBytes(t, gradient(16, 20)), map[int]int{259: 7, 266: 2}),
	} {
		f := mustOpen(t, tiffBytes(p))
		sane(t, cut(t, f, 1, 1), 1)
		if _, err := f.Picture(1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBombWithinATIFFIsRefusedByItsHeader(t *testing.T) {
	bomb := jpegBytes(t, gradient(16, 20))
	frame := bytes.Index(bomb, []byte("\xff\xc0"))
	copy(bomb[frame+5:], "\xea\x60\xea\x60") // 60000 by 60000
	if _, err := mustOpen(t, tiffBytes(sampled(bomb, map[int]int{259: 7}))).Picture(1); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
}

// TestManyStrips: a directory of half a million strips is read at once.
func TestManyStrips(t *testing.T) {
	const n = 500_000
	le := binary.LittleEndian
	b := []byte("II*\x00\x08\x00\x00\x00\x04\x00")
	for i, f := range [][2]uint32{{256, 1}, {257, n}, {273, 62}, {279, 62}} {
		count := uint32(1)
		if i > 1 {
			count = n
		}
		b = le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, uint16(f[0])), 4), count), f[1])
	}
	b = append(b, make([]byte, 4+4*n)...)
	if dirs, err := directories(bytes.NewReader(b), int64(len(b))); err != nil || len(dirs) != 1 {
		t.Errorf("%d directories: %v", len(dirs), err)
	}
}

// TestOverlappingTIFFsAreRefused: fields and strips that all lie in one place would
// become copies of it, gigabytes of a file of megabytes.
func TestOverlappingTIFFsAreRefused(t *testing.T) {
	le := binary.LittleEndian
	field := func(b []byte, tag uint16, kind uint16, count, at uint32) []byte {
		return le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, tag), kind), count), at)
	}
	const fields, value = 1000, 1 << 20
	b := append([]byte("II*\x00\x08\x00\x00\x00"), 0, 0)
	le.PutUint16(b[8:], fields)
	for i := range fields {
		b = field(b, uint16(300+i), 7, value, 8)
	}
	b = append(b, make([]byte, 4+value)...)
	if _, err := directories(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrLimit) {
		t.Errorf("a thousand fields in one place: %v", err)
	}

	const strips = 60000 // of a row each
	b = []byte("II*\x00\x08\x00\x00\x00\x06\x00")
	ends := uint32(8 + 2 + 6*12 + 4)
	b = field(b, 256, 4, 1, 8)
	b = field(b, 257, 4, 1, strips)
	b = field(b, 259, 3, 1, 4)
	b = field(b, 273, 4, strips, ends)
	b = field(b, 278, 4, 1, 1)
	b = field(b, 279, 4, strips, ends+4*strips)
	b = le.AppendUint32(b, 0)
	for range strips {
		b = le.AppendUint32(b, 8)
	}
	for range strips {
		b = le.AppendUint32(b, 8*strips)
	}
	f := &tiffFile{engine: New(Config{Stream: 1 << 20}), r: bytes.NewReader(b), size: int64(len(b))}
	dirs, err := directories(f.r, f.size)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.strips(dirs[0], strips); !errors.Is(err, ErrLimit) {
		t.Errorf("strips in one place: %v", err)
	}
}
