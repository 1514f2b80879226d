package barcode

import (
	"slices"
	"sync"
)

// correct929 corrects the codewords of a PDF417 symbol by its error correction
// codewords, a Reed-Solomon code over the prime field GF(929) with generator 3
// (ISO/IEC 15438, error detection and correction). words come in the order of the
// symbol, the length descriptor first; the last check of them are error correction.
// erased are the indexes of words that are unknown, whatever they hold.
//
// e wrong words and f unknown ones can be corrected while 2e+f <= check. From 8 check
// words on, two of them are kept in reserve, so 2e+f <= check-2 is demanded: a symbol
// beyond repair then passes for another one less than once in 800,000 times (929
// squared). With 2 or 4 check words (levels 0 and 1) there is nothing to spare.
//
// When ok, the words have been corrected in place, are all 0..928, and corrected is
// how many changed. Otherwise the words are as they were.
func correct929(words []int, check int, erased []int) (corrected int, ok bool) {
	fixed, ok := received929(words, check, erased)
	if !ok {
		return 0, false
	}
	s := syndromes929(fixed, check)
	if !zero929(s) && (!repair929(fixed, s, erased) || !zero929(syndromes929(fixed, check))) {
		return 0, false
	}
	for i, w := range fixed {
		if words[i] != w {
			corrected++
		}
	}
	copy(words, fixed)
	return corrected, true
}

// capacity929 is how much 2e+f may be.
func capacity929(check int) int {
	if check >= 8 {
		return check - 2
	}
	return check
}

// received929 copies the words, with 0 for the unknown ones; not ok when they cannot
// be the words of a symbol or too many are unknown.
func received929(words []int, check int, erased []int) (fixed []int, ok bool) {
	if check < 2 || check >= len(words) || len(words) >= pdf417Count || len(erased) > capacity929(check) {
		return nil, false
	}
	fixed = slices.Clone(words)
	unknown := make([]bool, len(words))
	for _, i := range erased {
		if i < 0 || i >= len(words) || unknown[i] {
			return nil, false
		}
		fixed[i], unknown[i] = 0, true
	}
	for _, w := range fixed {
		if w < 0 || w >= pdf417Count {
			return nil, false
		}
	}
	return fixed, true
}

// repair929 finds the wrong words from the syndromes and puts them and the unknown
// ones right; false when there are too many.
func repair929(words, syndromes, erased []int) bool {
	unknown := locator929(len(words), erased)
	// The syndromes that the unknown words have no part in (Forney).
	known := product929(syndromes, unknown, len(syndromes))[len(erased):]
	wrong, e := recurrence929(known)
	if 2*e+len(erased) > capacity929(len(syndromes)) || degree929(wrong) != e {
		return false
	}
	all := product929(wrong, unknown, e+len(erased)+1)
	return apply929(words, syndromes, all)
}

// logarithms929 holds the powers of 3, the generator of the field, and the
// logarithms to that base.
type logarithms929 struct {
	power [pdf417Count - 1]int
	log   [pdf417Count]int
}

var powers929 = sync.OnceValue(func() *logarithms929 {
	var t logarithms929
	for i, p := 0, 1; i < len(t.power); i, p = i+1, p*3%pdf417Count {
		t.power[i], t.log[p] = p, i
	}
	return &t
})

// power929 is 3 to the power of n, which may be negative.
func power929(n int) int {
	const order = pdf417Count - 1
	return powers929().power[(n%order+order)%order]
}

// inverse929 is 1/a for an a other than 0.
func inverse929(a int) int { return power929(-powers929().log[a]) }

// Polynomials over the field: coefficients from that of x^0 on, all 0..928.

// at929 is the value of a polynomial at x.
func at929(p []int, x int) (v int) {
	for _, c := range slices.Backward(p) {
		v = (v*x + c) % pdf417Count
	}
	return v
}

// product929 is the first n coefficients of a product.
func product929(p, q []int, n int) []int {
	out := make([]int, n)
	for i, a := range p {
		for j, b := range q {
			if i+j < n {
				out[i+j] = (out[i+j] + a*b) % pdf417Count
			}
		}
	}
	return out
}

// degree929 is -1 for the zero polynomial.
func degree929(p []int) int {
	n := len(p) - 1
	for n >= 0 && p[n] == 0 {
		n--
	}
	return n
}

func zero929(p []int) bool { return degree929(p) < 0 }

// syndromes929 are the values of the words' polynomial, the first word its highest
// coefficient, at 3, 3^2 ... 3^check: all zero when nothing is wrong.
func syndromes929(words []int, check int) []int {
	out := make([]int, check)
	for i := range out {
		x := power929(i + 1)
		for _, w := range words {
			out[i] = (out[i]*x + w) % pdf417Count
		}
	}
	return out
}

// locator929 is the product of 1 - 3^k x over the places, k being the power of x that
// a place of n has in the words' polynomial.
func locator929(n int, places []int) []int {
	p := []int{1}
	for _, i := range places {
		p = product929(p, []int{1, pdf417Count - power929(n-1-i)}, len(p)+1)
	}
	return p
}

// recurrence929 is the shortest linear recurrence that makes s, and its length
// (Berlekamp and Massey).
func recurrence929(s []int) (c []int, length int) {
	c, before := []int{1}, []int{1}
	since, last := 1, 1
	for i := range s {
		d := 0
		for j := 0; j < len(c) && j <= i; j++ {
			d = (d + c[j]*s[i-j]) % pdf417Count
		}
		if d == 0 {
			since++
			continue
		}
		next := minus929(c, before, d*inverse929(last)%pdf417Count, since)
		if 2*length > i {
			c = next
			since++
			continue
		}
		c, before, length, last, since = next, c, i+1-length, d, 1
	}
	return c, length
}

// minus929 is p - factor * x^shift * q.
func minus929(p, q []int, factor, shift int) []int {
	out := make([]int, max(len(p), len(q)+shift))
	copy(out, p)
	for i, c := range q {
		out[i+shift] = (out[i+shift] + (pdf417Count-factor)*c) % pdf417Count
	}
	return out
}

// apply929 takes the error from every place that the locator names (Chien's search,
// Forney's formula); false when they are not as many as its degree.
func apply929(words, syndromes, locator []int) bool {
	values := product929(syndromes, locator, len(syndromes))
	slope := make([]int, len(locator)-1) // the derivative
	for i := range slope {
		slope[i] = (i + 1) * locator[i+1] % pdf417Count
	}
	found := 0
	for i := range words {
		x := power929(i + 1 - len(words))
		if at929(locator, x) != 0 {
			continue
		}
		steep := at929(slope, x)
		if steep == 0 {
			return false
		}
		words[i] = (words[i] + at929(values, x)*inverse929(steep)) % pdf417Count
		found++
	}
	return found == degree929(locator)
}
