package barcode

import "image"

// A speck of dust on a scanner's glass draws a straight line down the whole sheet.
// Through a code's bars it spoils every scan line alike.
const (
	streakSamples = 150   // rows looked at
	streakShare   = 0.6   // of them that must show the streak
	streakStep    = 40    // darker than both neighbours by
	streakWidth   = 0.015 // widest streak, inches
)

// MostStreaks is how many a page has at most: more are a pattern, not dust.
const MostStreaks = 8

// WithoutStreaks gives a page's picture with its streaks filled, as Read looks at it
// and as its text is best read; it is the picture itself where there are none, and
// where dpi, pixels an inch, is no scanner's.
func WithoutStreaks(g *image.Gray, dpi float64) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	s := sheet{pix: g.Pix, stride: g.Stride, w: w, h: h, dpi: scanDPI(dpi)}
	if s.dpi == 0 {
		return g
	}
	if s.wipeStreaks(); s.wiped == nil {
		return g
	}
	return &image.Gray{Pix: s.pix, Stride: s.stride, Rect: image.Rect(0, 0, w, h)}
}

// wipeStreaks fills streaks, upright and lying, from both their sides, in a copy
// of the picture. Pictures smaller than a postcard are left: their lines are content.
func (s *sheet) wipeStreaks() {
	if float64(s.w) < 3.5*s.dpi || float64(s.h) < 3.5*s.dpi {
		return
	}
	upright, lying := s.uprightStreaks(), s.lyingStreaks()
	if len(upright)+len(lying) == 0 {
		return
	}
	s.wiped = grow(s.wiped, s.stride*(s.h-1)+s.w)
	copy(s.wiped, s.pix)
	s.pix = s.wiped
	for _, at := range upright {
		s.fill(at, s.h, 1, s.stride)
	}
	for _, at := range lying {
		s.fill(at, s.w, s.stride, 1)
	}
}

// streakReach is how far beside a line its neighbours are compared, pixels.
func (s *sheet) streakReach() int { return max(2, int(streakWidth*s.dpi+0.5)) }

// uprightStreaks finds the streaks down the sheet. A streak is the numbers of the
// first line and the one behind it.
func (s *sheet) uprightStreaks() [][2]int {
	reach, step := s.streakReach(), max(1, s.h/streakSamples)
	votes, rows := make([]uint16, s.w), 0
	for y := step / 2; y < s.h; y += step {
		rows++
		row := s.pix[y*s.stride:][:s.w]
		left, here, right := row[:s.w-2*reach], row[reach:s.w-reach], row[2*reach:]
		for i, v := range here {
			if int(v)+streakStep < int(min(left[i], right[i])) {
				votes[i+reach]++
			}
		}
	}
	return streaksOf(votes, rows, reach)
}

// lyingStreaks finds those across it, as a sheet turned after scanning has. It goes
// row by row: going down columns would miss the cache at each step.
func (s *sheet) lyingStreaks() [][2]int {
	reach, step := s.streakReach(), max(1, s.w/streakSamples)
	votes := make([]uint16, s.h)
	for y := reach; y < s.h-reach; y++ {
		up, here, down := s.pix[(y-reach)*s.stride:][:s.w], s.pix[y*s.stride:][:s.w], s.pix[(y+reach)*s.stride:][:s.w]
		n := uint16(0)
		for x := step / 2; x < len(here); x += step {
			if int(here[x])+streakStep < int(min(up[x], down[x])) {
				n++
			}
		}
		votes[y] = n
	}
	return streaksOf(votes, (s.w-step/2+step-1)/step, reach)
}

// streaksOf joins the neighbouring lines that enough of the rows looked at voted for.
func streaksOf(votes []uint16, rows, reach int) [][2]int {
	least := uint16(streakShare * float64(rows))
	var out [][2]int
	for i := 0; i < len(votes); i++ {
		if votes[i] < least {
			continue
		}
		k := i
		for k < len(votes) && votes[k] >= least {
			k++
		}
		if k-i <= reach {
			out = append(out, [2]int{i, k})
		}
		i = k
	}
	if len(out) > MostStreaks {
		return nil
	}
	return out
}

// fill draws straight between the two sides of a streak.
func (s *sheet) fill(at [2]int, m, dx, dy int) {
	width := at[1] - at[0] + 1
	for j := range m {
		a, b := int(s.pix[j*dy+(at[0]-1)*dx]), int(s.pix[j*dy+at[1]*dx])
		for i := at[0]; i < at[1]; i++ {
			k := i - at[0] + 1
			s.pix[j*dy+i*dx] = byte((a*(width-k) + b*k) / width)
		}
	}
}
