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
	data      string
	languages []string
	client    *gosseract.Client            // reads in all languages
	alone     map[string]*gosseract.Client // in one
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
	return &Engine{c.Data, c.Languages, client, map[string]*gosseract.Client{}}, nil
}

// in gives the client that reads in one of the engine's languages alone.
func (e *Engine) in(language string) (*gosseract.Client, error) {
	if len(e.languages) == 1 {
		return e.client, nil
	}
	client, ok := e.alone[language]
	if ok {
		return client, nil
	}
	client, err := start(e.data, []string{language})
	if err == nil {
		e.alone[language] = client
	}
	return client, err
}

// Ways of parting a page, tesseract's numbers.
const (
	automatic = "3" // an upright page
	oneBlock  = "6" // of text
	oneLine   = "7"
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
func (e *Engine) Close() error {
	err := e.client.Close()
	for _, c := range e.alone {
		err = errors.Join(err, c.Close())
	}
	return err
}

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
