package barcode

import (
	"cmp"
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

// rest is a stretch of a place's scan lines that looks like a linear code of which
// nothing was read: samples, and the lines' numbers.
type rest struct{ x0, x1, first, last int }

// unread gives what of a place with bars looks like a linear code and was not read:
// stretches between quiet zones with many bars of more than one width, beside the
// codes that were read, and above or below them.
func unread(lines []profile, symbols []candidate, b bars, dpi float64) (all []rest) {
	if b.height < 0.1*dpi || b.length < 0.5*dpi || b.length < b.height/2 {
		return nil
	}
	var rs runs
	var beside, beyond []rest // a line's each
	for n, p := range lines {
		lo, hi := envelope(p, max(len(p)/20, 40))
		rs = p.threshold(lo, hi, 0.5, rs)
		for _, k := range rs.blocks() {
			if k.bars < 14 || !k.varied(rs) || !k.even(rs) || !k.distinct(p, rs) {
				continue
			}
			r := rest{k.x0, k.x1, n, n}
			switch c := over(symbols, k); {
			case c == nil:
				beside = append(beside, r)
			case (n < c.first-1 || n > c.last+1) && !sameBars(p[c.x0:c.x1], lines[(c.first+c.last)/2][c.x0:c.x1], int(8*c.module)):
				beyond = append(beyond, r)
			}
		}
	}
	return append(joined(beside, len(lines)/2), joined(beyond, leastBeyond)...)
}

// sameBars tells whether a scan line shows the same bars as another in all pieces
// of so many samples: two references may differ in one character alone.
func sameBars(a, b profile, piece int) bool {
	for from := 0; from+piece <= len(a); from += max(1, piece) {
		if correlation(a[from:from+piece], b[from:from+piece]) < 0.5 {
			return false
		}
	}
	return true
}

// leastBeyond is how many scan lines above or below a code make another one.
const leastBeyond = 3

// over gives the symbol that lies over a stretch, nil when there is none.
func over(symbols []candidate, k block) *candidate {
	for i, c := range symbols {
		if min(c.x1, k.x1)-max(c.x0, k.x0) > (k.x1-k.x0)/2 {
			return &symbols[i]
		}
	}
	return nil
}

// joined gives the stretches around those of several lines that lie over one
// another, where they are of so many lines at least.
func joined(all []rest, least int) (out []rest) {
	slices.SortFunc(all, func(a, b rest) int { return cmp.Or(cmp.Compare(a.x0, b.x0), cmp.Compare(a.first, b.first)) })
	for i := 0; i < len(all); {
		r, seen := all[i], map[int]bool{}
		for ; i < len(all) && (len(seen) == 0 || all[i].x0 < r.x1); i++ {
			o := all[i]
			r = rest{r.x0, max(r.x1, o.x1), min(r.first, o.first), max(r.last, o.last)}
			seen[o.first] = true
		}
		if len(seen) >= least {
			out = append(out, r)
		}
	}
	return out
}
