package barcode

import "math"

// lanes are the ranges of directions that bars may run across, a bit each. Cells
// hang together within a lane alone, so that bars of two directions that touch make
// two places.
type lanes uint8

// The lanes. Bars near a right angle to the picture, as most are, have the narrow
// ones to themselves; those between lie in the wide ones, which reach so far into
// the narrow that cells of one code, whose directions differ, share a lane.
const (
	upright lanes = 1 << iota // the bars stand
	lying                     // the bars lie
	rising                    // the bars run from the lower left to the upper right
	falling                   // the bars run from the upper left to the lower right
)

// The bounds of the lanes, radians.
const (
	mostLean   = 25 * math.Pi / 180 // from a right angle, of bars that stand or lie
	leastAskew = 9 * math.Pi / 180  // from a right angle, of bars that rise or fall
)

// lanesOf gives the lanes that a direction across bars lies in; radians clockwise
// from the x axis, -pi/2..pi/2.
func lanesOf(direction float64) (in lanes) {
	d := math.Abs(direction)
	if d < mostLean {
		in |= upright
	}
	if d > math.Pi/2-mostLean {
		in |= lying
	}
	if d > leastAskew && d < math.Pi/2-leastAskew {
		if direction > 0 {
			in |= rising
		} else {
			in |= falling
		}
	}
	return in
}

// askew tells whether bars in these lanes may stand far from right angles.
func (l lanes) askew() bool { return l&(rising|falling) != 0 }

// fairTensor sums the gradients of a square by an operator that is true to their
// directions (Scharr, 2000). Plain differences lose most of the steeper part of the
// finest bars' gradient, and take a lean of 20 degrees for 35: too far for a
// rectangle of the bars, and for scan to turn back.
func (s *sheet) fairTensor(x0, y0, side int) tensor {
	at := min(y0/thresholdCell, s.th-1)*s.tw + min(x0/thresholdCell, s.tw-1)
	if s.threshold[at] == 0 {
		return tensor{}
	}
	var xx, yy, xy int
	for y := max(y0, 1); y < min(y0+side, s.wh-1); y++ {
		up, row, down := s.work[(y-1)*s.ww:], s.work[y*s.ww:], s.work[(y+1)*s.ww:]
		for x := max(x0, 1); x < min(x0+side, s.ww-1); x++ {
			falls := int(down[x+1]) - int(up[x-1])
			rises := int(up[x+1]) - int(down[x-1])
			gx := 10*(int(row[x+1])-int(row[x-1])) + 3*(falls+rises)
			gy := 10*(int(down[x])-int(up[x])) + 3*(falls-rises)
			xx += gx * gx
			yy += gy * gy
			xy += gx * gy
		}
	}
	n := float32(max(s.contrast[at], 1))
	n *= n
	return tensor{float32(xx) / n, float32(yy) / n, float32(xy) / n}
}
