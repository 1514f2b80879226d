package ocr

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/otiai10/gosseract/v2"

	"postroom/mail"
)

// Page is what was read on a page.
type Page struct {
	Words    []mail.Word // in upright reading order
	Rotation int         // clockwise turn that makes the page upright: 0, 90, 180, 270 degrees
	Skew     float64     // degrees that remain then, clockwise positive
	// Illegible tells that much less was read than there are letters on the page:
	// what its text says is not known.
	Illegible bool

	lies int // clockwise turn that the lines as they were read still need
}

const (
	straighten = 0.7  // degrees; lines that are straighter are read as they are
	poor       = 0.55 // mean confidence that makes an attitude that was certain doubtful
	fair       = 0.80 // mean confidence that settles one that was not
	largest    = 30000
	tiniest    = 16 // pixels
)

// Read reads a page's text. The words' boxes are pixels of the page as it was
// before it was squared, from its top left. A page whose attitude is not certain
// from the shapes of its letters is read in another one, too, when the first gives
// words of poor confidence.
func (e *Engine) Read(l Laid) (Page, error) {
	best, err := upright(e.client, l, whole)
	if err != nil {
		return Page{}, err
	}
	a := l.attitude
	if best.lies != 0 { // the engine found the lines where the shapes of the letters did not show them
		a.quarter, a.skew, a.axis, a.way = (a.quarter+best.lies)%360, 0, true, false
		l.attitude = a
		if best, err = upright(e.client, l, whole); err != nil {
			return Page{}, err
		}
	}
	turned, lies := map[int]Page{a.quarter: best}, a
	for _, turn := range a.others(best) {
		other := a
		other.quarter = (a.quarter + turn) % 360
		if turn != 180 {
			other.skew = 0
		}
		l.attitude = other
		p, err := upright(e.client, l, whole)
		if err != nil {
			return Page{}, err
		}
		turned[other.quarter] = p
		if worth(p.Words) > worth(best.Words) {
			best, lies = p, other
		}
	}
	l.attitude = lies
	if best.Words, err = e.withOverturned(l, best, turned); err != nil {
		return Page{}, err
	}
	best.clip(l.page)
	best.Illegible = a.letters >= manyLetters && float64(confident(best.Words)) < leastRead*float64(a.letters)
	return best, nil
}

// withOverturned gives a page's words with those of a part that stands on its head, as a
// slip does that was laid beside a letter: where lines of many letters in one place are
// read with hardly any confidence, the page is read the other way round, too. turned gives
// the page read so, if it was before.
func (e *Engine) withOverturned(l Laid, p Page, turned map[int]Page) ([]mail.Word, error) {
	if unsureBlock(p.Words) < manyLetters {
		return p.Words, nil
	}
	l.attitude.quarter = (l.attitude.quarter + 180) % 360
	other, ok := turned[l.attitude.quarter]
	if !ok {
		var err error
		if other, err = upright(e.client, l, whole); err != nil {
			return nil, err
		}
	}
	apart := func(line, all []mail.Word) bool {
		return !slices.ContainsFunc(line, func(w mail.Word) bool {
			return slices.ContainsFunc(all, func(o mail.Word) bool { return o.Box.Overlaps(w.Box) })
		})
	}
	var sure, all []mail.Word
	var found, lines [][]mail.Word
	for _, line := range linesOf(p.Words) {
		if !unsure(line) {
			sure = append(sure, line...)
		}
	}
	for _, line := range linesOf(other.Words) {
		if mean(line) >= fair && apart(line, sure) {
			found = append(found, line)
		}
	}
	overturned := slices.Concat(found...)
	if letters(overturned) < manyLetters/2 {
		return p.Words, nil
	}
	for _, line := range linesOf(p.Words) {
		if !unsure(line) || apart(line, overturned) {
			lines = append(lines, line)
		}
	}
	for n, line := range append(lines, found...) {
		for _, w := range line {
			w.Line = n
			all = append(all, w)
		}
	}
	return all, nil
}

// unsureBlock counts the letters of the most lines after one another that were read with
// hardly any confidence.
func unsureBlock(words []mail.Word) (most int) {
	n := 0
	for _, line := range linesOf(words) {
		if n += letters(line); !unsure(line) {
			n = 0
		}
		most = max(most, n)
	}
	return most
}

