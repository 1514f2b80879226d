package barcode

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// finder is a QR finder pattern: a square ring around a square, whose middle rows
// and columns read dark-light-dark-light-dark as 1:1:3:1:1. Picture pixels.
type finder struct{ x, y, module float64 }

// findFinders looks for finder patterns in the ink map, on every row, and checks
// them down and along both diagonals.
func (s *sheet) findFinders() []finder {
	var found []finder
	for y := 0; y < s.wh; y++ {
		row := s.ink[y*s.ww : (y+1)*s.ww]
		var run [5]int // the last five runs, oldest first
		n, last := 0, byte(0)
		start := 0
		for x := 0; x <= len(row); x++ {
			x += sameBytes(row[x:], last)
			v := byte(2)
			if x < len(row) {
				v = row[x]
			}
			if v == last {
				continue
			}
			copy(run[:], run[1:])
			run[4] = x - start
			start = x
			n++
			if last == 1 && n >= 5 && finderRatio(run[:]) {
				centre := x - run[4] - run[3] - run[2]/2 - 1
				if f, ok := s.checkFinder(centre, y, run); ok {
					found = keepFinder(found, f)
				}
			}
			last = v
		}
	}
	k := float64(s.scale)
	for i, f := range found {
		found[i] = finder{(f.x + 0.5) * k, (f.y + 0.5) * k, f.module * k}
	}
	return found
}

// sameBytes counts the bytes at the start that are all v, in steps of eight.
func sameBytes(row []byte, v byte) (n int) {
	for all := uint64(v) * 0x0101010101010101; n+8 <= len(row) && binary.LittleEndian.Uint64(row[n:]) == all; {
		n += 8
	}
	return n
}

// finderRatio tells whether five runs read 1:1:3:1:1 within half a module.
func finderRatio(run []int) bool {
	total := run[0] + run[1] + run[2] + run[3] + run[4]
	if total < 9 || total > 400 {
		return false
	}
	m := float64(total) / 7
	tol := m*0.5 + 0.35
	for i, r := range run {
		want, t := m, tol
		if i == 2 {
			want, t = 3*m, 2*tol
		}
		if math.Abs(float64(r)-want) > t {
			return false
		}
	}
	return true
}

// keepFinder adds a finder pattern unless it is known already.
func keepFinder(found []finder, f finder) []finder {
	for i, o := range found {
		if math.Abs(o.x-f.x) < 3*f.module && math.Abs(o.y-f.y) < 3*f.module {
			found[i] = finder{(o.x + f.x) / 2, (o.y + f.y) / 2, (o.module + f.module) / 2}
			return found
		}
	}
	return append(found, f)
}

// checkFinder confirms a row's finding down the column and along a diagonal.
func (s *sheet) checkFinder(x, y int, across [5]int) (finder, bool) {
	width := across[0] + across[1] + across[2] + across[3] + across[4]
	down, dy, ok := s.runsThrough(x, y, 0, 1, width)
	if !ok || !finderRatio(down[:]) {
		return finder{}, false
	}
	height := down[0] + down[1] + down[2] + down[3] + down[4]
	if height*5 > width*7+10 || width*5 > height*7+10 {
		return finder{}, false
	}
	cy := y + dy
	diagonal, _, ok := s.runsThrough(x, cy, 1, 1, width)
	if !ok || !finderRatio(diagonal[:]) {
		if diagonal, _, ok = s.runsThrough(x, cy, 1, -1, width); !ok || !finderRatio(diagonal[:]) {
			return finder{}, false
		}
	}
	return finder{float64(x), float64(cy), float64(width+height) / 14}, true
}

// runsThrough gives the five runs around a dark point along (dx, dy), and how far
// from the point the middle run's centre lies.
func (s *sheet) runsThrough(x, y, dx, dy, limit int) (run [5]int, shift int, ok bool) {
	at := func(i int) int {
		px, py := x+i*dx, y+i*dy
		if px < 0 || py < 0 || px >= s.ww || py >= s.wh {
			return -1
		}
		return int(s.ink[py*s.ww+px])
	}
	if at(0) != 1 {
		return run, 0, false
	}
	i := 0
	up := [3]int{}
	for k := range up {
		want := 1 - k%2
		for at(i) == want && up[k] <= limit {
			up[k]++
			i--
		}
	}
	i = 1
	low := [3]int{}
	for k := range low {
		want := 1 - k%2
		for at(i) == want && low[k] <= limit {
			low[k]++
			i++
		}
	}
	run = [5]int{up[2], up[1], up[0] + low[0], low[1], low[2]}
	for _, r := range run {
		if r == 0 {
			return run, 0, false
		}
	}
	return run, (low[0] - up[0] + 1) / 2, true
}

// The most groups of finder patterns, and blobs, that are tried on a page: a
// picture made of noise must not hold up the mail.
const (
	mostFinders = 60
	mostGroups  = 12
	mostBlobs   = 60
)

// groupFinders gives a spot for every three finder patterns that make a QR code:
// alike in size, at the corners of a right-angled triangle with two equal sides,
// with the dotted timing lines between them. The likeliest come first.
func (s *sheet) groupFinders(fs []finder) []spot {
	var out []spot
	fs = fs[:min(len(fs), mostFinders)]
	for i := range fs {
		for j := range fs {
			for k := j + 1; k < len(fs); k++ {
				if i == j || i == k {
					continue
				}
				if p, ok := s.squareOf(fs[i], fs[j], fs[k]); ok {
					p.timing = s.timingOf(p)
					if p.timing > 0.2 || !s.scanned {
						out = append(out, p)
					}
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b spot) int { return cmp.Compare(b.timing, a.timing) })
	return out[:min(len(out), mostGroups)]
}

// timingOf is how well the modules between the finder patterns alternate, -1..1,
// by the size of code that shows it best.
func (s *sheet) timingOf(p spot) float64 {
	a, b, c := p.upright()
	best := -1.0
	for _, k := range qrVersions(a, b, c) {
		l := qrLattice(a, b, c, 17+4*k)
		best = math.Max(best, s.agreement(l, timingQR(l.cols)))
	}
	return best
}

// squareOf gives the box of the code whose corner is a, with arms to b and c.
func (s *sheet) squareOf(a, b, c finder) (spot, bool) {
	skew := 0.15
	if !s.scanned {
		skew = 0.4
	}
	m := (a.module + b.module + c.module) / 3
	for _, f := range [3]finder{a, b, c} {
		if math.Abs(f.module-m) > 0.3*m {
			return spot{}, false
		}
	}
	ux, uy, vx, vy := b.x-a.x, b.y-a.y, c.x-a.x, c.y-a.y
	lu, lv := math.Hypot(ux, uy), math.Hypot(vx, vy)
	if lu < 12*m || lu > 175*m || math.Abs(lu-lv) > skew*math.Max(lu, lv) || math.Abs(ux*vx+uy*vy) > skew*lu*lv {
		return spot{}, false
	}
	dx, dy := b.x+vx, b.y+vy
	r := 6 * m
	return spot{
		max(int(math.Min(math.Min(a.x, b.x), math.Min(c.x, dx))-r), 0),
		max(int(math.Min(math.Min(a.y, b.y), math.Min(c.y, dy))-r), 0),
		int(math.Max(math.Max(a.x, b.x), math.Max(c.x, dx)) + r),
		int(math.Max(math.Max(a.y, b.y), math.Max(c.y, dy)) + r),
		0, 3, [3]finder{a, b, c}, 0}, true
}
