package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

type fields map[string]func(*yaml.Node)

// mapping visits a mapping's known keys; others, repeated and missing ones are problems.
func (r *configReader) mapping(n *yaml.Node, known fields, needed ...string) {
	if n.Kind != yaml.MappingNode {
		r.bad(n, "a mapping is needed here: %s", names(known))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		visit, ok := known[key.Value]
		switch {
		case !ok:
			r.bad(key, "unknown key %q%s; allowed: %s", key.Value, meant(key.Value, known), names(known))
			continue
		case seen[key.Value]:
			r.bad(key, "the key %q stands twice", key.Value)
			continue
		case value.Kind == yaml.AliasNode:
			r.bad(value, "aliases are not allowed; write the value out")
			continue
		}
		seen[key.Value] = true
		visit(value)
	}
	for _, k := range needed {
		if !seen[k] {
			r.bad(n, "the key %q is missing", k)
		}
	}
}

func names(known fields) string {
	var all []string
	for k := range known {
		all = append(all, k)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// meant offers the known key that differs in one letter, or two that changed places.
func meant(given string, known fields) string {
	for _, k := range strings.Split(names(known), ", ") {
		if near(given, k) {
			return fmt.Sprintf(" (did you mean %q?)", k)
		}
	}
	return ""
}

func near(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	j := 0
	for j < len(a)-i && j < len(b)-i && a[len(a)-1-j] == b[len(b)-1-j] {
		j++
	}
	x, y := a[i:len(a)-j], b[i:len(b)-j]
	return len(x) <= 1 && len(y) <= 1 || len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
}

func (r *configReader) list(n *yaml.Node, visit func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.bad(n, "a list is needed here: [...] or lines that begin with -")
		return
	}
	for _, item := range n.Content {
		if item.Kind == yaml.AliasNode {
			r.bad(item, "aliases are not allowed; write the value out")
			continue
		}
		visit(item)
	}
}

func (r *configReader) text(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" || n.Value == "":
		r.bad(n, "a text is needed here")
		return ""
	case n.ShortTag() != "!!str":
		r.bad(n, "a text is needed here; if %s is meant as one, put it in quotes", n.Value)
		return ""
	}
	return n.Value
}

// word reads a name that people write in front of a colon, as in tax:TX-2021-1.
func (r *configReader) word(n *yaml.Node) string {
	t := r.text(n)
	if strings.ContainsFunc(t, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-_.", c)
	}) {
		r.bad(n, "%q is no name; letters, digits and - _ . are allowed", t)
	}
	return t
}

func (r *configReader) path(n *yaml.Node) string {
	p := r.text(n)
	switch {
	case p == "":
		return ""
	case strings.ContainsRune(p, 0):
		r.bad(n, "a path can't hold a NUL")
		return ""
	case filepath.IsAbs(p):
		return filepath.Clean(p)
	}
	return filepath.Join(r.base, p)
}

func (r *configReader) choice(n *yaml.Node, allowed ...string) string {
	if n.Kind != yaml.ScalarNode {
		r.bad(n, "a word is needed here; allowed: %s", strings.Join(allowed, ", "))
	} else if !slices.Contains(allowed, n.Value) {
		r.bad(n, "%q is not possible here; allowed: %s", n.Value, strings.Join(allowed, ", "))
	}
	return n.Value
}

func (r *configReader) yes(n *yaml.Node) bool {
	var b bool
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(&b) != nil {
		r.bad(n, "%q is not possible here; allowed: true, false", n.Value)
	}
	return b
}

func (r *configReader) number(n *yaml.Node, least, most int) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || v < least || v > most {
		r.bad(n, "%q is not possible here; a whole number from %d to %d is needed", n.Value, least, most)
	}
	return v
}

func (r *configReader) duration(n *yaml.Node, least time.Duration) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d < least {
		r.bad(n, "%q is not possible here; a time of at least %v is needed, such as 500ms, 2s, 10m", n.Value, least)
	}
	return d
}

// size reads a number with k, M or G behind it, and B where it counts bytes.
func (r *configReader) size(n *yaml.Node, unit string, most int64) int64 {
	text := strings.TrimSuffix(n.Value, unit)
	factor := 1.0
	for suffix, f := range map[string]float64{"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9} {
		if t, ok := strings.CutSuffix(text, suffix); ok {
			text, factor = t, f
			break
		}
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if n.Kind != yaml.ScalarNode || err != nil || !(v*factor >= 1) || v*factor > float64(most) {
		r.bad(n, "%q is not possible here; a size over 0 and up to %d is needed, such as 60M%s", n.Value, most, unit)
		return 0
	}
	return int64(v * factor)
}

func (r *configReader) address(n *yaml.Node) string {
	a := r.text(n)
	host, port, ok := cutLast(a, ":")
	if v, err := strconv.Atoi(port); !ok || host == "" || err != nil || v < 0 || v > 65535 {
		r.bad(n, "%q is no address; HOST:PORT is needed, such as 127.0.0.1:8080", a)
	}
	return a
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
