package barcode

import (
	"math"
	"slices"

	dm "github.com/makiuchi-d/gozxing/datamatrix/decoder"

	"postroom/mail"
)

// dataMatrixSizes are the sizes of ECC 200 symbols, columns and rows (ISO/IEC 16022).
var dataMatrixSizes = [][2]int{
	{10, 10}, {12, 12}, {14, 14}, {16, 16}, {18, 18}, {20, 20}, {22, 22}, {24, 24}, {26, 26}, {32, 32}, {36, 36}, {40, 40},
	{44, 44}, {48, 48}, {52, 52}, {64, 64}, {72, 72}, {80, 80}, {88, 88}, {96, 96}, {104, 104}, {120, 120}, {132, 132}, {144, 144},
	{18, 8}, {32, 8}, {26, 12}, {36, 12}, {36, 16}, {48, 16},
}

// frame is a tight rectangle around the ink of a crop, crop pixels: corners
// clockwise from the top left, and how dark the rim is along each side (0..1).
type frame struct {
	corner [4]mail.Point
	rim    [4]float64
}

// sureRims is more than any text agrees with the rims of a Data Matrix.
const sureRims = 0.75

// corner gives a frame's corner on the page; they are counted round and round.
func (c *crop) corner(f frame, i int) mail.Point {
	p := f.corner[i%4]
	x, y := c.place(p.X, p.Y)
	return mail.Point{X: x, Y: y}
}

// readDataMatrix reads a crop as a Data Matrix by its frame: two solid sides, two
// that alternate. looks tells that there is such a frame, whether or not it was read.
func (r *Reader) readDataMatrix(c *crop) (sym mail.Symbol, read, looks bool) {
	for _, f := range c.frames() {
		s, ok, like := r.readFrame(c, f)
		if ok {
			return s, true, true
		}
		looks = looks || like
	}
	return sym, false, looks
}

// readFrame reads the modules in a frame, by the sizes whose rims fit best.
func (r *Reader) readFrame(c *crop, f frame) (sym mail.Symbol, read, looks bool) {
	corners := []int{f.solidCorner()}
	if corners[0] < 0 {
		if dist(f.corner[0], f.corner[2])*math.Hypot(c.ux, c.uy) > 0.4*r.sheet.dpi {
			return sym, false, false
		}
		corners = []int{0, 1, 2, 3} // blur takes the rims of the smallest codes
	}
	type fit struct {
		l     lattice
		score float64
	}
	var fits []fit
	for _, k := range corners {
		// Solid sides stand left and below: the symbol's top left is the corner opposite their far ends.
		o, u, v := c.corner(f, k), c.corner(f, k+1), c.corner(f, k+3)
		aspect := dist(o, u) / dist(o, v)
		for _, size := range dataMatrixSizes {
			want := float64(size[0]) / float64(size[1])
			if aspect > want*1.15 || aspect < want/1.15 {
				continue
			}
			l := spanned(o, u, v, size[0], size[1])
			if l.module() < 1.3 {
				continue
			}
			fits = append(fits, fit{l, r.sheet.agreement(l, knownDataMatrix(l.cols, l.rows))/2 + r.sheet.agreement(l, timingDataMatrix(l.cols, l.rows))/2})
		}
	}
	slices.SortFunc(fits, func(a, b fit) int { return int(math.Copysign(1, b.score-a.score)) })
	for i, f := range fits {
		if i == 3 || f.score < 0.35 {
			break
		}
		looks = looks || r.sheet.agreement(f.l, timingDataMatrix(f.l.cols, f.l.rows)) > 0.6
		text, l, agreed, ok := r.sheet.readLattice(f.l, knownDataMatrix(f.l.cols, f.l.rows), decodeDataMatrix)
		if ok {
			return mail.Symbol{Symbology: mail.DataMatrix, Text: text, Polygon: l.quad(), Module: l.module()}, true, true
		}
		looks = looks || agreed > sureRims
	}
	return sym, false, looks
}

func decodeDataMatrix(l lattice, tones []float64, threshold float64) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	bits := l.modules(tones, threshold)
	if bits == nil {
		return "", false
	}
	res, err := dm.NewDecoder().Decode(bits)
	if err != nil || res.GetText() == "" {
		return "", false
	}
	return res.GetText(), true
}

// solidCorner gives the frame's corner that is the symbol's top left: the two
// sides that don't meet there are solid. -1 when the sides don't look so.
func (f frame) solidCorner() int {
	best, at := 0.0, -1
	for k := range 4 { // sides k and k+1: corner k to k+1, corner k+1 to k+2
		solid := math.Min(f.rim[(k+2)%4], f.rim[(k+3)%4])
		open := math.Max(f.rim[k], f.rim[(k+1)%4])
		if solid > 0.7 && open < 0.96 && solid-open > best {
			best, at = solid-open, k
		}
	}
	return at
}

