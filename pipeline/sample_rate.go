package pipeline

import "gonum.org/v1/gonum/mathext"

// Estimate is what the verdicts on a sample say of all documents that it was drawn from.
type Estimate struct {
	Documents, Drawn, Judged, Wrong int
	// Rate is the share of documents in a wrong case, 0..1, and Low to High its 95 %
	// interval: with another sample it would have missed the true rate one time in twenty
	// at most. Known is false while a stratum has no verdict; the three are then 0, 0 and 1.
	Rate, Low, High float64
	Known           bool
}

// Estimate tells how far the sample is judged and what that says. The interval is that of
// Clopper and Pearson, which is exact; of a stratified sample it is theirs for the number
// of documents that a simple sample would need to be as precise (Korn and Graubard 1998).
// That the documents are drawn without putting them back makes the truth narrower.
func (s Sample) Estimate() Estimate {
	e := Estimate{High: 1, Known: true}
	for _, h := range s.Strata {
		e.Documents += h.Documents
		e.Drawn += h.Drawn
		e.Judged += h.Judged
		e.Wrong += h.Wrong
		e.Known = e.Known && h.Judged > 0
	}
	if e.Known = e.Known && e.Judged > 0; !e.Known {
		return e
	}
	n := float64(e.Judged)
	e.Rate = float64(e.Wrong) / n
	if len(s.Strata) > 1 {
		e.Rate, n = weighted(s.Strata, e.Documents)
	}
	e.Low, e.High = clopperPearson(e.Rate*n, n)
	return e
}

// weighted gives the rate of all strata, each by its documents, and the effective number
// of verdicts: how many of a simple sample would have the same variance, never more than
// there are.
func weighted(strata []Stratum, documents int) (rate, n float64) {
	variance, kish, judged := 0.0, 0.0, 0.0
	for _, h := range strata {
		w, k := float64(h.Documents)/float64(documents), float64(h.Judged)
		p := float64(h.Wrong) / k
		spread := 0.25 // of one verdict alone the worst is taken
		if h.Judged > 1 {
			spread = p * (1 - p) * k / (k - 1)
		}
		if h.Judged == h.Documents {
			spread = 0 // nothing is left to chance
		}
		rate += w * p
		variance += w * w * spread / k
		kish += w * w / k
		judged += k
	}
	if rate <= 0 || rate >= 1 || variance == 0 { // it says nothing of the variance: the weights alone do
		return min(max(rate, 0), 1), min(judged, 1/kish)
	}
	return rate, min(judged, rate*(1-rate)/variance)
}

// clopperPearson gives the exact 95 % interval of a share of which so many of n were seen;
// neither need be whole.
func clopperPearson(seen, n float64) (low, high float64) {
	const tail = 0.025
	low, high = 0, 1
	if seen > 0 {
		low = mathext.InvRegIncBeta(seen, n-seen+1, tail)
	}
	if seen < n {
		high = mathext.InvRegIncBeta(seen+1, n-seen, 1-tail)
	}
	return low, high
}
