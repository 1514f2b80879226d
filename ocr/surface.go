package ocr

import (
	"image"
	"math"
	"slices"
)

// Surface is what a page's surface looks like, before any text is read.
type Surface struct {
	Ink      float64 // share of dark pixels, 0..1
	Blank    bool    // looks blank to a person: specks, punch holes, streaks, edge shadows and faint bleed-through at most
	Unmarked bool    // blank, and without a streak or a speck that could be a tick or the dot of a pen
}

// coarsest is the least dpi of a page that can be judged.
const coarsest = 30

// Sizes on paper, millimetres.
const (
	margin   = 5.0  // torn edges and dust of the rollers
	shadow   = 12.0 // the dark wedge beside a page that lies askew is not deeper
	thin     = 1.2  // a streak of the scanner's glass is thinner
	speckle  = 0.8  // dust is smaller
	letterMM = 1.6  // small print is taller
	strokeMM = 4.0  // a signature, a ruled line, a stamp is longer
	holeLow  = 3.5  // punch holes
	holeHigh = 9.0
	holeEdge = 25.0 // their distance from an edge, at most
	cellMM   = 5.0
)

// Look judges the surface of a page of the given dpi (0 = 300), without reading
// it. It errs towards "not blank": one line of pencil is less than 1 % ink and
// is a letter.
func Look(g *image.Gray, dpi float64) Surface {
	if dpi <= 0 {
		dpi = 300
	}
	step := max(1, int(dpi/100+0.5))
	if dpi < coarsest || g.Rect.Dx() < 8*step || g.Rect.Dy() < 8*step {
		return Surface{} // a snippet is no blank page, nor is one that can't show its letters
	}
	small := reduce(g, step)
	mm := dpi / float64(step) / 25.4 // pixels a millimetre
	white, ink := paper(small), 0
	flat, faint := level(small, white, int(cellMM*mm)), 30
	if step > 1 && bitonal(g) {
		faint = max(faint, 255*3/2/(step*step)) // one black pixel alone is noise; of a coarse page it is ink
	}
	for _, v := range small.Pix {
		if int(v) < white-60 {
			ink++
		}
	}
	c := census{page: small.Rect, mm: mm}
	runs, all := pieces(flat, 255-faint)
	for _, p := range all {
		c.add(p)
	}
	for _, r := range runs {
		if c.scanner[r.piece] {
			whiten(flat.Pix[r.y*flat.Stride+r.x0 : r.y*flat.Stride+r.x1])
		}
	}
	c.streaks()
	s := Surface{Ink: float64(ink) / float64(len(small.Pix))}
	s.Blank = c.strokes == 0 && c.letters == 0 && c.edge < 6 && !clustered(flat, mm)
	s.Unmarked = s.Blank && c.specks == 0 && c.lines == 0
	return s
}

func whiten(row []byte) {
	for x := range row {
		row[x] = 255
	}
}

// bitonal tells pictures of black and white alone.
func bitonal(g *image.Gray) bool {
	for y := 0; y < g.Rect.Dy(); y += 7 {
		for _, v := range g.Pix[y*g.Stride : y*g.Stride+g.Rect.Dx()] {
			if v != 0 && v != 255 {
				return false
			}
		}
	}
	return true
}

// level gives the picture with shadings of the paper taken out: 255 is the paper's
// grey thereabouts, the 70th percentile of a cell. A cell far darker than the
// page's paper is a dark picture and stays dark.
func level(g *image.Gray, white, cell int) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y0 := 0; y0 < h; y0 += cell {
		for x0 := 0; x0 < w; x0 += cell {
			x1, y1 := min(w, x0+cell), min(h, y0+cell)
			var counts [256]int
			for y := y0; y < y1; y++ {
				for _, v := range g.Pix[y*g.Stride+x0 : y*g.Stride+x1] {
					counts[v]++
				}
			}
			here, n := 255, counts[255]
			for n < (x1-x0)*(y1-y0)*3/10 {
				here--
				n += counts[here]
			}
			here = max(here, white-60)
			for y := y0; y < y1; y++ {
				to := out.Pix[y*w+x0 : y*w+x1]
				for x, v := range g.Pix[y*g.Stride+x0 : y*g.Stride+x1] {
					to[x] = byte(min(255, 255-here+int(v)))
				}
			}
		}
	}
	return out
}

// census counts a page's dark pieces by what they may be.
type census struct {
	page    image.Rectangle
	mm      float64
	scanner []bool // by piece: it is of the scanner or the punch
	specks  int    // could be a tick
	letters int    // could be letters
	strokes int    // are writing, rules or pictures
	edge    int    // letters in the margin, at most
	lines   int    // streaks of the glass
	thin    []piece
}

func (c *census) add(p piece) {
	long := float64(max(p.box.Dx(), p.box.Dy())) / c.mm
	of := false
	switch {
	case c.shadow(p), c.hole(p):
		of = true
	case c.streak(p):
		of = true
		c.lines++
	case long < speckle:
		if c.narrow(p) {
			c.thin = append(c.thin, p)
		}
	case c.narrow(p):
		c.thin = append(c.thin, p)
		c.specks++
	case c.inMargin(p):
		c.specks++
		c.edge += c.writing(p, long)
	default:
		c.count(long)
	}
	c.scanner = append(c.scanner, of)
}

