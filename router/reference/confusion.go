package reference

import (
	"slices"
	"unicode"
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

// maybe lists what a read character may stand for at a place, itself and its
// other case first.
func (s slot) maybe(read rune) (all []rune) {
	for _, r := range append([]rune{read, unicode.ToUpper(read), unicode.ToLower(read)}, []rune(confusions(read))...) {
		if s.takes(r) && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}
