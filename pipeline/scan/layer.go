package scan

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"postroom/mail"
)

// A text layer lays the words of a reading over a page as invisible text. A word's
// box is upright on the page as it was scanned; what it encloses lies along a line
// of text, tilted by the page's rotation and skew. Places are reckoned in inches,
// x to the right and y down, since the angles of a page of 200 by 100 dpi are no
// angles of its pixels, and only then in the PDF's units.

// vector is a way on the page.
type vector struct{ x, y float64 }

func (a vector) plus(b vector) vector   { return vector{a.x + b.x, a.y + b.y} }
func (a vector) times(f float64) vector { return vector{a.x * f, a.y * f} }
func (a vector) along(b vector) float64 { return a.x*b.x + a.y*b.y }
func (m matrix) vector(v vector) vector { return vector{m[0]*v.x + m[2]*v.y, m[1]*v.x + m[3]*v.y} }
func (m matrix) point(p vector) vector  { return m.vector(p).plus(vector{m[4], m[5]}) }
func backwards(v vector, r float64) vector { // turned against the clock by so many radians
	sin, cos := math.Sincos(r)
	return vector{v.x*cos + v.y*sin, v.y*cos - v.x*sin}
}

// lain is a word as it lies along its line: from u0 to u1 that way, and from v0 up to
// v1, inches.
type lain struct {
	text           []uint16
	line           int
	u0, u1, v0, v1 float64
	low, high      bool // has letters that reach below the line; that rise to its full height
}

// layer is the content stream that writes a reading's words. page leads from its
// pixels to the PDF's units.
type layer struct {
	content []byte // empty = there are no words
	words   int
	codes   map[uint16]bool // that occur in it
}

// letters that tell where a line's letters stand and how tall they are.
const (
	descending = "gjpqyçþßQJ,;()[]{}|/\\@$§µ_"
	ascending  = "bdfhkltiß0123456789€£&#%"
)

// snap is how far a word may be from its line's foot and height to be put there,
// inches: 1 mm. Extractors take what stands unevenly for several lines.
const snap = 1 / 25.4

func layOut(r mail.Reading, page matrix) layer {
	l := layer{codes: map[uint16]bool{}}
	dpiX, dpiY := r.DPI, r.DPIY
	if !(dpiX > 0 && dpiY > 0) {
		dpiX, dpiY = usualDPI, usualDPI
	}
	turn := float64(r.Rotation) * math.Pi / 180
	tilt := r.Skew * math.Pi / 180
	along := backwards(vector{math.Cos(tilt), math.Sin(tilt)}, turn)
	up := backwards(along, math.Pi/2)
	var words []lain
	for _, w := range r.Words {
		text := codesOf(w.Text)
		if len(text) == 0 {
			continue
		}
		wide, tall := float64(w.Box.X1-w.Box.X0)/dpiX, float64(w.Box.Y1-w.Box.Y0)/dpiY
		if r.Rotation%180 != 0 {
			wide, tall = tall, wide
		}
		wide, tall = enclosed(wide, tall, math.Abs(tilt))
		centre := vector{float64(w.Box.X0+w.Box.X1) / 2 / dpiX, float64(w.Box.Y0+w.Box.Y1) / 2 / dpiY}
		u, v := centre.along(along), centre.along(up)
		words = append(words, lain{text: text, line: w.Line, u0: u - wide/2, u1: u + wide/2, v0: v - tall/2, v1: v + tall/2,
			low: strings.ContainsAny(w.Text, descending), high: strings.ContainsFunc(w.Text, tallLetter)})
	}
	if len(words) == 0 {
		return l
	}
	for rest := words; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].line == rest[0].line {
			n++
		}
		even(rest[:n])
		rest = rest[n:]
	}
	pixels := matrix{dpiX, 0, 0, dpiY, 0, 0}.mul(page) // from inches
	const point = 1.0 / 72
	a, b := pixels.vector(along).times(point), pixels.vector(up).times(point)
	var out bytes.Buffer
	out.WriteString("q BT 3 Tr\n")
	size := 0.0
	for _, w := range words {
		at := pixels.point(along.times(w.u0).plus(up.times(w.v0)))
		points := max(1, rounded(72*(w.v1-w.v0), 100))
		if points != size {
			size = points
			fmt.Fprintf(&out, "/%s %s Tf\n", layerFont, real(size))
		}
		stretch := 100 * 72 * (w.u1 - w.u0) / (size * float64(len(w.text)) * advance / unitsPerEm)
		for _, v := range []float64{a.x, a.y, b.x, b.y} {
			out.WriteString(real(rounded(v, 1e5)) + " ")
		}
		fmt.Fprintf(&out, "%s %s Tm %s Tz <", real(rounded(at.x, 1000)), real(rounded(at.y, 1000)), real(rounded(stretch, 100)))
		for _, c := range w.text {
			fmt.Fprintf(&out, "%04x", c)
			l.codes[c] = true
		}
		out.WriteString("0020> Tj\n") // a space keeps words apart for who reads them
		l.codes[' '] = true
		l.words++
	}
	out.WriteString("ET Q\n")
	l.content = out.Bytes()
	return l
}

// enclosed gives the size of the rectangle that lies tilted within the smallest upright
// one around it, of width a and height b.
func enclosed(a, b, tilt float64) (wide, tall float64) {
	sin, cos := math.Sincos(tilt)
	scale := cos*cos - sin*sin
	if scale < 0.5 { // over 30 degrees nothing was read
		return a, b
	}
	return max((a*cos-b*sin)/scale, a/4), max((b*cos-a*sin)/scale, b/8)
}

// even puts the words of a line on its foot and gives them its height, where that is
// nearly what they have.
func even(line []lain) {
	foot := middle(line, func(w lain) (float64, bool) { return w.v0, !w.low })
	top := middle(line, func(w lain) (float64, bool) { return w.v1, w.high })
	for i, w := range line {
		if math.Abs(w.v0-foot) <= snap && foot < w.v1 {
			line[i].v0 = foot
		}
		if math.Abs(w.v1-top) <= snap && top > line[i].v0 {
			line[i].v1 = top
		}
	}
}

// middle is the median over the words that tell, or over all when none does.
func middle(line []lain, of func(lain) (v float64, tells bool)) float64 {
	var all, some []float64
	for _, w := range line {
		v, tells := of(w)
		if all = append(all, v); tells {
			some = append(some, v)
		}
	}
	if len(some) == 0 {
		some = all
	}
	slices.Sort(some)
	return some[len(some)/2]
}

func tallLetter(r rune) bool { return unicode.IsUpper(r) || strings.ContainsRune(ascending, r) }

// codesOf gives a word in UTF-16, without what is no character to be shown.
func codesOf(word string) []uint16 {
	return utf16.Encode([]rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) || r == 0xfeff || r >= 0xfffd && r <= 0xffff {
			return -1
		}
		return r
	}, word)))
}

func rounded(v, parts float64) float64 { return math.Round(v*parts) / parts }
