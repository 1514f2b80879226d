package barcode

import (
	"cmp"
	"math"
	"slices"

	"postroom/mail"
)

// span gives the first and last hit, the share of fitting lines between them, and
// the length of the bars in inches.
func (g patchGroup) span(dpi float64) (first, last patchHit, fitting, inches float64) {
	first, last = g.hits[0], g.hits[len(g.hits)-1]
	lines := last.line - first.line + 1
	return first, last, float64(len(g.hits)) / float64(lines), float64(lines*patchStep) / dpi
}

// commonest gives the code most hits name, its share, the share of clear hits, and
// the mean narrow width.
func (g patchGroup) commonest() (code mail.Symbology, agreed, clear, narrow float64) {
	votes := map[mail.Symbology]int{}
	free := 0
	for _, h := range g.hits {
		votes[h.code]++
		if h.clear {
			free++
		}
		narrow += h.narrow
	}
	for c, n := range votes {
		if n > votes[code] || n == votes[code] && c < code {
			code = c
		}
	}
	n := float64(len(g.hits))
	return code, float64(votes[code]) / n, float64(free) / n, narrow / n
}

// accompanied is the share of the lines with the same bar beside the four: a large
// linear code has stretches that fit a patch code, and more bars beside them along
// their whole length. Letters and codes that stand across are another thing in
// every line.
func (g patchGroup) accompanied(narrow float64) (most float64) {
	for side := range 2 {
		var gaps, lengths []int
		for _, h := range g.hits {
			if b := h.beside[side]; b.length > 0 {
				gaps, lengths = append(gaps, b.gap), append(lengths, b.length)
			}
		}
		gap, length, same := median(gaps), median(lengths), 0
		for i := range gaps {
			if math.Abs(float64(gaps[i]-gap)) <= 0.6*narrow && math.Abs(float64(lengths[i]-length)) <= 0.6*narrow {
				same++
			}
		}
		most = max(most, float64(same)/float64(len(g.hits)))
	}
	return most
}

// median gives the median of numbers, 0 without any.
func median[T cmp.Ordered](all []T) T {
	if len(all) == 0 {
		var none T
		return none
	}
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

// judgePatch turns a group into a symbol, a doubt or nothing.
func (r *Reader) judgePatch(g patchGroup, standing bool, m *merger) {
	s := &r.sheet
	first, last, fitting, inches := g.span(s.workDPI())
	code, agreed, clear, narrow := g.commonest()
	accompanied := g.accompanied(narrow)
	if inches < doubtfulBar || clear < 0.3 || accompanied > surelyAccompanied || len(g.hits) < 8 {
		return
	}
	far, decided := s.farEnd(first, last, standing)
	if far {
		code = turned(code)
	}
	q := s.patchQuad(first, last, standing, far)
	sound := inches >= leastBar && fitting >= leastFitting && agreed >= 0.9 && clear >= leastClear && accompanied <= mostAccompanied
	if !decided || !sound || !s.endsClear(first, last, standing, narrow) {
		m.doubt(mail.Doubt{Looks: mail.LooksPatch, Polygon: q})
		return
	}
	if !r.wants(code) {
		return
	}
	m.symbol(mail.Symbol{Symbology: code, Text: code.String(), Polygon: q,
		Module: narrow * float64(s.scale), Confidence: fitting * agreed})
}

// judgePart doubts three bars of a patch code in the place of one.
func (s *sheet) judgePart(g patchGroup, standing bool, m *merger) {
	first, last, fitting, inches := g.span(s.workDPI())
	_, _, clear, _ := g.commonest()
	_, decided := s.farEnd(first, last, standing)
	if decided && inches >= leastBar && fitting >= 0.5 && clear >= leastClear {
		m.doubt(mail.Doubt{Looks: mail.LooksPatch, Polygon: s.patchQuad(first, last, standing, false)})
	}
}

// farEnd tells at which end of the page the bars stand, the near one being top or
// left; undecided when they are near none, or near both of a small page.
func (s *sheet) farEnd(first, last patchHit, standing bool) (far, decided bool) {
	length := s.wh
	if standing {
		length = s.ww
	}
	reach := patchReach * s.workDPI()
	start, end := float64(min(first.start, last.start)), float64(max(first.end, last.end))
	near, distant := end <= reach, float64(length)-start <= reach
	if near && distant {
		before, behind := start, float64(length)-end
		return behind < before, math.Max(before, behind) > 3*math.Min(before, behind)
	}
	return distant, near != distant
}

// endsClear tells whether paper lies beyond both ends of the bars: a table's or
// picture's bars go on.
func (s *sheet) endsClear(first, last patchHit, standing bool, narrow float64) bool {
	for _, side := range [2]int{-1, 1} {
		h := first
		if side > 0 {
			h = last
		}
		n, dark := 0, 0
		for d := 1.0; d < 3; d += 0.25 {
			i := h.line*patchStep + side*int(d*narrow+patchStep)
			for j := h.start; j < h.end; j += 2 {
				x, y := i, j
				if standing {
					x, y = j, i
				}
				if x < 0 || y < 0 || x >= s.ww || y >= s.wh {
					continue
				}
				n++
				dark += int(s.ink[y*s.ww+x])
			}
		}
		if dark*6 > n {
			return false
		}
	}
	return true
}

// patchQuad gives the corners in picture pixels, from the symbol's own top left.
func (s *sheet) patchQuad(first, last patchHit, standing, far bool) mail.Quad {
	k := float64(s.scale)
	corner := func(line, at int) mail.Point {
		i, j := float64(line*patchStep)*k, float64(at)*k
		if standing {
			i, j = j, i
		}
		return mail.Point{X: i, Y: j}
	}
	a, b := corner(first.line, first.start), corner(last.line, last.start)
	c, d := corner(last.line, last.end), corner(first.line, first.end)
	switch {
	case standing && far:
		return mail.Quad{d, c, b, a}
	case standing:
		return mail.Quad{b, a, d, c}
	case far:
		return mail.Quad{c, d, a, b}
	}
	return mail.Quad{a, b, c, d}
}