// unsure tells whether much of a line was read with hardly any confidence. Some letters
// that stand on their heads make words that look sure.
func unsure(line []mail.Word) bool { return 10*confident(line) < 7*letters(line) }

// linesOf parts words, which stand in the order of their lines.
func linesOf(words []mail.Word) (lines [][]mail.Word) {
	for i, w := range words {
		if i == 0 || w.Line != words[i-1].Line {
			lines = append(lines, nil)
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], w)
	}
	return lines
}

// ReadHead reads the upper part of the upright page, where letters say what they are
// about, in the engine's first language and a quarter of the time; nothing where it may not
// be upright. That no more was read tells nothing of the page.
//
// An address and a reference are no words of a dictionary, and lines without those are
// read in all languages in turn: on 72 letters one language took 206 ms a head instead of
// 352, and 63 to 65 references were right instead of 65. The rest of a page needs all of
// them: in its own language alone fewer of its words are right (docs/performance.md).
func (e *Engine) ReadHead(l Laid) (Page, error) {
	client, err := e.in(e.languages[0])
	if err != nil {
		return Page{}, err
	}
	p, err := upright(client, l, head)
	if err != nil || len(l.attitude.others(p)) > 0 {
		return Page{}, err
	}
	p.clip(l.page)
	return p, nil
}

// The parts of a page's height that are read, from the top.
const (
	whole = 1
	head  = 0.36
)

// Laid is a page's picture as its text is read, and how it lies: both are found once,
// whatever part of the page is read.
type Laid struct {
	picture  *image.Gray
	dpi      float64
	view     Mapping // leads back to the page's own pixels
	page     image.Rectangle
	attitude attitude
}

// Lay finds how a page lies, and makes its picture no finer than its letters need.
func Lay(s Squared) (Laid, error) {
	w, h := s.Picture.Rect.Dx(), s.Picture.Rect.Dy()
	if w > largest || h > largest {
		return Laid{}, fmt.Errorf("a picture of %d by %d pixels is too large for tesseract", w, h)
	}
	if w < tiniest || h < tiniest {
		return Laid{}, errors.New("a picture of a few pixels has no text")
	}
	l := Laid{picture: &image.Gray{Pix: s.Picture.Pix, Stride: s.Picture.Stride, Rect: image.Rect(0, 0, w, h)}, dpi: s.DPI, view: s.View, page: s.page}
	if l.dpi < 50 || l.dpi > 2400 {
		l.dpi = 300
	}
	l.attitude = attitudeOf(l.picture, l.dpi)
	if fine := l.attitude.enough(l.dpi); fine < coarser*l.dpi {
		small, by := shrink(l.picture, fine/l.dpi)
		l.picture, l.view, l.dpi = small, l.view.after(by), fine
	}
	return l, nil
}

// clip keeps the words' boxes on the page.
func (p Page) clip(page image.Rectangle) {
	for i, word := range p.Words {
		p.Words[i].Box = clip(word.Box, page)
	}
}

// The resolution at which a page is read. Tesseract scales every line to 36 pixels
// before it recognizes it, so pixels beyond that cost time in the search for lines and
// bring in the scanner's noise: 48 pages of 10 to 12 points with known words, four
// languages at once, were read in 993 ms a page at 300 dpi (98.0 % of the words), 826
// at 200 (98.3), 747 at 170 (98.5), 699 at 150 (98.3).
const (
	smallPixels = 12   // height of the smallest letters
	leastFine   = 150  // dpi
	coarser     = 0.87 // of the resolution it has: less is gained nothing by
)

// enough is the resolution, dpi, at which the page's letters can be read as well as
// at any higher one.
func (a attitude) enough(dpi float64) float64 {
	if a.small == 0 {
		return dpi
	}
	return max(smallPixels*25.4/a.small, leastFine)
}

// A page with so many pieces like letters carries text; when fewer letters than
// this share of them were read with confidence, it was not really read. On a
// page that is read, letters that touch make the share larger than 1.
const (
	manyLetters = 60
	leastRead   = 0.4
)

// confident counts the letters of words that were read with some confidence.
func confident(words []mail.Word) (n int) {
	for _, w := range words {
		if w.Confidence >= 0.5 {
			n += len([]rune(w.Text))
		}
	}
	return n
}

