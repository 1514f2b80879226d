package reference

import (
	"fmt"
	"strings"
)

// check proves a number. Strong checks find every single wrong character and
// nearly all else (docs/decisions); only they may file without a second factor.
type check struct {
	strong bool
	holds  func(text string) bool
	looks  gaze // what a strong one tells apart
}

// checks are the known ones by their contract names. Each looks at the
// characters of its own alphabet and skips the rest.
func checks() map[string]check {
	digits, signs := at(digitSigns, ""), at(alnumSigns, "")
	return map[string]check{
		"none":                {holds: func(string) bool { return true }},
		"luhn":                {holds: onDigits(luhn)},
		"verhoeff":            {holds: onDigits(verhoeff)},
		"damm":                {holds: onDigits(damm)},
		"mod10-recursive":     {holds: onDigits(mod10Recursive)},
		"nl-betalingskenmerk": {holds: onDigits(betalingskenmerk)},
		"upu-s10":             {holds: upuS10},
		"iso7064-mod97-10":    {true, onDigits(mod97), digits},
		"be-ogm":              {true, onDigits(ogm), digits},
		"iso11649":            {true, iso11649, signs},
		"iso7064-mod11-2":     {true, mod11_2, at(digitSigns, "X")},
		"iso7064-mod11-10":    {true, onDigits(func(d []int) bool { return hybrid(d, 10) }), digits},
		"iso7064-mod37-2":     {true, mod37_2, at(alnumSigns, "*")},
		"iso7064-mod37-36":    {true, mod37_36, signs},
		"es-nif-letter":       {true, nifLetter, atNIF},
	}
}

func onDigits(holds func([]int) bool) func(string) bool {
	return func(text string) bool {
		d := digitsOf(text)
		return len(d) >= 2 && holds(d)
	}
}

func digitsOf(text string) (d []int) {
	for _, r := range text {
		if r >= '0' && r <= '9' {
			d = append(d, int(r-'0'))
		}
	}
	return d
}

// alnum gives digits and letters as 0..35.
func alnum(text string) (v []int) {
	for _, r := range strings.ToUpper(text) {
		switch {
		case r >= '0' && r <= '9':
			v = append(v, int(r-'0'))
		case r >= 'A' && r <= 'Z':
			v = append(v, int(r-'A')+10)
		}
	}
	return v
}

