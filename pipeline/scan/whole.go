package scan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"postroom/mail"
)

// ErrPartial is a file that is not whole (yet).
var ErrPartial = errors.New("the file is not whole")

func partial(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrPartial, fmt.Sprintf(format, args...))
}

// Whole tells whether a file is structurally complete: a PDF has its trailer, a
// TIFF its directories and strips, a JPEG and a PNG their end. Content that is
// none of these is as whole as it will get.
func Whole(r io.ReaderAt, size int64) (err error) {
	defer caught(&err)
	if size == 0 {
		return partial("it is empty")
	}
	switch KindOf(r, size) {
	case mail.PDF:
		return wholePDF(r, size)
	case mail.TIFF:
		_, err := directories(r, size)
		return err
	case mail.JPEG:
		if !bytes.Contains(tail(r, size, 1024), jpegEnd) && !joined(r, size, mail.JPEG) {
			return partial("the JPEG's end marker is missing")
		}
	case mail.PNG:
		if !bytes.Contains(tail(r, size, 64), []byte("IEND")) && !joined(r, size, mail.PNG) {
			return partial("the PNG's end chunk is missing")
		}
	}
	return nil
}

// joined tells whether a picture has its end, and another file behind it: waiting
// makes that no wholer, and Open says what is wrong.
func joined(r io.ReaderAt, size int64, kind mail.Kind) bool {
	raw, err := whole(r, size)
	if err != nil {
		return false
	}
	end := jpegLength(raw)
	if kind == mail.PNG {
		head, err := readPNG(raw)
		if err != nil {
			return false
		}
		end = head.end
	}
	next, _ := another(raw[end:])
	return next != mail.KindUnknown
}

func tail(r io.ReaderAt, size, n int64) []byte {
	b := make([]byte, min(n, size))
	read, err := r.ReadAt(b, size-int64(len(b)))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return b[:read]
}

// wholePDF wants the last bytes to name a cross-reference within the file.
func wholePDF(r io.ReaderAt, size int64) error {
	end := tail(r, size, 2048)
	at := bytes.LastIndex(end, []byte("startxref"))
	if at < 0 || !bytes.Contains(end[at:], []byte("%%EOF")) {
		return partial("the PDF's trailer is missing")
	}
	var offset int64
	if _, err := fmt.Sscanf(string(bytes.TrimSpace(end[at+len("startxref"):])), "%d", &offset); err != nil || offset >= size {
		return partial("the PDF's trailer points behind its end")
	}
	return nil
}

// directory is a TIFF's page: its fields by tag.
type directory struct {
	offset int64
	order  binary.ByteOrder
	fields map[uint16]field
	end    int64 // behind the last byte that it and its fields take
}

type field struct {
	kind  uint16
	count uint32
	value []byte
}

// Bounds on a TIFF's structure.
const (
	mostDirectories = 20000
	mostFields      = 4096
	mostValue       = 16 << 20
)

// directories walks a TIFF's chain of directories; each must lie in the file
// with all of its strips. Chains that bite their tail are refused.
func directories(r io.ReaderAt, size int64) (all []directory, err error) {
	head := make([]byte, 8)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, partial("the TIFF's header is cut off")
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	seen, room := map[int64]bool{}, roomFor(size)
	for next := int64(order.Uint32(head[4:])); next != 0; {
		switch {
		case next >= size:
			return nil, partial("a TIFF directory lies behind the end of the file")
		case seen[next]:
			return nil, fmt.Errorf("%w: its TIFF directories run in a circle", ErrUnreadable)
		case len(seen) > mostDirectories:
			return nil, fmt.Errorf("%w: it has over %d TIFF directories", ErrLimit, mostDirectories)
		}
		seen[next] = true
		d, after, err := readDirectory(r, size, order, next, &room)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
		next = after
	}
	if len(all) == 0 {
		return nil, partial("the TIFF has no directory")
	}
	return all, nil
}

// roomFor gives the bytes that all values of a TIFF's fields may take: those of many
// fields may lie in one place, and a small file would fill the memory with copies.
func roomFor(size int64) int64 { return 2*size + 1<<16 }

// readDirectory reads a directory; what its values take is taken from the room.
func readDirectory(r io.ReaderAt, size int64, order binary.ByteOrder, at int64, room *int64) (d directory, next int64, err error) {
	count := make([]byte, 2)
	if _, err := r.ReadAt(count, at); err != nil {
		return d, 0, partial("a TIFF directory is cut off")
	}
	n := int(order.Uint16(count))
	if n > mostFields {
		return d, 0, fmt.Errorf("%w: a TIFF directory has %d fields", ErrUnreadable, n)
	}
	body := make([]byte, 12*n+4)
	if _, err := r.ReadAt(body, at+2); err != nil {
		return d, 0, partial("a TIFF directory is cut off")
	}
	d = directory{offset: at, order: order, fields: map[uint16]field{}, end: at + 2 + int64(len(body))}
	for i := range n {
		e := body[12*i:]
		f := field{kind: order.Uint16(e[2:]), count: order.Uint32(e[4:])}
		length := int64(f.count) * int64(widthOf(f.kind))
		if length > 4 {
			d.end = max(d.end, int64(order.Uint32(e[8:]))+length)
		}
		switch {
		case length > mostValue:
			continue // a private field; none that matters here is so long
		case length <= 4:
			f.value = bytes.Clone(e[8 : 8+length])
		case length > *room:
			return d, 0, fmt.Errorf("%w: the fields of its TIFF directories hold more than the file", ErrLimit)
		default:
			*room -= length
			f.value = make([]byte, length)
			if off := int64(order.Uint32(e[8:])); off+length > size {
				return d, 0, partial("a TIFF field lies behind the end of the file")
			} else if _, err := r.ReadAt(f.value, off); err != nil && !errors.Is(err, io.EOF) {
				return d, 0, partial("a TIFF field can't be read")
			}
		}
		d.fields[order.Uint16(e)] = f
	}
	lengths := d.numbers(tagStripBytes)
	for i, off := range d.numbers(tagStripOffsets) {
		if i < len(lengths) && int64(off)+int64(lengths[i]) > size {
			return d, 0, partial("a TIFF strip lies behind the end of the file")
		}
	}
	return d, int64(order.Uint32(body[12*n:])), nil
}

func widthOf(kind uint16) int {
	switch kind {
	case 1, 2, 6, 7:
		return 1
	case 3, 8:
		return 2
	case 4, 9, 11, 13: // 13: where a directory is
		return 4
	case 5, 10, 12:
		return 8
	}
	return 0
}

// numbers gives a field's whole numbers.
func (d directory) numbers(tag uint16) (all []uint32) {
	f := d.fields[tag]
	w := widthOf(f.kind)
	for i := 0; (i+1)*w <= len(f.value) && w > 0; i++ {
		b := f.value[i*w:]
		switch w {
		case 1:
			all = append(all, uint32(b[0]))
		case 2:
			all = append(all, uint32(d.order.Uint16(b)))
		case 4:
			all = append(all, d.order.Uint32(b))
		}
	}
	return all
}

// number gives a field's first number, or what stands for its absence.
func (d directory) number(tag uint16, absent int) int {
	if all := d.numbers(tag); len(all) > 0 {
		return int(all[0])
	}
	return absent
}

// ratio gives a field's first fraction; 0 = none.
func (d directory) ratio(tag uint16) float64 {
	f := d.fields[tag]
	if f.kind != 5 || len(f.value) < 8 {
		return 0
	}
	if below := d.order.Uint32(f.value[4:]); below > 0 {
		return float64(d.order.Uint32(f.value)) / float64(below)
	}
	return 0
}