// writing tells how many letters a piece in the margin may be: a word whose letters
// join is several, a straight scratch or the rim of the sheet at most one.
func (c *census) writing(p piece, long float64) int {
	if p.thick()/c.mm < thin {
		return int(min(1, long/letterMM))
	}
	return int(long / letterMM)
}

func (c *census) count(long float64) {
	c.specks++
	if long >= letterMM {
		c.letters++
	}
	if long >= strokeMM {
		c.strokes++
	}
}

// edges gives a piece's distances from the page's edges, millimetres.
func (c *census) edges(p piece) (left, top, right, bottom float64) {
	return float64(p.box.Min.X) / c.mm, float64(p.box.Min.Y) / c.mm,
		float64(c.page.Max.X-p.box.Max.X) / c.mm, float64(c.page.Max.Y-p.box.Max.Y) / c.mm
}

// shadow tells what reaches in from an edge and is of the scanner: a wedge or band along it.
func (c *census) shadow(p piece) bool {
	w, h := float64(p.box.Dx())/c.mm, float64(p.box.Dy())/c.mm
	left, top, right, bottom := c.edges(p)
	side, end := min(left, right) < 1, min(top, bottom) < 1
	small := max(w, h) < margin
	return side && (w < shadow && h > 2*w || small) || end && (h < shadow && w > 2*h || small)
}

func (c *census) inMargin(p piece) bool {
	w, h := float64(p.box.Dx())/c.mm, float64(p.box.Dy())/c.mm
	left, top, right, bottom := c.edges(p)
	return left+w < margin || top+h < margin || right+w < margin || bottom+h < margin
}

func (c *census) hole(p piece) bool {
	w, h := float64(p.box.Dx())/c.mm, float64(p.box.Dy())/c.mm
	left, top, right, bottom := c.edges(p)
	return min(left, top, right, bottom) < holeEdge && w > holeLow && w < holeHigh && h > holeLow && h < holeHigh &&
		w/h > 0.75 && w/h < 1.33 && p.fill() > 0.66 && p.fill() < 0.9
}

// streak tells a thin straight line along most of the page. A line of joined
// writing is as long and takes no more ink; it winds.
func (c *census) streak(p piece) bool {
	w, h := p.box.Dx(), p.box.Dy()
	return (c.leans(w, h, c.page.Dy()) || c.leans(h, w, c.page.Dx())) && p.thick()/c.mm < thin
}

// leans tells a line that is long enough for a streak and, askew by a degree or two, thin enough.
func (c *census) leans(wide, long, page int) bool {
	return 2*long > page && float64(wide)/c.mm < thin+0.035*float64(long)/c.mm
}

// narrow tells what may be a part of a streak that is broken.
func (c *census) narrow(p piece) bool {
	return p.box.Dx() <= 3 && p.box.Dy() >= p.box.Dx() && float64(p.box.Dx())/c.mm < thin
}

// streaks finds broken streaks: narrow pieces, one below the other, along most of
// the page. Those that are in none are counted as what they are alone.
func (c *census) streaks() {
	columns := make([]int, c.page.Dx()+4) // rows covered
	for _, p := range c.thin {
		for x := p.box.Min.X; x < p.box.Max.X; x++ {
			columns[x] += p.box.Dy()
		}
	}
	for _, p := range c.thin {
		best := 0
		for x := max(0, p.box.Min.X-1); x <= p.box.Max.X; x++ {
			best = max(best, columns[x])
		}
		if 3*best > c.page.Dy() {
			c.lines++
			continue
		}
		if long := float64(p.box.Dy()) / c.mm; long >= speckle {
			c.count(long)
		}
	}
}

// clustered tells whether dark pixels gather somewhere more than specks strewn
// over the page would: a pencil's line that the scanner broke into dots.
// The scanner's own pieces were taken out of flat before.
func clustered(flat *image.Gray, mm float64) bool {
	cell := max(4, int(cellMM*mm))
	w, h := flat.Rect.Dx()/cell, flat.Rect.Dy()/cell
	if w < 5 || h < 5 {
		return false
	}
	counts := make([]int, w*h)
	for y := cell; y < (h-1)*cell; y++ {
		row := flat.Pix[y*flat.Stride:]
		for x := cell; x < (w-1)*cell; x++ {
			if row[x] < 255-22 {
				counts[y/cell*w+x/cell]++
			}
		}
	}
	sorted := slices.Clone(counts)
	slices.Sort(sorted)
	usual := float64(sorted[len(sorted)/2])
	many := int(usual + 7*math.Sqrt(usual) + 8)
	// A streak that is broken fills whole columns; three cells beside each other in a row are no streak.
	for y := range h {
		for x := 0; x+2 < w; x++ {
			n := 0
			for d := range 3 {
				if counts[y*w+x+d] > many || y+1 < h && counts[(y+1)*w+x+d] > many {
					n++
				}
			}
			if n == 3 {
				return true
			}
		}
	}
	return false
}
