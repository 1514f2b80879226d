package ocr

import (
	"encoding/binary"
	"image"
	"math"

	"postroom/mail"
)

// tiff writes an uncompressed TIFF in memory, the cheapest way to hand a picture
// to leptonica (0.8 ms for an A4 page at 300 dpi, a PNG takes 10).
func tiff(g *image.Gray, dpi float64) []byte {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	const entries = 11
	head := 8 + 2 + 12*entries + 4 + 16
	b := make([]byte, head+w*h)
	copy(b, "II*\x00\x08\x00\x00\x00")
	le := binary.LittleEndian
	le.PutUint16(b[8:], entries)
	at, rational := 10, uint32(head-16)
	field := func(tag, kind uint16, value uint32) {
		le.PutUint16(b[at:], tag)
		le.PutUint16(b[at+2:], kind)
		le.PutUint32(b[at+4:], 1)
		le.PutUint32(b[at+8:], value)
		at += 12
	}
	const short, long, ratio = 3, 4, 5
	field(256, long, uint32(w))
	field(257, long, uint32(h))
	field(258, short, 8)
	field(259, short, 1)           // no compression
	field(262, short, 1)           // black is zero
	field(273, long, uint32(head)) // strip offset
	field(277, short, 1)
	field(278, long, uint32(h))
	field(279, long, uint32(w*h))
	field(282, ratio, rational)
	field(283, ratio, rational+8)
	for i := range 2 {
		le.PutUint32(b[int(rational)+8*i:], uint32(math.Round(dpi)))
		le.PutUint32(b[int(rational)+8*i+4:], 1)
	}
	for y := range h {
		copy(b[head+y*w:], g.Pix[y*g.Stride:y*g.Stride+w])
	}
	return b
}

// mapping takes a place of a derived picture to the picture it came from:
// x' = a x + b y + c, y' = d x + e y + f.
type mapping struct{ a, b, c, d, e, f float64 }

var identity = mapping{a: 1, e: 1}

// after gives the mapping of first m2, then m.
func (m mapping) after(m2 mapping) mapping {
	return mapping{
		m.a*m2.a + m.b*m2.d, m.a*m2.b + m.b*m2.e, m.a*m2.c + m.b*m2.f + m.c,
		m.d*m2.a + m.e*m2.d, m.d*m2.b + m.e*m2.e, m.d*m2.c + m.e*m2.f + m.f,
	}
}

func (m mapping) box(b mail.Box, within image.Rectangle) mail.Box {
	if m == identity {
		return b
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range b.Quad() {
		x, y := m.a*p.X+m.b*p.Y+m.c, m.d*p.X+m.e*p.Y+m.f
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	r := image.Rect(int(x0), int(y0), int(math.Ceil(x1)), int(math.Ceil(y1))).Intersect(within)
	return mail.Box{X0: r.Min.X, Y0: r.Min.Y, X1: r.Max.X, Y1: r.Max.Y}
}

// square stretches a fax page (200 by 100 dpi) to the same dpi both ways.
func square(g *image.Gray, dpiX, dpiY float64) (*image.Gray, mapping) {
	dpi := max(dpiX, dpiY)
	w, h := int(float64(g.Rect.Dx())*dpi/dpiX), int(float64(g.Rect.Dy())*dpi/dpiY)
	out := image.NewGray(image.Rect(0, 0, w, h))
	m := mapping{a: dpiX / dpi, e: dpiY / dpi}
	for y := range h {
		from := g.Pix[min(int(float64(y)*m.e), g.Rect.Dy()-1)*g.Stride:]
		to := out.Pix[y*out.Stride:]
		for x := range w {
			to[x] = from[min(int(float64(x)*m.a), g.Rect.Dx()-1)]
		}
	}
	return out, m
}

// turn turns a picture about its middle, clockwise, degrees; what comes in from
// outside is white. Bilinear.
func turn(g *image.Gray, degrees float64) (*image.Gray, mapping) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(w)/2, float64(h)/2
	m := mapping{cos, sin, cx - cos*cx - sin*cy, -sin, cos, cy + sin*cx - cos*cy}
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		row := out.Pix[y*out.Stride : y*out.Stride+w]
		fx, fy := m.b*float64(y)+m.c, m.e*float64(y)+m.f
		for x := range row {
			row[x] = sample(g, fx, fy, w, h)
			fx += m.a
			fy += m.d
		}
	}
	return out, m
}

