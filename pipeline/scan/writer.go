package scan

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"strconv"
)

// writer writes a PDF object by object: plain, with a cross-reference table, and
// the same bytes for the same objects.
type writer struct {
	objects []object // number 1 is the first
	pages   []int    // object numbers
	root    string   // further entries of the catalog
	info    int      // object number of the information dictionary; 0 = there is none
	catalog int      // its object number, once the pages are bound
}

// object is what stands between obj and endobj: for a stream its dictionary, and its
// data apart, which may be the source's own and are many.
type object struct {
	body, raw []byte
	stream    bool
}

// reserve gives the number of an object that is set later.
func (w *writer) reserve() int {
	w.objects = append(w.objects, object{})
	return len(w.objects)
}

func (w *writer) set(number int, body []byte) { w.objects[number-1] = object{body: body} }

func (w *writer) add(body []byte) int {
	n := w.reserve()
	w.set(n, body)
	return n
}

// setStream sets a stream; dict is its dictionary without << >> and /Length.
func (w *writer) setStream(number int, dict string, raw []byte) {
	w.objects[number-1] = object{fmt.Appendf(nil, "<<%s/Length %d>>", dict, len(raw)), raw, true}
}

// stream adds a stream.
func (w *writer) stream(dict string, raw []byte) int {
	n := w.reserve()
	w.setStream(n, dict, raw)
	return n
}

// flated adds a stream, compressed.
func (w *writer) flated(dict string, data []byte) (int, error) {
	raw, err := deflated(data)
	if err != nil {
		return 0, err
	}
	return w.stream(dict+"/Filter/FlateDecode", raw), nil
}

// deflated compresses data that are not a picture's.
func deflated(data []byte) ([]byte, error) {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

// bind puts the pages in a tree, and that in a catalog.
func (w *writer) bind() {
	var kids bytes.Buffer
	tree := w.reserve()
	for _, p := range w.pages {
		fmt.Fprintf(&kids, "%d 0 R ", p)
		w.set(p, bytes.Replace(w.objects[p-1].body, []byte("/Parent 0 0 R"), fmt.Appendf(nil, "/Parent %d 0 R", tree), 1))
	}
	w.set(tree, fmt.Appendf(nil, "<</Type/Pages/Count %d/Kids[%s]>>", len(w.pages), bytes.TrimSpace(kids.Bytes())))
	w.catalog = w.add(fmt.Appendf(nil, "<</Type/Catalog/Pages %d 0 R%s>>", tree, w.root))
}

// write ends the file. It may be written again, with an object that was set anew.
func (w *writer) write(out io.Writer) error {
	if w.catalog == 0 {
		w.bind()
	}
	hash := sha256.New()
	c := &counted{w: io.MultiWriter(out, hash)}
	fmt.Fprintf(c, "%%PDF-1.7\n%%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int64, len(w.objects))
	for i, o := range w.objects {
		offsets[i] = c.n
		fmt.Fprintf(c, "%d 0 obj\n%s", i+1, o.body)
		if o.stream {
			fmt.Fprintf(c, "\nstream\n")
			c.Write(o.raw)
			fmt.Fprintf(c, "\nendstream")
		}
		fmt.Fprintf(c, "\nendobj\n")
	}
	start := c.n
	fmt.Fprintf(c, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(c, "%010d 00000 n \n", o)
	}
	id, info := fmt.Sprintf("%x", hash.Sum(nil)[:16]), ""
	if w.info > 0 {
		info = fmt.Sprintf("/Info %d 0 R", w.info)
	}
	fmt.Fprintf(c, "trailer\n<</Size %d/Root %d 0 R%s/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, w.catalog, info, id, id, start)
	return c.err
}

// counted counts what is written and keeps the first error.
type counted struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counted) Write(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(b)
	c.n, c.err = c.n+int64(n), err
	return n, err
}

// real writes a number as PDF wants it: no exponent.
func real(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// strip is a picture, or a slice of one, ready to be put on a page.
type strip struct {
	dict string // of the image XObject, without << >>, /Length
	raw  []byte
	rows int
}

// imagePage adds a page of strips stacked from the top, w by h pixels at the dpi,
// turned by a TIFF or EXIF orientation.
func (w *writer) imagePage(strips []strip, width, height int, dpiX, dpiY float64, orientation int) {
	pw, ph := float64(width)*72/dpiX, float64(height)*72/dpiY
	if swapped(orientation) {
		pw, ph = ph, pw
	}
	var content, names bytes.Buffer
	m := placed(orientation, pw, ph)
	fmt.Fprintf(&content, "q %s %s %s %s %s %s cm\n", real(m[0]), real(m[1]), real(m[2]), real(m[3]), real(m[4]), real(m[5]))
	y := 0
	for i, s := range strips {
		n := w.stream(s.dict, s.raw)
		fmt.Fprintf(&names, "/Im%d %d 0 R", i, n)
		if len(strips) == 1 {
			fmt.Fprintf(&content, "/Im%d Do\n", i)
			continue
		}
		y += s.rows
		fmt.Fprintf(&content, "q 1 0 0 %s 0 %s cm /Im%d Do Q\n", real(float64(s.rows)/float64(height)), real(1-float64(y)/float64(height)), i)
	}
	content.WriteString("Q\n")
	c := w.stream("", content.Bytes())
	w.pages = append(w.pages, w.add(fmt.Appendf(nil, "<</Type/Page/Parent 0 0 R/MediaBox[0 0 %s %s]/Resources<</XObject<<%s>>>>/Contents %d 0 R>>",
		real(pw), real(ph), names.Bytes(), c)))
}

// placed gives the matrix that puts the unit square on a page of w by h points,
// turned by an orientation (TIFF 6.0, tag 274).
func placed(orientation int, w, h float64) matrix {
	switch orientation {
	case 2:
		return matrix{-w, 0, 0, h, w, 0}
	case 3:
		return matrix{-w, 0, 0, -h, w, h}
	case 4:
		return matrix{w, 0, 0, -h, 0, h}
	case 5:
		return matrix{0, -h, -w, 0, w, h}
	case 6:
		return matrix{0, -h, w, 0, 0, h}
	case 7:
		return matrix{0, h, w, 0, 0, 0}
	case 8:
		return matrix{0, h, -w, 0, w, 0}
	}
	return matrix{w, 0, 0, h, 0, 0}
}
