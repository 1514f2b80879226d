package reference

import (
	"slices"
)

// What a recognizer confuses, each way: the character read, and what may have
// been printed.
func confusions(read rune) string {
	switch read {
	case 'O', 'o', 'D', 'Q', 'U', 'C':
		return "0ODQ"
	case '0':
		return "ODQ8"
	case 'I', 'l', 'i', '|', '!', 'j', ']', '[':
		return "1Il7/TJ"
	case '1':
		return "Il7/"
	case '7':
		return "1/TZ"
	case '/':
		return "17I"
	case '\\', 'J', 'f':
		return "/17J"
	case 'S', 's', '$', '§':
		return "5S"
	case '5':
		return "S6"
	case 'B', 'ß', '&':
		return "8B"
	case '8':
		return "B630"
	case 'G', 'b':
		return "6GB"
	case '6':
		return "G8b5"
	case 'Z', 'z', '?':
		return "2Z7"
	case '2':
		return "Z7"
	case 'g', 'q', 'P':
		return "9P"
	case '9':
		return "gq4"
	case 'A':
		return "4A"
	case '4':
		return "A9+"
	case '3':
		return "8E"
	case 'E', 'F':
		return "EFP3"
	case 'T', 't':
		return "T+7"
	case '*', '#', '†', 'x', 'X', '%':
		return "+X"
	case '-', '~', '_', '.', ',', '\'', '=':
		return "-"
	case ':', ';':
		return "-/"
	case 'V', 'v', 'Y':
		return "VY"
	case 'W', 'w':
		return "WVV"
	case 'K', 'R', 'H', 'M', 'N':
		return "KRHMN"
	}
	return ""
}

// maybe lists what a read character may stand for at a place, itself first.
func (s slot) maybe(read rune) (all []rune) {
	if s.takes(read) {
		all = append(all, read)
	}
	for _, r := range confusions(read) {
		if r != read && s.takes(r) && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	if 'a' <= read && read <= 'z' && s.takes(read-'a'+'A') && !slices.Contains(all, read-'a'+'A') {
		all = append(all, read-'a'+'A')
	}
	return all
}

// What the differences between a text and a form cost. What is over the budget
// does not resemble a reference.
const (
	costConfused = 1 // a character that another is taken for
	costExtra    = 1 // a character too many
	costLost     = 1 // a fixed character of the form is missing
	costForeign  = 2 // another character stands for a fixed one
	costLetter   = 2 // some letter stands where another letter class is
	costDigit    = 3 // a digit is missing or unreadable

	budget        = 3
	budgetLabeled = 4 // behind a label
	sureLikeness  = 2 // what resembles a reference so much is one, even when no reading of it is valid
)

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
	case len(s.maybe(read)) > 0:
		return costConfused
	case s.digit():
		return costDigit
	case s.one != 0:
		return costForeign
	}
	return costLetter
}

// Bounds on the readings of one text.
const (
	mostChanges  = 2    // characters read otherwise than the likeliest way; fewer, the less the text resembles the form
	mostReadings = 12   // that are kept
	mostTried    = 6000 // that are tried
)

// nearest lists the references with valid check digits that a text may stand
// for, likeliest first: those that take the fewest confusions, and last, when
// there are few, those that take one character for quite another.
func (s *Scheme) nearest(raw []rune, p placed) []string {
	all := s.readings(choices(p.form, p.at, p.cost >= costDigit), mostChanges)
	if len(raw) < len(p.form) && slices.Contains(p.at, lost) {
		all = append(all, s.inserted(p, raw)...)
	}
	if len(raw) > len(p.form) {
		all = append(all, s.dropped(p, raw)...)
	}
	if p.cost <= 1 {
		all = append(all, s.anyOther(p)...)
	}
	return unique(all)
}

// choices lists for each place of the form what may stand there, likeliest
// first; nil when a place can't be anything. trusting takes what fits for read
// well: a text that hardly resembles the form has no more to be doubted.
func choices(f shape, at []rune, trusting bool) [][]rune {
	all := make([][]rune, len(f))
	for i, r := range at {
		switch {
		case r != lost && trusting && f[i].takes(r):
			all[i] = []rune{r}
		case r != lost:
			all[i] = f[i].maybe(r)
		}
		if len(all[i]) == 0 {
			all[i] = f[i].any()
		}
		if len(all[i]) == 0 {
			return nil
		}
	}
	return all
}

