package reference

import (
	"slices"
	"unicode"
)

// What the differences between a text and a form cost. What is over the budget
// does not resemble a reference.
const (
	costConfused = 1 // a character that another is taken for
	costExtra    = 1 // a character too many
	costLost     = 1 // a fixed character of the form is missing
	costForeign  = 2 // another character stands for a fixed one
	costLetter   = 2 // some letter stands where another letter class is
	costDigit    = 3 // a digit is missing or unreadable
	costCut      = 1 // the match ends inside a word
	costCutWords = 2 // and all its signs are lost ("per 100000 Einwohner" for "PER/100000/E")
	costNever    = 99

	budget        = 3
	budgetLabeled = 4 // behind a label
	budgetMarked  = 6 // where all fixed characters stand: two digits may be missing
	budgetNumber  = 6 // behind a label, where hardly a digit of many is missing
	sureLikeness  = 2 // what resembles a reference so much is one, even when no reading of it is valid
)

// A form with so many fixed characters can be told by them alone.
const leastMarks = 4

// budget is what a match with the form may cost: less for short forms, which
// resemble anything.
func (f shape) budget() int { return min(budget, len(f)/4) }

// likely tells whether a place may be reported. Without a label before it, its
// fixed characters must say that it is a reference: two at least, and a quarter of
// them; where the form has hardly any, all of them, and hardly a difference.
func (p placed) likely(labeled bool) bool {
	fixed, matched := 0, 0
	for i, s := range p.form {
		if s.one == 0 {
			continue
		}
		fixed++
		if p.at[i] != lost && s.cost(p.at[i]) <= costConfused {
			matched++
		}
	}
	most := p.form.budget()
	switch {
	case p.form.exact():
		return p.cost <= budgetMarked
	case labeled && fixed > 0 && fixed < 4:
		return p.cost <= most && matched > 0
	case labeled:
		return p.cost <= most+budgetLabeled-budget
	case fixed < 2:
		return false
	case fixed < 4:
		return p.cost <= 1 && matched == fixed
	}
	return p.cost <= most && matched >= 2 && matched*4 >= fixed
}

// longNumber is how many digits of a form make it unlike any other number.
const longNumber = 10

// number tells a text that has all but one of the many digits of the form, the
// signs between them, and nothing besides.
func (p placed) number() bool {
	all, missing, here, parted := 0, 0, 0, false
	for i, s := range p.form {
		if p.at[i] != lost {
			here++
		}
		switch {
		case s.digit():
			if all++; p.at[i] == lost || !unicode.IsDigit(p.at[i]) {
				missing++
			}
		case s.sign() && all > 0 && slices.ContainsFunc(p.form[i:], slot.digit):
			if p.at[i] != s.one {
				return false
			}
			parted = true
		}
	}
	return parted && all >= longNumber && missing <= 1 && here == p.to-p.from
}

// bareOfSigns tells a text that lacks at most the signs of the form, and has a
// letter that the form asks for: nothing else is written so, whatever it may be a
// misreading of.
func (p placed) bareOfSigns() bool {
	lettered := false
	for i, s := range p.form {
		if s.sign() {
			continue
		}
		if p.at[i] == lost || !s.takes(p.at[i]) {
			return false
		}
		lettered = lettered || s.one != 0 && unicode.IsLetter(s.one)
	}
	return lettered
}

// marked gives the form as its fixed characters alone show it: whatever stands
// between them was meant as a reference. nil when it has too few of them.
func (f shape) marked() (m shape) {
	fixed := 0
	for _, s := range f {
		if s.one != 0 {
			fixed++
		}
		s.exact = true
		m = append(m, s)
	}
	if fixed < leastMarks {
		return nil
	}
	return m.priced()
}

func (f shape) exact() bool { return f[0].exact }

// marks is a cheap look before the alignment: whether the fixed characters of a
// form stand in the text, in their order.
func (f shape) marks(text []rune) bool {
	for _, s := range f {
		if s.one == 0 {
			continue
		}
		i := slices.Index(text, s.one)
		if i < 0 {
			return false
		}
		text = text[i+1:]
	}
	return true
}

// lost marks a place whose character is missing in the text.
const lost = rune(-1)

// variant is a form, or a form whose leading or trailing signs were not printed
// ("010/8068/17183" for "+++010/8068/17183+++").
type variant struct {
	form      shape
	cut, left int // characters of the form: before the first, behind the last that are looked for
	cost      int
}

// variantsOf lists a form and its cut versions.
func variantsOf(f shape) []variant {
	left, right := 0, len(f)
	for left < len(f) && f[left].sign() {
		left++
	}
	for right > left && f[right-1].sign() {
		right--
	}
	all := []variant{{form: f, left: len(f)}}
	if left > 1 {
		all = append(all, variant{f, left, len(f), 1})
	}
	if right < len(f)-1 {
		all = append(all, variant{f, 0, right, 1})
	}
	if left > 1 && right < len(f)-1 {
		all = append(all, variant{f, left, right, 2})
	}
	return all
}

// sign tells whether the place is a fixed sign, such as a plus or a slash.
func (s slot) sign() bool { return s.one != 0 && !alphanumeric(s.one) }

// placed is a form laid over characters of a text.
type placed struct {
	form        shape
	first, last int    // places of the form that were looked for, as in variant
	from, to    int    // characters of the text
	cost        int    // of the differences
	at          []rune // for each place of the form the character that stands for it, or lost
}

