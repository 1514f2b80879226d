package scan

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"postroom/mail"
)

// A file is taken for the pages that its format's reader finds. What comes after
// them is seen by no reader, and would be filed, unseen, with the first letter: a
// file that is followed by another is refused. Padding and a maker's own notes
// behind a picture are no other file.

// surplus is the refusal of a file that holds more than its pages.
func surplus(pages int, what string) error {
	noun := "pages"
	if pages == 1 {
		noun = "page"
	}
	return &Fault{mail.Say("fault-more", "fault", what),
		fmt.Errorf("%w: there is more in the file than its %d %s: %s. Save each document as a file of its own", ErrUnreadable, pages, noun, what)}
}

// followed refuses a file of so many pages that ends at a place, when another file
// begins in the rest; rest are the bytes from there.
func followed(rest []byte, end int64, pages int) error {
	kind, at := another(rest)
	if kind == mail.KindUnknown {
		return nil
	}
	return surplus(pages, beginning(kind, end+int64(at)))
}

func beginning(kind mail.Kind, at int64) string {
	return fmt.Sprintf("another %s begins at byte %d", map[mail.Kind]string{mail.PDF: "PDF", mail.TIFF: "TIFF", mail.JPEG: "JPEG", mail.PNG: "PNG"}[kind], at)
}

// openings are the first bytes of the formats.
var openings = []struct {
	kind  mail.Kind
	magic []byte
}{
	{mail.PDF, []byte("%PDF-")},
	{mail.PNG, []byte("\x89PNG\r\n\x1a\n")},
	{mail.JPEG, []byte("\xff\xd8\xff")},
	{mail.TIFF, []byte("II*\x00")},
	{mail.TIFF, []byte("MM\x00*")},
}

// another finds the first file that begins within bytes.
func another(b []byte) (kind mail.Kind, at int) {
	at = len(b)
	for _, o := range openings {
		for from := 0; from < at; {
			i := bytes.Index(b[from:at], o.magic)
			if i < 0 {
				break
			}
			if from += i; begins(o.kind, b[from:]) {
				kind, at = o.kind, from
				break
			}
			from++
		}
	}
	return kind, at
}

// begins tells whether a file of the kind begins where its first bytes stand: those
// of JPEG and TIFF are short, and a maker's notes are written as a TIFF too.
func begins(kind mail.Kind, b []byte) bool {
	switch kind {
	case mail.JPEG:
		return len(b) > 3 && b[3] >= 0xc0 && b[3] < 0xff
	case mail.TIFF:
		return firstTag(b) >= tagNewSubfile && firstTag(b) <= tagWidth
	}
	return true
}

// firstTag gives the first tag of a TIFF's first directory; 0 = there is none.
// Tags are sorted: a picture's directory begins with its size or before.
func firstTag(b []byte) uint16 {
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	if len(b) < 8 {
		return 0
	}
	at := int64(order.Uint32(b[4:]))
	if at < 8 || at+4 > int64(len(b)) {
		return 0
	}
	return order.Uint16(b[at+2:])
}

// jpegLength is where a JPEG's picture ends: behind its end marker, or where another
// picture starts before that. Thumbnails within its segments are passed over.
func jpegLength(b []byte) int {
	for at := 2; ; {
		i := bytes.IndexByte(b[min(at, len(b)):], 0xff)
		if i < 0 || at+i+1 >= len(b) {
			return len(b)
		}
		at += i
		marker := b[at+1]
		switch {
		case marker == 0xff: // fill
			at++
		case marker == 0x00, marker == 0x01, marker >= 0xd0 && marker <= 0xd7:
			at += 2
		case marker == 0xd9:
			return at + 2
		case marker == 0xd8:
			return at
		case at+4 > len(b):
			return len(b)
		default:
			at += 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		}
	}
}
