package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
	r := &configReader{name: path, base: filepath.Dir(abs), have: have, where: map[spot]*yaml.Node{}}
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
	where      map[spot]*yaml.Node
}

// spot names a value of a list's item, so that what only shows when all parts are
// known can be told at its place.
type spot struct {
	list string
	item int
	key  string
}

// noted visits a value and keeps its place.
func (r *configReader) noted(s spot, visit func(*yaml.Node)) func(*yaml.Node) {
	return func(n *yaml.Node) { r.where[s] = n; visit(n) }
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
	var doc, second yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	if err := documents.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		r.problems = append(r.problems, r.name+":"+yamlPlace(err))
		return c
	}
	if err := documents.Decode(&second); err == nil {
		r.bad(&second, "a second document begins here; one is read")
		return c
	}
	if len(doc.Content) == 0 {
		r.bad(top, "the file is empty; at least data, references, register and stores are needed")
		return c
	}
	top = doc.Content[0]
	r.mapping(top, fields{
		"data": func(n *yaml.Node) { c.Data = r.path(n) },
		"intake": func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) { c.Intake = append(c.Intake, r.intake(n, len(c.Intake))) })
		},
		"languages":  func(n *yaml.Node) { c.Languages = r.languages(n) },
		"separation": func(n *yaml.Node) { r.separation(n, &c.Separation) },
		"blanks":     func(n *yaml.Node) { c.Blanks = r.choice(n, "flag", "drop-from-rendition") },
		"routing": func(n *yaml.Node) {
			r.mapping(n, fields{"confirm": func(n *yaml.Node) { c.Routing.Confirm = r.choice(n, "before", "after") }})
		},
		"references": func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { r.reference(n, &c) }) },
		"register": func(n *yaml.Node) {
			r.mapping(n, fields{"csv": func(n *yaml.Node) { c.Register.CSV = r.path(n) }}, "csv")
		},
		"stores": func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) { c.Stores = append(c.Stores, r.store(n, len(c.Stores))) })
		},
		"web":     func(n *yaml.Node) { r.web(n, &c.Web) },
		"sandbox": func(n *yaml.Node) { c.Sandbox = r.choice(n, "best-effort", "require") },
		"limits":  func(n *yaml.Node) { r.limits(n, &c.Limits) },
	}, "data", "references", "register", "stores")
	r.together(c)
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

func (r *configReader) languages(n *yaml.Node) (languages []string) {
	installed := r.have()
	r.list(n, func(n *yaml.Node) {
		l := r.text(n)
		switch {
		case l == "osd" || l == "equ":
			r.bad(n, "%q is no language", l)
		case slices.Contains(languages, l):
			r.bad(n, "the language %q stands twice", l)
		case l != "" && !slices.Contains(installed, l):
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

func (r *configReader) intake(n *yaml.Node, item int) Intake {
	at := func(key string) spot { return spot{"intake", item, key} }
	i := Intake{}.withDefaults()
	r.mapping(n, fields{
		"folder":  r.noted(at("folder"), func(n *yaml.Node) { i.Folder = r.path(n) }),
		"name":    r.noted(at("name"), func(n *yaml.Node) { i.Name = r.text(n) }),
		"quiet":   r.noted(at("quiet"), func(n *yaml.Node) { i.Quiet = r.duration(n, 0) }),
		"rescan":  func(n *yaml.Node) { i.Rescan = r.duration(n, 50*time.Millisecond) },
		"max_age": r.noted(at("max_age"), func(n *yaml.Node) { i.MaxAge = r.duration(n, time.Second) }),
		"duplex":  func(n *yaml.Node) { i.Duplex = r.yes(n) },
		"done": r.noted(at("done"), func(n *yaml.Node) {
			if i.Done = n.Value; n.Value != "delete" {
				i.Done = r.path(n)
			}
		}),
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
	at := func(key string) spot { return spot{"references", len(c.References), key} }
	keep := func(key string, visit func(*yaml.Node)) func(*yaml.Node) { return r.noted(at(key), visit) }
	texts := func(to *[]string) func(*yaml.Node) {
		return func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { *to = append(*to, r.text(n)) }) }
	}
	before, double := len(r.problems), false
	r.mapping(n, fields{
		"scheme":  keep("scheme", func(n *yaml.Node) { s.Name = r.word(n) }),
		"pattern": keep("pattern", func(n *yaml.Node) { s.Pattern = r.text(n) }),
		"check":   keep("check", func(n *yaml.Node) { s.Check = r.choice(n, reference.Checks()...) }),
		"covers":  keep("covers", func(n *yaml.Node) { s.Covers = r.number(n, 0, 99) }),
		"labels":  texts(&s.Labels),
		"symbologies": func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) {
				var sym mail.Symbology
				if err := sym.UnmarshalText([]byte(n.Value)); err != nil || sym == mail.NoSymbology || sym.Patch() {
					r.bad(n, "%q is no symbology that is read; allowed: code-128, code-39, code-93, itf, codabar, ean-13, ean-8, upc-a, qr, data-matrix, aztec, pdf417", n.Value)
				}
				s.Symbologies = append(s.Symbologies, sym)
			})
		},
		"store": keep("store", func(n *yaml.Node) { s.Store = r.text(n) }),
		"weights": keep("weights", func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) { s.Weights = append(s.Weights, r.number(n, -1000, 1000)) })
		}),
		"modulus":    func(n *yaml.Node) { s.Modulus = r.number(n, 2, 1000) },
		"map":        func(n *yaml.Node) { s.Map = r.text(n) },
		"double_key": func(n *yaml.Node) { double = r.yes(n) },
	}, "scheme", "pattern", "check", "store")
	if s.Weights != nil && s.Check != "weighted" {
		r.bad(r.where[at("weights")], "weights belong to check: weighted")
	}
	if len(r.problems) > before {
		return
	}
	scheme, err := reference.New(s)
	if err != nil {
		where := r.where[at("pattern")]
		if covers := r.where[at("covers")]; covers != nil && strings.Contains(err.Error(), "covers") {
			where = covers
		}
		r.bad(where, "%v", err)
		return
	}
	if c.References = append(c.References, s); double {
		c.DoubleKey = append(c.DoubleKey, s.Name)
	}
	c.schemes = append(c.schemes, scheme)
}

func (r *configReader) store(n *yaml.Node, item int) (s StoreFolder) {
	r.mapping(n, fields{
		"name":   r.noted(spot{"stores", item, "name"}, func(n *yaml.Node) { s.Name = r.text(n) }),
		"folder": r.noted(spot{"stores", item, "folder"}, func(n *yaml.Node) { s.Folder = r.path(n) }),
	}, "name", "folder")
	return s
}

func (r *configReader) limits(n *yaml.Node, l *Limits) {
	r.mapping(n, fields{
		"file":      func(n *yaml.Node) { l.File = r.size(n, "B", 100e9) },
		"pages":     func(n *yaml.Node) { l.Pages = r.number(n, 1, 1000000) },
		"pixels":    func(n *yaml.Node) { l.Pixels = r.size(n, "", 1e9) },
		"page_cpu":  func(n *yaml.Node) { l.PageCPU = r.duration(n, time.Second) },
		"page_wall": func(n *yaml.Node) { l.PageWall = r.duration(n, time.Second) },
		"reserve":   func(n *yaml.Node) { l.Reserve = r.size(n, "B", 1e12) },
	})
}
