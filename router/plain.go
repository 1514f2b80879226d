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
