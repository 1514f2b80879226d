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
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otiai10/gosseract/v2"

	"postroom/mail"
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
type Engine struct{ client *gosseract.Client }

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
	for _, l := range append([]string{"osd"}, c.Languages...) {
		if !slices.Contains(have, l) {
			return nil, fmt.Errorf("%w: %s is not in %s; install it with: apt-get install tesseract-ocr-%s",
				ErrLanguage, l, c.Data, strings.ReplaceAll(l, "_", "-"))
		}
	}
	client := gosseract.NewClient()
	err := errors.Join(
		client.SetTessdataPrefix(c.Data),
		client.SetLanguage(c.Languages...),
		// Automatic page segmentation with orientation detection. SetPageSegMode
		// would be lost when the engine starts.
		client.SetVariable("tessedit_pageseg_mode", "1"))
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &Engine{client}, nil
}

// Close frees the engine.
func (e *Engine) Close() error { return e.client.Close() }

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
	return "", fmt.Errorf("%w: no tessdata folder was found; install it with: apt-get install tesseract-ocr tesseract-ocr-eng tesseract-ocr-osd", ErrLanguage)
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

// Page is what was read on a page.
type Page struct {
	Words    []mail.Word
	Rotation int     // clockwise turn that makes the page upright: 0, 90, 180, 270 degrees
	Skew     float64 // degrees that remain then, clockwise positive
}

// Skew beyond this is taken out before recognition: tesseract reads well to 3
// degrees and loses lines at 7.
const straighten = 2.0

// Read reads a page's text in one pass. The words' boxes are pixels of g.
// dpiX and dpiY are pixels an inch; 0 = unknown.
func (e *Engine) Read(g *image.Gray, dpiX, dpiY float64) (Page, error) {
	if g.Rect.Empty() {
		return Page{}, errors.New("an empty picture has no text")
	}
	view := identity
	picture := g
	if dpiX > 0 && dpiY > 0 && math.Abs(dpiX/dpiY-1) > 0.05 {
		picture, view = square(picture, dpiX, dpiY)
		dpiX = max(dpiX, dpiY)
	}
	if skew := Skew(picture); math.Abs(skew) > straighten {
		var turned mapping
		picture, turned = turn(picture, -skew)
		view = view.after(turned)
	}
	boxes, err := e.recognize(picture, dpiX)
	if err != nil {
		return Page{}, err
	}
	page := assemble(boxes, picture.Rect)
	for i, w := range page.Words {
		page.Words[i].Box = view.box(w.Box, g.Rect)
	}
	page.Skew = slope(page.Words, page.Rotation)
	return page, nil
}

// recognize runs tesseract once over the picture. GetBoundingBoxesVerbose is the
// only call: any second one would recognize everything again.
func (e *Engine) recognize(g *image.Gray, dpi float64) (boxes []gosseract.BoundingBox, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("tesseract: %v", p)
		}
	}()
	if dpi < 70 || dpi > 1200 { // tesseract forces or refuses what lies outside
		dpi = 300
	}
	if err := e.client.SetImageFromBytes(tiff(g, dpi)); err != nil {
		return nil, fmt.Errorf("tesseract: %w", err)
	}
	boxes, err = e.client.GetBoundingBoxesVerbose()
	if err != nil {
		return nil, fmt.Errorf("tesseract: %w", err)
	}
	return boxes, nil
}

// assemble makes words of tesseract's boxes, which come in reading order, and
// tells the page's rotation by the way that its lines run.
func assemble(boxes []gosseract.BoundingBox, within image.Rectangle) Page {
	var p Page
	type place struct{ block, par, line int }
	line, last := -1, place{-1, -1, -1}
	var dx, dy float64
	for i, b := range boxes {
		text := strings.TrimSpace(b.Word)
		box := b.Box.Intersect(within)
		if text == "" || box.Empty() {
			continue
		}
		if at := (place{b.BlockNum, b.ParNum, b.LineNum}); at != last {
			line, last = line+1, at
		} else if i > 0 {
			was := boxes[i-1].Box
			dx += float64(b.Box.Min.X + b.Box.Max.X - was.Min.X - was.Max.X)
			dy += float64(b.Box.Min.Y + b.Box.Max.Y - was.Min.Y - was.Max.Y)
		}
		p.Words = append(p.Words, mail.Word{Text: text, Line: line,
			Box:        mail.Box{X0: box.Min.X, Y0: box.Min.Y, X1: box.Max.X, Y1: box.Max.Y},
			Confidence: min(1, max(0, b.Confidence/100))})
	}
	switch {
	case math.Abs(dx) >= math.Abs(dy) && dx < 0:
		p.Rotation = 180
	case math.Abs(dy) > math.Abs(dx) && dy > 0: // lines run down: the page lies turned clockwise
		p.Rotation = 270
	case math.Abs(dy) > math.Abs(dx):
		p.Rotation = 90
	}
	return p
}

// slope measures the skew that remains in an upright page: the median tilt of
// its lines of four words and more, degrees, clockwise positive.
func slope(words []mail.Word, rotation int) float64 {
	var tilts []float64
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && words[j].Line == words[i].Line {
			j++
		}
		if j-i >= 4 {
			a, b := words[i].Box, words[j-1].Box
			dx := float64(b.X0+b.X1-a.X0-a.X1) / 2
			dy := float64(b.Y1 - a.Y1) // baselines
			switch rotation {
			case 90:
				dx, dy = -float64(b.Y0+b.Y1-a.Y0-a.Y1)/2, float64(b.X1-a.X1)
			case 180:
				dx, dy = -dx, -float64(b.Y0-a.Y0)
			case 270:
				dx, dy = float64(b.Y0+b.Y1-a.Y0-a.Y1)/2, -float64(b.X0-a.X0)
			}
			if dx > 0 {
				tilts = append(tilts, math.Atan2(dy, dx)*180/math.Pi)
			}
		}
		i = j
	}
	if len(tilts) == 0 {
		return 0
	}
	slices.Sort(tilts)
	return tilts[len(tilts)/2]
}
