package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"postroom/mail"
)

// surplusInPDF refuses a file in which another stands behind the PDF. Two PDFs one
// behind the other look like one that was changed: readers take the last catalog,
// and the first letter's pages are nowhere. A changed file has one header, or its
// later parts lead back to the first; a PDF attached to it lies within an object.
func surplusInPDF(r io.ReaderAt, size int64, pages int) error {
	headers, end, err := pdfMarks(r, size)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	if headers > 1 {
		b, err := whole(r, size)
		if err != nil {
			return err
		}
		if at, found := secondPDF(b); found {
			return surplus(pages, beginning(mail.PDF, int64(at)))
		}
	}
	rest := make([]byte, size-end)
	if n, err := r.ReadAt(rest, end); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %v", ErrUnreadable, err)
	} else if rest = rest[:n]; bytes.Contains(rest, objectMark) {
		return nil // the end of a changed file is not marked
	}
	return followed(rest, end, pages)
}

var (
	headerMark = []byte("%PDF-")
	endMark    = []byte("%%EOF")
	objectMark = []byte(" obj")
)

// pdfMarks counts the places where a header stands, and finds what is behind the
// last end mark, piece by piece: few files need to be looked at as a whole.
func pdfMarks(r io.ReaderAt, size int64) (headers int, end int64, err error) {
	end = size
	piece := make([]byte, min(1<<20, size+int64(len(headerMark))))
	overlap := len(headerMark) - 1
	for at := int64(0); at < size; at += int64(len(piece) - overlap) {
		n, err := r.ReadAt(piece, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, err
		}
		headers += bytes.Count(piece[:n], headerMark)
		if i := bytes.LastIndex(piece[:n], endMark); i >= 0 {
			end = at + int64(i+len(endMark))
		}
	}
	return headers, end, nil
}

// secondPDF finds where a part of the file begins with a header of its own and is
// none of its revisions.
func secondPDF(b []byte) (at int, found bool) {
	parts := pdfParts(b)
	if len(parts) < 2 {
		return 0, false
	}
	sections := revisions(b, parts[0])
	for i, from := range parts {
		to := len(b)
		if i+1 < len(parts) {
			to = parts[i+1]
		}
		revised := false
		for _, s := range sections {
			revised = revised || s >= from && s < to
		}
		if !revised {
			return parts[max(i, 1)], true
		}
	}
	return 0, false
}

// pdfParts finds the headers outside all objects that have objects behind them,
// before the next header.
func pdfParts(b []byte) (parts []int) {
	w := &walk{b: b, header: finder{word: headerMark, at: -1}, object: finder{word: objectMark, at: -1}, end: finder{word: []byte("endobj"), at: -1}}
	used := true // the last header has objects behind it
	for at := 0; ; {
		header, object := w.header.from(b, at), w.object.from(b, at)
		switch {
		case header == len(b) && object == len(b):
			if !used {
				parts = parts[:len(parts)-1]
			}
			return parts
		case header < object:
			if used {
				parts = append(parts, header)
			}
			used, at = false, header+len(headerMark)
		default:
			used, at = true, w.behind(object+len(objectMark))
		}
	}
}

// finder finds the places of a word, going forward: it looks at no byte twice.
type finder struct {
	word []byte
	at   int // where it was found last; -1 = it was not looked for
}

func (f *finder) from(b []byte, at int) int {
	if f.at >= at {
		return f.at
	}
	if f.at = len(b); at < len(b) {
		if i := bytes.Index(b[at:], f.word); i >= 0 {
			f.at = at + i
		}
	}
	return f.at
}

// walk goes over a PDF from object to object as they stand in the file, used or
// not: of those that a later change replaced, no table knows.
type walk struct {
	b                   []byte
	header, object, end finder
	lengths             map[string][]int // numbers that are objects of their own, by object number
}

var (
	streamMark = regexp.MustCompile(`>>\s*stream(\r\n|\n|\r)`)
	streamEnd  = regexp.MustCompile(`^\s*endstream`)
	lengthMark = regexp.MustCompile(`/Length\s+(\d{1,10})(\s+\d+\s+R)?`)
	numberMark = regexp.MustCompile(`(\d+)\s+\d+\s+obj\s+(\d{1,10})\s+endobj`)
)

// behind gives where an object ends, or its beginning when that is not to be told.
func (w *walk) behind(from int) int {
	end, next := w.end.from(w.b, from), w.object.from(w.b, from)
	head := w.b[from:min(end, next)]
	if s := streamMark.FindIndex(head); s != nil {
		for _, length := range w.length(head[:s[0]]) {
			if to := from + s[1] + length; to <= len(w.b) && streamEnd.Match(w.b[to:min(len(w.b), to+len("\r\n")+len(endstream))]) {
				return to
			}
		}
		return from + s[1]
	}
	if end < next {
		return end
	}
	return from // it has no end: a header may stand within
}

// length gives what a stream's dictionary may mean by its length.
func (w *walk) length(dict []byte) (all []int) {
	for _, m := range lengthMark.FindAllSubmatch(dict, -1) {
		if len(m[2]) == 0 {
			n, _ := strconv.Atoi(string(m[1])) // ten digits are a number
			all = append(all, n)
			continue
		}
		if w.lengths == nil {
			w.lengths = map[string][]int{}
			for _, o := range numberMark.FindAllSubmatch(w.b, -1) {
				if n, err := strconv.Atoi(string(o[2])); err == nil && len(w.lengths[string(o[1])]) < mostVersions {
					w.lengths[string(o[1])] = append(w.lengths[string(o[1])], n)
				}
			}
		}
		all = append(all, w.lengths[string(m[1])]...)
	}
	return all
}

var (
	startMark   = regexp.MustCompile(`startxref\s+(\d{1,18})`)
	sectionMark = regexp.MustCompile(`^\s*(xref\b|\d+\s+\d+\s+obj\b)`)
	prevMark    = regexp.MustCompile(`/Prev\s+(\d{1,18})`)
)

// Bounds on a file's chain of revisions.
const (
	mostRevisions = 10000
	mostVersions  = 100 // of a number
	longestDict   = 1 << 16
)

// revisions gives the places of the cross-reference sections that the file's end
// leads to, as a reader follows them. Places are told from the file's beginning, or
// from its header where rubbish stands before it.
func revisions(b []byte, header int) (sections []int) {
	last := bytes.LastIndex(b, []byte("startxref"))
	if last < 0 {
		return nil
	}
	next := startMark.FindSubmatch(b[last:])
	for seen := map[int]bool{}; next != nil && len(seen) < mostRevisions; {
		at, _ := strconv.Atoi(string(next[1]))
		if !sectionAt(b, at) {
			at += header
		}
		if seen[at] || !sectionAt(b, at) {
			return sections
		}
		seen[at] = true
		sections = append(sections, at)
		next = prevMark.FindSubmatch(sectionDict(b[at:]))
	}
	return sections
}

func sectionAt(b []byte, at int) bool {
	return at >= 0 && at < len(b) && sectionMark.Match(b[at:min(len(b), at+64)])
}

// sectionDict gives a section's trailer, or the dictionary of its stream.
func sectionDict(b []byte) []byte {
	end := []byte("stream")
	if bytes.HasPrefix(bytes.TrimLeft(b, "\r\n \t"), []byte("xref")) {
		at := bytes.Index(b, []byte("trailer"))
		if at < 0 {
			return nil
		}
		b, end = b[at:], []byte("startxref")
	}
	b = b[:min(len(b), longestDict)]
	if i := bytes.Index(b, end); i >= 0 {
		b = b[:i]
	}
	return b
}
