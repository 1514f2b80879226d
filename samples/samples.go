// Package samples makes up mail as a town's scanners would write it, with the
// truth about every page.
//
// In comes a seed; out come batch files, a case register, a configuration and
// the truth. The same seed gives the same bytes. The package knows how mail
// looks and nothing of how it is read.
package samples

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"postroom/durable"
)

// FS holds the committed small batches; mail/MANIFEST.md tells their purpose.
//
//go:embed mail
var FS embed.FS

// Config says what is made. The zero value makes one mixed batch of some 12 pages.
type Config struct {
	Seed      uint64
	Batches   int      // 1
	Pages     int      // about, in each batch: 12
	Levels    []string // clean, office, poor; empty = office and poor
	Encodings []string // see Encodings; empty = all in turn
	Kinds     []string // of letters, see DocumentTruth.Type; empty = all
}

// Committed makes the batches of the folder mail: small, and one of each encoding.
func Committed() Config {
	return Config{Seed: 26, Batches: 8, Pages: 3, Levels: []string{"clean", "clean", "office"},
		Encodings: []string{"pdf-g4-200", "tif-g4", "pdf-g4", "pdf-grey-200", "tif-g4-200", "tif-jpeg", "jpg", "png"}}
}

// Encodings lists the ways that scanners write more than one page.
func Encodings() []string {
	return []string{"pdf-g4", "pdf-grey", "tif-g4", "pdf-rgb200", "pdf-flate", "tif-jpeg", "pdf-g4-200"}
}

// Truth is what is true of one batch file.
type Truth struct {
	File      string          `json:"file"`
	Encoding  string          `json:"encoding"`
	Separator string          `json:"separator"`
	Pages     []PageTruth     `json:"pages"`
	Documents []DocumentTruth `json:"documents"`
}

// PageTruth is what is true of one page.
type PageTruth struct {
	Kind  string      `json:"kind"` // separator, content, blank
	Rot   int         `json:"rot"`  // how the page lies turned, clockwise
	Codes []CodeTruth `json:"codes"`
	Level string      `json:"level"`
	Skew  float64     `json:"skew"`
}

// CodeTruth is a code on a page.
type CodeTruth struct {
	Symbology string `json:"sym"`
	Text      string `json:"text"`
	Mil       int    `json:"mil"` // module width, thousandths of an inch
}

// DocumentTruth is a letter: its case, or the exception that it must be.
type DocumentTruth struct {
	Pages     []int  `json:"pages"`
	Type      string `json:"type"` // bar, ocr, both, conflict, unknown, closed, invalid, none, doubtful
	Language  string `json:"lang"`
	Case      string `json:"case,omitempty"`
	Store     string `json:"store,omitempty"`
	Exception string `json:"exception,omitempty"` // reasons that fit, divided by |
}

// Write makes the batches with cases.csv, postroom.yaml and truth.json in a folder.
func Write(dir string, c Config) ([]Truth, error) {
	if c.Batches == 0 {
		c.Batches = 1
	}
	if c.Pages == 0 {
		c.Pages = 12
	}
	if len(c.Levels) == 0 {
		c.Levels = []string{"office", "office", "poor"}
	}
	if len(c.Encodings) == 0 {
		c.Encodings = Encodings()
	}
	if err := durable.MkdirAll(filepath.Join(dir, "inbox"), 0o750); err != nil {
		return nil, err
	}
	town := newTown(rand.New(rand.NewPCG(c.Seed, 0)))
	var truths []Truth
	for i := range c.Batches {
		rng := rand.New(rand.NewPCG(c.Seed, uint64(i)+1))
		encoding := c.Encodings[i%len(c.Encodings)]
		b := &batch{rng: rng, town: town, encoding: encoding, levels: c.Levels, kinds: c.Kinds,
			truth: Truth{Encoding: encoding, File: fmt.Sprintf("batch-%03d.%s", i, encoding[:3])}}
		if encoding == "jpg" || encoding == "png" {
			b.single()
		} else {
			b.compose(c.Pages)
		}
		data, err := encode(encoding, b.sides, rng)
		if err != nil {
			return nil, fmt.Errorf("batch %d: %w", i, err)
		}
		if err := durable.Overwrite(filepath.Join(dir, b.truth.File), bytes.NewReader(data)); err != nil {
			return nil, err
		}
		truths = append(truths, b.truth)
	}
	text, err := json.Marshal(truths)
	if err != nil {
		return nil, err
	}
	for name, content := range map[string]string{"truth.json": string(text) + "\n", "cases.csv": town.csv(), "postroom.yaml": configuration} {
		if err := durable.Overwrite(filepath.Join(dir, name), strings.NewReader(content)); err != nil {
			return nil, err
		}
	}
	return truths, nil
}

// configuration suits the made-up mail.
const configuration = `# A mailroom for made-up mail. docs/contract.md explains every key.
data: ./data
intake:
  - {folder: ./inbox, name: scanner-1, quiet: 2s, rescan: 5s}
languages: [fra, nld, deu, eng]
separation:
  separators: [{patch: T}, {patch: "2", keep: true}, {text: PATCHT}]
  on_reference: true
references:
  - {scheme: tax, pattern: 'TX-\d{4}-\d{6}-\d{2}', check: iso7064-mod97-10, store: tax}
  - {scheme: social, pattern: '\+\+\+\d{3}/\d{4}/\d{5}\+\+\+', check: be-ogm, store: social}
  - {scheme: permits, pattern: 'PER/\d{6}/[A-Z]', check: es-nif-letter, store: permits}
register: {csv: ./cases.csv}
stores:
  - {name: tax, folder: ./cases/tax}
  - {name: social, folder: ./cases/social}
  - {name: permits, folder: ./cases/permits}
`
