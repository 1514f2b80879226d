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

// Mapping takes a place of a derived picture to the picture it came from:
// x' = a x + b y + c, y' = d x + e y + f.
type Mapping struct{ a, b, c, d, e, f float64 }

var identity = Mapping{a: 1, e: 1}

// after gives the mapping of first m2, then m.
func (m Mapping) after(m2 Mapping) Mapping {
	return Mapping{
		m.a*m2.a + m.b*m2.d, m.a*m2.b + m.b*m2.e, m.a*m2.c + m.b*m2.f + m.c,
		m.d*m2.a + m.e*m2.d, m.d*m2.b + m.e*m2.e, m.d*m2.c + m.e*m2.f + m.f,
	}
}

// Quad gives a polygon's place in the picture it came from.
func (m Mapping) Quad(q mail.Quad) mail.Quad {
	for i, p := range q {
		q[i] = mail.Point{X: m.a*p.X + m.b*p.Y + m.c, Y: m.d*p.X + m.e*p.Y + m.f}
	}
	return q
}

// box gives the upright rectangle around a box's place in the picture it came from.
func (m Mapping) box(b mail.Box) mail.Box {
	if m == identity {
		return b
	}
	x0, y0, x1, y1 := m.Quad(b.Quad()).Bounds()
	return mail.Box{X0: int(math.Floor(x0)), Y0: int(math.Floor(y0)), X1: int(math.Ceil(x1)), Y1: int(math.Ceil(y1))}
}

// clip keeps a box within the picture, with a pixel at least.
func clip(b mail.Box, r image.Rectangle) mail.Box {
	b.X0, b.Y0 = min(max(b.X0, 0), r.Dx()-1), min(max(b.Y0, 0), r.Dy()-1)
	b.X1, b.Y1 = max(min(b.X1, r.Dx()), b.X0+1), max(min(b.Y1, r.Dy()), b.Y0+1)
	return b
}

// Squared is a page's picture with the same dpi both ways, made once for all who
// look at it.
type Squared struct {
	Picture *image.Gray
	DPI     float64 // 0 = unknown
	View    Mapping // leads back to the page's own pixels
	page    image.Rectangle
}

// Square stretches a fax page (204 by 98 dpi); other pages stay as they are.
func Square(g *image.Gray, dpiX, dpiY float64) Squared {
	if !(dpiX > 0 && dpiY > 0 && max(dpiX/dpiY, dpiY/dpiX) <= flattest) || math.Abs(dpiX/dpiY-1) <= 0.05 { // not a number compares as false
		return Squared{g, dpiX, identity, g.Rect}
	}
	picture, view := square(g, dpiX, dpiY)
	return Squared{picture, max(dpiX, dpiY), view, g.Rect}
}

// flattest is more than any scanner or fax stretches a pixel; a file that says more is wrong.
const flattest = 5

// square stretches linearly.
func square(g *image.Gray, dpiX, dpiY float64) (*image.Gray, Mapping) {
	dpi := max(dpiX, dpiY)
	w, h := int(float64(g.Rect.Dx())*dpi/dpiX), int(float64(g.Rect.Dy())*dpi/dpiY)
	out := image.NewGray(image.Rect(0, 0, w, h))
	m := Mapping{a: dpiX / dpi, e: dpiY / dpi}
	for y := range h {
		y0, y1, v := neighbours(y, m.e, g.Rect.Dy())
		a, b := g.Pix[y0*g.Stride:], g.Pix[y1*g.Stride:]
		to := out.Pix[y*out.Stride : y*out.Stride+w]
		for x := range to {
			x0, x1, u := neighbours(x, m.a, g.Rect.Dx())
			top := int(a[x0])*(256-u) + int(a[x1])*u
			low := int(b[x0])*(256-u) + int(b[x1])*u
			to[x] = byte((top*(256-v) + low*v) >> 16)
		}
	}
	return out, m
}

// neighbours gives the two pixels that a stretched pixel lies between, and how
// near it is to the second, of 256.
func neighbours(i int, scale float64, n int) (i0, i1, near int) {
	f := max(0, (float64(i)+0.5)*scale-0.5)
	i0 = min(int(f), n-1)
	return i0, min(i0+1, n-1), int(256 * (f - math.Floor(f)))
}

// shrink makes a picture smaller by a factor below 1, each pixel the mean of the
// square that it covers.
func shrink(g *image.Gray, by float64) (*image.Gray, Mapping) {
	w, h := max(1, int(float64(g.Rect.Dx())*by)), max(1, int(float64(g.Rect.Dy())*by))
	out := image.NewGray(image.Rect(0, 0, w, h))
	m := Mapping{a: float64(g.Rect.Dx()) / float64(w), e: float64(g.Rect.Dy()) / float64(h)}
	// Shares of a source pixel are counted in 256ths.
	edges := func(n, from int) (at []int) {
		for i := range n + 1 {
			at = append(at, i*from*256/n)
		}
		return at
	}
	xs, ys := edges(w, g.Rect.Dx()), edges(h, g.Rect.Dy())
	columns := make([]uint32, g.Rect.Dx()+1)
	widths := make([]float64, w) // one over them
	for x := range widths {
		widths[x] = 1 / float64(xs[x+1]-xs[x])
	}
	for y := range h {
		top, end := ys[y], ys[y+1]
		high := 1 / float64(end-top)
		clear(columns)
		for j := top >> 8; j<<8 < end; j++ {
			share := uint32(min(end, (j+1)<<8) - max(top, j<<8))
			from := g.Pix[j*g.Stride : j*g.Stride+g.Rect.Dx()]
			to := columns[:len(from)]
			for x, v := range from {
				to[x] += uint32(v) * share
			}
		}
		row := out.Pix[y*w : y*w+w]
		for x := range row {
			left, right := xs[x], xs[x+1]
			i, k := left>>8, right>>8
			sum := uint64(columns[i]) * uint64(256-left&255)
			for i++; i < k; i++ {
				sum += uint64(columns[i]) << 8
			}
			sum += uint64(columns[k]) * uint64(right&255)
			row[x] = byte(float64(sum)*widths[x]*high + 0.5)
		}
	}
	return out, m
}

