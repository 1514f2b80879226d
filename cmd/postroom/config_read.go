package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"postroom/mail"
	"postroom/router/reference"
)

// No configuration is longer; a longer file is a mistake or an attack.
const maxConfig = 1 << 20

// readConfig reads and checks postroom.yaml. have lists the language packs that
// are installed. All problems are told at once, each with its line and column.
func readConfig(path string, have func() []string) (Config, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Config{}, err
	}
	text, err := os.ReadFile(abs)
	if err != nil {
		return Config{}, configError{[]string{fmt.Sprintf("%s: %v (an example is in README.md)", path, err)}}
	}
	r := &configReader{name: path, base: filepath.Dir(abs), have: have}
	c := r.read(text)
	if len(r.problems) > 0 {
		return Config{}, configError{r.problems}
	}
	return c, nil
}

type configReader struct {
	name, base string
	have       func() []string
	problems   []string
}

// bad notes a problem at a node: what is wrong, and what is allowed.
func (r *configReader) bad(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf("%s:%d:%d: %s", r.name, max(n.Line, 1), max(n.Column, 1), fmt.Sprintf(format, args...)))
}

func (r *configReader) read(text []byte) Config {
	c := Config{}.withDefaults()
	top := &yaml.Node{Line: 1, Column: 1}
	if len(text) > maxConfig {
		r.bad(top, "the file has %d bytes, at most %d are read", len(text), maxConfig)
		return c
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		r.problems = append(r.problems, r.name+":"+yamlPlace(err))
		return c
	}
	if len(doc.Content) == 0 {
		r.bad(top, "the file is empty; at least data, references, register and stores are needed")
		return c
	}
	top = doc.Content[0]
	r.mapping(top, fields{
		"data":       func(n *yaml.Node) { c.Data = r.path(n) },
		"intake":     func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { c.Intake = append(c.Intake, r.intake(n)) }) },
		"languages":  func(n *yaml.Node) { c.Languages = r.languages(n) },
		"separation": func(n *yaml.Node) { r.separation(n, &c.Separation) },
		"blanks":     func(n *yaml.Node) { c.Blanks = r.choice(n, "flag", "drop-from-rendition") },
		"routing": func(n *yaml.Node) {
			r.mapping(n, fields{"confirm": func(n *yaml.Node) { c.Routing.Confirm = r.choice(n, "before", "after") }})
		},
		"references": func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { r.reference(n, &c) }) },
		"register":   func(n *yaml.Node) { r.mapping(n, fields{"csv": func(n *yaml.Node) { c.Register.CSV = r.path(n) }}) },
		"stores":     func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { c.Stores = append(c.Stores, r.store(n)) }) },
		"web":        func(n *yaml.Node) { r.mapping(n, fields{"listen": func(n *yaml.Node) { c.Web.Listen = r.address(n) }}) },
		"sandbox":    func(n *yaml.Node) { c.Sandbox = r.choice(n, "best-effort", "require") },
		"limits":     func(n *yaml.Node) { r.limits(n, &c.Limits) },
	}, "data", "references", "register", "stores")
	if len(r.problems) == 0 {
		r.together(top, c)
	}
	return c
}

// yamlPlace turns yaml's "yaml: line N: what" into "N:1: what".
func yamlPlace(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, what, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(number); err == nil {
				line, text = n, what
			}
		}
	}
	return fmt.Sprintf("%d:1: this is no YAML: %s", max(line, 1), text)
}

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
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		r.bad(n, "a text is needed here")
		return ""
	}
	return n.Value
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
	if n.Kind != yaml.ScalarNode || !slices.Contains(allowed, n.Value) {
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
	if n.Kind != yaml.ScalarNode || err != nil || v < least || v > most {
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
	if n.Kind != yaml.ScalarNode || err != nil || !(v > 0) || v*factor > float64(most) {
		r.bad(n, "%q is not possible here; a size over 0 and up to %d is needed, such as 60M%s", n.Value, most, unit)
		return 0
	}
	return int64(v * factor)
}

func (r *configReader) languages(n *yaml.Node) (languages []string) {
	installed := r.have()
	r.list(n, func(n *yaml.Node) {
		l := r.text(n)
		if l != "" && !slices.Contains(installed, l) {
			r.bad(n, "the language data %q is missing (installed: %s); install it with: apt-get install tesseract-ocr-%s",
				l, strings.Join(installed, ", "), strings.ReplaceAll(l, "_", "-"))
		}
		languages = append(languages, l)
	})
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.bad(n, "at least one language is needed, such as [eng]")
	}
	return languages
}

