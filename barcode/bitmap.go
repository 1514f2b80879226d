package barcode

import (
	"errors"

	"github.com/makiuchi-d/gozxing"
)

// bitmap is a small picture that was already cut into ink and paper. It is
// gozxing's Binarizer, so that gozxing's own, which cost a picture copy, are not needed.
type bitmap struct{ m *gozxing.BitMatrix }

var errNoLuminance = errors.New("bitmap has no luminance")

func (b bitmap) GetLuminanceSource() gozxing.LuminanceSource { return nil }
func (b bitmap) GetBlackRow(y int, row *gozxing.BitArray) (*gozxing.BitArray, error) {
	if y < 0 || y >= b.m.GetHeight() {
		return nil, errNoLuminance
	}
	return b.m.GetRow(y, row), nil
}
func (b bitmap) GetBlackMatrix() (*gozxing.BitMatrix, error)               { return b.m, nil }
func (b bitmap) CreateBinarizer(gozxing.LuminanceSource) gozxing.Binarizer { return b }
func (b bitmap) GetWidth() int                                             { return b.m.GetWidth() }
func (b bitmap) GetHeight() int                                            { return b.m.GetHeight() }

// crop is a small grey picture cut from the page, with a white rim, perhaps turned
// and enlarged: crop pixel (x, y) lies at picture point (ox + x*ux + y*vx, oy + x*uy + y*vy).
type crop struct {
	pix            []byte
	w, h           int
	ox, oy         float64
	ux, uy, vx, vy float64

	camera bool    // the picture may show perspective
	even   []byte  // pix in even light, of a camera's picture: see evened
	limit  int     // see otsu; 0 = not yet known
	framed []frame // see frames
}

// place gives the picture point of a crop pixel.
func (c *crop) place(x, y float64) (px, py float64) {
	return c.ox + x*c.ux + y*c.vx, c.oy + x*c.uy + y*c.vy
}

// cut copies a spot, enlarged by zoom, with a rim of rim crop pixels as bright as the
// paper. Ink of other blobs is left out when the spot has a label.
func (r *Reader) cut(p spot, zoom float64, rim int) *crop {
	s, g := &r.sheet, &r.grid
	c := &crop{ux: 1 / zoom, vy: 1 / zoom, camera: !s.scanned}
	c.w, c.h = int(float64(p.x1-p.x0)*zoom)+2*rim, int(float64(p.y1-p.y0)*zoom)+2*rim
	c.ox, c.oy = float64(p.x0)-float64(rim)/zoom, float64(p.y0)-float64(rim)/zoom
	c.pix = make([]byte, c.w*c.h)
	cell, paper := gridCell*s.scale, s.paperAt((p.x0+p.x1)/2, (p.y0+p.y1)/2)
	for y := range c.h {
		for x := range c.w {
			v := paper
			if x >= rim && y >= rim && x < c.w-rim && y < c.h-rim {
				px, py := c.place(float64(x)+0.5, float64(y)+0.5)
				gx, gy := int(px)/cell, int(py)/cell
				if p.label == 0 || gx < 0 || gy < 0 || gx >= g.w || gy >= g.h || g.near(gx, gy, p.label) {
					v = byte(s.at(px-0.5, py-0.5))
				}
			}
			c.pix[y*c.w+x] = v
			if c.camera {
				px, py := c.place(float64(x)+0.5, float64(y)+0.5)
				c.even = append(c.even, s.evened(int(px), int(py), v))
			}
		}
	}
	return c
}

// evened gives a brightness v at a picture point as it would be in even light: 128
// halfway between ink and paper beside the point. A single threshold takes the dark
// side of a photograph's paper for ink. Where nothing tells ink from paper it is paper:
// the outlines of all that may be a code stand out from something.
func (s *sheet) evened(x, y int, v byte) byte {
	k := s.scale * thresholdCell
	cell := min(max(y, 0)/k, s.th-1)*s.tw + min(max(x, 0)/k, s.tw-1)
	t := s.threshold[cell]
	if t == 0 || t == 255 {
		return 255
	}
	return byte(min(max(128+(int(v)-int(t))*255/int(s.contrast[cell]), 0), 255))
}

// near tells whether a cell belongs to a blob or lies beside one of its cells and to no other.
func (g *grid) near(x, y int, label int32) bool {
	if l := g.label[y*g.w+x]; l != 0 {
		return l == label
	}
	for j := max(y-1, 0); j <= min(y+1, g.h-1); j++ {
		for i := max(x-1, 0); i <= min(x+1, g.w-1); i++ {
			if g.label[j*g.w+i] == label {
				return true
			}
		}
	}
	return false
}

// blurred is the crop after a box filter of the given radius.
func (c *crop) blurred(radius int) *crop {
	out := *c
	out.limit, out.framed, out.even = 0, nil, nil
	tmp := make([]byte, len(c.pix))
	out.pix = make([]byte, len(c.pix))
	for y := range c.h {
		boxFilter(c.pix[y*c.w:], tmp[y*c.w:], c.w, 1, radius)
	}
	for x := range c.w {
		boxFilter(tmp[x:], out.pix[x:], c.h, c.w, radius)
	}
	return &out
}

func boxFilter(in, out []byte, n, stride, radius int) {
	sum, k := 0, 0
	for i := -radius; i < n; i++ {
		if j := i + radius; j < n {
			sum += int(in[j*stride])
			k++
		}
		if j := i - radius - 1; j >= 0 {
			sum -= int(in[j*stride])
			k--
		}
		if i >= 0 {
			out[i*stride] = byte(sum / k)
		}
	}
}

// otsu is the threshold that parts dark and bright best (Otsu, 1979).
func (c *crop) otsu() int {
	if c.limit > 0 {
		return c.limit
	}
	var hist [256]int
	total, sum := 0, 0
	for _, v := range c.pix {
		hist[v]++
		total++
		sum += int(v)
	}
	best, at, at2 := -1.0, 128, 128
	n, dark := 0, 0
	for t, k := range hist {
		n += k
		dark += t * k
		if n == 0 || n == total {
			continue
		}
		d := float64(dark)/float64(n) - float64(sum-dark)/float64(total-n)
		v := d * d * float64(n) * float64(total-n)
		if v > best {
			best, at, at2 = v, t, t
		} else if v == best {
			at2 = t
		}
	}
	c.limit = (at+at2)/2 + 1
	return c.limit
}

// bits cuts the crop into ink and paper.
func (c *crop) bits(threshold int) *gozxing.BinaryBitmap {
	m, err := gozxing.NewBitMatrix(c.w, c.h)
	if err != nil {
		return nil
	}
	for y := range c.h {
		for x, v := range c.pix[y*c.w : (y+1)*c.w] {
			if int(v) < threshold {
				m.Set(x, y)
			}
		}
	}
	b, err := gozxing.NewBinaryBitmap(bitmap{m})
	if err != nil {
		return nil
	}
	return b
}
