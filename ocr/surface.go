package ocr

import "image"

// Surface is what a page's surface looks like, before any text is read.
type Surface struct {
	Ink      float64 // share of dark pixels, 0..1
	Blank    bool    // looks blank to a person: specks, punch holes, streaks and edge shadows at most
	Unmarked bool    // not even a speck that could be a tick or a dot of a pen
}

// Sizes on paper, millimetres.
const (
	margin   = 5.0 // shadows and torn edges
	thin     = 1.2 // a streak of the scanner's glass is thinner
	speckle  = 0.8 // dust is smaller
	letterMM = 1.6 // small print is taller
	strokeMM = 4.0 // a signature, a ruled line, a stamp is longer
	holeLow  = 3.5 // punch holes
	holeHigh = 9.0
	holeEdge = 25.0 // their distance from an edge, at most
)

// Look judges the surface of a page of the given dpi (0 = 300). It errs towards
// "not blank": one line of pencil is less than 1 % ink and is a letter.
func Look(g *image.Gray, dpi float64) Surface {
	if g.Rect.Empty() {
		return Surface{}
	}
	if dpi <= 0 {
		dpi = 300
	}
	step := max(1, int(dpi/100+0.5))
	small := reduce(g, step)
	if small.Rect.Empty() {
		return Surface{}
	}
	mm := dpi / float64(step) / 25.4 // pixels a millimetre
	dark := make([]bool, len(small.Pix))
	limit, ink := paper(small), 0
	for i, v := range small.Pix {
		// 30 greys under the paper is a pencil's faint line, averaged over a tenth of an inch's tenth.
		if int(v) < limit-30 {
			dark[i] = true
		}
		if int(v) < limit-60 {
			ink++
		}
	}
	s := Surface{Ink: float64(ink) / float64(len(small.Pix))}
	marks, strokes, dots := 0, 0, 0
	for _, m := range pieces(dark, small.Rect.Dx(), small.Rect.Dy()) {
		w, h := float64(m.box.Dx())/mm, float64(m.box.Dy())/mm
		long := max(w, h)
		if long < speckle || m.ofTheScanner(small.Rect, mm) {
			continue
		}
		dots++
		if long >= letterMM {
			marks++
		}
		if long >= strokeMM {
			strokes++
		}
	}
	s.Unmarked = dots == 0
	s.Blank = strokes == 0 && marks < 3
	return s
}

// piece is a connected piece of dark pixels.
type piece struct {
	box  image.Rectangle
	area int
}

// ofTheScanner tells edge shadows, streaks and punch holes.
func (p piece) ofTheScanner(page image.Rectangle, mm float64) bool {
	w, h := float64(p.box.Dx())/mm, float64(p.box.Dy())/mm
	left, top := float64(p.box.Min.X)/mm, float64(p.box.Min.Y)/mm
	right, bottom := float64(page.Max.X-p.box.Max.X)/mm, float64(page.Max.Y-p.box.Max.Y)/mm
	inMargin := left+w < margin || top+h < margin || right+w < margin || bottom+h < margin
	streak := w < thin && h > 0.5*float64(page.Dy())/mm || h < thin && w > 0.5*float64(page.Dx())/mm
	near := min(left, top, right, bottom) < holeEdge
	round := w > holeLow && w < holeHigh && h > holeLow && h < holeHigh && w/h > 0.75 && w/h < 1.33 &&
		float64(p.area) > 0.62*float64(p.box.Dx()*p.box.Dy())
	return inMargin || streak || near && round
}

// pieces finds the connected pieces of dark pixels, eight neighbours each.
func pieces(dark []bool, w, h int) (all []piece) {
	seen := make([]bool, len(dark))
	var stack []int
	for start, is := range dark {
		if !is || seen[start] {
			continue
		}
		p := piece{box: image.Rect(start%w, start/w, start%w+1, start/w+1)}
		seen[start] = true
		stack = append(stack[:0], start)
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := i%w, i/w
			p.area++
			p.box = p.box.Union(image.Rect(x, y, x+1, y+1))
			for yy := max(0, y-1); yy <= min(h-1, y+1); yy++ {
				for xx := max(0, x-1); xx <= min(w-1, x+1); xx++ {
					if j := yy*w + xx; dark[j] && !seen[j] {
						seen[j] = true
						stack = append(stack, j)
					}
				}
			}
		}
		all = append(all, p)
	}
	return all
}
