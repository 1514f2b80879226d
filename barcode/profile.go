package barcode

import (
	"math"
	"slices"
)

// profile is the brightness along one scan line across the bars, in equal steps.
type profile []float32

// margin is how far beyond the bars a scan line goes on, inches.
const margin = 0.4

// line is where scan lines of a place with bars run: sample i of the line at
// height v lies at origin + i*step along the bars' direction.
type line struct {
	x0, y0   float64 // start of the line at height 0, picture pixels
	sin, cos float64
	step     float64 // picture pixels a sample
	n        int
}

// fineStep is the distance of the samples of a scan line, pixels.
const fineStep = 0.5

// lineOf lays the scan lines of a place, samples step pixels apart.
func (s *sheet) lineOf(b bars, step float64) line {
	sin, cos := math.Sincos(b.angle)
	half := b.length/2 + margin*s.dpi
	return line{b.cx - half*cos, b.cy - half*sin, sin, cos, step, int(2 * half / step)}
}

// point gives the picture point of sample i at height v.
func (l line) point(i, v float64) (x, y float64) {
	d := i * l.step
	return l.x0 + d*l.cos - v*l.sin, l.y0 + d*l.sin + v*l.cos
}

// sample reads the profile at height v, the mean of rows lines one pixel apart.
func (s *sheet) sample(l line, v float64, rows int, out profile) profile {
	out = grow(out, l.n)
	clear(out)
	for k := range rows {
		x, y := l.point(0, v+float64(k)-float64(rows-1)/2)
		s.addLine(x, y, l.step*l.cos, l.step*l.sin, out)
	}
	for i := range out {
		out[i] /= float32(rows)
	}
	return out
}

// addLine adds the values from (x, y) on, a step apart, as sheet.at gives them. It
// is the inner loop of all linear reading: whole numbers, no bounds inside.
func (s *sheet) addLine(x, y, dx, dy float64, out profile) {
	const one = 1 << 32
	from, to := inside(x, dx, float64(s.w-1), len(out))
	if a, b := inside(y, dy, float64(s.h-1), len(out)); a > from || b < to {
		from, to = max(from, a), min(to, b)
	}
	to = max(from, to)
	for i := range out {
		if i == from {
			break
		}
		out[i] += float32(s.at(x+float64(i)*dx, y+float64(i)*dy))
	}
	fx, fy := int64((x+float64(from)*dx)*one), int64((y+float64(from)*dy)*one)
	sx, sy := int64(dx*one), int64(dy*one)
	for i := from; i < to; i++ {
		at := int(fy>>32)*s.stride + int(fx>>32)
		ax, ay := int32(uint32(fx)>>24), int32(uint32(fy)>>24)
		p, q := s.pix[at:at+2], s.pix[at+s.stride:at+s.stride+2]
		top := int32(p[0])<<8 + ax*(int32(p[1])-int32(p[0]))
		low := int32(q[0])<<8 + ax*(int32(q[1])-int32(q[0]))
		out[i] += float32(top<<8+ay*(low-top)) * (1.0 / 65536)
		fx, fy = fx+sx, fy+sy
	}
	for i := to; i < len(out); i++ {
		out[i] += float32(s.at(x+float64(i)*dx, y+float64(i)*dy))
	}
}

// inside gives the steps, of n, on which v stays from 0 to under most, with a
// hundredth to spare for rounding.
func inside(v, step, most float64, n int) (from, to int) {
	const spare = 0.01
	low, high := (spare-v)/step, (most-spare-v)/step
	switch {
	case math.Abs(step) < 1e-9:
		if v < spare || v > most-spare {
			return 0, 0
		}
		return 0, n
	case step < 0:
		low, high = high, low
	}
	from = min(max(int(math.Ceil(low)), 0), n)
	return from, max(from, min(int(math.Floor(high))+1, n))
}

// medianOf gives the median of profiles, sample by sample: a streak that crosses
// the bars at a slant stands at another place in each and vanishes.
func medianOf(ps []profile) profile {
	out := make(profile, len(ps[0]))
	v := make([]float32, len(ps))
	for i := range out {
		for k, p := range ps {
			v[k] = p[i]
		}
		slices.Sort(v)
		out[i] = (v[len(v)/2] + v[(len(v)-1)/2]) / 2
	}
	return out
}