// quarter turns a picture clockwise by 0, 90, 180 or 270 degrees.
func quarter(g *image.Gray, degrees int) (*image.Gray, Mapping) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if degrees == 0 {
		return g, identity
	}
	if degrees == 180 {
		out := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			from, to := g.Pix[y*g.Stride:y*g.Stride+w], out.Pix[(h-1-y)*w:(h-y)*w]
			for x, v := range from {
				to[w-1-x] = v
			}
		}
		return out, Mapping{a: -1, c: float64(w), e: -1, f: float64(h)}
	}
	out := image.NewGray(image.Rect(0, 0, h, w))
	const tile = 64 // keeps both pictures' rows in the cache
	for y0 := 0; y0 < h; y0 += tile {
		for x0 := 0; x0 < w; x0 += tile {
			for y := y0; y < min(h, y0+tile); y++ {
				for x := x0; x < min(w, x0+tile); x++ {
					if degrees == 90 {
						out.Pix[x*h+h-1-y] = g.Pix[y*g.Stride+x]
					} else {
						out.Pix[(w-1-x)*h+y] = g.Pix[y*g.Stride+x]
					}
				}
			}
		}
	}
	if degrees == 90 {
		return out, Mapping{b: 1, d: -1, f: float64(h)}
	}
	return out, Mapping{b: -1, c: float64(w), d: 1}
}

// turn turns a picture about its middle, clockwise, by a few degrees; what comes
// in from outside has the grey of the paper. Bilinear.
func turn(g *image.Gray, degrees float64) (*image.Gray, Mapping) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(w)/2, float64(h)/2
	m := Mapping{cos, sin, cx - cos*cx - sin*cy, -sin, cos, cy + sin*cx - cos*cy}
	out := image.NewGray(image.Rect(0, 0, w, h))
	outside := byte(paper(g))
	const one = 1 << 16
	da, dd := int(math.Round(m.a*one)), int(math.Round(m.d*one))
	for y := range h {
		row := out.Pix[y*w : y*w+w]
		fx, fy := int((m.b*float64(y)+m.c)*one), int((m.e*float64(y)+m.f)*one)
		for x := range row {
			px, py := fx>>16, fy>>16
			if px < 0 || py < 0 || px >= w-1 || py >= h-1 {
				row[x] = outside
			} else {
				i := py*g.Stride + px
				a, b := g.Pix[i:i+2:i+2], g.Pix[i+g.Stride:i+g.Stride+2:i+g.Stride+2]
				if four := [4]byte{a[0], a[1], b[0], b[1]}; four[0] == four[1] && four[1] == four[2] && four[2] == four[3] {
					row[x] = four[0]
				} else {
					u, v := fx&(one-1)>>8, fy&(one-1)>>8
					top := int(four[0])*(256-u) + int(four[1])*u
					low := int(four[2])*(256-u) + int(four[3])*u
					row[x] = byte((top*(256-v) + low*v) >> 16)
				}
			}
			fx += da
			fy += dd
		}
	}
	return out, m
}

// reduce averages squares of step by step pixels.
func reduce(g *image.Gray, step int) *image.Gray {
	if step == 1 {
		return g
	}
	w, h := g.Rect.Dx()/step, g.Rect.Dy()/step
	out := image.NewGray(image.Rect(0, 0, w, h))
	columns := make([]uint32, w*step)
	reciprocal := (1<<40)/uint64(step*step) + 1 // a division takes longer than all the rest
	for y := range h {
		addRows(columns, g, y*step, step)
		row := out.Pix[y*w : y*w+w]
		if step == 2 {
			for x := range row {
				row[x] = byte((columns[2*x] + columns[2*x+1]) >> 2)
			}
			continue
		}
		for x := range row {
			sum := uint64(0)
			for _, v := range columns[x*step : x*step+step] {
				sum += uint64(v)
			}
			row[x] = byte(sum * reciprocal >> 40)
		}
	}
	return out
}

// addRows sets columns to the sums of n rows from y, eight pixels at a time in lanes of
// 16 bits.
func addRows(columns []uint32, g *image.Gray, y, n int) {
	x := 0
	for ; n <= 256 && x+8 <= len(columns); x += 8 {
		even, odd := uint64(0), uint64(0)
		for i := y*g.Stride + x; i < (y+n)*g.Stride; i += g.Stride {
			eight := binary.LittleEndian.Uint64(g.Pix[i : i+8])
			even += eight & 0x00ff00ff00ff00ff
			odd += eight >> 8 & 0x00ff00ff00ff00ff
		}
		to := columns[x : x+8]
		to[0], to[1], to[2], to[3] = uint32(even&0xffff), uint32(odd&0xffff), uint32(even>>16&0xffff), uint32(odd>>16&0xffff)
		to[4], to[5], to[6], to[7] = uint32(even>>32&0xffff), uint32(odd>>32&0xffff), uint32(even>>48), uint32(odd>>48)
	}
	for ; x < len(columns); x++ {
		columns[x] = 0
		for i := y*g.Stride + x; i < (y+n)*g.Stride; i += g.Stride {
			columns[x] += uint32(g.Pix[i])
		}
	}
}