func (r *configReader) intake(n *yaml.Node) Intake {
	i := Intake{}.withDefaults()
	r.mapping(n, fields{
		"folder":  func(n *yaml.Node) { i.Folder = r.path(n) },
		"name":    func(n *yaml.Node) { i.Name = r.text(n) },
		"quiet":   func(n *yaml.Node) { i.Quiet = r.duration(n, 0) },
		"rescan":  func(n *yaml.Node) { i.Rescan = r.duration(n, 50*time.Millisecond) },
		"max_age": func(n *yaml.Node) { i.MaxAge = r.duration(n, time.Second) },
		"duplex":  func(n *yaml.Node) { i.Duplex = r.yes(n) },
		"done": func(n *yaml.Node) {
			if i.Done = n.Value; n.Value != "delete" {
				i.Done = r.path(n)
			}
		},
	}, "folder", "name")
	return i
}

func (r *configReader) separation(n *yaml.Node, s *Separation) {
	r.mapping(n, fields{
		"separators": func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) { s.Separators = append(s.Separators, r.separator(n)) })
		},
		"on_reference": func(n *yaml.Node) { s.OnReference = r.yes(n) },
		"max_pages":    func(n *yaml.Node) { s.MaxPages = r.number(n, 1, 10000) },
	})
}

func (r *configReader) separator(n *yaml.Node) (s Separator) {
	r.mapping(n, fields{
		"patch": func(n *yaml.Node) {
			if err := s.Patch.UnmarshalText([]byte("patch-" + strings.ToLower(n.Value))); err != nil {
				r.bad(n, "%q is no patch code; allowed: 1, 2, 3, 4, 6, T", n.Value)
			}
		},
		"text": func(n *yaml.Node) { s.Text = r.text(n) },
		"keep": func(n *yaml.Node) { s.Keep = r.yes(n) },
	})
	if n.Kind == yaml.MappingNode && (s.Patch == mail.NoSymbology) == (s.Text == "") {
		r.bad(n, "a separator is either {patch: T} or {text: PATCHT}")
	}
	return s
}

func (r *configReader) reference(n *yaml.Node, c *Config) {
	s := reference.Config{}
	at := map[string]*yaml.Node{}
	keep := func(key string, visit func(*yaml.Node)) func(*yaml.Node) {
		return func(n *yaml.Node) { at[key] = n; visit(n) }
	}
	texts := func(to *[]string) func(*yaml.Node) {
		return func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { *to = append(*to, r.text(n)) }) }
	}
	before := len(r.problems)
	r.mapping(n, fields{
		"scheme":  func(n *yaml.Node) { s.Name = r.text(n) },
		"pattern": keep("pattern", func(n *yaml.Node) { s.Pattern = r.text(n) }),
		"check":   keep("check", func(n *yaml.Node) { s.Check = r.choice(n, reference.Checks()...) }),
		"covers":  keep("covers", func(n *yaml.Node) { s.Covers = r.number(n, 0, 99) }),
		"labels":  texts(&s.Labels),
		"symbologies": func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) {
				var sym mail.Symbology
				if err := sym.UnmarshalText([]byte(n.Value)); err != nil || sym == mail.NoSymbology || sym.Patch() {
					r.bad(n, "%q is no symbology; allowed: code-128, code-39, code-93, itf, codabar, ean-13, ean-8, upc-a, qr, data-matrix, aztec, pdf417", n.Value)
				}
				s.Symbologies = append(s.Symbologies, sym)
			})
		},
		"store": func(n *yaml.Node) { s.Store = r.text(n); at["store"] = n },
		"weights": func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) { s.Weights = append(s.Weights, r.number(n, -1000, 1000)) })
		},
		"modulus": func(n *yaml.Node) { s.Modulus = r.number(n, 2, 1000) },
		"map":     func(n *yaml.Node) { s.Map = r.text(n) },
	}, "scheme", "pattern", "check", "store")
	if len(r.problems) > before {
		return
	}
	scheme, err := reference.New(s)
	if err != nil {
		where := at["pattern"]
		if at["covers"] != nil && strings.Contains(err.Error(), "covers") {
			where = at["covers"]
		}
		r.bad(where, "%v", err)
		return
	}
	c.References = append(c.References, s)
	c.schemes = append(c.schemes, scheme)
}

