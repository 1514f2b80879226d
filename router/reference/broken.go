package reference

import "slices"

// broken looks for a reference that begins on the line before and goes on in
// this one. It is never literal: what stands at two lines' ends may not belong
// together.
func (s *Scheme) broken(before, l line, near *int) (f finding, joined line, ok bool) {
	if len(before.tokens) == 0 || len(l.tokens) == 0 || s.shapes == nil || s.bare {
		return f, joined, false
	}
	if before.digits()+l.digits() < s.digits-1 {
		return f, joined, false // a cheap look before the alignment: one digit may be confused
	}
	joined = joinLines(before, l)
	seam := len(before.text)
	for _, v := range s.variants {
		for _, p := range v.places(joined.text, s.mostBrokenCost(v.form)) {
			if p.from < seam && seam < p.to && joined.edge(p.from, p.from-1) && joined.edge(p.to, p.to) && s.joins(p, joined) && (!ok || p.cost < f.cost) {
				f, ok = finding{from: p.from, to: p.to, cost: p.cost}, true
				f.mention, *near = s.reading(joined.text[p.from:p.to], p, *near)
			}
		}
	}
	return f, joined, ok && len(f.mention.Readings) > 0
}

// mostBrokenCost is what a broken match may cost: what any other may, where the
// check tells apart what only stands at two lines' ends.
func (s *Scheme) mostBrokenCost(f shape) int {
	if s.check.strong {
		return f.budget()
	}
	return 1
}

// joins tells whether a place over two lines may be reported: one that costs
// more than a confusion only when nothing but signs differ.
func (s *Scheme) joins(p placed, joined line) bool {
	return p.likely(joined.label(p.from) != "") && (p.cost <= costConfused || p.signsOnly())
}

// signsOnly tells whether a place differs from its form only in signs that are
// lost or written otherwise.
func (p placed) signsOnly() bool {
	read := 0
	for i, s := range p.form {
		switch r := p.at[i]; {
		case r == lost && s.sign():
			continue
		case r == lost, !s.sign() && s.cost(r) > 0, s.cost(r) > costConfused:
			return false
		}
		read++
	}
	return read == p.to-p.from
}

// Of a line, so many tokens may belong to a reference that is broken at its end.
const mostBroken = 3

func joinLines(a, b line) line {
	return lineOf(slices.Concat(a.tokens, b.tokens[:min(mostBroken, len(b.tokens))]))
}

// tail gives the end of a line behind the one before, as far as nothing was
// found in it. A line of few words may be the middle of a reference.
func (l line) tail(before line, found []finding) line {
	tokens := l.tokens
	if n := len(tokens); len(found) == 0 && 0 < n && n < mostBroken {
		tokens = slices.Concat(before.tokens, tokens)
	}
	first := max(0, len(tokens)-mostBroken)
	for _, f := range found {
		first = max(first, l.owner[f.to-1]+1)
	}
	return lineOf(tokens[first:])
}
