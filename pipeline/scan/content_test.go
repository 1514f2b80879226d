package scan

import "testing"

func TestOnlyImage(t *testing.T) {
	for content, want := range map[string]bool{
		"q 2 0 0 1 0 0 cm /Im0 Do Q":                                            true,
		"q 2 0 0 1 0 0 cm /Im0 Do Q q BT 3 Tr (ocr) Tj ET Q":                    true,
		"q 3 Tr q BT (ocr) Tj ET Q BT (ocr) Tj ET Q q 2 0 0 1 0 0 cm /Im0 Do Q": true,
		"q 2 0 0 1 0 0 cm /Im0 Do Q q BT 3 Tr (ocr) Tj ET Q BT (stamp) Tj ET":   false,
		"3 Tr q 0 Tr Q BT (ocr) Tj ET q 2 0 0 1 0 0 cm /Im0 Do Q":               true,
		"3 Tr q 0 Tr BT (stamp) Tj ET Q q 2 0 0 1 0 0 cm /Im0 Do Q":             false,
		"q 2 0 0 1 0 0 cm /Im0 Do Q /Im0 Do":                                    false,
		"q 2 0 0 1 0 0 cm /Im0 Do Q BI /W 1/H 1/BPC 8/CS/G ID x EI":             false,
		"Q q 2 0 0 1 0 0 cm /Im0 Do":                                            false,
		"q 2 0 0 1 0 0 cm /Im0 Do Q % a remark ends its line\n0 0 9 9 re f":     false,
		"q 2 0 0 1 0 0 cm /Im0 Do Q (a (string) with \\) in it) 0 0 f":          false,
	} {
		name, at, ok := onlyImage([]byte(content))
		if ok != want || ok && (name != "Im0" || at != matrix{2, 0, 0, 1, 0, 0}) {
			t.Errorf("%q: %v (%s, %v), want %v", content, ok, name, at, want)
		}
	}
}
