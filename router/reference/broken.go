package reference

import "slices"

// broken looks for a reference that begins on the line before and goes on in
// this one. It is never literal: what stands at two lines' ends may not belong
// together.
func (s *Scheme) broken(before, l line, near *int) (f finding, joined line, ok bool) {
	if len(before.tokens) == 0 || len(l.tokens) == 0 || s.shapes == nil || s.bare {
		return f, joined, false
	}
	joined = joinLines(before, l)
	if !s.numbers(joined) {
		return f, joined, false
	}
	seam := len(before.text)
	for _, v := range s.variants {
		for _, p := range v.places(joined.text, 1) {
			if p.from < seam && seam < p.to && joined.edge(p.from, p.from-1) && joined.edge(p.to, p.to) && p.likely(false) && (!ok || p.cost < f.cost) {
				f, ok = finding{from: p.from, to: p.to, cost: p.cost}, true
				f.mention, *near = s.reading(joined.text[p.from:p.to], p, *near)
			}
		}
	}
	return f, joined, ok && len(f.mention.Readings) > 0
}

// Of a line, so many tokens may belong to a reference that is broken at its end.
const mostBroken = 3

func joinLines(a, b line) (l line) {
	for _, t := range slices.Concat(a.tokens, b.tokens[:min(mostBroken, len(b.tokens))]) {
		l.add(t)
	}
	return l
}

// tail gives the end of a line, as far as nothing was found in it.
func (l line) tail(found []finding) (end line) {
	first := max(0, len(l.tokens)-mostBroken)
	for _, f := range found {
		first = max(first, l.owner[f.to-1]+1)
	}
	for _, t := range l.tokens[first:] {
		end.add(t)
	}
	return end
}
