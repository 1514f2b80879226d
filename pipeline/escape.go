package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escaped writes what does not print as \u escapes in JSON, where encoding/json
// leaves most of it as it is: a terminal, an editor or a viewer that shows the text
// would obey a control character of a name or a code, or turn its letters around.
// Whoever reads the JSON gets the same texts.
func Escaped(text []byte) []byte {
	if !bytes.ContainsFunc(text, hidden) {
		return text
	}
	out := make([]byte, 0, len(text)+64)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case !hidden(r):
			out = append(out, text[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[n:]
	}
	return out
}

// hidden tells what does not print. Below the space JSON's texts have nothing; its lines end there.
func hidden(r rune) bool { return r > '~' && !unicode.IsPrint(r) }

// written gives a file of JSON for a store.
func written(v any) []byte {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("bug: %T can't be written as JSON: %v", v, err))
	}
	return append(Escaped(text), '\n')
}
