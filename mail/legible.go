package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Legible tells whether a person's text says something, and nothing that a screen or a
// log would show as another line or not at all.
func Legible(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
