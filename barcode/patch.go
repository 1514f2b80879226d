package barcode

import (
	"math"

	"postroom/mail"
)

// A patch code is four bars parallel to the sheet's leading edge, each narrow or
// wide, three narrow spaces between; nominally 0.08 and 0.20 inch. The code says
// nothing about its direction: turned by 180 degrees a 1 is a 6 and a 3 is a T.
// Its place tells: it stands within 3.75 inches of the leading edge.
//
// The bounds of what is taken for a patch code. Sheets are printed at many scales
// and copied, which makes bars grow and spaces shrink.
const (
	leastNarrow       = 0.045 // inches
	mostNarrow        = 0.15
	patchWide         = 2.5  // narrow elements
	patchReach        = 3.75 // inches from the leading edge
	leastBar          = 1.5  // length of the bars, inches
	doubtfulBar       = 1.0
	leastFitting      = 0.6 // share of the lines across the bars that must fit
	leastClear        = 0.8 // share of those that must have paper before and behind
	quietNarrow       = 2.5 // that paper, narrow elements: wider than any space of a linear code
	neighbourNear     = 10  // no other bar may stand that near, narrow elements
	neighbourWide     = 4.5 // the widest bar of a linear code whose stretches fit, narrow elements
	mostAccompanied   = 0.4 // share of the lines with the same other bar beside them
	surelyAccompanied = 0.7
	patchStep         = 8 // distance of the lines, work pixels
)

// patchNames gives the patch code by its bars from the leading edge on, wide = 1.
var patchNames = map[[4]byte]mail.Symbology{
	{1, 1, 0, 0}: mail.Patch1, {1, 0, 0, 1}: mail.Patch2, {1, 0, 1, 0}: mail.Patch3,
	{0, 1, 1, 0}: mail.Patch4, {0, 0, 1, 1}: mail.Patch6, {0, 1, 0, 1}: mail.PatchT,
}

// turned is the code that the same bars make from the other side.
func turned(s mail.Symbology) mail.Symbology {
	switch s {
	case mail.Patch1:
		return mail.Patch6
	case mail.Patch6:
		return mail.Patch1
	case mail.Patch3:
		return mail.PatchT
	case mail.PatchT:
		return mail.Patch3
	}
	return s
}

// patchHit is a line across the bars that fits a patch code.
type patchHit struct {
	line       int // number of the line
	start, end int // of the bars along the line, work pixels
	code       mail.Symbology
	narrow     float64
	clear      bool         // paper before and behind
	beside     [2]neighbour // the nearest other bar before and behind
}

// neighbour is a bar beside those of a hit: its distance and its width, work
// pixels; without a width there is none.
type neighbour struct{ gap, length int }

// patchGroup is the hits of neighbouring lines.
type patchGroup struct{ hits []patchHit }

// stretch is a run of ink or paper along a line, work pixels.
type stretch struct {
	start, length int
	ink           bool
}

// readPatches finds the patch codes of the page, bars lying and bars standing.
func (r *Reader) readPatches(m *merger) {
	wanted := false
	for _, s := range patchNames {
		wanted = wanted || r.wants(s)
	}
	if !wanted {
		return
	}
	s := &r.sheet
	for _, standing := range [2]bool{false, true} {
		whole, part := s.patchHits(standing)
		for _, g := range groupHits(whole) {
			r.judgePatch(g, standing, m)
		}
		for _, g := range groupHits(part) {
			s.judgePart(g, standing, m)
		}
	}
}

// patchHits reads every eighth line across the bars: the fits of four bars, and of
// three bars with the fourth spoilt.
func (s *sheet) patchHits(standing bool) (whole, part []patchHit) {
	lines, length, along, across := s.ww, s.wh, s.ww, 1
	if standing {
		lines, length, along, across = s.wh, s.ww, 1, s.ww
	}
	speck := max(2, int(0.018*s.workDPI()))
	var rs []stretch
	for n := 0; n*patchStep < lines; n++ {
		rs = stretches(s.ink, n*patchStep*across, along, length, speck, rs)
		for i := range rs {
			if !rs[i].ink {
				continue
			}
			if i+6 < len(rs) {
				if h, ok := s.fitPatch(rs[i : i+7]); ok {
					h.line, h.clear = n, quietAround(rs, i, i+6, quietNarrow*h.narrow)
					h.beside = neighbours(rs, i, i+6, h.narrow)
					whole = append(whole, h)
				}
			}
			if i+4 < len(rs) {
				if h, ok := s.fitPatch(rs[i : i+5]); ok {
					h.line, h.clear = n, quietAround(rs, i, i+4, 1.4*h.narrow)
					part = append(part, h)
				}
			}
		}
	}
	return whole, part
}

