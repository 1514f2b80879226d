package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestDoubleKey: a scheme can ask for two persons; a configuration that does not speak of
// it is the same as before there was any such thing.
func TestDoubleKey(t *testing.T) {
	read := func(more string) Config {
		path := filepath.Join(t.TempDir(), "postroom.yaml")
		text := "data: ./data\nlanguages: [eng]\nregister: {csv: cases.csv}\nstores: [{name: tax, folder: ./tax}]\nreferences:\n" +
			"  - {scheme: old, pattern: 'O\\d{4}', check: none, store: tax}\n  - {scheme: tax, pattern: 'T\\d{4}', check: none, store: tax" + more + "}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := readConfig(path, func() []string { return []string{"eng"} })
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := read(", double_key: true"); !slices.Equal(c.DoubleKey, []string{"tax"}) || !bytes.Contains(c.settings(), []byte(`"DoubleKey"`)) {
		t.Errorf("%v in %s", c.DoubleKey, c.settings())
	}
	for _, more := range []string{"", ", double_key: false"} {
		if c := read(more); c.DoubleKey != nil || bytes.Contains(c.settings(), []byte(`"DoubleKey"`)) {
			t.Errorf("%q: %s", more, c.settings())
		}
	}
}