// any lists all that may stand at a place; nil when that is too much.
func (s slot) any() (all []rune) {
	if s.one != 0 {
		return []rune{s.one}
	}
	for i := 0; i+1 < len(s.class); i += 2 {
		for r := s.class[i]; r <= s.class[i+1]; r++ {
			if len(all) == 64 {
				return nil
			}
			all = append(all, r)
		}
	}
	return all
}

// readings tries choices, at most so many of them other than the likeliest.
func (s *Scheme) readings(choices [][]rune, most int) (all []string) {
	if choices == nil {
		return nil
	}
	base := make([]rune, len(choices))
	for i, c := range choices {
		base[i] = c[0]
	}
	tried := 0
	var change func(from, left int)
	change = func(from, left int) {
		if left == 0 {
			if tried++; len(all) < mostReadings && s.proves(base) {
				all = append(all, string(base))
			}
			return
		}
		for i := from; i < len(base) && tried < mostTried; i++ {
			kept := base[i]
			for _, r := range choices[i][1:] {
				base[i] = r
				change(i+1, left-1)
			}
			base[i] = kept
		}
	}
	for changes := 0; changes <= most; changes++ {
		change(0, changes)
	}
	return all
}

// proves tells whether a text that has one of the scheme's forms is a reference.
func (s *Scheme) proves(text []rune) bool {
	if s.cfg.Covers == 0 && !s.check.holds(string(text)) {
		return false // the cheaper half first
	}
	_, err := s.Parse(string(text))
	return err == nil
}

// inserted reads a text that lost a digit with the gap at each place where it may have been.
func (s *Scheme) inserted(p placed, raw []rune) (all []string) {
	if p.cost > costDigit+1 {
		return nil
	}
	for i := 0; i <= len(raw); i++ {
		longer := slices.Insert(slices.Clone(raw), i, '\x00')
		for _, q := range (variant{form: p.form, left: len(p.form)}).places(longer, p.cost) {
			if q.from == 0 && q.to == len(longer) && slices.Contains(q.at, '\x00') {
				all = append(all, s.readings(choices(p.form, q.at, true), 1)...)
			}
		}
	}
	return all
}

// dropped reads a text that holds a character too many without each of them.
func (s *Scheme) dropped(p placed, raw []rune) (all []string) {
	for i := range raw {
		shorter := slices.Delete(slices.Clone(raw), i, i+1)
		for _, q := range (variant{form: p.form, left: len(p.form)}).places(shorter, p.cost-1) {
			if q.from == 0 && q.to == len(shorter) {
				all = append(all, s.readings(choices(p.form, q.at, p.cost > 1), 1)...)
			}
		}
	}
	return all
}

// anyOther reads each digit or letter of a text as any other. Weak checks hold
// too often for that to say anything.
func (s *Scheme) anyOther(p placed) (all []string) {
	if !s.check.strong {
		return nil
	}
	choices := choices(p.form, p.at, false)
	if choices == nil {
		return nil
	}
	base := make([]rune, len(choices))
	for i, c := range choices {
		base[i] = c[0]
	}
	for i, place := range p.form {
		kept := base[i]
		for _, r := range place.any() {
			if base[i] = r; r != kept && s.proves(base) {
				all = append(all, string(base))
			}
		}
		base[i] = kept
	}
	return all
}

func unique(all []string) (kept []string) {
	for _, a := range all {
		if !slices.Contains(kept, a) && len(kept) < mostReadings {
			kept = append(kept, a)
		}
	}
	return kept
}

// Misread tells what differences there are between a text as it was read and a
// reference: 1 for a confusion or a sign too many or too few, 2 for one fixed
// character in another's place, 3 for a digit lost. Over most it gives most+1.
func Misread(raw, reference string, most int) int {
	f := shape{}
	for _, r := range reference {
		f = append(f, slot{one: r})
	}
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