func (r *configReader) store(n *yaml.Node) (s StoreFolder) {
	r.mapping(n, fields{
		"name":   func(n *yaml.Node) { s.Name = r.text(n) },
		"folder": func(n *yaml.Node) { s.Folder = r.path(n) },
	}, "name", "folder")
	return s
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

func (r *configReader) limits(n *yaml.Node, l *Limits) {
	r.mapping(n, fields{
		"file":      func(n *yaml.Node) { l.File = r.size(n, "B", 100e9) },
		"pages":     func(n *yaml.Node) { l.Pages = r.number(n, 1, 1000000) },
		"pixels":    func(n *yaml.Node) { l.Pixels = r.size(n, "", 1e9) },
		"page_cpu":  func(n *yaml.Node) { l.PageCPU = r.duration(n, time.Second) },
		"page_wall": func(n *yaml.Node) { l.PageWall = r.duration(n, time.Second) },
	})
}

// together checks what only shows when all parts are known.
func (r *configReader) together(top *yaml.Node, c Config) {
	part := func(key string) *yaml.Node {
		for i := 0; i+1 < len(top.Content); i += 2 {
			if top.Content[i].Value == key {
				return top.Content[i+1]
			}
		}
		return top
	}
	item := func(key string, i int) *yaml.Node { return part(key).Content[i] }
	stores, schemes, inputs := map[string]bool{}, map[string]bool{}, map[string]bool{}
	places := map[string]string{c.Data: "data"}
	claim := func(n *yaml.Node, path, what string) {
		for other, owner := range places {
			if within(path, other) || within(other, path) {
				r.bad(n, "%s %s overlaps with %s %s; each needs a folder of its own", what, path, owner, other)
			}
		}
		places[path] = what
	}
	for i, s := range c.Stores {
		if stores[s.Name] {
			r.bad(item("stores", i), "the store %q is defined twice", s.Name)
		}
		stores[s.Name] = true
		claim(item("stores", i), s.Folder, "store "+s.Name)
	}
	for i, f := range c.Intake {
		if inputs[f.Name] {
			r.bad(item("intake", i), "the intake name %q is used twice", f.Name)
		}
		inputs[f.Name] = true
		claim(item("intake", i), f.Folder, "intake "+f.Name)
		if f.Done != "delete" && within(f.Done, f.Folder) {
			r.bad(item("intake", i), "done: %s is inside the watched folder, so that what is done would come in again", f.Done)
		}
	}
	for i, s := range c.References {
		if schemes[s.Name] {
			r.bad(item("references", i), "the scheme %q is defined twice", s.Name)
		}
		schemes[s.Name] = true
		if !stores[s.Store] {
			r.bad(item("references", i), "the store %q is not defined; allowed: %s", s.Store, storeNames(c))
		}
	}
}

func storeNames(c Config) string {
	var all []string
	for _, s := range c.Stores {
		all = append(all, s.Name)
	}
	return strings.Join(all, ", ")
}

// within tells whether path is the folder or lies in it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}