// quietAround tells whether paper lies before run i and behind run j, or the page ends there.
func quietAround(rs []stretch, i, j int, least float64) bool {
	before := i <= 1 || float64(rs[i-1].length) >= least
	behind := j+2 >= len(rs) || float64(rs[j+1].length) >= least
	return before && behind
}

// neighbours gives the nearest bars before run i and behind run j. What is longer than a
// bar of a linear code lies across them; dark at the very edge of the page is the
// scanner's.
func neighbours(rs []stretch, i, j int, narrow float64) (found [2]neighbour) {
	bar := func(r stretch) bool {
		return r.ink && float64(r.length) >= 0.7*narrow && float64(r.length) <= neighbourWide*narrow
	}
	start, end := rs[i].start, rs[j].start+rs[j].length
	for k := i - 2; k > 0 && float64(start-rs[k].start-rs[k].length) < neighbourNear*narrow; k-- {
		if bar(rs[k]) {
			found[0] = neighbour{start - rs[k].start - rs[k].length, rs[k].length}
			break
		}
	}
	for k := j + 2; k < len(rs)-1 && float64(rs[k].start-end) < neighbourNear*narrow; k++ {
		if bar(rs[k]) {
			found[1] = neighbour{rs[k].start - end, rs[k].length}
			break
		}
	}
	return found
}

// stretches cuts a line into runs; runs shorter than speck are dust or streaks and vanish.
func stretches(ink []byte, at, stride, n, speck int, out []stretch) []stretch {
	out = out[:0]
	for i := 0; i < n; {
		v := ink[at+i*stride]
		k := i
		for k < n && ink[at+k*stride] == v {
			k++
		}
		last := len(out) - 1
		switch {
		case last >= 0 && (k-i < speck || out[last].ink == (v == 1)):
			out[last].length += k - i
		default:
			out = append(out, stretch{i, k - i, v == 1})
		}
		i = k
	}
	return out
}

// fitPatch fits runs that begin and end with a bar to narrow width n and ink gain
// g: a bar of w narrow elements measures w*n + g, a space n - g. Of four bars two
// are wide, which gives n and g at once. Three bars (one spoilt) give no code.
func (s *sheet) fitPatch(rs []stretch) (patchHit, bool) {
	var bars, spaces float64
	for i, r := range rs {
		if i%2 == 0 {
			bars += float64(r.length)
		} else {
			spaces += float64(r.length)
		}
	}
	count := (len(rs) + 1) / 2
	space := spaces / float64(count-1)
	last := rs[len(rs)-1]
	best := patchHit{start: rs[0].start, end: last.start + last.length}
	for wides := 1; wides <= 2; wides++ {
		if count == 4 && wides != 2 {
			continue
		}
		total := float64(count) + (patchWide-1)*float64(wides)
		n := (bars + float64(count)*space) / (total + float64(count))
		code, ok := fitBars(rs, n, n-space, wides)
		inch := s.workDPI()
		if !ok || n < leastNarrow*inch || n > mostNarrow*inch {
			continue
		}
		if best.narrow = n; count == 4 {
			best.code = patchNames[code]
		}
		return best, true
	}
	return patchHit{}, false
}

// fitBars classes the bars and checks every run against its nominal width.
func fitBars(rs []stretch, n, gain float64, wides int) (code [4]byte, ok bool) {
	if math.Abs(gain) > 0.4*n {
		return code, false
	}
	wide := 0
	for i, r := range rs {
		l := float64(r.length)
		switch {
		case i%2 == 1:
			if math.Abs(l-n+gain) > 0.3*n {
				return code, false
			}
		case l-gain > (1+patchWide)/2*n:
			code[i/2] = 1
			wide++
			if math.Abs(l-gain-patchWide*n) > 0.45*n {
				return code, false
			}
		case math.Abs(l-gain-n) > 0.35*n:
			return code, false
		}
	}
	return code, wide == wides
}

// groupHits links hits of neighbouring lines; a lean of 8 degrees is followed.
func groupHits(hits []patchHit) []patchGroup {
	var groups []patchGroup
	for _, h := range hits {
		placed := false
		for i := range groups {
			l := groups[i].hits[len(groups[i].hits)-1]
			gap := h.line - l.line
			if gap < 1 || gap > 12 {
				continue
			}
			drift := float64(gap*patchStep)*math.Tan(8*math.Pi/180) + 3
			if math.Abs(float64(h.start-l.start)) <= drift && math.Abs(float64(h.end-l.end)) <= drift {
				groups[i].hits = append(groups[i].hits, h)
				placed = true
				break
			}
		}
		if !placed {
			groups = append(groups, patchGroup{[]patchHit{h}})
		}
	}
	return groups
}