// luhn is ISO/IEC 7812-1's mod 10 with doubling.
func luhn(d []int) bool {
	sum := 0
	for i, v := range d {
		if (len(d)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// verhoeff is J. Verhoeff's code over the dihedral group D5 (1969).
func verhoeff(d []int) bool {
	c := 0
	for i := range d {
		v := d[len(d)-1-i]
		for range i % 8 {
			v = verhoeffNext[v]
		}
		c = dihedral(c, v)
	}
	return c == 0
}

// verhoeffNext is the permutation that is applied once more at each place.
var verhoeffNext = [10]int{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}

// dihedral multiplies in D5: 0..4 turn, 5..9 mirror.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return (a+b)%5 + 5
	case b < 5:
		return (a-b)%5 + 5
	}
	return ((a-b)%5 + 5) % 5
}

// damm is H. M. Damm's totally anti-symmetric quasigroup of order 10 (2004).
func damm(d []int) bool {
	c := 0
	for _, v := range d {
		c = dammTable[c][v]
	}
	return c == 0
}

var dammTable = [10][10]int{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3}, {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6}, {6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7}, {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

// mod10Recursive is the Swiss ESR and QR reference's (python-stdnum stdnum/ch/esr.py).
func mod10Recursive(d []int) bool {
	table := [10]int{0, 9, 4, 6, 8, 2, 7, 1, 3, 5}
	c := 0
	for _, v := range d[:len(d)-1] {
		c = table[(v+c)%10]
	}
	return (10-c)%10 == d[len(d)-1]
}

// betalingskenmerk is the Dutch payment reference (Betaalvereniging Nederland):
// 7 digits without a check, 9 to 14 with check and length digit, 16 with a check.
func betalingskenmerk(d []int) bool {
	switch n := len(d); {
	case n == 7:
		return true
	case n >= 9 && n <= 14:
		if lengths := [...]int{7, 8, 9, 0, 1, 2}; d[1] != lengths[n-9] {
			return false
		}
	case n != 16:
		return false
	}
	weights := [10]int{2, 4, 8, 5, 10, 9, 7, 3, 6, 1}
	sum := 0
	for i := range len(d) - 1 {
		sum += d[len(d)-1-i] * weights[i%10]
	}
	c := 11 - sum%11
	switch c {
	case 10:
		c = 1
	case 11:
		c = 0
	}
	return c == d[0]
}

// upuS10 is the postal item identifier of UPU standard S10: two letters, eight
// digits, a check digit, a country.
func upuS10(text string) bool {
	d := digitsOf(text)
	if len(d) != 9 || len(alnum(text)) != 13 {
		return false
	}
	weights := [8]int{8, 6, 4, 2, 3, 5, 9, 7}
	sum := 0
	for i, w := range weights {
		sum += w * d[i]
	}
	c := 11 - sum%11
	switch c {
	case 10:
		c = 0
	case 11:
		c = 5
	}
	return c == d[8]
}

func remainder(d []int, m int) int {
	n := 0
	for _, v := range d {
		n = (n*10 + v) % m
	}
	return n
}

// mod97 is ISO 7064 MOD 97-10: the number, check digits last, is 1 modulo 97.
func mod97(d []int) bool { return remainder(d, 97) == 1 }

// ogm is the Belgian structured communication: ten digits modulo 97, 0 written as 97.
func ogm(d []int) bool {
	if len(d) != 12 {
		return false
	}
	c := remainder(d[:10], 97)
	if c == 0 {
		c = 97
	}
	return c == d[10]*10+d[11]
}

// iso11649 is the RF creditor reference: the first four characters go to the
// end, letters count 10..35, and the number is 1 modulo 97.
func iso11649(text string) bool {
	v := alnum(text)
	if len(v) < 5 || len(v) > 25 || v[0] != 'R'-'A'+10 || v[1] != 'F'-'A'+10 {
		return false
	}
	n := 0
	for _, x := range append(append([]int{}, v[4:]...), v[:4]...) {
		if x >= 10 {
			n = (n*100 + x) % 97
		} else {
			n = (n*10 + x) % 97
		}
	}
	return n == 1
}

// pure is an ISO 7064 pure system with radix 2: the weighted sum is 1 modulo m.
func pure(v []int, m int) bool {
	p := 0
	for _, x := range v {
		p = (p*2 + x) % m
	}
	return len(v) >= 2 && p == 1
}

// mod11_2 takes a final X as ten.
func mod11_2(text string) bool {
	d := digitsOf(text)
	if strings.HasSuffix(strings.ToUpper(text), "X") {
		d = append(d, 10)
	}
	return pure(d, 11)
}

// mod37_2 takes a final * as 36.
func mod37_2(text string) bool {
	v := alnum(text)
	if strings.HasSuffix(text, "*") {
		v = append(v, 36)
	}
	return pure(v, 37)
}

// hybrid is an ISO 7064 hybrid system, MOD m+1,m.
func hybrid(v []int, m int) bool {
	p := m
	for i, x := range v {
		if p = (p + x) % m; i == len(v)-1 {
			return p == 1
		}
		if p == 0 {
			p = m
		}
		p = p * 2 % (m + 1)
	}
	return false
}

func mod37_36(text string) bool {
	v := alnum(text)
	return len(v) >= 2 && hybrid(v, 36)
}

// nifLetter is the letter of the Spanish NIF: the number modulo 23.
func nifLetter(text string) bool {
	d := digitsOf(text)
	text = strings.ToUpper(text)
	last := len(text) - 1
	for last >= 0 && (text[last] < 'A' || text[last] > 'Z') {
		last--
	}
	return last >= 0 && len(d) > 0 && "TRWAGMYFPDXBNJZSQVHLCKE"[remainder(d, 23)] == text[last]
}

// weighted is a check whose weights, modulus and map are data.
func weighted(c Config) (check, error) {
	position := -1
	for i, w := range c.Weights {
		if w == 0 && position >= 0 {
			return check{}, fmt.Errorf("check weighted: only one weight may be 0 (it marks the check digit)")
		}
		if w == 0 {
			position = i
		}
	}
	switch {
	case len(c.Weights) < 2:
		return check{}, fmt.Errorf("check weighted needs weights, one for each digit")
	case c.Modulus < 2:
		return check{}, fmt.Errorf("check weighted needs a modulus of 2 or more")
	case c.Map != "" && (position < 0 || len(c.Map) != c.Modulus):
		return check{}, fmt.Errorf("check weighted: a map needs a weight 0 for the check digit and %d characters, one for each remainder", c.Modulus)
	case c.Map == "" && position >= 0:
		return check{}, fmt.Errorf("check weighted: a weight 0 needs a map")
	}
	return check{holds: func(text string) bool {
		d, sign := digitsOf(text), byte(0)
		if letter := lastLetter(text); letter != 0 && position == len(c.Weights)-1 && strings.IndexByte(c.Map, letter) >= 0 {
			d, sign = append(d, 0), letter // a map such as 0X987654321 has letters, too
		}
		if len(d) != len(c.Weights) {
			return false
		}
		sum := 0
		for i, w := range c.Weights {
			sum += w * d[i]
		}
		sum = ((sum % c.Modulus) + c.Modulus) % c.Modulus
		switch {
		case c.Map == "":
			return sum == 0
		case sign != 0:
			return c.Map[sum] == sign
		}
		return c.Map[sum] == byte('0'+d[position])
	}}, nil
}

// lastLetter gives the letter that a text ends with, or 0.
func lastLetter(text string) byte {
	if text == "" {
		return 0
	}
	if c := text[len(text)-1]; 'A' <= c && c <= 'Z' {
		return c
	}
	return 0
}