// meanOf gives the mean of profiles.
func meanOf(ps []profile) profile {
	out := make(profile, len(ps[0]))
	for _, p := range ps {
		for i, v := range p {
			out[i] += v / float32(len(ps))
		}
	}
	return out
}

// envelope gives the darkest and brightest values within radius samples.
func envelope(p profile, radius int) (lo, hi profile) {
	return sliding(p, radius, func(a, b float32) bool { return a <= b }),
		sliding(p, radius, func(a, b float32) bool { return a >= b })
}

// sliding is the sliding extreme with a monotone queue.
func sliding(p profile, radius int, better func(a, b float32) bool) profile {
	out := make(profile, len(p))
	queue := make([]int, 0, len(p))
	head, next := 0, 0
	for i := range p {
		for ; next <= min(i+radius, len(p)-1); next++ {
			for len(queue) > head && better(p[next], p[queue[len(queue)-1]]) {
				queue = queue[:len(queue)-1]
			}
			queue = append(queue, next)
		}
		for queue[head] < i-radius {
			head++
		}
		out[i] = p[queue[head]]
	}
	return out
}

// sharpen adds back what a blur of about radius samples took.
func sharpen(p profile, radius int) profile {
	out := make(profile, len(p))
	var sum float32
	n := 0
	for i := -radius; i < len(p); i++ {
		if j := i + radius; j < len(p) {
			sum += p[j]
			n++
		}
		if j := i - radius - 1; j >= 0 {
			sum -= p[j]
			n--
		}
		if i >= 0 {
			out[i] = min(max(p[i]+1.5*(p[i]-sum/float32(n)), 0), 255)
		}
	}
	return out
}

// runs are the lengths of alternating runs of a scan line, samples; the first is
// paper (perhaps of length 0), so bars have odd indexes.
type runs []int

// threshold cuts a profile into runs at the given share of the way from the
// darkest to the brightest value nearby.
func (p profile) threshold(lo, hi profile, share float32, out runs) runs {
	var least, most float32 = 255, 0
	for i := range p {
		least, most = min(least, lo[i]), max(most, hi[i])
	}
	floor := 0.3 * (most - least) // flatter places are paper
	out = append(out[:0], 0)
	dark := false
	for i, v := range p {
		d := hi[i]-lo[i] >= floor && v < lo[i]+share*(hi[i]-lo[i])
		if d != dark {
			out = append(out, 0)
			dark = d
		}
		out[len(out)-1]++
	}
	return out
}

// narrow gives the width of the narrow elements: the lower quartile of the runs
// that are neither specks nor quiet zones.
func (rs runs) narrow() float64 {
	if len(rs) < 6 {
		return 0
	}
	inner := slices.Clone(rs[1 : len(rs)-1])
	slices.Sort(inner)
	return float64(inner[len(inner)/4])
}

// despeckled joins runs over those shorter than least samples.
func (rs runs) despeckled(least float64) runs {
	out := runs{rs[0]}
	for i := 1; i < len(rs); i++ {
		if float64(rs[i]) < least && i+1 < len(rs) {
			out[len(out)-1] += rs[i] + rs[i+1]
			i++
			continue
		}
		out = append(out, rs[i])
	}
	return out
}

// evened takes ink gain back: swollen print has wide bars and narrow spaces, and
// decoders that compare bars with spaces give up. Every edge moves by half the
// difference between the narrow bars and the narrow spaces.
func (rs runs) evened() runs {
	if len(rs) < 12 {
		return rs
	}
	var bars, spaces []int
	for i := 1; i < len(rs)-1; i++ {
		if i%2 == 1 {
			bars = append(bars, rs[i])
		} else {
			spaces = append(spaces, rs[i])
		}
	}
	slices.Sort(bars)
	slices.Sort(spaces)
	gain := bars[len(bars)/4] - spaces[len(spaces)/4]
	out := slices.Clone(rs)
	for i := range out {
		by := gain / 2
		if i%2 == 1 {
			by = -by
		}
		out[i] = max(1, out[i]+by)
	}
	return out
}
