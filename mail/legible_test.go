package mail

import "testing"

func TestLegible(t *testing.T) {
	for text, want := range map[string]bool{
		"A. Clerk": true, " Zoë 王 ": true, "": false, " \t ": false, "two\nlines": false, "bell\a": false,
		"turned\u202eround": false, "hidden\u200b": false, "\xff\xfe": false,
	} {
		if Legible(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
