package barcode

import (
	"encoding/binary"
	"image"
	"math"
	"slices"
)

// smallest is the shortest side of a picture that can hold a code, pixels.
const smallest = 16

// thresholdCell is the side of a cell of the threshold map, work pixels.
const thresholdCell = 16

// leastContrast is by how much ink differs from the paper beside it.
const leastContrast = 40

// mostNoise is how much blank paper may vary in a cell before the work picture is smoothed.
const mostNoise = 32

// sheet is a page picture with its reduced copy, on which the search runs. The
// work picture has 100 to 200 dpi; ink is decided against the middle between the
// darkest and the brightest value nearby, so that grey paper and shadows don't matter.
type sheet struct {
	pix    []byte
	stride int
	w, h   int
	dpi    float64

	scale  int // picture pixels to a work pixel
	ww, wh int
	work   []byte
	own    []byte // backs work when it is not the picture itself
	calm   []byte // backs work when it was smoothed
	wiped  []byte // backs pix when streaks were wiped

	tw, th    int
	lo, hi    []byte
	threshold []byte // per cell; 0 = no ink here
	contrast  []byte // per cell, brightest minus darkest nearby
	noise     int    // by how much blank paper varies in a cell
	outside   byte   // what is taken to lie beyond the picture: paper, as bright as most of it
	scanned   bool   // the picture tells its resolution: a camera's would be no paper evenly lit
	ranges    []int
	ink       []byte // per work pixel, 1 = ink

	effort effort // since Read began
}

