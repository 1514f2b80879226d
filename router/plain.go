package router

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// plain writes a text in upper case without accents.
func plain(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToUpper(text)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// parts divides a text into its plain words.
func parts(text string) []string { return strings.FieldsFunc(plain(text), apart) }

// distance counts the characters in which two texts differ (Levenshtein 1965).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
