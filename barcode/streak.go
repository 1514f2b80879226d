package barcode

import "slices"

// A speck of dust on a scanner's glass draws a straight line down the whole sheet.
// Through a code's bars it spoils every scan line alike.
const (
	streakSamples = 150   // rows looked at
	streakShare   = 0.6   // of them that must show the streak
	streakStep    = 40    // darker than both neighbours by
	streakWidth   = 0.015 // widest streak, inches
	mostStreaks   = 8     // more are a pattern, not dust
)

// wipeStreaks fills streaks, upright and lying, from both their sides, in a copy
// of the picture. Pictures smaller than a postcard are left: their lines are content.
func (s *sheet) wipeStreaks() {
	if float64(s.w) < 3.5*s.dpi || float64(s.h) < 3.5*s.dpi {
		return
	}
	upright := s.streaks(s.w, s.h, 1, s.stride)
	lying := s.streaks(s.h, s.w, s.stride, 1)
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

// streaks finds the streaks that run along one axis: n lines dx bytes apart, each m
// pixels long at stride dy. A streak is the numbers of the first line and the one behind it.
func (s *sheet) streaks(n, m, dx, dy int) [][2]int {
	reach := max(2, int(streakWidth*s.dpi+0.5))
	votes := make([]uint16, n)
	step := max(1, m/streakSamples)
	rows := 0
	for j := step / 2; j < m; j += step {
		rows++
		row := s.pix[j*dy:]
		for i := reach; i < n-reach; i++ {
			side := min(row[(i-reach)*dx], row[(i+reach)*dx])
			if int(row[i*dx])+streakStep < int(side) {
				votes[i]++
			}
		}
	}
	least := uint16(streakShare * float64(rows))
	var out [][2]int
	for i := 0; i < n; i++ {
		if votes[i] < least {
			continue
		}
		k := i
		for k < n && votes[k] >= least {
			k++
		}
		if k-i <= reach {
			out = append(out, [2]int{i, k})
		}
		i = k
	}
	if len(out) > mostStreaks {
		return nil
	}
	return slices.Clip(out)
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