// places finds where in a text the form stands, differences of at most the cost
// most allowed: approximate matching by dynamic programming (Sellers 1980), for
// each end the cheapest beginning.
func (v variant) places(text []rune, most int) (all []placed) {
	f := v.form[v.cut:v.left]
	most -= v.cost
	if len(text)+most < len(f) || most < 0 {
		return nil
	}
	width := len(text) + 1
	table := make([]int16, (len(f)+1)*width)
	for i := 1; i <= len(f); i++ {
		lostHere, above, row := int16(f[i-1].costLost()), table[(i-1)*width:i*width], table[i*width:(i+1)*width]
		row[0] = above[0] + lostHere
		for j := 1; j < width; j++ {
			row[j] = min(above[j-1]+int16(f[i-1].cost(text[j-1])), above[j]+lostHere, row[j-1]+costExtra)
		}
	}
	for j, cost := range table[len(f)*width:] {
		if int(cost) <= most {
			if p := v.trace(text, table, j); p.to > p.from {
				p.cost = int(cost) + v.cost
				all = append(all, p)
			}
		}
	}
	return all
}

// trace walks a table of places back from the end j.
func (v variant) trace(text []rune, table []int16, j int) placed {
	f, width := v.form[v.cut:v.left], len(text)+1
	p := placed{form: v.form, first: v.cut, last: v.left, to: j, at: slices.Repeat([]rune{lost}, len(v.form))}
	for i := len(f); i > 0; {
		here := table[i*width+j]
		switch {
		case j > 0 && here == table[(i-1)*width+j-1]+int16(f[i-1].cost(text[j-1])):
			i, j = i-1, j-1
			p.at[v.cut+i] = text[j]
		case here == table[(i-1)*width+j]+int16(f[i-1].costLost()):
			i--
		default:
			j--
		}
	}
	p.from = j
	return p
}

// costCut is what an end inside a word costs.
func (p placed) costCut() int {
	signs := false
	for i, s := range p.form {
		if s.sign() && p.at[i] != lost && !alphanumeric(p.at[i]) {
			return costCut
		}
		signs = signs || s.sign()
	}
	if signs {
		return costCutWords
	}
	return costCut
}

// garbles tells whether a character is what a recognizer makes of the sign at a
// place of the form that was not looked for ("444" for "+++").
func (p placed) garbles(place int, read rune) bool {
	return place >= 0 && place < len(p.form) && p.form[place].sign() && p.form[place].cost(read) <= costConfused
}

// takes tells whether the text is the form exactly.
func (f shape) takes(text []rune) bool {
	for i, s := range f {
		if i >= len(text) || !s.takes(text[i]) {
			return false
		}
	}
	return len(f) == len(text)
}

func (s slot) costLost() int {
	if s.exact && s.one != 0 {
		return costNever
	}
	if s.one != 0 && (s.one < '0' || s.one > '9') {
		return costLost
	}
	return costDigit
}

// cost is what it takes to read the character here.
func (s slot) cost(read rune) int {
	if read >= 0 && read < 128 && s.costs != nil {
		return int(s.costs[read])
	}
	return s.price(read)
}

func (s slot) price(read rune) int {
	switch {
	case s.takes(read):
		return 0
	case s.exact && (s.one != 0 || !alphanumeric(read)):
		return costNever
	case s.exact:
		return costConfused
	case s.one != 0 && (s.one == unicode.ToUpper(read) || s.one == unicode.ToLower(read)):
		return 0 // it is not literal, but nobody means another case by small letters
	case s.sign() && !alphanumeric(read) && read > ' ':
		return costConfused // one writes dots, another hyphens
	case len(s.maybe(read)) > 0:
		return costConfused
	case s.digit():
		return costDigit
	case s.one != 0:
		return costForeign
	}
	return costLetter
}

// fixed is the form that a reference alone has.
func fixed(reference string) (f shape) {
	for _, r := range reference {
		f = append(f, slot{one: r})
	}
	return f
}

// OtherDigit tells whether, where the text resembles the reference most, a digit
// or what is taken for digits stands for a digit that it is not: "$" is read for a
// 5, never for an 8. Lenient allows for digits that are taken for one another.
func OtherDigit(raw, reference string, lenient bool) bool {
	f := fixed(reference)
	text, best, other := []rune(raw), costNever, false
	if len(text) > 2*longestForm || len(f) > longestForm {
		return false
	}
	for _, v := range variantsOf(f) {
		for _, p := range v.places(text, costNever-1) {
			if cost := p.cost + costExtra*(p.from+len(text)-p.to); cost < best {
				best, other = cost, slices.ContainsFunc(p.pairs(), func(pair [2]rune) bool { return otherDigit(pair[0], pair[1], lenient) })
			}
		}
	}
	return other
}

// pairs gives what was read and what the form has at each place.
func (p placed) pairs() (all [][2]rune) {
	for i, s := range p.form {
		if p.at[i] != lost && s.one != 0 {
			all = append(all, [2]rune{p.at[i], s.one})
		}
	}
	return all
}

// otherDigit tells whether a character that was read speaks for another digit.
func otherDigit(read, digit rune, lenient bool) bool {
	if !unicode.IsDigit(digit) || read == digit {
		return false
	}
	may := []rune(confusions(read))
	if unicode.IsDigit(read) {
		return !lenient || !slices.Contains(may, digit) && !slices.Contains([]rune(confusions(digit)), read)
	}
	return slices.ContainsFunc(may, unicode.IsDigit) && !slices.Contains(may, digit)
}

// Misread tells what differences there are between a text as it was read and a
// reference: 1 for a confusion or a sign too many or too few, 2 for one fixed
// character in another's place, 3 for a digit lost. Over most it gives most+1.
func Misread(raw, reference string, most int) int {
	f := fixed(reference)
	text, best := []rune(raw), most+1
	if len(f) > longestForm || len(text) > longestForm+most {
		return best
	}
	for _, v := range variantsOf(f) {
		for _, p := range v.places(text, most) {
			best = min(best, p.cost+costExtra*(p.from+len(text)-p.to))
		}
	}
	return best
}
