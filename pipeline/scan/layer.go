package scan

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

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

// letters that tell where a line's letters stand and how tall they are.
const (
	descending = "gjpqyçþßQJ,;()[]{}|/\\@$§µ_"
	ascending  = "bdfhkltiß0123456789€£&#%"
)

// Measures of a layer, inches.
const (
	millimetre = 1 / 25.4

	// How far a word may be from its line's foot and height to be put there:
	// extractors take what stands unevenly for several lines.
	snap = 1 * millimetre

	// A word is laid level, in the middle of where it is: poppler ends a word where its
	// foot moves by half a point, and would find several in a tilted one. What its tilt
	// raises it by beyond this, it is made taller.
	leaning = 1.5 * millimetre

	// A letter is at least so wide, as a share of its height: poppler takes two alike that
	// are nearer than a tenth for one printed bold, and drops the second.
	narrowest = 0.13
)

// layOut writes a content stream that lays a reading's words; nil = there are none.
// page leads from the reading's pixels to the PDF's units. A reading is not believed:
// what lies off its page, or has a size or an angle that no page has, is left out.
func layOut(r mail.Reading, page matrix, letters *alphabet) (content []byte, laid int) {
	dpiX, dpiY := r.DPI, r.DPIY
	if !(min(dpiX, dpiY) >= 10 && max(dpiX, dpiY) <= 1e4) {
		dpiX, dpiY = usualDPI, usualDPI
	}
	tilt := r.Skew * math.Pi / 180
	if !(math.Abs(tilt) < math.Pi/6) {
		tilt = 0
	}
	level := backwards(vector{1, 0}, float64(r.Rotation)*math.Pi/180)
	along := backwards(level, -tilt)
	words := lay(r, dpiX, dpiY, along, tilt, letters)
	if len(words) == 0 {
		return nil, 0
	}
	pen := pen{page: matrix{dpiX, 0, 0, dpiY, 0, 0}.mul(page)}
	pen.out.WriteString("q BT 3 Tr\n")
	for _, w := range words {
		pen.write(w, along, level)
	}
	pen.out.WriteString("ET Q\n")
	return pen.out.Bytes(), len(words)
}

// lay finds where the words of a reading lie along their lines.
func lay(r mail.Reading, dpiX, dpiY float64, along vector, tilt float64, letters *alphabet) (words []lain) {
	up := backwards(along, math.Pi/2)
	for _, w := range r.Words {
		x0, x1 := max(0, w.Box.X0), min(r.Width, w.Box.X1)
		y0, y1 := max(0, w.Box.Y0), min(r.Height, w.Box.Y1)
		text := letters.codes(w.Text)
		if len(text) == 0 || x0 >= x1 || y0 >= y1 {
			continue
		}
		wide, tall := float64(x1-x0)/dpiX, float64(y1-y0)/dpiY
		if r.Rotation%180 != 0 {
			wide, tall = tall, wide
		}
		wide, tall = enclosed(wide, tall, math.Abs(tilt))
		centre := vector{float64(x0+x1) / 2 / dpiX, float64(y0+y1) / 2 / dpiY}
		u, v := centre.along(along), centre.along(up)
		words = append(words, lain{text: text, line: w.Line, u0: u - wide/2, u1: u + wide/2, v0: v - tall/2, v1: v + tall/2,
			low: strings.ContainsAny(w.Text, descending), high: strings.ContainsFunc(w.Text, tallLetter)})
	}
	for rest := words; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].line == rest[0].line {
			n++
		}
		even(rest[:n])
		apart(rest[:n])
		rest = rest[n:]
	}
	return words
}

// pen writes words as they lie.
type pen struct {
	out  bytes.Buffer
	page matrix // from inches to the PDF's units
	size float64
}

// write shows a word level, in the middle of where it lies along its line.
func (p *pen) write(w lain, along, flat vector) {
	wide := w.u1 - w.u0
	more := max(0, math.Abs(along.x*flat.y-along.y*flat.x)*wide/2-leaning)
	if tallest := wide / float64(len(w.text)) / narrowest; w.v1-w.v0+2*more > tallest {
		more = (tallest - (w.v1 - w.v0)) / 2
	}
	w.v0, w.v1 = w.v0-more, w.v1+more
	foot := along.times((w.u0 + w.u1) / 2).plus(backwards(along, math.Pi/2).times(w.v0)) // its middle
	const point = 1.0 / 72
	a, b := p.page.vector(flat).times(point), p.page.vector(backwards(flat, math.Pi/2)).times(point)
	at := p.page.point(foot.plus(flat.times(-wide / 2)))
	if size := max(1, rounded((w.v1-w.v0)/point, 100)); size != p.size {
		p.size = size
		fmt.Fprintf(&p.out, "/%s %s Tf\n", layerFont, real(size))
	}
	for _, v := range []float64{a.x, a.y, b.x, b.y} {
		p.out.WriteString(real(rounded(v, 1e5)) + " ")
	}
	stretch := 100 * wide / point / (p.size * float64(len(w.text)) * advance / unitsPerEm)
	fmt.Fprintf(&p.out, "%s %s Tm %s Tz <", real(rounded(at.x, 1000)), real(rounded(at.y, 1000)), real(max(0.01, rounded(stretch, 100))))
	for _, c := range w.text {
		fmt.Fprintf(&p.out, "%04x", c)
	}
	p.out.WriteString("0020> Tj\n") // a space keeps words apart for who reads them
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

// apart leaves some room between the words of a line, where letters that lean or a
// narrow print leave none: poppler joins words that are nearer than a seventh of their
// height, whether or not a space stands between them.
func apart(line []lain) {
	for i := 1; i < len(line); i++ {
		w, next := &line[i-1], line[i]
		if end := next.u0 - (w.v1-w.v0)/5; end < w.u1 && next.u0 > w.u0 {
			w.u1 = max(end, w.u1-min((w.u1-w.u0)/4, 1.5*millimetre))
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

func rounded(v, parts float64) float64 { return math.Round(v*parts) / parts }
