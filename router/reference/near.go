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
		return "1Il7/"
	case '1':
		return "Il7/"
	case '7':
		return "1/T"
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
		return "EF3"
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
)

// lost marks a place whose character is missing in the text.
const lost = rune(-1)

// align finds the cheapest way to lay the text over the form: for each place of
// the form the character that stands for it, or lost (edit distance by dynamic
// programming, Wagner and Fischer 1974).
func (f shape) align(text []rune, most int) (cost int, at []rune) {
	n, m := len(f), len(text)
	if m > n+most || n > m+most {
		return most + 1, nil
	}
	const far = 1 << 20
	width := m + 1
	table := make([]int, (n+1)*width)
	for i := 0; i <= n; i++ {
		low := far
		for j := 0; j <= m; j++ {
			best := far
			if i == 0 && j == 0 {
				best = 0
			}
			if i > 0 {
				best = min(best, table[(i-1)*width+j]+f[i-1].costLost())
			}
			if j > 0 {
				best = min(best, table[i*width+j-1]+costExtra)
			}
			if i > 0 && j > 0 {
				best = min(best, table[(i-1)*width+j-1]+f[i-1].cost(text[j-1]))
			}
			table[i*width+j] = best
			low = min(low, best)
		}
		if low > most {
			return most + 1, nil
		}
	}
	cost = table[n*width+m]
	if cost > most {
		return cost, nil
	}
	at = make([]rune, n)
	for i, j := n, m; i > 0; {
		here := table[i*width+j]
		switch {
		case j > 0 && here == table[(i-1)*width+j-1]+f[i-1].cost(text[j-1]):
			i, j = i-1, j-1
			at[i] = text[j]
		case here == table[(i-1)*width+j]+f[i-1].costLost():
			i--
			at[i] = lost
		default:
			j--
		}
	}
	return cost, at
}

func (s slot) costLost() int {
	if s.one != 0 && (s.one < '0' || s.one > '9') {
		return costLost
	}
	return costDigit
}

func (s slot) cost(read rune) int {
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
	mostChanges  = 2    // characters read otherwise than the likeliest way
	mostReadings = 12   // that are kept
	mostTried    = 6000 // that are tried
)

// readings lists the references with valid check digits that a text laid over
// the form may stand for, likeliest first: fewest changed characters.
// most is how many of its characters may be read otherwise than the likeliest way.
func (s *Scheme) readings(f shape, at []rune, most int) (all []string) {
	choices := make([][]rune, len(f))
	base := make([]rune, len(f))
	for i, r := range at {
		switch {
		case r != lost:
			choices[i] = f[i].maybe(r)
		case f[i].one != 0:
			choices[i] = []rune{f[i].one}
		}
		if len(choices[i]) == 0 { // unreadable: any digit, or nothing that could be listed
			if f[i].one != 0 {
				choices[i] = []rune{f[i].one}
			} else if f[i].digit() {
				choices[i] = []rune("0123456789")
			} else {
				return nil
			}
		}
		base[i] = choices[i][0]
	}
	tried := 0
	var change func(from, left int)
	change = func(from, left int) {
		if left == 0 {
			tried++
			if text, err := s.Parse(string(base)); err == nil && len(all) < mostReadings && !slices.Contains(all, text) {
				all = append(all, text)
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

// nearest lays the text over all forms and gives the readings of the cheapest
// that fit. resembles tells whether any did.
func (s *Scheme) nearest(text []rune, most int) (cost int, all []string, resembles bool) {
	cost = most + 1
	for _, f := range s.shapes {
		c, at := f.align(text, most)
		if at == nil || c > most {
			continue
		}
		resembles = true
		found := s.readings(f, at, mostChanges)
		if slices.Contains(at, lost) {
			found = append(found, s.inserted(f, text, most)...)
		}
		if len(text) > len(f) {
			found = append(s.shortened(f, text, most), found...)
		}
		if c < cost {
			cost, all = c, append(found, all...)
			continue
		}
		all = append(all, found...)
	}
	return cost, unique(all), resembles
}

// inserted reads a text that lost a digit with the gap at each place where it may have been.
func (s *Scheme) inserted(f shape, text []rune, most int) (all []string) {
	if len(text) >= len(f) {
		return nil
	}
	for i := 0; i <= len(text); i++ {
		longer := slices.Insert(slices.Clone(text), i, '\x00')
		if _, at := f.align(longer, most+costDigit); at != nil && slices.Contains(at, '\x00') {
			all = append(all, s.readings(f, at, 1)...)
		}
	}
	return all
}

// shortened reads a text that has a character too many without each of its
// characters in turn: any of them may be the one that is not there.
func (s *Scheme) shortened(f shape, text []rune, most int) (all []string) {
	for i := range text {
		if i > 0 && text[i] == text[i-1] {
			continue // the same text again
		}
		shorter := slices.Delete(slices.Clone(text), i, i+1)
		if c, at := f.align(shorter, most); at != nil && c <= most {
			all = append(all, s.readings(f, at, 0)...)
		}
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
