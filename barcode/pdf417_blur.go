package barcode

import (
	"math"
	"sync"
)

// patternBlurs are how much of a module's tone each of its neighbours carries in a
// scan: little of large modules, much of small ones.
var patternBlurs = [3]float64{0.08, 0.18, 0.28}

// blurredPatterns gives the patterns of the three clusters as they are scanned:
// blurred, and of zero mean and unit length, 1 = ink.
var blurredPatterns = sync.OnceValue(func() *[len(patternBlurs)][3][929][wordModules]float64 {
	var all [len(patternBlurs)][3][929][wordModules]float64
	for k := range 3 * len(patternBlurs) {
		blur, cluster := k/3, k%3
		for value, p := range pdf417Patterns(cluster) {
			ink := func(i int) float64 {
				switch {
				case i < 0: // the codeword before ends with a space
					return 0
				case i >= wordModules: // the next begins with a bar
					return 1
				}
				return float64(p >> (wordModules - 1 - i) & 1)
			}
			out, b := &all[blur][cluster][value], patternBlurs[blur]
			mean := 0.0
			for i := range out {
				out[i] = (1-2*b)*ink(i) + b*(ink(i-1)+ink(i+1))
				mean += out[i] / wordModules
			}
			power := 0.0
			for i := range out {
				out[i] -= mean
				power += out[i] * out[i]
			}
			for i := range out {
				out[i] /= math.Sqrt(power)
			}
		}
	}
	return &all
})
