package pipeline

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzEscaped: what is written holds nothing that does not print, and says the same.
func FuzzEscaped(f *testing.F) {
	for _, s := range []string{"", "plain é", "\x00\x1b[2J\n", "\u009b31m\x7f", "\u202eabc\u2066", "\U000E0041\U0001F600", "\u2028\ufeff\u00a0", "\\u202e\\", "\xff\xfe", "<&>"} {
		f.Add(s, "why")
	}
	f.Fuzz(func(t *testing.T, name, why string) {
		for _, text := range [][]byte{Escaped(encode(map[string]string{name: why})), written(map[string]string{name: why})} {
			if i := bytes.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 || !utf8.Valid(text) {
				t.Errorf("%q is written as %q", name, text)
			}
			var back, want map[string]string
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if err := json.Unmarshal(encode(map[string]string{name: why}), &want); err != nil {
				t.Fatal(err)
			}
			for k, v := range want {
				if len(back) != 1 || back[k] != v {
					t.Errorf("%q: %q, want %q", text, back, want)
				}
			}
		}
	})
}
