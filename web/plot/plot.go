// Package plot draws bars, shares and lines as SVG.
//
// In come names, labels and numbers, all text already in the reader's language; out goes an
// svg element for an HTML page, with a title and a description for those who can't see it.
// A table of the same numbers beside it is the caller's. It sets no colour, font or style:
// every part has a class, for which plot.css has a light and a dark look. The package
// knows no mail.
package plot

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Chart is what is drawn.
type Chart struct {
	ID          string   // of the element, unique on its page: a letter, then letters, digits and hyphens
	Title       string   // what it shows, as a heading says it
	Description string   // what there is to see, in a sentence or two
	Columns     []string // labels from left to right, such as days; as many are written as have room
	Series      []Series // at most 6, which the classes plot-1 to plot-6 tell apart
	// Number writes a value of the upright axis as the reader does; of shares it is a
	// percentage, 0..100. nil = digits, and a % sign after shares.
	Number func(float64) string
}

// Series is a row of numbers, one for each column. What is missing, negative or not a
// number is not drawn.
type Series struct {
	Name   string
	Values []float64
}

//go:embed plot.css
var style string

// Style gives the style sheet for all charts.
func Style() string { return style }

// The size of the picture, in its own units: it fills what width its place has.
const (
	width, height            = 720.0, 260.0
	left, right, top, bottom = 56.0, 12.0, 34.0, 28.0
	mostLabels               = 9
)

// Bars draws a bar for each number; those of one column stand side by side.
func Bars(c Chart) template.HTML {
	p := c.begin(scaleTo(c.greatest()))
	n := float64(len(c.Series))
	for i, s := range c.Series {
		p.open(i, "bars")
		for col := range c.Columns {
			if v, ok := s.at(col); ok && v > 0 {
				slot := p.column * 0.8 / n
				p.bar(p.x(col)+p.column*0.1+slot*float64(i), slot, 0, v)
			}
		}
		p.close()
	}
	return p.end(c)
}

// Shares draws for each column what each series has of their sum, one on the other.
func Shares(c Chart) template.HTML {
	p := c.begin(scale{step: 25, top: 100, percent: true})
	sums, below := make([]float64, len(c.Columns)), make([]float64, len(c.Columns))
	for _, s := range c.Series {
		for col := range c.Columns {
			if v, ok := s.at(col); ok {
				sums[col] += v
			}
		}
	}
	for i, s := range c.Series {
		p.open(i, "bars")
		for col := range c.Columns {
			if v, ok := s.at(col); ok && v > 0 {
				share := 100 * (v / sums[col])
				p.bar(p.x(col)+p.column*0.1, p.column*0.8, below[col], below[col]+share)
				below[col] += share
			}
		}
		p.close()
	}
	return p.end(c)
}

// Lines draws a line through the numbers of each series, broken where one is missing.
func Lines(c Chart) template.HTML {
	p := c.begin(scaleTo(c.greatest()))
	p.lines = true
	for i, s := range c.Series {
		p.open(i, "line")
		var points []string
		flush := func() {
			switch len(points) {
			case 0:
			case 1: // a line of one point is not seen
				x, y, _ := strings.Cut(points[0], ",")
				fmt.Fprintf(p, `<circle cx="%s" cy="%s" r="3"/>`, x, y)
			default:
				fmt.Fprintf(p, `<polyline points="%s"/>`, strings.Join(points, " "))
			}
			points = nil
		}
		for col := range c.Columns {
			v, ok := s.at(col)
			if !ok {
				flush()
				continue
			}
			points = append(points, unit(p.x(col)+p.column/2)+","+unit(p.y(v)))
		}
		flush()
		p.close()
	}
	return p.end(c)
}

// at gives a number that can be drawn.
func (s Series) at(col int) (float64, bool) {
	if col >= len(s.Values) {
		return 0, false
	}
	v := s.Values[col]
	return v, v >= 0 && !math.IsInf(v, 0)
}

func (c Chart) greatest() (v float64) {
	for _, s := range c.Series {
		for col := range c.Columns {
			if w, ok := s.at(col); ok {
				v = max(v, w)
			}
		}
	}
	return v
}

// scale is the upright axis: from 0 to top in steps.
type scale struct {
	step, top float64
	percent   bool
}