// others gives the turns that are worth a second try after this first one.
func (a attitude) others(first Page) []int {
	c := mean(first.Words)
	switch {
	case a.axis && a.way && c >= poor, c >= fair && letters(first.Words) >= 8:
		return nil
	case a.axis:
		return []int{180}
	}
	return []int{180, 90, 270}
}

// upright turns the picture as its attitude says and reads a part of it, from the top.
func upright(client *gosseract.Client, l Laid, part float64) (Page, error) {
	a := l.attitude
	g, turned := quarter(l.picture, a.quarter)
	view := l.view.after(turned)
	p := Page{Rotation: a.quarter, Skew: a.skew}
	if math.Abs(a.skew) > straighten {
		g, turned = turn(g, -a.skew)
		view = view.after(turned)
	}
	g = g.SubImage(image.Rect(0, 0, g.Rect.Dx(), int(part*float64(g.Rect.Dy())))).(*image.Gray)
	boxes, err := recognize(client, g, l.dpi)
	if err != nil {
		return Page{}, err
	}
	p.Words = words(boxes, g.Rect)
	p.lies = lies(p.Words)
	for i, w := range p.Words {
		p.Words[i].Box = view.box(w.Box)
	}
	return p, nil
}

// lies tells by which quarter turn, clockwise, a page must be turned whose words
// stand above each other in their lines: 0, 90 or 270 degrees.
func lies(words []mail.Word) int {
	along, up, down := 0, 0, 0
	for i, w := range words {
		if i == 0 || w.Line != words[i-1].Line {
			continue
		}
		before := words[i-1].Box
		dx, dy := w.Box.X0+w.Box.X1-before.X0-before.X1, w.Box.Y0+w.Box.Y1-before.Y0-before.Y1
		switch {
		case max(dx, -dx) >= max(dy, -dy):
			along++
		case dy < 0:
			up++
		default:
			down++
		}
	}
	switch {
	case up > along+down:
		return 90
	case down > along+up:
		return 270
	}
	return 0
}

// recognize runs tesseract once over the picture. GetBoundingBoxesVerbose is the
// only call: any second one would recognize everything again.
func recognize(client *gosseract.Client, g *image.Gray, dpi float64) (boxes []gosseract.BoundingBox, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("tesseract: %v", p)
		}
	}()
	if err := client.SetImageFromBytes(tiff(g, dpi)); err != nil {
		return nil, fmt.Errorf("tesseract: %w", err)
	}
	boxes, err = client.GetBoundingBoxesVerbose()
	if err != nil {
		return nil, fmt.Errorf("tesseract: %w", err)
	}
	return boxes, nil
}

// words makes words of tesseract's boxes, which come in reading order.
func words(boxes []gosseract.BoundingBox, within image.Rectangle) (all []mail.Word) {
	type place struct{ block, par, line int }
	line, last := -1, place{-1, -1, -1}
	for _, b := range boxes {
		text := strings.TrimSpace(b.Word)
		box := b.Box.Intersect(within)
		if text == "" || box.Empty() {
			continue
		}
		if at := (place{b.BlockNum, b.ParNum, b.LineNum}); at != last {
			line, last = line+1, at
		}
		all = append(all, mail.Word{Text: text, Line: line,
			Box:        mail.Box{X0: box.Min.X, Y0: box.Min.Y, X1: box.Max.X, Y1: box.Max.Y},
			Confidence: min(1, max(0, b.Confidence/100))})
	}
	return all
}

func letters(words []mail.Word) (n int) {
	for _, w := range words {
		n += len([]rune(w.Text))
	}
	return n
}

// mean is the words' mean confidence, by letters; 0 without any.
func mean(words []mail.Word) float64 {
	sum := 0.0
	for _, w := range words {
		sum += w.Confidence * float64(len([]rune(w.Text)))
	}
	return sum / float64(max(1, letters(words)))
}

// worth compares readings of one picture: letters that were read with some
// confidence, less those that were guessed.
func worth(words []mail.Word) (sum float64) {
	for _, w := range words {
		sum += (w.Confidence - 0.5) * float64(len([]rune(w.Text)))
	}
	return sum
}
