package barcode

import (
	"cmp"
	"math"
	"slices"
)

// Where modules are hardly wider than a pixel, blur leaves no narrow bar as dark as
// ink and no threshold parts them. But a bar's neighbours spill into it by the same
// share everywhere, so that of all sequences of modules the likeliest can be found
// (maximum-likelihood sequence estimation, Forney 1972). The width of a module, the
// place of the edges and the spill are not known: all are tried, and what explains
// the scan line best is believed, if it explains it well.
const (
	leastModule = 2.2   // samples
	mostModule  = 6.0   // beyond it a threshold does
	mostModules = 500   // of a code
	mostError   = 0.012 // mean square of what is not explained, of the contrast's
	alsoError   = 1.3   // times the least error: other numbers of modules that are tried, too
	mostTries   = 4
)

// spills are the shares of a module's tone that each of its neighbours has.
var spills = [4]float64{0.1, 0.18, 0.26, 0.33}

// explanation is a number of modules, where they lie and how well they explain a line.
type explanation struct {
	from, module float64 // samples
	n            int
	spill, err   float64
}

// sequences gives what the modules of a scan line between two quiet zones may be,
// the likeliest first, as runs.
func (p profile) sequences(cost *effort) (all []runs) {
	lo, hi := envelope(p, max(len(p)/20, 40))
	rs := p.threshold(lo, hi, 0.7, nil) // a grey bar is one, too
	widest := block{}
	for _, b := range rs.blocks() {
		if !b.cut && b.bars >= 6 && b.x1-b.x0 > widest.x1-widest.x0 {
			widest = b
		}
	}
	if widest.bars == 0 {
		return nil
	}
	tone := p.tones(widest)
	width := float64(widest.x1 - widest.x0)
	var found []explanation
	v := newSequencer(mostModules)
	for n := int(width / mostModule); n <= min(int(width/leastModule), mostModules); n++ {
		if !cost.spend(9 * perModule * n) {
			return nil
		}
		best := explanation{err: mostError}
		for _, left := range [3]float64{-1, 0, 1} {
			for _, right := range [3]float64{-1, 0, 1} {
				from := float64(widest.x0) + left
				module := (float64(widest.x1) + right - from) / float64(n)
				v.sample(tone, from, module, n)
				for _, spill := range spills {
					if e := v.fit(spill, best.err*float64(n)) / float64(n); e < best.err {
						best = explanation{from, module, n, spill, e}
					}
				}
			}
		}
		if best.err < mostError {
			found = append(found, best)
		}
	}
	slices.SortFunc(found, func(a, b explanation) int { return cmp.Compare(a.err, b.err) })
	for _, e := range found[:min(len(found), mostTries)] {
		if e.err > alsoError*found[0].err {
			break
		}
		v.sample(tone, e.from, e.module, e.n)
		v.fit(e.spill, math.Inf(1))
		all = append(all, e.runs(v.modules(), len(p)))
	}
	return all
}

// tones turns a scan line into darkness, 0 for the paper beside a block and 1 for
// its ink.
func (p profile) tones(b block) []float64 {
	inner := slices.Clone(p[b.x0:b.x1])
	slices.Sort(inner)
	ink := float64(inner[len(inner)/50])
	quiet := max(int(4*b.narrow), 4)
	var beside profile
	beside = append(append(beside, p[max(0, b.x0-quiet):max(0, b.x0-4)]...), p[min(len(p), b.x1+4):min(len(p), b.x1+quiet)]...)
	paper := 255.0
	if len(beside) > 0 {
		slices.Sort(beside)
		paper = float64(beside[len(beside)/2])
	}
	out := make([]float64, len(p))
	for i, v := range p {
		out[i] = (paper - float64(v)) / max(paper-ink, 1)
	}
	return out
}

// runs gives modules as the runs of a scan line of that many samples.
func (e explanation) runs(modules []byte, samples int) runs {
	out := runs{int(math.Round(e.from))}
	last, at := byte(0), e.from
	for i, m := range modules {
		if m != last {
			end := e.from + float64(i)*e.module
			if last == 1 || i > 0 {
				out = append(out, int(math.Round(end))-int(math.Round(at)))
			}
			last, at = m, end
		}
	}
	end := e.from + float64(len(modules))*e.module
	out = append(out, int(math.Round(end))-int(math.Round(at)))
	return append(out, max(0, samples-int(math.Round(end))))
}

// sequencer finds the likeliest modules by the Viterbi algorithm. Its states are the
// last two modules.
type sequencer struct {
	seen []float64 // darkness in the middle of each module
	from [][4]byte // the module before the two, for each state
	end  byte
	n    int
}

func newSequencer(most int) *sequencer {
	return &sequencer{make([]float64, 0, most), make([][4]byte, most+1), 0, 0}
}

// sample takes the darkness in the middles of n modules.
func (v *sequencer) sample(tone []float64, from, module float64, n int) {
	v.seen, v.n = v.seen[:0], n
	for i := range n {
		x := from + (float64(i)+0.5)*module - 0.5
		k := min(max(int(x), 0), len(tone)-2)
		f := x - float64(k)
		v.seen = append(v.seen, tone[k]+f*(tone[k+1]-tone[k]))
	}
}

// fit gives the sum of the squares that the likeliest modules leave unexplained, or
// more than most when it is more. The first and the last module are bars.
func (v *sequencer) fit(spill, most float64) float64 {
	inf := math.Inf(1)
	own := 1 - 2*spill
	cost := [4]float64{inf, inf, 0, inf} // state: this module * 2 + the one before; paper lies before the first
	for i := range v.n {
		// The next module decides what this one's tone should be.
		next := [4]float64{inf, inf, inf, inf}
		least := inf
		for s, c := range cost {
			if c == inf {
				continue
			}
			this, before := s>>1, s&1
			for bit := range 2 {
				if i == v.n-1 && bit == 1 || i == v.n-2 && bit == 0 {
					continue // paper lies behind the last
				}
				d := v.seen[i] - own*float64(this) - spill*float64(before+bit)
				t := bit<<1 | this
				if k := c + d*d; k < next[t] {
					next[t], v.from[i][t] = k, byte(before)
					least = min(least, k)
				}
			}
		}
		if cost = next; least >= most {
			return most
		}
	}
	v.end = 1 // the state after the last module: paper now, a bar before
	return cost[1]
}

// modules gives the modules of the last fit.
func (v *sequencer) modules() []byte {
	out := make([]byte, v.n)
	state := v.end
	for i := v.n - 1; i >= 0; i-- {
		out[i] = state & 1
		state = state&1<<1 | v.from[i][state]
	}
	return out
}
