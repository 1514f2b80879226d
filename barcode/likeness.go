package barcode

import (
	"math"
	"slices"
)

// likeness is the median correlation of scan lines at different heights.
func likeness(lines []profile) float64 {
	at := [4]int{1, 4, 7, 10}
	var all []float64
	for i := range at {
		for j := range i {
			all = append(all, correlation(lines[at[i]], lines[at[j]]))
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// correlation is Pearson's.
func correlation(a, b profile) float64 {
	var sa, sb, aa, bb, ab float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		sa, sb, aa, bb, ab = sa+x, sb+y, aa+x*x, bb+y*y, ab+x*y
	}
	n := float64(len(a))
	va, vb := aa-sa*sa/n, bb-sb*sb/n
	if va <= 0 || vb <= 0 {
		return 0
	}
	return (ab - sa*sb/n) / math.Sqrt(va*vb)
}

// looksLinear tells whether bars that gave no text are a linear code all the same:
// many bars of more than one width on most scan lines.
func looksLinear(lines []profile, b bars, dpi float64) bool {
	if b.height < 0.1*dpi || b.length < 0.5*dpi || b.length < b.height/2 {
		return false
	}
	var rs runs
	good := 0
	for _, p := range lines {
		lo, hi := envelope(p, max(len(p)/20, 40))
		rs = p.threshold(lo, hi, 0.5, rs)
		for _, k := range rs.blocks() {
			if k.bars >= 14 && k.varied(rs) {
				good++
				break
			}
		}
	}
	return good >= len(lines)/2
}