func sample(g *image.Gray, fx, fy float64, w, h int) byte {
	if fx < 0 || fy < 0 || fx >= float64(w-1) || fy >= float64(h-1) {
		return 255
	}
	x, y := int(fx), int(fy)
	u, v := int(256*(fx-float64(x))), int(256*(fy-float64(y)))
	i := y*g.Stride + x
	top := int(g.Pix[i])*(256-u) + int(g.Pix[i+1])*u
	low := int(g.Pix[i+g.Stride])*(256-u) + int(g.Pix[i+g.Stride+1])*u
	return byte((top*(256-v) + low*v) >> 16)
}

// Skew estimates how far a page's lines are tilted from the nearer axis,
// degrees, clockwise positive, within ±8: the angle at which the profile of the
// ink has its sharpest steps (Postl, 1986), on a picture reduced to some 75 dpi.
func Skew(g *image.Gray) float64 {
	xs, ys := inkPoints(g)
	if len(xs) < 200 {
		return 0
	}
	best, at := -1.0, 0.0
	try := func(degrees float64) {
		for _, axis := range [][2][]float64{{xs, ys}, {ys, xs}} {
			tan := math.Tan(degrees * math.Pi / 180)
			if &axis[0][0] == &ys[0] {
				tan = -tan // lines that run down tilt the other way
			}
			if s := sharpness(axis[0], axis[1], tan); s > best {
				best, at = s, degrees
			}
		}
	}
	for d := -8.0; d <= 8; d += 0.5 {
		try(d)
	}
	for d, around := -0.4, at; d <= 0.4; d += 0.1 {
		try(around + d)
	}
	return at
}

// sharpness is the energy of the steps of the sheared ink profile.
func sharpness(along, across []float64, tan float64) float64 {
	const size = 4096
	var profile [size]float64
	for i, x := range along {
		if k := int(across[i]-x*tan) + size/4; k >= 0 && k < size {
			profile[k]++
		}
	}
	sum := 0.0
	for i := 1; i < size; i++ {
		d := profile[i] - profile[i-1]
		sum += d * d
	}
	return sum
}

// inkPoints gives the dark places of a picture reduced to about 1000 rows, at most 40000.
func inkPoints(g *image.Gray) (xs, ys []float64) {
	step := max(1, max(g.Rect.Dx(), g.Rect.Dy())/1000)
	small := reduce(g, step)
	limit := paper(small) - 60
	for y := range small.Rect.Dy() {
		for x, v := range small.Pix[y*small.Stride : y*small.Stride+small.Rect.Dx()] {
			if int(v) < limit {
				xs, ys = append(xs, float64(x)), append(ys, float64(y))
			}
		}
	}
	if n := len(xs)/40000 + 1; n > 1 {
		k := 0
		for i := 0; i < len(xs); i += n {
			xs[k], ys[k] = xs[i], ys[i]
			k++
		}
		xs, ys = xs[:k], ys[:k]
	}
	return xs, ys
}

// reduce averages squares of step by step pixels.
func reduce(g *image.Gray, step int) *image.Gray {
	w, h := g.Rect.Dx()/step, g.Rect.Dy()/step
	out := image.NewGray(image.Rect(0, 0, w, h))
	sums := make([]int, w)
	for y := range h {
		clear(sums)
		for dy := range step {
			row := g.Pix[(y*step+dy)*g.Stride:]
			for x := range sums {
				for _, v := range row[x*step : x*step+step] {
					sums[x] += int(v)
				}
			}
		}
		for x, s := range sums {
			out.Pix[y*out.Stride+x] = byte(s / (step * step))
		}
	}
	return out
}

// paper is the commonest grey of the lighter half: the paper's own.
func paper(g *image.Gray) int {
	var counts [256]int
	for y := range g.Rect.Dy() {
		for _, v := range g.Pix[y*g.Stride : y*g.Stride+g.Rect.Dx()] {
			counts[v]++
		}
	}
	best := 255
	for v := 255; v >= 96; v-- {
		if counts[v] > counts[best] {
			best = v
		}
	}
	return best
}