// load takes a picture in; false when it is too small to hold a code or malformed.
func (s *sheet) load(g *image.Gray, dpi float64) bool {
	if !sound(g) {
		return false
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if w < smallest || h < smallest {
		return false
	}
	s.scanned = scanDPI(dpi) > 0
	if !s.scanned {
		dpi = assumedDPI(w, h)
	}
	s.pix, s.stride, s.w, s.h, s.dpi = g.Pix, g.Stride, w, h, dpi
	s.scale = max(1, int(math.Round(dpi/175)))
	s.wipeStreaks()
	s.reduce()
	if s.measure(); s.noise > mostNoise {
		s.smooth()
		s.measure()
	}
	s.binarize()
	return true
}

// workDPI is the resolution of the work picture.
func (s *sheet) workDPI() float64 { return s.dpi / float64(s.scale) }

// reduce builds the work picture by the mean of scale x scale pixels.
func (s *sheet) reduce() {
	k := s.scale
	s.ww, s.wh = s.w/k, s.h/k
	if k == 1 && s.stride == s.w {
		s.work = s.pix[:s.w*s.h]
		return
	}
	s.own = grow(s.own, s.ww*s.wh)
	s.work = s.own
	if k == 2 {
		s.halve()
		return
	}
	area := k * k
	for y := range s.wh {
		out := s.work[y*s.ww : (y+1)*s.ww]
		for x := range out {
			sum := 0
			for j := range k {
				row := s.pix[(y*k+j)*s.stride+x*k:]
				for i := range k {
					sum += int(row[i])
				}
			}
			out[x] = byte(sum / area)
		}
	}
}

// halve adds four pixels in lanes of 16 bits, four at a time.
func (s *sheet) halve() {
	const even, twos = 0x00ff00ff00ff00ff, 0x0002000200020002
	for y := range s.wh {
		out := s.work[y*s.ww : (y+1)*s.ww]
		a := s.pix[2*y*s.stride:][:2*s.ww]
		b := s.pix[(2*y+1)*s.stride:][:2*s.ww]
		for len(out) >= 4 && len(a) >= 8 && len(b) >= 8 {
			u, v := binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(b)
			sum := (u&even + u>>8&even + v&even + v>>8&even + twos) >> 2 & even
			sum = (sum | sum>>8) & 0x0000ffff0000ffff
			binary.LittleEndian.PutUint32(out, uint32(sum|sum>>16))
			out, a, b = out[4:], a[8:], b[8:]
		}
		for x := range out {
			out[x] = byte((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) >> 2)
		}
	}
}

// smooth takes noise out of the work picture, with weights 1-2-1 across and down.
func (s *sheet) smooth() {
	s.calm = grow(s.calm, s.ww*s.wh)
	for y := range s.wh {
		up, row, down := s.work[max(y-1, 0)*s.ww:][:s.ww], s.work[y*s.ww:][:s.ww], s.work[min(y+1, s.wh-1)*s.ww:][:s.ww]
		out := s.calm[y*s.ww:][:s.ww]
		at := func(x int) int { return int(up[x]) + 2*int(row[x]) + int(down[x]) }
		left, here := at(0), at(0)
		for x := range out {
			right := here
			if x+1 < s.ww {
				right = at(x + 1)
			}
			out[x] = byte((left + 2*here + right + 8) / 16)
			left, here = here, right
		}
	}
	s.work = s.calm
}

// measure fills the threshold map and the noise.
func (s *sheet) measure() {
	const c = thresholdCell
	s.tw, s.th = (s.ww+c-1)/c, (s.wh+c-1)/c
	n := s.tw * s.th
	s.lo, s.hi = grow(s.lo, n), grow(s.hi, n)
	s.threshold, s.contrast = grow(s.threshold, n), grow(s.contrast, n)
	s.ranges = s.ranges[:0]
	for cy := range s.th {
		for cx := range s.tw {
			lo, hi := s.extremes(cx*c, cy*c, min(cx*c+c, s.ww), min(cy*c+c, s.wh))
			s.lo[cy*s.tw+cx], s.hi[cy*s.tw+cx] = lo, hi
			s.ranges = append(s.ranges, int(hi)-int(lo))
		}
	}
	s.outside = medianByte(s.hi)
	// Blank paper shows the noise of the scan; ink must stand out from it.
	slices.Sort(s.ranges)
	s.noise = s.ranges[len(s.ranges)/4]
	need := leastContrast // a photograph may have no blank paper to tell by
	if s.scanned {
		need = min(max(leastContrast, s.noise*21/10), 110)
		s.dimSpecks()
	}
	for cy := range s.th {
		for cx := range s.tw {
			lo, hi := byte(255), byte(0)
			for y := max(cy-1, 0); y <= min(cy+1, s.th-1); y++ {
				for x := max(cx-1, 0); x <= min(cx+1, s.tw-1); x++ {
					lo, hi = min(lo, s.lo[y*s.tw+x]), max(hi, s.hi[y*s.tw+x])
				}
			}
			t, d := byte(0), int(hi)-int(lo)
			if d >= need {
				t = byte((int(lo) + int(hi) + 1) / 2)
			} else if hi < 80 {
				t = 255 // the inside of a thick bar
			}
			s.threshold[cy*s.tw+cx], s.contrast[cy*s.tw+cx] = t, byte(d)
		}
	}
}

// extremes gives the darkest and the brightest value in a cell; two pairs of running
// values, as one would wait for itself at each pixel.
func (s *sheet) extremes(x0, y0, x1, y1 int) (lo, hi byte) {
	lo, hi = 255, 0
	lo2, hi2 := lo, hi
	for y := y0; y < y1; y++ {
		row := s.work[y*s.ww+x0 : y*s.ww+x1]
		for len(row) >= 4 {
			a, b, c, d := row[0], row[1], row[2], row[3]
			lo, hi = min(lo, a, b), max(hi, a, b)
			lo2, hi2 = min(lo2, c, d), max(hi2, c, d)
			row = row[4:]
		}
		for _, v := range row {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return min(lo, lo2), max(hi, hi2)
}

// medianByte gives the median.
func medianByte(all []byte) byte {
	var count [256]int
	for _, v := range all {
		count[v]++
	}
	at := 0
	for n := count[0]; 2*n < len(all); n += count[at] {
		at++
	}
	return byte(at)
}

// dimSpecks takes for the brightest value of a cell that of its paper: beside a
// bright speck or streak the noise of the paper would be taken for ink.
func (s *sheet) dimSpecks() {
	const c = thresholdCell
	for cy := range s.th {
		for cx := range s.tw {
			if at := cy*s.tw + cx; int(s.hi[at])-int(s.lo[at]) >= leastContrast {
				s.hi[at] = s.paper(cx*c, cy*c, min(cx*c+c, s.ww), min(cy*c+c, s.wh))
			}
		}
	}
}

// paper gives the value that an eighth of a cell's pixels reach.
func (s *sheet) paper(x0, y0, x1, y1 int) byte {
	var count [256]uint16
	for y := y0; y < y1; y++ {
		for _, v := range s.work[y*s.ww+x0 : y*s.ww+x1] {
			count[v]++
		}
	}
	at, left := 255, (x1-x0)*(y1-y0)/8
	for ; at > 0 && left >= int(count[at]); at-- {
		left -= int(count[at])
	}
	return byte(at)
}

// paperAt is the brightest value around a picture point.
func (s *sheet) paperAt(x, y int) byte {
	cell := min(y/s.scale/thresholdCell, s.th-1)*s.tw + min(x/s.scale/thresholdCell, s.tw-1)
	if t := s.threshold[cell]; t > 0 && t < 255 {
		return byte(min(255, int(t)+int(s.contrast[cell])/2))
	}
	return 255
}

// binarize fills the ink map.
func (s *sheet) binarize() {
	s.ink = grow(s.ink, s.ww*s.wh)
	clear(s.ink)
	for y := range s.wh {
		row := s.work[y*s.ww : (y+1)*s.ww]
		ink := s.ink[y*s.ww : (y+1)*s.ww]
		for cx := range s.tw {
			t := s.threshold[y/thresholdCell*s.tw+cx]
			if t == 0 {
				continue
			}
			x0, x1 := cx*thresholdCell, min(cx*thresholdCell+thresholdCell, s.ww)
			in, out := row[x0:x1], ink[x0:x1]
			for i, v := range in {
				out[i] = byte((uint16(v) - uint16(t)) >> 15) // 1 where v < t, without a branch
			}
		}
	}
}

// at gives the picture's value at a place between pixels, by bilinear
// interpolation; outside the picture is paper.
func (s *sheet) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	if ix < 0 || iy < 0 || ix+1 >= s.w || iy+1 >= s.h {
		if ix < -1 || iy < -1 || ix >= s.w || iy >= s.h {
			return float64(s.outside)
		}
		return float64(s.pix[min(max(iy, 0), s.h-1)*s.stride+min(max(ix, 0), s.w-1)])
	}
	ax, ay := x-fx, y-fy
	p := s.pix[iy*s.stride+ix:]
	q := s.pix[(iy+1)*s.stride+ix:]
	top := float64(p[0]) + ax*(float64(p[1])-float64(p[0]))
	bottom := float64(q[0]) + ax*(float64(q[1])-float64(q[0]))
	return top + ay*(bottom-top)
}

// grow gives a slice of n elements, reusing the old one's memory; its content is undefined.
func grow[T any](old []T, n int) []T {
	if cap(old) >= n {
		return old[:n]
	}
	return make([]T, n)
}