// scaleTo gives an axis of three to five steps of 1, 2 or 5 times a power of ten, not less than 1.
func scaleTo(v float64) scale {
	const steps = 5
	power := math.Pow(10, math.Floor(math.Log10(max(v, 1)/steps)))
	for _, f := range []float64{1, 2, 5, 10} {
		if step := max(f*power, 1); step*steps >= v {
			return scale{step: step, top: step * max(1, math.Ceil(v/step))}
		}
	}
	return scale{step: power * 10, top: power * 10 * math.Ceil(v/(power*10))}
}

// picture is a chart while it is drawn.
type picture struct {
	strings.Builder
	scale  scale
	column float64 // its width
	lines  bool    // its key has lines
}

// begin opens the element and draws what lies behind the numbers.
func (c Chart) begin(s scale) *picture {
	p := &picture{scale: s, column: (width - left - right) / max(1, float64(len(c.Columns)))}
	id := text(c.ID)
	fmt.Fprintf(p, `<svg class="plot" id="%s" viewBox="0 0 %s %s" role="img" aria-labelledby="%s-title %s-description">`, id, unit(width), unit(height), id, id)
	fmt.Fprintf(p, `<title id="%s-title">%s</title><desc id="%s-description">%s</desc>`, id, text(c.Title), id, text(c.Description))
	p.WriteString(`<g class="plot-grid">`)
	for v := 0.0; v <= s.top+s.step/2; v += s.step {
		fmt.Fprintf(p, `<path d="M%s %sH%s"/>`, unit(left), unit(p.y(v)), unit(width-right))
	}
	p.WriteString(`</g><g class="plot-value">`)
	for v := 0.0; v <= s.top+s.step/2; v += s.step {
		fmt.Fprintf(p, `<text x="%s" y="%s">%s</text>`, unit(left-6), unit(p.y(v)+4), text(c.number(v, s)))
	}
	p.WriteString(`</g><g class="plot-column">`)
	every := max(1, (len(c.Columns)+mostLabels-1)/mostLabels)
	for col := 0; col < len(c.Columns); col += every {
		fmt.Fprintf(p, `<text x="%s" y="%s">%s</text>`, unit(p.x(col)+p.column/2), unit(height-8), text(c.Columns[col]))
	}
	p.WriteString(`</g>`)
	return p
}

func (c Chart) number(v float64, s scale) string {
	switch {
	case c.Number != nil:
		return c.Number(v)
	case s.percent:
		return strconv.FormatFloat(v, 'f', -1, 64) + "%"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// end draws the key, and closes the element.
func (p *picture) end(c Chart) template.HTML {
	if len(c.Series) > 1 {
		place := (width - left - right) / float64(len(c.Series))
		p.WriteString(`<g class="plot-key">`)
		for i, s := range c.Series {
			x := left + place*float64(i)
			if p.lines { // some are dashed, as in the chart
				fmt.Fprintf(p, `<g class="plot-line plot-%d"><polyline points="%s,14 %s,14"/></g>`, i+1, unit(x), unit(x+30))
			} else {
				fmt.Fprintf(p, `<rect class="plot-%d" x="%s" y="8" width="12" height="12"/>`, i+1, unit(x+18))
			}
			fmt.Fprintf(p, `<text x="%s" y="18">%s</text>`, unit(x+36), text(s.Name))
		}
		p.WriteString(`</g>`)
	}
	p.WriteString(`</svg>`)
	return template.HTML(p.String())
}

// open begins the group of a series.
func (p *picture) open(i int, what string) { fmt.Fprintf(p, `<g class="plot-%s plot-%d">`, what, i+1) }

func (p *picture) close() { p.WriteString(`</g>`) }

func (p *picture) bar(x, w, from, to float64) {
	fmt.Fprintf(p, `<rect x="%s" y="%s" width="%s" height="%s"/>`, unit(x), unit(p.y(to)), unit(w), unit(p.y(from)-p.y(to)))
}

// x gives a column's left edge.
func (p *picture) x(col int) float64 { return left + p.column*float64(col) }

// y gives a value's height, from the top down.
func (p *picture) y(v float64) float64 { return height - bottom - (height-top-bottom)*v/p.scale.top }

// unit writes a length with a hundredth of a unit.
func unit(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// text makes a text of which neither HTML nor XML takes any part for its own.
func text(s string) string {
	return template.HTMLEscapeString(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != '\u00a0' && r != '\u202f' {
			return '\uFFFD'
		}
		return r
	}, s))
}
