package sheet

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"postroom/mail"
)

// A4, millimetres. Places are in millimetres from the top left.
const (
	paperWide = 210.0
	paperHigh = 297.0
)

// A module is at least so wide that a scan at 200 dpi has two pixels of it, and a code
// keeps so much white around it.
const (
	leastModule = 0.254
	quiet       = 2.0
)

// printer draws sheets.
type printer struct {
	pdf  *fpdf.Fpdf
	said said
}

func newPrinter(language string, said said) *printer {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	pdf.SetProducer("postroom", true)
	pdf.SetLang(language)
	pdf.AddUTF8FontFromBytes("go", "", goregular.TTF)
	pdf.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	return &printer{pdf, said}
}

func (p *printer) write(w io.Writer) error {
	if err := p.pdf.Error(); err != nil {
		return fmt.Errorf("print a sheet: %w", err)
	}
	return p.pdf.Output(w)
}

// draw fills boxes as one path, so that no renderer leaves light seams between them.
func (p *printer) draw(all []box, x, y, unitX, unitY float64) {
	const point = 72 / 25.4
	var path strings.Builder
	path.WriteString("0 g")
	for _, b := range all {
		fmt.Fprintf(&path, " %.3f %.3f %.3f %.3f re", (x+b.x*unitX)*point, (paperHigh-y-(b.y+b.h)*unitY)*point, b.w*unitX*point, b.h*unitY*point)
	}
	p.pdf.RawWriteStr(path.String() + " f\n")
}

// line prints a text about a middle, smaller where it would be wider than it may.
func (p *printer) line(style string, points, middle, y, wide float64, text string) {
	p.pdf.SetFont("go", style, points)
	if w := p.pdf.GetStringWidth(text); w > wide {
		p.pdf.SetFont("go", style, points*wide/w)
	}
	p.pdf.Text(middle-p.pdf.GetStringWidth(text)/2, y, text)
}

// linear prints a Code 128 within a width, quiet zones included; nothing where its modules
// would be too small to read.
func (p *printer) linear(text string, middle, y, wide, high, largest float64) {
	code := linear(text)
	if code == nil {
		return
	}
	all, size := modules(code)
	module := min(largest, (wide-2*quiet)/float64(size.X), wide/float64(size.X+20)) // 10 modules of white on either side
	if module < leastModule {
		return
	}
	p.draw(all, middle-float64(size.X)*module/2, y, module, high)
}

// matrix prints a QR code about a middle, no wider than it may be; around it stay four
// modules of white. Large modules look like a linear code's bars and take a reader long.
func (p *printer) matrix(text string, middle, y, wide float64) {
	const largest = 1.2
	all, size := modules(matrix(text))
	module := min(largest, wide/float64(size.X))
	p.draw(all, middle-module*float64(size.X)/2, y, module, module)
}

// marks shows which edge goes first: an arrow to it at either side.
func (p *printer) marks() {
	p.pdf.SetFillColor(0, 0, 0)
	for _, x := range []float64{22, paperWide - 22} {
		const y, half, stem = 46.0, 5.0, 1.2
		p.pdf.Polygon([]fpdf.PointType{{X: x, Y: y}, {X: x + half, Y: y + 7}, {X: x + stem, Y: y + 7}, {X: x + stem, Y: y + 14},
			{X: x - stem, Y: y + 14}, {X: x - stem, Y: y + 7}, {X: x - half, Y: y + 7}}, "F")
	}
}

// head begins a sheet with its title and a sentence below.
func (p *printer) head(title, sentence string) {
	p.pdf.AddPage()
	p.marks()
	p.line("B", 30, paperWide/2, 56, 140, title)
	p.line("", 13, paperWide/2, 68, 160, sentence)
}

// bars prints a patch code at the leading edge: 10 mm from it, 170 mm wide, white around.
func (p *printer) bars(s mail.Symbology) {
	p.draw(patchBars(s, paperWide-40), 20, 10, 1, 1)
}

func (p *printer) separator(patch mail.Symbology, text string) {
	p.head(p.said.separator, p.said.separates)
	if patch != mail.NoSymbology {
		p.bars(patch)
	}
	if text == "" {
		return
	}
	p.linear(text, paperWide/2, 92, 170, 28, 0.6)
	p.line("", 9, paperWide/2, 126, 170, text)
	p.matrix(text, paperWide/2, 145, 60)
}

func (p *printer) patch(s Separator) {
	sentence := p.said.separates
	if s.Keep {
		sentence = p.said.kept
	}
	_, name, _ := strings.Cut(s.Patch.String(), "-")
	p.head("PATCH "+strings.ToUpper(name), sentence)
	p.bars(s.Patch)
}

func (p *printer) ticket(t Ticket) {
	p.head(p.said.ticket, p.said.top)
	p.line("", 20, paperWide/2, 92, 170, t.Name)
	y := 110.0
	for _, c := range []struct {
		what string
		n    int
	}{{p.said.documents, t.Documents}, {p.said.pages, t.Pages}} {
		if c.n > 0 {
			p.line("", 20, paperWide/2, y, 170, c.what+" "+strconv.Itoa(c.n))
			y += 12
		}
	}
	p.matrix(t.Code, paperWide/2, 145, 60)
	p.line("", 9, paperWide/2, 220, 170, t.ID)
}

// Labels, as on the usual sheets of 24 without margins at the sides.
const (
	labelsAcross, labelsDown = 3, 8
	labelWide, labelHigh     = 70.0, 37.0
)

func (p *printer) labels(references []mail.Reference, copies int) {
	n := 0
	for _, r := range references {
		for range copies {
			at := n % (labelsAcross * labelsDown)
			if at == 0 {
				p.pdf.AddPage()
			}
			p.label(r.String(), float64(at%labelsAcross)*labelWide, (paperHigh-labelsDown*labelHigh)/2+float64(at/labelsAcross)*labelHigh)
			n++
		}
	}
}

// label prints a reference three times: for a camera, for people, and for a scanner. 3 mm
// at each edge stay white, for sheets that lie askew in the printer.
func (p *printer) label(text string, x, y float64) {
	const edge, square, gap = 4.5, 15.0, 3.0
	p.matrix(text, x+edge+square/2, y+edge, square)
	p.line("B", 14, x+(edge+square+gap+labelWide-edge)/2, y+edge+square/2+2, labelWide-2*edge-square-gap, text)
	p.linear(text, x+labelWide/2, y+edge+square+2*quiet, labelWide-2, labelHigh-2*edge-square-2*quiet, 0.5)
}
