// Package ocr turns the picture of a page into words, with tesseract.
//
// In comes a grey picture and its dpi; out go words with boxes and confidences
// in upright reading order, the page's rotation and skew, and whether it looks
// blank. The package knows no references and no post. It is the only one with C
// behind it and runs in a helper process, one engine a process.
package ocr

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otiai10/gosseract/v2"
)

// Config is an engine's settings.
type Config struct {
	Languages []string // language packs, such as fra, nld
	Data      string   // the tessdata folder; "" = Locate
}

// ErrLanguage is language data that is not installed.
var ErrLanguage = errors.New("language data is missing")

// Engine reads text. It is not safe for concurrent use, and one process has
// one: gosseract redirects the process's stderr while it starts.
type Engine struct {
	client *gosseract.Client
	// brief reads heads, in the first language alone. An address and a reference are no
	// words of a dictionary, and lines without those are read in all languages in turn:
	// on 72 letters one language took 165 ms of a head's 310 and as many references
	// were right. The rest of a page needs all of them: in its own language alone
	// fewer of its words are right (docs/performance.md).
	brief *gosseract.Client
}

// New makes an engine. That the language data is there is checked first: a
// missing one makes gosseract write past its error buffer.
func New(c Config) (*Engine, error) {
	if c.Data == "" {
		dir, err := Locate()
		if err != nil {
			return nil, err
		}
		c.Data = dir
	}
	if len(c.Languages) == 0 {
		return nil, fmt.Errorf("%w: no language is configured", ErrLanguage)
	}
	have := Languages(c.Data)
	for _, l := range c.Languages {
		if !slices.Contains(have, l) {
			return nil, fmt.Errorf("%w: %s is not in %s; install it with: apt-get install tesseract-ocr-%s",
				ErrLanguage, l, c.Data, strings.ReplaceAll(l, "_", "-"))
		}
	}
	client, err := start(c.Data, c.Languages)
	if err != nil {
		return nil, err
	}
	brief, err := start(c.Data, c.Languages[:1])
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &Engine{client, brief}, nil
}

// Ways of parting a page, tesseract's numbers.
const (
	automatic = "3" // an upright page
	oneBlock  = "6" // of text
)

// start makes a client; the languages are loaded when it first reads.
func start(data string, languages []string) (*gosseract.Client, error) {
	client := gosseract.NewClient()
	err := errors.Join(
		client.SetTessdataPrefix(data),
		client.SetLanguage(languages...),
		client.SetVariable("tessedit_pageseg_mode", automatic))
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// Close frees the engine.
func (e *Engine) Close() error { return errors.Join(e.client.Close(), e.brief.Close()) }

// Version is tesseract's.
func Version() string { return gosseract.Version() }

// Locate finds the folder of the language data.
func Locate() (string, error) {
	for _, pattern := range []string{"/usr/share/tesseract-ocr/*/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata"} {
		dirs, _ := filepath.Glob(pattern) // the patterns are well-formed
		slices.Sort(dirs)
		for _, dir := range slices.Backward(dirs) {
			if len(Languages(dir)) > 0 {
				return dir, nil
			}
		}
	}
	return "", fmt.Errorf("%w: no tessdata folder was found; install it with: apt-get install tesseract-ocr tesseract-ocr-eng", ErrLanguage)
}

// Languages lists the language packs in a tessdata folder.
func Languages(dir string) (languages []string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.traineddata")) // an odd folder has none
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() > 0 {
			languages = append(languages, strings.TrimSuffix(filepath.Base(f), ".traineddata"))
		}
	}
	return languages
}