// inkAndRim lists the crop's ink and the outermost corners of each row's ink.
func (c *crop) inkAndRim(threshold int) (ink, rim []mail.Point) {
	for y := range c.h {
		first, last := -1, -1
		for x, v := range c.pix[y*c.w : (y+1)*c.w] {
			if int(v) < threshold {
				if first < 0 {
					first = x
				}
				last = x
				if (x+y)%3 == 0 {
					ink = append(ink, mail.Point{X: float64(x), Y: float64(y)})
				}
			}
		}
		if first >= 0 {
			x0, x1, y0 := float64(first), float64(last)+1, float64(y)
			rim = append(rim, mail.Point{X: x0, Y: y0}, mail.Point{X: x1, Y: y0}, mail.Point{X: x0, Y: y0 + 1}, mail.Point{X: x1, Y: y0 + 1})
		}
	}
	return ink, rim
}

// alignedTurn is the turn, within 10 degrees, at which the ink's projections on
// both axes have the sharpest steps.
func alignedTurn(ink []mail.Point) float64 {
	best, at := -1.0, 0.0
	h := make([]float64, 4096)
	for step := -20; step <= 20; step++ {
		a := float64(step) * math.Pi / 360
		sin, cos := math.Sincos(a)
		score := 0.0
		for _, down := range [2]bool{false, true} {
			clear(h)
			for _, p := range ink {
				d := p.X*cos + p.Y*sin
				if down {
					d = p.Y*cos - p.X*sin
				}
				h[min(max(int(d)+1000, 0), len(h)-1)]++
			}
			for i := 2; i < len(h); i++ {
				score += (h[i] - h[i-2]) * (h[i] - h[i-2])
			}
		}
		if score > best {
			best, at = score, a
		}
	}
	return at
}

// frame fits a rectangle turned by angle around the ink, then moves each side in,
// at most by depth of the way, to where the rim begins.
func (c *crop) frame(rim []mail.Point, angle, depth float64) (frame, bool) {
	u0, u1, v0, v1 := extent(rim, angle)
	b := turnedBox{u0, u1, v0, v1, angle}
	var f frame
	threshold := c.otsu()
	for range 2 { // the second time along sides that no longer reach into other print
		for side := range 4 {
			f.rim[side] = c.settle(&b, side, threshold, depth)
		}
	}
	if b.u1-b.u0 < 8 || b.v1-b.v0 < 8 {
		return frame{}, false
	}
	f.corner = [4]mail.Point{b.at(b.u0, b.v0), b.at(b.u1, b.v0), b.at(b.u1, b.v1), b.at(b.u0, b.v1)}
	return f, true
}

// turnedBox is a rectangle turned by angle.
type turnedBox struct{ u0, u1, v0, v1, angle float64 }

func (b turnedBox) at(u, v float64) mail.Point {
	sin, cos := math.Sincos(b.angle)
	return mail.Point{X: u*cos - v*sin, Y: u*sin + v*cos}
}

func leastArea(ps []mail.Point, around, reach, step float64) float64 {
	best, at := math.Inf(1), around
	for a := around - reach; a <= around+reach+step/2; a += step {
		u0, u1, v0, v1 := extent(ps, a)
		if area := (u1 - u0) * (v1 - v0); area < best-1e-9 {
			best, at = area, a
		}
	}
	return at
}

func extent(ps []mail.Point, angle float64) (u0, u1, v0, v1 float64) {
	sin, cos := math.Sincos(angle)
	u0, u1, v0, v1 = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range ps {
		u, v := p.X*cos+p.Y*sin, p.Y*cos-p.X*sin
		u0, u1, v0, v1 = math.Min(u0, u), math.Max(u1, u), math.Min(v0, v), math.Max(v1, v)
	}
	return
}

// settle moves one side (top, right, bottom, left) inwards to where a line along
// it is half as dark as the rim gets, and tells how dark that is.
func (c *crop) settle(b *turnedBox, side, threshold int, depth float64) float64 {
	long, deep := b.u1-b.u0, b.v1-b.v0
	if side%2 == 1 {
		long, deep = deep, long
	}
	const step = 0.5
	n := max(4, int(math.Min(deep, long)*depth/step))
	dark := make([]float64, n)
	most := 0.0
	for k := range dark {
		hits, total := 0, 0
		for t := 0.02 * long; t < 0.98*long; t++ {
			var p mail.Point
			d := float64(k)*step + step/2
			switch side {
			case 0:
				p = b.at(b.u0+t, b.v0+d)
			case 1:
				p = b.at(b.u1-d, b.v0+t)
			case 2:
				p = b.at(b.u0+t, b.v1-d)
			default:
				p = b.at(b.u0+d, b.v0+t)
			}
			x, y := int(p.X), int(p.Y)
			total++
			if x >= 0 && y >= 0 && x < c.w && y < c.h && int(c.pix[y*c.w+x]) < threshold {
				hits++
			}
		}
		dark[k] = float64(hits) / float64(max(total, 1))
		most = math.Max(most, dark[k])
	}
	k := 0
	for k < n-1 && dark[k] < most/2 {
		k++
	}
	in := float64(k) * step
	switch side {
	case 0:
		b.v0 += in
	case 1:
		b.u1 -= in
	case 2:
		b.v1 -= in
	default:
		b.u0 += in
	}
	return most
}
